"""Where a request enters and an answer leaves: what every one of them needs, whichever route it takes.

Plain ASGI: proxies believed or not, a doubled slash before `api`, the request's number, a limit on bodies, the headers
that keep browsers safe.
"""

import ipaddress
import re
from random import getrandbits
from traceback import clear_frames
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from atrisys.errors import BodyTooLarge
from atrisys.settings import Settings
from atrisys.wire import refusals
from atrisys.wire.dialect import JSON
from atrisys.wire.headers import first_of_each

DOORS = {"api", "session", "server", "upload"}
TAKES_FILES = re.compile(r"/upload|/api/attachedfile(/\d+)?\.json|/api/domain/[^/]+/\d+/attachedfile\.json")
"""Multipart bodies posted there may be larger than others: they go to the disk, under a limit of their own."""
PIECE_OF_FILE = "application/offset+octet-stream"
TAKES_PIECES = re.compile(r"/api/atrisys/uploads(/\d+)?")
"""So may pieces of files sent there."""
WELL_FORMED_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
CORS_HEADERS = (
    "Authorization, Content-Type, Date, DateFull, Content-Type-Full, Content-MD5, X-Requested-With, X-Auth-Token, "
    "X-Auth-Secret, If-Match, If-None-Match, Idempotency-Key, Accept-Language, "
    "Tus-Resumable, Upload-Length, Upload-Offset, Upload-Metadata, Upload-Checksum"
)
CORS_EXPOSED = (
    "Content-Disposition, ETag, Link, X-Total-Count, X-Request-Id, X-Image-Size-Limit, Location, Tus-Resumable, "
    "Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm, Upload-Length, Upload-Offset, Upload-Metadata, "
    "Upload-Expires"
)


class Edge:
    """The outermost ring of the application."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._trusted = [ipaddress.ip_network(part, strict=False) for part in settings.trusted_proxies if part != "*"]
        self._trust_all = "*" in settings.trusted_proxies
        self._largest = settings.max_body_mb << 20
        self._prefix = urlsplit(settings.public_url).path.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})
        # As they are now: what comes after a body, as trailers, is no header.
        scope["headers"] = list(scope["headers"])
        self._forwarded(scope)
        self._straighten(scope)
        said = first_of_each(scope)
        given = said.get(b"x-request-id", b"").decode("latin-1")
        request_id = given if WELL_FORMED_ID.fullmatch(given) else f"{getrandbits(128):032x}"
        scope["state"]["request_id"] = request_id
        answer = _Dressed(send, scope, bool(said.get(b"origin")), request_id)
        if scope["method"] == "OPTIONS" and b"origin" in said and b"access-control-request-method" in said:
            await Response(status_code=204)(scope, receive, answer)
            return
        if self._is_file(scope, said.get(b"content-type", b"").decode("latin-1")):
            await self._answered(scope, receive, answer)
        elif self._says_too_much(said.get(b"content-length", b"").decode("latin-1")):
            refused = refusals.answer_to(Request(scope), self._too_large())
            refused.headers["Connection"] = "close"
            await refused(scope, receive, answer)
        else:
            await self._answered(scope, self._limited(receive), answer)

    async def _answered(self, scope: Scope, receive: Receive, answer: "_Dressed") -> None:
        """What a handler raises is answered, as long as nothing was sent."""
        try:
            await self.app(scope, receive, answer)
        except ClientDisconnect:
            # Nobody is there to be answered, and nothing was done: no bug, and anybody may do it a million times.
            return
        except Exception as error:
            if answer.has_begun:
                raise
            refused = await run_in_threadpool(refusals.answer_to, Request(scope), error)
            await refused(scope, receive, answer)
            _let_go(error)

    def _forwarded(self, scope: Scope) -> None:
        """What a trusted proxy says of the client: its address, scheme, host and our path prefix."""
        client = scope.get("client")
        if client and self._is_trusted(client[0]):
            headers = Headers(scope=scope)
            hops = [hop.strip() for hop in headers.get("x-forwarded-for", "").split(",") if hop.strip()]
            while hops and self._is_trusted(hops[-1]) and len(hops) > 1:
                hops.pop()
            if hops:
                scope["client"] = (hops[-1], 0)
            if proto := headers.get("x-forwarded-proto", "").split(",")[0].strip():
                scope["scheme"] = "https" if proto == "https" else "http"
            if host := headers.get("x-forwarded-host", "").split(",")[0].strip():
                MutableHeaders(scope=scope)["host"] = host
            scope["root_path"] = headers.get("x-forwarded-prefix", "").rstrip("/")
        self._cut_prefix(scope)

    def _cut_prefix(self, scope: Scope) -> None:
        """Proxies hand a sub-path on or keep it to themselves: routes never hear of it either way."""
        scope["atrisys.sent_path"] = scope.get("raw_path") or scope["path"].encode()
        for prefix in (self._prefix, scope.get("root_path", "")):
            if prefix and f"{scope['path']}/".startswith(f"{prefix}/"):
                scope["path"] = scope["path"][len(prefix) :] or "/"
                break

    def _is_trusted(self, address: str) -> bool:
        if self._trust_all or not self._trusted:
            return self._trust_all
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        if ip.version == 6 and ip.ipv4_mapped:
            # How a socket that listens to both says an IPv4 address.
            ip = ip.ipv4_mapped
        return any(ip in network for network in self._trusted)

    @staticmethod
    def _straighten(scope: Scope) -> None:
        """`//api/…`: who writes the server's address with a slash at its end, as scripts do, means `/api/…`."""
        bare = scope["path"].lstrip("/")
        if scope["path"].startswith("//") and re.split("[/.]", bare, maxsplit=1)[0] in DOORS:
            scope["path"] = f"/{bare}"

    @staticmethod
    def _is_file(scope: Scope, kind: str) -> bool:
        if kind == PIECE_OF_FILE:
            return TAKES_PIECES.fullmatch(scope["path"]) is not None
        is_form = scope["method"] == "POST" and kind.startswith("multipart/form-data")
        return is_form and TAKES_FILES.fullmatch(scope["path"]) is not None

    def _says_too_much(self, stated: str) -> bool:
        return stated.isdecimal() and (len(stated) > 18 or int(stated) > self._largest)

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(
            "The request's body is larger than {limit_mb} MB. Send it in parts.", limit_mb=self._largest >> 20
        )

    def _limited(self, receive: Receive) -> Receive:
        """A body without a stated length is counted while it comes."""
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._largest:
                raise self._too_large()
            return message

        return counted


DEEPEST = 8
"""Errors that led to one another."""


def _let_go(error: BaseException | None) -> None:
    """An error knows the frames that it came through, and some of them know it: the body would be held with them."""
    for _ in range(DEEPEST):
        if error is not None:
            clear_frames(error.__traceback__)
            error = error.__cause__ or error.__context__


ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", CSP.encode()),
    (b"x-frame-options", b"DENY"),
)
WITH_PICTURES = (
    *ALWAYS,
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"cache-control", b"private, no-cache"),
)
WITH_ALL_ELSE = (
    *ALWAYS,
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
WITH_TLS = (b"strict-transport-security", b"max-age=31536000")
WITH_JSON = (b"vary", b"Accept-Language, Authorization, X-Auth-Token, Cookie")


class _Dressed:
    """`send`, with the headers that every answer bears."""

    def __init__(self, send: Send, scope: Scope, has_origin: bool, request_id: str) -> None:
        self._send, self._scope, self._has_origin, self._id = send, scope, has_origin, request_id
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = list(message.get("headers", ()))
            self._dress(headers)
            if self._has_origin:
                self._allow_origin(MutableHeaders(raw=headers))
            message = {**message, "headers": headers}
        await self._send(message)

    def _dress(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Add what the answer does not say itself. As bytes: this is done for every tile."""
        said = dict(headers)
        kind = said.get(b"content-type", b"")
        more = WITH_PICTURES if kind.startswith(b"image/") else WITH_ALL_ELSE
        headers += [pair for pair in more if pair[0] not in said]
        headers.append((b"x-request-id", self._id.encode()))
        if self._scope.get("scheme") == "https":
            headers.append(WITH_TLS)
        if kind.startswith(JSON.encode()) and b"vary" not in said:
            headers.append(WITH_JSON)

    def _allow_origin(self, headers: MutableHeaders) -> None:
        """Any origin, without credentials: pages elsewhere may send keys, never a cookie."""
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Access-Control-Expose-Headers"] = CORS_EXPOSED
        if self._scope["method"] == "OPTIONS":
            headers["Access-Control-Allow-Methods"] = "GET, HEAD, POST, PUT, PATCH, DELETE"
            headers["Access-Control-Allow-Headers"] = CORS_HEADERS
            headers["Access-Control-Max-Age"] = "600"
            headers["Cache-Control"] = "no-store"
