import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from atrisys.access.keys import KeyBox
from atrisys.actions.add_user import add_user
from atrisys.jobs.runner import Runner
from atrisys.store import queue
from atrisys.store.session import Store
from atrisys.store.tables import Job, SecUser
from given.kept import kept_store
from rooms import ROOMS

PATIENCE_S = 60


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store of its own, whose transactions are really kept; children find the rooms of these tests."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    with kept_store(tmp_path / "data", jobs_at_once=2) as store:
        yield store


@pytest.fixture
def starter(kept: Store) -> SecUser:
    with kept.writing() as db:
        return add_user(db, None, KeyBox(kept.folder.secret()), username="alice")


@pytest.fixture
def runner(kept: Store) -> Iterator[Runner]:
    runner = Runner(kept, ROOMS).start()
    yield runner
    runner.stop()


class Bench:
    """Asks for jobs and waits for what becomes of them."""

    def __init__(self, store: Store, starter: SecUser, folder: Path) -> None:
        self.store, self._starter, self.patience_s = store, starter, PATIENCE_S
        self._witness = folder / "witness.txt"

    def submit(self, do: str, **arguments: Any) -> int:
        arguments |= {"do": do, "witness": str(self._witness)}
        with self.store.writing() as db:
            return queue.submit(db, user_id=self._starter.id, name="test", arguments=arguments).id

    def job(self, id: int) -> Job:
        with self.store.reading() as db:
            return db.get_one(Job, id)

    def wait(self, id: int, until: Callable[[Job], bool] = lambda job: job.state in queue.ENDED) -> Job:
        end = time.monotonic() + self.patience_s
        while not until(job := self.job(id)):
            assert time.monotonic() < end, f"still {job.state}: {job.message}"
            time.sleep(0.05)
        return job

    def cancel(self, id: int) -> None:
        with self.store.writing() as db:
            assert queue.cancel(db, db.get_one(Job, id))

    def witnessed(self, word: str) -> list[str]:
        lines = self._witness.read_text().splitlines() if self._witness.exists() else []
        return [line for line in lines if line.startswith(word)]

    def pid(self, id: int) -> int:
        return int(self.witnessed(f"begun {id}")[-1].split()[-1])


@pytest.fixture
def bench(kept: Store, starter: SecUser, tmp_path: Path) -> Bench:
    return Bench(kept, starter, tmp_path)
