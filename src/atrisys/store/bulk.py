"""Many rows at once, past the mapper: one compiled statement, its values as they are."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, insert
from sqlalchemy.orm import Session

from atrisys.store import driver
from atrisys.store.driver import connection_of
from atrisys.store.table import Base

AT_ONCE = 32
"""Rows of one statement, where values go by their place: for each statement the driver lets other threads go first."""


class _Statement(NamedTuple):
    head: str
    """Up to the values."""
    row: str
    """The places of one row's values."""
    names: tuple[str, ...]
    """The columns, in the table's order."""
    goes_by_place: bool


def insert_rows(db: Session, kind: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert dictionaries that hold every column of the table, in the database's own types.

    Raises IntegrityError as any insert does.
    """
    if not rows:
        return
    connection = connection_of(db)
    statement = _statement(connection.dialect, kind)
    if statement.goes_by_place:
        _insert_by_place(connection, statement, list(map(itemgetter(*statement.names), rows)))
    else:
        driver.run_many(connection, statement.head + statement.row, rows)


def insert_values(db: Session, kind: type[Base], rows: Sequence[tuple[Any, ...]]) -> None:
    """The same for rows that are their values, in the order of the table's columns."""
    if not rows:
        return
    connection = connection_of(db)
    statement = _statement(connection.dialect, kind)
    if statement.goes_by_place:
        _insert_by_place(connection, statement, rows)
    else:
        named = [dict(zip(statement.names, row, strict=True)) for row in rows]
        driver.run_many(connection, statement.head + statement.row, named)


def _insert_by_place(connection: Connection, statement: _Statement, rows: Sequence[tuple[Any, ...]]) -> None:
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        driver.run(connection, _text_for(statement, len(some)), tuple(chain.from_iterable(some)))


@lru_cache(maxsize=64)
def _statement(dialect: Dialect, kind: type[Base]) -> _Statement:
    table = kind.__table__
    names = tuple(column.name for column in table.columns)
    compiled = insert(table).compile(dialect=dialect, column_keys=list(names))  # pyright: ignore[reportArgumentType]
    head, values, row = str(compiled).partition(" VALUES ")
    by_place = compiled.positiontup  # pyright: ignore[reportAttributeAccessIssue]
    assert by_place is None or tuple(by_place) == names
    return _Statement(head + values, row, names, goes_by_place=by_place is not None)


@lru_cache(maxsize=512)
def _text_for(statement: _Statement, rows: int) -> str:
    return statement.head + ", ".join([statement.row] * rows)
