"""Annotations as the wire has them."""

from typing import Annotated, Any

from fastapi import Request
from pydantic import AfterValidator, BeforeValidator
from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.geometry.wkt import wkb_to_wkt
from atrisys.store.planes import height_under
from atrisys.store.tables import AnnotationTerm, UserAnnotation
from atrisys.wire import dialect
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
    track: tuple[int, ...] = ()
    annotation_track: tuple[dict[str, Any], ...] = ()
    group: int | None = None
    annotation_link: tuple[dict[str, Any], ...] = ()
    nb_comments: int = 0
    reviewed: bool = False
    count_reviewed_annotations: int = 0
    source: str | None = None
    parent_id: int | None = None


@shows(UserAnnotation)
def show_annotation(db: Session, annotation: UserAnnotation) -> dict[str, Any]:
    """The annotation in Cytomine's frame, its terms grouped as clients expect."""
    by_term: dict[int, dict[str, Any]] = {}
    links = select(AnnotationTerm).where(AnnotationTerm.annotation_id == annotation.id).order_by(AnnotationTerm.id)
    for link in db.scalars(links):
        by_term.setdefault(link.term_id, {"id": link.id, "term": link.term_id, "user": []})["user"].append(link.user_id)
    return AnnotationOut.of(
        annotation,
        centroid={"x": annotation.centroid_x, "y": height_under(db, annotation) - annotation.centroid_y},
        term=list(by_term),
        user_by_term=list(by_term.values()),
    ).wire()


def addressed(request: Request, wire: dict[str, Any]) -> dict[str, Any]:
    """With absolute addresses."""
    base = dialect.address_of(request)
    crop = f"{base}/api/userannotation/{wire['id']}/crop.png"
    page = f"{base}/#/project/{wire['project']}/image/{wire['image']}/annotation/{wire['id']}"
    return {**wire, "cropURL": crop, "smallCropURL": f"{crop}?maxSize=256", "url": crop, "imageURL": page}


def in_frame(request: Request, annotation: UserAnnotation, wire: dict[str, Any]) -> dict[str, Any]:
    """In image order where `origin=left-top` asks for it."""
    if dialect.origin_of(request) == "left-top":
        wire["location"] = wkb_to_wkt([annotation.shape])[0]
        wire["centroid"] = {"x": annotation.centroid_x, "y": annotation.centroid_y}
        wire["origin"] = "left-top"
    return addressed(request, wire)


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
