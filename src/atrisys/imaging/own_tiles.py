"""Which tiles a slide's file has itself, level by level, and which tiles of other grids show just the same."""

from typing import NamedTuple

from atrisys.errors import Invalid
from atrisys.imaging.reader import Box, Level, SlideFacts

FORMAT = "jpg"
"""Of the file's own."""


class Place(NamedTuple):
    """One of the file's own tiles."""

    level: int
    """0 is full resolution."""
    column: int
    """From the left, in this level's own tiles."""
    row: int
    """From the top."""


class Cut(NamedTuple):
    """A tile that is none of the file's own."""

    box: Box
    """Level-0 pixels, origin top left; may reach past the edge, where the last pixels are the mean of what is there."""
    size: tuple[int, int]
    """(width, height)."""
    format: str
    """One of CONTENT_TYPES."""


Tile = Place | Cut
"""Of some grid: pictures are equal where these are, of the same plane."""


def columns_of(level: Level) -> int:
    """Tiles from left to right."""
    return -(-level.width // level.tile_width)


def rows_of(level: Level) -> int:
    """Tiles from top to bottom."""
    return -(-level.height // level.tile_height)


def check_place(facts: SlideFacts, place: Place) -> Level:
    """Whether the slide has such a tile.

    Returns:
        The level that it is of.

    Raises:
        Invalid: no such level, column or row.
    """
    if not 0 <= place.level < len(facts.levels):
        raise Invalid(
            "The slide has {count} levels, none of them is {level}", count=len(facts.levels), level=place.level
        )
    level = facts.levels[place.level]
    if not (0 <= place.column < columns_of(level) and 0 <= place.row < rows_of(level)):
        raise Invalid("There is no tile {column}, {row} at this level", column=place.column, row=place.row)
    return level


def own_tile(facts: SlideFacts, level: int, column: int, row: int) -> Place:
    """A tile of the file's own grid.

    Args:
        level: 0 is full resolution.
        column, row: in this level's own tiles, from the top left.

    Raises:
        Invalid: the slide has no such tile.
    """
    place = Place(level, column, row)
    check_place(facts, place)
    return place


def tile_of(facts: SlideFacts, box: Box, size: tuple[int, int], format: str = FORMAT) -> Tile:
    """A tile of another grid: the file's own where one of them shows just this.

    Args:
        box: level-0 pixels, origin top left.
        size: (width, height) of the tile.
        format: one of CONTENT_TYPES.
    """
    place = place_of(facts, box, size) if format == FORMAT else None
    return place or Cut(box, size, format)


def place_of(facts: SlideFacts, box: Box, size: tuple[int, int]) -> Place | None:
    """Which of the file's own tiles shows just this rectangle in just this size.

    Tiles at the edge are left out: in the file they are as large as all others, so that they show more than the slide.

    Args:
        box: level-0 pixels, origin top left.
        size: (width, height) of the picture that is wanted.

    Returns:
        None where there is none.
    """
    for number, level in enumerate(facts.levels):
        step = level.downsample
        if size != (level.tile_width, level.tile_height) or not step.is_integer():
            continue
        across, down = size[0] * int(step), size[1] * int(step)
        if (box.width, box.height) != (across, down) or box.x % across or box.y % down:
            continue
        place = Place(number, box.x // across, box.y // down)
        if place.column < level.width // level.tile_width and place.row < level.height // level.tile_height:
            return place
    return None


def size_of(facts: SlideFacts, tile: Tile) -> tuple[int, int]:
    """(width, height) of the picture."""
    if isinstance(tile, Cut):
        return tile.size
    level = facts.levels[tile.level]
    return level.tile_width, level.tile_height


def format_of(tile: Tile) -> str:
    """One of CONTENT_TYPES."""
    return tile.format if isinstance(tile, Cut) else FORMAT
