"""The two dialects, decided here alone: Cytomine's envelopes, or bare arrays for curl with keys in headers.

Also which origin is meant: Cytomine's wire counts y upwards, the house downwards from the top. Whoever takes a shape in
turns it (geometry/frames.py), since that needs the height of its image.
"""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.geometry.frames import LEFT_BOTTOM, Origin, check_origin
from atrisys.wire.streaming import Stream

JSON = "application/json"


class Json(Response):
    """JSON that nobody may keep."""

    media_type = JSON

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)


def says_yes(value: str | None) -> bool | None:
    """`True`, `true`, `1`: Python and JavaScript clients spell booleans differently. None where nothing was said."""
    if value is None or value.strip().lower() in ("", "null", "none"):
        return None
    return value.strip().lower() in ("true", "1", "yes", "on")


def wants_envelope(request: Request, caller: Caller | None) -> bool:
    """Whoever sends X-Auth headers gets bare arrays, everybody else Cytomine's envelope; `envelope=` decides."""
    asked = says_yes(request.query_params.get("envelope"))
    if asked is not None:
        return asked
    return caller is None or caller.way != "token"


def origin_of(request: Request) -> Origin:
    """Cytomine's origin is the bottom left; `origin=left-top` asks for image order."""
    return read_origin(request.query_params.get("origin"))


def read_origin(value: object) -> Origin:
    """The origin that a request names; where it says nothing, Cytomine's. Raises Invalid for any other name."""
    return LEFT_BOTTOM if value is None or value == "" else check_origin(value)


def collection(
    request: Request, caller: Caller | None, rows: list[Any], *, total: int, offset: int, length: int
) -> Response:
    """A list as the asker's dialect has it. `length`: how long a page may be, 0 for everything."""
    headers = _paging(request, total, offset, length)
    if not wants_envelope(request, caller):
        return Json(rows, headers=headers)
    return Json({"collection": rows, **_counts(len(rows), total, offset, length)}, headers=headers)


def streamed_collection(
    request: Request, caller: Caller | None, pieces: Iterable[bytes], *, total: int, offset: int, length: int
) -> Response:
    """The same from pieces of JSON (rows joined by commas), written as they come."""
    rows = max(0, min(total - offset, length or total))
    if wants_envelope(request, caller):
        head, tail = b'{"collection":[', b"]," + orjson.dumps(_counts(rows, total, offset, length))[1:]
    else:
        head, tail = b"[", b"]"
    return Stream(_joined(head, pieces, tail), media_type=JSON, headers=_paging(request, total, offset, length))


def _joined(head: bytes, pieces: Iterable[bytes], tail: bytes) -> Iterator[bytes]:
    gap = head
    try:
        for piece in pieces:
            yield gap + piece
            gap = b","
        yield (tail if gap == b"," else head + tail)
    finally:
        if hasattr(pieces, "close"):
            pieces.close()  # pyright: ignore[reportAttributeAccessIssue]


def _counts(rows: int, total: int, offset: int, length: int) -> dict[str, int]:
    pages = -(-total // length) if length else int(total > 0)
    return {"offset": offset, "perPage": rows, "size": total, "totalPages": pages}


def _paging(request: Request, total: int, offset: int, length: int) -> dict[str, str]:
    headers = {"X-Total-Count": str(total)}
    if length and offset + length < total:
        left_out = {"offset", "max", "page", "size"}
        query = [(key, value) for key, value in request.query_params.multi_items() if key not in left_out]
        query += [("max", str(length)), ("offset", str(offset + length))]
        headers["Link"] = f'<{address_of(request)}{request.url.path}?{urlencode(query)}>; rel="next"'
    return headers


def address_of(request: Request) -> str:
    """`https://host/prefix` under which the asker reached us, or the address that the settings give."""
    public = request.app.state.settings.public_url
    if public:
        return public
    host = request.headers.get("host") or request.url.netloc
    return f"{request.url.scheme}://{host}{request.scope.get('root_path', '')}"
