"""Shapes to spans of pixels, row by row: a pixel is inside a shape when its centre is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from atrisys.imaging.reader import Box

CROSSINGS = 1 << 20
"""At most so many crossings of edges and rows are held at once (some 60 bytes each)."""

SPAN_BYTES = 8 << 20
"""Spans are added up in blocks of about this size."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Edges:
    """The sides of polygons in the picture's own pixels, each running down; level ones are left out.

    A side that two polygons share is the same here for both, so that every centre on it falls to exactly one of them.
    """

    x0: NDArray[np.float64]
    y0: NDArray[np.float64]
    slope: NDArray[np.float64]
    """Columns to the right for one row down."""
    first: NDArray[np.int64]
    """The first row whose centre lies on the side, at its upper end included."""
    after: NDArray[np.int64]
    """The row after the last one, at its lower end excluded."""
    polygon: NDArray[np.int64]
    """Number of the polygon that it belongs to."""

    def __len__(self) -> int:
        return len(self.x0)

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> "Edges":
        """Some of them."""
        return Edges(
            self.x0[which], self.y0[which], self.slope[which], self.first[which], self.after[which], self.polygon[which]
        )


def edges_of(shapes: Iterable[shapely.Geometry], box: Box, size: tuple[int, int]) -> Edges:
    """The sides of all polygons among the shapes, as they lie in a picture of `box`.

    Args:
        shapes: in level-0 pixels, origin top left; lines and points have no sides.
        box: the rectangle that the picture shows.
        size: (width, height) of the picture.
    """
    polygons = _polygons(shapes, box)
    rings, of = shapely.get_rings(polygons, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    x, y = scaled(points, box, size).T
    row = np.clip(np.ceil(y - 0.5), 0, size[1]).astype(np.int64)
    # A side joins neighbours of one ring; where both lie above the same centre it crosses no row.
    side = np.flatnonzero((ring[:-1] == ring[1:]) & (row[:-1] != row[1:]))
    falls = row[side] < row[side + 1]
    begin, end = np.where(falls, side, side + 1), np.where(falls, side + 1, side)
    slope = (x[end] - x[begin]) / (y[end] - y[begin])
    return Edges(x[begin], y[begin], slope, row[begin], row[end], of[ring[side]])


def scaled(points: NDArray[np.float64], box: Box, size: tuple[int, int]) -> NDArray[np.float64]:
    """Positions on the slide as positions in a picture of a part of it.

    Args:
        points: (count, 2) of x and y in level-0 pixels, origin top left.
        box: the rectangle that the picture shows, in level-0 pixels.
        size: (width, height) of the picture in its own pixels.

    Returns:
        (count, 2) in the picture's pixels, origin at its top left; beyond it where the points lie outside of the box.
    """
    return (points - (box.x, box.y)) * (size[0] / box.width, size[1] / box.height)


def fill_rows(edges: Edges, rows: tuple[int, int], width: int) -> Bytes:
    """Rows of a picture with 1 where a centre lies in at least one polygon, 0 elsewhere.

    Within one polygon the even-odd rule holds, so holes stay 0; several polygons add up.

    Returns:
        (rows, width).
    """
    picture = np.zeros((rows[1] - rows[0], width), np.uint8)
    for first, after, some in _portions(edges, rows):
        _fill(picture[first - rows[0] : after - rows[0]], some, first, after)
    return picture


def single_parts(shapes: Iterable[shapely.Geometry]) -> NDArray[np.object_]:
    """Points, lines and polygons, those of collections one by one."""
    parts = np.array(list(shapes), dtype=np.object_)
    while (shapely.get_type_id(parts) > 3).any():
        parts = shapely.get_parts(parts)
    return parts


def _polygons(shapes: Iterable[shapely.Geometry], box: Box) -> NDArray[np.object_]:
    """All polygons that may touch the box, parts of collections one by one."""
    parts = single_parts(shapes)
    parts = parts[shapely.get_type_id(parts) == 3]
    bounds = shapely.bounds(parts)
    near = (bounds[:, 0] < box.x + box.width) & (bounds[:, 2] > box.x)
    near &= (bounds[:, 1] < box.y + box.height) & (bounds[:, 3] > box.y)
    return parts[near]


def _portions(edges: Edges, rows: tuple[int, int]) -> Iterator[tuple[int, int, Edges]]:
    """Runs of rows with so few crossings each that they fit; a single row is never cut."""
    some = edges.take((edges.first < rows[1]) & (edges.after > rows[0]))
    if not len(some):
        return
    steps = np.zeros(rows[1] - rows[0] + 1, np.int64)
    steps += np.bincount(np.maximum(some.first, rows[0]) - rows[0], minlength=len(steps))
    steps -= np.bincount(np.minimum(some.after, rows[1]) - rows[0], minlength=len(steps))
    total = np.concatenate([[0], np.cumsum(np.cumsum(steps[:-1]))])
    begin = 0
    while begin < len(total) - 1:
        end = max(begin + 1, int(np.searchsorted(total, total[begin] + CROSSINGS, side="right")) - 1)
        first, after = rows[0] + begin, rows[0] + end
        if total[end] > total[begin]:
            yield first, after, some.take((some.first < after) & (some.after > first))
        begin = end


def _fill(picture: Bytes, edges: Edges, first: int, after: int) -> None:
    begin, end = np.maximum(edges.first, first), np.minimum(edges.after, after)
    count = end - begin
    which = np.repeat(np.arange(len(edges)), count)
    row = np.arange(len(which)) - np.repeat(np.cumsum(count) - count - begin, count)
    x = edges.x0[which] + (row + 0.5 - edges.y0[which]) * edges.slope[which]
    height, width = picture.shape
    column = np.clip(np.ceil(x - 0.5), 0, width).astype(np.int64)
    # Along a row the crossings of one polygon go in, out, in, out: sorted by polygon, row and column they are pairs.
    place = ((edges.polygon[which] * height) + (row - first)) * (width + 1) + column
    place.sort()
    into, out = place[0::2], place[1::2]
    wide = out > into
    _spans(picture, into[wide] % (height * (width + 1)), (out - into)[wide])


def _spans(picture: Bytes, start: NDArray[np.int64], length: NDArray[np.int64]) -> None:
    """Fill spans with 1, by walking along each row how many are open.

    Args:
        start: row · (width + 1) + column of each span's first pixel.
    """
    height, width = picture.shape
    few = max(1, SPAN_BYTES // (8 * (width + 1)))
    for top in range(0, height, few):
        rows = min(few, height - top)
        here = (start >= top * (width + 1)) & (start < (top + rows) * (width + 1))
        if not here.any():
            continue
        begin, places = start[here] - top * (width + 1), rows * (width + 1)
        open_spans = np.bincount(begin, minlength=places)
        open_spans -= np.bincount(begin + length[here], minlength=places)
        lines = np.cumsum(open_spans, out=open_spans).reshape(rows, width + 1)
        picture[top : top + rows] = lines[:, :width] > 0
