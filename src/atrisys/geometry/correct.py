"""Shapes corrected by another one: joined with it, or cut by it."""

from collections.abc import Sequence
from typing import cast

import shapely
from shapely.geometry.base import BaseGeometry

from atrisys.errors import ShapeRefused
from atrisys.geometry.clip import areas_of
from atrisys.geometry.tangle import refuse_many_crossings, refuse_tangle
from atrisys.geometry.wkt import Shapes, as_array

MOST_POINTS = 200_000
"""Of all shapes of one correction together: some half a second."""


def join(shapes: Sequence[BaseGeometry]) -> BaseGeometry:
    """The area that several shapes cover together.

    Args:
        shapes: valid areas, in pixels of one frame.

    Returns:
        A polygon, or a multipolygon where some lie apart.

    Raises:
        ShapeRefused: too many points, or too entangled with one another.
    """
    _check(shapes)
    try:
        return areas_of(cast(BaseGeometry, shapely.union_all(as_array(shapes))))
    except shapely.errors.GEOSException as error:
        raise _cannot(error) from None


def cut_away(shape: BaseGeometry, away: BaseGeometry) -> BaseGeometry:
    """What is left of a shape without another one.

    Args:
        shape: a valid area, in pixels of any frame.
        away: a valid area in the same frame.

    Returns:
        The very same object where the other one leaves its area as it is; an empty polygon where nothing is left.

    Raises:
        ShapeRefused: too many points, or too entangled with one another.
    """
    _check([shape, away])
    try:
        left = areas_of(shapely.difference(shape, away))
    except shapely.errors.GEOSException as error:
        raise _cannot(error) from None
    return shape if shapely.area(left) == shapely.area(shape) else left


def _check(shapes: Sequence[BaseGeometry]) -> None:
    if int(shapely.get_num_coordinates(as_array(shapes)).sum()) > MOST_POINTS:
        raise ShapeRefused(
            "The shapes of one correction have at most {most} points together. Simplify them first.", most=MOST_POINTS
        )
    parts = cast(Shapes, shapely.get_parts(as_array(shapes)))
    together = cast(BaseGeometry, shapely.multipolygons(parts))
    refuse_tangle(together)
    refuse_many_crossings(together)


def _cannot(error: Exception) -> ShapeRefused:
    return ShapeRefused("The shape cannot be mended or clipped ({reason}). Redraw it.", reason=str(error))
