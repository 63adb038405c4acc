"""The installation that a command works on: its settings, its store, and who the command line counts as."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from atrisys.cli.speaking import say
from atrisys.errors import Misconfigured, NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from atrisys.access.caller import Caller
    from atrisys.access.keys import KeyBox
    from atrisys.settings import Settings
    from atrisys.store.session import Store
    from atrisys.store.tables import SecUser

DATA = "atrisys.data"
NEW = """
Note: there was no installation in that folder; this is a new one, without projects and accounts. If you meant another,
look at --data and ATRISYS_DATA. An administrator is made with: atrisys user add NAME --role admin"""


def _remember(context: click.Context, _option: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.meta[DATA] = value


data_option = click.option(
    "--data",
    metavar="DIR",
    type=click.Path(file_okay=False),
    expose_value=False,
    is_eager=True,
    callback=_remember,
    help="The data folder (default: ATRISYS_DATA, else ./data).",
)
"""Taken before or after the command's own name."""


def read_settings() -> "Settings":
    """The environment's settings, with the folder that --data names. Raises Misconfigured, naming the bad setting."""
    from pydantic import ValidationError

    from atrisys.settings import Settings

    folder = click.get_current_context().meta.get(DATA)
    try:
        return Settings(data=folder) if folder else Settings()
    except ValidationError as error:
        first = error.errors()[0]
        raise Misconfigured(
            "ATRISYS_{name} cannot be used: {problem}.", name=str(first["loc"][0]).upper(), problem=first["msg"]
        ) from error


@contextmanager
def opened(*, may_be_new: bool = False) -> Iterator["Store"]:
    """The store of the data folder, made ready where it is new or of an earlier version.

    That it is new is said aloud, unless nobody would wonder: a mistyped --data looks as if all work were lost.
    """
    from atrisys.store import upgrade
    from atrisys.store.session import Store

    store = Store(read_settings())
    try:
        if done := upgrade.prepare(store):
            say(f"ATrISys {done} in {store.folder.root}." + (NEW if done == upgrade.MADE and not may_be_new else ""))
        yield store
    finally:
        store.close()


def ready_for_pictures(settings: "Settings") -> None:
    """Decoders of this process keep to the limits that the settings give."""
    from atrisys.imaging import worker

    limits = worker.Limits(settings.picture_workers, settings.picture_timeout_s, settings.picture_memory_mb)
    worker.configure(limits)


def hand_on(settings: "Settings") -> None:
    """What processes that this one starts are to find: the same data folder, wherever they run."""
    os.environ["ATRISYS_DATA"] = str(settings.data.absolute())


def key_box(store: "Store") -> "KeyBox":
    from atrisys.access.keys import KeyBox

    return KeyBox(store.folder.secret())


def find_user(db: "Session", name: str) -> "SecUser":
    """The account of that name, whatever its capitals. Raises NotFound."""
    from sqlalchemy import select

    from atrisys.access.names import is_named
    from atrisys.store.tables import SecUser

    user = db.scalar(select(SecUser).where(is_named(name.strip())))
    if user is None:
        raise NotFound("There is no user named {name}. Make one with: atrisys user add {name}", name=name)
    return user


def caller_of(db: "Session", user: "SecUser") -> "Caller":
    """That person, as the command line acts for them."""
    from atrisys.access.caller import at_the_command_line, caller_for

    return at_the_command_line(caller_for(db, user, "command line", "command line"))


def first_manager(db: "Session", project_id: int) -> "SecUser":
    """Whom a command acts for that names nobody. Raises NotFound where the project has no manager, or is none."""
    from sqlalchemy import select

    from atrisys.store.tables import Project, ProjectMember, SecUser

    if db.get(Project, project_id) is None:
        raise NotFound("There is no project {project}.", project=project_id)
    query = (
        select(SecUser)
        .join(ProjectMember, ProjectMember.user_id == SecUser.id)
        .where(ProjectMember.project_id == project_id, ProjectMember.is_manager)
        .order_by(ProjectMember.is_representative.desc(), ProjectMember.id)
    )
    user = db.scalars(query.limit(1)).first()
    if user is None:
        raise NotFound("Project {project} has no manager to act for.", project=project_id)
    return user


def acting_for(db: "Session", user: str | None, project_id: int) -> "Caller":
    """The caller that --user names, else the project's first manager."""
    first = first_manager(db, project_id) if user is None else find_user(db, user)
    return caller_of(db, first)


def first_administrator(db: "Session") -> "SecUser | None":
    from sqlalchemy import select

    from atrisys.access.caller import ADMINISTRATORS
    from atrisys.store.tables import SecRole, SecUser, SecUserSecRole

    query = (
        select(SecUser)
        .join(SecUserSecRole, SecUserSecRole.user_id == SecUser.id)
        .join(SecRole, SecRole.id == SecUserSecRole.role_id)
        .where(SecRole.authority.in_(ADMINISTRATORS), SecUser.enabled)
        .order_by(SecUser.id)
    )
    return db.scalars(query.limit(1)).first()
