"""Statements that nearly every request asks: their text is made once, and handed to the driver (driver.py)."""

from typing import Any, cast

from sqlalchemy import Dialect, Select, Update

from atrisys.store import driver
from atrisys.store.driver import Db, connection_of

Rows = list[tuple[Any, ...]]


class Fixed:
    """One statement that gives rows, as the database's driver has them. Its values are named by `bindparam`."""

    def __init__(self, statement: Select[*tuple[Any, ...]] | Update) -> None:
        self._statement = statement
        self._made: dict[Dialect, tuple[str, dict[str, Any], tuple[str, ...]]] = {}

    def rows(self, db: Db, **values: Any) -> Rows:
        """All rows; a true or false of SQLite is 1 or 0."""
        connection = connection_of(db)
        text, given, order = self._made.get(connection.dialect) or self._make(connection.dialect)
        values = {**given, **values}
        # Some drivers take values by their place.
        sent = tuple([values[name] for name in order]) if order else values
        return cast(Rows, driver.run(connection, text, sent).fetchall())

    def _make(self, dialect: Dialect) -> tuple[str, dict[str, Any], tuple[str, ...]]:
        compiled = self._statement.compile(dialect=dialect)
        order = tuple(compiled.positiontup or ())  # pyright: ignore[reportAttributeAccessIssue]
        self._made[dialect] = str(compiled), dict(compiled.params), order
        return self._made[dialect]
