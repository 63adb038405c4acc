"""What a handler may ask for: the session, the caller, one object, a page."""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Depends, Request
from pydantic.alias_generators import to_camel
from sqlalchemy import JSON, Select, func, select
from sqlalchemy.orm import Session
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.visible import get_annotation, get_row
from atrisys.errors import Invalid, Stale
from atrisys.settings import Settings
from atrisys.store import spatial
from atrisys.store.session import Store
from atrisys.store.table import Table
from atrisys.store.tables import AnnotationDomain
from atrisys.wire import dialect, filters
from atrisys.wire.fields import Model, show, wire_names

Row = TypeVar("Row", bound=Table)

LONGEST_PAGE = 2**31
BATCH = 1_000


class _Id(IntegerConvertor):
    """A number in an address. Python reads no number of thousands of digits: there is nothing at such an address."""

    regex = "[0-9]{1,40}"


register_url_convertor("int", _Id())


async def _db(request: Request) -> Session:
    return request.state.db


async def _caller(request: Request) -> Caller:
    return request.state.caller


async def _store(request: Request) -> Store:
    return request.app.state.store


async def _settings(request: Request) -> Settings:
    return request.app.state.settings


Db = Annotated[Session, Depends(_db)]
"""The request's session: read-only for GET; kept when the handler returns, undone when it raises."""
CurrentUser = Annotated[Caller, Depends(_caller)]
CurrentStore = Annotated[Store, Depends(_store)]
"""For work outside the request's own transaction: files, streams, jobs."""
CurrentSettings = Annotated[Settings, Depends(_settings)]


class Finder:
    """Gives objects that the caller may see, by id; NotFound otherwise.

    `find(Term, id)` is for the object that the address names: its version must be the one in `If-Match`, if any, and
    on a write it is locked. `find.other(Ontology, id)` is for objects that the request refers to.
    """

    def __init__(self, request: Request, db: Session, caller: Caller) -> None:
        self._db, self._caller = db, caller
        self._expected = request.headers.get("if-match")
        self._writes = request.state.writes

    def __call__(self, kind: type[Row], id: int) -> Row:
        row = get_row(self._db, self._caller, kind, id, lock=self._writes)
        if self._writes:
            self.check_version(row)
        return row

    def annotation(self, id: int) -> AnnotationDomain:
        """The same for an annotation of any kind."""
        row = get_annotation(self._db, self._caller, id, lock=self._writes)
        if self._writes:
            self.check_version(row)
        return row

    def other(self, kind: type[Row], id: int | None) -> Row:
        return get_row(self._db, self._caller, kind, id)

    def check_version(self, row: Table) -> None:
        """Raises Stale when the client's `If-Match` names another version than the present one."""
        if self._expected is None or self._expected.strip() == "*":
            return
        versions = {part.strip().removeprefix("W/").strip('"') for part in self._expected.split(",")}
        if str(row.version) not in versions:
            raise Stale(
                "{kind} {id} was changed by somebody else: it is at version {version} now. Look at it and try again.",
                current=row,
                kind=type(row).__name__,
                id=row.id,
                version=row.version,
            )


async def _finder(request: Request, db: Db, caller: CurrentUser) -> Finder:
    return Finder(request, db, caller)


Find = Annotated[Finder, Depends(_finder)]


def shown(db: Session, row: Table) -> Response:
    """One object as its resource shows it, with its version as ETag."""
    return dialect.Json(show(db, row), headers={"ETag": f'"{row.version}"'})


class Paging:
    """Which part of a list, in which order: `max`/`offset` or `page`/`size`, `sort`+`order` or `sort=prop,dir`.

    And which of its rows: `field[op]=value` (wire/filters.py). A list is sorted and filtered by the columns that its
    rows show and by those that its resource names.
    """

    def __init__(self, request: Request, caller: Caller | None) -> None:
        self.request, self._caller = request, caller
        self.read(request.query_params)

    def read(self, query: Mapping[str, str | None]) -> None:
        """Take over what is said in other words than the address's: a body's."""
        size, page = _number(query.get("size"), "size"), _number(query.get("page"), "page")
        self.length = _number(query.get("max"), "max") or size
        self.offset = _number(query.get("offset"), "offset") or page * size
        self.sort, _, direction = (query.get("sort") or "").partition(",")
        self.descending = (direction or query.get("order") or "").strip().lower() == "desc"

    def of(self, db: Session, query: Select[*tuple[Any, ...]], out: type[Model], *order: Any, **more: Any) -> Response:
        """A page of one table's rows as the asker's dialect has it."""
        rows, total = self.rows(db, query, *order)
        return self.answer([out.of(row, **more).wire() for row in rows], total)

    def rows(
        self, db: Session, query: Select[*tuple[Any, ...]], *order: Any, columns: Mapping[str, Any] | None = None
    ) -> tuple[list[Any], int]:
        """The page's rows and how many there are in all.

        Args:
            order: the order when the asker names none.
            columns: what the list is sorted and filtered by under these names, before its rows' own columns.
        """
        query, total = self._cut(db, query, *order, columns=columns)
        scalars = len(query.column_descriptions) == 1
        return list(db.scalars(query) if scalars else db.execute(query)), total

    def _cut(
        self, db: Session, query: Select[*tuple[Any, ...]], *order: Any, columns: Mapping[str, Any] | None = None
    ) -> tuple[Select[*tuple[Any, ...]], int]:
        entity = query.column_descriptions[0]["entity"]

        def find(name: str) -> Any:
            return columns[name] if columns and name in columns else _own_column(entity, name)

        query = query.where(*filters.conditions(self.request, find))
        total = db.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
        column = find(self.sort) if self.sort else None
        if column is not None and not isinstance(column, filters.Several):
            query = query.order_by(None).order_by(column.desc() if self.descending else column.asc(), entity.id.desc())
        else:
            query = query.order_by(*(order or (entity.id.desc(),)))
        query = query.offset(self.offset)
        if self.length:
            query = query.limit(self.length)
        return query, total

    def answer(self, rows: list[Any], total: int | None = None) -> Response:
        """Finished rows. Without `total` they are the whole list, and the page is cut out here."""
        if total is None:
            total = len(rows)
            rows = rows[self.offset :][: self.length or None]
        return dialect.collection(self.request, self._caller, rows, total=total, offset=self.offset, length=self.length)

    def stream_rows(
        self,
        db: Session,
        query: Select[*tuple[Any, ...]],
        *order: Any,
        show: Callable[[list[Any]], list[dict[str, Any]]],
    ) -> Response:
        """For lists that may be as long as memory is not: the same, shown some rows at a time while it is sent."""
        query, total = self._cut(db, query, *order)
        db.info["streaming"] = True

        def pieces() -> Iterator[bytes]:
            try:
                for rows in db.scalars(spatial.streamed(query, BATCH)).partitions(BATCH):
                    yield b",".join(map(orjson.dumps, show(list(rows))))
            finally:
                db.close()

        return self.stream(pieces(), total)

    def stream(self, pieces: Any, total: int) -> Response:
        """Pieces of JSON, written as they come."""
        return dialect.streamed_collection(
            self.request, self._caller, pieces, total=total, offset=self.offset, length=self.length
        )


def _own_column(entity: Any, name: str) -> Any:
    """A table's own column by its name on the wire; None for what its rows keep to themselves.

    The order of a list and what a filter leaves of it would tell them.
    """
    for own, column in entity.__mapper__.columns.items():
        public = column.info.get("log", True) and not column.info.get("private")
        if public and name in (*wire_names(own), to_camel(own)) and not isinstance(column.type, JSON):
            return getattr(entity, own)
    return None


def _number(text: str | None, name: str) -> int:
    if text is None or text.strip().lower() in ("", "null", "none"):
        return 0
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number <= LONGEST_PAGE:
        raise Invalid("{name} must be a number from 0 on, not {value}.", name=name, value=text)
    return number


async def _paging(request: Request, caller: CurrentUser) -> Paging:
    return Paging(request, caller)


PageQuery = Annotated[Paging, Depends(_paging)]
