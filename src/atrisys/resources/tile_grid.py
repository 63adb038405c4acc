"""The tiles that a slide's file has itself, for viewers: their grid, the tiles, and the same as a Deep Zoom image."""

from typing import Annotated, Any

from fastapi import Request
from starlette.responses import Response

from atrisys.access.slide_file import SlideFile
from atrisys.access.slides import require_slide_writer
from atrisys.actions.make_levels import ask_anew
from atrisys.imaging import deep_zoom
from atrisys.imaging.display import Display
from atrisys.imaging.lacking import lacking
from atrisys.imaging.own_tiles import FORMAT, columns_of, own_tile, rows_of, size_of
from atrisys.imaging.pictures import Picture
from atrisys.imaging.reader import SlideFacts
from atrisys.imaging.slides import SharedSlide
from atrisys.imaging.tile_pictures import decoded_picture
from atrisys.store.tables import AbstractImage, ImageInstance, SliceInstance
from atrisys.wire.answers import done
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, Find
from atrisys.wire.described import Part, gives
from atrisys.wire.dialect import Json, address_of
from atrisys.wire.picture_asking import GET, PictureAsked, picture_at, slide_of
from atrisys.wire.routes import Routes
from atrisys.wire.tiles import shown_tile_answer, tile_answer

routes = Routes(tags=["picture"])

CHANNEL_WORDS = ("channels", "minIntensities", "maxIntensities", "gammas", "colormaps")

Image = Annotated[SlideFile, slide_of(ImageInstance)]
ImagePlane = Annotated[SlideFile, slide_of(SliceInstance)]


class GridLevel(Part):
    """One level, 0 the largest."""

    level: int
    width: int
    height: int
    downsample: float
    tile_width: int
    tile_height: int
    columns: int
    rows: int


class TileGrid(Part):
    """An image's own levels and tiles."""

    image: int
    slice: int | None
    width: int
    height: int
    levels: list[GridLevel]
    is_complete: bool
    tiles: str
    """The address of a tile, with `{level}`, `{column}` and `{row}` to be filled in."""
    deep_zoom: str
    iiif: str


@routes.get("/api/atrisys/imageinstance/{id:int}/tiles.json")
@gives(TileGrid)
def show_grid(id: int, slide: Image, request: Request) -> Response:
    """The image's own levels and tiles, whatever their sizes and steps, and the address of the tiles.

    Tiles at the right and the bottom are as large as all others: what lies beyond the image is to be cut off. Small
    levels that the file of a huge slide lacks are made after its import; until they are here `isComplete` is false.
    """
    return Json(_grid(slide, f"{address_of(request)}/api/atrisys/imageinstance/{id}"))


@routes.get("/api/atrisys/sliceinstance/{id:int}/tiles.json")
@gives(TileGrid)
def show_grid_of_plane(id: int, slide: ImagePlane, request: Request) -> Response:
    """The same for one plane of the image."""
    return Json(_grid(slide, f"{address_of(request)}/api/atrisys/sliceinstance/{id}"))


@routes.post("/api/atrisys/abstractimage/{id:int}/levels.json")
def make_levels(id: int, db: Db, user: CurrentUser, store: CurrentStore, find: Find) -> Response:
    """Make the small levels that a huge slide's file lacks, as a job; for slides from before that was done by itself.

    What it may be needed for besides: they were lost, or the job was cancelled.
    """
    base = find(AbstractImage, id)
    require_slide_writer(db, user, base)
    return done(job=ask_anew(db, user, store.folder, base).id)


def _grid(slide: SlideFile, address: str) -> dict[str, Any]:
    facts = slide.facts
    return {
        "image": slide.image_id,
        "slice": slide.slice_id,
        "width": facts.width,
        "height": facts.height,
        "levels": [
            {
                "level": number,
                "width": level.width,
                "height": level.height,
                "downsample": level.downsample,
                "tileWidth": level.tile_width,
                "tileHeight": level.tile_height,
                "columns": columns_of(level),
                "rows": rows_of(level),
            }
            for number, level in enumerate(facts.levels)
        ],
        "isComplete": not lacking(facts),
        "tiles": f"{address}/tile/{{level}}/{{column}}/{{row}}.jpg",
        "deepZoom": f"{address}/image.dzi",
        "iiif": f"{address}/iiif/info.json",
    }


@picture_at(routes, "/api/atrisys/imageinstance/{id:int}/tile/{level:int}/{column:int}/{row:int}.jpg", (), GET)
def show_own_tile(slide: Image, level: int, column: int, row: int, request: Request) -> Response:
    """One of the file's own tiles, as `tiles.json` counts them; the file's own bytes where they are JPEG."""
    return tile_answer(request, slide, own_tile(slide.facts, level, column, row))


@picture_at(
    routes, "/api/atrisys/sliceinstance/{id:int}/tile/{level:int}/{column:int}/{row:int}.jpg", CHANNEL_WORDS, GET
)
def show_own_tile_of_plane(slide: ImagePlane, level: int, column: int, row: int, asked: PictureAsked) -> Response:
    """The same of one plane of the image; or of several channels at its depth and time, laid over one another."""
    request, plane, tile = asked.request, slide.plane, own_tile(slide.facts, level, column, row)
    display = Display(asked.display.channels)
    if display == Display():
        return tile_answer(request, slide, tile)

    def make(opened: SharedSlide) -> Picture:
        return decoded_picture(opened, tile, plane, display)

    marks = ("own tile of channels", slide.mark, plane, tile, display)
    return shown_tile_answer(request, slide, size_of(slide.facts, tile), FORMAT, make, *marks)


@routes.get("/api/atrisys/imageinstance/{id:int}/image.dzi", response_class=Response)
def show_deep_zoom(slide: Image) -> Response:
    """The image as a Deep Zoom image, for OpenSeadragon and others that read this format."""
    return _described(slide.facts)


@routes.get("/api/atrisys/sliceinstance/{id:int}/image.dzi", response_class=Response)
def show_deep_zoom_of_plane(slide: ImagePlane) -> Response:
    """The same for one plane of the image."""
    return _described(slide.facts)


def _described(facts: SlideFacts) -> Response:
    return Response(deep_zoom.describe(facts), media_type="application/xml")


@picture_at(routes, "/api/atrisys/imageinstance/{id:int}/image_files/{level:int}/{column:int}_{row:int}.jpg", (), GET)
def show_deep_zoom_tile(slide: Image, level: int, column: int, row: int, request: Request) -> Response:
    """A tile of the Deep Zoom image; the file's own bytes where the two grids agree."""
    return tile_answer(request, slide, deep_zoom.tile(slide.facts, level, column, row))


@picture_at(routes, "/api/atrisys/sliceinstance/{id:int}/image_files/{level:int}/{column:int}_{row:int}.jpg", (), GET)
def show_deep_zoom_tile_of_plane(slide: ImagePlane, level: int, column: int, row: int, request: Request) -> Response:
    """The same of one plane of the image."""
    return tile_answer(request, slide, deep_zoom.tile(slide.facts, level, column, row))
