"""From one frame to the other: image order (origin top left, y down) and Cytomine's (origin bottom left, y up)."""

from collections.abc import Sequence
from typing import Literal, cast, overload

import numpy as np
import shapely
from numpy.typing import ArrayLike
from shapely.geometry.base import BaseGeometry

from atrisys.errors import Invalid
from atrisys.geometry.wkt import Shapes, as_array

Origin = Literal["left-top", "left-bottom"]
"""Where a file or a request has its origin: image order, or Cytomine's wire."""
LEFT_TOP: Origin = "left-top"
LEFT_BOTTOM: Origin = "left-bottom"


def check_origin(given: object) -> Origin:
    """Take the name of an origin that a file or a request gives.

    Args:
        given: anything.

    Returns:
        The same, if it is one of the two names.

    Raises:
        Invalid: anything else.
    """
    if given not in (LEFT_TOP, LEFT_BOTTOM):
        raise Invalid(
            "The origin {given} is not known. It is left-top (y counts down, as in pictures) or left-bottom (y counts "
            "up, as on Cytomine's wire).",
            given=repr(given)[:60],
        )
    return cast(Origin, given)


@overload
def turn_over(shapes: BaseGeometry, height: float) -> BaseGeometry: ...
@overload
def turn_over(shapes: Sequence[BaseGeometry] | Shapes, height: ArrayLike) -> Shapes: ...
def turn_over(shapes: BaseGeometry | Sequence[BaseGeometry] | Shapes, height: ArrayLike) -> BaseGeometry | Shapes:
    """Turn one shape or many upside down within their picture: y' = height − y.

    The turn is its own way back but for the last digits, since height − y may need more of them than a float has.

    Args:
        shapes: in level-0 pixels of either frame; x and y alone.
        height: the picture's height in pixels; for many shapes one height, or one for each.

    Returns:
        The shape, or a (count,) array of shapes, in the other frame; vertex order and ring order kept.

    Source: y' = H − y, integer coordinates being pixel edges, as Cytomine's clients and viewer have it.
    """
    one = isinstance(shapes, BaseGeometry)
    array = as_array([shapes] if one else shapes).copy()
    heights = np.asarray(height, dtype=float)
    if heights.ndim:
        points, owner = shapely.get_coordinates(array, return_index=True)
        points[:, 1] = heights[owner] - points[:, 1]
    else:
        points = shapely.get_coordinates(array)
        points[:, 1] = heights - points[:, 1]
    turned = shapely.set_coordinates(array, points)
    return turned[0] if one else turned


def origin_sent(shape: BaseGeometry, wire: BaseGeometry, height: float) -> Origin:
    """In which frame a shape was sent that is kept in both: from that one the other follows to the last digit.

    Args:
        shape: in level-0 pixels, image order.
        wire: the same in Cytomine's frame.
        height: the picture's height in pixels.

    Returns:
        `left-bottom` where both follow from one another.
    """
    turned = turn_over(wire, height)
    return LEFT_BOTTOM if shapely.to_wkb(turned) == shapely.to_wkb(shape) else LEFT_TOP
