"""Tiles answered before the router, as they lie in their file, as they were kept, or made: nobody is asked twice.

What the ordinary road has judged (this credential may see this slide) is believed for a while (believed.py).

This road only says yes, or that a tile cannot be made. All else goes the ordinary road, which says why.
"""

import asyncio
import weakref
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from atrisys.access.slide_file import SlideFile
from atrisys.errors import Refusal
from atrisys.imaging.encode import CONTENT_TYPES
from atrisys.imaging.own_tiles import Place, format_of
from atrisys.imaging.slides import SharedSlide
from atrisys.store.kept_tiles import KeptTiles
from atrisys.wire.believed import Beliefs, Heard, Known, by_the_ordinary_road, credential_of, is_signed
from atrisys.wire.pictures import CACHING, Work, has_etag, named_picture_answer
from atrisys.wire.refusals import answer_to
from atrisys.wire.tile_addresses import TileAddress, read_address
from atrisys.wire.tiles import Judged, etag_of_tile, name_of, tile_work

DISK_THREADS, MOST_WAITING = 4, 64
"""So many tiles wait for the disk at once; more go the ordinary road, where who waits too long is sent away."""
_CACHING = [(name.lower().encode(), said.encode()) for name, said in CACHING.items()]


@dataclass(frozen=True)
class Seen:
    """A slide that who asks may see."""

    judged: Judged
    opened: "weakref.ref[SharedSlide]"
    """Only as long as it is kept open for others as well."""


class StoredTiles:
    """Stands between the edge and the router."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._believed: Beliefs[Seen] = Beliefs()
        self._disk = ThreadPoolExecutor(DISK_THREADS, thread_name_prefix="cold tiles")
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = read_address(scope["path"]) if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") else None
        if asked is None:
            await self.app(scope, receive, send)
            return
        key = (credential_of(scope), asked.noun, asked.id)
        known = self._believed.still(key)
        if known is None or scope["query_string"] or not await self._answered(scope, receive, send, known, asked):
            heard = await by_the_ordinary_road(self.app, scope, receive, send)
            judged = scope["state"].get("judged")
            if judged is not None and heard.went_well:
                await self._learn(key, judged, heard)

    async def _answered(
        self, scope: Scope, receive: Receive, send: Send, known: Known[Seen], asked: TileAddress
    ) -> bool:
        """Whether the tile was sent (or the asker has it already)."""
        slide, judged, private_key = known.what.opened(), known.what.judged.slide, known.what.judged.private_key
        if slide is None or (private_key is not None and not is_signed(scope, private_key)):
            return False
        try:
            tile = asked.tile(judged.facts)
        except Refusal:
            return False
        etag = etag_of_tile(judged, tile)
        if has_etag(_header(scope, b"if-none-match"), etag):
            await send({"type": "http.response.start", "status": 304, "headers": _headers(etag, known)})
            await send({"type": "http.response.body"})
            return True
        body = None
        if isinstance(tile, Place):
            where = (tile.level, tile.column, tile.row, judged.plane)
            body = slide.read_stored_tile_at_once(*where)
            if body is None and slide.has_stored_tile(*where):
                body = await self._from_disk(slide.read_stored_tile, *where)
                if body is None:
                    return False
        if body is None:
            kept: KeptTiles = scope["app"].state.store.tiles
            work, name = tile_work(kept, judged, tile, etag), name_of(etag)
            body = kept.read_at_once(judged.path.name, name)
            if body is None and not scope["app"].state.rooms.have_room(work):
                # Who makes it looks on the disk first; but what lies there need not wait until others were made.
                body = await self._from_disk(kept.read, judged.path.name, name)
            if body is None:
                await _make(scope, receive, send, known, work, etag)
                return True
        headers = [
            *_headers(etag, known),
            (b"content-type", CONTENT_TYPES[format_of(tile)].encode()),
            (b"content-length", b"%d" % len(body)),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
        return True

    async def _from_disk(self, read: Callable[..., bytes | None], *asked: object) -> bytes | None:
        if self._waiting >= MOST_WAITING:
            return None
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._disk, read, *asked)
        except (Refusal, OSError):
            return None
        finally:
            self._waiting -= 1

    async def _learn(self, key: Hashable, judged: Judged, heard: Heard) -> None:
        try:
            slide = await run_in_threadpool(_opened, judged.slide)
        except Refusal:
            return
        self._believed.learn(key, Seen(judged, weakref.ref(slide)), heard)


def _headers(etag: str, known: Known[Seen]) -> list[tuple[bytes, bytes]]:
    return [*_CACHING, (b"etag", etag.encode()), *known.cookies]


async def _make(scope: Scope, receive: Receive, send: Send, known: Known[Seen], work: Work, etag: str) -> None:
    """The tile as the ordinary road would make and send it, without judging again. The request is used up by this."""
    request, has_begun = Request(scope), False

    async def noting(message: Message) -> None:
        nonlocal has_begun
        has_begun = True
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *known.cookies]}
        await send(message)

    try:
        await named_picture_answer(request, work, etag)(scope, receive, noting)
    except Exception as error:
        if has_begun:
            raise
        await answer_to(request, error)(scope, receive, noting)


def _opened(slide: SlideFile) -> SharedSlide:
    with slide.reading() as opened:
        return opened


def _header(scope: Scope, wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), None)
