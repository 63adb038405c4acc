"""A slide that was never scanned: where its tissue, its tumour islands and its nuclei lie, known to the pixel.

The same seed gives the same slide on every machine, so that whoever counts or draws on it knows what is right.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

KINDS = ("Tumour nucleus", "Lymphocyte", "Fibroblast")
"""Kinds of nuclei, by their number."""

CORNERS = 20
"""Vertices of a nucleus' outline."""

MPP = 0.5
"""µm per pixel, as a 20x objective gives."""

_RADII = ((9.0, 13.0), (5.5, 7.0), (9.0, 12.0))
"""Smallest and largest half axis of each kind, px."""
_SLENDER = ((0.72, 0.95), (0.9, 1.0), (0.32, 0.45))
"""The short half axis for one of the long."""


@dataclass(frozen=True)
class Nuclei:
    """Some thousand nuclei: ellipses with a slight wobble. Arrays of one length, level-0 pixels, origin top left."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    long: NDArray[np.float64]
    """Half axes, px."""
    short: NDArray[np.float64]
    angle: NDArray[np.float64]
    """Of the long axis, radians."""
    wobble: NDArray[np.float64]
    """How far the outline leaves the ellipse, as a part of its radius."""
    phase: NDArray[np.float64]
    kind: NDArray[np.int64]
    """Number in KINDS."""

    def __len__(self) -> int:
        return len(self.x)

    def outlines(self) -> list[Polygon]:
        """Each nucleus as a polygon of CORNERS vertices, to a thousandth of a pixel.

        Returns:
            shapely polygons in level-0 pixels, origin top left, in the order of the arrays.
        """
        turn = np.linspace(0, 2 * math.pi, CORNERS, endpoint=False)
        reach = 1 + self.wobble[:, None] * np.sin(3 * turn + self.phase[:, None])
        across, along = self.long[:, None] * np.cos(turn) * reach, self.short[:, None] * np.sin(turn) * reach
        cosine, sine = np.cos(self.angle)[:, None], np.sin(self.angle)[:, None]
        x = self.x[:, None] + across * cosine - along * sine
        y = self.y[:, None] + across * sine + along * cosine
        shapes: Any = shapely.polygons(np.round(np.stack([x, y], axis=2), 3))
        return list(shapes)


@dataclass(frozen=True)
class Region:
    """A piece of tissue of one sort, with holes where it has any."""

    name: str
    """Tissue, Tumour, Stroma or Lymphoid aggregate."""
    shape: Polygon


@dataclass(frozen=True)
class Plan:
    """All that is on a slide."""

    width: int
    height: int
    seed: int
    regions: tuple[Region, ...]
    """From the largest to the smallest: a later one lies over an earlier one."""
    nuclei: Nuclei

    def named(self, name: str) -> list[Polygon]:
        """The regions of one sort."""
        return [region.shape for region in self.regions if region.name == name]


def plan_slide(width: int = 12_000, height: int = 9_000, seed: int = 2026) -> Plan:
    """Lay a slide out: tissue with vessels, tumour islands with lumens, lymphoid aggregates, nuclei everywhere.

    Args:
        width: of the slide in pixels; a slide of the size given here by default holds some 20,000 nuclei.
        height: of the slide in pixels.
        seed: the same number gives the same slide.

    Returns:
        shapes in level-0 pixels, origin top left.
    """
    random = np.random.default_rng(seed)
    size = min(width, height)
    outline = _blob(random, (width * 0.5, height * 0.5), (width * 0.455, height * 0.44), 0.1, 240)
    islands = _scatter(random, outline.buffer(-size * 0.03), [], 9, (size * 0.085, size * 0.135), 0.14)
    nodules = _scatter(random, outline.buffer(-size * 0.02), islands, 4, (size * 0.04, size * 0.055), 0.05)
    vessels = _scatter(random, outline.buffer(-size * 0.02), islands + nodules, 8, (size * 0.012, size * 0.03), 0.12)
    tissue = _polygon(outline.difference(shapely.union_all(vessels)))
    tumours = []
    for island in islands:
        lumens = _scatter(random, island.buffer(-size * 0.012), [], 3, (size * 0.008, size * 0.018), 0.1)
        tumours.append(_polygon(island.difference(shapely.union_all(lumens))))
    stroma = _polygon(tissue.difference(shapely.union_all([*islands, *nodules])))
    regions = [Region("Tissue", tissue), Region("Stroma", stroma)]
    regions += [Region("Tumour", shape) for shape in tumours]
    regions += [Region("Lymphoid aggregate", shape) for shape in nodules]
    nuclei = _join(
        [
            _sow(random, shapely.union_all(tumours), 0, 35.0),
            _sow(random, shapely.union_all(nodules), 1, 21.0),
            _sow(random, stroma, 2, 88.0),
        ]
    )
    rounded = tuple(Region(one.name, _polygon(shapely.set_precision(one.shape, 0.001))) for one in regions)
    return Plan(width, height, seed, rounded, nuclei)


def _blob(
    random: np.random.Generator,
    middle: tuple[float, float],
    radii: tuple[float, float],
    rough: float,
    corners: int = 96,
) -> Polygon:
    """A round thing without a straight side: waves of five lengths on an ellipse."""
    turn = np.linspace(0, 2 * math.pi, corners, endpoint=False)
    reach = np.ones(corners)
    for waves in range(2, 7):
        reach += random.uniform(-rough, rough) / math.sqrt(waves) * np.sin(waves * turn + random.uniform(0, 6.3))
    reach /= max(1.0, reach.max())
    x, y = middle[0] + radii[0] * np.cos(turn) * reach, middle[1] + radii[1] * np.sin(turn) * reach
    return Polygon(np.stack([x, y], axis=1))


def _scatter(
    random: np.random.Generator,
    inside: BaseGeometry,
    beside: list[Polygon],
    wanted: int,
    radii: tuple[float, float],
    rough: float,
) -> list[Polygon]:
    """Blobs within a shape that touch neither each other nor those of `beside`; fewer than wanted if it gets full."""
    found: list[Polygon] = []
    left, top, right, bottom = inside.bounds
    for _ in range(wanted * 60):
        if len(found) == wanted:
            break
        radius = random.uniform(*radii)
        middle = (random.uniform(left, right), random.uniform(top, bottom))
        blob = _blob(random, middle, (radius * random.uniform(0.85, 1.25), radius), rough)
        others = [*beside, *found]
        apart = not others or min(shapely.distance(blob, others)) > radius * 0.15
        if apart and inside.contains(blob):
            found.append(blob)
    return found


def _polygon(shape: BaseGeometry) -> Polygon:
    """The largest piece, should cutting have left several."""
    pieces: Iterable[BaseGeometry] = getattr(shape, "geoms", [shape])
    return max((piece for piece in pieces if isinstance(piece, Polygon)), key=lambda piece: piece.area)


def _sow(random: np.random.Generator, region: BaseGeometry, kind: int, spacing: float) -> Nuclei:
    """Nuclei of one kind all over a region, wholly inside it: one for each cell of a grid, a little off its middle."""
    left, top, right, bottom = region.bounds
    columns, rows = max(1, int((right - left) / spacing)), max(1, int((bottom - top) / spacing))
    grid_x, grid_y = np.meshgrid(np.arange(columns) + 0.5, np.arange(rows) + 0.5)
    count = grid_x.size
    small, large = _RADII[kind]
    long = random.uniform(small, large, count)
    loose = np.maximum(0.0, spacing / 2 - long * 1.1)
    x = left + (grid_x.ravel() + (np.repeat(np.arange(rows) % 2, columns) - 0.5) * 0.3) * spacing
    y = top + grid_y.ravel() * spacing
    # Rows that swing, so that no grid is seen; slightly enough for neighbours to stay apart.
    x, y = x + 0.6 * spacing * np.sin(y / (5 * spacing)), y + 0.6 * spacing * np.sin(x / (6 * spacing))
    x, y = x + random.uniform(-1, 1, count) * loose, y + random.uniform(-1, 1, count) * loose
    nuclei = Nuclei(
        x=x,
        y=y,
        long=long,
        short=long * random.uniform(*_SLENDER[kind], count),
        angle=random.uniform(0, math.pi, count),
        wobble=random.uniform(0.0, 0.08, count),
        phase=random.uniform(0, 2 * math.pi, count),
        kind=np.full(count, kind),
    )
    room = region.buffer(-large * 1.2)
    shapely.prepare(room)
    return _take(nuclei, shapely.contains_xy(room, x, y))


def _take(nuclei: Nuclei, which: NDArray[np.bool_]) -> Nuclei:
    return Nuclei(**{name: values[which] for name, values in vars(nuclei).items()})


def _join(parts: list[Nuclei]) -> Nuclei:
    return Nuclei(**{name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])})
