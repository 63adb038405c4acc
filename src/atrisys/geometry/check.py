"""Whether a shape can be kept for its picture: finite, not crossing itself, inside, and something at all."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from atrisys.errors import Refusal, ShapeEmpty, ShapeRefused
from atrisys.geometry.clip import areas_of, clip, is_inside
from atrisys.geometry.tangle import SMALL, refuse_many_crossings, refuse_tangle
from atrisys.geometry.wkt import FARTHEST, Shapes, as_array, check_numbers, flat

MENDED = "mended"
CLIPPED = "clipped"


class Fitted(NamedTuple):
    """A shape that can be kept."""

    shape: BaseGeometry
    """The very object that was given, if it needed nothing."""
    changes: tuple[str, ...] = ()
    """What was done to it, in order, among `mended` and `clipped`."""


def mend(shape: BaseGeometry) -> Fitted:
    """Make a shape whole, whatever picture it is for: the part that may take long.

    A polygon that crosses itself is mended: all that its outline goes around stays (where the outline overlaps itself
    or parts overlap, too), holes stay holes, lines and points without area fall away.

    Args:
        shape: in level-0 pixels of either frame.

    Returns:
        The shape and the words for what was changed.

    Raises:
        ShapeEmpty: a polygon without area; or a line without length.
        ShapeUnreadable: a coordinate that is not finite or absurdly far away.
        ShapeRefused: a collection, too many points, or too entangled to be checked.
    """
    check_numbers(shape)
    kept = flat(shape)
    try:
        if shapely.get_dimensions(kept) == 2:
            refuse_tangle(kept)
        whole = _mend(kept)
    except shapely.errors.GEOSException as error:
        raise _cannot(error) from None
    return Fitted(whole, () if whole is kept else (MENDED,))


def mend_many(shapes: Sequence[BaseGeometry] | Shapes) -> list[Fitted | ShapeRefused]:
    """Make many shapes whole, each as `mend` does; what it refuses stands as its refusal in the shape's place.

    Args:
        shapes: in level-0 pixels of either frame.

    Returns:
        One `Fitted` or refusal for each shape, in order. Shapes that need nothing cost little more than one check of
        the whole array.
    """
    array = as_array(shapes)
    return [
        Fitted(shape) if whole else _or_refusal(mend, shape)
        for shape, whole in zip(array.tolist(), _are_whole(array).tolist(), strict=True)
    ]


def place_many(mended: Sequence[Fitted | Refusal], width: int, height: int) -> list[Fitted | Refusal]:
    """Cut whole shapes off at the edges of their picture; refusals are handed on.

    Args:
        mended: as `mend_many` gives them; either frame, since both have the picture at [0, width] x [0, height].
        width: of the picture, in pixels.
        height: of the picture, in pixels.

    Returns:
        One `Fitted` or refusal for each, in order: ShapeEmpty where all lies outside; what lies inside is handed on.
    """
    answers = list(mended)
    shapes = [one.shape if isinstance(one, Fitted) else None for one in mended]
    # (What has no bounds lies nowhere beyond.)
    left, top, right, bottom = shapely.bounds(as_array(shapes)).T
    beyond = (left < 0) | (top < 0) | (right > width) | (bottom > height)
    for place in np.flatnonzero(beyond).tolist():
        answers[place] = _or_refusal(_place, mended[place], width, height)
    return answers


def _place(mended: Fitted, width: int, height: int) -> Fitted:
    if is_inside(mended.shape, width, height):
        return mended
    try:
        return Fitted(_cut(mended.shape, width, height), (*mended.changes, CLIPPED))
    except shapely.errors.GEOSException as error:
        raise _cannot(error) from None


def _cannot(error: Exception) -> ShapeRefused:
    return ShapeRefused("The shape cannot be mended or clipped ({reason}). Redraw it.", reason=str(error))


def _or_refusal(do: Callable[..., Fitted], *given: Any) -> Fitted | ShapeRefused:
    try:
        return do(*given)
    except ShapeRefused as refusal:
        return refusal


def _are_whole(array: Shapes) -> NDArray[np.bool_]:
    """Which points, lines and small polygons are fine as they are; the others are looked at one by one."""
    kinds = shapely.get_type_id(array)
    with np.errstate(all="ignore"):
        good = (kinds == 3) & (shapely.area(array) > 0)
        if not good.all():
            good |= (kinds == 0) | ((kinds == 1) & (shapely.length(array) > 0))
    good &= (np.abs(shapely.bounds(array)) <= FARTHEST).all(axis=1)
    good &= (shapely.get_num_coordinates(array) <= SMALL) & (shapely.get_coordinate_dimension(array) == 2)
    good[good] = shapely.is_valid(array[good])
    holed = good & (shapely.get_num_interior_rings(array) > 0)
    if holed.any():
        good[holed] = ~_has_hollow_part(array[holed])
    return good


def _has_hollow_part(array: Shapes) -> NDArray[np.bool_]:
    """Which have an empty part or ring: legal in WKT, a stumbling block for whoever draws it."""
    parts, owner = shapely.get_parts(array, return_index=True)
    hollow = np.bincount(owner, shapely.is_empty(parts), len(array)) > 0
    rings, part = shapely.get_rings(parts, return_index=True)
    hollow |= np.bincount(owner[part], shapely.is_empty(rings), len(array)) > 0
    return hollow


def _mend(shape: BaseGeometry) -> BaseGeometry:
    """The same object if it is whole already."""
    dimension = shapely.get_dimensions(shape)
    if dimension == 2:
        mended = shape if shapely.is_valid(shape) else _untangle(shape)
        if not shapely.area(mended) > 0:
            raise ShapeEmpty("The polygon has no area. Draw it around something.")
        return _without_hollow_rings(mended) if _has_hollow_part(as_array([mended]))[0] else mended
    parts = shapely.get_parts(shape)
    real = parts[~shapely.is_empty(parts)]
    if dimension == 1:
        real = real[shapely.length(real) > 0]
    if len(real) == 0:
        raise ShapeEmpty("The line has no length. Send two different points.")
    if len(real) == len(parts):
        return shape
    return cast(BaseGeometry, shapely.multilinestrings(real) if dimension == 1 else shapely.multipoints(real))


def _untangle(shape: BaseGeometry) -> BaseGeometry:
    # The other method, linework, makes holes of what an outline goes around twice and of where parts overlap.
    refuse_many_crossings(shape)
    with np.errstate(all="ignore"):
        return areas_of(shapely.make_valid(shape, method="structure", keep_collapsed=False))


def _without_hollow_rings(shape: BaseGeometry) -> BaseGeometry:
    polygons = [
        shapely.Polygon(part.exterior, [ring for ring in part.interiors if not ring.is_empty])
        for part in shapely.get_parts(shape)
        if not part.is_empty
    ]
    return polygons[0] if shape.geom_type == "Polygon" else shapely.MultiPolygon(polygons)


def _cut(shape: BaseGeometry, width: int, height: int) -> BaseGeometry:
    inside = clip(shape, width, height)
    if not inside.is_empty and shapely.get_dimensions(inside) == 2 and not shapely.is_valid(inside):
        # Put onto the edge, a corner may have come to lie on another.
        inside = _untangle(inside)
    if inside.is_empty or not is_inside(inside, width, height):
        raise ShapeEmpty(
            "Nothing of the shape lies inside the picture of {width} x {height} pixels. "
            "Check the frame of its coordinates.",
            width=width,
            height=height,
        )
    return inside
