"""Shapes corrected by another one: joined with it, cut by it, or divided along it."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from atrisys.errors import ShapeRefused
from atrisys.geometry.clip import areas_of
from atrisys.geometry.tangle import refuse_many_crossings, refuse_tangle
from atrisys.geometry.wkt import Shapes, as_array

MOST_POINTS = 200_000
"""Of all shapes of one correction together: some half a second."""
LONGEST_POINT = 96
"""Bytes that one point of a shape takes as WKB and as WKT together, at most: a multiple of what is usual."""
MOST_PIECES = 100
"""Into which one shape is divided."""


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


def divide(shape: BaseGeometry, along: BaseGeometry) -> list[BaseGeometry]:
    """The pieces into which a line cuts a shape.

    Args:
        shape: a valid area, in pixels of any frame.
        along: lines in the same frame, or areas, which are cut along their outlines.

    Returns:
        The largest piece first, together with the parts of the shape that the line does not cut; the shape alone
        where it cuts none. Their corners are the shape's own, and where the line meets its edges.

    Raises:
        ShapeRefused: too many points, too entangled with one another, or more than `MOST_PIECES` pieces.
    """
    lines = [_outlines(shape), _outlines(along)]
    _refuse_many_points(lines)
    _refuse_knots(cast(BaseGeometry, shapely.multilinestrings(shapely.get_parts(as_array(lines)))))
    try:
        found = shapely.get_parts(shapely.polygonize([shapely.union_all(as_array(lines))]))
    except shapely.errors.GEOSException as error:
        raise _cannot(error) from None
    parts = shapely.get_parts(shape)
    places, owners = shapely.STRtree(parts).query(shapely.point_on_surface(found), predicate="within")
    is_cut = np.bincount(owners, minlength=len(parts)) > 1
    pieces = sorted(found[places[is_cut[owners]]].tolist(), key=shapely.area, reverse=True)
    if len(pieces) > MOST_PIECES:
        raise ShapeRefused(
            "A shape is divided into at most {most} pieces; these are {count}.", most=MOST_PIECES, count=len(pieces)
        )
    if not pieces:
        return [shape]
    whole = parts[~is_cut].tolist()
    return [shapely.multipolygons([pieces[0], *whole]) if whole else pieces[0], *pieces[1:]]


def refuse_large(size: int) -> None:
    """Refuse shapes before they are read: so many bytes are more than any of `MOST_POINTS` points.

    Args:
        size: bytes of all shapes of one correction, each as WKB and as WKT.

    Raises:
        ShapeRefused: more than `LONGEST_POINT` bytes for each point that they may have.
    """
    if size > MOST_POINTS * LONGEST_POINT:
        raise _many_points()


def _outlines(shape: BaseGeometry) -> BaseGeometry:
    return shapely.boundary(shape) if shapely.get_dimensions(shape) == 2 else shape


def _check(shapes: Sequence[BaseGeometry]) -> None:
    _refuse_many_points(shapes)
    parts = cast(Shapes, shapely.get_parts(as_array(shapes)))
    _refuse_knots(cast(BaseGeometry, shapely.multipolygons(parts)))


def _refuse_many_points(shapes: Sequence[BaseGeometry]) -> None:
    if int(shapely.get_num_coordinates(as_array(shapes)).sum()) > MOST_POINTS:
        raise _many_points()


def _many_points() -> ShapeRefused:
    return ShapeRefused(
        "The shapes of one correction have at most {most} points together. Simplify them first.", most=MOST_POINTS
    )


def _refuse_knots(together: BaseGeometry) -> None:
    refuse_tangle(together)
    refuse_many_crossings(together)


def _cannot(error: Exception) -> ShapeRefused:
    return ShapeRefused("The shape cannot be mended or clipped ({reason}). Redraw it.", reason=str(error))
