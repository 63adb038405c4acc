"""Bringing a database to this program's version: backed up, migrated, checked, or put back."""

import time
from pathlib import Path

from sqlalchemy import inspect, text

from atrisys.errors import Misconfigured
from atrisys.store import spatial
from atrisys.store.session import Store

HEAD = "0001"
"""The newest migration: known without loading Alembic, so that a server that has nothing to migrate starts fast."""


def version_of(store: Store) -> str | None:
    """The migration that the database stands at, None where it is empty."""
    with store.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def prepare(store: Store) -> str | None:
    """Make the data folder and the database ready. Says what was done, None when nothing was to do.

    Raises:
        Misconfigured: the folder or database cannot be used, or a migration failed and was taken back.
    """
    store.folder.prepare()
    spatial.refuse_network_share(store.settings.database_url, store.folder.root)
    store.folder.secret()
    if not store.settings.database_url:
        store.folder.shield_database()
    store.wait_until_up()
    before = version_of(store)
    if before == HEAD:
        return None
    with _alone(store):
        before = version_of(store)
        if before == HEAD:
            return None
        if before is None:
            _migrate(store)
            return "made the database"
        return _migrate_or_go_back(store, before)


def _migrate_or_go_back(store: Store, before: str) -> str:
    backup = store.folder.backups / f"before-{HEAD}-{time.strftime('%Y%m%d-%H%M%S')}.sqlite"
    kept = spatial.back_up(store.engine, backup)
    try:
        _migrate(store)
        if problem := spatial.integrity_problem(store.engine):
            raise Misconfigured("the database's own check says: {problem}", problem=problem)
    except Exception as error:
        if kept:
            spatial.restore(store.engine, backup, store.folder.database)
        raise Misconfigured(
            "The database could not be brought from version {before} to {head} and was put back as it was: {reason}. "
            "Run the earlier ATrISys, or send the report to its makers.",
            before=before,
            head=HEAD,
            reason=str(error),
        ) from error
    where = f", backup in {backup}" if kept else ""
    return f"brought the database from version {before} to {HEAD}{where}"


def _migrate(store: Store) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with store.engine.execution_options(writes=True).begin() as connection:
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
