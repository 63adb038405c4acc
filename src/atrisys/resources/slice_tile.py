"""Tiles of the normalised pyramid, as Cytomine's viewers ask for them; the file's own where the two grids agree."""

from typing import Annotated

from starlette.responses import Response

from atrisys.access.slide_file import SlideFile
from atrisys.imaging import pictures
from atrisys.imaging.display import Display
from atrisys.imaging.encode import format_of
from atrisys.imaging.pictures import Picture
from atrisys.imaging.slides import SharedSlide
from atrisys.imaging.tiles import normalised_tile, tile_box
from atrisys.store.tables import AbstractSlice, SliceInstance
from atrisys.wire.picture_asking import GET, LOOK, Asked, PictureAsked, picture_at, slide_of
from atrisys.wire.routes import Routes
from atrisys.wire.tiles import shown_tile_answer, tile_answer

routes = Routes(tags=["picture"])

WORDS = (*LOOK, "jpegQuality")


@picture_at(
    routes, "/api/abstractslice/{id:int}/normalized-tile/zoom/{z:int}/tx/{tx:int}/ty/{ty:int}.{format}", WORDS, GET
)
def show_tile_of_slide(
    slide: Annotated[SlideFile, slide_of(AbstractSlice)], z: int, tx: int, ty: int, format: str, asked: PictureAsked
) -> Response:
    """A tile of 256 px a side: zoom 0 is the whole slide in one, x and y are counted from the top left."""
    return _tile(slide, (z, tx, ty), format, asked)


@picture_at(
    routes, "/api/sliceinstance/{id:int}/normalized-tile/zoom/{z:int}/tx/{tx:int}/ty/{ty:int}.{format}", WORDS, GET
)
def show_tile(
    slide: Annotated[SlideFile, slide_of(SliceInstance)], z: int, tx: int, ty: int, format: str, asked: PictureAsked
) -> Response:
    """A tile of 256 px a side: zoom 0 is the whole slide in one, x and y are counted from the top left."""
    return _tile(slide, (z, tx, ty), format, asked)


def _tile(slide: SlideFile, where: tuple[int, int, int], format: str, asked: Asked) -> Response:
    kind, display, quality = format_of(format, "jpg"), asked.display, asked.quality
    plane = asked.plane(slide.plane)
    _, size = tile_box(slide.facts, *where)
    if display == Display() and plane == slide.plane and asked.text("jpegQuality") is None:
        return tile_answer(asked.request, slide, normalised_tile(slide.facts, *where, kind))

    def make(opened: SharedSlide) -> Picture:
        return pictures.tile(opened, *where, plane, kind, display, quality)

    marks = ("shown tile", slide.mark, plane, where, kind, display, quality)
    return shown_tile_answer(asked.request, slide, size, kind, make, *marks)
