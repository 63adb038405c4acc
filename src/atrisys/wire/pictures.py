"""A picture on its way out: asked for with rights judged, made when there is room for it, sent as it is made.

The pixel work begins when the handler has returned and the request's transaction has ended, and never on the event
loop. How much of it goes on at once is bounded, so that memory is: giants (settings.giant_pictures_at_once), large
pictures, small ones, and of these some for each slide, so that one that hangs does not hold up the tiles of others.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from weakref import WeakKeyDictionary, WeakValueDictionary

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from atrisys import __version__
from atrisys.errors import Busy
from atrisys.imaging.crops import LONGEST_SIDE
from atrisys.imaging.patience import Patience, within
from atrisys.imaging.pictures import Picture
from atrisys.wire.refusals import answer_to
from atrisys.wire.seats import RETRY_AFTER_S, seated
from atrisys.wire.streaming import Stream

LARGE_PIXELS = 1_500_000
GIANT_PIXELS = 16_000_000
"""Beyond so many WebP and TIFF are giants too: they are held whole."""
SMALL_AT_ONCE, SMALL_OF_ONE_SLIDE, LARGE_AT_ONCE = 24, 8, 4
"""Together less than the threads of the server, of which some stay free for other requests."""
CACHING = {"Cache-Control": "private, no-cache"}


@dataclass(frozen=True)
class Work:
    """One picture that is to be made, or what is measured on one."""

    make: Callable[[], Picture | Response]
    """Slow; called in a thread, after rights were judged."""
    size: tuple[int, int]
    """(width, height) that it will have."""
    format: str
    """As the address says it."""
    slide: str
    """What pictures of the same slide have in common."""

    @property
    def room(self) -> str:
        width, height = self.size
        held_whole = self.format.lower() not in ("jpg", "jpeg", "png")
        if max(width, height) > LONGEST_SIDE or (held_whole and width * height > GIANT_PIXELS):
            return "giant"
        return "large" if width * height > LARGE_PIXELS else "small"


def picture_answer(request: Request, work: Work, *marks: object) -> Response:
    """The answer to who may see the picture: 304 where they have it, else the picture.

    Args:
        marks: all that the picture depends on; another ETag for another picture.
    """
    etag = etag_of(marks)
    if request.method in ("GET", "HEAD") and has_etag(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers={"ETag": etag, **CACHING})
    return PictureAnswer(request, work, {"ETag": etag, **CACHING})


def measured_answer(request: Request, work: Work) -> Response:
    """The answer with what is measured on a slide: no picture, but made in the same rooms and the same time."""
    return PictureAnswer(request, work, {})


def etag_of(marks: tuple[object, ...]) -> str:
    """Another one for another picture, and for the same one of another version of ATrISys."""
    return '"' + hashlib.sha256(repr((__version__, marks)).encode()).hexdigest()[:40] + '"'


def has_etag(if_none_match: str | None, etag: str) -> bool:
    """Whether who asks has it already."""
    if if_none_match is None:
        return False
    known = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return etag in known or "*" in known


class PictureAnswer(Stream):
    """Makes the picture when it is sent. What cannot be made is still a clean refusal: nothing was sent yet."""

    def __init__(self, request: Request, work: Work, headers: dict[str, str]) -> None:
        super().__init__((), headers=headers)
        self._request, self._work = request, work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        settings = self._request.app.state.settings
        rooms = _rooms(settings.giant_pictures_at_once)
        try:
            async with rooms.place_for(self._work):
                patience = Patience(settings.picture_timeout_s)
                with within(patience):
                    await self._made_and_sent(patience, scope, receive, send)
        except Busy as refusal:
            await answer_to(self._request, refusal)(scope, receive, send)

    async def _made_and_sent(self, patience: Patience, scope: Scope, receive: Receive, send: Send) -> None:
        async with _watched(receive, patience):
            picture = await run_in_threadpool(self._work.make)
        if isinstance(picture, Response):
            await picture(scope, receive, send)
            return
        self.headers.update(_headers_of(picture))
        try:
            if isinstance(picture.body, bytes):
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else picture.body})
            else:
                self.pieces = picture.body
                await super().__call__(scope, receive, send)
        finally:
            patience.gone = True


@asynccontextmanager
async def _watched(receive: Receive, patience: Patience) -> AsyncIterator[None]:
    """Work on a picture ends soon when who asked for it has gone."""

    async def until_gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        patience.gone = True

    watch = asyncio.create_task(until_gone())
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


def _headers_of(picture: Picture) -> dict[str, str]:
    headers = {"Content-Type": picture.content_type}
    if isinstance(picture.body, bytes):
        headers["Content-Length"] = str(len(picture.body))
    if picture.size != picture.asked:
        asked, made = picture.asked, picture.size
        headers["X-Image-Size-Limit"] = (
            f"request_width={asked[0]}, request_height={asked[1]}, "
            f"safe_width={made[0]}, safe_height={made[1]}, ratio={made[0] / asked[0]:.6g}"
        )
    return headers


class _Rooms:
    """How many pictures this process makes at once."""

    def __init__(self, giants: int) -> None:
        self._seats = {
            "giant": asyncio.Semaphore(giants),
            "large": asyncio.Semaphore(LARGE_AT_ONCE),
            "small": asyncio.Semaphore(SMALL_AT_ONCE),
        }
        self._of_slide: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def place_for(self, work: Work) -> AsyncIterator[None]:
        """Raises Busy where none becomes free."""
        seats = [self._seats[work.room]]
        if work.room == "small":
            seats.insert(0, self._of_slide.setdefault(work.slide, asyncio.Semaphore(SMALL_OF_ONE_SLIDE)))
        full = Busy("Many large pictures are being made right now. Try again in {wait_s} s.", wait_s=RETRY_AFTER_S)
        async with seated(seats, full):
            yield


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Rooms] = WeakKeyDictionary()


def _rooms(giants: int) -> _Rooms:
    """Those of the running event loop: a server process has one."""
    return _of_loops.setdefault(asyncio.get_running_loop(), _Rooms(giants))
