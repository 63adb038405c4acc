"""Pictures of a slide with the outlines of shapes drawn on them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from atrisys.errors import Invalid, TooLarge
from atrisys.imaging.colormaps import css_colour
from atrisys.imaging.crops import allowed_size, output_size
from atrisys.imaging.display import Display
from atrisys.imaging.encode import JPEG_QUALITY, format_of
from atrisys.imaging.look import look_at
from atrisys.imaging.making import Picture, cuts, made
from atrisys.imaging.reader import Box, Pixels, Plane, Slide
from atrisys.imaging.regions import read_rows
from atrisys.imaging.scan_lines import scaled, single_parts

THICKEST = 100
CROSS = 10
"""Pixels from the middle of a point's cross to its ends, for a thickness of 1."""
MOST_JOINTS = 3_000
"""Corners are rounded where the outlines have at most so many points: each takes longer than all the rest of it."""
PIECE = 500
"""Points of longer outlines that are drawn in one go: nothing else in this process runs meanwhile."""
MOST_PAINTED = 200_000_000
"""Pixels that outlines may cover, counted once for each line that lies over them."""

Line = NDArray[np.float64]
"""(count, 2): x and y in the picture's own pixels."""


def outlined(
    slide: Slide,
    shapes: Sequence[shapely.Geometry],
    box: Box,
    plane: Plane = Plane(),
    format: str = "png",
    color: str = "#000000",
    thickness: float = 1,
    max_size: int | None = None,
    zoom: int = 0,
    display: Display = Display(),
    quality: int = JPEG_QUALITY,
    safe: bool = False,
) -> Picture:
    """Make the picture of a rectangle of the slide with the outlines of shapes on it; a point is a cross.

    Args:
        shapes: level-0 pixels, origin top left.
        box: what is shown: level-0 pixels, as `crop_box` or `window_box` gives it.
        plane: which plane is shown.
        format: an address' ending; PNG where it is none of ours.
        color: a CSS name, `#rrggbb` or `0xrrggbb`.
        thickness: of the lines; they grow with the picture, 1 is about a thousandth of its longest side and at least
            one pixel.
        max_size: the longest side in pixels; enlarges too; the zoom does not count then.
        zoom: number of halvings, 0 is full resolution.
        display: how intensities are shown; 8 bits whatever it says.
        quality: of JPEG and WebP, 1 to 100.
        safe: shrink to the limit of 10,000 px a side rather than refuse.

    Raises:
        TooLarge: beyond that limit, or outlines too long to be drawn.
        Invalid: a parameter that cannot be used.
        PictureFailed: the slide cannot be read there.

    Source: Cytomine's draw=true, and its width of lines.
    """
    colour = css_colour(color)
    if colour is None:
        raise Invalid("There is no colour {color}: say #rrggbb, 0xrrggbb or a CSS name", color=color)
    if not 0 < thickness <= THICKEST:
        raise Invalid("A thickness of {thickness} cannot be: it goes to {most}", thickness=thickness, most=THICKEST)
    kind, asked = format_of(format, "png"), output_size(box, slide.facts, max_size, zoom)
    size = allowed_size(asked, box, kind, safe)
    width = max(1, math.floor(thickness * (0.75 + max(size) / 1000) + 0.5))
    lines = _lines(shapes, box, size, width * CROSS)
    _refuse_long(lines, width)
    rounded = sum(map(len, lines)) <= MOST_JOINTS
    lines = lines if rounded else _pieces(lines)
    rgb = tuple(round(255 * part) for part in colour)
    bands = (
        _drawn_on(pixels, lines, first, rgb, width, rounded)
        for first, pixels in _bands(slide, plane, box, size, display)
    )
    return made(bands, size, asked, kind, quality)


def _lines(shapes: Sequence[shapely.Geometry], box: Box, size: tuple[int, int], arm: float) -> list[Line]:
    """What of the outlines comes near the picture."""
    lines: list[Line] = []
    for part in single_parts(shapes):
        kind = shapely.get_type_id(part)
        if kind == 0:
            ((x, y),) = scaled(shapely.get_coordinates(part), box, size)
            lines += [np.array([(x - arm, y), (x + arm, y)]), np.array([(x, y - arm), (x, y + arm)])]
            continue
        for ring in shapely.get_rings(part) if kind == 3 else [part]:
            line = shapely.linestrings(scaled(shapely.get_coordinates(ring), box, size))
            near = shapely.clip_by_rect(line, -arm, -arm, size[0] + arm, size[1] + arm)
            lines += [shapely.get_coordinates(piece) for piece in shapely.get_parts(near)]
    return lines


def _refuse_long(lines: Sequence[Line], width: int) -> None:
    length = sum(float(np.hypot(*np.diff(line, axis=0).T).sum()) for line in lines)
    if length * width > MOST_PAINTED:
        raise TooLarge(
            "The outlines are {length} px long in this picture and {width} px wide, which takes too long to draw. Ask "
            "for a smaller maxSize or thickness, or simplify them.",
            length=round(length),
            width=width,
        )


def _pieces(lines: Sequence[Line]) -> list[Line]:
    return [line[at : at + PIECE + 1] for line in lines for at in range(0, max(1, len(line) - 1), PIECE)]


def _bands(
    slide: Slide, plane: Plane, box: Box, size: tuple[int, int], display: Display
) -> Iterator[tuple[int, Pixels]]:
    """The picture's first row of each band, and its pixels: uint8 (rows, width, 3)."""
    look = look_at(slide, plane, replace(display, bits=None if display.bits is None else 8), 8)
    for rows in cuts(slide.facts, box, size, look.pixel_bytes):
        pixels = look.render([read_rows(slide, box, size, rows, one) for one in look.planes])
        yield rows[0], np.broadcast_to(pixels, (*pixels.shape[:2], 3))


def _drawn_on(
    pixels: Pixels, lines: Sequence[Line], first: int, rgb: tuple[int, ...], width: int, rounded: bool
) -> Pixels:
    from PIL import Image, ImageDraw

    picture = Image.fromarray(np.ascontiguousarray(pixels))
    drawer = ImageDraw.Draw(picture)
    for line in lines:
        low, high = line[:, 1].min() - width, line[:, 1].max() + width
        if high >= first and low <= first + picture.height:
            # Pillow counts whole coordinates at the middle of pixels, shapes at their edges.
            points = [(x - 0.5, y - 0.5 - first) for x, y in line.tolist()]
            drawer.line(points, fill=rgb, width=width, joint="curve" if rounded else None)
    return np.asarray(picture)
