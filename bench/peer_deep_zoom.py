"""Tiles by OpenSlide's own DeepZoom generator. Run by bench/peers.py in an environment of its own.

BARE_SLIDE names the slide. GET /{how often halved}/{column}/{row}
"""

import io
import os
from importlib import import_module
from typing import Any

from fastapi import FastAPI
from starlette.responses import Response


def create_app() -> FastAPI:
    slide: Any = import_module("openslide").OpenSlide(os.environ["BARE_SLIDE"])
    zoom: Any = import_module("openslide.deepzoom").DeepZoomGenerator(slide, 256, 0)
    app = FastAPI()

    @app.get("/server/ping")
    def ping() -> Response:
        return Response("ok")

    @app.get("/{halved}/{column}/{row}")
    def tile(halved: int, column: int, row: int) -> Response:
        file = io.BytesIO()
        zoom.get_tile(zoom.level_count - 1 - halved, (column, row)).save(file, "jpeg", quality=80)
        return Response(file.getvalue(), media_type="image/jpeg")

    return app
