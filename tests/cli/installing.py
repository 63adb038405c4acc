"""Commands run as somebody types them, on a data folder of their own (and a database of their own on PostgreSQL)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from atrisys.cli.main import main
from atrisys.imaging import worker
from atrisys.settings import Settings
from atrisys.store.session import Store
from walk.running import own_database


@dataclass
class Installation:
    """A data folder, and the commands on it."""

    data: Path
    settings: dict[str, str]

    def run(self, *words: object, stdin: str | None = None, status: int = 0) -> Result:
        """One command; the test fails where it ends with another status."""
        done = CliRunner().invoke(main, ["--data", str(self.data), *map(str, words)], input=stdin, env=self.settings)
        said = (
            f"atrisys {' '.join(map(str, words))}: {done.exit_code}\n{done.stdout}\n{done.stderr}\n{done.exception!r}"
        )
        assert done.exit_code == status, said
        return done

    def json(self, *words: object, **more: Any) -> Any:
        return json.loads(self.run(*words, **more).stdout)

    def lines(self, *words: object, **more: Any) -> list[Any]:
        return [json.loads(line) for line in self.run(*words, **more).stdout.splitlines()]

    @contextmanager
    def store(self) -> Iterator[Store]:
        url = self.settings.get("ATRISYS_DATABASE_URL", "")
        store = Store(Settings(data=self.data, database_url=url))
        try:
            yield store
        finally:
            store.close()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self.store() as store, store.reading() as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with self.store() as store, store.writing() as db:
            yield db

    def project(self, name: str = "Skin", *terms: str) -> int:
        """A project of alice's, whose account is made where it is missing, with these terms."""
        if not self.data.exists() or b"alice" not in self._names():
            self.run("user", "add", "alice")
        words: list[object] = ["project", "add", name, "--member", "alice:manager"]
        if terms:
            file = self.data.with_name(f"{name}.json")
            content = {"name": name, "terms": [{"name": term, "color": "#112233"} for term in terms]}
            file.write_text(json.dumps(content), encoding="utf-8")
            words += ["--ontology", file]
        return self.json(*words)["id"]

    def _names(self) -> set[bytes]:
        from sqlalchemy import select

        from atrisys.store.tables import SecUser

        with self.reading() as db:
            return {name.encode() for name in db.scalars(select(SecUser.username))}


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    for name in ("ATRISYS_DATA", "ATRISYS_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    limits = worker.pool().limits
    with own_database() as settings:
        yield Installation(tmp_path / "data", settings)
    # A command sets the limits of its process, which here is everybody's.
    worker.configure(limits)
