"""Finding out who asks: the request's credentials, each kind handed to access/sign_in.py."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from atrisys.access import sign_in
from atrisys.access.caller import Account, Caller, Door, Way, account_by_public_key, caller_of
from atrisys.access.events import note, note_failure
from atrisys.access.keys import KeyBox
from atrisys.errors import NotAllowed, NotSignedIn
from atrisys.settings import Settings
from atrisys.store.driver import Db
from atrisys.store.tables import SecUser
from atrisys.wire.headers import first_of_each

log = logging.getLogger("atrisys")

SAFE = {"GET", "HEAD", "OPTIONS"}
SESSION_COOKIE, PICTURE_COOKIE = "atrisys_session", "atrisys_pictures"


def cookie_name(request: Request, name: str) -> str:
    """Browsers hold a `__Host-` cookie to its host, but take it over HTTPS only."""
    return f"__Host-{name}" if is_https(request) else name


def is_https(request: Request) -> bool:
    # `request.url` would put the whole address together, for each of three questions a request.
    return request.scope.get("scheme") == "https"


def set_cookie(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    """A cookie that no script reads and no other site's form sends; 0 seconds take it away."""
    response.raw_headers.append(_cookie_line(cookie_name(request, name), value, seconds, is_https(request)))


@lru_cache(maxsize=1024)
def _cookie_line(name: str, value: str, seconds: int, secure: bool) -> tuple[bytes, bytes]:
    written = Response()
    written.set_cookie(name, value, max_age=seconds, path="/", httponly=True, samesite="lax", secure=secure)
    return written.raw_headers[-1]


def set_session(request: Request, response: Response, token: str) -> None:
    set_cookie(request, response, SESSION_COOKIE, token, request.app.state.settings.session_max_h * 3600)


def drop_session(request: Request, response: Response) -> None:
    set_cookie(request, response, SESSION_COOKIE, "", 0)


def session_token(request: Request) -> str:
    """The session cookie that was sent, empty where none was."""
    return request.cookies.get(cookie_name(request, SESSION_COOKIE), "")


def came_from(request: Request) -> tuple[str, str]:
    """The address and the program that ask."""
    return request.client.host if request.client else "", request.headers.get("user-agent", "")


def who_asks(request: Request, db: Db, *, opens_to_picture_cookie: bool, counts_as_unsafe: bool) -> Caller:
    """The caller. Credentials in headers are judged first and alone; then the session; then the picture cookie.

    Raises:
        NotSignedIn: nobody, or credentials that do not hold.
        NotAllowed: a browser's session used from another site.
    """
    settings: Settings = request.app.state.settings
    box: KeyBox = request.app.state.key_box
    headers = request.headers
    public_key, private_key = headers.get("x-auth-token"), headers.get("x-auth-secret")
    scheme, _, pair = headers.get("authorization", "").partition(" ")
    if public_key is not None or private_key is not None:
        with _told_when_refused(request, db, public_key or ""):
            user = sign_in.by_token(db, box, public_key or "", private_key or "")
        return _caller(request, user, "token", "api")
    if scheme.upper() == "CYTOMINE":
        with _told_when_refused(request, db, pair.strip().partition(":")[0]):
            user = _by_signature(request, db, box, settings, pair)
        return _caller(request, user, "signature", "api")
    if token := session_token(request):
        user, stale = sign_in.by_session(db, settings, token)
        if counts_as_unsafe or request.method not in SAFE:
            require_same_origin(request)
        request.state.touch = token if stale else None
        return _caller(request, user, "session", "web")
    value = request.cookies.get(cookie_name(request, PICTURE_COOKIE))
    if value and opens_to_picture_cookie and request.method in {"GET", "HEAD"}:
        return _caller(request, sign_in.by_picture_cookie(db, box, value), "cookie", "api")
    raise NotSignedIn("Sign in first, or send your API keys (X-Auth-Token and X-Auth-Secret).")


@contextmanager
def _told_when_refused(request: Request, db: Db, public_key: str) -> Iterator[None]:
    """What was sent as a key is not told itself: it may be the private one, in the wrong place."""
    try:
        yield
    except NotSignedIn:
        account = account_by_public_key(db, public_key)
        note_failure(
            request.app.state.store,
            account.id if account else None,
            door="api",
            what="keys",
            address=came_from(request)[0],
            request_id=request.state.request_id,
        )
        raise


def _caller(request: Request, user: Account, way: Way, door: Door) -> Caller:
    request.state.public_key = user.public_key
    caller = caller_of(user, way, door, request.state.request_id)
    if way in ("signature", "token"):
        _warn_of_plain_http(request)
        address = came_from(request)[0]
        note(request.app.state.store, caller, "signed in", SecUser, user.id, what="keys", address=address)
    return caller


@lru_cache(maxsize=1024)
def _warn_once(address: str) -> None:
    log.warning(
        "API keys came over plain HTTP from %s: whoever listens on the way can use them. "
        "Start with --tls-cert and --tls-key, or put a proxy with HTTPS in front.",
        address,
    )


def _warn_of_plain_http(request: Request) -> None:
    address = request.client.host if request.client else ""
    if not is_https(request) and address not in ("127.0.0.1", "::1", "localhost", "testclient", ""):
        _warn_once(address)


ELSEWHERE = "This request came from another site and was refused. Open ATrISys itself and try again."


def require_same_origin(request: Request) -> None:
    """What changes something (or tells a secret) comes from our own pages only."""
    if not is_same_origin(request):
        raise NotAllowed(ELSEWHERE)


def is_same_origin(request: Request) -> bool:
    """Whether the browser says that one of our own pages asks; without a word of it, not."""
    says = _origin_said(request)
    return "x-requested-with" in request.headers if says is None else says


def require_no_other_site(request: Request) -> None:
    """For signing in: a script may say nothing of where it is; a page of another site is refused."""
    if _origin_said(request) is False:
        raise NotAllowed(ELSEWHERE)


def _origin_said(request: Request) -> bool | None:
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    own = {f"{request.url.scheme}://{request.headers.get('host', '')}"}
    if public := request.app.state.settings.public_url:
        own.add("{0.scheme}://{0.netloc}".format(urlsplit(public)))
    if site is not None:
        return site == "same-origin"
    return None if origin is None else origin in own


def _by_signature(request: Request, db: Db, box: KeyBox, settings: Settings, pair: str) -> Account:
    public_key, _, signature = pair.strip().partition(":")
    headers = request.headers
    date = headers.get("date") or headers.get("datefull") or ""
    return sign_in.by_signature(
        db,
        box,
        settings,
        public_key=public_key,
        signature=signature,
        date=date,
        messages=signed_texts(request, date),
    )


def signed_texts(request: Request, date: str) -> Iterator[str]:
    """Every text that some client generation signs for this request: Python, Java and JavaScript differ."""
    said = first_of_each(request.scope)
    kind = (said.get(b"content-type-full") or said.get(b"content-type") or b"").decode("latin-1")
    md5 = said.get(b"content-md5", b"").decode("latin-1")
    kinds = dict.fromkeys(("" if kind == "null" else kind, ""))
    heads = [f"{request.method}\n{md5}\n{content_type}\n{date}" for content_type in kinds]
    # What the Python client signs comes first, so that nothing else is put together for it.
    yield from heads
    tails = dict.fromkeys(_signed_tails(request))
    for head in heads:
        for tail in tails:
            yield head + tail


def _signed_tails(request: Request) -> Iterator[str]:
    """What may stand below the date: the address as it was sent, or the whole URL behind `/api/`."""
    query = request.scope.get("query_string", b"").decode("latin-1")
    hosts = sorted(_hosts(request))
    for path in dict.fromkeys(_sent_paths(request)):
        whole = f"{path}?{query}" if query else path
        for text in (whole, f"{whole}?"):
            yield f"\n{text}"
            for scheme, port in (("http", 80), ("https", 443)):
                for host in hosts:
                    yield f"\n/api/{scheme}://{host}{text}"
                    if ":" not in host:
                        yield f"\n/api/{scheme}://{host}:{port}{text}"


def _sent_paths(request: Request) -> Iterator[str]:
    """The path as it was sent, with and without a sub-path: clients sign one or the other, proxies cut it or not."""
    sent = request.scope.get("atrisys.sent_path", b"").decode("latin-1")
    prefixes = {request.scope.get("root_path", ""), urlsplit(request.app.state.settings.public_url).path}
    yield sent
    yield sent.replace("//api/", "/api/", 1)
    for prefix in sorted(prefixes - {""}):
        yield sent.removeprefix(prefix)
        yield prefix + sent.removeprefix(prefix)


def _hosts(request: Request) -> set[str]:
    """Every name that a client may know us by."""
    return {request.headers.get("host", ""), urlsplit(request.app.state.settings.public_url).netloc} - {""}
