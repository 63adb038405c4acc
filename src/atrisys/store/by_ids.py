"""Rows for any number of ids: databases take a limited number of parameters in one query."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.store.table import Numbered

AT_ONCE = 10_000

Kind = TypeVar("Kind", bound=Numbered)


def rows_for(db: Session, query: Any, column: Any, ids: Iterable[int | None]) -> Iterator[Any]:
    """The query's rows whose `column` is one of `ids`: one query for a page, a few for a whole table."""
    named = sorted({id for id in ids if id is not None})
    for start in range(0, len(named), AT_ONCE):
        yield from db.execute(query.where(column.in_(named[start : start + AT_ONCE])))


def pairs_for(db: Session, query: Any, column: Any, ids: Iterable[int | None]) -> dict[int, Any]:
    """The same for queries of two columns, as a dictionary from the first to the second."""
    return {row[0]: row[1] for row in rows_for(db, query, column, ids)}


def objects_for(db: Session, kind: type[Kind], ids: Iterable[int | None]) -> dict[int, Kind]:
    """Objects of one table by their ids."""
    return {row[0].id: row[0] for row in rows_for(db, select(kind), kind.id, ids)}
