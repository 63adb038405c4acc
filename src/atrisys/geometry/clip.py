"""What of a shape lies inside its picture."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from atrisys.geometry.wkt import Shapes

Points = NDArray[np.float64]
"""(count, 2): x and y."""


def is_inside(shape: BaseGeometry, width: float, height: float) -> bool:
    """Whether no point of the shape lies outside [0, width] x [0, height]; both edges are inside.

    Args:
        shape: in level-0 pixels, not empty.
        width: of the picture, in pixels.
        height: of the picture, in pixels.

    Returns:
        True if the shape needs no clipping.
    """
    left, top, right, bottom = shapely.bounds(shape).tolist()
    return left >= 0 and top >= 0 and right <= width and bottom <= height


def clip(shape: BaseGeometry, width: float, height: float) -> BaseGeometry:
    """Cut a shape off at the edges of its picture.

    Args:
        shape: in level-0 pixels; polygons valid.
        width: of the picture, in pixels.
        height: of the picture, in pixels.

    Returns:
        A shape of the same dimension within [0, width] x [0, height]; an empty one if nothing of that dimension is
        inside. A line that crosses itself stays in one piece.
    """
    dimension = shapely.get_dimensions(shape)
    if dimension == 0:
        return _clip_points(shape, width, height)
    if dimension == 1:
        return _clip_lines(shape, width, height)
    return _clip_areas(shape, width, height)


def areas_of(shape: BaseGeometry) -> BaseGeometry:
    """The polygons of whatever a mending or cutting left.

    Args:
        shape: of any kind, in pixels of any frame.

    Returns:
        A POLYGON, or a MULTIPOLYGON of several; POLYGON EMPTY if there is none.
    """
    parts = shapely.get_parts(shape)
    while (shapely.get_type_id(parts) > 3).any():
        parts = shapely.get_parts(parts)
    parts = parts[(shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)]
    parts = parts[shapely.area(parts) > 0]
    return _joined(parts, shapely.Polygon(), shapely.multipolygons)


def _clip_areas(shape: BaseGeometry, width: float, height: float) -> BaseGeometry:
    """A corner that the cut computes may lie a rounding error outside; it is put onto the edge."""
    inside = areas_of(shapely.intersection(shape, shapely.box(0, 0, width, height)))
    if inside.is_empty or is_inside(inside, width, height):
        return inside
    return areas_of(shapely.transform(inside, lambda points: np.clip(points, 0, [width, height])))


def _clip_points(shape: BaseGeometry, width: float, height: float) -> BaseGeometry:
    points = shapely.get_coordinates(shape)
    kept = points[((points >= 0) & (points <= [width, height])).all(axis=1)]
    return _joined(cast(Shapes, shapely.points(kept)), shapely.Point(), shapely.multipoints)


def _clip_lines(shape: BaseGeometry, width: float, height: float) -> BaseGeometry:
    """By hand: cutting with a box breaks a line at its own crossings, clipping to one drops what lies on the edge."""
    pieces: list[Points] = []
    for line in shapely.get_parts(shape):
        pieces += _pieces_inside(shapely.get_coordinates(line), width, height)
    parts = np.array([shapely.linestrings(piece) for piece in pieces], dtype=object)
    return _joined(parts, shapely.LineString(), shapely.multilinestrings)


def _pieces_inside(points: Points, width: float, height: float) -> list[Points]:
    """The stretches of one polyline within the picture (Liang and Barsky, all edges at once)."""
    start, along = points[:-1], np.diff(points, axis=0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        low, high = -start / along, ([width, height] - start) / along
    still = along == 0
    outside = still & ((start < 0) | (start > [width, height]))
    enter = np.where(still, 0, np.minimum(low, high)).max(axis=1).clip(min=0)
    leave = np.where(still, 1, np.maximum(low, high)).min(axis=1).clip(max=1)
    kept = (enter < leave) & ~outside.any(axis=1)
    pieces: list[Points] = []
    unbroken = False
    for i in np.flatnonzero(kept):
        ends = start[i] + along[i] * np.array([[enter[i]], [leave[i]]])
        if enter[i] == 0:
            ends[0] = start[i]
        if leave[i] == 1:
            ends[1] = points[i + 1]
        ends = ends.clip(0, [width, height])
        if unbroken and enter[i] == 0 and kept[i - 1]:
            pieces[-1] = np.vstack([pieces[-1], ends[1:]])
        else:
            pieces.append(ends)
        unbroken = leave[i] == 1
    return [piece for piece in pieces if shapely.length(shapely.linestrings(piece)) > 0]


def _joined(parts: Shapes, nothing: BaseGeometry, many: Callable[[Any], Any]) -> BaseGeometry:
    if len(parts) == 0:
        return nothing
    return cast(BaseGeometry, parts[0] if len(parts) == 1 else many(parts))
