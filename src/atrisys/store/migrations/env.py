"""Alembic's way in: the connection comes from store/upgrade.py, or is made for `make migration`."""

from alembic import context

from atrisys.settings import Settings
from atrisys.store import tables  # noqa: F401 (all tables must be known)
from atrisys.store.session import Store
from atrisys.store.table import Base


def run() -> None:
    connection = context.config.attributes.get("connection")
    if connection is None:
        store = Store(Settings())
        store.folder.prepare()
        with store.writers.begin() as connection:
            migrate(connection)
    else:
        migrate(connection)


def migrate(connection: object) -> None:
    context.configure(
        connection=connection,  # pyright: ignore[reportArgumentType]
        target_metadata=Base.metadata,
        render_as_batch=True,
        user_module_prefix="table.",
    )
    context.run_migrations()


run()
