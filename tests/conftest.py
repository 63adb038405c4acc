"""One cast for all tests: ada (administrator), alice (owns the project), bob (works in it), charlie (a stranger).

Each test runs in a transaction that is rolled back; SQLite by default, PostgreSQL where ATRISYS_TEST_DATABASE_URL says.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fastapi import FastAPI
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from atrisys.app import create_app
from atrisys.settings import Settings
from atrisys.store import upgrade
from atrisys.store.events import Noted
from atrisys.store.session import Store
from given import Given
from people import Person


class RolledBackStore(Store):
    """The store of one test: all its sessions share one connection, whose transaction is never kept."""

    def __init__(self, real: Store, connection: Connection) -> None:
        self.settings, self.folder, self.engine, self.tiles = real.settings, real.folder, real.engine, real.tiles
        self.writers, self.turns, self._connection, self.noted = real.writers, real.turns, connection, Noted()

    def session(self, *, writes: bool) -> Session:
        about = {"folder": self.folder, "settings": self.settings}
        return Session(self._connection, expire_on_commit=False, join_transaction_mode="create_savepoint", info=about)

    @contextmanager
    def asking(self) -> Iterator[Connection]:
        yield self._connection


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data=tmp_path_factory.mktemp("data"), database_url=os.environ.get("ATRISYS_TEST_DATABASE_URL", ""))


@pytest.fixture(scope="session")
def real_store(settings: Settings) -> Iterator[Store]:
    store = Store(settings)
    upgrade.prepare(store)
    yield store
    store.close()


@pytest.fixture(scope="session")
def one_app(settings: Settings, real_store: Store) -> FastAPI:
    return create_app(settings, real_store)


@contextmanager
def rolled_back(store: Store) -> Iterator[RolledBackStore]:
    with store.writers.connect() as connection:
        transaction = connection.begin()
        try:
            yield RolledBackStore(store, connection)
        finally:
            transaction.rollback()


@pytest.fixture
def store(real_store: Store) -> Iterator[RolledBackStore]:
    with rolled_back(real_store) as store:
        yield store


@pytest.fixture
def app(one_app: FastAPI, store: RolledBackStore) -> FastAPI:
    one_app.state.store = store
    return one_app


@pytest.fixture
def db(store: RolledBackStore) -> Iterator[Session]:
    """For looking at rows behind the server's back."""
    with store.session(writes=True) as db:
        yield db


@pytest.fixture
def given(app: FastAPI, store: RolledBackStore) -> Given:
    return Given(app, store)


@pytest.fixture
def ada(given: Given) -> Person:
    return given.person("ada", role="ROLE_SUPER_ADMIN")


@pytest.fixture
def alice(given: Given) -> Person:
    return given.person("alice")


@pytest.fixture
def bob(given: Given) -> Person:
    return given.person("bob")


@pytest.fixture
def charlie(given: Given) -> Person:
    return given.person("charlie")


@pytest.fixture
def nobody(app: FastAPI) -> Person:
    return Person(app)
