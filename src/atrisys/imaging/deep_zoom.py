"""Deep Zoom images (DZI): halved again and again down to one pixel, cut into tiles that do not overlap."""

from atrisys.errors import Invalid
from atrisys.imaging.own_tiles import Tile, tile_of
from atrisys.imaging.pyramid import TILE
from atrisys.imaging.reader import Box, SlideFacts

_USUAL_SIDES = (128, 1024)
"""Viewers are given the file's own tiles where a side of them is within these."""


def tile_side(facts: SlideFacts) -> int:
    """Pixels a side of a tile: that of the file's own where they are squares of a usual size, else 256."""
    sides = {side for level in facts.levels for side in (level.tile_width, level.tile_height)}
    side = sides.pop() if len(sides) == 1 else TILE
    return side if _USUAL_SIDES[0] <= side <= _USUAL_SIDES[1] else TILE


def describe(facts: SlideFacts) -> str:
    """The descriptor of a slide's Deep Zoom image.

    Returns:
        XML.

    Source: the Deep Zoom file format, schema of 2008.
    """
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" '
        f'TileSize="{tile_side(facts)}" Overlap="0" Format="jpg">'
        f'<Size Width="{facts.width}" Height="{facts.height}"/></Image>'
    )


def tile(facts: SlideFacts, level: int, column: int, row: int) -> Tile:
    """A tile of the Deep Zoom image; see `tile_box`."""
    return tile_of(facts, *tile_box(facts, level, column, row))


def tile_box(facts: SlideFacts, level: int, column: int, row: int) -> tuple[Box, tuple[int, int]]:
    """Where a tile lies on the slide, and how large it is.

    Args:
        level: 0 is the slide as one pixel, the last is full resolution.
        column: 0 at the left.
        row: 0 at the top.

    Returns:
        The rectangle in level-0 pixels, and (width, height) of the tile: `tile_side` pixels, fewer at the right and the
        bottom. The rectangle may reach past the slide's edge by less than one of the tile's pixels.

    Raises:
        Invalid: no such level, column or row.

    Source: the Deep Zoom file format.
    """
    last = (max(facts.width, facts.height) - 1).bit_length()
    if not 0 <= level <= last:
        raise Invalid("There is no level {level}: this Deep Zoom image has 0 to {last}", level=level, last=last)
    step, side = 1 << (last - level), tile_side(facts)
    left, top = column * side, row * side
    width, height = -(-facts.width // step) - left, -(-facts.height // step) - top
    if min(column, row) < 0 or width < 1 or height < 1:
        raise Invalid("There is no tile {column}, {row} at this level", column=column, row=row)
    size = (min(side, width), min(side, height))
    return Box(left * step, top * step, size[0] * step, size[1] * step), size
