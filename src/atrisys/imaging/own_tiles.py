"""The tiles that a slide's file has itself, level by level: handed on as they lie in it where they are JPEG."""

from dataclasses import dataclass

from atrisys.errors import Invalid
from atrisys.imaging.display import Display
from atrisys.imaging.encode import CONTENT_TYPES, JPEG_QUALITY
from atrisys.imaging.look import look_at
from atrisys.imaging.making import Picture, made
from atrisys.imaging.reader import Box, Level, Plane, Slide, SlideFacts
from atrisys.imaging.regions import position_of
from atrisys.imaging.slides import SharedSlide

FORMAT = "jpg"


@dataclass(frozen=True)
class Place:
    """One of the file's own tiles."""

    level: int
    """0 is full resolution."""
    column: int
    """From the left, in this level's own tiles."""
    row: int
    """From the top."""


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


def stored_picture(slide: SharedSlide, place: Place | None, plane: Plane = Plane()) -> Picture | None:
    """A tile as it lies in the file: no decoding, no second loss.

    Args:
        place: as `place_of` finds it.

    Returns:
        A JPEG as large as a tile, also at the slide's edge; None where it must be decoded and encoded instead: it is no
        plain JPEG, or was not scanned.

    Raises:
        Invalid: no such tile or plane.
        PictureFailed: its bytes lie beyond the file's end.
    """
    stored = None if place is None else slide.read_stored_tile(place.level, place.column, place.row, plane)
    if place is None or stored is None:
        return None
    level = slide.facts.levels[place.level]
    size = (level.tile_width, level.tile_height)
    return Picture(CONTENT_TYPES[FORMAT], stored, size, size)


def decoded_picture(slide: Slide, place: Place, plane: Plane = Plane()) -> Picture:
    """The same tile for files whose tiles are no JPEG: the level's own pixels, encoded.

    Returns:
        A JPEG as large as a tile, also at the slide's edge; white (or 0 for what is no RGB) beyond it.

    Raises:
        Invalid: no such tile or plane.
        PictureFailed: the slide cannot be read there.
    """
    level = check_place(slide.facts, place)
    size = (level.tile_width, level.tile_height)
    box = Box(
        position_of(place.column * size[0], level.downsample),
        position_of(place.row * size[1], level.downsample),
        int(size[0] * level.downsample),
        int(size[1] * level.downsample),
    )
    look = look_at(slide, plane, Display(), 8)
    read = [slide.read_region(box, place.level, each)[: size[1], : size[0]] for each in look.planes]
    return made(iter([look.render(read)]), size, size, FORMAT, JPEG_QUALITY)
