import time

import numpy as np
import pytest
import shapely
from shapely import wkt

from atrisys.errors import ShapeRefused
from atrisys.geometry.holes import fill_holes

HOLED = "POLYGON ((0 0, 0 10, 10 10, 10 0, 0 0), (4 4, 6 4, 6 6, 4 6, 4 4))"


def test_a_polygon_keeps_its_outer_ring_as_it_is():
    assert fill_holes(wkt.loads(HOLED)).wkt == "POLYGON ((0 0, 0 10, 10 10, 10 0, 0 0))"


def test_parts_within_a_filled_hole_are_merged_into_it():
    island = shapely.MultiPolygon([wkt.loads(HOLED), shapely.box(4.5, 4.5, 5.5, 5.5), shapely.box(20, 0, 30, 10)])
    filled = fill_holes(island)
    assert filled.area == 200
    assert len(shapely.get_parts(filled)) == 2


def test_what_is_no_area_stays():
    line = wkt.loads("LINESTRING (0 0, 5 5)")
    assert fill_holes(line) is line


@pytest.mark.parametrize("points", [240, 1000])
def test_rings_that_cross_too_often_are_refused_at_once(points):
    chance = np.random.default_rng(1)
    rings = [shapely.Polygon(chance.integers(0, 4000, (points, 2))) for _ in range(2)]
    began = time.monotonic()
    with pytest.raises(ShapeRefused, match="entangled"):
        fill_holes(shapely.MultiPolygon(rings))
    assert time.monotonic() - began < 2


def test_parts_that_cannot_be_merged_are_refused(monkeypatch):
    def fails(_):
        raise shapely.errors.GEOSException("TopologyException: side location conflict")

    monkeypatch.setattr(shapely, "union_all", fails)
    with pytest.raises(ShapeRefused, match="side location conflict"):
        fill_holes(shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(2, 2, 3, 3)]))
