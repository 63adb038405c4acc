"""Fewer points for a shape, when somebody asks for it; nothing here runs by itself on saving."""

from typing import NamedTuple

import shapely
from shapely.geometry.base import BaseGeometry

from atrisys.errors import Invalid
from atrisys.geometry.tangle import refuse_tangle

_SPREAD = 1.5
_TRIES = 40


class Simplified(NamedTuple):
    """A shape with fewer points."""

    shape: BaseGeometry
    """The very object that was given, if it had few enough."""
    distance: float
    """The tolerance of the simplification in pixels; 0 if no point was left out."""


def simplify(shape: BaseGeometry, min_points: int | None = None, max_points: int | None = None) -> Simplified:
    """Leave points out until between `min_points` and `max_points` are left.

    The distance is searched for by halving; where no distance gives a number between the two (rings have to keep four
    points, and points fall away several at a time), the one that leaves the most points up to `max_points` is
    taken, or if none does, the fewest.

    Args:
        shape: valid, in pixels of any frame; points are returned as they are.
        min_points: fewest points wanted; two thirds of `max_points` if not given.
        max_points: most points wanted; one and a half times `min_points` if not given. Both missing: 200.

    Returns:
        The shape and the distance that was used; no ring crosses another, none vanishes.

    Raises:
        Invalid: fewer than 4 points, or a minimum above the maximum.
        ShapeRefused: too entangled to be simplified.

    Source: Douglas and Peucker's way in the variant of GEOS that keeps the topology.
    """
    low, high = _wanted(min_points, max_points)
    if shapely.get_num_coordinates(shape) <= high or shapely.get_dimensions(shape) == 0:
        return Simplified(shape, 0.0)
    refuse_tangle(shape)
    return _search(shape, low, high)


def _wanted(least: int | None, most: int | None) -> tuple[int, int]:
    if most is None:
        most = 200 if least is None else max(int(least * _SPREAD), least + 1)
    if least is None:
        least = max(4, min(most, int(most / _SPREAD)))
    if least < 4 or least > most:
        raise Invalid(
            "A shape can be simplified to at least 4 points, and minPoint must not be above maxPoint "
            "(asked for: {least} to {most}).",
            least=least,
            most=most,
        )
    return least, most


def _search(shape: BaseGeometry, low: int, high: int) -> Simplified:
    left, top, right, bottom = shapely.bounds(shape).tolist()
    near, far = 0.0, max(right - left, bottom - top)
    best = Simplified(shapely.simplify(shape, far, preserve_topology=True), far)
    distance = far / 1024
    for _ in range(_TRIES):
        tried = shapely.simplify(shape, distance, preserve_topology=True)
        count = int(shapely.get_num_coordinates(tried))
        if count > high:
            near = distance
        else:
            far, best = distance, Simplified(tried, distance)
            if count >= low:
                break
        if far - near <= 1e-9 * far:
            break
        distance = (near + far) / 2
    return best
