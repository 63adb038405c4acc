"""Annotations reshaped: corrected with a drawn shape, holes filled, simplified, copied onto other slices."""

from dataclasses import replace
from typing import Annotated, Any, TypeVar

from fastapi import Request
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_annotation_editor
from atrisys.actions import draw_annotations
from atrisys.actions.correct_annotations import Correction, correct
from atrisys.actions.drawing import Drawing, make_whole
from atrisys.actions.repeat_annotation import repeat_annotation
from atrisys.actions.split_annotation import split_annotation
from atrisys.errors import Refusal
from atrisys.geometry.check import mend
from atrisys.geometry.holes import fill_holes
from atrisys.geometry.simplify import simplify
from atrisys.geometry.wkt import read_wkt, write_wkt
from atrisys.store.tables import AnnotationDomain, SliceInstance, UserAnnotation
from atrisys.wire import dialect
from atrisys.wire.annotations import (
    Addresses,
    AnnotationOut,
    Changes,
    Ids,
    Origin,
    ReviewedAnnotationOut,
    in_frame,
    is_left_top,
    show_annotation,
    wanted_points,
)
from atrisys.wire.answers import command_answer, saved
from atrisys.wire.asking import CurrentUser, Db, Find, PageQuery
from atrisys.wire.bodies import MOST_AT_ONCE, JsonBody, body_schema, read_one
from atrisys.wire.described import Part, saves
from atrisys.wire.fields import Fields
from atrisys.wire.routes import Routes, only_reads

routes = Routes(tags=["annotation"])

AnyAnnotation = TypeVar("AnyAnnotation", bound=AnnotationDomain)


class CorrectionIn(Fields):
    location: str
    image_id: int
    layers: Ids | None = None
    """Whose annotations may be corrected (ids of users); the caller's own by default."""
    annotation_id: int | None = None
    """Only this one."""
    remove: bool = False
    """Cut the shape away instead of adding it."""
    review: bool = False
    """Correct what was accepted in review, where the shape touches any of it."""
    origin: Origin = None


class SplitIn(Fields):
    location: str
    """A line, or an area for its outline: WKT."""
    origin: Origin = None


class RepeatIn(Fields):
    slice_id: int
    repeat: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)]


class Pieces(Part):
    """The ids of the pieces that are new."""

    parts: list[int]


class WktIn(Fields):
    wkt: str


@routes.post("/api/annotationcorrection.json", openapi_extra=body_schema(CorrectionIn))
def correct_annotations(body: JsonBody, request: Request, db: Db, user: CurrentUser) -> Response:
    """Add a shape to the annotations that it touches, which become one, or cut it away from each of them.

    They must be of one person and bear the same terms. Who manages the project may name layers of others.
    """
    fields = read_one(CorrectionIn, body)
    left_top = is_left_top(request, fields.origin)
    # Before the first query: from there on others cannot write.
    whole = make_whole([Drawing(fields.location)])[0]
    if isinstance(whole, Refusal):
        raise whole
    correction = Correction(
        image_id=fields.image_id,
        shape=whole.shape,
        left_top=left_top,
        layers=fields.layers,
        annotation_id=fields.annotation_id,
        remove=fields.remove,
        review=fields.review,
    )
    annotation = correct(db, user, correction)
    return saved(db, "edited", annotation, in_frame(request, annotation, show_annotation(db, annotation)))


@routes.post("/api/annotation/{id:int}/fill.json")
@saves(AnnotationOut, Addresses, more=(Changes,))
@saves(ReviewedAnnotationOut, Addresses, more=(Changes,))
def fill_annotation(id: int, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Fill the holes of an annotation."""
    annotation = _editable(db, user, find.annotation(id))
    drawing = draw_annotations.as_drawn(db, annotation)
    drawing = replace(drawing, shape=fill_holes(draw_annotations.shape_of(drawing)))
    changes = draw_annotations.redraw(db, user, annotation, drawing)
    wire = in_frame(request, annotation, show_annotation(db, annotation))
    return saved(db, "edited", annotation, wire, changes=list(changes))


@routes.post("/api/atrisys/annotation/{id:int}/split.json", openapi_extra=body_schema(SplitIn))
@saves(AnnotationOut, Addresses, more=(Pieces,))
def split(id: int, body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Split an area along a line. Its largest piece stays itself; `parts` are the ids of the others, with its terms.

    `command` undoes all of it.
    """
    fields = read_one(SplitIn, body)
    left_top = is_left_top(request, fields.origin)
    along = make_whole([Drawing(fields.location)])[0]
    if isinstance(along, Refusal):
        raise along
    annotation = _editable(db, user, find(UserAnnotation, id))
    parts = split_annotation(db, user, annotation, along.shape, left_top=left_top)
    wire = in_frame(request, annotation, show_annotation(db, annotation))
    return saved(db, "edited", annotation, wire, parts=parts)


@routes.put("/api/annotation/{id:int}/simplify.json")
@routes.post("/api/annotation/{id:int}/simplify.json")
def simplify_annotation(id: int, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Leave points of an annotation out until between `minPoint` and `maxPoint` are left (200 at most by default).

    Answers with the annotation itself.
    """
    annotation = _editable(db, user, find.annotation(id))
    drawing = replace(draw_annotations.as_drawn(db, annotation), simplify_to=_points(request))
    draw_annotations.redraw(db, user, annotation, drawing)
    wire = in_frame(request, annotation, show_annotation(db, annotation))
    return dialect.Json(wire, headers={"ETag": f'"{annotation.version}"'})


@routes.put("/api/simplify.json", openapi_extra=body_schema(WktIn))
@routes.post("/api/simplify.json", openapi_extra=body_schema(WktIn))
@only_reads
def simplify_shape(body: JsonBody, request: Request) -> Response:
    """The same for a shape that is sent (`wkt`); nothing is stored."""
    shape = mend(read_wkt(read_one(WktIn, body).wkt)).shape
    return dialect.Json({"wkt": write_wkt(simplify(shape, *_points(request)).shape)})


def _points(request: Request) -> tuple[int | None, int | None]:
    points = wanted_points(request)
    return points if any(points) else (None, 200)


@routes.post("/api/userannotation/{id:int}/repeat.json", openapi_extra=body_schema(RepeatIn))
def repeat(
    id: int, body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find, page: PageQuery
) -> Response:
    """Copy an annotation with its terms onto the next `repeat` slices after `slice`, on the caller's own layer."""
    fields = read_one(RepeatIn, body)
    annotation = _editable(db, user, find(UserAnnotation, id))
    ids = repeat_annotation(db, user, annotation, find.other(SliceInstance, fields.slice_id), fields.repeat)
    return page.answer([_added(db, request, db.get_one(UserAnnotation, one)) for one in ids])


def _added(db: Session, request: Request, annotation: UserAnnotation) -> dict[str, Any]:
    wire = in_frame(request, annotation, show_annotation(db, annotation))
    return command_answer(db, "added", "UserAnnotation", annotation.id, None, wire)


def _editable(db: Session, user: Caller, annotation: AnyAnnotation) -> AnyAnnotation:
    require_annotation_editor(db, user, annotation)
    return annotation
