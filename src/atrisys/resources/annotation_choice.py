"""Annotations that somebody chose on a wall or in a list: changed together, undone together."""

from typing import Annotated

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from atrisys.actions import edit_chosen
from atrisys.store.tables import Term
from atrisys.wire.annotations import Addresses, AnnotationOut, in_frame, show_annotation
from atrisys.wire.answers import command_of, done, saved
from atrisys.wire.asking import CurrentUser, Db, Find
from atrisys.wire.bodies import MOST_AT_ONCE, JsonBody, body_schema, read_one
from atrisys.wire.described import Commanded, does, saves
from atrisys.wire.fields import Fields
from atrisys.wire.routes import Routes

routes = Routes(tags=["annotation"])


class ChosenIn(Fields):
    annotations: Annotated[list[int], Field(min_length=1, max_length=MOST_AT_ONCE)]


class RetermIn(ChosenIn):
    term_id: int | None = None
    """Instead of all terms that they have; none: they lose them."""


@routes.post("/api/atrisys/annotation/delete.json", openapi_extra=body_schema(ChosenIn))
@does(Commanded)
def remove_chosen(body: JsonBody, db: Db, user: CurrentUser) -> Response:
    """Delete annotations, all or none; `command` undoes it."""
    edit_chosen.delete_chosen(db, user, read_one(ChosenIn, body).annotations)
    return done(**command_of(db, "UserAnnotation", "deleted"))


@routes.post("/api/atrisys/annotation/term.json", openapi_extra=body_schema(RetermIn))
@does(Commanded)
def change_term_of_chosen(body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Give annotations one term instead of all that they have, all or none; `command` undoes it."""
    asked = read_one(RetermIn, body)
    term = find.other(Term, asked.term_id) if asked.term_id is not None else None
    edit_chosen.give_term(db, user, asked.annotations, term)
    return done(**command_of(db, "AnnotationTerm", "added"))


@routes.post("/api/atrisys/annotation/merge.json", openapi_extra=body_schema(ChosenIn))
@saves(AnnotationOut, Addresses)
def merge_chosen(body: JsonBody, request: Request, db: Db, user: CurrentUser) -> Response:
    """Make one annotation of several of a slice: the first one, with its terms. `command` undoes it."""
    annotation = edit_chosen.merge_chosen(db, user, read_one(ChosenIn, body).annotations)
    return saved(db, "edited", annotation, in_frame(request, annotation, show_annotation(db, annotation)))
