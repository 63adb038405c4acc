"""One row for each model: how one is made and changed, and the listing in which the server says what became of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cytomine.models import (
    AbstractImage,
    AbstractSlice,
    Annotation,
    AnnotationGroup,
    AnnotationLink,
    AnnotationTerm,
    AnnotationTrack,
    AttachedFile,
    Description,
    ImageGroup,
    ImageGroupImageInstance,
    ImageInstance,
    Ontology,
    Project,
    Property,
    RelationTerm,
    SliceInstance,
    Storage,
    Tag,
    TagDomainAssociation,
    Term,
    Track,
    UploadedFile,
    User,
    UserRole,
)
from cytomine.models.annotation import AnnotationFilter
from world import SQUARE, square

ANNOTATION_CLASS = "be.cytomine.domain.ontology.UserAnnotation"


REFUSED = "refused by the server"
"""Where a change is told: nothing of it can be edited; refused.py sees to that."""


@dataclass
class Row:
    make: Callable
    """A new one that nobody saved, from the world and a number that makes its name its own."""
    listed: str
    """The address of a listing, with fields of the saved one in braces."""
    told: tuple
    """The attributes that were given to it and that the listing must say."""
    change: dict | str | None = None
    """What an update changes; None where the client refuses to update, REFUSED where the server does."""
    ids: tuple = ("id",)
    """The attributes by which one is fetched."""
    by: str = "alice"
    of: str | None = None
    """The thing in the world that a model on any object belongs to."""
    stranger: int = 404
    """What charlie is answered."""


def a_slice(world, number):
    """An abstract slice that no image of a project has yet."""
    return AbstractSlice(world.spare_image.id, world.spare_image.uploadedFile, 0, number, 0)


def a_slice_in_a_project(world, number):
    base = AbstractSlice(world.image.baseImage, world.spare_image.uploadedFile, 0, number, 0).save()
    return SliceInstance(world.project.id, world.image.id, base.id)


def an_annotation(world):
    return Annotation(square(60), world.image.id, None, world.project.id).save()


def a_file(world, number):
    path = Path(f"file {number}.txt")
    path.write_text(f"the text of {number}")
    return AttachedFile(world.project, filename=path.name)


def an_abstract_image(world, number):
    return AbstractImage(f"without pixels {number}.tif", None, width=100 + number, height=50)


ROWS: dict[type, Row] = {
    User: Row(
        lambda world, n: User(f"dora{n}", "Dora", "Four", f"dora{n}@example.org", "a long password 1"),
        "user.json", ("username", "firstname", "lastname"), {"firstname": "Theodora"}, by="ada", stranger=200,
    ),
    UserRole: Row(
        lambda world, n: UserRole(a_user(world, n).id, role(world, "ROLE_ADMIN")),
        "user/{user}/role.json", ("role", "user"), ids=("user", "role"), by="ada", stranger=200,
    ),
    Ontology: Row(lambda world, n: Ontology(f"Ontology {n}"), "ontology.json", ("name",), {"name": "Renamed {n}"}),
    Term: Row(
        lambda world, n: Term(f"Term {n}", world.ontology.id, "#ABCDEF"),
        "ontology/{ontology}/term.json", ("name", "color", "ontology"), {"name": "Renamed {n}", "color": "#000001"},
    ),
    RelationTerm: Row(
        lambda world, n: RelationTerm(world.term.id, Term(f"Child {n}", world.ontology.id, "#ABCDEF").save().id),
        "relation/term/1/{term1}.json", ("term1", "term2"), ids=("term1", "term2"),
    ),
    Project: Row(
        lambda world, n: Project(f"Project {n}", world.ontology.id),
        "project.json", ("name", "ontology"), {"name": "Renamed {n}"},
    ),
    Storage: Row(
        lambda world, n: Storage(f"Storage {n}", world.alice.id), "storage.json", ("name",), {"name": "Renamed {n}"},
    ),
    UploadedFile: Row(
        lambda world, n: UploadedFile(
            f"file {n}.svs", f"folder/file {n}.svs", 123, "svs", "image/svs", [world.project.id], world.storage.id,
            world.alice.id, UploadedFile.UPLOADED,
        ),
        "uploadedfile.json",
        ("originalFilename", "filename", "size", "ext", "contentType", "storage", "user", "status"),
        {"status": UploadedFile.CONVERTED},
    ),
    AbstractImage: Row(
        an_abstract_image, "abstractimage.json", ("originalFilename", "width", "height"), {"width": 640},
    ),
    AbstractSlice: Row(
        a_slice, "abstractimage/{image}/abstractslice.json", ("image", "uploadedFile", "channel", "zStack", "time"),
        {"time": 7},
    ),
    ImageInstance: Row(
        lambda world, n: ImageInstance(an_abstract_image(world, n).save().id, world.project.id),
        "project/{project}/imageinstance.json", ("baseImage", "project"), {"instanceFilename": "Renamed {n}"},
    ),
    SliceInstance: Row(
        a_slice_in_a_project, "imageinstance/{image}/sliceinstance.json", ("project", "image", "baseSlice"), {},
    ),
    Annotation: Row(
        lambda world, n: Annotation(square(n), world.image.id, [world.term.id], world.project.id),
        "annotation.json?image={image}&showWKT=true&showMeta=true&showTerm=true",
        ("location", "image", "project", "term"), {"location": SQUARE},
    ),
    AnnotationTerm: Row(
        lambda world, n: AnnotationTerm(an_annotation(world).id, world.term.id),
        "annotation/{userannotation}/term.json", ("userannotation", "term"), ids=("userannotation", "term"),
    ),
    AnnotationTrack: Row(
        lambda world, n: AnnotationTrack(ANNOTATION_CLASS, an_annotation(world).id, world.track.id),
        "annotation/{annotationIdent}/annotationtrack.json", ("annotationClassName", "annotationIdent", "track"),
        ids=("annotationIdent", "track"),
    ),
    AnnotationGroup: Row(
        lambda world, n: AnnotationGroup(world.project.id, world.group.id),
        "project/{project}/annotationgroup.json", ("project", "imageGroup", "type"), {"type": "SAME_CELL"},
    ),
    AnnotationLink: Row(
        lambda world, n: AnnotationLink(ANNOTATION_CLASS, an_annotation(world).id, a_group(world).id),
        "annotationgroup/{group}/annotationlink.json", ("annotationClassName", "annotationIdent", "group"),
        ids=("annotationIdent", "group"),
    ),
    AnnotationFilter: Row(
        lambda world, n: AnnotationFilter(f"Filter {n}", [world.alice.id], [world.term.id], project=world.project.id),
        "annotationfilter.json?project={project}", ("name", "users", "terms", "project"), {"name": "Renamed {n}"},
    ),
    ImageGroup: Row(
        lambda world, n: ImageGroup(f"Block {n}", world.project.id),
        "project/{project}/imagegroup.json", ("name", "project"), {"name": "Renamed {n}"},
    ),
    ImageGroupImageInstance: Row(
        lambda world, n: ImageGroupImageInstance(ImageGroup(f"Of one {n}", world.project.id).save().id, world.image.id),
        "imagegroup/{group}/imagegroupimageinstance.json", ("group", "image"), ids=("group", "image"),
    ),
    Track: Row(
        lambda world, n: Track(f"Track {n}", world.image.id, "#ABCDEF"),
        "imageinstance/{image}/track.json", ("name", "color", "image"), {"name": "Renamed {n}"},
    ),
    Tag: Row(lambda world, n: Tag(f"tag {n}"), "tag.json", ("name",), {"name": "renamed {n}"}, stranger=200),
    Property: Row(
        lambda world, n: Property(world.project, f"key {n}", f"value {n}"),
        "domain/{domainClassName}/{domainIdent}/property.json", ("key", "value", "domainClassName", "domainIdent"),
        {"value": "renamed {n}"}, of="project",
    ),
    Description: Row(
        lambda world, n: Description(world.project, f"<b>{n}</b>"),
        "domain/{domainClassName}/{domainIdent}/description.json", ("data", "domainClassName", "domainIdent"),
        {"data": "<i>{n}</i>"}, of="project",
    ),
    TagDomainAssociation: Row(
        lambda world, n: TagDomainAssociation(world.project, Tag(f"on the project {n}").save().id),
        "domain/{domainClassName}/{domainIdent}/tag_domain_association.json",
        ("tag", "domainClassName", "domainIdent"), REFUSED, of="project",
    ),
    AttachedFile: Row(
        a_file, "domain/{domainClassName}/{domainIdent}/attachedfile.json",
        ("filename", "domainClassName", "domainIdent"), {}, of="project",
    ),
}  # fmt: skip


def a_user(world, number):
    return User(f"erin{number}", "Erin", "Five", f"erin{number}@example.org", "a long password 1").save()


def role(world, authority):
    return next(row["id"] for row in world.rows("role.json", "ada") if row["authority"] == authority)


def a_group(world):
    return AnnotationGroup(world.project.id, world.group.id).save()
