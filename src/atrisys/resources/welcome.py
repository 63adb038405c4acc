"""The first page: what this is, and how to go on. Plain HTML, no script; browsers get the web page in its place."""

import hashlib
import html
from functools import lru_cache
from importlib import resources
from string import Template

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from atrisys import __version__
from atrisys.wire import web_page
from atrisys.wire.dialect import address_of
from atrisys.wire.routes import Routes, open_to_all
from atrisys.wire.words import prefers_chinese

routes = Routes(tags=["pages"])

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Ccircle cx='8' cy='8' r='7' fill='%237a2a78'/%3E%3Ccircle cx='10' cy='7' r='3' fill='%23f3d6f2'/%3E%3C/svg%3E"
)


@routes.api_route("/", methods=["GET", "HEAD"])
@open_to_all
def show_welcome(request: Request, language: str = "") -> Response:
    """The web page for browsers; else what this server is and how to use it, in English or Traditional Chinese.

    Which language: `language` (then browsers get this page too), else `Accept-Language`.
    """
    if not language and web_page.is_asked_for(request):
        return web_page.show_page(request)
    chinese = prefers_chinese(language or request.headers.get("accept-language", ""))
    page = Template(_page("welcome.zh-TW.html" if chinese else "welcome.en.html"))
    filled = page.substitute(address=html.escape(address_of(request)), version=__version__, icon=ICON)
    return HTMLResponse(filled, headers={"Vary": "Accept, Accept-Language"})


@routes.api_route("/style.css", methods=["GET", "HEAD"])
@open_to_all
def show_style(request: Request) -> Response:
    """How our own pages look."""
    style = _page("style.css")
    etag = f'"{hashlib.sha256(style.encode()).hexdigest()[:16]}"'
    kept = {"ETag": etag, "Cache-Control": "public, no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=kept)
    return Response(style, media_type="text/css", headers=kept)


@lru_cache(maxsize=8)
def _page(name: str) -> str:
    return resources.files("atrisys.resources").joinpath("pages", name).read_text(encoding="utf-8")
