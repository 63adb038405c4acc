"""Cytomine's answers to writes: message, callback, the object under its class name and under `data`, the command."""

from typing import Any, Literal

from sqlalchemy.orm import Session

from atrisys.access.undo_rights import is_undoable
from atrisys.store.table import Table
from atrisys.wire.dialect import Json
from atrisys.wire.fields import show

Verb = Literal["added", "edited", "deleted"]
COMMAND: dict[str, str] = {"added": "Add", "edited": "Edit", "deleted": "Delete"}
KEYS = {"UserAnnotation": "annotation", "SecUser": "user"}
"""Where the key on the wire is not the class name in lower case."""
NAMES = {"SecUser": "User"}
"""Where people call it by another name than its table's."""

TABLES = {"ProjectRepresentativeUser": "ProjectMember", "User": "SecUser"}
"""Where an answer speaks of a table by another name."""


def key_of(kind: str) -> str:
    return KEYS.get(kind, kind.lower())


def saved(db: Session, verb: Verb, row: Table, wire: dict[str, Any] | None = None, **more: Any) -> Json:
    """The answer to POST, PUT and DELETE, with 200 as Cytomine has it.

    Args:
        wire: the object as the wire has it, where it must be told before it was deleted; else its resource is asked.
    """
    kind = type(row).__name__
    wire = show(db, row) if wire is None else wire
    body = command_answer(db, verb, kind, row.id, getattr(row, "name", None), wire, **more)
    return Json(body, headers=None if verb == "deleted" else {"ETag": f'"{row.version}"'})


def command_answer(
    db: Session, verb: Verb, kind: str, id: int, name: str | None, wire: dict[str, Any], **more: Any
) -> dict[str, Any]:
    key = key_of(kind)
    called = NAMES.get(kind, kind)
    label = f"{called} {id}" + (f" ({name})" if name else "")
    return {
        "message": f"{label} {verb}.",
        "callback": {"method": f"be.cytomine.{COMMAND[verb]}{called}Command", f"{key}ID": str(id), **_parents(wire)},
        "printMessage": True,
        key: wire,
        "data": wire,
        **command_of(db, kind, verb),
        **more,
    }


def command_of(db: Session, kind: str, verb: Verb) -> dict[str, int | None]:
    """The number that undo takes; None where nothing was changed, or nobody undoes that."""
    number = db.info.get("transaction_id") if is_undoable(TABLES.get(kind, kind), verb) else None
    return {"command": number, "commandId": number}


def _parents(wire: dict[str, Any]) -> dict[str, str]:
    return {f"{name}ID": str(wire[name]) for name in ("ontology", "project", "image") if wire.get(name) is not None}


def done(**more: Any) -> Json:
    """For what has no object to show (members, sessions)."""
    return Json({"data": {"message": "OK"}, "message": "OK", "success": True, "status": 200, **more})
