from collections.abc import Iterator
from pathlib import Path

import pytest

from atrisys.settings import Settings
from atrisys.store import upgrade
from atrisys.store.session import Store
from given.kept import kept_store


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    """A store of its own, whose transactions are really kept."""
    with kept_store(tmp_path / "data") as store:
        yield store


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Store]:
    """A store of its own on SQLite: what is tried is how it shares one file."""
    store = Store(Settings(data=tmp_path, database_url=""))
    upgrade.prepare(store)
    yield store
    store.close()
