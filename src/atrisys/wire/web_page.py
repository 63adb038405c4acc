"""The web page as it was built from web/: one HTML file for all its addresses, and the files that it loads.

It stands in atrisys/web_page, made by `make setup`. Its policy lets it run its own scripts and ask its own server, and
nothing else; the component library's styles bear a nonce, new in each answer.
"""

import gzip
import html
import mimetypes
import secrets
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from atrisys.errors import NotFound
from atrisys.wire.dialect import address_of

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'self'"
)
FOR_GOOD = "public, max-age=31536000, immutable"
"""The name of such a file holds a digest of what is in it."""
WORTH_PACKING = (".js", ".css", ".svg")


def is_asked_for(request: Request) -> bool:
    """Whether a browser wants a page, and there is one."""
    return "text/html" in request.headers.get("accept", "") and _index() is not None


def show_page(request: Request, status: int = 200) -> Response:
    """The page, which finds out by its address what to show."""
    page = _index()
    if page is None:
        raise NotFound("The web page was not built. Run `make setup` where ATrISys was installed from.")
    nonce = secrets.token_urlsafe(16)
    base = html.escape(f"{urlsplit(address_of(request)).path}/")
    return HTMLResponse(
        page.replace("__BASE__", base).replace("__NONCE__", nonce),
        status_code=status,
        headers={"Content-Security-Policy": POLICY.format(nonce=nonce), "Cache-Control": "no-cache"},
    )


def show_file(request: Request, name: str) -> Response:
    """One of the files that the page loads."""
    found = _file(name)
    if found is None:
        raise NotFound("The web page has no file {name}. Load the page anew.", name=name)
    plain, packed = found
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    headers = {"Cache-Control": FOR_GOOD, "Vary": "Accept-Encoding"}
    if packed and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type=kind, headers={**headers, "Content-Encoding": "gzip"})
    return Response(plain, media_type=kind, headers=headers)


def _folder() -> Traversable:
    return resources.files("atrisys").joinpath("web_page")


@lru_cache(maxsize=1)
def _index() -> str | None:
    place = _folder().joinpath("index.html")
    return place.read_text(encoding="utf-8") if place.is_file() else None


@lru_cache(maxsize=256)
def _file(name: str) -> tuple[bytes, bytes | None] | None:
    """What is in the file, and the same packed where that saves something."""
    folder = _folder().joinpath("assets")
    # Looked up, never joined: the name comes from outside.
    if not folder.is_dir() or name not in {one.name for one in folder.iterdir()}:
        return None
    plain = folder.joinpath(name).read_bytes()
    return plain, gzip.compress(plain, 9, mtime=0) if name.endswith(WORTH_PACKING) else None
