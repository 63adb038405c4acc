"""Annotations as the wire has them."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import Request
from pydantic import AfterValidator, BeforeValidator, Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.visible import layers_in
from atrisys.geometry.wkt import wkb_to_wkt
from atrisys.store.by_ids import pairs_for, rows_for
from atrisys.store.tables import (
    TERMS_OF,
    AbstractImage,
    AnnotationDomain,
    AnnotationGroup,
    AnnotationLink,
    AnnotationTrack,
    ImageInstance,
    Project,
    ReviewedAnnotation,
    SharedAnnotation,
    UserAnnotation,
)
from atrisys.wire import dialect
from atrisys.wire.asking import Finder
from atrisys.wire.described import Part, sometimes
from atrisys.wire.fields import Model, shows


def _ids(value: Any) -> Any:
    """A list, one id, or a comma list."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return value.strip("[]").split(",")
    return value if isinstance(value, list | tuple) else [value]


Ids = Annotated[list[int], BeforeValidator(_ids)]
Origin = Annotated[str | None, AfterValidator(dialect.read_origin)]


class AnnotationOut(Model):
    location: str
    geometry_compression: float
    image_id: int
    slice_id: int
    project_id: int
    user_id: int
    area: float
    area_unit: str
    perimeter: float
    perimeter_unit: str
    centroid: dict[str, float]
    term: list[int]
    user_by_term: list[dict[str, Any]]
    track: list[int]
    annotation_track: list[dict[str, Any]]
    group: int | None
    annotation_link: list[dict[str, Any]]
    nb_comments: int = 0
    reviewed: bool = False
    count_reviewed_annotations: int = 0
    source: str | None = None
    parent_id: int | None = None


class ReviewedAnnotationOut(AnnotationOut):
    reviewed: bool = True
    parent_ident: int | None
    parent_class_name: str = UserAnnotation.cytomine_class
    status: int = 1
    """Accepted, as Cytomine numbers it."""
    review_user_id: int | None
    terms: list[int]


class Addresses(Part):
    """Where an annotation is seen."""

    crop_url: str = Field(serialization_alias="cropURL")
    small_crop_url: str = Field(serialization_alias="smallCropURL")
    url: str
    image_url: str = Field(serialization_alias="imageURL")
    origin: Literal["left-top"] = sometimes()
    """Where it was asked for in image order."""


class Changes(Part):
    """What was changed of a shape before it was kept."""

    changes: list[str]


@shows(UserAnnotation)
@shows(ReviewedAnnotation)
def show_annotation(db: Session, annotation: AnnotationDomain) -> dict[str, Any]:
    """The annotation in Cytomine's frame, its terms grouped as clients expect."""
    return show_annotations(db, [annotation])[0]


def show_annotations(db: Session, annotations: Sequence[AnnotationDomain]) -> list[dict[str, Any]]:
    """The same for several of one kind."""
    if not annotations:
        return []
    kind, ids = type(annotations[0]), [annotation.id for annotation in annotations]
    link = TERMS_OF[kind]
    given: dict[int, dict[int, dict[str, Any]]] = {id: {} for id in ids}
    for (row,) in rows_for(db, select(link).order_by(link.id), link.annotation_id, ids):
        said = given[row.annotation_id].setdefault(row.term_id, {"id": row.id, "term": row.term_id, "user": []})
        said["user"].append(row.user_id)
    heights = select(ImageInstance.id, AbstractImage.height)
    heights = heights.join(AbstractImage, AbstractImage.id == ImageInstance.base_image_id)
    height = pairs_for(db, heights, ImageInstance.id, [annotation.image_id for annotation in annotations])
    runs, groups = tracks_of(db, ids), groups_of(db, None, ids)
    copies = select(ReviewedAnnotation.parent_id, ReviewedAnnotation.id)
    accepted = pairs_for(db, copies, ReviewedAnnotation.parent_id, ids) if kind is UserAnnotation else {}
    counts = select(SharedAnnotation.annotation_id, func.count()).group_by(SharedAnnotation.annotation_id)
    comments = pairs_for(db, counts, SharedAnnotation.annotation_id, ids) if kind is UserAnnotation else {}
    return [
        _out(
            annotation,
            given[annotation.id],
            runs.get(annotation.id, []),
            groups.get(annotation.id, NO_GROUP),
            height[annotation.image_id] or 0,
            annotation.id in accepted,
            comments.get(annotation.id, 0),
        )
        for annotation in annotations
    ]


def tracks_of(db: Session, ids: Iterable[int]) -> dict[int, list[dict[str, int]]]:
    """The tracks that annotations lie on, each with the link's id; of those that lie on some."""
    link = AnnotationTrack
    found: dict[int, list[dict[str, int]]] = {}
    query = select(link.annotation_id, link.id, link.track_id).order_by(link.id)
    for annotation, id, track in rows_for(db, query, link.annotation_id, ids):
        found.setdefault(annotation, []).append({"id": id, "track": track})
    return found


NO_GROUP: dict[str, Any] = {"group": None, "annotationLink": []}


def groups_of(db: Session, caller: Caller | None, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The groups that annotations are in, each with all of its annotations that the caller sees.

    Without a caller nobody is known to see what hidden layers hold.
    """
    link, drawn = AnnotationLink, UserAnnotation
    own = pairs_for(db, select(link.annotation_id, link.group_id), link.annotation_id, ids)
    if not own:
        return {}
    inside = select(link.group_id, link.id, link.annotation_id, drawn.image_id, link.updated)
    inside = inside.join(drawn, drawn.id == link.annotation_id).order_by(link.id)
    of_groups = select(Project).join(AnnotationGroup, AnnotationGroup.project_id == Project.id)
    projects = {row[0] for row in rows_for(db, of_groups, AnnotationGroup.id, own.values())}
    seen = inside.where(layers_in(db, caller, *projects))
    links: dict[int, list[dict[str, Any]]] = {}
    for group, id, annotation, image, updated in rows_for(db, seen, link.group_id, own.values()):
        links.setdefault(group, []).append({"id": id, "annotation": annotation, "image": image, "updated": updated})
    return {id: {"group": group, "annotationLink": links.get(group, [])} for id, group in own.items()}


def _out(
    annotation: AnnotationDomain,
    given: dict[int, dict[str, Any]],
    runs: list[dict[str, int]],
    grouped: dict[str, Any],
    height: int,
    accepted: bool,
    comments: int,
) -> dict[str, Any]:
    said: dict[str, Any] = {
        "centroid": {"x": annotation.centroid_x, "y": height - annotation.centroid_y},
        "term": list(given),
        "user_by_term": list(given.values()),
        "track": [run["track"] for run in runs],
        "annotation_track": runs,
        "group": grouped["group"],
        "annotation_link": grouped["annotationLink"],
    }
    if isinstance(annotation, ReviewedAnnotation):
        said |= {"terms": list(given), "parent_ident": annotation.parent_id}
        return ReviewedAnnotationOut.of(annotation, **said).wire()
    said |= {"reviewed": accepted, "count_reviewed_annotations": int(accepted), "nb_comments": comments}
    return AnnotationOut.of(annotation, **said).wire()


def find_annotation(request: Request, find: Finder, id: int) -> AnnotationDomain:
    """The annotation that the address names: `annotation/{id}` one of any kind, else one of the kind it says."""
    path = request.url.path
    if "/reviewedannotation/" in path:
        return find(ReviewedAnnotation, id)
    if "/userannotation/" in path or "/algoannotation/" in path:
        # What programs draw is kept with what people draw.
        return find(UserAnnotation, id)
    return find.annotation(id)


def addressed(request: Request, wire: dict[str, Any]) -> dict[str, Any]:
    """With absolute addresses."""
    base = dialect.address_of(request)
    crop = f"{base}/api/{crop_word(wire['class'])}/{wire['id']}/crop.png"
    page = f"{base}/#/project/{wire['project']}/image/{wire['image']}/annotation/{wire['id']}"
    return {**wire, "cropURL": crop, "smallCropURL": f"{crop}?maxSize=256", "url": crop, "imageURL": page}


def crop_word(cytomine_class: str) -> str:
    """Under which word pictures of a kind of annotations stand in addresses."""
    return cytomine_class.rpartition(".")[2].lower()


def in_frame(request: Request, annotation: AnnotationDomain, wire: dict[str, Any]) -> dict[str, Any]:
    """In image order where `origin=left-top` asks for it."""
    if dialect.origin_of(request) == "left-top":
        wire["location"] = wkb_to_wkt([annotation.shape])[0]
        wire["centroid"] = {"x": annotation.centroid_x, "y": annotation.centroid_y}
        wire["origin"] = "left-top"
    return addressed(request, wire)


class Asked(NamedTuple):
    """What an address says of the shapes that are sent to it, unless they say otherwise."""

    left_top: bool
    points: tuple[int | None, int | None]
    """As `wanted_points` has them."""


def asked_of(request: Request) -> Asked:
    return Asked(is_left_top(request, None), wanted_points(request))


def is_left_top(request: Request, said: str | None) -> bool:
    """The frame of a shape that is sent: the body says it, else the address."""
    return dialect.read_origin(said or request.query_params.get("origin")) == "left-top"


def wanted_points(request: Request, least: int | None = None, most: int | None = None) -> tuple[int | None, int | None]:
    """How many points somebody wants a shape to keep: as the body says, else the address.

    Cytomine's web page sends blanks and line breaks before the names.
    """
    query = {name.strip(): value for name, value in request.query_params.items()}
    return least or _points(query.get("minPoint")), most or _points(query.get("maxPoint"))


def _points(text: str | None) -> int | None:
    return int(text) if text and text.strip().isdecimal() and len(text) < 10 else None
