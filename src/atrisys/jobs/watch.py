"""Looking after runs of jobs that were begun: signs of life, cancelling, the limit on time, and each one's end."""

import logging
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from atrisys.errors import NotFound, Refusal
from atrisys.jobs.place import Work
from atrisys.jobs.rooms import tell_room
from atrisys.store import queue
from atrisys.store.queue import Claim
from atrisys.store.session import Store
from atrisys.store.tables import Job

log = logging.getLogger("atrisys.jobs")

GRACE_S = 5.0
"""Who is asked to end may use this long to do so by itself."""


@dataclass
class _Watched:
    work: Work
    begun: float = field(default_factory=time.monotonic)
    asked_to_end: float | None = None
    too_late: Refusal | None = None
    """Said of one that was ended because its time was over."""


class Watch:
    """The runs that one runner has begun. Used by one thread."""

    def __init__(self, store: Store, rooms: Mapping[str, str]) -> None:
        self._store, self._rooms = store, rooms
        self._watched: list[_Watched] = []

    def __len__(self) -> int:
        return len(self._watched)

    def add(self, work: Work) -> None:
        self._watched.append(_Watched(work))

    def sign(self) -> None:
        """Give a sign of life for all of them."""
        queue.give_sign_of_life(self._store, self._runs())

    def look(self) -> None:
        """End what shall end, and write down what has ended."""
        states = queue.states(self._store, self._runs())
        for one in list(self._watched):
            state = states.get(one.work.run.token)
            if one.work.ended():
                self._bury(one)
            elif state != queue.RUNNING:
                # It shall be cancelled; or it is another's by now (this process slept too long); or it ended just now.
                self._ask_to_end(one)
            else:
                self._limit_time(one)

    def end_all(self) -> None:
        """End them at once; their jobs wait again, and these tries do not count."""
        for one in list(self._watched):
            self._watched.remove(one)
            one.work.kill()
            self._clear(one)
            try:
                queue.hand_back(self._store, one.work.run)
            except Exception:
                log.exception("job %s was not handed back; it is found lost later", one.work.run.job_id)

    def give_up(self, run: Claim, state: str, reason: Refusal) -> None:
        """Let the room put things in order, then write the end down."""
        with self._store.reading() as db:
            job = db.get(Job, run.job_id)
        if job is None or job.runner != run.token:
            return
        shutil.rmtree(self._store.folder.result_of_run(run.job_id, run.token), ignore_errors=True)
        try:
            tell_room(self._rooms, self._store, job, reason)
        except NotFound:
            log.warning("nobody knows how to tidy up after a job named %s", run.name)
        except Exception:
            log.exception("tidying up after job %s failed", run.job_id)
        queue.finish(self._store, run, state, str(reason))

    def _runs(self) -> list[Claim]:
        return [one.work.run for one in self._watched]

    def _ask_to_end(self, one: _Watched) -> None:
        now = time.monotonic()
        if one.asked_to_end is None:
            one.asked_to_end = now
            one.work.cancel()
        elif now - one.asked_to_end > GRACE_S:
            one.work.kill()

    def _limit_time(self, one: _Watched) -> None:
        limit_h = self._store.settings.job_timeout_h
        if time.monotonic() - one.begun > limit_h * 3600:
            one.too_late = Refusal(
                "The job took longer than {limit} h (ATRISYS_JOB_TIMEOUT_H) and was ended.", limit=limit_h
            )
            one.work.kill()

    def _bury(self, one: _Watched) -> None:
        self._watched.remove(one)
        self._clear(one)
        try:
            self._write_down(one)
        finally:
            one.work.close()

    def _write_down(self, one: _Watched) -> None:
        run = one.work.run
        # Looked at only now: its last act may have been to write its end down.
        state = queue.states(self._store, [run]).get(run.token)
        if state == queue.CANCELLING:
            self.give_up(run, queue.CANCELLED, Refusal("The job was cancelled."))
        elif state == queue.RUNNING:
            reason = one.too_late or one.work.why()
            if reason is None:
                queue.hand_back(self._store, run)
                return
            log.error("job %s (%s) ended unexpectedly: %s", run.job_id, run.name, reason)
            self.give_up(run, queue.FAILED, reason)

    def _clear(self, one: _Watched) -> None:
        shutil.rmtree(self._store.folder.scratch_of_run(one.work.run.token), ignore_errors=True)
