"""What a job's own code gets: what was asked for, who asks, and how to tell how far it is."""

import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

from atrisys.access.caller import Caller
from atrisys.store import queue
from atrisys.store.queue import Claim
from atrisys.store.session import Store

EVERY_S = 0.5
"""Progress goes to the database no more often."""
LONGEST_LINE, MOST_LINES = 2_000, 1_000
"""What a job says at once and no log would keep is not held either."""


class Cancelled(BaseException):
    """The job shall end, or is another runner's by now. No `Exception`, so that nobody catches it by accident."""


class JobContext:
    """For one run of one job."""

    def __init__(
        self,
        store: Store,
        caller: Caller,
        run: Claim,
        *,
        arguments: dict[str, Any],
        project_id: int | None,
        asked_to_stop: threading.Event,
    ) -> None:
        self.store, self.caller = store, caller
        self.job_id, self.arguments, self.project_id = run.job_id, arguments, project_id
        self.result_folder: Path = store.folder.result_of_run(run.job_id, run.token)
        """Empty at the start; kept for some days after a good end."""
        self._run, self._asked_to_stop = run, asked_to_stop
        self._progress: float | None = None
        self._message: str | None = None
        self._lines: deque[str] = deque(maxlen=MOST_LINES)
        self._written = 0.0
        self._lock = threading.Lock()

    @property
    def cancelled(self) -> bool:
        """Whether the job shall end: for loops that report no progress."""
        return self._asked_to_stop.is_set()

    def progress(self, fraction: float, message: str = "") -> None:
        """How far it is, 0 to 1, and what it is at. Cheap: may be called as often as one likes. Raises Cancelled."""
        with self._lock:
            self._progress, self._message = fraction, message
        self._write()

    def log(self, text: str) -> None:
        """A line for the job's log. Raises Cancelled."""
        line = f"{queue.log_time()} {text[:LONGEST_LINE]}\n"
        with self._lock:
            self._lines.append(line)
        self._write()

    def flush(self) -> None:
        """Write what is not yet written."""
        self._write(at_once=True)

    def _write(self, at_once: bool = False) -> None:
        if self.cancelled:
            raise Cancelled
        with self._lock:
            if not at_once and time.monotonic() - self._written < EVERY_S:
                return
            self._written = time.monotonic()
            lines = "".join(self._lines)
            self._lines.clear()
            progress, self._progress = self._progress, None
            message, self._message = self._message, None
        if lines or progress is not None or message is not None:
            state = queue.report(self.store, self._run, progress=progress, message=message, log=lines)
            if state != queue.RUNNING:
                self._asked_to_stop.set()
                raise Cancelled
