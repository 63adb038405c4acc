"""Areas, lengths and middles of shapes, in the units that Cytomine says them."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from atrisys.geometry.wkt import Shapes, as_array


class Measures(NamedTuple):
    """What one shape measures."""

    area: float
    area_unit: str
    """`micron²`, or `pixels²` where the pixel size is not known."""
    perimeter: float
    """Length of all rings, holes counted; of a line its length; of a point 0."""
    perimeter_unit: str
    """`mm`, or `pixels` where the pixel size is not known."""


def measure(shape: BaseGeometry, mpp: float | None) -> Measures:
    """Measure one shape.

    Args:
        shape: in level-0 pixels of either frame.
        mpp: µm per pixel along x, which serves both axes; None, 0 or what is no positive number counts as unknown.

    Returns:
        µm² and mm; without a pixel size whole pixels, halves rounded up.

    Source: Cytomine measures by physicalSizeX alone, even where physicalSizeY differs.
    """
    return measure_many([shape], mpp)[0]


def measure_many(shapes: Sequence[BaseGeometry] | Shapes, mpp: float | None) -> list[Measures]:
    """Measure many shapes of one picture at once, each as `measure` does.

    Args:
        shapes: in level-0 pixels of either frame.
        mpp: µm per pixel along x, or None.

    Returns:
        One `Measures` for each shape, in order.
    """
    array = as_array(shapes)
    areas, lengths = shapely.area(array), shapely.length(array)
    if mpp and math.isfinite(mpp) and mpp > 0:
        areas, lengths = areas * mpp * mpp, lengths * mpp / 1000
        units = ("micron²", "mm")
    else:
        areas, lengths = np.floor(areas + 0.5), np.floor(lengths + 0.5)
        units = ("pixels²", "pixels")
    pairs = zip(areas.tolist(), lengths.tolist(), strict=True)
    return [Measures(area, units[0], length, units[1]) for area, length in pairs]


def centroid(shape: BaseGeometry) -> tuple[float, float]:
    """The middle of one shape.

    Args:
        shape: in pixels of any frame, not empty.

    Returns:
        (x, y) in the shape's frame: the centre of gravity of its area; of lines, of their length; of points, of
        their number. It may lie outside the shape.
    """
    return centroids([shape])[0]


def centroids(shapes: Sequence[BaseGeometry] | Shapes) -> list[tuple[float, float]]:
    """The middles of many shapes at once, each as `centroid` has it.

    Args:
        shapes: in pixels of any frame, none of them empty.

    Returns:
        One (x, y) for each shape, in order.
    """
    middles = shapely.centroid(as_array(shapes))
    return list(zip(shapely.get_x(middles).tolist(), shapely.get_y(middles).tolist(), strict=True))
