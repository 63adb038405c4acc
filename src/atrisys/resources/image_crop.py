"""Shapes cut out of slides: any shape, sent with the request."""

from typing import Annotated

from starlette.responses import Response

from atrisys.access.slide_file import SlideFile
from atrisys.errors import Invalid
from atrisys.imaging.crops import bounds_of
from atrisys.store.tables import AbstractImage, AbstractSlice, ImageInstance, SliceInstance
from atrisys.wire.cut_outs import cut_out, read_wishes
from atrisys.wire.picture_asking import CUT, LOOK, SIZE, Asked, PictureAsked, picture_at, slide_of
from atrisys.wire.routes import Routes

routes = Routes(tags=["picture"])

USUAL = 256
WORDS = ("location", "origin", *SIZE, *LOOK, *CUT)


@picture_at(routes, "/api/abstractimage/{id:int}/crop.{format}", WORDS)
def show_crop_of_slide(
    slide: Annotated[SlideFile, slide_of(AbstractImage)], format: str, asked: PictureAsked
) -> Response:
    """The rectangle around `location`, 256 px on its longest side or `maxSize`; a long shape may come by POST."""
    return _crop(slide, format, asked)


@picture_at(routes, "/api/abstractslice/{id:int}/crop.{format}", WORDS)
def show_crop_of_slide_plane(
    slide: Annotated[SlideFile, slide_of(AbstractSlice)], format: str, asked: PictureAsked
) -> Response:
    """The same of one plane."""
    return _crop(slide, format, asked)


@picture_at(routes, "/api/imageinstance/{id:int}/crop.{format}", WORDS)
def show_crop(slide: Annotated[SlideFile, slide_of(ImageInstance)], format: str, asked: PictureAsked) -> Response:
    """The rectangle around `location`, 256 px on its longest side or `maxSize`; a long shape may come by POST."""
    return _crop(slide, format, asked)


@picture_at(routes, "/api/sliceinstance/{id:int}/crop.{format}", WORDS)
def show_crop_of_plane(
    slide: Annotated[SlideFile, slide_of(SliceInstance)], format: str, asked: PictureAsked
) -> Response:
    """The same of one plane."""
    return _crop(slide, format, asked)


def _crop(slide: SlideFile, format: str, asked: Asked) -> Response:
    shape = asked.shape(slide.facts)
    if shape is None:
        raise Invalid("Send the shape to cut out as location=POLYGON ((x y, …)).")
    wishes = read_wishes(asked, format, usual_size=USUAL)
    return cut_out(asked.request, slide, wishes, bounds_of([shape]), [shape])
