"""Review: images taken in hand, annotations accepted and rejected, how many were."""

from typing import Annotated, Any

from fastapi import Request
from pydantic import AliasChoices, Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_editor
from atrisys.access.visible import layers_in, visible
from atrisys.actions import review
from atrisys.actions.drawing import Drawing, make_whole
from atrisys.errors import Invalid
from atrisys.store.tables import (
    ImageInstance,
    Project,
    ReviewedAnnotation,
    ReviewedAnnotationCount,
    UserAnnotation,
    UserAnnotationCount,
)
from atrisys.wire import dialect
from atrisys.wire.annotations import (
    Addresses,
    Ids,
    Origin,
    ReviewedAnnotationOut,
    in_frame,
    is_left_top,
    show_annotation,
    show_annotations,
)
from atrisys.wire.answers import command_of, saved
from atrisys.wire.asking import CurrentUser, Db, Find, PageQuery
from atrisys.wire.bodies import JsonBody, JsonOrForm, body_schema, read_one
from atrisys.wire.described import saves
from atrisys.wire.dialect import Json
from atrisys.wire.fields import Fields
from atrisys.wire.images import ImageInstanceOut, show_images
from atrisys.wire.routes import Routes, counts_as_unsafe

routes = Routes(tags=["review"])

LONGEST_PAGE = 1_000
"""Of the list of all reviewed annotations, whose rows are whole models."""
Row = ReviewedAnnotation


class AcceptIn(Fields):
    terms: Ids = Field(default_factory=list)
    """Given to the accepted copy beside the annotation's own."""


class ReviewedIn(Fields):
    location: str
    image_id: int
    parent_ident: Annotated[int | None, Field(validation_alias=AliasChoices("parentIdent", "parent"))] = None
    """The annotation that it stands for."""
    term: Ids = Field(default_factory=list)
    terms: Ids = Field(default_factory=list)
    origin: Origin = None


# --- images ----------------------------------------------------------------------------------------------------------


@routes.post("/api/imageinstance/{id:int}/review.json")
@routes.put("/api/imageinstance/{id:int}/review.json")
@saves(ImageInstanceOut)
def start_review(id: int, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take an image in hand: the caller is its reviewer from now on. One that was validated is open again."""
    image = find(ImageInstance, id)
    require_editor(db, user, db.get_one(Project, image.project_id), image.user_id)
    review.start_review(db, user, image)
    return _saved_image(db, user, request, image)


@routes.delete("/api/imageinstance/{id:int}/review.json")
@saves(ImageInstanceOut)
def stop_review(
    id: int, request: Request, db: Db, user: CurrentUser, find: Find, cancel: str | None = None
) -> Response:
    """Validate an image. With `cancel=true` one step back: to in review, or from there to never reviewed."""
    image = find(ImageInstance, id)
    review.stop_review(db, user, image, cancel=bool(dialect.says_yes(cancel)))
    return _saved_image(db, user, request, image)


def _saved_image(db: Session, user: Caller, request: Request, image: ImageInstance) -> Response:
    return saved(db, "edited", image, show_images(db, [image], user, dialect.address_of(request))[0])


# --- annotations -----------------------------------------------------------------------------------------------------


@routes.get("/api/annotation/{id:int}/review.json")
@routes.post("/api/annotation/{id:int}/review.json", openapi_extra=body_schema(AcceptIn))
@routes.put("/api/annotation/{id:int}/review.json", openapi_extra=body_schema(AcceptIn))
@counts_as_unsafe
@saves(ReviewedAnnotationOut, Addresses)
def accept_annotation(id: int, body: JsonOrForm, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Accept an annotation: a copy is kept with its terms, and with those of `terms`. By the image's reviewer."""
    said = {**dict(request.query_params), **(body or {})}
    annotation = find(UserAnnotation, id)
    accepted = review.accept(db, user, annotation, read_one(AcceptIn, said).terms)
    return saved(db, "added", accepted, in_frame(request, accepted, show_annotation(db, accepted)))


@routes.delete("/api/annotation/{id:int}/review.json")
@saves(ReviewedAnnotationOut, Addresses)
def reject_annotation(id: int, request: Request, db: Db, user: CurrentUser) -> Response:
    """Take the acceptance of an annotation back; `id` is the annotation's own, even where it is gone."""
    accepted = review.accepted_copy(db, user, id)
    wire = in_frame(request, accepted, show_annotation(db, accepted))
    review.reject(db, user, accepted)
    return saved(db, "deleted", accepted, wire)


@routes.post("/api/imageinstance/{id:int}/annotation/review.json")
@routes.put("/api/imageinstance/{id:int}/annotation/review.json")
def accept_layers(id: int, request: Request, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """Accept all annotations of `users` (ids, joined by commas) on an image; the ids of the copies."""
    ids = review.accept_layers(db, user, find(ImageInstance, id), _users(request))
    return _collected(db, page, ids, "added")


@routes.delete("/api/imageinstance/{id:int}/annotation/review.json")
def reject_layers(id: int, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take the acceptance of all annotations of `users` on an image back."""
    count = review.reject_layers(db, user, find(ImageInstance, id), _users(request))
    return Json({"deleted": count, **command_of(db, "ReviewedAnnotation", "deleted")})


def _collected(db: Session, page: PageQuery, ids: list[int], verb: Any) -> Response:
    command = command_of(db, "ReviewedAnnotation", verb) if ids else {}
    return page.answer([{"class": Row.cytomine_class, "id": id, **command} for id in ids])


def _users(request: Request) -> list[int]:
    text = request.query_params.get("users", "")
    try:
        return [int(part) for part in text.replace("_", ",").split(",") if part.strip()]
    except ValueError:
        raise Invalid("{name} must be a number, not {value}.", name="users", value=text[:80]) from None


# --- reviewed annotations --------------------------------------------------------------------------------------------


@routes.get("/api/reviewedannotation.json")
def list_reviewed(request: Request, db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """The reviewed annotations of all the caller's projects, newest first; 1,000 at most at once."""
    page.length = min(page.length or LONGEST_PAGE, LONGEST_PAGE)
    rows, total = page.rows(db, visible(user, select(Row)), Row.id.desc())
    wires = show_annotations(db, rows)
    return page.answer([in_frame(request, row, wire) for row, wire in zip(rows, wires, strict=True)], total)


@routes.post("/api/reviewedannotation.json", openapi_extra=body_schema(ReviewedIn))
def add_reviewed(body: JsonBody, request: Request, db: Db, user: CurrentUser) -> Response:
    """Keep a reviewed annotation with a shape of its own; the caller is its reviewer."""
    fields = read_one(ReviewedIn, body)
    drawing = Drawing(
        location=fields.location,
        image_id=fields.image_id,
        terms=tuple(dict.fromkeys([*fields.term, *fields.terms])),
        left_top=is_left_top(request, fields.origin),
    )
    whole = make_whole([drawing])[0]
    accepted = review.draw_reviewed(db, user, drawing, whole, fields.parent_ident)
    return saved(db, "added", accepted, in_frame(request, accepted, show_annotation(db, accepted)))


# --- how many --------------------------------------------------------------------------------------------------------


@routes.get("/api/imageinstance/{id:int}/reviewedannotation/stats.json")
def show_stats(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """Of each person's annotations on an image: how many there are, and how many were accepted."""
    image = find(ImageInstance, id)
    project = db.get_one(Project, image.project_id)
    counts: dict[int, dict[str, int]] = {}
    for kind, name in ((UserAnnotationCount, "all"), (ReviewedAnnotationCount, "reviewed")):
        query = select(kind.user_id, kind.total()).where(kind.image_id == image.id, kind.number > 0)
        query = query.where(layers_in(db, user, project, kind=kind)).group_by(kind.user_id)
        for owner, count in db.execute(query):
            counts.setdefault(owner, {"all": 0, "reviewed": 0})[name] = count
    return page.answer([{"user": owner, **counts[owner]} for owner in sorted(counts)])
