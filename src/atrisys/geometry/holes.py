"""Holes of polygons, filled."""

from typing import cast

import shapely
from shapely.geometry.base import BaseGeometry

from atrisys.errors import ShapeRefused
from atrisys.geometry.tangle import refuse_many_crossings, refuse_tangle
from atrisys.geometry.wkt import Shapes, check_numbers


def fill_holes(shape: BaseGeometry) -> BaseGeometry:
    """The same areas without their holes.

    Args:
        shape: in pixels of any frame.

    Returns:
        The shape with the outer rings alone, parts that lay in a filled hole merged into it; what is no area is given
        back as it is.

    Raises:
        ShapeUnreadable: a coordinate that is not finite or absurdly far away.
        ShapeRefused: too many points, or parts too entangled to be merged.
    """
    check_numbers(shape)
    if shapely.get_dimensions(shape) != 2:
        return shape
    outer = cast(Shapes, shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(shape))))
    return outer[0] if len(outer) == 1 else _merged(outer)


def _merged(parts: Shapes) -> BaseGeometry:
    # Nobody has checked these shapes yet: whoever sends one may ask for its holes to be filled at once.
    together = cast(BaseGeometry, shapely.multipolygons(parts))
    refuse_tangle(together)
    refuse_many_crossings(together)
    try:
        return cast(BaseGeometry, shapely.union_all(parts))
    except shapely.errors.GEOSException as error:
        raise ShapeRefused("The shape cannot be mended or clipped ({reason}). Redraw it.", reason=str(error)) from None
