"""How entangled a shape is, so that nobody can keep a worker busy for hours with one polygon.

Checking, mending and clipping compare every pair of edges whose boxes overlap. A drawn or traced outline has a few of
them for each edge; a zigzag of 40,000 long strokes has 800 million, and took 18 s to check and minutes to clip. Every
crossing that mending has to resolve costs some 40 µs and 2 kB on top (a star of 2,001 points: 80 s, 4 GB).
"""

from typing import cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from atrisys.errors import ShapeRefused
from atrisys.geometry.wkt import Shapes

SMALL = 500
"""Up to so many points a shape cannot be entangled enough to matter."""
PAIRS_AN_EDGE = 40
PAIRS_FREE = 100_000
MOST_CROSSINGS = 10_000
_SAMPLE = 256
_BLOCK = 2048


def refuse_tangle(shape: BaseGeometry) -> None:
    """Refuse a shape whose check or clipping would take minutes.

    The number of overlapping pairs of edge boxes is estimated from some 256 edges picked at random, in a millisecond
    for a thousand edges.

    Args:
        shape: finite, in pixels of any frame.

    Raises:
        ShapeRefused: about 40 overlapping pairs for each edge, and 100,000, or more.
    """
    if shapely.get_num_coordinates(shape) <= SMALL or shapely.get_dimensions(shape) == 0:
        return
    low, high = _boxes(_edges(shape))
    count = len(low)
    picked = np.random.default_rng().choice(count, min(_SAMPLE, count), replace=False)
    overlapping = sum(int(_overlaps(low, high, low[i], high[i]).sum()) for i in picked)
    if overlapping / len(picked) * count / 2 > PAIRS_AN_EDGE * count + PAIRS_FREE:
        raise entangled()


def refuse_many_crossings(shape: BaseGeometry) -> None:
    """Refuse a shape that crosses itself too often to be mended in about a second.

    Args:
        shape: finite, in pixels of any frame, let through by `refuse_tangle`.

    Raises:
        ShapeRefused: its edges meet more than `MOST_CROSSINGS` times beyond their common ends.
    """
    edges = _edges(shape)
    if len(edges) ** 2 / 2 <= MOST_CROSSINGS:
        return
    lines = cast(Shapes, shapely.linestrings(edges))
    tree = shapely.STRtree(lines)
    # Neighbours share an end: each edge meets itself and two others without any crossing.
    meetings = -3 * len(lines)
    for start in range(0, len(lines), _BLOCK):
        one, other = tree.query(lines[start : start + _BLOCK])
        for at in range(0, len(one), 100_000):
            part = slice(at, at + 100_000)
            meetings += int(shapely.intersects(lines[start + one[part]], lines[other[part]]).sum())
            if meetings > 2 * MOST_CROSSINGS:
                raise entangled()


def _edges(shape: BaseGeometry) -> NDArray[np.float64]:
    """(count, 2, 2): both ends of every edge of every ring or line."""
    parts = shapely.get_parts(shape)
    lines = shapely.get_rings(parts) if shapely.get_dimensions(shape) == 2 else parts
    points, owner = shapely.get_coordinates(lines, return_index=True)
    same = owner[1:] == owner[:-1]
    return np.stack([points[:-1][same], points[1:][same]], axis=1)


def _boxes(edges: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return edges.min(axis=1), edges.max(axis=1)


def _overlaps(
    low: NDArray[np.float64], high: NDArray[np.float64], low_of: NDArray[np.float64], high_of: NDArray[np.float64]
) -> NDArray[np.bool_]:
    x = (low[:, 0] <= high_of[0]) & (high[:, 0] >= low_of[0])
    return x & (low[:, 1] <= high_of[1]) & (high[:, 1] >= low_of[1])


def entangled() -> ShapeRefused:
    """What is said of a shape that would take too long.

    Returns:
        The refusal, to be raised.
    """
    return ShapeRefused("The shape is too entangled to be checked: its edges cross or overlap too often. Redraw it.")
