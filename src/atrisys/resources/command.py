"""Undo and redo of commands, and bringing back what was deleted."""

from collections.abc import Callable
from typing import Any

from pydantic import ConfigDict
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.actions import undo
from atrisys.actions.commands import Step
from atrisys.actions.take_back import SHOWN_AT_MOST, Leaving
from atrisys.actions.undo import TakenBack
from atrisys.store.table import Table, kept_values
from atrisys.wire.annotations import AnnotationOut
from atrisys.wire.answers import Verb, command_answer, key_of
from atrisys.wire.asking import CurrentUser, Db, PageQuery, Paging
from atrisys.wire.described import Part, lists, sometimes
from atrisys.wire.dialect import Json
from atrisys.wire.fields import SHOWN, show
from atrisys.wire.past import kind_of, public, weight_of
from atrisys.wire.routes import Routes, counts_as_unsafe, may_come_again

routes = Routes(tags=["command"])

VERBS: dict[str, Verb] = {"bring back": "added", "take away": "deleted", "edit": "edited"}
MOST = 10_000
"""Objects that one answer tells of; its `size` says how many there were."""
Noted = dict[tuple[str, int], dict[str, Any]]
"""Objects as the wire has them, by class and id: what goes away is noted while it is there."""
Act = Callable[[Leaving], TakenBack | None]


class TermLink(Part):
    """Which annotation bears a term."""

    model_config = ConfigDict(extra="allow")

    userannotation: int


class Taken(Part):
    """One object that was brought back, taken away or changed: as the answer to the same change by hand has it.

    The object itself stands under the name of its class; of very many the first ones alone are told.
    """

    model_config = ConfigDict(extra="allow")

    message: str
    callback: dict[str, str] | None
    print_message: bool
    command: int | None = sometimes()
    command_id: int | None = sometimes()
    data: dict[str, Any] = sometimes()
    annotation: AnnotationOut = sometimes()
    annotationterm: TermLink = sometimes()
    left_out: int = sometimes()


@routes.get("/command/undo.json")
@routes.get("/api/command/undo.json")
@counts_as_unsafe
@may_come_again
@lists(Taken)
def undo_last(db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """Take the caller's last command back, with all that it changed; the answer has one entry for each object."""
    return _answer(db, page, lambda leaving: undo.undo_last(db, user, leaving), "Nothing to undo.")


@routes.get("/command/redo.json")
@routes.get("/api/command/redo.json")
@counts_as_unsafe
@may_come_again
@lists(Taken)
def redo_last(db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """Do again what the caller undid last, unless they changed something since."""
    return _answer(db, page, lambda leaving: undo.redo_last(db, user, leaving), "Nothing to redo.")


@routes.get("/command/{id:int}/undo.json")
@routes.get("/api/command/{id:int}/undo.json")
@counts_as_unsafe
@may_come_again
@lists(Taken)
def undo_command(id: int, db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """Take one command back, by the number that its answer gave. 409 where somebody has built on it since."""
    return _answer(db, page, lambda leaving: undo.undo(db, user, id, leaving))


@routes.get("/command/{id:int}/redo.json")
@routes.get("/api/command/{id:int}/redo.json")
@counts_as_unsafe
@may_come_again
@lists(Taken)
def redo_command(id: int, db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """Do a command again that was undone. 409 where something changed since."""
    return _answer(db, page, lambda leaving: undo.redo(db, user, id, leaving))


@routes.post("/api/commands/undo/{command:int}")
def undo_with_subcommands(command: int, db: Db, user: CurrentUser) -> Response:
    """The same as `undo.json`; the answer is what the command was about, with the rest under `subCommands`."""
    noted: Noted = {}
    taken = undo.undo(db, user, command, _noting(db, noted))
    steps = sorted(taken.steps, key=lambda step: weight_of(step.kind.__name__))[:MOST]
    entries = [_entry(db, step, taken, noted) for step in steps]
    return Json({**(entries[0] if entries else {}), "subCommands": entries[1:]})


@routes.post("/api/atrisys/undelete/{kind}/{id:int}.json")
@lists(Taken)
def undelete(kind: str, id: int, db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """Bring a deleted object back, with its id and all that was deleted with it; `kind` is its class in small letters.

    Whoever may make such an object now may do so, whoever deleted it. It is a command, and can be undone.
    """
    table = kind_of(kind)
    return _answer(db, page, lambda leaving: undo.bring_back(db, user, table, id, leaving))


def _answer(db: Session, page: Paging, act: Act, nothing: str = "") -> Response:
    noted: Noted = {}
    taken = act(_noting(db, noted))
    if taken is None:
        return page.answer([{"success": True, "message": nothing, "callback": None, "printMessage": True}])
    page.length = min(page.length or MOST, MOST)
    steps = taken.steps[page.offset :][: page.length]
    return page.answer([_entry(db, step, taken, noted) for step in steps], len(taken.steps))


def _noting(db: Session, noted: Noted) -> Leaving:
    def note(row: Table) -> None:
        noted[type(row).__name__, row.id] = _wire(db, row)

    return note


def _entry(db: Session, step: Step, taken: TakenBack, noted: Noted) -> dict[str, Any]:
    """The answer for one object, as to the same change by hand; among the first ones with the object itself."""
    kind = step.kind.__name__
    wire = noted.get((kind, step.id))
    if wire is None and step.way != "take away" and len(noted) < SHOWN_AT_MOST:
        row = db.get(step.kind, step.id)
        wire = noted[kind, step.id] = {} if row is None else _wire(db, row)
    entry = command_answer(db, VERBS[step.way], kind, step.id, (wire or {}).get("name"), wire or {})
    if not wire:
        del entry["data"], entry[key_of(kind)]
    if taken.left_out:
        entry["leftOut"] = taken.left_out
    return entry


def _wire(db: Session, row: Table) -> dict[str, Any]:
    if type(row) in SHOWN:
        return show(db, row)
    return {"class": row.cytomine_class, **public(type(row), kept_values(row), named=False)}
