from collections.abc import Iterator
from pathlib import Path

import pytest

from atrisys.store.session import Store
from given.kept import kept_store


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    """A store of its own, whose transactions are really kept."""
    with kept_store(tmp_path / "data") as store:
        yield store
