"""The image server, which is this server itself, and the formats that it reads."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from atrisys.errors import NotFound
from atrisys.imaging.recognise import FLAT_KINDS, SLIDE_KINDS
from atrisys.wire.asking import PageQuery
from atrisys.wire.dialect import Json, address_of
from atrisys.wire.routes import Routes

routes = Routes(tags=["image server"])

ID = 7
"""One of the numbers below 100, which nothing else gets: there is a single one."""


def _server(request: Request) -> dict[str, Any]:
    return {
        "id": ID,
        "class": "be.cytomine.image.server.ImageServer",
        "name": "ATrISys",
        "url": address_of(request),
        "basePath": None,
        "available": True,
    }


@routes.get("/api/imageserver.json")
def list_servers(request: Request, page: PageQuery) -> Response:
    """The servers of pictures: this one."""
    return page.answer([_server(request)])


@routes.get("/api/imageserver/{id:int}.json")
def show_server(id: int, request: Request) -> Response:
    """The server of pictures."""
    if id != ID:
        raise NotFound("{kind} {id} was not found.", kind="ImageServer", id=id)
    return Json(_server(request))


@routes.get("/api/imageserver/format.json")
def list_formats(page: PageQuery) -> Response:
    """The formats that slides may have: those that are read as they are, and those that are converted to a pyramid."""
    return page.answer([_format(name) for name in (*SLIDE_KINDS, *FLAT_KINDS)])


def _format(name: str) -> dict[str, Any]:
    converted = name in FLAT_KINDS
    return {
        "id": name,
        "name": name,
        "remarks": "Converted to a tiled TIFF when it comes in." if converted else "",
        "convertible": converted,
        "readable": True,
        "writable": name == "TIFF",
        "importable": True,
        "plugin": "atrisys",
    }
