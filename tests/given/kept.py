"""A store whose transactions are really kept, for what runs in other processes: its own folder, its own database."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, text

from atrisys.settings import Settings
from atrisys.store import upgrade
from atrisys.store.session import Store


@contextmanager
def kept_store(folder: Path, **settings: Any) -> Iterator[Store]:
    """A store in `folder`; on PostgreSQL (ATRISYS_TEST_DATABASE_URL) in a database that is dropped afterwards."""
    with _own_database(os.environ.get("ATRISYS_TEST_DATABASE_URL", "")) as address:
        store = Store(Settings(data=folder, database_url=address, **settings))
        upgrade.prepare(store)
        try:
            yield store
        finally:
            store.close()


@contextmanager
def _own_database(address: str) -> Iterator[str]:
    if not address:
        yield ""
        return
    shared = make_url(address)
    own = shared.set(database=f"atrisys_{secrets.token_hex(6)}")
    engine = create_engine(shared, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{own.database}"'))
        yield own.render_as_string(hide_password=False)
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{own.database}" WITH (FORCE)'))
    finally:
        engine.dispose()
