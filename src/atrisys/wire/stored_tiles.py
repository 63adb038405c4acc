"""Tiles answered before the router, as they lie in their file, as they were kept, or made: nobody is asked twice.

What the ordinary road has judged (this credential may see this slide) is believed for four seconds; then it is judged
anew, so that whatever takes a right away takes it here within five: a member who goes, a deleted image, a locked
account, new keys, a session that ended, another file. Each process has its own memory of it, and bounds it.

This road only says yes, or that a tile cannot be made. All else goes the ordinary road, which says why.
"""

import asyncio
import hashlib
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from atrisys.access import sign_in
from atrisys.access.keys import signed_by
from atrisys.access.slide_file import SlideFile
from atrisys.errors import NotSignedIn, Refusal
from atrisys.imaging.encode import CONTENT_TYPES
from atrisys.imaging.own_tiles import Place, format_of
from atrisys.imaging.slides import SharedSlide
from atrisys.store.kept_tiles import KeptTiles
from atrisys.wire.credentials import signed_texts
from atrisys.wire.pictures import CACHING, Work, has_etag, named_picture_answer
from atrisys.wire.refusals import answer_to
from atrisys.wire.tile_addresses import TileAddress, read_address
from atrisys.wire.tiles import Judged, etag_of_tile, name_of, tile_work

BELIEVED_S, RENEWED_S = 4.0, 3.0
"""How long a judgement holds, and after how long one request has it made anew while the others still go by it."""
MOST_KNOWN = 4096
DISK_THREADS, MOST_WAITING = 4, 64
"""So many tiles wait for the disk at once; more go the ordinary road, where who waits too long is sent away."""
_SHOWN = frozenset((b"authorization", b"cookie", b"x-auth-token", b"x-auth-secret"))
_TOKENS = {b"x-auth-token", b"x-auth-secret"}
_CACHING = [(name.lower().encode(), said.encode()) for name, said in CACHING.items()]

Key = tuple[bytes, str, int]
"""Digest of the credential; kind and id of what shows the slide."""


@dataclass
class Known:
    """Who asks may see this slide, for as long as that is believed."""

    judged: Judged
    until: float
    slide: "weakref.ref[SharedSlide]"
    """Only as long as it is kept open for others as well."""
    cookies: list[tuple[bytes, bytes]]
    """What is set again: the key-born cookie of whoever signs."""
    is_being_renewed: bool = False


class StoredTiles:
    """Stands between the edge and the router."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._known: OrderedDict[Key, Known] = OrderedDict()
        self._disk = ThreadPoolExecutor(DISK_THREADS, thread_name_prefix="cold tiles")
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = read_address(scope["path"]) if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") else None
        if asked is None:
            await self.app(scope, receive, send)
            return
        key = (credential_of(scope), asked.noun, asked.id)
        known = self._still_known(key)
        if known is None or scope["query_string"] or not await self._answered(scope, receive, send, known, asked):
            await self._by_the_ordinary_road(scope, receive, send, key)

    def _still_known(self, key: Key) -> Known | None:
        known, now = self._known.get(key), time.monotonic()
        if known is None or now >= known.until:
            return None
        if not known.is_being_renewed and now >= known.until - BELIEVED_S + RENEWED_S:
            known.is_being_renewed = True
            return None
        return known

    async def _answered(self, scope: Scope, receive: Receive, send: Send, known: Known, asked: TileAddress) -> bool:
        """Whether the tile was sent (or the asker has it already)."""
        slide, judged = known.slide(), known.judged.slide
        if slide is None or (known.judged.private_key is not None and not is_signed(scope, known.judged.private_key)):
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

    async def _by_the_ordinary_road(self, scope: Scope, receive: Receive, send: Send, key: Key) -> None:
        asked_at, start = time.monotonic(), {}

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            await send(message)

        await self.app(scope, receive, noting)
        judged = scope["state"].get("judged")
        if judged is not None and start.get("status") in (200, 304):
            await self._keep(key, judged, asked_at + BELIEVED_S, start)

    async def _keep(self, key: Key, judged: Judged, until: float, start: dict[str, Any]) -> None:
        try:
            slide = await run_in_threadpool(_opened, judged.slide)
        except Refusal:
            return
        cookies = [pair for pair in start["headers"] if pair[0] == b"set-cookie"]
        self._known.pop(key, None)
        self._known[key] = Known(judged, until, weakref.ref(slide), cookies)
        now = time.monotonic()
        while self._known and (len(self._known) > MOST_KNOWN or next(iter(self._known.values())).until <= now):
            self._known.popitem(last=False)


def _headers(etag: str, known: Known) -> list[tuple[bytes, bytes]]:
    return [*_CACHING, (b"etag", etag.encode()), *known.cookies]


async def _make(scope: Scope, receive: Receive, send: Send, known: Known, work: Work, etag: str) -> None:
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


def credential_of(scope: Scope) -> bytes:
    """Another one for another credential: a digest of all that signing in looks at.

    Of a signed request, only whose signature it claims to be: the signature itself changes from request to request.
    """
    shown = [header for header in scope["headers"] if header[0] in _SHOWN]
    said = dict(reversed(shown))
    pair = _signature(said)
    if pair is not None:
        shown = [("signed by", pair.partition(":")[0])]
    return hashlib.sha256(repr((scope.get("scheme"), shown)).encode()).digest()


def is_signed(scope: Scope, private_key: str) -> bool:
    """Whether a signed request holds, as signing in judges it."""
    request = Request(scope)
    headers, settings = request.headers, scope["app"].state.settings
    pair = _signature({name: value for name, value in reversed(scope["headers"]) if name in _SHOWN}) or ""
    date = headers.get("date") or headers.get("datefull") or ""
    if not signed_by(private_key, pair.partition(":")[2], signed_texts(request, date)):
        return False
    try:
        sign_in.require_fresh(date, settings)
    except NotSignedIn:
        return False
    return True


def _signature(said: dict[bytes, bytes]) -> str | None:
    """`public key:signature`, where the headers claim one and nothing goes before it."""
    scheme, _, pair = said.get(b"authorization", b"").decode("latin-1").partition(" ")
    return pair.strip() if scheme.upper() == "CYTOMINE" and not _TOKENS & said.keys() else None


def _header(scope: Scope, wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), None)
