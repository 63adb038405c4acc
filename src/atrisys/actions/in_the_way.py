"""What came after a command and would be lost if the command were taken back: told by name, as far as it is seen."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.judge import State, changed
from atrisys.access.undo_rights import RULES
from atrisys.access.visible import RULES as VISIBLE
from atrisys.access.visible import domains, past_of, visible
from atrisys.actions.commands import BY_TABLE, Step, chain_of, parent_kinds
from atrisys.errors import InTheWay
from atrisys.store import spatial
from atrisys.store.by_ids import pairs_for, rows_for
from atrisys.store.ids import take_turn
from atrisys.store.table import Table, kept_values
from atrisys.store.tables import Change, SecUser
from atrisys.store.tables.changes import WITHOUT_STATES
from atrisys.store.tables.metadata import Metadata

NAMED_AT_MOST = 10


def check_later(
    db: Session, caller: Caller, author_id: int, found: Sequence[tuple[Step, State | None, State | None]]
) -> None:
    """Of steps of one kind and way: nobody else has changed these objects since, and they are as the command left them.

    Raises InTheWay.
    """
    take_turn(db)
    kind = found[0][0].kind
    steps = {step.id: step for step, _, _ in found}
    rows = db.scalars(spatial.for_update(select(kind).where(kind.id.in_(list(steps)))))
    present = {row.id: row for row in rows}
    others = _changes_of_others(db, {caller.id, author_id}, steps)
    if others:
        raise _blocked(db, caller, steps[others[0].object_id], others)
    for step, was, to in found:
        row = present.get(step.id)
        if step.way == "bring back":
            fits = row is None
        else:
            fits = row is not None and was is not None and not _differs(row, was, to)
        if not fits:
            raise _blocked(db, caller, step, _newest(db, step))
    for row in present.values():
        db.expunge(row)


def _differs(row: Table, was: State, to: State | None) -> bool:
    """Whether an object is otherwise than a command left it, in what that would change."""
    now = changed(orjson.loads(orjson.dumps(kept_values(row))), was)
    return bool(now if to is None else now & changed(was, to))


def _changes_of_others(db: Session, own: set[int], steps: dict[int, Step]) -> list[Change]:
    query = select(Change).where(
        Change.seq > min(step.last for step in steps.values()),
        or_(Change.user_id.is_(None), Change.user_id.not_in(own)),
    )
    found: list[Change] = []
    holds: dict[int, bool] = {}
    for (row,) in rows_for(db, query.options(*WITHOUT_STATES).order_by(Change.seq.desc()), Change.object_id, steps):
        step = steps[row.object_id]
        if row.seq <= step.last or row.class_name != step.kind.__name__:
            continue
        if row.transaction_id not in holds:
            holds[row.transaction_id] = not chain_of(db, row.transaction_id).is_undone
        if holds[row.transaction_id] and _says_something(db, row):
            found.append(row)
        if len(found) == NAMED_AT_MOST:
            break
    return found


def _says_something(db: Session, row: Change) -> bool:
    """Not so where only what is worked out changed: areas, after a slide was calibrated."""
    if row.is_new or row.is_gone:
        return True
    before, after = db.execute(select(Change.before, Change.after).where(Change.seq == row.seq)).one()
    return bool(changed(orjson.loads(before or "{}"), orjson.loads(after or "{}")))


def _newest(db: Session, step: Step) -> list[Change]:
    query = select(Change).where(Change.object_id == step.id, Change.seq > step.last)
    return list(db.scalars(query.options(*WITHOUT_STATES).order_by(Change.seq.desc()).limit(1)))


def _blocked(db: Session, caller: Caller, step: Step, later: Sequence[Change]) -> InTheWay:
    seqs = [change.seq for change in later[:NAMED_AT_MOST]]
    query = select(Change).options(*WITHOUT_STATES).where(Change.seq.in_(seqs), past_of(caller))
    named = db.scalars(query.order_by(Change.seq.desc())).all()
    about: dict[str, Any] = {"kind": step.kind.__name__, "id": step.id}
    if not named:
        return InTheWay("{kind} {id} was changed later. Nothing was undone, so that this is not lost.", **about)
    blockers = _told(db, named)
    first = blockers[0]
    about |= {"kind": first["class"], "id": first["id"], "blocker": first["command"]}
    if first["user"] == caller.id:
        return InTheWay("You changed {kind} {id} later with command {blocker}. Undo that first.", blockers, **about)
    return InTheWay(
        "{username} changed {kind} {id} later with command {blocker}. Nothing was undone, so that this is not lost.",
        blockers,
        username=first["username"] or "…",
        **about,
    )


def _told(db: Session, changes: Iterable[Change]) -> list[dict[str, Any]]:
    listed = list(changes)
    names = pairs_for(db, select(SecUser.id, SecUser.username), SecUser.id, [change.user_id for change in listed])
    return [
        {
            "command": change.transaction_id,
            "user": change.user_id,
            "username": names.get(change.user_id or 0),
            "class": change.class_name,
            "id": change.object_id,
            "created": change.created,
        }
        for change in listed
    ]


def check_unused(db: Session, caller: Caller, kind: type[Table], ids: Sequence[int]) -> None:
    """Before objects are taken away: nothing stands on them any more. Raises InTheWay, naming what the caller sees."""
    for other in BY_TABLE.values():
        for column in _naming(other, kind):
            for (used,) in rows_for(db, select(column).limit(1), column, ids):
                users = select(other.id).where(column == used).order_by(other.id).limit(NAMED_AT_MOST)
                seen = db.scalars(visible(caller, users, other)).all() if other in VISIBLE else []
                raise InTheWay(
                    "{kind} {id} is used by what came later: {others}. Nothing was undone.",
                    [{"class": other.__name__, "id": id} for id in seen],
                    kind=kind.__name__,
                    id=used,
                    others=", ".join(f"{other.__name__} {id}" for id in seen) or "…",
                )


def _naming(other: type[Table], kind: type[Table]) -> list[Any]:
    """The columns of one table that name objects of another: foreign keys, and what may belong to any object."""
    parents = parent_kinds(other)
    to_any = [name for name in (RULES[other].goes_with if other in RULES else ()) if name not in parents]
    return [getattr(other, name) for name in (*(name for name in parents if parents[name] is kind), *to_any)]


def missing_parents(db: Session, kind: type[Table], rows: Sequence[State]) -> dict[int, InTheWay]:
    """Of objects that shall come back: which stood on something that is gone, each with its refusal."""
    found: dict[int, InTheWay] = {}
    own = {row["id"] for row in rows}
    for name, parent, some in _stands_on(kind, rows):
        wanted = {row[name] for row in some if row.get(name) is not None} - (own if parent is kind else set())
        there = {row[0] for row in rows_for(db, select(parent.id), parent.id, wanted)}
        for row in some:
            if row.get(name) in wanted - there:
                found[row["id"]] = InTheWay(
                    "{kind} {id} stood on {parent} {parentId}, which is gone. Bring that back first.",
                    kind=kind.__name__,
                    id=row["id"],
                    parent=parent.__name__,
                    parentId=row[name],
                )
    return found


def _stands_on(kind: type[Table], rows: Sequence[State]) -> Iterator[tuple[str, type[Table], Sequence[State]]]:
    """Columns that name others, the others' table, and the rows that name some of it."""
    for name, parent in parent_kinds(kind).items():
        yield name, parent, rows
    if issubclass(kind, Metadata):
        for parent in domains():
            yield "domain_ident", parent, [row for row in rows if row.get("domain_class_name") == parent.cytomine_class]
