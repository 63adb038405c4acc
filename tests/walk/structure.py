"""Something dark that anybody sees on a slide: found in its pixels, turned into a shape, found again in a picture."""

from collections import deque

import numpy as np
from numpy.typing import NDArray
from shapely import box, unary_union
from shapely.geometry import Polygon

CELL = 16
"""The slide is looked at in squares of so many pixels, so that single pixels do not matter."""
DARK = 120
"""Grey level (0–255) below which a square counts as dark; pale tissue and glass lie above."""

Cells = NDArray[np.bool_]


def find_structure(pixels: NDArray[np.uint8]) -> Cells:
    """The largest connected group of dark squares in a picture (height, width, 3)."""
    return largest_group(dark_cells(pixels))


def dark_cells(pixels: NDArray[np.uint8]) -> Cells:
    grey = pixels[..., :3].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    rows, columns = grey.shape[0] // CELL, grey.shape[1] // CELL
    squares = grey[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL)
    return squares.mean((1, 3)) < DARK


def largest_group(dark: Cells) -> Cells:
    left = dark.copy()
    best: list[tuple[int, int]] = []
    for row, column in np.argwhere(dark):
        if left[row, column]:
            group = take_group(left, (int(row), int(column)))
            best = max(best, group, key=len)
    found = np.zeros_like(dark)
    for square in best:
        found[square] = True
    return found


def take_group(left: Cells, start: tuple[int, int]) -> list[tuple[int, int]]:
    """All squares that hang together with the first one; they are taken out of `left`."""
    left[start] = False
    group, waiting = [start], deque([start])
    while waiting:
        row, column = waiting.popleft()
        for near in ((row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)):
            inside = 0 <= near[0] < left.shape[0] and 0 <= near[1] < left.shape[1]
            if inside and left[near]:
                left[near] = False
                group.append(near)
                waiting.append(near)
    return group


def outline(cells: Cells) -> Polygon:
    """The shape round the squares: level-0 pixels, origin top left, y down; holes are kept."""
    squares = [box(c * CELL, r * CELL, (c + 1) * CELL, (r + 1) * CELL) for r, c in np.argwhere(cells)]
    shape = unary_union(squares)
    assert isinstance(shape, Polygon), "squares of one group make one shape"
    return shape


def free_places(cells: Cells, side: int, wanted: int) -> list[tuple[int, int]]:
    """Left top corners of squares of `side` pixels that keep clear of the structure and of each other."""
    span = -(-side // CELL)
    found: list[tuple[int, int]] = []
    for row in range(0, cells.shape[0] - span, span):
        for column in range(0, cells.shape[1] - span, span):
            if len(found) < wanted and not cells[row : row + span, column : column + span].any():
                found.append((column * CELL, row * CELL))
    assert len(found) == wanted, "the slide has too little room beside its structure"
    return found


def overlap(cells: Cells, mask: NDArray[np.bool_]) -> float:
    """Intersection over union of the structure and a mask (height, width) of the same picture."""
    full = np.zeros_like(mask)
    grown = np.kron(cells, np.ones((CELL, CELL), bool))
    full[: grown.shape[0], : grown.shape[1]] = grown[: mask.shape[0], : mask.shape[1]]
    return float((full & mask).sum() / (full | mask).sum())
