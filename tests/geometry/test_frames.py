"""From image order to Cytomine's frame and back."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from atrisys.errors import Invalid
from atrisys.geometry.frames import check_origin, origin_sent, turn_over
from atrisys.geometry.wkt import read_many, read_wkt, write_many, write_wkt


def test_the_top_left_corner_becomes_the_top_left_corner_of_the_other_frame():
    shape = read_wkt("POLYGON ((0 0, 20 0, 20 20, 0 20, 0 0), (1 1, 2 1, 2 2, 1 1))")
    turned = turn_over(shape, 50)
    assert write_wkt(turned) == "POLYGON ((0 50, 20 50, 20 30, 0 30, 0 50), (1 49, 2 49, 2 48, 1 49))"
    assert write_wkt(shape) == "POLYGON ((0 0, 20 0, 20 20, 0 20, 0 0), (1 1, 2 1, 2 2, 1 1))"


def test_many_shapes_turn_by_one_height_or_each_by_its_own():
    shapes = read_many(["POINT (1 2)", "LINESTRING (0 0, 5 7)", "MULTIPOINT ((1 1), (2 2))"])
    assert write_many(turn_over(shapes, 10)) == ["POINT (1 8)", "LINESTRING (0 10, 5 3)", "MULTIPOINT ((1 9), (2 8))"]
    each = turn_over(np.array(shapes, dtype=object), [10, 20, 30])
    assert write_many(each) == ["POINT (1 8)", "LINESTRING (0 20, 5 13)", "MULTIPOINT ((1 29), (2 28))"]


def test_no_shapes_turn_into_no_shapes():
    assert len(turn_over([], 10)) == 0


@given(st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 400_000)), min_size=2), st.integers(1, 100_000))
def test_coordinates_of_quarter_pixels_come_back_exactly(points, height):
    line = shapely.LineString([(x / 4, y / 4) for x, y in points])
    assert shapely.equals_exact(turn_over(turn_over(line, height), height), line, 0)


POINT = st.tuples(st.floats(0, 1000), st.floats(0, 1000))


@given(st.lists(POINT, min_size=2), st.integers(1, 100_000))
def test_of_a_shape_kept_in_both_frames_the_other_follows_from_the_one_that_was_sent(points, height):
    sent = shapely.LineString(points)
    turned = turn_over(sent, height)
    for shape, wire in ((sent, turned), (turned, sent)):
        first, other = (wire, shape) if origin_sent(shape, wire, height) == "left-bottom" else (shape, wire)
        assert shapely.equals_exact(turn_over(first, height), other, 0)


def test_only_the_two_origins_are_known():
    assert [check_origin(name) for name in ("left-top", "left-bottom")] == ["left-top", "left-bottom"]
    for name in ("", "top", None, 0, ["left-top"], "left-top "):
        with pytest.raises(Invalid, match="left-bottom"):
            check_origin(name)
