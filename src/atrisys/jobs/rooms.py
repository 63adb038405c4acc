"""Which file does which job."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from atrisys.errors import NotFound, Refusal
from atrisys.jobs.context import JobContext
from atrisys.store.session import Store
from atrisys.store.tables import Job

ROOMS: Mapping[str, str] = {
    "export_training_data": "atrisys.jobs.export_training_data",
    "import_slide": "atrisys.jobs.import_slide",
    "make_clean_copy": "atrisys.jobs.make_clean_copy",
    "make_levels": "atrisys.jobs.make_levels",
}
"""The name that a job is asked for by, and its module: `run(context)`, perhaps `given_up(store, job, reason)`."""


def run_room(rooms: Mapping[str, str], name: str, context: JobContext) -> dict[str, Any]:
    """Do the work; gives the job's result."""
    return import_module(_module(rooms, name)).run(context)


def tell_room(rooms: Mapping[str, str], store: Store, job: Job, reason: Refusal) -> None:
    """Let the room of a job that failed, died or was cancelled put things in order."""
    given_up = getattr(import_module(_module(rooms, job.name)), "given_up", None)
    if given_up is not None:
        given_up(store, job, reason)


def _module(rooms: Mapping[str, str], name: str) -> str:
    if name not in rooms:
        raise NotFound("There is no kind of job named {name}.", name=name)
    return rooms[name]
