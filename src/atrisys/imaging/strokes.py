"""Lines to the pixels that they pass through, a bounded number of points at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from atrisys.errors import TooLarge
from atrisys.imaging.reader import Box
from atrisys.imaging.scan_lines import scaled

STEP = 0.5
"""Pixels from one point of a line to the next, at most."""
LONGEST = 10_000_000
"""Pixels of all lines of a picture together, some seconds of work."""
POINTS = 1 << 19
"""At most about so many points are held at once (some 100 bytes each)."""


@dataclass(frozen=True)
class Strokes:
    """The straight pieces of lines in the picture's own pixels, as far as they may be seen."""

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    length: NDArray[np.float64]
    steps: NDArray[np.int64]

    def pixels(self, rows: tuple[int, int], width: int) -> Iterator[NDArray[np.int64]]:
        """(count, 2) each: column and row of the pixels that they pass through in some rows; repeats among them."""
        first, last = self._within(rows)
        used = np.flatnonzero(first <= last)
        total = np.cumsum(last[used] - first[used] + 1)
        begin = 0
        while begin < len(used):
            held = total[begin - 1] if begin else 0
            after = max(begin + 1, int(np.searchsorted(total, held + POINTS, side="right")))
            some = used[begin:after]
            pixel = np.floor(self._points(some, first[some], last[some])).astype(np.int64)
            yield pixel[((pixel >= (0, rows[0])) & (pixel < (width, rows[1]))).all(axis=1)]
            begin = after

    def _within(self, rows: tuple[int, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The first and the last step of each stroke that may lie in some rows; none where the last is before."""
        y, fall = self.start[:, 1], self.end[:, 1] - self.start[:, 1]
        slope = np.where(fall == 0, 1, fall) / self.steps
        at = np.sort(np.stack([(rows[0] - y) / slope, (rows[1] - y) / slope]), axis=0)
        first = np.clip(np.floor(at[0]) - 1, 0, self.steps + 1)
        last = np.clip(np.ceil(at[1]) + 1, -1, self.steps)
        level = fall == 0
        here = (y >= rows[0]) & (y < rows[1])
        first, last = np.where(level, 0, first), np.where(level, np.where(here, self.steps, -1), last)
        return first.astype(np.int64), last.astype(np.int64)

    def _points(self, some: NDArray[np.intp], first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.float64]:
        count = last - first + 1
        which = np.repeat(some, count)
        step = np.arange(len(which)) - np.repeat(np.cumsum(count) - count - first, count)
        length, steps = self.length[which], self.steps[which]
        share = step * (length / steps) / length
        start, end = self.start[which], self.end[which]
        return np.where((step == steps)[:, None], end, start + share[:, None] * (end - start))


def strokes_of(lines: NDArray[np.object_], box: Box, size: tuple[int, int]) -> Strokes:
    """The pieces of lines that may be seen in a picture of `box`.

    Args:
        lines: single ones, in level-0 pixels, origin top left.
        box: the rectangle that the picture shows.
        size: (width, height) of the picture.

    Raises:
        TooLarge: together they are longer than `LONGEST` there.
    """
    placed = shapely.set_coordinates(lines.copy(), scaled(shapely.get_coordinates(lines), box, size))
    seen = shapely.get_parts(shapely.clip_by_rect(placed, -1, -1, size[0] + 1, size[1] + 1))
    points, owner = shapely.get_coordinates(seen, return_index=True)
    same = owner[1:] == owner[:-1]
    start, end = points[:-1][same], points[1:][same]
    length = np.hypot(*(end - start).T)
    if length.sum() > LONGEST:
        raise TooLarge(
            "The lines are {length} px long in this picture; {most} px can be drawn. Ask for a smaller maxSize, or "
            "simplify them.",
            length=int(length.sum()),
            most=LONGEST,
        )
    real = length > 0
    steps = np.ceil(length[real] / STEP).astype(np.int64)
    return Strokes(start[real], end[real], length[real], steps)
