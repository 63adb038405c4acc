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
from functools import partial
from typing import NamedTuple

from sqlalchemy.orm import configure_mappers
from uvicorn import Config
from uvicorn.supervisors import multiprocess

from atrisys.cli.sharing import Board, SharingServer
from atrisys.imaging.ahead import count_together
from atrisys.settings import Settings

COPIES = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
"""Elsewhere a copy may not call all of the system: there each loads everything itself."""
LOADED = ("atrisys.app", "imagecodecs._jpeg8", "uvicorn.loops.uvloop")
"""The application, and what all of its processes use sooner or later: late, since other commands need none of it."""
LOOK_EVERY_S = 1.0
SPARE = 8
"""Workers may be added by a signal; and while they are replaced, old and new ones stand beside each other."""


def run_workers(config: Config, sockets: Sequence[socket.socket], settings: Settings) -> None:
    """Serve in `config.workers` processes until a signal comes; one that dies is replaced."""
    # The supervisor heeds it as soon as it is there; until then it would end the server.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for module in LOADED:
        importlib.import_module(module)
    configure_mappers()
    if COPIES.get_start_method() == "fork":
        from atrisys.app import plan_app, with_store

        config.app = partial(with_store, plan_app(settings, config.workers))
    # What the collector looks at it writes to, and what is written to is shared no longer.
    gc.collect()
    gc.freeze()
    multiprocess.Process = Workers(2 * config.workers + SPARE).new_one  # pyright: ignore[reportPrivateImportUsage]
    multiprocess.Multiprocess(config, sockets=list(sockets)).run()


class Boards(NamedTuple):
    """What all processes read of each other."""

    connections: Board
    pictures: Board
    """In hand in each of them: in how many threads one is made depends on all."""

    def clear(self, place: int) -> None:
        self.connections.clear(place)
        self.pictures.clear(place)


class Workers:
    """Where each of the processes stands on the boards."""

    def __init__(self, places: int) -> None:
        self._places = range(places)
        self._boards = Boards(Board(places), Board(places)) if sys.platform == "linux" else None
        self._stands: dict[int, Worker] = {}

    def new_one(self, config: Config, sockets: list[socket.socket]) -> "Worker":
        if self._boards is None:
            return Worker(config, sockets)
        taken = {place for place, worker in self._stands.items() if worker.process.is_alive()}
        free = [place for place in self._places if place not in taken]
        for place in free:
            # Who was killed has left a number there.
            self._boards.clear(place)
        if not free:
            return Worker(config, sockets)
        place = free[0]
        worker = self._stands[place] = Worker(config, sockets, self._boards, place)
        return worker


class Worker(multiprocess.Process):
    """One of the processes, as the one that started it sees it."""

    def __init__(
        self, config: Config, sockets: list[socket.socket], boards: Boards | None = None, place: int = 0
    ) -> None:
        super().__init__(config, sockets)
        self._boards, self._place = boards, place
        self._server = SharingServer(config, boards.connections, place) if boards else None
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
        if self._boards is None:
            self.target(sockets)
            return
        pictures = self._boards.pictures
        pictures.begin(self._place)
        count_together(partial(pictures.add, self._place), pictures.total)
        try:
            self.target(sockets)
        finally:
            self._boards.clear(self._place)


def _end_with(parent: int) -> None:
    """Not the parent of this moment: the one that started us may be gone already."""
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)
