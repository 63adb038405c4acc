"""The queue of long tasks: asked for here, claimed by runners, at most so many at once over all server processes.

Jobs are not in the change log: its feed tells whoever may see the container, while a job is the business of its starter
and of managers alone. The row itself says who asked for what, when, and what came of it.
"""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, func, select, update
from sqlalchemy.orm import Session, aliased

from atrisys.errors import TooManyJobs
from atrisys.store import spatial
from atrisys.store.ids import take_ids, take_turn
from atrisys.store.session import Store
from atrisys.store.table import now_ms
from atrisys.store.tables import Job

WAITING, RUNNING, CANCELLING, DONE, FAILED, CANCELLED = (
    "waiting",
    "running",
    "cancelling",
    "done",
    "failed",
    "cancelled",
)
ALIVE = (RUNNING, CANCELLING)
"""A process may be at work on it."""
ENDED = (DONE, FAILED, CANCELLED)

ALIVE_NOW = Job.state.in_(ALIVE)

LOST_MS = 30_000
"""A runner that gave no sign of life for so long is dead, unless it is known to live."""
MOST_TRIES = 3
LONGEST_LOG = 200_000
"""Of a longer one the end is kept."""


@dataclass(frozen=True)
class Claim:
    """One run of one job. `token` is new for each: writes of an earlier run that was taken for dead change nothing."""

    job_id: int
    token: str
    name: str


def submit(db: Session, *, user_id: int, name: str, arguments: dict[str, Any], project_id: int | None = None) -> Job:
    """Ask for a job; it is there when db's transaction is kept. Raises TooManyJobs."""
    take_turn(db)
    require_room(db, user_id)
    return follow_up(db, user_id=user_id, name=name, arguments=arguments, project_id=project_id)


def follow_up(db: Session, *, user_id: int, name: str, arguments: dict[str, Any], project_id: int | None = None) -> Job:
    """Ask for a job that follows from what was let in already: it is asked for in any case."""
    job = Job(
        id=take_ids(db)[0], created=now_ms(), name=name, user_id=user_id, arguments=arguments, project_id=project_id
    )
    db.add(job)
    db.flush()
    return job


def require_room(db: Session, user_id: int) -> None:
    """Whether somebody may ask for one more job. Raises TooManyJobs."""
    most = db.info["settings"].jobs_waiting_per_user
    waiting = db.scalar(select(func.count()).where(Job.user_id == user_id, Job.state == WAITING)) or 0
    if waiting >= most:
        raise TooManyJobs(
            "{waiting} jobs of yours are waiting already, and {most} may (ATRISYS_JOBS_WAITING_PER_USER). "
            "Come again when some have been done.",
            waiting=waiting,
            most=most,
        )


def retry(db: Session, job: Job, asked_by: str) -> bool:
    """Let one that failed or was cancelled be done anew; its log goes on. False: it is in no such state.

    Raises TooManyJobs, as for a new one of its starter's.
    """
    take_turn(db)
    require_room(db, job.user_id)
    line = f"{log_time()} asked for again by {asked_by}; before: {job.state}, {job.message or 'no reason'}\n"
    query = update(Job).where(Job.id == job.id, Job.state.in_((FAILED, CANCELLED)))
    changed = db.execute(
        query.values(
            state=WAITING,
            tries=0,
            progress=0.0,
            message="",
            log=_longer(line),
            result=None,
            ended=None,
            updated=now_ms(),
            version=Job.version + 1,
        ).returning(Job.id)
    ).all()
    db.refresh(job)
    return bool(changed)


def cancel(db: Session, job: Job) -> bool:
    """Ask for its end: a runner ends the process, if any, and lets the job's room put things in order.

    False: it had ended already.
    """
    query = update(Job).where(Job.id == job.id, Job.state.in_((WAITING, RUNNING, CANCELLING)))
    changed = db.execute(
        query.values(
            state=CANCELLING,
            # One that nobody runs looks like one whose runner died long ago: the next runner that looks ends it.
            runner=func.coalesce(Job.runner, "nobody/0"),
            seen=func.coalesce(Job.seen, 0),
            updated=now_ms(),
            version=Job.version + 1,
        ).returning(Job.id)
    ).all()
    db.refresh(job)
    return bool(changed)


def anything_to_do(store: Store) -> bool:
    """A look before the leap: claiming begins a write, which an idle server should not do all the time."""
    with store.reading() as db:
        return db.scalar(select(Job.id).where(Job.state == WAITING).limit(1)) is not None


def claim(store: Store, runner: str, token: str, at_once: int) -> Claim | None:
    """The job whose turn it is, if fewer than `at_once` run anywhere; runners claim one after another."""
    now, mark = now_ms(), f"{runner}/{token}"
    busy = select(func.count()).select_from(Job).where(ALIVE_NOW).scalar_subquery()
    query = (
        update(Job)
        .where(Job.id == _whose_turn().scalar_subquery(), Job.state == WAITING, busy < at_once)
        .values(
            state=RUNNING,
            runner=mark,
            seen=now,
            started=now,
            updated=now,
            tries=Job.tries + 1,
            version=Job.version + 1,
            progress=0.0,
            message="",
        )
        .returning(Job.id, Job.name)
        .execution_options(synchronize_session=False)
    )
    with store.writing() as db:
        spatial.take_turns(db, "claiming jobs")
        row = db.execute(query).one_or_none()
    return Claim(row.id, mark, row.name) if row else None


def _whose_turn() -> Select[int]:
    """The oldest job of whoever has the fewest running, and among these of whose last one was begun the longest ago."""
    waiting = (
        select(Job.user_id, func.min(Job.id).label("id")).where(Job.state == WAITING).group_by(Job.user_id).subquery()
    )
    theirs = aliased(Job)
    running = select(func.count()).select_from(theirs).where(theirs.state.in_(ALIVE))
    last = select(func.max(theirs.started))
    running, last = (
        query.where(theirs.user_id == waiting.c.user_id).correlate(waiting).scalar_subquery()
        for query in (running, last)
    )
    return select(waiting.c.id).order_by(running, func.coalesce(last, 0), waiting.c.id).limit(1)


def hand_over(store: Store, run: Claim, runner: str, token: str) -> Claim | None:
    """Give a run to another runner. None where it shall end, or is no longer the one's that `run` names."""
    mine = Claim(run.job_id, f"{runner}/{token}", run.name)
    query = update(Job).where(Job.id == run.job_id, Job.runner == run.token, Job.state == RUNNING)
    with store.writing() as db:
        taken = db.execute(query.values(runner=mine.token, seen=now_ms()).returning(Job.id)).one_or_none()
    return mine if taken else None


def give_sign_of_life(store: Store, claims: Collection[Claim]) -> None:
    """For all jobs of a runner at once."""
    if claims:
        with store.writing() as db:
            db.execute(update(Job).where(Job.runner.in_([c.token for c in claims]), ALIVE_NOW).values(seen=now_ms()))


def states(store: Store, claims: Collection[Claim]) -> dict[str, str]:
    """The state of each run by its token; one that is missing was lost to another runner."""
    if not claims:
        return {}
    with store.reading() as db:
        rows = db.execute(select(Job.runner, Job.state).where(Job.runner.in_([c.token for c in claims])))
        return {str(runner): state for runner, state in rows}


def report(
    store: Store, run: Claim, *, progress: float | None = None, message: str | None = None, log: str = ""
) -> str:
    """Write how far it is. Says the job's state, `lost` where the job is no longer this run's."""
    values: dict[str, Any] = {"updated": now_ms(), "version": Job.version + 1}
    if progress is not None:
        values["progress"] = min(max(progress, 0.0), 1.0)
    if message is not None:
        values["message"] = message
    if log:
        values["log"] = _longer(log)
    with store.writing() as db:
        query = update(Job).where(Job.id == run.job_id, Job.runner == run.token, ALIVE_NOW)
        state = db.execute(query.values(**values).returning(Job.state)).scalar_one_or_none()
    return state or "lost"


def finish(store: Store, run: Claim, state: str, message: str, result: dict[str, Any] | None = None) -> bool:
    """The end of a run: done, failed or cancelled. False where the job was no longer this run's."""
    now = now_ms()
    values: dict[str, Any] = {"state": state, "message": message, "ended": now, "updated": now, "runner": None}
    if state == DONE:
        values |= {"progress": 1.0, "result": result}
    with store.writing() as db:
        query = update(Job).where(Job.id == run.job_id, Job.runner == run.token, ALIVE_NOW)
        query = query.values(**values, version=Job.version + 1).returning(Job.id)
        return db.execute(query).one_or_none() is not None


def hand_back(store: Store, run: Claim) -> None:
    """The server is being stopped: somebody else shall begin the job anew, and this try does not count."""
    with store.writing() as db:
        query = update(Job).where(Job.id == run.job_id, Job.runner == run.token, Job.state == RUNNING)
        db.execute(query.values(state=WAITING, runner=None, seen=None, tries=Job.tries - 1, version=Job.version + 1))


def take_lost(store: Store, runner: str, token: str, lives: Callable[[str], bool | None]) -> list[tuple[Claim, str]]:
    """Jobs whose runner died: those that may be tried again wait again, the others are this runner's to end.

    Args:
        lives: whether a runner is known to live or to be dead, whatever its last sign of life says; None: not known.

    Returns:
        The runs to end, and the state that each shall have.
    """
    limit = now_ms() - LOST_MS
    with store.reading() as db:
        rows = db.execute(select(Job.id, Job.name, Job.runner, Job.seen, Job.state, Job.tries).where(ALIVE_NOW)).all()
    lost = []
    for row in rows:
        alive = lives(str(row.runner).rpartition("/")[0])
        if alive is False or (alive is None and (row.seen or 0) < limit):
            lost.append(row)
    mine: list[tuple[Claim, str]] = []
    for row in lost:
        run = Claim(row.id, f"{runner}/{token}", row.name)
        if row.state == RUNNING and row.tries < MOST_TRIES:
            values: dict[str, Any] = {"state": WAITING, "runner": None, "seen": None}
        else:
            values = {"runner": run.token, "seen": now_ms()}
        # A sign of life that has come in the meantime saves it, and of several who find it lost one takes it.
        same = update(Job).where(Job.id == row.id, Job.runner == row.runner, Job.seen == row.seen, ALIVE_NOW)
        with store.writing() as db:
            taken = db.execute(same.values(**values, version=Job.version + 1).returning(Job.state)).scalar_one_or_none()
        if taken in ALIVE:
            mine.append((run, FAILED if taken == RUNNING else CANCELLED))
    return mine


def ended_before(db: Session, moment_ms: int, ids: Sequence[int]) -> list[int]:
    """Which of these jobs ended before a moment, or are not known at all."""
    kept = select(Job.id).where(Job.id.in_(ids), (Job.ended.is_(None)) | (Job.ended >= moment_ms))
    return sorted(set(ids) - set(db.scalars(kept)))


def log_time() -> str:
    """The time as a log's lines begin with it, UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())


def _longer(text: str) -> Any:
    """A job's log with this at its end."""
    text = text[-LONGEST_LOG:]
    room = LONGEST_LOG - len(text)
    kept = case((func.length(Job.log) > room, func.substr(Job.log, func.length(Job.log) - room + 1)), else_=Job.log)
    return kept + text
