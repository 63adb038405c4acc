"""Annotations: shapes drawn on a slide, one by one or in arrays."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Request
from pydantic import AliasChoices, Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_annotation_editor
from atrisys.actions import delete_annotation, draw_annotations, history, review
from atrisys.actions.draw_annotations import Drawn
from atrisys.actions.drawing import Drawing, make_whole
from atrisys.errors import Refusal
from atrisys.geometry.frames import LEFT_TOP
from atrisys.geometry.holes import fill_holes
from atrisys.geometry.wkt import wkb_to_wkt
from atrisys.store.tables import AnnotationDomain, ReviewedAnnotation, UserAnnotation
from atrisys.wire import dialect, domains
from atrisys.wire.annotations import (
    Addresses,
    AnnotationOut,
    Asked,
    Changes,
    Ids,
    Origin,
    ReviewedAnnotationOut,
    asked_of,
    find_annotation,
    in_frame,
    is_left_top,
    show_annotation,
    wanted_points,
)
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find
from atrisys.wire.bodies import JsonBody, body_schema, check_number, many_answer, problem, read_elements, read_one
from atrisys.wire.described import gives, saves
from atrisys.wire.fields import Fields
from atrisys.wire.routes import Routes

routes = Routes(tags=["annotation"])

MOST_AT_ONCE = 20_000
"""Shapes of one request: some two seconds of the only writer that SQLite has."""


class AnnotationIn(Fields):
    location: str
    image_id: int | None = None
    slice_id: int | None = None
    term: Ids = Field(default_factory=list)
    terms: Ids = Field(default_factory=list)
    track: Ids = Field(default_factory=list)
    tracks: Ids = Field(default_factory=list)
    group_id: int | None = None
    user_id: int | None = None
    origin: Origin = None
    min_point: Annotated[int, Field(ge=4)] | None = None
    max_point: Annotated[int, Field(ge=4)] | None = None
    geometry_compression: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    source: str | None = Field(None, max_length=255)
    parent_id: int | None = None
    properties: Annotated[domains.Properties, Field(validation_alias=AliasChoices("properties", "property"))] = Field(
        default_factory=list
    )

    def drawing(self, asked: Asked) -> Drawing:
        return Drawing(
            location=self.location,
            image_id=None if self.slice_id is not None else self.image_id,
            slice_id=self.slice_id,
            terms=_once(self.term, self.terms),
            tracks=_once(self.track, self.tracks),
            group_id=self.group_id,
            user_id=self.user_id,
            left_top=asked.left_top if self.origin is None else self.origin == LEFT_TOP,
            simplify_to=(self.min_point or asked.points[0], self.max_point or asked.points[1]),
            geometry_compression=self.geometry_compression or 0.0,
            source=self.source,
            parent_id=self.parent_id,
            properties=tuple([(one.key, one.value) for one in self.properties]),
        )


def _once(ids: list[int], more: list[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys([*ids, *more])) if more or len(ids) > 1 else tuple(ids)


class AnnotationEdit(Fields):
    location: str | None = None
    origin: Origin = None
    min_point: Annotated[int, Field(ge=4)] | None = None
    max_point: Annotated[int, Field(ge=4)] | None = None
    source: str | None = Field(None, max_length=255)
    parent_id: int | None = None
    term: Ids | None = None
    terms: Ids | None = None
    """Of a reviewed annotation alone; others are given terms one by one."""


@routes.get("/api/annotation/{id:int}.json")
@routes.get("/api/annotations/{id:int}")
@routes.get("/api/userannotation/{id:int}.json")
@routes.get("/api/reviewedannotation/{id:int}.json")
@gives(AnnotationOut, Addresses)
@gives(ReviewedAnnotationOut, Addresses)
def show_one(id: int, request: Request, db: Db, find: Find) -> Response:
    """One annotation, drawn or accepted in review; `origin=left-top` gives it in image order."""
    annotation = find_annotation(request, find, id)
    wire = in_frame(request, annotation, show_annotation(db, annotation))
    return dialect.Json(wire, headers={"ETag": f'"{annotation.version}"'})


@routes.post("/api/annotation.json", openapi_extra=body_schema(AnnotationIn, many=True))
@routes.post("/api/userannotation.json", openapi_extra=body_schema(AnnotationIn, many=True))
@saves(AnnotationOut, Addresses, more=(Changes,))
def add_annotation(body: JsonBody, request: Request, db: Db, user: CurrentUser) -> Response:
    """Draw one shape, or an array of them: all good ones are kept, each other one is answered with its reason.

    Shapes that cross themselves are mended and shapes beyond the picture's edge are cut off there; `changes` says so.
    """
    if isinstance(body, list):
        return _add_many(body, request, db, user)
    drawing = read_one(AnnotationIn, body).drawing(asked_of(request))
    drawn = draw_annotations.draw_one(db, user, drawing)
    annotation = db.get_one(UserAnnotation, drawn.id)
    wire = in_frame(request, annotation, show_annotation(db, annotation))
    return saved(db, "added", annotation, wire, changes=list(drawn.changes))


def _add_many(body: list[Any], request: Request, db: Session, user: CurrentUser) -> Response:
    check_number(body, MOST_AT_ONCE)
    elements = read_elements(AnnotationIn, body)
    asked = asked_of(request)
    read = [element.fields.drawing(asked) for element in elements if element.fields is not None]
    answers = iter(draw_annotations.draw(db, user, read))
    ids: list[int] = []
    changed: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    for index, element in enumerate(elements):
        answer: Drawn | Refusal | None = element.refusal if element.fields is None else next(answers)
        if isinstance(answer, Drawn):
            ids.append(answer.id)
            if answer.changes:
                changed.append({"id": answer.id, "changes": list(answer.changes)})
        elif answer is not None:
            problems.append(problem(index, element, answer, request))
    return many_answer(db, "UserAnnotation", ids, problems, changes=changed)


@routes.put("/api/annotation/{id:int}.json", openapi_extra=body_schema(AnnotationEdit))
@routes.put("/api/userannotation/{id:int}.json", openapi_extra=body_schema(AnnotationEdit))
@routes.put("/api/reviewedannotation/{id:int}.json", openapi_extra=body_schema(AnnotationEdit))
@saves(AnnotationOut, Addresses, more=(Changes,))
@saves(ReviewedAnnotationOut, Addresses, more=(Changes,))
def edit_annotation(id: int, body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Give an annotation another shape, or with `fill=true` fill the holes of the one it has.

    Of one that was accepted in review also other `terms`.
    """
    fields = read_one(AnnotationEdit, body)
    sent = None if fields.location is None else Drawing(fields.location, left_top=is_left_top(request, fields.origin))
    # Before the first query: from there on others cannot write.
    whole = None if sent is None else make_whole([sent])[0]
    annotation = find_annotation(request, find, id)
    require_annotation_editor(db, user, annotation)
    more = _more(db, user, annotation, fields)
    drawing = _redrawing(db, sent, annotation, fields, request)
    if drawing is None:
        changes: tuple[str, ...] = ()
        history.edit(db, user, annotation, **more)
    else:
        changes = draw_annotations.redraw(db, user, annotation, drawing, whole if drawing is sent else None, **more)
    wire = in_frame(request, annotation, show_annotation(db, annotation))
    return saved(db, "edited", annotation, wire, changes=list(changes))


def _more(db: Session, user: Caller, annotation: AnnotationDomain, fields: AnnotationEdit) -> dict[str, Any]:
    """What a PUT changes beside the shape: columns; of a reviewed annotation its terms, which are set here."""
    if isinstance(annotation, UserAnnotation):
        more = {name: getattr(fields, name) for name in ("source", "parent_id") if getattr(fields, name) is not None}
        if more.get("parent_id", annotation.parent_id) != annotation.parent_id:
            draw_annotations.require_parent(db, user, more["parent_id"], annotation.project_id)
        return more
    present = show_annotation(db, annotation)["terms"]
    # A whole model holds its terms twice: what differs is what was changed.
    for terms in (fields.term, fields.terms):
        if isinstance(annotation, ReviewedAnnotation) and terms is not None and set(terms) != set(present):
            review.set_terms(db, user, annotation, terms)
    return {}


def _redrawing(
    db: Session, sent: Drawing | None, annotation: AnnotationDomain, fields: AnnotationEdit, request: Request
) -> Drawing | None:
    """The new shape that a PUT asks for: the very one that was sent, where nothing is to be done to it.

    None where the shape that comes back is the one that was given out.
    """
    fill = dialect.says_yes(request.query_params.get("fill"))
    points = wanted_points(request, fields.min_point, fields.max_point)
    if sent is None or sent.location == _given_out(annotation, left_top=sent.left_top):
        if not fill and not any(points):
            return None
        sent = draw_annotations.as_drawn(db, annotation)
    if fill:
        sent = replace(sent, shape=fill_holes(draw_annotations.shape_of(sent)))
    return replace(sent, simplify_to=points) if any(points) else sent


def _given_out(annotation: AnnotationDomain, *, left_top: bool) -> str:
    return wkb_to_wkt([annotation.shape])[0] if left_top else annotation.location


@routes.delete("/api/annotation/{id:int}.json")
@routes.delete("/api/userannotation/{id:int}.json")
@routes.delete("/api/reviewedannotation/{id:int}.json")
@saves(AnnotationOut, Addresses)
@saves(ReviewedAnnotationOut, Addresses)
def remove_annotation(id: int, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Delete an annotation with its terms and links to tracks and a group; the copy that a reviewer accepted stays."""
    annotation = find_annotation(request, find, id)
    require_annotation_editor(db, user, annotation)
    wire = in_frame(request, annotation, show_annotation(db, annotation))
    delete_annotation.delete_annotation(db, user, annotation)
    return saved(db, "deleted", annotation, wire)
