"""All that knows which database it is: SQLite or PostgreSQL with PostGIS. Nothing else may."""

import errno
import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any, TypeVar

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    Select,
    and_,
    cast,
    create_engine,
    event,
    func,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from atrisys.errors import DiskRefuses, Misconfigured
from atrisys.geometry import grid
from atrisys.store.table import RowId
from atrisys.store.tables import AnnotationDomain, UserAnnotation

NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE, "53100")
UNWRITABLE = (
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_READONLY_CANTLOCK,
    "58030",
)
"""Numbers of SQLite, and at the end PostgreSQL's own."""
Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])

BUSY_MS = 30_000
TRY_AGAIN_S = 0.0005


@compiles(RowId, "sqlite")
def _row_id(*_: Any, **__: Any) -> str:
    """SQLite keeps rows in the order of a key of just this type; any other key would be a second index beside them."""
    return "INTEGER"


def connect(url: str, sqlite_file: Path) -> Engine:
    """The engine of an installation: `url` where one is set, else SQLite in the data folder."""
    if not url:
        return connect_sqlite(sqlite_file)
    if url.startswith(("postgresql://", "postgres://")):
        url = "postgresql+psycopg://" + url.split("://", 1)[1]
    if not url.startswith("postgresql+psycopg://"):
        raise Misconfigured("ATRISYS_DATABASE_URL must begin with postgresql://; leave it empty for SQLite.")
    try:
        return create_engine(
            url, pool_size=20, max_overflow=30, pool_pre_ping=True, pool_recycle=1800, hide_parameters=True
        )
    except ModuleNotFoundError as error:
        raise Misconfigured("PostgreSQL needs its driver. Install it with: pip install 'atrisys[postgres]'") from error


def connect_sqlite(file: Path) -> Engine:
    """The engine of those who read; those who write have another one (`writers`)."""
    engine = create_engine(
        URL.create("sqlite", database=str(file)), pool_size=20, max_overflow=30, pool_use_lifo=True, **_ALIKE
    )
    event.listen(engine, "connect", _prepare)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if not connection.get_execution_options().get(_EACH_BY_ITSELF):
            _driver_of(connection).execute("BEGIN")

    return engine


_EACH_BY_ITSELF = "each_by_itself"


def asking(engine: Engine) -> Engine:
    """The engine of single questions: each statement sees the database as it is at that moment.

    A beginning and an end of each transaction would cost as much as the question: at both the driver lets other threads
    have the interpreter.
    """
    each = {_EACH_BY_ITSELF: True} if engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
    return engine.execution_options(**each)


def most_idle(engine: Engine) -> int:
    """How many connections without a question are kept for the next ones.

    One to SQLite holds no lock then, and nobody can cut it off; one to a server is looked at by its pool each time.
    """
    return 4 if engine.dialect.name == "sqlite" else 0


_ALIKE: dict[str, Any] = {
    "connect_args": {"timeout": BUSY_MS / 1000, "check_same_thread": False},
    "hide_parameters": True,
}


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    # Transactions are begun by us: the driver's own rule would begin them late, as readers.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-32768",
        "temp_store=MEMORY",
        # Pages that are written again and again are copied into the database less often.
        "wal_autocheckpoint=16000",
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("atrisys_intersects", 2, _intersects, deterministic=True)
    connection.create_function("atrisys_distance", 2, _distance, deterministic=True)


def writers(engine: Engine) -> Engine:
    """The engine of those who write. To SQLite each process keeps a single connection of it (writer.py).

    Others that wait would be let sleep by SQLite, longer each time; and a connection finds in its own memory what it
    wrote, where another one reads every page anew.
    """
    if engine.dialect.name != "sqlite":
        return engine
    alone = create_engine(engine.url, poolclass=NullPool, **_ALIKE)

    @event.listens_for(alone, "connect")
    def _connect(connection: sqlite3.Connection, record: Any) -> None:
        _prepare(connection, record)
        # Whose turn it is among several processes is asked for below.
        connection.execute("PRAGMA busy_timeout=0")

    event.listen(alone, "begin", _begin_to_write)
    return alone


def _driver_of(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def is_idle(connection: Connection) -> bool:
    """Whether a connection to SQLite can be used anew: what went wrong before may have left a transaction open."""
    # (A transaction that could not be kept is there still, though it is not active.)
    ended = connection.get_transaction() is None
    broken = connection.closed or connection.invalidated
    return ended and not broken and not _driver_of(connection).in_transaction


def _begin_to_write(connection: Connection) -> None:
    """Wait until the writers of other processes are done: SQLite's own pauses grow up to 100 ms.

    A reader that turned writer would fail at once when another wrote meanwhile; so writers say so at the start.
    """
    driver = _driver_of(connection)
    end = time.monotonic() + BUSY_MS / 1000
    while time.monotonic() < end:
        try:
            driver.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                break
        time.sleep(TRY_AGAIN_S)
    connection.exec_driver_sql("BEGIN IMMEDIATE")


_own = threading.local()


def _prepared(wkb: bytes) -> BaseGeometry:
    """The shape that a query asks about, each thread its own: two threads at one prepared shape end the process."""
    if getattr(_own, "wkb", None) != wkb:
        _own.shape = shapely.from_wkb(wkb)
        shapely.prepare(_own.shape)
        _own.wkb = wkb
    return _own.shape


def _intersects(shape: bytes, other: bytes) -> bool:
    return bool(shapely.intersects(_prepared(other), shapely.from_wkb(shape)))


def _distance(shape: bytes, other: bytes) -> float:
    return float(shapely.distance(_prepared(other), shapely.from_wkb(shape)))


def is_postgres(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def extensions(connection: Connection) -> None:
    """What the database needs before its tables are made."""
    if is_postgres(connection):
        try:
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
        except DBAPIError as error:
            raise Misconfigured(
                "PostGIS is missing in the database: {reason}. Install Debian's postgresql-15-postgis-3 and run "
                "CREATE EXTENSION postgis as a superuser.",
                reason=str(error.orig).strip(),
            ) from error


def only_append(connection: Connection, table: str) -> None:
    """From now on the database itself refuses to change or remove rows of this table."""
    says = f"{table} is append-only"
    if is_postgres(connection):
        body = f"BEGIN RAISE EXCEPTION '{says}'; END"
        connection.exec_driver_sql(
            f"CREATE FUNCTION {table}_only_append() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
        )
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_only_append BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_only_append()"
        )
        return
    for deed in ("UPDATE", "DELETE"):
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{says}'); END"
        )


def append_freely(connection: Connection, table: str) -> None:
    """Undoes `only_append`."""
    if is_postgres(connection):
        connection.exec_driver_sql(f"DROP TRIGGER {table}_only_append ON {table}")
        connection.exec_driver_sql(f"DROP FUNCTION {table}_only_append()")
        return
    for deed in ("update", "delete"):
        connection.exec_driver_sql(f"DROP TRIGGER {table}_no_{deed}")


def touching(
    connection: Connection,
    images: Select[*tuple[Any, ...]] | list[int],
    shape: BaseGeometry,
    within_px: float = 0.0,
    kind: type[AnnotationDomain] = UserAnnotation,
) -> ColumnElement[bool]:
    """Which annotations (of one kind) of `images` touch `shape` (image order), or lie within a distance of it.

    The grid and the boxes decide most; the shape itself is asked only where its box crosses the border. The grid is
    asked level by level: of one condition over all levels, SQLite would read the whole image.
    """
    row = kind
    min_x, min_y, max_x, max_y = (float(v) for v in shape.bounds)
    min_x, min_y, max_x, max_y = min_x - within_px, min_y - within_px, max_x + within_px, max_y + within_px
    box = and_(row.min_x <= max_x, row.max_x >= min_x, row.min_y <= max_y, row.max_y >= min_y)
    levels = (
        select(row.id).where(
            row.image_id.in_(images),
            row.grid_level == cells.level,
            row.grid_y.between(cells.y0, cells.y1),
            row.grid_x.between(cells.x0, cells.x1),
            box,
        )
        for cells in grid.cells_of(min_x, min_y, max_x, max_y)
    )
    return and_(row.id.in_(union_all(*levels)), _exactly(connection, shape, within_px, kind))


def _exactly(
    connection: Connection, shape: BaseGeometry, within_px: float, row: type[AnnotationDomain]
) -> ColumnElement[bool]:
    wkb = shapely.to_wkb(shape)
    if is_postgres(connection):
        stored, asked = func.ST_GeomFromWKB(row.shape), func.ST_GeomFromWKB(wkb)
        exact = func.ST_DWithin(stored, asked, within_px) if within_px else func.ST_Intersects(stored, asked)
    elif within_px:
        exact = func.atrisys_distance(row.shape, wkb) <= within_px
    else:
        exact = func.atrisys_intersects(row.shape, wkb)
    if not within_px and shapely.equals(shape, shapely.box(*shape.bounds)):
        min_x, min_y, max_x, max_y = (float(v) for v in shape.bounds)
        inside = and_(row.min_x >= min_x, row.max_x <= max_x, row.min_y >= min_y, row.max_y <= max_y)
        return or_(inside, exact)
    return exact


def cell(connection: Connection, place: Any, side: float) -> ColumnElement[int]:
    """Which cell of `side` pixels a coordinate lies in, counted from 0."""
    # SQLite has no floor() everywhere, but cuts; PostgreSQL would round.
    whole = func.floor(place / side) if is_postgres(connection) else place / side
    return cast(whole, Integer)


def streamed(query: Query, batch: int) -> Query:
    """The same query, its rows fetched in batches and never all held."""
    return query.execution_options(yield_per=batch, stream_results=True)


def for_update(query: Query) -> Query:
    """Rows that are about to be changed: locked where the database locks rows (SQLite's writer is alone anyway)."""
    return query.with_for_update()


def take_turns(db: Session, name: str) -> None:
    """One after another until the transaction's end, those who say the same name (SQLite's writer is alone anyway)."""
    if is_postgres(db.connection()):
        db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def back_up(engine: Engine, target: Path) -> bool:
    """A copy of the database while others go on; False where that is the database server's own business."""
    if engine.dialect.name != "sqlite":
        return False
    with engine.connect() as connection:
        source = _driver_of(connection)
        target.touch(mode=0o600)
        copy = sqlite3.connect(target)
        try:
            source.backup(copy)
        finally:
            copy.close()
    return True


def restore(backup: Path, sqlite_file: Path) -> None:
    """Put a backup back. Nobody may be using the database."""
    source, target = sqlite3.connect(backup), sqlite3.connect(sqlite_file)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()


def integrity_problem(engine: Engine) -> str | None:
    """What the database finds wrong with itself."""
    with engine.connect() as connection:
        if is_postgres(connection):
            connection.execute(text("SELECT 1"))
            return None
        said = connection.execute(text("PRAGMA quick_check")).scalar_one()
        return None if said == "ok" else str(said)


def disk_trouble(error: DBAPIError) -> DiskRefuses | None:
    """What there is to say where the database's disk is at fault: it is full, or cannot be written."""
    driver = error.orig
    number = driver.sqlite_errorcode if isinstance(driver, sqlite3.Error) else getattr(driver, "sqlstate", None)
    if number in NO_ROOM:
        return DiskRefuses("The server's disk is full. Nothing was changed. Tell its administrator.")
    if number in UNWRITABLE:
        return DiskRefuses(
            "The server's disk cannot be written now ({reason}). Nothing was changed. Tell its administrator.",
            # A server says which of its files it is.
            reason=str(driver).strip() if isinstance(driver, sqlite3.Error) else os.strerror(errno.EIO),
        )
    return None
