"""Tiles as pictures: handed on as they lie in the file where they are JPEG, else decoded and encoded."""

from atrisys.imaging.display import Display
from atrisys.imaging.encode import CONTENT_TYPES, JPEG_QUALITY
from atrisys.imaging.look import look_at
from atrisys.imaging.making import Picture, made
from atrisys.imaging.own_tiles import FORMAT, Cut, Tile, check_place, size_of
from atrisys.imaging.pictures import region
from atrisys.imaging.reader import Box, Plane, Slide
from atrisys.imaging.regions import position_of
from atrisys.imaging.slides import SharedSlide


def stored_picture(slide: SharedSlide, tile: Tile, plane: Plane = Plane()) -> Picture | None:
    """A tile as it lies in the file: no decoding, no second loss.

    Returns:
        A JPEG as large as a tile, also at the slide's edge; None where it must be decoded and encoded instead: it is
        none of the file's own, no plain JPEG, or was not scanned.

    Raises:
        Invalid: no such tile or plane.
        PictureFailed: its bytes lie beyond the file's end.
    """
    stored = None if isinstance(tile, Cut) else slide.read_stored_tile(tile.level, tile.column, tile.row, plane)
    size = size_of(slide.facts, tile)
    return None if stored is None else Picture(CONTENT_TYPES[FORMAT], stored, size, size)


def decoded_picture(slide: Slide, tile: Tile, plane: Plane = Plane(), display: Display = Display()) -> Picture:
    """The same tile for files whose tiles are no JPEG, and tiles of other grids: decoded, and encoded.

    Args:
        display: how intensities are shown, in 8 bits.

    Returns:
        Of the file's own a JPEG as large as a tile, also at the slide's edge; white (or 0, not RGB) beyond it.

    Raises:
        Invalid: no such tile or plane.
        PictureFailed: the slide cannot be read there.
    """
    if isinstance(tile, Cut):
        return region(slide, tile.box, tile.size, plane, tile.format, display)
    level = check_place(slide.facts, tile)
    size = (level.tile_width, level.tile_height)
    box = Box(
        position_of(tile.column * size[0], level.downsample),
        position_of(tile.row * size[1], level.downsample),
        int(size[0] * level.downsample),
        int(size[1] * level.downsample),
    )
    look = look_at(slide, plane, display, 8)
    read = [slide.read_region(box, tile.level, each)[: size[1], : size[0]] for each in look.planes]
    return made(iter([look.render(read)]), size, size, FORMAT, JPEG_QUALITY)
