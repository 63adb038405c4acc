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
from uvicorn import Config
from uvicorn.supervisors import multiprocess

COPIES = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
"""Elsewhere a copy may not call all of the system: there each loads everything itself."""
LOADED = ("atrisys.app", "imagecodecs._jpeg8", "uvicorn.loops.uvloop")
"""The application, and what all of its processes use sooner or later."""
LOOK_EVERY_S = 1.0


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
    multiprocess.Process = Worker  # pyright: ignore[reportPrivateImportUsage]
    multiprocess.Multiprocess(config, sockets=list(sockets)).run()


class Worker(multiprocess.Process):
    """One of the processes, as the one that started it sees it."""

    def __init__(self, config: Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
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
