"""Which rectangle of a slide a shape is cut out with, and how large the picture becomes."""

import math
from collections.abc import Sequence

import shapely

from atrisys.errors import Invalid, ShapeEmpty, TooLarge
from atrisys.imaging.jpeg_bands import LONGEST_JPEG_SIDE
from atrisys.imaging.pyramid import zoom_of
from atrisys.imaging.reader import Box, SlideFacts

Bounds = tuple[float, float, float, float]
"""Left, top, right and bottom in level-0 pixels, origin top left."""

POINT_SIDE = 100
"""Level-0 pixels a side of the rectangle around a point."""

MOST_INCREASE = 1_000_000
"""Of a crop's width and height: all of any slide around one pixel of it."""

LONGEST_SIDE = 10_000
"""Pixels a side of a picture, at the most; a JPEG window may reach that format's end (see `allowed_size`)."""


def crop_box(
    shapes: Sequence[shapely.Geometry], slide_size: tuple[int, int], increase_area: float = 1, square: bool = False
) -> Box:
    """Find the rectangle that an annotation's crop and mask show.

    It is the bounding box in whole pixels (what the shape touches is inside), made wider and higher about its centre,
    then moved into the slide; it is only cut where it is larger than the slide. A point has 100 x 100 px around it.

    Args:
        shapes: in level-0 pixels, origin top left; one box for all of them.
        slide_size: (width, height) of the slide in level-0 pixels.
        increase_area: factor of width and height.
        square: widens the shorter side to the longer one.

    Returns:
        A rectangle within the slide, at least 1 x 1 px.

    Raises:
        ShapeEmpty: there is no shape.
        Invalid: the factor is not a number above 0 and up to a million.

    Source: Cytomine's annotation crops; at full resolution the crop holds the slide's own pixels, where Cytomine
    scales shapes that do not begin on a whole pixel.
    """
    return box_around(bounds_of(shapes), slide_size, increase_area, square)


def box_around(bounds: Bounds, slide_size: tuple[int, int], increase_area: float = 1, square: bool = False) -> Box:
    """The same where the shapes' bounds are known.

    Args:
        bounds: in level-0 pixels, origin top left.

    Returns, raises: as `crop_box`.
    """
    if not 0 < increase_area <= MOST_INCREASE:
        raise Invalid("An increase of {increase} cannot be: 1 is none, 2 is twice as wide", increase=str(increase_area))
    left, top, right, bottom = bounds
    if left == right and top == bottom:
        left, top = math.floor(left) - POINT_SIDE / 2, math.floor(top) - POINT_SIDE / 2
        right, bottom = left + POINT_SIDE, top + POINT_SIDE
    wide, high = (right - left) * increase_area, (bottom - top) * increase_area
    if square:
        wide = high = max(wide, high)
    x, width = _side((left, right), wide, slide_size[0])
    y, height = _side((top, bottom), high, slide_size[1])
    return Box(x, y, width, height)


def bounds_of(shapes: Sequence[shapely.Geometry]) -> Bounds:
    """The bounds of shapes, in their own frame.

    Raises:
        ShapeEmpty: there is no shape.
    """
    # Those of one shape are had in a tenth of the time.
    if len(shapes) == 1:
        bounds = shapely.bounds(shapes[0]).tolist()
    else:
        bounds = shapely.total_bounds(list(shapes)).tolist() if shapes else []
    if not bounds or not all(map(math.isfinite, bounds)):
        raise ShapeEmpty("There is no shape to cut out")
    left, top, right, bottom = bounds
    return left, top, right, bottom


def window_box(box: Box, slide_size: tuple[int, int], exterior: bool = False) -> Box:
    """Cut a window to the slide.

    Args:
        box: as asked for, in level-0 pixels.
        slide_size: (width, height) of the slide.
        exterior: what lies beyond the edge is wanted too (it is white).

    Returns:
        The rectangle that is shown.

    Raises:
        Invalid: the window has no area, or none of it lies on the slide.

    Source: Cytomine's withExterior.
    """
    if box.width < 1 or box.height < 1:
        raise Invalid("A window of {width} x {height} px has no area", width=box.width, height=box.height)
    left, top = max(0, box.x), max(0, box.y)
    right, bottom = min(slide_size[0], box.x + box.width), min(slide_size[1], box.y + box.height)
    if left >= right or top >= bottom:
        raise Invalid(
            "The window at {x}, {y} of {width} x {height} px lies beyond the image ({image_width} x {image_height} px)",
            x=box.x,
            y=box.y,
            width=box.width,
            height=box.height,
            image_width=slide_size[0],
            image_height=slide_size[1],
        )
    return box if exterior else Box(left, top, right - left, bottom - top)


def output_size(box: Box, facts: SlideFacts, max_size: int | None = None, zoom: int = 0) -> tuple[int, int]:
    """Find how large the picture of a rectangle is to be.

    Args:
        box: the rectangle, in level-0 pixels.
        max_size: the longest side in pixels of the picture; smaller rectangles are enlarged to it. Where it is given
            the zoom does not count.
        zoom: number of halvings, 0 is full resolution.

    Returns:
        (width, height), each at least 1.

    Raises:
        Invalid: the longest side is below 1, or the slide's pyramid does not go so far.

    Source: Cytomine's maxSize and zoom.
    """
    if max_size is not None:
        return longest_side(box, max_size)
    last = zoom_of(facts)
    if not 0 <= zoom <= last:
        raise Invalid("There is no zoom {zoom}: this image can be halved 0 to {last} times", zoom=zoom, last=last)
    return _at_least_one(box.width / (1 << zoom)), _at_least_one(box.height / (1 << zoom))


def longest_side(box: Box, max_size: int) -> tuple[int, int]:
    """Find the size of a rectangle's picture whose longest side is given, proportions kept.

    Returns:
        (width, height), each at least 1.

    Raises:
        Invalid: the longest side is below 1.
    """
    if max_size < 1:
        raise Invalid("A longest side of {max_size} px cannot be", max_size=max_size)
    longest = max(box.width, box.height)
    return _at_least_one(box.width * max_size / longest), _at_least_one(box.height * max_size / longest)


def allowed_size(
    size: tuple[int, int], box: Box, format: str, safe: bool = False, window: bool = False
) -> tuple[int, int]:
    """Hold a picture to its limits: 10,000 px a side; 65,535 for JPEG windows that are not enlarged.

    Args:
        size: (width, height) that was asked for.
        box: what the picture shows.
        format: as `encode` names it.
        safe: shrink what is too large, keeping its proportions, rather than refuse it.
        window: the picture is a window (or a whole slide), not a crop or a mask.

    Returns:
        (width, height) within the limits.

    Raises:
        TooLarge: beyond the limit, and not to be shrunk.

    Source: Cytomine's limit and its `safe`; JPEG windows go as far as the format.
    """
    giant = window and format == "jpg" and size[0] <= box.width and size[1] <= box.height
    limit = LONGEST_JPEG_SIDE if giant else LONGEST_SIDE
    longest = max(size)
    if longest <= limit:
        return size
    if safe:
        return _at_least_one(size[0] * limit / longest), _at_least_one(size[1] * limit / longest)
    raise TooLarge(
        "A picture of {width} x {height} px is too large: the limit is {limit} px a side. Ask for a smaller maxSize, a "
        "higher zoom or a part of the image; `atrisys export` writes masks and pictures of any size",
        width=size[0],
        height=size[1],
        limit=limit,
    )


def _side(inner: tuple[float, float], length: float, extent: int) -> tuple[int, int]:
    """Along one axis: where the rectangle begins in whole pixels, and how long it is."""
    middle = (inner[0] + inner[1]) / 2
    begin = math.floor(round(middle - length / 2, 6))
    least = 1 if length < inner[1] - inner[0] else math.ceil(round(inner[1], 6)) - begin
    count = min(max(math.ceil(round(length, 6)), least, 1), extent)
    return min(max(begin, 0), extent - count), count


def _at_least_one(side: float) -> int:
    """To the nearest whole number, halves up."""
    return max(1, math.floor(side + 0.5))
