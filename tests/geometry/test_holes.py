import shapely
from shapely import wkt

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
