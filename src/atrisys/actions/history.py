"""Every write goes through here: the object and its line in the change log, in one transaction.

From the log come undo, history, undelete, the audit trail and the feed for live pages. A deleted object leaves its last
state as the `before` of a row without `after`. What is said of an object (properties, description, tags, files) goes
before it, each with its own tombstone, and moves where it moves.
"""

import base64
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from operator import itemgetter
from typing import Any, TypeVar

import orjson
from sqlalchemy import JSON, event, insert, null, select
from sqlalchemy import delete as sql_delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.errors import Duplicate, InTheWay, InUse
from atrisys.store import spatial
from atrisys.store.after_commit import drop_after_commit
from atrisys.store.bulk import insert_rows, insert_values
from atrisys.store.ids import take_ids, take_turn
from atrisys.store.table import Table, kept_columns, kept_values, now_ms
from atrisys.store.tables import AttachedFile, Change, Reversal
from atrisys.store.tables.metadata import METADATA, Metadata, home_of

Row = TypeVar("Row", bound=Table)
Entry = tuple[Mapping[str, Any], str | None, str | None]
"""What there is to say of an object: its columns, its state before and after."""
Line = tuple[Any, ...]
"""What the log says of one object: values in the order of its columns."""

BATCH = 2_000
REST_S = 0.02
"""A lock goes to whoever asks first: who has just let go of it stands back for so long."""


def add(db: Session, caller: Caller, row: Row) -> Row:
    """A new object; its id is given here. Raises Duplicate where its name or pair exists."""
    ids = take_ids(db, 2)
    row.id, row.version, row.created = ids[0], 1, now_ms()
    with _whole_or_not(db, type(row).__name__, _name_of(row)):
        db.add(row)
    _log(db, caller, row, ids[1], before=None, after=_json(row))
    return row


def edit(db: Session, caller: Caller, row: Row, **values: Any) -> Row:
    """New values for some columns. Nothing is logged where nothing changes. Raises Duplicate."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    if not changed:
        return row
    before, seq = _before(row), take_ids(db)[0]
    with _whole_or_not(db, type(row).__name__, changed.get("name") or changed.get("username")):
        for name, value in changed.items():
            setattr(row, name, value)
        row.version, row.updated = row.version + 1, now_ms()
    _log(db, caller, row, seq, before=before, after=_json(row))
    if _has_moved(type(row), changed):
        _move_metadata(db, caller, [row])
    return row


def delete(db: Session, caller: Caller, row: Row) -> Row:
    """Take an object away; what stands on it must be gone before. Raises InUse."""
    take_turn(db)
    before, kind, id = _before(row), type(row).__name__, row.id
    _delete_metadata(db, caller, [row])
    try:
        with db.begin_nested():
            db.delete(row)
    except IntegrityError as error:
        raise InUse("{kind} {id} is still used by other objects.", kind=kind, id=id) from error
    _log(db, caller, row, take_ids(db)[0], before=before, after=None)
    return row


def delete_where(db: Session, caller: Caller, kind: type[Row], *conditions: Any) -> int:
    """Take away all objects that fit, each with its own tombstone. Says how many."""
    done = 0
    while True:
        rows = db.scalars(select(kind).where(*conditions).order_by(kind.id).limit(BATCH)).all()
        if not rows:
            return done
        _delete_metadata(db, caller, rows)
        _log_many(db, caller, kind, [(row, _before(row), None) for row in rows])
        try:
            db.execute(
                sql_delete(kind)
                .where(kind.id.in_([row.id for row in rows]))
                .execution_options(synchronize_session=False)
            )
        except IntegrityError as error:
            raise InUse("{kind} objects are still used by others.", kind=kind.__name__) from error
        for row in rows:
            db.expunge(row)
        done += len(rows)


def add_many(db: Session, caller: Caller, kind: type[Row], rows: Sequence[dict[str, Any]]) -> list[int]:
    """Many new objects of one kind at once, as dictionaries of their columns; gives their ids, in order.

    Every column is either given, has a plain default or may be null. Costs two statements, whatever the number.
    """
    if not rows:
        return []
    numbers = take_ids(db, 2 * len(rows))
    ids = list(numbers[: len(rows)])
    numbered = [{**row, "id": id} for id, row in zip(ids, rows, strict=True)]
    add_numbered(db, caller, {kind: numbered}, numbers[len(ids) :])
    return ids


def add_numbered(
    db: Session, caller: Caller, rows: Mapping[type[Table], Sequence[dict[str, Any]]], numbers: Sequence[int]
) -> None:
    """The same for objects of several kinds that have their ids already: a statement for each kind, one for the log.

    Args:
        rows: what others stand on before what stands on it.
        numbers: fresh ones for the lines of the log, as many as there are objects.
    """
    changes: list[Line] = []
    for kind, some in rows.items():
        if not some:
            continue
        defaults = {**_plain_defaults(kind), "created": now_ms(), "updated": None, "version": 1}
        whole = [{**defaults, **row} for row in some]
        try:
            insert_rows(db, kind, whole)
        except IntegrityError as error:
            raise _refusal(kind.__name__, error) from error
        ours = numbers[len(changes) : len(changes) + len(whole)]
        changes += _changes(db, caller, kind, ours, _come(kind, whole))
    insert_values(db, Change, changes)


def edit_many(
    db: Session, caller: Caller, kind: type[Row], condition: Any, change: Callable[[Row], Mapping[str, Any]]
) -> int:
    """Edit all objects that fit, in batches: `change` gives the new values of each. Says how many changed."""
    done, last = 0, 0
    take_turn(db)
    while True:
        query = select(kind).where(condition, kind.id > last).order_by(kind.id).limit(BATCH)
        rows = db.scalars(spatial.for_update(query)).all()
        if not rows:
            return done
        last = rows[-1].id
        entries, moved = [], []
        for row in rows:
            values = {name: value for name, value in change(row).items() if getattr(row, name) != value}
            if values:
                before = _before(row)
                for name, value in values.items():
                    setattr(row, name, value)
                row.version, row.updated = row.version + 1, now_ms()
                entries.append((row, before, _json(row)))
                if _has_moved(kind, values):
                    moved.append(row)
        db.flush()
        _log_many(db, caller, kind, entries)
        _move_metadata(db, caller, moved)
        for row in rows:
            db.expunge(row)
        done += len(entries)


def let_others_write(db: Session) -> None:
    """Keep what is done so far, and go on as the same command when those who wait have had their turn.

    For what takes long and is whole at every such moment. Nobody may stand around it who keeps or undoes the session's
    transaction as a block; rows that are used afterwards are to be read anew.

    Raises InTheWay where the command was undone meanwhile.
    """
    number = db.info.get("transaction_id")
    db.commit()
    time.sleep(REST_S)
    if number is None:
        return
    if db.scalar(select(Reversal.transaction_id).where(Reversal.undoes_id == number)) is not None:
        raise InTheWay("Command {command} was undone before it was done.", command=number)
    db.info["transaction_id"] = number


def _delete_metadata(db: Session, caller: Caller, rows: Sequence[Table]) -> None:
    """What is said of objects goes with them; the bytes of a file once that is kept."""
    for row in rows:
        if isinstance(row, AttachedFile):
            drop_after_commit(db, row.kept_name)
    if rows and not isinstance(rows[0], Metadata):
        ids = [row.id for row in rows]
        for said in METADATA:
            delete_where(db, caller, said, said.domain_ident.in_(ids))


def _has_moved(kind: type[Table], changed: Mapping[str, Any]) -> bool:
    """Whether the log files the object elsewhere from now on."""
    return not issubclass(kind, Metadata) and not {kind.container_column, kind.owner_column}.isdisjoint(changed)


def _move_metadata(db: Session, caller: Caller, rows: Sequence[Table]) -> None:
    homes = {row.id: home_of(row) for row in rows}
    for said in METADATA if homes else ():
        edit_many(db, caller, said, said.domain_ident.in_(homes), lambda one: homes[one.domain_ident])


def bring_back(db: Session, caller: Caller, kind: type[Table], rows: Sequence[dict[str, Any]]) -> None:
    """Deleted objects as they were, with their ids; their versions go on counting.

    Args:
        rows: every column that cannot be null or has no plain default. Raises Duplicate where a name is taken now.
    """
    whole = [{**_plain_defaults(kind), **row, "version": row["version"] + 1, "updated": now_ms()} for row in rows]
    with _whole_or_not(db, kind.__name__, (rows[0].get("name") or rows[0].get("username")) if len(rows) == 1 else None):
        db.execute(insert(kind.__table__), [_nulls_as_such(kind, row) for row in whole])  # pyright: ignore[reportArgumentType]
    insert_values(db, Change, _changes(db, caller, kind, take_ids(db, len(whole)), _come(kind, whole)))


def _nulls_as_such(kind: type[Table], row: dict[str, Any]) -> dict[str, Any]:
    """JSON has a null of its own, which is not the database's."""
    texts = [column.name for column in kind.__table__.columns if isinstance(column.type, JSON)]
    return {**row, **{name: null() for name in texts if row[name] is None}} if texts else row


def _json(row: Table) -> str:
    return orjson.dumps(kept_values(row)).decode()


def _come(kind: type[Table], rows: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """For rows that are new and did not pass through the mapper."""
    names, values_of = _kept(kind)
    return [(row, None, orjson.dumps(dict(zip(names, values_of(row), strict=True))).decode()) for row in rows]


@cache
def _kept(kind: type[Table]) -> tuple[tuple[str, ...], Callable[[Mapping[str, Any]], tuple[Any, ...]]]:
    return (names := kept_columns(kind)), itemgetter(*names)


def _before(row: Table) -> str:
    """The same with what does not follow from it to the last digit, so that it can be brought back as it was."""
    exact = {name: base64.b64encode(getattr(row, name)).decode() for name in row.exact_columns}
    return orjson.dumps({**kept_values(row), **exact}).decode()


@cache
def _plain_defaults(kind: type[Table]) -> dict[str, Any]:
    """The columns' own default values, for rows that do not pass through the mapper."""
    found: dict[str, Any] = {}
    for name, column in kind.__mapper__.columns.items():
        if column.default is not None and column.default.is_scalar:
            found[name] = column.default.arg  # pyright: ignore[reportAttributeAccessIssue]
        elif column.nullable:
            found[name] = None
    return found


@contextmanager
def _whole_or_not(db: Session, kind: str, name: str | None) -> Iterator[None]:
    """What the database refuses is undone alone; the rest of the transaction stands."""
    try:
        with db.begin_nested():
            yield
    except IntegrityError as error:
        raise _refusal(kind, error, name) from error


def _name_of(row: Table) -> str | None:
    return getattr(row, "name", None) or getattr(row, "username", None)


def _refusal(kind: str, error: IntegrityError, name: str | None = None) -> Duplicate | InUse:
    said = str(error.orig).lower()
    if "foreign key" in said:
        return InUse("This {kind} names an object that does not exist, or is still used by others.", kind=kind)
    if name:
        return Duplicate("There is already a {kind} named {name}. Choose another name.", kind=kind, name=name)
    return Duplicate("This {kind} exists already.", kind=kind)


def _log(db: Session, caller: Caller, row: Table, seq: int, *, before: str | None, after: str | None) -> None:
    insert_values(db, Change, _changes(db, caller, type(row), [seq], [(kept_values(row), before, after)]))


def _log_many(
    db: Session, caller: Caller, kind: type[Table], entries: Sequence[tuple[Table, str | None, str | None]]
) -> None:
    if entries:
        values = ((kept_values(row), before, after) for row, before, after in entries)
        insert_values(db, Change, _changes(db, caller, kind, take_ids(db, len(entries)), values))


def _changes(
    db: Session,
    caller: Caller,
    kind: type[Table],
    numbers: Sequence[int],
    entries: Iterable[Entry],
) -> list[Line]:
    """Lines of the log."""
    transaction, now, name = _number_of_transaction(db, numbers[0]), now_ms(), kind.__name__
    me, door, request = caller.id, caller.door, caller.request_id
    container, owner = kind.container_column, kind.owner_column
    return [
        (
            seq,
            transaction,
            now,
            me,
            door,
            request,
            name,
            values["id"],
            values["version"],
            values[container] if container else None,
            values[owner] if owner else None,
            before,
            after,
        )
        for seq, (values, before, after) in zip(numbers, entries, strict=True)
    ]


def _number_of_transaction(db: Session, first: int) -> int:
    """That of its first change."""
    if "transaction_id" not in db.info:
        db.info["transaction_id"], db.info["numbered_in"] = first, db.get_nested_transaction()
    return db.info["transaction_id"]


@event.listens_for(Session, "after_transaction_end")
def _forget_transaction(db: Session, transaction: Any) -> None:
    if transaction.parent is None:
        for name in ("transaction_id", "numbered_in", "numbered_before"):
            db.info.pop(name, None)
    elif db.info.get("numbered_in") is transaction:
        db.info["numbered_in"], db.info["numbered_before"] = transaction.parent, transaction


@event.listens_for(Session, "after_soft_rollback")
def _number_anew(db: Session, undone: Any) -> None:
    """A savepoint that is undone (told after its end) takes the number along where the first change was in it."""
    if undone.nested and db.info.get("numbered_before") is undone:
        for name in ("transaction_id", "numbered_in", "numbered_before"):
            db.info.pop(name, None)
