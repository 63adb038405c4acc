"""Images by the IIIF Image API 3.0 (level 1), for OpenSeadragon, Mirador and others that speak it."""

from typing import Annotated

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from atrisys.access.slide_file import SlideFile
from atrisys.imaging import iiif
from atrisys.store.tables import ImageInstance, SliceInstance
from atrisys.wire.dialect import Json, address_of
from atrisys.wire.picture_asking import GET, picture_at, slide_of
from atrisys.wire.routes import Routes
from atrisys.wire.tiles import tile_answer

routes = Routes(tags=["picture"])

Image = Annotated[SlideFile, slide_of(ImageInstance)]
ImagePlane = Annotated[SlideFile, slide_of(SliceInstance)]

LINKED_DATA = "application/ld+json"


@routes.get("/api/atrisys/imageinstance/{id:int}/iiif", response_class=Response)
def lead_to_description(id: int, slide: Image, request: Request) -> Response:
    """Leads to the image's description."""
    return RedirectResponse(f"{_address(request, 'imageinstance', id)}/info.json", 303)


@routes.get("/api/atrisys/sliceinstance/{id:int}/iiif", response_class=Response)
def lead_to_description_of_plane(id: int, slide: ImagePlane, request: Request) -> Response:
    """The same for one plane of the image."""
    return RedirectResponse(f"{_address(request, 'sliceinstance', id)}/info.json", 303)


@routes.get("/api/atrisys/imageinstance/{id:int}/iiif/info.json")
def describe(id: int, slide: Image, request: Request) -> Response:
    """The image information document of IIIF."""
    return _described(slide, request, _address(request, "imageinstance", id))


@routes.get("/api/atrisys/sliceinstance/{id:int}/iiif/info.json")
def describe_plane(id: int, slide: ImagePlane, request: Request) -> Response:
    """The same for one plane of the image."""
    return _described(slide, request, _address(request, "sliceinstance", id))


def _address(request: Request, noun: str, id: int) -> str:
    return f"{address_of(request)}/api/atrisys/{noun}/{id}/iiif"


def _described(slide: SlideFile, request: Request, address: str) -> Response:
    answer = Json(iiif.describe(slide.facts, address))
    if LINKED_DATA in request.headers.get("accept", ""):
        answer.headers["Content-Type"] = f'{LINKED_DATA};profile="{iiif.CONTEXT}"'
    return answer


@picture_at(routes, "/api/atrisys/imageinstance/{id:int}/iiif/{region}/{size}/{rotation}/{quality}.{format}", (), GET)
def show_region(
    slide: Image, region: str, size: str, rotation: str, quality: str, format: str, request: Request
) -> Response:
    """A region of the image in the size that is asked for, by the words of IIIF; rotation is 0, quality default."""
    return tile_answer(request, slide, iiif.tile(slide.facts, region, size, rotation, quality, format))


@picture_at(routes, "/api/atrisys/sliceinstance/{id:int}/iiif/{region}/{size}/{rotation}/{quality}.{format}", (), GET)
def show_region_of_plane(
    slide: ImagePlane, region: str, size: str, rotation: str, quality: str, format: str, request: Request
) -> Response:
    """The same of one plane of the image."""
    return tile_answer(request, slide, iiif.tile(slide.facts, region, size, rotation, quality, format))
