"""The store: one database, SQLite in the data folder or PostgreSQL with PostGIS, and sessions on it."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from atrisys.errors import Misconfigured
from atrisys.settings import Settings
from atrisys.store import spatial
from atrisys.store.events import Noted
from atrisys.store.files import DataFolder
from atrisys.store.kept_tiles import KeptTiles
from atrisys.store.turns import Turns
from atrisys.store.writer import Writer, WritingSession


class Store:
    """The database of one installation. One for each process; safe to use from several threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = DataFolder(settings.data)
        self.tiles = KeptTiles(self.folder.tiles, int(settings.kept_tiles_gb * 1e9))
        self.engine: Engine = spatial.connect(settings.database_url, self.folder.database)
        self.writers: Engine = spatial.writers(self.engine)
        self._writer = Writer(self.writers) if self.writers is not self.engine else None
        self._questions: Engine = spatial.asking(self.engine)
        self._most_idle = spatial.most_idle(self.engine)
        self._idle: deque[Connection] = deque()
        self.turns = Turns(is_needed=self._writer is not None)
        self.noted = Noted()

    def session(self, *, writes: bool) -> Session:
        """A session whose transaction, once begun, may write (or may not). Whoever opens it closes it.

        Its `info` holds the data folder, for the bytes behind its records, and the settings.
        """
        about = {"folder": self.folder, "settings": self.settings}
        if writes and self._writer is not None:
            return WritingSession(self._writer, expire_on_commit=False, info=about)
        return Session(self.writers if writes else self.engine, expire_on_commit=False, info=about)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self.session(writes=False) as db:
            yield db

    @contextmanager
    def asking(self) -> Iterator[Connection]:
        """For questions that need no session and no transaction around them.

        A connection is kept for the next question: having one given and taking it back took nearly as long as asking.
        """
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._questions.connect()
        try:
            yield connection
            connection.rollback()
        except BaseException:
            connection.close()
            raise
        if len(self._idle) < self._most_idle:
            self._idle.append(connection)
        else:
            connection.close()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that is kept whole when the block ends well, and leaves nothing behind otherwise."""
        with self.session(writes=True) as db, db.begin():
            yield db

    def wait_until_up(self, seconds: float = 30) -> None:
        """Wait for a database that is still starting; raises Misconfigured when it does not come."""
        end = time.monotonic() + seconds
        while True:
            try:
                with self.engine.connect():
                    return
            except OperationalError as error:
                if time.monotonic() > end:
                    raise Misconfigured(
                        "The database does not answer: {reason}. Look at ATRISYS_DATABASE_URL, or at the data folder "
                        "where that is empty.",
                        reason=str(error.orig),
                    ) from error
                time.sleep(0.5)

    def close(self) -> None:
        self._most_idle = 0
        while self._idle:
            self._idle.pop().close()
        if self._writer is not None:
            self._writer.close()
        self.engine.dispose()
        self.writers.dispose()
