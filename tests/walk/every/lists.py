"""Every filter of every collection, paging, and saving many at once."""

from itertools import count

import cytomine.models
from cytomine.models import (
    AnnotationGroup,
    AnnotationLink,
    DomainCollection,
    ImageGroup,
    Property,
    Tag,
    TagDomainAssociation,
    UploadedFile,
)
from cytomine.models.annotation import AnnotationFilter
from ledger import classes, new_collection, see, tried
from refused import REFUSED
from rows import ANNOTATION_CLASS, ROWS, a_slice_in_a_project
from world import square

NUMBERS = count(100)
BY_ADA = {"UserCollection", "UserRoleCollection", "RoleCollection", "ProjectCollection/user"}
"""Collections and filters that are an administrator's to ask."""
SAVED_BY_NOBODY = {
    "ProjectCollection", "ImageInstanceCollection", "AnnotationFilterCollection", "ProjectConnectionCollection",
    "ImageConsultationCollection",
}  # fmt: skip
"""The client itself refuses to save these."""


def drive(world):
    more(world)
    for key, value, inside, outside in filters(world):
        see_filter(world, key, value, [one.id for one in inside], [one.id for one in outside])
    for name, given in whole_lists(world).items():
        see_pages(world, name, given)
    for kind in classes():
        if issubclass(kind, cytomine.models.Collection):
            see_saving(world, kind)


def more(world):
    """What the filters must tell apart."""
    things = world.things
    things["second_annotation"] = annotation(world, world.second_image, world.second_term)
    things["annotation_group"] = AnnotationGroup(world.project.id, world.group.id).save()
    things["other_group"] = ImageGroup("another block", world.project.id).save()
    cytomine.models.ImageGroupImageInstance(world.other_group.id, world.image.id).save()
    things["other_annotation_group"] = AnnotationGroup(world.project.id, world.other_group.id).save()
    things["link"] = AnnotationLink(ANNOTATION_CLASS, world.annotation.id, world.annotation_group.id).save()
    things["second_link"] = AnnotationLink(
        ANNOTATION_CLASS, world.second_annotation.id, world.annotation_group.id
    ).save()
    things["annotation_elsewhere"] = annotation(world, world.other_image)
    things["lone_annotation"] = annotation(world, world.image)
    things["lone_link"] = AnnotationLink(
        ANNOTATION_CLASS, world.lone_annotation.id, world.other_annotation_group.id
    ).save()
    things["second_track"] = cytomine.models.Track("in the second", world.second_image.id, "#123456").save()
    things["other_track"] = cytomine.models.Track("elsewhere", world.other_image.id, "#123456").save()
    things["project_of_others"] = cytomine.models.Project("Third", world.other_ontology.id).save()
    things["group_elsewhere"] = ImageGroup("elsewhere", world.other_project.id).save()
    things["annotations_elsewhere"] = AnnotationGroup(world.other_project.id, world.group_elsewhere.id).save()
    things["properties"] = [Property(world.project, f"key of lists {n}", "value").save() for n in "ab"]
    things["other_property"] = Property(world.other_project, "key", "value").save()
    things["filters"] = [AnnotationFilter(f"F{n}", [], [], project=world.project.id).save() for n in "ab"]
    things["other_filter"] = AnnotationFilter("F", [], [], project=world.other_project.id).save()
    things["tags"] = [Tag(f"on both {n}").save() for n in "ab"]
    things["tag_links"] = [TagDomainAssociation(world.project, tag.id).save() for tag in world.tags]
    things["other_tag_link"] = TagDomainAssociation(world.other_project, world.tags[0].id).save()
    things["files"] = [attached(world.project, f"list {n}.txt") for n in "ab"]
    things["other_file"] = attached(world.other_project, "other.txt")
    things["plane"] = a_slice_in_a_project(world, next(NUMBERS)).save()
    things["second_storage"] = cytomine.models.Storage("Another", world.alice.id).save()
    things["part"] = UploadedFile(
        "part.tif",
        "part.tif",
        1,
        "tif",
        "image/tiff",
        id_storage=world.storage.id,
        id_parent=world.spare_image.uploadedFile,
    ).save()

    of_charlie(world, things)


def of_charlie(world, things):
    """What alice must find in no list."""

    def made(kind, **told):
        answer = world.ask(f"{kind}.json", "charlie", "POST", json=told).json()
        things[f"charlies_{kind}"] = Said(answer[kind]["id"])

    made("ontology", name="Of charlie")
    made("project", name="Of charlie", ontology=things["charlies_ontology"].id)
    made("term", name="Of charlie", ontology=things["charlies_ontology"].id, color="#123456")
    storage = world.ids("storage.json", "charlie")[0]
    made("uploadedfile", originalFilename="c.tif", filename="c.tif", size=1, storage=storage)
    made(
        "abstractimage", originalFilename="c.tif", width=10, height=10, uploadedFile=things["charlies_uploadedfile"].id
    )


def annotation(world, image, term=None, x=100):
    terms = [term.id] if term else None
    return cytomine.models.Annotation(square(x), image.id, terms, image.project).save()


def attached(thing, name):
    with open(name, "w") as file:
        file.write(name)
    return cytomine.models.AttachedFile(thing, filename=name).upload()


def filters(world):
    """Of each filter and parameter: its value, some that it must let through, and some that it must not."""
    w = world
    roles = world.rows("role.json")
    given, not_given = [
        [Said(row["id"]) for row in roles if (row["authority"] == "ROLE_USER") is yes] for yes in (True, False)
    ]
    spare = world.rows(f"uploadedfile/{w.spare_image.uploadedFile}.json")
    main, spare_file = Said(world.rows(f"abstractimage/{w.image.baseImage}.json")["uploadedFile"]), Said(spare["id"])
    base = world.rows(f"abstractimage/{w.image.baseImage}/abstractslice.json")
    base_of_other = world.rows(f"abstractimage/{w.other_image.baseImage}/abstractslice.json")
    # What an annotation lists are its links to terms; the client reads their `term`.
    links = saids(world.rows(f"annotation/{w.annotation.id}/term.json"))
    in_group, not_in_group = (
        saids(world.rows(f"imagegroup/{group.id}/imagegroupimageinstance.json")) for group in (w.group, w.other_group)
    )
    everybody = [w.alice, w.bob, w.charlie]
    return [
        ("UserCollection/", None, everybody, []),
        ("UserCollection/project", w.project.id, [w.alice, w.bob], [w.charlie]),
        ("UserCollection/ontology", w.ontology.id, [w.alice, w.bob], [w.charlie]),
        ("UserCollection?publicKey", world.keys["bob"][0], [w.bob], [w.alice, w.charlie]),
        ("UserCollection?online", True, [w.ada], [w.bob, w.charlie]),
        ("RoleCollection/", None, given + not_given, []),
        ("OntologyCollection/", None, [w.ontology, w.other_ontology], [w.charlies_ontology]),
        ("TermCollection/", None, [w.term, w.second_term, w.other_term], [w.charlies_term]),
        ("TermCollection/ontology", w.ontology.id, [w.term, w.second_term], [w.other_term]),
        ("TermCollection/project", w.project.id, [w.term, w.second_term], [w.other_term]),
        ("TermCollection/annotation", w.annotation.id, links, []),
        ("ProjectCollection/", None, [w.project, w.other_project], [w.charlies_project]),
        ("ProjectCollection/user", w.bob.id, [w.project], [w.other_project]),
        ("ProjectCollection/ontology", w.ontology.id, [w.project], [w.other_project]),
        ("StorageCollection/", None, [w.storage], storages_of_others(world)),
        ("StorageCollection?all", True, [w.storage], storages_of_others(world)),
        ("UploadedFileCollection/", None, [main, spare_file, w.part], [w.charlies_uploadedfile]),
        ("UploadedFileCollection?all", True, [main, spare_file, w.part], [w.charlies_uploadedfile]),
        ("UploadedFileCollection?parent", w.spare_image.uploadedFile, [w.part], [main, spare_file]),
        ("AbstractImageCollection/", None, [w.spare_image, Said(w.image.baseImage)], [w.charlies_abstractimage]),
        ("AbstractSliceCollection/abstractimage", w.image.baseImage, saids(base), saids(base_of_other)),
        ("AbstractSliceCollection/uploadedfile", main.id, saids(base[:1]), saids(base_of_other)),
        ("ImageInstanceCollection/project", w.project.id, [w.image, w.second_image], [w.other_image]),
        ("ImageInstanceCollection/imagegroup", w.group.id, [w.image, w.second_image], [w.other_image]),
        ("SliceInstanceCollection/imageinstance", w.image.id, [w.slice, w.plane], [w.other_image.reference_slice()]),
        ("ImageGroupCollection/project", w.project.id, [w.group, w.other_group], [w.group_elsewhere]),
        (
            "AnnotationGroupCollection/project",
            w.project.id,
            [w.annotation_group, w.other_annotation_group],
            [w.annotations_elsewhere],
        ),
        ("AnnotationGroupCollection/imagegroup", w.group.id, [w.annotation_group], [w.other_annotation_group]),
        ("AnnotationLinkCollection/annotationgroup", w.annotation_group.id, [w.link, w.second_link], [w.lone_link]),
        ("AnnotationLinkCollection/annotation", w.annotation.id, [w.link, w.second_link], [w.lone_link]),
        ("ImageGroupImageInstanceCollection/imagegroup", w.group.id, in_group, not_in_group),
        ("ImageGroupImageInstanceCollection/imageinstance", w.second_image.id, in_group[-1:], in_group[:-1]),
        ("AnnotationFilterCollection/", None, [*w.filters, w.other_filter], []),
        ("AnnotationFilterCollection?project", w.project.id, w.filters, [w.other_filter]),
        ("TrackCollection/project", w.project.id, [w.track, w.second_track], [w.other_track]),
        ("TrackCollection/imageinstance", w.image.id, [w.track], [w.second_track, w.other_track]),
        ("TagCollection/", None, w.tags, []),
        ("PropertyCollection/", None, w.properties, [w.other_property]),
        ("TagDomainAssociationCollection/", None, w.tag_links, [w.other_tag_link]),
        ("AttachedFileCollection/", None, w.files, [w.other_file]),
        ("AnnotationCollection?project", w.project.id, [w.annotation, w.second_annotation], [w.annotation_elsewhere]),
    ]


class Said:
    """Something of which only the id is known."""

    def __init__(self, id):
        self.id = id


def saids(rows):
    return [Said(row["id"]) for row in rows]


def storages_of_others(world):
    return saids(row for row in world.rows("storage.json", "charlie"))


def see_filter(world, key, value, inside, outside):
    """The filter given to a new collection, and given while fetching, lets through what it should."""
    name, mark, word = key.partition("/") if "/" in key else key.partition("?")
    world.become("ada" if {name, key} & BY_ADA else "alice")
    fetched, asked = collection(world, name), collection(world, name)
    if mark == "?":
        setattr(fetched, word, value)
        setattr(asked, word, value)
    elif word:
        fetched.add_filter(word, value)
    # A word that is no filter of this collection is left out of its address.
    seen = [fetched.fetch(), asked.fetch_with_filter(word or "nothing", value or 1)]
    ids = [[one.id for one in some or []] for some in seen]
    for which, method in enumerate(("fetch", "fetch_with_filter")):
        told = [id in ids[which] for id in (*inside, *outside)]
        for said in (key, f"{name}.{method}"):
            see(said, told, [True] * len(inside) + [False] * len(outside))


def collection(world, name):
    return new_collection(getattr(cytomine.models, name, None) or BY_NAME[name], world.project)


BY_NAME = {kind.__name__: kind for kind in classes()}


def whole_lists(world):
    """Of each collection a list that holds several."""
    project, image = {"project": world.project.id}, {"imageinstance": world.image.id}
    return {
        "UserCollection": project,
        "RoleCollection": {},
        "OntologyCollection": {},
        "TermCollection": {"ontology": world.ontology.id},
        "ProjectCollection": {},
        "StorageCollection": {},
        "UploadedFileCollection": {},
        "AbstractImageCollection": {},
        "AbstractSliceCollection": {"abstractimage": world.image.baseImage},
        "ImageInstanceCollection": project,
        "SliceInstanceCollection": image,
        "ImageGroupCollection": project,
        "AnnotationGroupCollection": project,
        "AnnotationLinkCollection": {"annotationgroup": world.annotation_group.id},
        "TrackCollection": project,
        "TagCollection": {},
        "PropertyCollection": {},
        "TagDomainAssociationCollection": {},
        "AttachedFileCollection": {},
        "ImageGroupImageInstanceCollection": {"imagegroup": world.group.id},
        "AnnotationCollection": {},
        "AnnotationFilterCollection": {},
        "UserRoleCollection": {"user": world.ada.id},
    }


def paged(world, name, given):
    """A collection of pages of one."""
    one = collection(world, name)
    one.max = 1
    for word, value in given.items():
        one.add_filter(word, value)
    if name in ("AnnotationCollection", "AnnotationFilterCollection"):
        one.project = world.project.id
    return one


def see_pages(world, name, given):
    """One at a time, forwards and back, and all by pages, as the whole list past the client has them.

    Of what hangs on an object the client keeps no totals: its next page is always the first, and fetching all by pages
    would never end.
    """
    by = "ada" if name in BY_ADA else "alice"
    world.become(by)
    one = paged(world, name, given)
    query = {key: value for key, value in one.parameters.items() if key not in ("max", "offset")}
    whole = [row["id"] for row in world.ask(one.uri(), by, params=query).json()]
    pages = [[row.id for row in one.fetch_next_page()] for _ in range(2)]
    back = [row.id for row in one.fetch_previous_page()]
    is_domain = isinstance(one, DomainCollection)
    second = whole[:1] if is_domain else whole[1:2]
    see(f"{name}.fetch_next_page", [len(whole) > 1, *pages], [True, whole[:1], second])
    see(f"{name}.fetch_previous_page", back, whole[:1])
    if not is_domain:
        see(f"{name}.fetch", [row.id for row in paged(world, name, given).fetch(1)], whole)


def see_saving(world, kind):
    """In one request, in chunks by several threads, and as the client does when nothing is said."""
    name = kind.__name__
    if name in SAVED_BY_NOBODY:
        see(f"{name}.save", tried(collection(world, name).save), "NotImplementedError")
        return
    row = ROWS.get(collection(world, name)._model)
    if row is None or f"{name}.save" in REFUSED:
        return
    world.become(row.by)
    for form in ({}, {"chunk": 1, "n_workers": 2}, {"chunk": None}):
        several, made = collection(world, name), [row.make(world, next(NUMBERS)) for _ in range(2)]
        several.extend(made)
        saved = tried(several.save, **form)
        see(f"{name}.save", [saved, *(is_listed(world, row, one) for one in made)], [True, True, True])


def is_listed(world, row, one):
    listed = world.rows(row.listed.format(**vars(one)), row.by)
    return any(all(said.get(key) == getattr(one, key) for key in row.told) for said in listed)
