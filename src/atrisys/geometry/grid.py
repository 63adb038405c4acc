"""A grid of cells in levels, so that an ordinary index finds the shapes of a window.

Level k has cells of 512·2^k px. A box stands on the first level whose cells are at least as large as its longer side,
in the cell of its low corner; so it reaches into the next cell at most: a window looks one cell further up and left.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CELL_PX = 512
LEVELS = 16


class CellRange(NamedTuple):
    """The cells of one level that a window may touch; ends included."""

    level: int
    x0: int
    x1: int
    y0: int
    y1: int


def places(bounds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Where boxes stand.

    Args:
        bounds: (n, 4) of min x, min y, max x, max y in level-0 pixels, finite, ≥ 0.

    Returns:
        (n, 3) of level, grid x, grid y.
    """
    side = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
    found = np.empty((len(bounds), 3), dtype=np.int64)
    found[:, 0] = levels(side)
    found[:, 1:] = bounds[:, :2] // (CELL_PX << found[:, :1])
    return found


def levels(sides: NDArray[np.float64]) -> NDArray[np.int64]:
    """On which levels boxes stand whose longer sides are so many level-0 pixels; what is longer stands no lower."""
    return np.minimum(np.ceil(np.log2(np.maximum(sides, CELL_PX) / CELL_PX)), LEVELS - 1).astype(np.int64)


def cells_of(min_x: float, min_y: float, max_x: float, max_y: float) -> list[CellRange]:
    """Which cells to look into for what may touch a window.

    Args:
        min_x: the window's left side, in level-0 pixels; this and the others finite.
        min_y: its top side.
        max_x: its right side.
        max_y: its bottom side.

    Returns:
        One range for each level; every box that touches the window stands in one of them, others may too.
    """
    ranges = []
    for level in range(LEVELS):
        cell = CELL_PX << level
        ranges.append(
            CellRange(
                level,
                int(min_x // cell) - 1,
                int(max_x // cell),
                int(min_y // cell) - 1,
                int(max_y // cell),
            )
        )
    return ranges
