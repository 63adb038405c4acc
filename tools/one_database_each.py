"""For pytest: processes that test side by side on PostgreSQL each get a database of their own.

Each test's transaction is rolled back, but until then its rows would block the other process's. Loaded with
`-p tools.one_database_each`; does nothing on SQLite or where tests run one after another.
"""

import os

import pytest
from sqlalchemy import create_engine, make_url, text

SETTING = "ATRISYS_TEST_DATABASE_URL"


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    worker, address = os.environ.get("PYTEST_XDIST_WORKER"), os.environ.get(SETTING)
    if not worker or not address:
        return
    shared = make_url(address)
    own = shared.set(database=f"{shared.database}_{worker}")
    engine = create_engine(shared, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{own.database}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{own.database}"'))
    engine.dispose()
    os.environ[SETTING] = own.render_as_string(hide_password=False)
