"""Holes of polygons, filled."""

from typing import cast

import shapely
from shapely.geometry.base import BaseGeometry


def fill_holes(shape: BaseGeometry) -> BaseGeometry:
    """The same areas without their holes.

    Args:
        shape: in pixels of any frame.

    Returns:
        The shape with the outer rings alone, parts that lay in a filled hole merged into it; what is no area is given
        back as it is.
    """
    if shapely.get_dimensions(shape) != 2:
        return shape
    parts = shapely.get_parts(shape)
    outer = shapely.union_all(shapely.polygons(shapely.get_exterior_ring(parts)))
    return cast(BaseGeometry, outer) if len(parts) > 1 else shapely.Polygon(parts[0].exterior)
