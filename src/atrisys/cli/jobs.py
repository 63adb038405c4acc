"""`atrisys jobs`: long tasks, how far they are; cancel them, try them again."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from atrisys.cli.installation import data_option, find_user, opened
from atrisys.cli.speaking import Progress, print_json, progress, say
from atrisys.errors import Invalid, NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from atrisys.store.session import Store
    from atrisys.store.tables import Job

EVERY_S = 0.5
STATES = ("waiting", "running", "cancelling", "done", "failed", "cancelled")


@click.group()
def jobs() -> None:
    """Long tasks: imports and exports that nobody waits for."""


@jobs.command("list")
@click.option("--state", "states", type=click.Choice(STATES), multiple=True, help="Only these.")
@click.option("--user", metavar="NAME", help="Only what this person started.")
@click.option("--project", type=int, metavar="ID", help="Only those of this project.")
@click.option("--max", "most", type=click.IntRange(1), default=100, metavar="N", help="At most so many (default 100).")
@data_option
def list_jobs(states: tuple[str, ...], user: str | None, project: int | None, most: int) -> None:
    """Print jobs as JSON, one line each, newest first.

    \b
    Example:  atrisys jobs list --state waiting --state running
    """
    from sqlalchemy import select
    from sqlalchemy.orm import defer

    from atrisys.store.tables import Job

    query = select(Job).options(defer(Job.log)).order_by(Job.id.desc()).limit(most)
    if states:
        query = query.where(Job.state.in_(states))
    if project is not None:
        query = query.where(Job.project_id == project)
    with opened() as store, store.reading() as db:
        if user is not None:
            query = query.where(Job.user_id == find_user(db, user).id)
        for job in db.scalars(query):
            print_json(_line(db, job))


@jobs.command("show")
@click.argument("job", type=int, metavar="JOB_ID")
@data_option
def show_job(job: int) -> None:
    """Print one job as JSON, with its log.

    \b
    Example:  atrisys jobs show 4711
    """
    with opened() as store, store.reading() as db:
        found = _find(db, job)
        print_json({**_line(db, found), "log": found.log})


@jobs.command("watch")
@click.argument("job", type=int, metavar="JOB_ID")
@data_option
def watch_job(job: int) -> None:
    """Show how far a job is until it has ended; then print it as JSON.

    The exit status is 0 when it is done, 1 when it has failed or was cancelled. Jobs are run by `atrisys serve`.

    \b
    Example:  atrisys jobs watch 4711
    """
    with opened() as store:
        with progress(f"Job {job}") as bar:
            line = _until_ended(store, job, bar)
        print_json(line)
    if line["state"] != "done":
        say(f"Job {job} is {line['state']}: {line['message']}")
        raise SystemExit(1)


@jobs.command("cancel")
@click.argument("job", type=int, metavar="JOB_ID")
@data_option
def cancel_job(job: int) -> None:
    """Cancel a job that waits or runs, and print it as JSON: whoever runs it ends it within seconds.

    \b
    Example:  atrisys jobs cancel 4711
    """
    from atrisys.store import queue

    with _changing(job) as (db, found):
        if not queue.cancel(db, found):
            raise Invalid("Job {job} has ended already ({state}).", job=job, state=found.state)


@jobs.command("retry")
@click.argument("job", type=int, metavar="JOB_ID")
@data_option
def retry_job(job: int) -> None:
    """Do a job anew that failed or was cancelled, and print it as JSON.

    \b
    Example:  atrisys jobs retry 4711
    """
    from atrisys.store import queue

    with _changing(job) as (db, found):
        if not queue.retry(db, found, "the command line"):
            raise Invalid("Job {job} has neither failed nor been cancelled ({state}).", job=job, state=found.state)


@contextmanager
def _changing(job: int) -> "Iterator[tuple[Session, Job]]":
    with opened() as store:
        with store.writing() as db:
            found = _find(db, job)
            yield db, found
            line = _line(db, found)
        print_json(line)


def _find(db: "Session", id: int) -> "Job":
    from atrisys.store.tables import Job

    job = db.get(Job, id)
    if job is None:
        raise NotFound("{kind} {id} was not found.", kind="Job", id=id)
    return job


def _until_ended(store: "Store", id: int, bar: Progress) -> dict[str, Any]:
    from atrisys.store import queue

    while True:
        with store.reading() as db:
            job = _find(db, id)
            line = _line(db, job)
        bar(job.progress, job.message or job.state)
        if job.state in queue.ENDED:
            return line
        time.sleep(EVERY_S)


def _line(db: "Session", job: "Job") -> dict[str, Any]:
    from atrisys.store.tables import SecUser

    user = db.get(SecUser, job.user_id)
    return {
        "id": job.id,
        "name": job.name,
        "user": user.username if user else job.user_id,
        "project": job.project_id,
        "state": job.state,
        "progress": job.progress,
        "message": job.message,
        "created": _moment(job.created),
        "started": _moment(job.started),
        "ended": _moment(job.ended),
        "result": job.result,
    }


def _moment(ms: int | None) -> str | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")
