"""The runner: a thread that claims jobs, runs each in a child process, and puts right what dead runners left.

Each server process has one; `Runner(store).start()` works without a server too. Any number of them share one queue.
"""

import logging
import secrets
import shutil
import threading
import time
from collections.abc import Mapping

from atrisys.actions.sweep_activity import sweep_activity
from atrisys.errors import NotFound, Refusal
from atrisys.jobs.process import JobProcess
from atrisys.jobs.pulse import Pulse
from atrisys.jobs.rooms import ROOMS, tell_room
from atrisys.store import queue
from atrisys.store.queue import Claim
from atrisys.store.session import Store
from atrisys.store.table import now_ms
from atrisys.store.tables import Job

log = logging.getLogger("atrisys.jobs")

LOOK_S = 0.5
SIGN_S = 2.0
TIDY_S = 3600.0
GRACE_S = 5.0
"""A cancelled job may use this long to end by itself."""
KEEP_RESULTS_MS = 7 * 24 * 3600 * 1000
KEEP_SCRATCH_S = 24 * 3600.0


class Runner:
    """Runs jobs until it is stopped. Jobs that run then are handed back to the queue."""

    def __init__(self, store: Store, rooms: Mapping[str, str] = ROOMS) -> None:
        self._store, self._rooms = store, rooms
        self._children: list[JobProcess] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._signed = self._tidied = 0.0

    def start(self) -> "Runner":
        self._thread.start()
        return self

    def stop(self) -> None:
        """End the processes; their jobs wait again for whoever starts next."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def pids(self) -> list[int]:
        """The processes that are at work."""
        return [child.pid for child in self._children]

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
            self._hand_all_back()
            pulse.stop()

    def _turn(self, pulse: Pulse) -> None:
        self._look_after()
        now = time.monotonic()
        if now - self._signed > SIGN_S:
            self._signed = now
            queue.give_sign_of_life(self._store, [child.run for child in self._children])
            self._take_lost(pulse)
        if now - self._tidied > TIDY_S or not self._tidied:
            self._tidied = now
            pulse.clear_dead()
            tidy(self._store)
        at_once = self._store.settings.jobs_at_once
        while len(self._children) < at_once and not self._stop.is_set() and queue.anything_to_do(self._store):
            run = queue.claim(self._store, pulse.name, secrets.token_hex(4), at_once)
            if run is None:
                break
            self._begin(run)

    def _begin(self, run: Claim) -> None:
        try:
            self._children.append(JobProcess(run, self._store.settings, self._rooms))
        except OSError as error:
            log.exception("job %s could not be started", run.job_id)
            reason = Refusal("The job could not be started: {reason}.", reason=error.strerror or str(error))
            self._give_up(run, queue.FAILED, reason)

    def _look_after(self) -> None:
        """End what shall end, and write down what has ended."""
        states = queue.states(self._store, [child.run for child in self._children])
        for child in list(self._children):
            state = states.get(child.run.token)
            if child.ended():
                self._bury(child)
            elif state is None:
                # Taken from us (this process slept too long), or finished a moment ago.
                if child.cancelled_at is None:
                    child.cancel()
                elif time.monotonic() - child.cancelled_at > GRACE_S:
                    child.kill()
            elif state == queue.CANCELLING:
                child.cancel()
                if time.monotonic() - (child.cancelled_at or 0) > GRACE_S:
                    child.kill()

    def _bury(self, child: JobProcess) -> None:
        self._children.remove(child)
        child.close()
        shutil.rmtree(self._store.folder.scratch_of_run(child.run.token), ignore_errors=True)
        # Looked at only now: its last act may have been to write its end down.
        state = queue.states(self._store, [child.run]).get(child.run.token)
        if state == queue.CANCELLING:
            self._give_up(child.run, queue.CANCELLED, Refusal("The job was cancelled."))
        elif state == queue.RUNNING:
            how = child.how_it_ended()
            log.error("job %s (%s) ended unexpectedly: %s", child.run.job_id, child.run.name, how)
            reason = Refusal(
                "The process that did this job ended unexpectedly ({how}); perhaps it ran out of memory.", how=how
            )
            self._give_up(child.run, queue.FAILED, reason)

    def _give_up(self, run: Claim, state: str, reason: Refusal) -> None:
        """Let the room put things in order, then write the end down."""
        with self._store.reading() as db:
            job = db.get_one(Job, run.job_id)
        if job.runner != run.token:
            return
        try:
            tell_room(self._rooms, self._store, job, reason)
        except NotFound:
            log.warning("nobody knows how to tidy up after a job named %s", run.name)
        except Exception:
            log.exception("tidying up after job %s failed", run.job_id)
        queue.finish(self._store, run, state, str(reason))

    def _take_lost(self, pulse: Pulse) -> None:
        for run, state in queue.take_lost(self._store, pulse.name, secrets.token_hex(4), pulse.is_dead):
            if state == queue.CANCELLED:
                self._give_up(run, state, Refusal("The job was cancelled."))
            else:
                self._give_up(run, state, Refusal("The server stopped again and again while it ran this job."))

    def _hand_all_back(self) -> None:
        for child in list(self._children):
            self._children.remove(child)
            child.kill()
            shutil.rmtree(self._store.folder.scratch_of_run(child.run.token), ignore_errors=True)
            try:
                queue.hand_back(self._store, child.run)
            except Exception:
                log.exception("job %s was not handed back; it is found lost later", child.run.job_id)


def tidy(store: Store) -> None:
    """Remove results and activity that are old, and what processes that died have left."""
    sweep_activity(store)
    store.folder.sweep(KEEP_SCRATCH_S)
    folders = {int(path.name): path for path in store.folder.results.iterdir() if path.name.isdecimal()}
    if folders:
        with store.reading() as db:
            old = queue.ended_before(db, now_ms() - KEEP_RESULTS_MS, list(folders))
        for id in old:
            shutil.rmtree(folders[id], ignore_errors=True)
