"""Every parameter of the annotation listing, review, and groups of annotations, in a project where all is known."""

from cytomine.models import (
    Annotation,
    AnnotationCollection,
    AnnotationGroup,
    AnnotationLink,
    AnnotationTrack,
    ImageGroup,
    ImageGroupImageInstance,
    Project,
    Track,
)
from cytomine.utilities.annotations import REVIEWED_EXCLUDE, REVIEWED_INCLUDE, REVIEWED_ONLY, get_annotations
from ledger import see
from rows import ANNOTATION_CLASS
from world import square, upload

PIXEL = "pixels²"


class Drawn:
    """A project with two images and five annotations, whose names say on which image they lie."""

    def __init__(self, world):
        self.terms = [world.term.id, world.second_term.id]
        self.project = Project("Drawn", world.ontology.id).save()
        self.project.add_user(world.bob.id)
        self.a, self.b = (upload(world, world.things, f"drawn {name}.tif", self.project) for name in "ab")
        self.by_id = {}
        for name, image, place, terms in (
            ("a1", self.a, (10, 10), self.terms[:1]),
            ("a2", self.a, (50, 10), self.terms),
            ("b1", self.b, (10, 10), self.terms[1:]),
            ("a4", self.a, (20, 20), None),
        ):
            self.draw(name, image, place, terms)
        world.become("bob")
        self.draw("a3", self.a, (200, 200), None)
        world.become("alice")
        self.track = Track("followed", self.a.id, "#123456").save()
        AnnotationTrack(ANNOTATION_CLASS, self.a1.id, self.track.id).save()
        self.images = ImageGroup("both", self.project.id).save()
        for image in (self.a, self.b):
            ImageGroupImageInstance(self.images.id, image.id).save()
        self.groups = [AnnotationGroup(self.project.id, self.images.id).save() for _ in range(2)]
        for one, group in ((self.a1, self.groups[0]), (self.b1, self.groups[0]), (self.a2, self.groups[1])):
            AnnotationLink(ANNOTATION_CLASS, one.id, group.id).save()

    def draw(self, name, image, place, terms):
        one = Annotation(square(*place), image.id, terms, self.project.id).save()
        self.by_id[one.id] = name
        setattr(self, name, one)

    def names(self, several):
        """What was found, by name; what is none of the five by its number."""
        return several is not False and sorted(str(self.by_id.get(one.id, one.id)) for one in several)

    def find(self, **asked):
        if not asked.keys() & {"project", "image", "images", "slice", "slices"}:
            asked["project"] = self.project.id
        return AnnotationCollection(**asked).fetch()


def drive(world):
    drawn = Drawn(world)
    see_filters(drawn)
    see_columns(world, drawn)
    see_review(world, drawn)
    see_merging(world, drawn)
    see_a_crowd(drawn)


def see_filters(drawn):
    d = drawn
    slices = [image.reference_slice().id for image in (d.a, d.b)]
    for word, asked, wanted in (
        ("project", {"project": d.project.id}, "a1 a2 a3 a4 b1"),
        ("image", {"image": d.a.id}, "a1 a2 a3 a4"),
        ("images", {"images": [d.a.id, d.b.id]}, "a1 a2 a3 a4 b1"),
        ("slice", {"slice": slices[1]}, "b1"),
        ("slices", {"slices": slices}, "a1 a2 a3 a4 b1"),
        ("user", {"user": d.a3.user}, "a3"),
        ("users", {"users": [d.a1.user]}, "a1 a2 a4 b1"),
        ("term", {"term": d.terms[0]}, "a1 a2"),
        ("terms", {"terms": d.terms}, "a1 a2 b1"),
        ("noTerm", {"noTerm": True}, "a3 a4"),
        ("multipleTerm", {"multipleTerm": True}, "a2"),
        # Jobs suggested terms; there are none here.
        ("suggestedTerm", {"suggestedTerm": d.terms[0]}, "a1 a2 a3 a4 b1"),
        ("track", {"track": d.track.id}, "a1"),
        ("tracks", {"tracks": [d.track.id]}, "a1"),
        ("group", {"group": d.groups[0].id}, "a1 b1"),
        ("groups", {"groups": [group.id for group in d.groups]}, "a1 a2 b1"),
        ("bbox", {"image": d.a.id, "bbox": "0,0,15,15"}, "a1"),
        ("bbox", {"image": d.a.id, "bbox": square(190, 190)}, "a3"),
        ("bboxAnnotation", {"image": d.a.id, "bboxAnnotation": d.a1.id}, "a1 a4"),
        ("baseAnnotation", {"image": d.a.id, "baseAnnotation": d.a1.id}, "a1 a4"),
        ("maxDistanceBaseAnnotation",
         {"image": d.a.id, "baseAnnotation": d.a1.id, "maxDistanceBaseAnnotation": 15}, "a1 a2 a4"),
        ("included", {"image": d.a.id, "included": True, "annotation": d.a1.id}, "a4"),
        ("annotation", {"image": d.a.id, "included": True, "annotation": d.a4.id}, "a1 a2"),
        ("reviewed", {"reviewed": True}, ""),
    ):  # fmt: skip
        see(f"AnnotationCollection?{word}", d.names(d.find(**asked)), wanted.split())
    see(
        "AnnotationCollection/",
        d.names(AnnotationCollection({}, project=d.project.id).fetch()),
        sorted(d.by_id.values()),
    )


def see_columns(world, drawn):
    """Each group of columns is there when it is asked for, and is not when it is not."""
    d = drawn
    links = world.rows(f"annotation/{d.a1.id}/annotationlink.json")
    for word, told in {
        "showMeta": {"project": d.project.id, "image": d.a.id, "user": world.alice.id},
        "showWKT": {"location": d.a1.location},
        "showGIS": {"area": 900.0, "areaUnit": PIXEL, "perimeter": 120.0, "centroid": {"x": 25.0, "y": 25.0}},
        "showTerm": {"term": d.terms[:1]},
        "showTrack": {"track": [d.track.id]},
        "showUser": {"creator": "alice"},
        "showImage": {"instanceFilename": d.a.instanceFilename},
        "showSlice": {"channel": 0, "zStack": 0, "time": 0},
        "showImageGroup": {"imageGroup": d.images.id},
        "showLink": {"group": d.groups[0].id, "annotationLink": sorted(link["annotationIdent"] for link in links)},
    }.items():
        shown, hidden = (columns(d, told, **{"showMeta": False, word: said}) for said in (True, False))
        see(f"AnnotationCollection?{word}", [shown, hidden], [told, dict.fromkeys(told)])
    plain = d.find(showBasic=True, showMeta=False)
    see("AnnotationCollection?showBasic", [d.names(plain), plain[0].project], [sorted(d.by_id.values()), None])


def columns(drawn, wanted, **shown):
    row = next(one for one in drawn.find(**shown) if one.id == drawn.a1.id)
    said = {name: getattr(row, name, None) for name in wanted}
    if said.get("annotationLink"):
        said["annotationLink"] = sorted(link["annotation"] for link in said["annotationLink"])
    return said


def see_review(world, drawn):
    d = drawn
    world.client.post(f"imageinstance/{d.a.id}/review.json")
    for one, terms, wanted in ((d.a1, d.terms[1:], d.terms), (d.a4, None, [])):
        one.review(terms)
        rows = world.rows(f"annotation.json?project={d.project.id}&reviewed=true&showMeta=true&showTerm=true")
        said = next((row for row in rows if row.get("parentIdent") == one.id), {})
        for key in ("Annotation.review", "Annotation.review(id_terms)"):
            see(key, [said.get("reviewUser"), sorted(said.get("term", []))], [world.alice.id, sorted(wanted)])
    copies = [one.id for one in d.find(reviewed=True)]
    see("AnnotationCollection?reviewed", sorted(copies), sorted(row["id"] for row in rows))

    def see_found(option, wanted, project=d.project.id, **asked):
        for key in ("get_annotations", f"get_annotations({option})"):
            see(key, sorted(d.names(get_annotations([project], **asked))), sorted(map(str, wanted)))

    everything = list(d.by_id.values())
    see_found("projects", everything)
    see_found("projects", [], project=world.other_project.id)
    see_found("images", ["b1"], images=[d.b.id])
    see_found("terms", ["a1", "a2"], terms=d.terms[:1])
    see_found("users", ["a3"], users=[world.bob.id])
    see_found("reviewed", everything, reviewed=REVIEWED_EXCLUDE)
    see_found("reviewed", copies, reviewed=REVIEWED_ONLY)
    see_found("reviewed", everything + copies, reviewed=REVIEWED_INCLUDE)


def see_merging(world, drawn):
    first, second = drawn.groups
    first.merge(second.id)
    links = world.rows(f"annotationgroup/{first.id}/annotationlink.json")
    inside = sorted(drawn.by_id[link["annotationIdent"]] for link in links)
    for key in ("AnnotationGroup.merge", "AnnotationGroup.merge(id_other_annotation_group)"):
        see(key, [inside, world.rows(f"annotationgroup/{second.id}.json")], [["a1", "a2", "b1"], 404])


def see_a_crowd(drawn):
    """A view with 2,000 and more is told in a few rectangles, in which each counts once."""
    many = AnnotationCollection()
    places = [(x, y) for x in range(100, 1100, 20) for y in range(100, 900, 20)]
    many.extend([Annotation(square(*place, 4), drawn.b.id, id_project=drawn.project.id) for place in places])
    many.save(chunk=1000)
    asked = {"image": drawn.b.id, "bbox": "0,0,1500,1900", "showWKT": True}
    listed, told = drawn.find(**asked), drawn.find(**asked, kmeans=True)
    saw = [len(listed), sum(getattr(one, "count", 0) for one in told), 1 < len(told) < 200]
    see("AnnotationCollection.fetch", saw, [len(places) + 1, len(places) + 1, True])
