"""Tiles that lie in their file as JPEG, answered before the router: nothing is decoded, and nobody is asked twice.

What the ordinary road has judged (this credential may see this slide) is believed for four seconds; then it is judged
anew, so that whatever takes a right away takes it here within five: a member who goes, a deleted image, a locked
account, new keys, a session that ended, another file. Each process has its own memory of it, and bounds it.

This road only says yes. Whatever it does not know or cannot answer goes the ordinary road, which says why.
"""

import asyncio
import hashlib
import re
import time
import weakref
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from atrisys.access import sign_in
from atrisys.access.keys import signed_by
from atrisys.access.slide_file import SlideFile
from atrisys.errors import NotSignedIn, Refusal
from atrisys.imaging.own_tiles import Place
from atrisys.imaging.slides import SharedSlide
from atrisys.store.tables import SecUser
from atrisys.wire.credentials import signed_texts
from atrisys.wire.pictures import CACHING, etag_of, has_etag

ADDRESS = re.compile(
    r"/api/atrisys/(imageinstance|sliceinstance)/([0-9]{1,18})/tile/([0-9]{1,3})/([0-9]{1,9})/([0-9]{1,9})\.jpg"
)
BELIEVED_S, RENEWED_S = 4.0, 3.0
"""How long a judgement holds, and after how long one request has it made anew while the others still go by it."""
MOST_KNOWN = 4096
MOST_WAITING = 8
"""So many tiles wait for the disk at once; more go the ordinary road, where who waits too long is sent away."""
_SHOWN = frozenset((b"authorization", b"cookie", b"x-auth-token", b"x-auth-secret"))
_TOKENS = {b"x-auth-token", b"x-auth-secret"}
_HEAD = [(b"content-type", b"image/jpeg"), *((name.lower().encode(), said.encode()) for name, said in CACHING.items())]

Key = tuple[bytes, str, int]
"""Digest of the credential; kind and id of what shows the slide."""


@dataclass(frozen=True)
class Judged:
    """What the ordinary road found: who asks may see this slide."""

    slide: SlideFile
    private_key: str | None = field(repr=False)
    """Of whoever signs their requests: each signature is another, and is judged each time."""


@dataclass
class Known:
    """The same, for as long as it is believed."""

    judged: Judged
    until: float
    slide: "weakref.ref[SharedSlide]"
    """Only as long as it is kept open for others as well."""
    cookies: list[tuple[bytes, bytes]]
    """What is set again: the key-born cookie of whoever signs."""
    is_being_renewed: bool = False


def may_be_answered_again(request: Request, slide: SlideFile) -> None:
    """Said by a handler that has judged: more tiles of this slide may be handed to the same asker without it."""
    if slide.in_place is not None:
        # Somebody else may change the file at any moment: it is looked at each time.
        return
    private_key, caller = None, request.state.caller
    if caller.way == "signature":
        user = request.state.db.get_one(SecUser, caller.id)
        private_key = request.app.state.key_box.open(user.private_key, user.public_key)
    request.state.judged = Judged(slide, private_key)


def tile_marks(slide: SlideFile, place: Place) -> tuple[object, ...]:
    """What one of a file's own tiles depends on, for its ETag."""
    return "own tile", slide.mark, place.level, place.column, place.row


class StoredTiles:
    """Stands between the edge and the router."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._known: OrderedDict[Key, Known] = OrderedDict()
        self._disk = ThreadPoolExecutor(MOST_WAITING, thread_name_prefix="cold tiles")
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
        elif found := ADDRESS.fullmatch(scope["path"]):
            noun, id, level, column, row = found.groups()
            key = (credential_of(scope), noun, int(id))
            known = self._still_known(key)
            if known is None or not await self._answered(scope, send, known, Place(int(level), int(column), int(row))):
                await self._by_the_ordinary_road(scope, receive, send, key)
        else:
            await self.app(scope, receive, send)

    def _still_known(self, key: Key) -> Known | None:
        known, now = self._known.get(key), time.monotonic()
        if known is None or now >= known.until:
            return None
        if not known.is_being_renewed and now >= known.until - BELIEVED_S + RENEWED_S:
            known.is_being_renewed = True
            return None
        return known

    async def _answered(self, scope: Scope, send: Send, known: Known, place: Place) -> bool:
        """Whether the tile was sent (or the asker has it already)."""
        slide, plane = known.slide(), known.judged.slide.plane
        if known.judged.private_key is not None and not is_signed(scope, known.judged.private_key):
            return False
        if slide is None or not slide.has_stored_tile(place.level, place.column, place.row, plane):
            return False
        etag = etag_of(tile_marks(known.judged.slide, place))
        headers = [*_HEAD, (b"etag", etag.encode()), *known.cookies]
        if has_etag(_header(scope, b"if-none-match"), etag):
            await send({"type": "http.response.start", "status": 304, "headers": headers[1:]})
            await send({"type": "http.response.body"})
            return True
        tile = slide.read_stored_tile_at_once(place.level, place.column, place.row, plane)
        if tile is None:
            tile = await self._from_disk(slide, known, place)
        if tile is None:
            return False
        headers.append((b"content-length", b"%d" % len(tile)))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else tile})
        return True

    async def _from_disk(self, slide: SharedSlide, known: Known, place: Place) -> bytes | None:
        if self._waiting >= MOST_WAITING:
            return None
        asked = (place.level, place.column, place.row, known.judged.slide.plane)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._disk, slide.read_stored_tile, *asked)
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
