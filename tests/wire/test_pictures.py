"""Pictures on their way out: how many at once, who waits, who is sent away, and what is let go."""

import asyncio
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from starlette.requests import Request

from atrisys.errors import PictureFailed
from atrisys.imaging.patience import check_patience
from atrisys.imaging.pictures import Picture
from atrisys.wire import pictures, seats, streaming
from atrisys.wire.pictures import PictureAnswer, Rooms, Work, picture_answer

SMALL, LARGE, GIANT = (256, 256), (4000, 3000), (30_000, 20_000)


class Caller:
    """Speaks ASGI to one answer and notes what comes."""

    rooms = Rooms(2)

    def __init__(self, method: str = "GET", rooms: Rooms | None = None, patience_s: float = 30, **headers: str) -> None:
        settings = SimpleNamespace(picture_timeout_s=patience_s)
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "method": method,
            "path": "/",
            "query_string": b"",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
            "state": {"request_id": "test"},
            "app": SimpleNamespace(state=SimpleNamespace(settings=settings, rooms=rooms or self.rooms)),
        }
        self.status, self.headers, self.body, self.ended = 0, {}, b"", False
        self.leaves = asyncio.Event()

    @property
    def request(self) -> Request:
        return Request(self.scope)

    async def receive(self):
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.body += message["body"]
            self.ended = not message.get("more_body", False)

    async def ask(self, make, size=SMALL, format="jpg", slide="a", mark: object = "mark"):
        answer = picture_answer(self.request, Work(make, size, format, slide), mark)
        await answer(self.scope, self.receive, self.send)
        return self


class Kitchen:
    """Pictures that are made when the test says so, and a count of how many are being made."""

    def __init__(self) -> None:
        self.go, self.now, self.most, self.lock = threading.Event(), 0, 0, threading.Lock()

    def make(self) -> Picture:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        assert self.go.wait(20)
        with self.lock:
            self.now -= 1
        return Picture("image/jpeg", b"made", (4, 4), (4, 4))

    async def until(self, count: int) -> None:
        for _ in range(500):
            if self.now == count:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"{self.now} are being made, not {count}")


class Pieces:
    """A picture that comes in pieces; notes how far it got and whether it was ended."""

    def __init__(self, count: int = 5) -> None:
        self.count, self.made, self.ended = count, 0, False

    def __call__(self) -> Picture:
        return Picture("image/jpeg", self._pieces(), (4, 4), (4, 4))

    def _pieces(self) -> Iterator[bytes]:
        try:
            for _ in range(self.count):
                self.made += 1
                yield b"piece"
        finally:
            self.ended = True


@pytest.fixture(autouse=True)
def empty_rooms(monkeypatch):
    monkeypatch.setattr(Caller, "rooms", Rooms(2))


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 60))


@pytest.mark.parametrize(
    ("size", "format", "most"),
    [
        (GIANT, "jpg", 2),
        ((5000, 4000), "webp", 2),
        (LARGE, "jpg", pictures.LARGE_AT_ONCE),
        (SMALL, "jpg", pictures.SMALL_OF_ONE_SLIDE),
    ],
)
def test_so_many_pictures_are_made_at_once_and_the_others_wait(size, format, most):
    async def scene():
        kitchen = Kitchen()
        asking = [asyncio.create_task(Caller().ask(kitchen.make, size, format)) for _ in range(most + 3)]
        await kitchen.until(most)
        await asyncio.sleep(0.1)
        kitchen.go.set()
        callers = await asyncio.gather(*asking)
        assert kitchen.most == most
        assert {(caller.status, caller.body) for caller in callers} == {(200, b"made")}

    run(scene())


def test_the_setting_says_how_many_giants():
    async def scene():
        kitchen, rooms = Kitchen(), Rooms(3)
        asking = [asyncio.create_task(Caller(rooms=rooms).ask(kitchen.make, GIANT)) for _ in range(5)]
        await kitchen.until(3)
        kitchen.go.set()
        await asyncio.gather(*asking)
        assert kitchen.most == 3

    run(scene())


def test_small_pictures_go_on_while_giants_wait_and_one_slide_hangs():
    async def scene():
        stuck = Kitchen()
        held = [asyncio.create_task(Caller().ask(stuck.make, GIANT)) for _ in range(4)]
        held += [asyncio.create_task(Caller().ask(stuck.make, SMALL, slide="hangs")) for _ in range(20)]
        await stuck.until(2 + pictures.SMALL_OF_ONE_SLIDE)
        other = Kitchen()
        other.go.set()
        found = await asyncio.wait_for(Caller().ask(other.make, SMALL, slide="sound"), 5)
        assert found.body == b"made"
        stuck.go.set()
        await asyncio.gather(*held)

    run(scene())


def test_who_waits_too_long_for_a_giant_is_told_when_to_come_again(monkeypatch):
    monkeypatch.setattr(seats, "WAIT_S", 0.2)

    async def scene():
        kitchen = Kitchen()
        held = [asyncio.create_task(Caller().ask(kitchen.make, GIANT)) for _ in range(2)]
        await kitchen.until(2)
        late = await Caller().ask(kitchen.make, GIANT)
        assert late.status == 503
        assert late.headers["retry-after"] == "30"
        assert b'"code":"busy"' in late.body
        kitchen.go.set()
        await asyncio.gather(*held)
        assert (await Caller().ask(kitchen.make, GIANT)).status == 200

    run(scene())


def test_a_failure_gives_its_room_back():
    def broken():
        raise PictureFailed("no")

    async def scene():
        for _ in range(5):
            with pytest.raises(PictureFailed):
                await Caller().ask(broken, GIANT)
        assert (await Caller().ask(Pieces(), GIANT)).status == 200

    run(scene())


class Endless:
    """A picture that is read for ever, or as long as anybody waits for it."""

    def __init__(self) -> None:
        self.begun, self.ended = threading.Event(), threading.Event()

    def __call__(self) -> Picture:
        self.begun.set()
        try:
            for _ in range(2000):
                check_patience()
                time.sleep(0.01)
        finally:
            self.ended.set()
        raise AssertionError("nobody ended it")


def test_a_picture_that_takes_too_long_is_refused():
    with pytest.raises(PictureFailed, match=r"took longer than 0\.2 s and was given up"):
        run(Caller(patience_s=0.2).ask(Endless()))


def test_work_on_a_picture_ends_when_who_asked_has_gone():
    async def scene():
        endless, caller = Endless(), Caller()
        asking = asyncio.create_task(caller.ask(endless))
        await asyncio.to_thread(endless.begun.wait, 20)
        caller.leaves.set()
        with pytest.raises(PictureFailed, match="Nobody waits"):
            await asyncio.wait_for(asking, 5)
        assert endless.ended.is_set()

    run(scene())


def quick(make) -> PictureAnswer:
    """An answer whose picture may be made before it is sent."""
    answer = picture_answer(Caller().request, Work(make, SMALL, "jpg", "a", is_quick=True), "mark")
    assert isinstance(answer, PictureAnswer)
    return answer


def test_a_quick_picture_is_made_at_once_and_only_sent_then():
    kitchen, caller = Kitchen(), Caller()
    kitchen.go.set()
    answer = quick(kitchen.make)
    answer.make_at_once()
    assert kitchen.most == 1
    kitchen.go.clear()
    run(answer(caller.scope, caller.receive, caller.send))
    assert (caller.status, caller.body) == (200, b"made")


def test_where_there_is_no_room_a_quick_picture_waits_as_all_others_do():
    async def scene():
        kitchen, other = Kitchen(), Kitchen()
        other.go.set()
        held = [asyncio.create_task(Caller().ask(kitchen.make)) for _ in range(pictures.SMALL_OF_ONE_SLIDE)]
        await kitchen.until(pictures.SMALL_OF_ONE_SLIDE)
        answer, caller = quick(other.make), Caller()
        answer.make_at_once()
        assert other.most == 0
        sent = asyncio.create_task(answer(caller.scope, caller.receive, caller.send))
        await asyncio.sleep(0.05)
        assert not sent.done()
        kitchen.go.set()
        await asyncio.gather(sent, *held)
        assert (other.most, caller.body) == (1, b"made")

    run(scene())


def test_a_quick_picture_that_fails_gives_its_room_back():
    def broken():
        raise PictureFailed("no")

    for _ in range(2 * pictures.SMALL_AT_ONCE):
        with pytest.raises(PictureFailed):
            quick(broken).make_at_once()


def test_pieces_are_sent_as_they_come_and_ended_once():
    pieces = Pieces()
    found = run(_ask(pieces))
    assert found.body == b"piece" * 5
    assert found.ended
    assert pieces.ended
    assert "content-length" not in found.headers


async def _ask(make, method="GET", **headers):
    return await Caller(method, **headers).ask(make, GIANT)


def test_head_of_a_stream_makes_no_more_than_its_beginning():
    pieces = Pieces()
    found = run(_ask(pieces, "HEAD"))
    assert (found.status, found.body, found.ended) == (200, b"", True)
    assert found.headers["content-type"] == "image/jpeg"
    assert pieces.ended
    assert pieces.made <= 1


def test_nothing_more_is_made_for_who_has_left():
    class Leaver(Caller):
        async def send(self, message):
            await super().send(message)
            if self.body:
                self.leaves.set()
                await asyncio.sleep(0.05)

    async def scene():
        pieces = Pieces(count=10_000)
        await Leaver().ask(pieces, GIANT)
        assert pieces.ended
        assert pieces.made < 10

    run(scene())


def test_who_takes_nothing_for_long_loses_their_room(monkeypatch):
    monkeypatch.setattr(streaming, "STALLED_S", 0.2)

    class Sleeper(Caller):
        async def send(self, message):
            await super().send(message)
            if self.body:
                await asyncio.sleep(30)

    async def scene():
        pieces = Pieces()
        found = await Sleeper().ask(pieces, GIANT)
        assert pieces.ended
        assert not found.ended, "the connection must not look as if the picture were whole"

    run(scene())


def test_who_has_the_picture_gets_304_and_nothing_is_made():
    def never():
        raise AssertionError("made")

    first = run(_ask(Pieces()))
    etag = first.headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        for method in ("GET", "HEAD"):
            found = run(_ask(never, method, if_none_match=known))
            assert (found.status, found.body) == (304, b"")
            assert found.headers["etag"] == etag
    assert run(_ask(Pieces(), if_none_match='"other"')).status == 200
    assert run(_ask(Pieces(), "POST", if_none_match=etag)).status == 200


def test_the_etag_is_another_for_other_marks_and_another_version(monkeypatch):
    async def etag(*marks):
        caller = Caller()
        return (await caller.ask(Pieces(), mark=marks)).headers["etag"]

    tags = [run(etag("a", 1)), run(etag("a", 2)), run(etag("a", (1, 2)))]
    assert tags[0] == run(etag("a", 1))
    monkeypatch.setattr(pictures, "__version__", "99")
    tags.append(run(etag("a", 1)))
    assert len(set(tags)) == 4


def test_a_picture_that_was_shrunk_says_so():
    def shrunk():
        return Picture("image/png", b"x", (10_000, 5), (20_000, 10))

    said = run(_ask(shrunk)).headers["x-image-size-limit"]
    assert said == "request_width=20000, request_height=10, safe_width=10000, safe_height=5, ratio=0.5"
