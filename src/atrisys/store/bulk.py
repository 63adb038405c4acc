"""Many rows at once, past the mapper: one compiled statement, its values as they are."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Dialect, insert
from sqlalchemy.orm import Session

from atrisys.store import driver
from atrisys.store.driver import connection_of
from atrisys.store.table import Base

AT_ONCE = 32
"""Rows of one statement, where values go by their place: for each statement the driver lets other threads go first."""


class _Statement(NamedTuple):
    whole: str
    head: str
    """Up to the values."""
    row: str
    """The places of one row's values."""
    names: tuple[str, ...]
    """The order of its values; empty where it names them."""


def insert_rows(db: Session, kind: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert dictionaries that hold every column of the table, in the database's own types.

    Raises IntegrityError as any insert does.
    """
    if not rows:
        return
    connection = connection_of(db)
    statement = _statement(connection.dialect, kind)
    if not statement.names:
        driver.run_many(connection, statement.whole, rows)
        return
    values = list(map(itemgetter(*statement.names), rows))
    for start in range(0, len(values), AT_ONCE):
        some = values[start : start + AT_ONCE]
        text = statement.head + ", ".join([statement.row] * len(some))
        driver.run(connection, text, tuple(chain.from_iterable(some)))


@lru_cache(maxsize=64)
def _statement(dialect: Dialect, kind: type[Base]) -> _Statement:
    table = kind.__table__
    compiled = insert(table).compile(dialect=dialect, column_keys=[column.name for column in table.columns])  # pyright: ignore[reportArgumentType]
    head, values, row = str(compiled).partition(" VALUES ")
    return _Statement(head + values + row, head + values, row, tuple(compiled.positiontup or ()))  # pyright: ignore[reportAttributeAccessIssue]
