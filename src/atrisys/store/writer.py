"""The one connection that writes to SQLite, kept open: a session has it while its transaction lasts.

Given out by a pool and taken back for each transaction, it cost a small request a fiftieth of its time.
"""

import threading
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from atrisys.store import spatial

CLOSED_WITHIN_S = 2.0


class Writer:
    """That of one process. Safe to use from several threads: they wait for one another."""

    def __init__(self, engine: Engine, wait_s: float = spatial.BUSY_MS / 1000) -> None:
        self._engine, self._wait_s = engine, wait_s
        self._one = threading.Lock()
        self._connection: Connection | None = None

    def take(self) -> Connection:
        """When it is ours. Raises TimeoutError (the database's) where another one keeps it too long."""
        if not self._one.acquire(timeout=self._wait_s):
            raise NoConnection("The writing connection is in use.")
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
            return self._connection
        except BaseException:
            self._one.release()
            raise

    def give_back(self) -> None:
        """By whoever took it, once its transaction has ended, well or not."""
        try:
            if self._connection is not None and not spatial.is_idle(self._connection):
                # What is left of a transaction would be joined by the next one, and keeps other processes from writing.
                self._drop()
        finally:
            self._one.release()

    def close(self) -> None:
        """Whoever hangs in a transaction is not waited for: the process's end undoes it."""
        if self._one.acquire(timeout=CLOSED_WITHIN_S):
            try:
                self._drop()
            finally:
                self._one.release()

    def _drop(self) -> None:
        kept, self._connection = self._connection, None
        if kept is not None:
            kept.invalidate()
            kept.close()


class WritingSession(Session):
    """A session with the process's writer; its transactions begin as writers (spatial.py)."""

    def __init__(self, writer: Writer, **named: Any) -> None:
        super().__init__(**named)
        self._writer = writer
        self._taken: Connection | None = None

    def get_bind(self, *_: Any, **__: Any) -> Connection:
        if self._taken is None:
            self._taken = self._writer.take()
        return self._taken

    def close(self) -> None:
        try:
            super().close()
        finally:
            # Where its transaction could not even be undone, nobody was told of its end.
            self._give_back()

    def _give_back(self) -> None:
        """A second time does nothing."""
        if self._taken is not None:
            self._taken = None
            self._writer.give_back()


@event.listens_for(WritingSession, "after_transaction_end")
def _give_back(db: WritingSession, transaction: Any) -> None:
    if transaction.parent is None:
        db._give_back()
