"""Statements that nearly every request asks: their text is made once, and run as it is.

The framework finds a statement's text by what it is made of, and wraps what comes back; for the few rows of a small
request that took longer than the database did.
"""

from typing import Any, cast

from sqlalchemy import Dialect, Select, Update
from sqlalchemy.orm import Session

Rows = list[tuple[Any, ...]]


class Fixed:
    """One statement that gives rows, as the database's driver has them. Its values are named by `bindparam`."""

    def __init__(self, statement: Select[*tuple[Any, ...]] | Update) -> None:
        self._statement = statement
        self._made: dict[Dialect, tuple[str, dict[str, Any], tuple[str, ...]]] = {}

    def rows(self, db: Session, **values: Any) -> Rows:
        """All rows, in the session's transaction; a true or false of SQLite is 1 or 0."""
        connection = db.connection()
        text, given, order = self._made.get(connection.dialect) or self._make(connection.dialect)
        values = {**given, **values}
        # Some drivers take values by their place.
        sent = tuple([values[name] for name in order]) if order else values
        cursor = connection.exec_driver_sql(text, sent).cursor
        assert cursor is not None
        return cast(Rows, cursor.fetchall())

    def _make(self, dialect: Dialect) -> tuple[str, dict[str, Any], tuple[str, ...]]:
        compiled = self._statement.compile(dialect=dialect)
        order = tuple(compiled.positiontup or ())  # pyright: ignore[reportAttributeAccessIssue]
        self._made[dialect] = str(compiled), dict(compiled.params), order
        return self._made[dialect]
