"""tus 1.0.0, the protocol of uploads that go on where they broke off: its headers, and pieces as they come."""

import asyncio
import base64
from collections.abc import Callable, Coroutine, Mapping
from email.utils import formatdate
from typing import Any, Protocol

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from atrisys.errors import Invalid, Refusal
from atrisys.store.growing import CHECKSUMS, Checksum
from atrisys.store.tables import OpenUpload
from atrisys.wire.edge import PIECE_OF_FILE
from atrisys.wire.refusals import answer_to
from atrisys.wire.routes import OneTransaction
from atrisys.wire.streaming import STALLED_S

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
WRITE_AT = 1 << 20
LONGEST_METADATA = 8192


class Piece(Protocol):
    """What is written while it comes (actions/resume_upload.py)."""

    def require_room(self, size: int) -> None: ...
    def write(self, piece: bytes) -> None: ...
    def break_off(self) -> None: ...
    def finish(self) -> OpenUpload: ...
    def close(self) -> None: ...


class TusRoute(OneTransaction):
    """Speaks one version of tus, and says so in each answer."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except Refusal as refusal:
                response = await run_in_threadpool(answer_to, request, refusal)
            response.headers["Tus-Resumable"] = VERSION
            return response

        return answer


def require_version(headers: Headers) -> None:
    """Who says nothing (curl) is taken for one who speaks ours."""
    if headers.get("tus-resumable", VERSION) != VERSION:
        raise HTTPException(412, f"Only version {VERSION} of tus is spoken here.", headers={"Tus-Version": VERSION})


def read_number(headers: Headers, name: str) -> int:
    """A header that is a count of bytes. Raises Invalid."""
    text = headers.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Invalid("Say a number of bytes in the header {header}.", header=name)
    return int(text)


def read_metadata(sent: str) -> dict[str, str]:
    """`Upload-Metadata`: words, each with its value in Base64, separated by commas."""
    if len(sent) > LONGEST_METADATA:
        raise Invalid("Upload-Metadata has at most {limit} signs.", limit=LONGEST_METADATA)
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in sent.split(","))):
        key, _, value = pair.partition(" ")
        try:
            found[key] = _unpacked(value).decode("utf-8")
        except ValueError as error:
            raise Invalid("The value of {key} in Upload-Metadata is no text in Base64.", key=key) from error
    return found


def read_checksum(headers: Headers) -> Checksum | None:
    """`Upload-Checksum: sha1 …`. Raises Invalid for what we cannot compute."""
    sent = headers.get("upload-checksum")
    if sent is None:
        return None
    algorithm, _, digest = sent.partition(" ")
    if algorithm not in CHECKSUMS:
        raise Invalid("Checksums are computed by {algorithms}.", algorithms=",".join(CHECKSUMS))
    try:
        return Checksum(algorithm, _unpacked(digest))
    except ValueError as error:
        raise Invalid("The checksum is no Base64.") from error


def _unpacked(text: str) -> bytes:
    """Raises ValueError for what is no Base64."""
    return base64.b64decode(text.strip(), validate=True)


def headers_of(row: OpenUpload) -> dict[str, str]:
    """What is told of an upload in each answer."""
    return {"Upload-Offset": str(row.offset), "Upload-Expires": formatdate(row.expires / 1000, usegmt=True)}


def sends_piece(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type") == PIECE_OF_FILE


async def take_piece(request: Request, begin: Callable[[Checksum | None], Piece]) -> OpenUpload:
    """Write the body behind what has come already, in the piece that `begin` gives.

    Where it breaks off, what came is kept, unless it had a checksum. Nobody waits longer than `STALLED_S` for more.

    Raises: as the piece does; Invalid where it broke off.
    """
    piece = await run_in_threadpool(begin, read_checksum(request.headers))
    try:
        stated = request.headers.get("content-length")
        if stated is not None:
            piece.require_room(read_number(request.headers, "content-length"))
        await _write_all(request, piece)
        return await run_in_threadpool(piece.finish)
    except (ClientDisconnect, TimeoutError) as error:
        await run_in_threadpool(piece.break_off)
        raise Invalid("The upload broke off.") from error
    except asyncio.CancelledError:
        # The server is being stopped: there is no other thread to wait for.
        piece.break_off()
        raise
    finally:
        piece.close()


async def _write_all(request: Request, piece: Piece) -> None:
    waiting = bytearray()
    chunks = aiter(request.stream())
    try:
        while True:
            async with asyncio.timeout(STALLED_S):
                chunk = await anext(chunks, None)
            waiting += chunk or b""
            if len(waiting) >= WRITE_AT or chunk is None:
                whole = bytes(waiting)
                waiting.clear()
                await run_in_threadpool(piece.write, whole)
            if chunk is None:
                return
    except (ClientDisconnect, TimeoutError):
        await run_in_threadpool(piece.write, bytes(waiting))
        raise
