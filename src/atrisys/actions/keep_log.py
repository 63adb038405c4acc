"""The keeper of the log: a thread that brings noted events into it, and seals what is there.

Each server process has one; none of them does what another has just done.
"""

import logging
import threading
import time

from atrisys.actions.seal_log import seal_log
from atrisys.store.session import Store

log = logging.getLogger("atrisys")

WRITE_S, SEAL_S = 2.0, 30.0


class LogKeeper:
    """Keeps the log until it is stopped; then brings what was noted into it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._looked = time.monotonic()

    def start(self) -> "LogKeeper":
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(WRITE_S):
            self._turn()
        self._turn()

    def _turn(self) -> None:
        try:
            self._store.noted.write(self._store.writing)
            if time.monotonic() - self._looked > SEAL_S:
                self._looked = time.monotonic()
                seal_log(self._store, every_s=SEAL_S, is_wanted=lambda: not self._stop.is_set())
        except Exception:
            # A database that is away for a while must not end the log's keeping for good.
            log.exception("the log could not be kept; the next turn tries again")
