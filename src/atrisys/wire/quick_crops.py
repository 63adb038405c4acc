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
from functools import cache, lru_cache
from typing import NamedTuple

import shapely
from sqlalchemy import BigInteger, bindparam, null, select
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from atrisys.access.caller import Caller
from atrisys.access.slide_file import SlideFile
from atrisys.access.visible import somebody, visible
from atrisys.errors import Refusal
from atrisys.imaging.ahead import IN_HAND
from atrisys.imaging.crops import Bounds
from atrisys.store.fixed import Fixed
from atrisys.store.session import Store
from atrisys.store.tables import AnnotationDomain, ReviewedAnnotation, UserAnnotation
from atrisys.wire.believed import Beliefs, by_the_ordinary_road, credential_of, is_signed
from atrisys.wire.cut_outs import Way, Wishes, cut_out, read_wishes
from atrisys.wire.picture_asking import PictureWords
from atrisys.wire.pictures import PictureAnswer
from atrisys.wire.refusals import answer_to
from atrisys.wire.threads import Threads
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
    mark: tuple[int, int]
    """Its id and version."""
    bounds: Bounds
    shape: bytes | None
    """None where nothing but its bounds is wanted."""


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
    bounds = row.min_x, row.min_y, row.max_x, row.max_y
    return Drawn(row.slice_id, (row.id, row.version), bounds, row.shape)


def picture(request: Request, slide: SlideFile, drawn: Drawn, wishes: Wishes) -> Response:
    """The answer with the picture of an annotation, on either road."""
    shapes = [] if drawn.shape is None else [shapely.from_wkb(drawn.shape)]
    return cut_out(request, slide, wishes, drawn.bounds, shapes, drawn.mark)


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
        self._threads = Threads(share_of_cores(processes), "crop")
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
        made = self._threads.run(self._made, request, address, asker)
        late = asyncio.get_running_loop().call_later(WAIT_S, self._give_up, made)
        self._in_hand += 1
        try:
            with IN_HAND:
                response = await made
            if response is not None:
                self._closed_until = 0.0
            return response
        finally:
            late.cancel()
            self._in_hand -= 1

    def _give_up(self, made: "asyncio.Future[Response | None]") -> None:
        """What has begun goes on."""
        if self._threads.take_back(made):
            self._closed_until = time.monotonic() + CLOSED_S
            made.set_result(None)

    def _made(self, request: Request, address: CropAddress, asker: Asker) -> Response | None:
        try:
            wishes = _wishes_of(request.scope["query_string"], address.format, _WAYS.get(address.word))
        except Refusal:
            # The ordinary road says why, to who may see the annotation.
            return None
        try:
            drawn = _drawn(request.app.state.store, address, asker, with_shape=wishes.way != "crop")
        except SQLAlchemyError:
            return None
        known = self._slides.still(drawn.slice_id) if drawn else None
        if drawn is None or known is None:
            return None
        try:
            response = picture(request, known.what, drawn, wishes)
            if isinstance(response, PictureAnswer):
                with IN_HAND.known():
                    response.make_at_once()
        except Refusal as refusal:
            return answer_to(request, refusal)
        return response


@lru_cache(maxsize=64)
def _wishes_of(query: bytes, format: str, way: Way | None) -> Wishes:
    """Whoever pulls many crops asks for all of them in the same words."""
    return read_wishes(PictureWords(dict(QueryParams(query))), format, way)


def _drawn(store: Store, address: CropAddress, asker: Asker, with_shape: bool) -> Drawn | None:
    """The annotation, if who asks may see it."""
    with store.asking() as connection:
        for kind in address.kinds:
            rows = _one(kind, asker.is_admin, with_shape).rows(connection, id=address.id, me=asker.id)
            for slice_id, version, left, top, right, bottom, shape in rows:
                return Drawn(slice_id, (address.id, version), (left, top, right, bottom), shape)
    return None


@cache
def _one(kind: Kind, is_admin: bool, with_shape: bool) -> Fixed:
    # Of a shape of many points, its bounds alone take no time to read.
    shape = kind.shape if with_shape else null()
    query = select(kind.slice_id, kind.version, kind.min_x, kind.min_y, kind.max_x, kind.max_y, shape)
    query = query.where(kind.id == bindparam("id", type_=BigInteger))
    return Fixed(visible(somebody(is_admin=is_admin), query))
