"""What a Dask worker does of ours: run one job, in a process of its own beside the worker, and look after it."""

import logging
import os
import secrets
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select

from atrisys.errors import Misconfigured, Refusal
from atrisys.jobs.process import ThisMachine
from atrisys.jobs.pulse import Pulse
from atrisys.jobs.watch import Watch
from atrisys.settings import Settings
from atrisys.store import queue, upgrade
from atrisys.store.queue import Claim
from atrisys.store.session import Store
from atrisys.store.tables import Job, SecUser

log = logging.getLogger("atrisys.jobs")

LOOK_S = 0.5
SIGN_S = 2.0
OTHER_DATABASE = "Its database is not the server's own. ATRISYS_DATABASE_URL must name the same."
NOT_NOW = "Somebody else has this job, or nobody shall do it."


def run(order: Mapping[str, Any]) -> str:
    """Run a job to its end, if it is still to be run. Says why not, where this worker cannot."""
    try:
        with _installation() as store:
            return _run_in(store, Claim(order["job_id"], order["token"], order["name"]), order["rooms"])
    except Misconfigured as refusal:
        return f"Worker {socket.gethostname()}: {refusal}"


def examine(runner: str, known: tuple[int, int] | None) -> str:
    """What keeps this worker from doing jobs of the runner's installation; empty where nothing does.

    `known`: an account of that installation: its id, and when it was made.
    """
    try:
        with _installation() as store:
            _require_same(store, runner)
            with store.reading() as db:
                if known and db.scalar(select(SecUser.created).where(SecUser.id == known[0])) != known[1]:
                    raise Misconfigured(OTHER_DATABASE)
    except Misconfigured as refusal:
        return str(refusal)
    return ""


@contextmanager
def _installation() -> Iterator[Store]:
    try:
        settings = Settings()
    except ValidationError as error:
        named = ", ".join(f"ATRISYS_{problem['loc'][0]}".upper() for problem in error.errors())
        raise Misconfigured("These settings cannot be used: {settings}.", settings=named) from None
    store = Store(settings)
    try:
        yield store
    finally:
        store.close()


def _require_same(store: Store, runner: str) -> None:
    """The data folder is the one whose server gave the job, and so is the database."""
    if not (store.folder.root / "runners" / runner).exists():
        raise Misconfigured(
            "The data folder {folder} is not the server's own. ATRISYS_DATA must name the same shared folder.",
            folder=str(store.folder.root),
        )
    if not store.settings.database_url and not store.folder.database.exists():
        raise Misconfigured(OTHER_DATABASE)
    store.wait_until_up(5)
    if upgrade.version_of(store) != upgrade.HEAD:
        raise Misconfigured("Its ATrISys is of another version than the server's.")


def _run_in(store: Store, given: Claim, rooms: Mapping[str, str]) -> str:
    _require_same(store, given.token.rpartition("/")[0])
    pulse = Pulse(store.folder)
    watch = Watch(store, rooms)
    try:
        mine = queue.hand_over(store, given, pulse.name, secrets.token_hex(4))
        if mine is None:
            with store.reading() as db:
                return NOT_NOW if db.get(Job, given.job_id) else OTHER_DATABASE
        log.info("job %s (%s) runs here (process %s)", mine.job_id, mine.name, os.getpid())
        try:
            watch.add(ThisMachine(store.settings, rooms).begin(mine))
        except Refusal as refusal:
            watch.give_up(mine, queue.FAILED, refusal)
        _look_after(watch)
        return "It was run."
    finally:
        watch.end_all()
        pulse.stop()


def _look_after(watch: Watch) -> None:
    """Until the run has ended. Who can give no sign of life ends it before others take it for lost."""
    signed = time.monotonic()
    while len(watch):
        time.sleep(LOOK_S)
        try:
            watch.look()
            if time.monotonic() - signed > SIGN_S:
                watch.sign()
                signed = time.monotonic()
        except Exception:
            log.exception("the database did not answer")
            if time.monotonic() - signed > queue.LOST_MS / 2000:
                raise
