"""Pictures of annotations answered before the router: one question to the database, and no framework.

Who a credential belongs to, and which file is behind a slice, is believed for a while once the ordinary road has found
it out (believed.py). The annotation itself, and whether that person may see it, is asked each time.

This road only says yes, or that a picture cannot be made. All else goes the ordinary road, which says why.
"""

import asyncio
import os
import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import NamedTuple

import shapely
from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from atrisys.access.caller import Caller
from atrisys.access.slide_file import SlideFile
from atrisys.access.visible import somebody, visible
from atrisys.errors import Refusal
from atrisys.imaging.ahead import IN_HAND
from atrisys.store.fixed import Fixed
from atrisys.store.session import Store
from atrisys.store.tables import AnnotationDomain, ReviewedAnnotation, UserAnnotation
from atrisys.wire.believed import Beliefs, by_the_ordinary_road, credential_of, is_signed
from atrisys.wire.cut_outs import Way, cut_out, way_of
from atrisys.wire.picture_asking import Asked
from atrisys.wire.pictures import PictureAnswer
from atrisys.wire.refusals import answer_to
from atrisys.wire.tiles import judged_now

MOST_THREADS = 4
"""More would only take the interpreter from each other."""
MOST_IN_HAND, WAIT_S, CLOSED_S = 20, 0.1, 1.0
"""Who would be one more, or has waited so long, goes the ordinary road, and so do all others for a while: what takes
long holds nobody up."""
_ADDRESS = re.compile(
    r"/api/(?:(annotation)/([0-9]{1,18})/(crop)"
    r"|(userannotation|reviewedannotation|algoannotation)/([0-9]{1,18})/(crop|mask|alphamask))\.([^/]{1,20})"
)
_WAYS: dict[str, Way] = {"mask": "mask", "alphamask": "alphamask"}
_HAS_BODY = {b"content-length", b"transfer-encoding"}

Kind = type[UserAnnotation] | type[ReviewedAnnotation]


class Drawn(NamedTuple):
    """Of an annotation, what its picture depends on beside the slide."""

    slice_id: int
    shape: bytes
    mark: tuple[int, int]
    """Its id and version."""


class Asker(NamedTuple):
    """Whose credential it is."""

    id: int
    is_admin: bool
    private_key: str | None
    """Of whoever signs: each signature is another, and is judged each time."""


class CropAddress(NamedTuple):
    """What an address says."""

    noun: str
    id: int
    word: str
    format: str

    @property
    def kinds(self) -> Sequence[Kind]:
        """Where the annotation may lie. What programs draw is kept with what people draw."""
        if self.noun == "annotation":
            return UserAnnotation, ReviewedAnnotation
        return (ReviewedAnnotation,) if self.noun == "reviewedannotation" else (UserAnnotation,)


def read_address(path: str) -> CropAddress | None:
    """None for what is no address of an annotation's picture."""
    found = _ADDRESS.fullmatch(path)
    if found is None:
        return None
    noun, id, word, format = (part for part in found.groups() if part is not None)
    return CropAddress(noun, int(id), word, format)


def judged_drawn(request: Request, row: AnnotationDomain, slide: SlideFile) -> Drawn:
    """An annotation that who asks may see: who they are need not be found out for a while."""
    judged = judged_now(request, slide)
    if judged is not None:
        caller: Caller = request.state.caller
        request.state.crop = row.slice_id, slide, Asker(caller.id, caller.is_admin, judged.private_key)
    return Drawn(row.slice_id, row.shape, (row.id, row.version))


def picture(asked: Asked, slide: SlideFile, drawn: Drawn, format: str, way: Way) -> Response:
    """The answer with the picture of an annotation, on either road."""
    return cut_out(asked, slide, [shapely.from_wkb(drawn.shape)], format, way, None, drawn.mark)


def share_of_cores(processes: int) -> int:
    """Threads for each of so many processes."""
    return max(1, min(MOST_THREADS, (os.cpu_count() or 1) // processes))


class QuickCrops:
    """Stands between the tiles and the router."""

    def __init__(self, app: ASGIApp, processes: int = 1) -> None:
        """`processes`: so many make crops beside each other; each has its share of the cores."""
        self.app = app
        self._askers: Beliefs[Asker] = Beliefs()
        self._slides: Beliefs[SlideFile] = Beliefs()
        self._threads = ThreadPoolExecutor(share_of_cores(processes), thread_name_prefix="crops")
        self._in_hand = 0
        self._closed_until = 0.0
        """All threads are held by what takes long, as it seemed to one that waited."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asks = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        address = read_address(scope["path"]) if asks else None
        if address is None:
            await self.app(scope, receive, send)
            return
        credential = credential_of(scope)
        response = await self._answered(scope, address, credential)
        if response is not None:
            await response(scope, receive, send)
            return
        heard = await by_the_ordinary_road(self.app, scope, receive, send)
        if heard.went_well and "crop" in scope["state"]:
            slice_id, slide, asker = scope["state"]["crop"]
            self._askers.learn(credential, asker, heard)
            self._slides.learn(slice_id, slide, heard)

    async def _answered(self, scope: Scope, address: CropAddress, credential: bytes) -> Response | None:
        """None where the ordinary road must say."""
        known = self._askers.still(credential)
        if known is None or any(name in _HAS_BODY for name, _ in scope["headers"]):
            return None
        if self._in_hand >= MOST_IN_HAND or time.monotonic() < self._closed_until:
            return None
        if known.what.private_key is not None and not is_signed(scope, known.what.private_key):
            return None
        response = await self._in_turn(Request(scope), address, known.what)
        if response is not None:
            response.raw_headers += known.cookies
        return response

    async def _in_turn(self, request: Request, address: CropAddress, asker: Asker) -> Response | None:
        """None also where it was not its turn in time."""
        making = self._threads.submit(self._made, request, address, asker)
        made = asyncio.wrap_future(making)
        # What has begun is not cancelled by this.
        late = asyncio.get_running_loop().call_later(WAIT_S, making.cancel)
        self._in_hand += 1
        try:
            with IN_HAND:
                await asyncio.wait((made,))
            if made.cancelled():
                # What was given up stays in the pool's line, with its request, until a thread comes to it.
                self._closed_until = time.monotonic() + CLOSED_S
                return None
            self._closed_until = 0.0
            return made.result()
        finally:
            late.cancel()
            made.cancel()
            self._in_hand -= 1

    def _made(self, request: Request, address: CropAddress, asker: Asker) -> Response | None:
        try:
            drawn = _drawn(request.app.state.store, address, asker)
        except SQLAlchemyError:
            return None
        known = self._slides.still(drawn.slice_id) if drawn else None
        if drawn is None or known is None:
            return None
        try:
            asked = Asked(request, dict(request.query_params) if request.scope["query_string"] else {})
            way = _WAYS.get(address.word) or way_of(asked)
            response = picture(asked, known.what, drawn, address.format, way)
            if isinstance(response, PictureAnswer):
                with IN_HAND.known():
                    response.make_at_once()
        except Refusal as refusal:
            return answer_to(request, refusal)
        return response


def _drawn(store: Store, address: CropAddress, asker: Asker) -> Drawn | None:
    """The annotation, if who asks may see it."""
    with store.asking() as connection:
        for kind in address.kinds:
            for slice_id, shape, version in _one(kind, asker.is_admin).rows(connection, id=address.id, me=asker.id):
                return Drawn(slice_id, shape, (address.id, version))
    return None


@cache
def _one(kind: Kind, is_admin: bool) -> Fixed:
    query = select(kind.slice_id, kind.shape, kind.version).where(kind.id == bindparam("id", type_=BigInteger))
    return Fixed(visible(somebody(is_admin=is_admin), query))
