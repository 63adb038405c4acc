"""Ready statements, handed to the database's driver as they are, in the transaction of a session or a connection.

The framework wraps each statement and what comes back; for the few rows of a small request that took longer than the
database did.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

Db = Session | Connection
Values = Sequence[Any] | dict[str, Any]
_KNOWN = "connection"


def connection_of(db: Db) -> Connection:
    """Where its transaction goes on; begun, if none is."""
    if isinstance(db, Connection):
        return db
    known: Connection | None = db.info.get(_KNOWN)
    if known is None:
        known = db.info[_KNOWN] = db.connection()
    return known


def run(connection: Connection, text: str, values: Values) -> DBAPICursor:
    """Run one statement with its values. Raises what the framework would raise."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(text, values)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(connection, cursor, text, values, error) from error
    return cursor


def run_many(connection: Connection, text: str, rows: Sequence[dict[str, Any]]) -> None:
    """Run one statement for each of the rows. Raises what the framework would raise."""
    cursor = connection.connection.cursor()
    try:
        cursor.executemany(text, rows)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(connection, cursor, text, rows, error) from error


def _told(connection: Connection, cursor: DBAPICursor, text: str, values: Any, error: Exception) -> BaseException:
    """A connection that is lost is not asked to undo anything, and not used again."""
    dialect = connection.dialect
    is_lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, cursor)  # pyright: ignore[reportArgumentType]
    if is_lost:
        connection.invalidate(error)
    base = dialect.loaded_dbapi.Error
    return DBAPIError.instance(
        text, values, error, base, hide_parameters=True, connection_invalidated=is_lost, dialect=dialect
    )


@event.listens_for(Session, "after_transaction_create")
@event.listens_for(Session, "after_transaction_end")
def _forget_connection(db: Session, _transaction: Any) -> None:
    """A savepoint is not there before its session is asked for its connection."""
    db.info.pop(_KNOWN, None)
