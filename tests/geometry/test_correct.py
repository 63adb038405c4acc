import numpy as np
import pytest
import shapely

from atrisys.errors import ShapeRefused
from atrisys.geometry.correct import MOST_PIECES, MOST_POINTS, cut_away, divide, join

SQUARE = shapely.box(0, 0, 10, 10)


def test_shapes_that_overlap_become_one_and_shapes_apart_stay_parts():
    joined = join([SQUARE, shapely.box(5, 0, 15, 10)])
    assert (joined.geom_type, joined.area) == ("Polygon", 150)
    apart = join([SQUARE, shapely.box(20, 0, 30, 10)])
    assert (apart.geom_type, apart.area) == ("MultiPolygon", 200)


def test_a_hole_that_is_cut_is_kept_and_a_line_that_is_left_is_not():
    left = cut_away(SQUARE, shapely.box(2, 2, 4, 4))
    assert (len(shapely.get_rings(left)), left.area) == (2, 96)
    assert cut_away(SQUARE, shapely.box(-1, -1, 11, 11)).is_empty


def test_what_is_not_touched_is_the_very_same_object():
    assert cut_away(SQUARE, shapely.box(10, 0, 20, 10)) is SQUARE


def test_too_many_points_and_too_many_crossings_are_refused():
    around = np.linspace(0, 2 * np.pi, MOST_POINTS)
    circle = shapely.Polygon(np.column_stack([np.cos(around), np.sin(around)]) * 100)
    with pytest.raises(ShapeRefused, match="points together"):
        join([circle, SQUARE])
    comb = shapely.MultiPolygon([shapely.box(3 * i, 0, 3 * i + 1, 1000) for i in range(300)])
    with pytest.raises(ShapeRefused, match="entangled"):
        cut_away(comb, shapely.MultiPolygon([shapely.box(0, 3 * i, 1000, 3 * i + 1) for i in range(300)]))


def test_a_line_divides_a_shape_and_a_hole_stays_a_hole():
    ring = shapely.difference(SQUARE, shapely.box(4, 4, 6, 6))
    left, right = divide(ring, shapely.LineString([(3, -1), (3, 11)]))
    assert (left.area, right.area) == (66, 30)
    assert len(left.interiors) == 1
    halves = divide(ring, shapely.LineString([(-1, 5), (11, 5)]))
    assert [half.area for half in halves] == [48, 48]
    assert all(ring.covers(half) for half in halves)


def test_a_shape_is_divided_along_the_outline_of_an_area():
    around, inside = divide(SQUARE, shapely.box(2, 2, 4, 4))
    assert (around.area, len(around.interiors), inside.area) == (96, 1, 4)


def test_a_part_that_the_line_does_not_cut_stays_with_the_largest_piece():
    apart = shapely.MultiPolygon([SQUARE, shapely.box(20, 0, 21, 1)])
    largest, other = divide(apart, shapely.LineString([(7, -1), (7, 11)]))
    assert (largest.geom_type, largest.area, other.area) == ("MultiPolygon", 71, 30)
    assert divide(apart, shapely.LineString([(15, -1), (15, 11)])) == [apart]


def test_a_line_that_does_not_go_through_divides_nothing():
    assert len(divide(SQUARE, shapely.LineString([(5, -5), (5, 5)]))) == 1
    assert len(divide(SQUARE, shapely.LineString([(20, 0), (20, 10)]))) == 1


def test_a_line_that_would_make_too_many_pieces_is_refused():
    zigzag = shapely.LineString([(x / 20, 11 if x % 2 else -1) for x in range(MOST_PIECES * 2)])
    with pytest.raises(ShapeRefused, match="pieces"):
        divide(SQUARE, zigzag)
