"""The runner: a thread that claims jobs, has each run in its place, and puts right what dead runners left.

Each server process has one; `Runner(store).start()` works without a server too. Any number of them share one queue.
"""

import logging
import secrets
import shutil
import threading
import time
from collections.abc import Mapping

from atrisys.actions import resume_upload
from atrisys.actions.sweep_activity import sweep_activity
from atrisys.errors import Refusal
from atrisys.jobs.place import place_for
from atrisys.jobs.pulse import Pulse
from atrisys.jobs.rooms import ROOMS
from atrisys.jobs.watch import Watch
from atrisys.store import queue
from atrisys.store.queue import Claim
from atrisys.store.session import Store
from atrisys.store.table import now_ms

log = logging.getLogger("atrisys.jobs")

LOOK_S = 0.5
SIGN_S = 2.0
TIDY_S = 3600.0
KEEP_SCRATCH_S = 24 * 3600.0
DAY_MS = 24 * 3600 * 1000


class Runner:
    """Runs jobs until it is stopped. Jobs that run then are handed back to the queue."""

    def __init__(self, store: Store, rooms: Mapping[str, str] = ROOMS) -> None:
        self._store = store
        self._place = place_for(store.settings, rooms)
        self._watch = Watch(store, rooms)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._signed = self._tidied = 0.0

    def start(self) -> "Runner":
        self._thread.start()
        return self

    def stop(self) -> None:
        """End what runs here; those jobs wait again for whoever starts next."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pulse = Pulse(self._store.folder)
        try:
            while not self._stop.is_set():
                try:
                    self._turn(pulse)
                except Exception:
                    # A database that is away for a while must not end all jobs for good.
                    log.exception("the runner of jobs stumbled; it goes on")
                    self._stop.wait(2)
                self._stop.wait(LOOK_S)
        finally:
            self._watch.end_all()
            self._place.close()
            pulse.stop()

    def _turn(self, pulse: Pulse) -> None:
        self._watch.look()
        now = time.monotonic()
        if now - self._signed > SIGN_S:
            self._signed = now
            self._watch.sign()
            self._take_lost(pulse)
        if now - self._tidied > TIDY_S or not self._tidied:
            self._tidied = now
            pulse.clear_dead()
            tidy(self._store)
        at_once = self._store.settings.jobs_at_once
        while len(self._watch) < at_once and not self._stop.is_set() and queue.anything_to_do(self._store):
            if not self._place.is_ready():
                break
            run = queue.claim(self._store, pulse.name, secrets.token_hex(4), at_once)
            if run is None:
                break
            self._begin(run)

    def _begin(self, run: Claim) -> None:
        try:
            self._watch.add(self._place.begin(run))
        except Refusal as refusal:
            log.exception("job %s could not be begun", run.job_id)
            self._watch.give_up(run, queue.FAILED, refusal)

    def _take_lost(self, pulse: Pulse) -> None:
        for run, state in queue.take_lost(self._store, pulse.name, secrets.token_hex(4), pulse.lives):
            if state == queue.CANCELLED:
                self._watch.give_up(run, state, Refusal("The job was cancelled."))
            else:
                self._watch.give_up(run, state, Refusal("The server stopped again and again while it ran this job."))


def tidy(store: Store) -> None:
    """Remove results and activity that are old, and what processes that died have left."""
    sweep_activity(store)
    store.folder.sweep(KEEP_SCRATCH_S)
    resume_upload.sweep(store)
    folders = {int(path.name): path for path in store.folder.results.iterdir() if path.name.isdecimal()}
    if folders:
        moment_ms = now_ms() - round(store.settings.keep_results_days * DAY_MS)
        with store.reading() as db:
            old = queue.ended_before(db, moment_ms, list(folders))
        for id in old:
            shutil.rmtree(folders[id], ignore_errors=True)
