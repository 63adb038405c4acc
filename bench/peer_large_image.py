"""Tiles by large_image behind FastAPI, as those who use it do. Run by bench/peers.py in an environment of its own.

BARE_SLIDE names the slide; PEER_CACHE keeps large_image's cache on. GET /{how often halved}/{column}/{row}
"""

import os
from importlib import import_module
from typing import Any

from fastapi import FastAPI
from starlette.responses import Response


def create_app() -> FastAPI:
    options = {} if os.environ.get("PEER_CACHE") else {"noCache": True}
    slide: Any = import_module("large_image").open(os.environ["BARE_SLIDE"], encoding="JPEG", jpegQuality=80, **options)
    app = FastAPI()

    @app.get("/server/ping")
    def ping() -> Response:
        return Response("ok")

    @app.get("/{halved}/{column}/{row}")
    def tile(halved: int, column: int, row: int) -> Response:
        return Response(slide.getTile(column, row, slide.levels - 1 - halved), media_type="image/jpeg")

    return app
