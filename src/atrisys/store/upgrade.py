"""Bringing a database to this program's version: backed up, migrated, checked, or put back."""

import time
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from atrisys.errors import Misconfigured
from atrisys.store import spatial
from atrisys.store.disk import refuse_network_share
from atrisys.store.session import Store

HEAD = "0016"
"""The newest migration: known without loading Alembic, so that a server that has nothing to migrate starts fast.

Migrations are numbered upwards with four digits (tools/migration.py): what stands beyond this one is a newer program's.
"""

MADE = "made the database"


def version_of(store: Store) -> str | None:
    """The migration that the database stands at, None where it is empty."""
    with store.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def prepare(store: Store) -> str | None:
    """Make the data folder and the database ready. Says what was done, None when nothing was to do.

    Raises:
        Misconfigured: the folder or database cannot be used or are not each other's, a newer ATrISys has migrated it,
            or a migration failed and was taken back.
    """
    store.folder.prepare()
    refuse_network_share(store.settings.database_url, store.folder.root)
    if not store.settings.database_url:
        store.folder.shield_database()
    store.wait_until_up()
    _refuse_another_folder(store)
    store.folder.secret()
    if version_of(store) == HEAD:
        return None
    with _alone(store):
        return _bring_forward(store, version_of(store))


def _refuse_another_folder(store: Store) -> None:
    """A folder without a secret is new, and a database with accounts is not: one of the two was named by mistake."""
    if store.folder.secret_file.exists() or version_of(store) is None:
        return
    with store.engine.connect() as connection:
        if connection.execute(text("SELECT count(*) FROM sec_user")).scalar_one() == 0:
            return
    raise Misconfigured(
        "The database has accounts, but {folder} has not the secret that their keys are locked with: it is not this "
        "database's folder. Name the right one with --data or ATRISYS_DATA, or put the file `secret` back into it.",
        folder=str(store.folder.root),
    )


def _bring_forward(store: Store, before: str | None) -> str | None:
    if before is None:
        _migrate(store)
        return MADE
    if before == HEAD:
        return None
    if before > HEAD:
        raise Misconfigured(
            "The database is of version {before}, and this ATrISys knows versions up to {head} alone. Run the newer "
            "ATrISys that brought it there; nothing was changed.",
            before=before,
            head=HEAD,
        )
    return _migrate_or_go_back(store, before)


def _migrate_or_go_back(store: Store, before: str) -> str:
    backup = store.folder.backups / f"before-{HEAD}-{time.strftime('%Y%m%d-%H%M%S')}.sqlite"
    kept = spatial.back_up(store.engine, backup)
    try:
        _migrate(store)
    except Exception as error:
        # One transaction: nothing of it was kept, and what others wrote in the meantime is theirs.
        raise _failed(before, str(error)) from error
    if problem := _problem_after(store):
        if kept:
            store.close()
            spatial.restore(backup, store.folder.database)
        raise _failed(before, f"the database's own check says: {problem}")
    where = f", backup in {backup}" if kept else ""
    return f"brought the database from version {before} to {HEAD}{where}"


def _problem_after(store: Store) -> str | None:
    try:
        return spatial.integrity_problem(store.engine)
    except DBAPIError as error:
        return str(error.orig)


def _failed(before: str, reason: str) -> Misconfigured:
    return Misconfigured(
        "The database could not be brought from version {before} to {head} and stands as it was before: {reason}. "
        "Run the earlier ATrISys, or send the report to its makers.",
        before=before,
        head=HEAD,
        reason=reason,
    )


def _migrate(store: Store) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with store.writers.begin() as connection:
        spatial.extensions(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


class _alone:
    """Of several processes that start at once, one migrates; the others wait."""

    def __init__(self, store: Store) -> None:
        self.file = store.folder.root / "upgrade.lock"

    def __enter__(self) -> None:
        import fcntl

        self.handle = self.file.open("w")
        fcntl.flock(self.handle, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self.handle.close()
