"""Rows some at a time, and the shapes of annotations read all at once."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from atrisys.exports.records import AnnotationRecord

Shapes = NDArray[np.object_]
Row = TypeVar("Row")

_BATCH = 2000
_UNREADABLE = (shapely.errors.ShapelyError, NotImplementedError, ValueError, TypeError)


def batches(rows: Iterable[Row], size: int = _BATCH) -> Iterator[list[Row]]:
    """The rows in lists.

    Args:
        rows: read once, as far as asked for.
        size: how many there are in a list; fewer in the last one.

    Returns:
        The lists, in order.
    """
    waiting = iter(rows)
    while batch := list(islice(waiting, size)):
        yield batch


def shapes_of(batch: list[AnnotationRecord]) -> tuple[Shapes, dict[int, str]]:
    """The shapes of annotations, read from WKB where they are bytes.

    Args:
        batch: annotations with shapes in image order.

    Returns:
        (count,) shapes with None where there is none that can be read, and for those places the reason.
    """
    shapes = np.empty(len(batch), object)
    reasons: dict[int, str] = {}
    for i, shape in enumerate(_read(batch)):
        if isinstance(shape, BaseGeometry):
            shapes[i] = shape
        else:
            reasons[i] = f"The shape cannot be read ({shape})."
    return shapes, reasons


def _read(batch: list[AnnotationRecord]) -> Iterator[object]:
    """The shape of each annotation, or the reason why it cannot be read."""
    written = [record.shape for record in batch if isinstance(record.shape, bytes)]
    try:
        read = iter(shapely.from_wkb(written) if written else ())
    except _UNREADABLE:
        read = (_read_alone(shape) for shape in written)
    for record in batch:
        yield next(read) if isinstance(record.shape, bytes) else record.shape


def _read_alone(shape: bytes) -> object:
    try:
        return shapely.from_wkb(shape)
    except _UNREADABLE as error:
        return str(error)
