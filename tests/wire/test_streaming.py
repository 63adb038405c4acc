"""Answers that are sent while they are made: who stops reading one gives back what stands behind it."""

import asyncio
import re
from pathlib import Path

import pytest

import atrisys
from atrisys.app import create_app
from atrisys.resources import annotation_listing
from atrisys.wire import streaming
from atrisys.wire.streaming import Stream
from given import Given
from given.kept import kept_store

LISTING = "/api/annotation.json?project={project}&showWKT=true"
GEOJSON = "/api/atrisys/imageinstance/{image}/annotations.geojson"


class Taker:
    """Speaks ASGI; takes so many messages and then nothing more, or leaves."""

    def __init__(self, takes: int = 10_000, *, leaves: bool = False) -> None:
        self.left, self.leaves = takes, leaves
        self.status, self.pieces, self.ended = 0, [], False
        self.gone, self.asked = asyncio.Event(), False

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    async def ask(self, app, path="/", method="GET", headers=()):
        place, _, query = path.partition("?")
        asgi = {"version": "3.0", "spec_version": "2.3"}
        scope = {"type": "http", "asgi": asgi, "method": method, "path": place, "query_string": query.encode()}
        await asyncio.wait_for(app({**scope, "headers": list(headers)}, self._receive, self._send), 30)
        return self

    async def _receive(self):
        if not self.asked:
            self.asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        if not self.left:
            if self.leaves:
                self.gone.set()
            await asyncio.sleep(30)
        self.left -= 1
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.pieces.append(message["body"])
            self.ended = not message.get("more_body", False)


class Pieces:
    """Notes how many were made, and whether their making was ended."""

    def __init__(self, count: int = 5, size: int = 5) -> None:
        self.count, self.size, self.made, self.ended = count, size, 0, False

    def __iter__(self):
        try:
            for _ in range(self.count):
                self.made += 1
                yield b"x" * self.size
        finally:
            self.ended = True


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(streaming, "STALLED_S", 0.2)


def test_pieces_are_sent_as_they_come_and_ended_once():
    pieces = Pieces()
    found = asyncio.run(Taker().ask(Stream(iter(pieces))))
    assert (found.status, found.body, found.ended) == (200, b"x" * 25, True)
    assert pieces.ended


@pytest.mark.parametrize("takes", [0, 1, 2])
def test_who_takes_nothing_for_long_is_given_up(impatient, takes):
    pieces = Pieces()
    found = asyncio.run(Taker(takes).ask(Stream(iter(pieces))))
    assert pieces.ended
    assert pieces.made <= 2
    assert not found.ended, "the connection must not look as if the answer were whole"


def test_nothing_more_is_made_for_who_has_left():
    pieces = Pieces(count=10_000)
    asyncio.run(Taker(3, leaves=True).ask(Stream(iter(pieces))))
    assert pieces.ended
    assert pieces.made < 10


def test_a_large_piece_is_handed_over_in_parts_so_that_slow_is_not_stalled():
    pieces = Pieces(count=2, size=streaming.PIECE * 2 + 1)
    found = asyncio.run(Taker().ask(Stream(iter(pieces))))
    assert max(map(len, found.pieces)) == streaming.PIECE
    assert (len(found.body), found.ended) == (2 * pieces.size, True)


def test_head_makes_no_more_than_the_beginning():
    pieces = Pieces()
    found = asyncio.run(Taker().ask(Stream(iter(pieces)), method="HEAD"))
    assert (found.status, found.body, found.ended) == (200, b"", True)
    assert pieces.ended
    assert pieces.made <= 1


@pytest.fixture
def lab(tmp_path, monkeypatch, impatient):
    """An application with a store whose connections can be counted, and a project with shapes that come one by one."""
    monkeypatch.setattr(annotation_listing, "BATCH", 1)
    monkeypatch.setattr("atrisys.actions.training_records.BATCH", 1)
    with kept_store(tmp_path / "data") as store:
        given = Given(create_app(store.settings, store), store)
        alice = given.person("alice")
        project = given.project(alice)
        image = given.image(project, alice)
        for _ in range(5):
            given.annotation(image, alice)
        yield given.app, store, alice, {"project": project.id, "image": image.id}


@pytest.mark.parametrize("path", [LISTING, GEOJSON])
@pytest.mark.parametrize("leaves", [True, False])
def test_who_stops_reading_gives_the_database_connection_back(lab, path, leaves):
    app, store, alice, ids = lab
    headers = [(b"x-auth-token", alice.public_key.encode()), (b"x-auth-secret", alice.private_key.encode())]
    with store.asking():
        # One is kept for questions.
        pass
    kept = store.engine.pool.checkedout()
    taker = asyncio.run(Taker(3, leaves=leaves).ask(app, path.format(**ids), headers=headers))
    assert taker.status == 200
    assert not taker.ended
    assert store.engine.pool.checkedout() == kept


def test_every_stream_of_the_house_is_such_a_one():
    sources = Path(atrisys.__file__).parent.rglob("*.py")
    users = {path.name for path in sources if re.search(r"\bStreamingResponse\b", path.read_text(encoding="utf-8"))}
    assert users == {"streaming.py"}
