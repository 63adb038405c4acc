"""Many rows at once, past the mapper: one compiled statement, its values as they are."""

from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Dialect, insert
from sqlalchemy.orm import Session

from atrisys.store.table import Base


def insert_rows(db: Session, kind: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert dictionaries that hold every column of the table, in the database's own types.

    Raises IntegrityError as any insert does.
    """
    if rows:
        connection = db.connection()
        text, names = _statement(connection.dialect, kind)
        values = list(map(itemgetter(*names), rows)) if names else list(rows)
        connection.exec_driver_sql(text, values)


@lru_cache(maxsize=64)
def _statement(dialect: Dialect, kind: type[Base]) -> tuple[str, tuple[str, ...]]:
    """The statement, and the order of its values where it names them by place."""
    table = kind.__table__
    compiled = insert(table).compile(dialect=dialect, column_keys=[column.name for column in table.columns])  # pyright: ignore[reportArgumentType]
    return str(compiled), tuple(compiled.positiontup or ())  # pyright: ignore[reportAttributeAccessIssue]
