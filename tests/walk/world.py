"""The world that the reader of the seed document (test_seed.py) finds, and what is drawn in it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from walk.running import Account, Running
from walk.structure import CELL, Cells, find_structure, free_places, outline

ONTOLOGY = {
    "name": "Skin",
    "terms": [
        {"name": "Epidermis", "color": "#7f0055", "children": [{"name": "Basal layer", "color": "#aa3377"}]},
        {"name": "Dermis", "color": "#ee99aa"},
    ],
}


@dataclass(frozen=True)
class Scene:
    """One imported image and what OpenSlide sees in the same file."""

    id: int
    path: Path
    pixels: NDArray[np.uint8]

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        return self.pixels.shape[0]

    @property
    def structure(self) -> Cells:
        return find_structure(self.pixels)


@dataclass(frozen=True)
class Walk:
    """A server, a cast, a project, its images."""

    running: Running
    cast: dict[str, Account]
    project: int
    scenes: list[Scene]

    @property
    def alice(self) -> Account:
        return self.cast["alice"]

    @property
    def ontology(self) -> int:
        return self.running.ask(f"/api/project/{self.project}.json", self.alice).json()["ontology"]

    @property
    def terms(self) -> dict[str, int]:
        """Term ids by name, as the bare array of X-Auth gives them."""
        rows = self.running.ask(f"/api/ontology/{self.ontology}/term.json", self.alice).json()
        return {row["name"]: row["id"] for row in rows}


@dataclass(frozen=True)
class Drawn:
    """What was drawn on each image, in image order, and what the client heard of it."""

    shapes: dict[int, list[BaseGeometry]]
    report: dict[str, Any]


def shapes_for(scene: Scene) -> list[tuple[BaseGeometry, str]]:
    """The structure, a ring, two overlapping shapes of which one has no term, odd coordinates, and a point."""
    cells = scene.structure
    ring, pair, odd = free_places(cells, 12 * CELL, 3)
    hole = Polygon([(40, 40), (120, 60), (90, 130)])
    blocks = MultiPolygon([box(0, 0, 70, 50), box(100, 20, 180, 170)])
    loose = Polygon([(60.25, 10.5), (150.125, 90.75), (20.0625, 160.5)])
    return [
        (outline(cells), "Epidermis"),
        (place(Polygon(box(0, 0, 180, 170).exterior, [hole.exterior.coords]), ring), "Dermis"),
        (place(blocks, pair), "Basal layer"),
        (place(loose, pair), ""),
        (place(loose, odd), "Dermis"),
        (place(Point(5.5, 6.5), odd), "Basal layer"),
    ]


def place(shape: BaseGeometry, corner: tuple[int, int]) -> BaseGeometry:
    return shapely.transform(shape, lambda points: points + np.array(corner))


def turn_over(shape: BaseGeometry, height: int) -> BaseGeometry:
    """From image order to Cytomine's frame and back: y' = H − y."""
    return shapely.transform(shape, lambda points: points * (1, -1) + (0, height))
