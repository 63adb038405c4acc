"""Several server processes, each a copy of one that has loaded everything: they share it, and start at once."""

import gc
import importlib
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence

from sqlalchemy.orm import configure_mappers
from uvicorn import Config, Server
from uvicorn.supervisors import multiprocess

from atrisys.cli.sharing import Board, SharingServer

COPIES = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
"""Elsewhere a copy may not call all of the system: there each loads everything itself."""
LOADED = ("atrisys.app", "imagecodecs._jpeg8", "uvicorn.loops.uvloop")
"""The application, and what all of its processes use sooner or later."""
LOOK_EVERY_S = 1.0
SPARE = 8
"""Workers may be added by a signal; and while they are replaced, old and new ones stand beside each other."""


def run_workers(config: Config, sockets: Sequence[socket.socket]) -> None:
    """Serve in `config.workers` processes until a signal comes; one that dies is replaced."""
    # The supervisor heeds it as soon as it is there; until then it would end the server.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for module in LOADED:
        importlib.import_module(module)
    configure_mappers()
    # What the collector looks at it writes to, and what is written to is shared no longer.
    gc.collect()
    gc.freeze()
    multiprocess.Process = Workers(2 * config.workers + SPARE).new_one  # pyright: ignore[reportPrivateImportUsage]
    multiprocess.Multiprocess(config, sockets=list(sockets)).run()


class Workers:
    """Where each of the processes stands on the board."""

    def __init__(self, places: int) -> None:
        self._board = Board(places) if sys.platform == "linux" else None
        self._stands: dict[int, Worker] = {}

    def new_one(self, config: Config, sockets: list[socket.socket]) -> "Worker":
        if self._board is None:
            return Worker(config, sockets)
        taken = {place for place, worker in self._stands.items() if worker.process.is_alive()}
        free = [place for place in range(len(self._board)) if place not in taken]
        for place in free:
            # Who was killed has left a number there.
            self._board.clear(place)
        if not free:
            return Worker(config, sockets)
        place = free[0]
        worker = self._stands[place] = Worker(config, sockets, SharingServer(config, self._board, place))
        return worker


class Worker(multiprocess.Process):
    """One of the processes, as the one that started it sees it."""

    def __init__(self, config: Config, sockets: list[socket.socket], server: Server | None = None) -> None:
        super().__init__(config, sockets)
        self._server = server
        self.process = COPIES.Process(target=self._begin, args=(sockets, os.getpid()))  # pyright: ignore[reportAttributeAccessIssue]

    def start(self) -> None:
        # A signal that comes to the copy before it has put its parent's handlers away would be lost.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, multiprocess.SIGNALS)
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _begin(self, sockets: list[socket.socket], parent: int) -> None:
        for number in multiprocess.SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, multiprocess.SIGNALS)
        threading.Thread(target=_end_with, args=(parent,), name="watch the parent", daemon=True).start()
        self.config.configure_logging()
        self.target(sockets)


def _end_with(parent: int) -> None:
    """Not the parent of this moment: the one that started us may be gone already."""
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)
