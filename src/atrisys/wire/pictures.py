"""A picture on its way out: asked for with rights judged, made when there is room for it, sent as it is made.

The pixel work begins when the handler has returned and the request's transaction has ended, and never on the event
loop: what is quickly made is made in the handler's own thread, where there is room. How much of it goes on at once is
bounded, so that memory is: giants (settings.giant_pictures_at_once), large pictures, small ones, and of these some for
each slide, so that one that hangs does not hold up the tiles of others.
"""

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from weakref import WeakValueDictionary

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from atrisys import __version__
from atrisys.errors import Busy
from atrisys.imaging.crops import LONGEST_SIDE
from atrisys.imaging.making import WHOLE_PIXELS
from atrisys.imaging.patience import Patience, within
from atrisys.imaging.pictures import Picture
from atrisys.imaging.reader import Box
from atrisys.wire.refusals import answer_to
from atrisys.wire.seats import RETRY_AFTER_S, Seats, give_back, seated, take_at_once
from atrisys.wire.streaming import Stream

LARGE_PIXELS = 1_500_000
GIANT_PIXELS = 16_000_000
"""Beyond so many WebP and TIFF are giants too: they are held whole."""
QUICK_PIXELS = WHOLE_PIXELS
"""Pictures of no more are made before they are sent."""
SMALL_AT_ONCE, SMALL_OF_ONE_SLIDE, LARGE_AT_ONCE = 24, 8, 4
"""Together less than the threads that run handlers, of which some stay free for other requests."""
WATCHED_AFTER_S = 0.05
"""Whether who asked has gone is looked at where a picture takes longer."""
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
    is_quick: bool = False
    """Little of the slide is read for it."""

    @property
    def room(self) -> str:
        width, height = self.size
        held_whole = self.format.lower() not in ("jpg", "jpeg", "png")
        if max(width, height) > LONGEST_SIDE or (held_whole and width * height > GIANT_PIXELS):
            return "giant"
        return "large" if width * height > LARGE_PIXELS else "small"


def is_quick(box: Box, size: tuple[int, int]) -> bool:
    """Whether little of a slide is read for the picture of a rectangle in that size."""
    return max(box.width * box.height, size[0] * size[1]) <= QUICK_PIXELS


def picture_answer(request: Request, work: Work, *marks: object) -> Response:
    """The answer to who may see the picture: 304 where they have it, else the picture.

    Args:
        marks: all that the picture depends on; another ETag for another picture.
    """
    return named_picture_answer(request, work, etag_of(marks))


def named_picture_answer(request: Request, work: Work, etag: str) -> Response:
    """The same where its ETag is known."""
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


class PictureAnswer(Response):
    """Makes the picture, at the latest when it is sent. What cannot be made is a clean refusal: nothing was sent."""

    def __init__(self, request: Request, work: Work, headers: dict[str, str]) -> None:
        # Response would say here how long the body is.
        self.status_code, self.background = 200, None
        self.raw_headers = _raw(headers)
        self._request, self._work = request, work
        self._made: Picture | Response | None = None

    def make_at_once(self) -> None:
        """Make it in this thread, if it is quickly made and there is room right now."""
        seats = rooms_of(self._request).seats_for(self._work)
        if not self._work.is_quick or not take_at_once(seats):
            return
        try:
            self._made = self._make(self._new_patience())
        finally:
            give_back(seats)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._made is not None:
            await self._send(self._made, scope, receive, send)
            return
        rooms = rooms_of(self._request)
        try:
            async with rooms.place_for(self._work):
                patience = self._new_patience()
                with within(patience):
                    async with _watched(receive, patience):
                        loop = asyncio.get_running_loop()
                        made = await loop.run_in_executor(rooms.threads, self._make, patience)
                    try:
                        await self._send(made, scope, receive, send)
                    finally:
                        patience.gone = True
        except Busy as refusal:
            await answer_to(self._request, refusal)(scope, receive, send)

    def _new_patience(self) -> Patience:
        return Patience(self._request.app.state.settings.picture_timeout_s)

    def _make(self, patience: Patience) -> Picture | Response:
        with within(patience):
            return self._work.make()

    async def _send(self, made: Picture | Response, scope: Scope, receive: Receive, send: Send) -> None:
        if isinstance(made, Response):
            await made(scope, receive, send)
            return
        headers = self.raw_headers + _raw(_headers_of(made))
        if isinstance(made.body, bytes):
            await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else made.body})
            return
        stream = Stream(made.body)
        stream.raw_headers = headers
        await stream(scope, receive, send)


@asynccontextmanager
async def _watched(receive: Receive, patience: Patience) -> AsyncIterator[None]:
    """Work on a picture ends soon when who asked for it has gone."""
    watches: list[asyncio.Task[None]] = []

    async def until_gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        patience.gone = True

    def watch() -> None:
        watches.append(asyncio.create_task(until_gone()))

    later = asyncio.get_running_loop().call_later(WATCHED_AFTER_S, watch)
    try:
        yield
    finally:
        later.cancel()
        for one in watches:
            one.cancel()
            await asyncio.gather(one, return_exceptions=True)


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


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


class Rooms:
    """How many pictures this process makes at once, and the threads that make them."""

    def __init__(self, giants: int) -> None:
        self._seats = {"giant": Seats(giants), "large": Seats(LARGE_AT_ONCE), "small": Seats(SMALL_AT_ONCE)}
        self._of_slide: WeakValueDictionary[str, Seats] = WeakValueDictionary()
        self._lock = threading.Lock()
        self.threads = ThreadPoolExecutor(giants + LARGE_AT_ONCE + SMALL_AT_ONCE, thread_name_prefix="pictures")

    def have_room(self, work: Work) -> bool:
        """Whether one might begin right now."""
        return all(seats.are_free for seats in self.seats_for(work))

    def seats_for(self, work: Work) -> list[Seats]:
        """All that one must sit in who makes it."""
        if work.room != "small":
            return [self._seats[work.room]]
        with self._lock:
            of_slide = self._of_slide.get(work.slide)
            if of_slide is None:
                of_slide = self._of_slide[work.slide] = Seats(SMALL_OF_ONE_SLIDE)
        return [of_slide, self._seats["small"]]

    def place_for(self, work: Work) -> AbstractAsyncContextManager[None]:
        """Raises Busy where none becomes free."""
        full = Busy("Many large pictures are being made right now. Try again in {wait_s} s.", wait_s=RETRY_AFTER_S)
        return seated(self.seats_for(work), full)


def rooms_of(request: Request) -> Rooms:
    return request.app.state.rooms
