"""Addresses of windows, for clients that ask for them before they ask for the window."""

from typing import Annotated

from fastapi import Request
from starlette.responses import Response

from atrisys.access.slide_file import SlideFile
from atrisys.store.tables import AbstractImage, AbstractSlice, ImageInstance, SliceInstance
from atrisys.wire.dialect import Json, address_of
from atrisys.wire.picture_asking import slide_of
from atrisys.wire.routes import Routes, only_reads

routes = Routes(tags=["picture"])


@routes.get("/api/abstractimage/{id:int}/window_url-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}")
@routes.post("/api/abstractimage/{id:int}/window_url-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}")
@routes.get("/api/abstractimage/{id:int}/camera_url-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}")
@routes.post("/api/abstractimage/{id:int}/camera_url-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}")
@only_reads
def show_window_url_of_slide(
    request: Request, slide: Annotated[SlideFile, slide_of(AbstractImage, looks=False)]
) -> Response:
    """Where the picture of this rectangle of the slide is; what the query says goes along."""
    return _address(request)


@routes.get("/api/abstractslice/{id:int}/window_url-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}")
@routes.post("/api/abstractslice/{id:int}/window_url-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}")
@routes.get("/api/abstractslice/{id:int}/camera_url-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}")
@routes.post("/api/abstractslice/{id:int}/camera_url-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}")
@only_reads
def show_window_url_of_slide_plane(
    request: Request, slide: Annotated[SlideFile, slide_of(AbstractSlice, looks=False)]
) -> Response:
    """Where the picture of this rectangle of one plane of the slide is; what the query says goes along."""
    return _address(request)


@routes.get("/api/imageinstance/{id:int}/window_url-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}")
@routes.post("/api/imageinstance/{id:int}/window_url-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}")
@routes.get("/api/imageinstance/{id:int}/camera_url-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}")
@routes.post("/api/imageinstance/{id:int}/camera_url-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}")
@only_reads
def show_window_url_of_image(
    request: Request, slide: Annotated[SlideFile, slide_of(ImageInstance, looks=False)]
) -> Response:
    """Where the picture of this rectangle of the image is; what the query says goes along."""
    return _address(request)


@routes.get("/api/sliceinstance/{id:int}/window_url-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}")
@routes.post("/api/sliceinstance/{id:int}/window_url-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}")
@routes.get("/api/sliceinstance/{id:int}/camera_url-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}")
@routes.post("/api/sliceinstance/{id:int}/camera_url-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}")
@only_reads
def show_window_url_of_image_plane(
    request: Request, slide: Annotated[SlideFile, slide_of(SliceInstance, looks=False)]
) -> Response:
    """Where the picture of this rectangle of one plane of the image is; what the query says goes along."""
    return _address(request)


def _address(request: Request) -> Response:
    """The asker's own address, without `_url`."""
    head, _, rest = request.url.path.rpartition("_url-")
    query = f"?{request.url.query}" if request.url.query else ""
    return Json({"url": f"{address_of(request)}{head}-{rest}{query}"})
