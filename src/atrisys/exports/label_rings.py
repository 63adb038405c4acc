"""The rings of many annotations as flat arrays of whole pixels: all that a mask needs of them, 8 bytes a point."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from atrisys.exports.batches import Shapes, batches, shapes_of
from atrisys.exports.records import AnnotationRecord, Problem

FARTHEST = 1 << 23
"""Largest coordinate and side of a mask in pixels: Pillow takes points as 32-bit floats, whole up to twice that."""
_POLYGON, _MULTIPOLYGON = 3, 6


@dataclass(frozen=True)
class Rings:
    """Rings in drawing order: of each polygon the outer one with its class, then its holes with 0."""

    blocks: list[NDArray[np.int32]]
    """Points of some thousand rings each, (count, 2), image order, cut to whole pixels towards zero."""
    block: NDArray[np.int32]
    """For each ring: which block holds it."""
    start: NDArray[np.int32]
    """For each ring: its first point in the block."""
    end: NDArray[np.int32]
    """For each ring: one after its last point."""
    value: NDArray[np.uint8]
    """For each ring: what it is filled with."""
    top: NDArray[np.int32]
    """For each ring: its first row."""
    bottom: NDArray[np.int32]
    """For each ring: its last row."""

    def __len__(self) -> int:
        return len(self.value)

    def points(self, ring: int) -> NDArray[np.int32]:
        """The points of one ring.

        Args:
            ring: its number from 0.

        Returns:
            (count, 2) int32, x and y in image order, the last point equal to the first.
        """
        return self.blocks[self.block[ring]][self.start[ring] : self.end[ring]]


def gather_rings(records: Iterable[AnnotationRecord], problems: list[Problem]) -> Rings:
    """Take the rings of annotations, in the order given.

    Coordinates are cut towards zero before anything else is done to them, as Pillow does when it draws a whole
    picture; so a mask drawn in bands can equal it.

    Args:
        records: read once, some thousand held at a time; points and lines have no rings and are passed over.
        problems: annotations that cannot be drawn are added to it.

    Returns:
        The rings; 8 bytes a point and about 30 a ring.
    """
    parts = [part for batch in batches(records) if (part := _rings_of(batch, problems))]
    if not parts:
        none = np.zeros(0, np.int32)
        return Rings([], none, none, none, none.astype(np.uint8), none, none)
    points, *columns = zip(*parts, strict=True)
    block = np.repeat(np.arange(len(parts), dtype=np.int32), [len(value) for value in columns[2]])
    return Rings(list(points), block, *(np.concatenate(column) for column in columns))


def _rings_of(batch: list[AnnotationRecord], problems: list[Problem]) -> tuple[NDArray[Any], ...] | None:
    """Points, and for each ring start, end, value, top and bottom; None if there is no ring."""
    shapes, values = _drawable(batch, problems)
    area = np.isin(shapely.get_type_id(shapes), (_POLYGON, _MULTIPOLYGON))
    parts, owner = shapely.get_parts(shapes[area], return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    outer = np.diff(part, prepend=-1) > 0
    value = np.where(outer, values[area][owner[part]], 0).astype(np.uint8)
    size = shapely.get_num_coordinates(rings)
    rings, value, size = rings[size > 0], value[size > 0], size[size > 0]
    if not len(rings):
        return None
    points = shapely.get_coordinates(rings).astype(np.int32)
    end = np.cumsum(size).astype(np.int32)
    start = (end - size).astype(np.int32)
    top, bottom = (extreme.reduceat(points[:, 1], start) for extreme in (np.minimum, np.maximum))
    return points, start, end, value, top, bottom


def _drawable(batch: list[AnnotationRecord], problems: list[Problem]) -> tuple[Shapes, NDArray[np.uint8]]:
    """Shapes and class numbers of the annotations that can be drawn."""
    shapes, reasons = shapes_of(batch)
    for i, record in enumerate(batch):
        if type(record.class_id) is not int or not 0 <= record.class_id <= 255:
            reasons[i] = f"The class number {record.class_id} is none from 0 to 255."
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    for i in np.unique(owner[~(np.abs(points) < FARTHEST).all(axis=1)]).tolist():
        reasons[i] = f"A coordinate is no number of pixels below {FARTHEST}."
    problems += [Problem(batch[i].id, reason) for i, reason in sorted(reasons.items())]
    good = [i for i in range(len(batch)) if i not in reasons]
    return shapes[good], np.array([batch[i].class_id for i in good], np.uint8)
