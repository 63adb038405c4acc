"""One job in a process of its own: `python -m atrisys.jobs.child JOB_ID`, started by a runner.

The runner sends one line of JSON (settings, which run of which job, the rooms), later perhaps the line `cancel`; when
it goes away, this process ends too, and the job is begun anew by another.
"""

import contextlib
import ctypes
import json
import logging
import os
import resource
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from atrisys.access.caller import caller_for
from atrisys.errors import NotAllowed, Refusal, TooLarge
from atrisys.imaging import worker
from atrisys.jobs.context import Cancelled, JobContext
from atrisys.jobs.rooms import run_room, tell_room
from atrisys.settings import Settings
from atrisys.store import queue
from atrisys.store.log_lines import OneLine
from atrisys.store.queue import Claim
from atrisys.store.session import Store
from atrisys.store.tables import Job, SecUser

log = logging.getLogger("atrisys.jobs")

RUNNER_GONE = 75
"""Exit status when nobody watches any longer."""
LONGEST_RESULT = 1 << 20
"""Bytes of JSON."""
FIRST_TO_GO = 500
"""Where the whole machine runs out of memory, the system ends jobs before the server."""
SIGNAL_WHEN_PARENT_DIES = 1
"""Linux' PR_SET_PDEATHSIG."""


def main() -> int:
    _say_on_standard_error()
    lines = _lines()
    order = json.loads(next(lines, b"null"))
    if order is None:
        return RUNNER_GONE
    asked_to_stop = threading.Event()
    threading.Thread(target=_listen, args=[lines, asked_to_stop], daemon=True).start()
    settings = Settings(**order["settings"])
    _end_with_runner()
    _keep_within(settings.job_memory_mb)
    worker.configure(worker.Limits(settings.picture_workers, settings.picture_timeout_s, settings.picture_memory_mb))
    store = Store(settings)
    # Whatever is left there when this process is killed goes with it: the runner clears the folder.
    store.folder.tmp = store.folder.scratch_of_run(order["token"])
    run = Claim(order["job_id"], order["token"], order["name"])
    try:
        do(store, run, order["rooms"], asked_to_stop)
    finally:
        store.close()
    return 0


def _say_on_standard_error() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine("job %(process)d: %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def do(store: Store, run: Claim, rooms: Mapping[str, str], asked_to_stop: threading.Event) -> None:
    """Run the job to its end and write down how it ended."""
    with store.reading() as db:
        job = db.get_one(Job, run.job_id)
    try:
        result = _work(store, run, job, rooms, asked_to_stop)
    except Cancelled:
        _end(store, run, rooms, job, queue.CANCELLED, Refusal("The job was cancelled."))
    except Refusal as refusal:
        _end(store, run, rooms, job, queue.FAILED, refusal)
    except MemoryError:
        _lift_limit()
        told = Refusal(
            "The job wanted more than {limit} MB of memory (ATRISYS_JOB_MEMORY_MB).",
            limit=store.settings.job_memory_mb,
        )
        _end(store, run, rooms, job, queue.FAILED, told)
    except Exception:
        log.exception("job %s (%s) failed", run.job_id, run.name)
        told = Refusal(
            "Something went wrong inside ATrISys. Tell its administrator the job's number {job}.", job=job.id
        )
        _end(store, run, rooms, job, queue.FAILED, told)
    else:
        queue.finish(store, run, queue.DONE, "", result)


def _work(
    store: Store, run: Claim, job: Job, rooms: Mapping[str, str], asked_to_stop: threading.Event
) -> dict[str, Any]:
    with store.reading() as db:
        user = db.get(SecUser, job.user_id)
        if user is None or not user.enabled:
            raise NotAllowed("Whoever started this job may no longer sign in.")
        caller = caller_for(db, user, "job", "job", f"job-{job.id}")
    # An earlier run that was taken for dead, and is not, loses its files with that.
    shutil.rmtree(store.folder.result_folder(job.id), ignore_errors=True)
    context = JobContext(
        store, caller, run, arguments=job.arguments, project_id=job.project_id, asked_to_stop=asked_to_stop
    )
    context.result_folder.mkdir(mode=0o700, parents=True)
    result = run_room(rooms, run.name, context)
    context.flush()
    if "file" in result:
        result["file"] = f"{context.result_folder.name}/{result['file']}"
    if len(json.dumps(result)) > LONGEST_RESULT:
        raise TooLarge("What the job has to tell is longer than {limit} bytes.", limit=LONGEST_RESULT)
    return result


def _end(store: Store, run: Claim, rooms: Mapping[str, str], job: Job, state: str, reason: Refusal) -> None:
    """The room puts things in order first: dying between the two leaves the job running, hence to be tried again."""
    if queue.states(store, [run]).get(run.token) not in queue.ALIVE:
        return
    shutil.rmtree(store.folder.result_of_run(job.id, run.token), ignore_errors=True)
    tell_room(rooms, store, job, reason)
    queue.finish(store, run, state, str(reason))


def _end_with_runner() -> None:
    """Where its end is not noticed (`_listen`) because a library holds the interpreter, the system sees to it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SIGNAL_WHEN_PARENT_DIES, signal.SIGKILL)


def _keep_within(memory_mb: int) -> None:
    """Memory is limited by the system; others go first where there is little time or room."""
    os.nice(5)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(FIRST_TO_GO))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = memory_mb << 20
    resource.setrlimit(resource.RLIMIT_DATA, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _lift_limit() -> None:
    """So that how it ended can be written down."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def _lines() -> Iterator[bytes]:
    """What the runner says. Not through `sys.stdin`: its lock, held by a thread that waits, spoils the end."""
    waiting = b""
    while piece := os.read(0, 65_536):
        *whole, waiting = (waiting + piece).split(b"\n")
        yield from whole


def _listen(lines: Iterator[bytes], asked_to_stop: threading.Event) -> None:
    for line in lines:
        if line == b"cancel":
            asked_to_stop.set()
    os._exit(RUNNER_GONE)


if __name__ == "__main__":
    sys.exit(main())
