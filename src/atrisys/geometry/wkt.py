"""Shapes as text: well-known text read with its limits, and written in the spelling that Cytomine's clients compare."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from atrisys.errors import ShapeEmpty, ShapeNotClosed, ShapeRefused, ShapeUnreadable

Shapes = NDArray[np.object_]
"""One-dimensional array of shapely geometries."""

MOST_POINTS = 1_000_000
"""Vertices of one shape. Beyond it, checking one shape would keep a worker busy for a minute."""
FARTHEST = 1e9
"""Largest coordinate in pixels; a thousand times the widest slide, and still exact to a millionth of a pixel."""
KINDS = "POINT, LINESTRING, POLYGON, MULTIPOINT, MULTILINESTRING, MULTIPOLYGON"

_DIGITS = 30
"""Decimals at most. GEOS' own "as many as needed", -1, stops at 16 and so loses digits of coordinates below 1,000."""

# GEOS reads nested collections by recursion and ends the process on a few hundred thousand of them: a text reaches
# it only if its first word is one of the flat kinds.
_FLAT = re.compile(r"\s*(?:MULTI)?(?:POINT|LINESTRING|POLYGON)(?:\s+(?:Z|M|ZM))?\s*(?:\(|EMPTY)", re.IGNORECASE)
_COLLECTION = re.compile(r"\s*GEOMETRYCOLLECTION", re.IGNORECASE)
_NOT_FINITE = re.compile(r"nan|inf", re.IGNORECASE)
_FLAT_TYPES = frozenset((0, 1, 3, 4, 5, 6))


def read_wkt(text: str) -> BaseGeometry:
    """Read one shape from well-known text.

    Args:
        text: a POINT, LINESTRING, POLYGON or MULTI… of them, in pixels of whichever frame the sender uses; a third
            or fourth ordinate is dropped. Collections are refused: their parts are annotations of their own.

    Returns:
        The shape, vertex order and ring order kept, coordinates finite and at most `FARTHEST`; it may cross itself
        (see `check.py`).

    Raises:
        ShapeUnreadable: no such text, not finite, or too far away.
        ShapeNotClosed: a ring's last point is not its first.
        ShapeEmpty: the shape has no point.
        ShapeRefused: a collection, or more than `MOST_POINTS` points.
    """
    _check_text(text)
    try:
        with np.errstate(over="ignore"):
            shape = cast(BaseGeometry, shapely.from_wkt(text))
    except (shapely.errors.ShapelyError, NotImplementedError, ValueError) as error:
        raise _why(text, error) from None
    check_numbers(shape)
    return flat(shape)


def read_many(texts: Iterable[object]) -> list[BaseGeometry | ShapeRefused]:
    """Read many shapes at once; what `read_wkt` refuses stands as its refusal in the shape's place.

    Args:
        texts: what `read_wkt` takes, one for each shape; anything but text is refused in its place.

    Returns:
        One shape or refusal for each text, in order.
    """
    listed = list(texts)
    read = _read_all(listed)
    if read is not None:
        return cast("list[BaseGeometry | ShapeRefused]", read.tolist())
    return [_read_or_refusal(text) for text in listed]


def write_wkt(shape: BaseGeometry) -> str:
    """Write one shape as `POLYGON ((x y, x y, …))`, each coordinate with as many digits as its return needs.

    Args:
        shape: in pixels of any frame; only x and y are written.

    Returns:
        Text that reads back to exactly the same coordinates; whole numbers have no decimal point.
    """
    return cast(str, shapely.to_wkt(shape, rounding_precision=_DIGITS, output_dimension=2))


def write_many(shapes: Sequence[BaseGeometry] | Shapes) -> list[str]:
    """Write many shapes at once, each as `write_wkt` does.

    Args:
        shapes: in pixels of any frame.

    Returns:
        One text for each shape, in order.
    """
    return cast("list[str]", shapely.to_wkt(as_array(shapes), rounding_precision=_DIGITS, output_dimension=2).tolist())


def as_array(shapes: Iterable[Any] | Shapes) -> Shapes:
    """The shapes as a one-dimensional object array (numpy alone would try to look into them).

    Args:
        shapes: any shapes, None among them allowed.

    Returns:
        (count,) object array; the same array where it was one.
    """
    if isinstance(shapes, np.ndarray):
        return shapes
    listed = list(shapes)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array


def flat(shape: BaseGeometry) -> BaseGeometry:
    """The shape with x and y alone.

    Args:
        shape: in pixels of any frame.

    Returns:
        The very same object if it had nothing else.
    """
    return shapely.force_2d(shape) if shape.has_z or shape.has_m else shape


def check_numbers(shape: BaseGeometry) -> None:
    """Refuse what no later step could bear: other kinds, nothing, too many, infinite or faraway points.

    Args:
        shape: in pixels of any frame.

    Raises:
        ShapeRefused: a kind that is no annotation, or more than `MOST_POINTS` points.
        ShapeEmpty: the shape has no point.
        ShapeUnreadable: a coordinate that is not finite or beyond `FARTHEST`.
    """
    if shapely.get_type_id(shape) not in _FLAT_TYPES:
        raise _other_kind(shape.geom_type)
    if shape.is_empty:
        raise _empty()
    if shapely.get_num_coordinates(shape) > MOST_POINTS:
        raise _too_many()
    if not (np.abs(shapely.get_coordinates(shape)) <= FARTHEST).all():
        raise _too_far()


def _read_all(texts: list[object]) -> Shapes | None:
    """All of them read at once, or None where one needs a word of its own."""
    for text in texts:
        # (A shorter text has fewer commas.)
        if not isinstance(text, str) or not _FLAT.match(text) or len(text) >= MOST_POINTS or "\0" in text:
            return None
    try:
        with np.errstate(over="ignore"):
            shapes = shapely.from_wkt(as_array(texts))
    except (shapely.errors.ShapelyError, NotImplementedError, ValueError):
        return None
    if shapely.is_empty(shapes).any() or not (np.abs(shapely.get_coordinates(shapes)) <= FARTHEST).all():
        return None
    if (shapely.get_coordinate_dimension(shapes) != 2).any():
        shapes = shapely.force_2d(shapes)
    return shapes


def _read_or_refusal(text: object) -> BaseGeometry | ShapeRefused:
    try:
        return read_wkt(cast(str, text))
    except ShapeRefused as refusal:
        return refusal


def _check_text(text: object) -> None:
    if not isinstance(text, str):
        raise ShapeUnreadable("The location is missing or no text. Send it as WKT: one of {kinds}.", kinds=KINDS)
    if _COLLECTION.match(text):
        raise _other_kind("GeometryCollection")
    if not _FLAT.match(text) or "\0" in text:
        raise ShapeUnreadable(
            "The location is no WKT that can be read ({start}). Send one of {kinds}, as in "
            "POLYGON ((x y, x y, x y, x y)).",
            start=repr(text[:40]),
            kinds=KINDS,
        )
    if text.count(",") >= MOST_POINTS:
        raise _too_many()


def _why(text: str, error: Exception) -> ShapeRefused:
    reason = str(error).strip()
    if "closed" in reason and not _NOT_FINITE.search(text):
        return ShapeNotClosed("A ring of the polygon is not closed. Repeat its first point as its last.")
    if _NOT_FINITE.search(text):
        return _too_far()
    return ShapeUnreadable(
        "The location is no WKT that can be read: {reason}. Send one of {kinds}, as in POLYGON ((x y, x y, x y, x y)).",
        reason=reason.partition(": ")[2] or reason,
        kinds=KINDS,
    )


def _other_kind(kind: str) -> ShapeRefused:
    return ShapeRefused(
        "A {kind} cannot be an annotation. Send its parts one by one, each one of {kinds}.", kind=kind, kinds=KINDS
    )


def _empty() -> ShapeEmpty:
    return ShapeEmpty("The shape is empty. Send at least one point.")


def _too_many() -> ShapeRefused:
    return ShapeRefused("The shape has more than {most} points. Simplify it, or cut it into parts.", most=MOST_POINTS)


def _too_far() -> ShapeUnreadable:
    return ShapeUnreadable(
        "A coordinate is no finite number of pixels up to {farthest}. Send pixels of the full resolution.",
        farthest=f"{FARTHEST:.0f}",
    )


def wkb_to_wkt(shapes: Sequence[bytes]) -> list[str]:
    """Many stored shapes as text.

    Args:
        shapes: WKB each, in pixels of any frame.

    Returns:
        One text for each shape, in order, in the same frame, as `write_wkt` spells it.
    """
    return write_many(shapely.from_wkb(as_array(shapes)))
