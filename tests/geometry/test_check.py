"""What is kept as it is, what is mended, what is cut off, and what is refused."""

import time
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from atrisys.errors import ShapeEmpty, ShapeRefused, ShapeUnreadable
from atrisys.geometry.check import Fitted, mend, mend_many, place_many
from atrisys.geometry.wkt import read_wkt, write_wkt

W, H = 1000, 800
coordinate = st.one_of(
    st.integers(-300, 1300), st.floats(-300, 1300), st.sampled_from([0, W, H, 0.1, -0.0, 999.9999999999999])
)
point = st.tuples(coordinate, coordinate)
ring = st.lists(point, min_size=3, max_size=14)


def polygon_of(rings):
    return shapely.Polygon(rings[0], rings[1:])


polygon = st.lists(ring, min_size=1, max_size=3).map(polygon_of)
any_shape = st.one_of(
    point.map(shapely.Point),
    st.lists(point, min_size=2, max_size=10).map(shapely.LineString),
    polygon,
    st.lists(point, min_size=1, max_size=6).map(shapely.MultiPoint),
    st.lists(st.lists(point, min_size=2, max_size=6), min_size=1, max_size=3).map(shapely.MultiLineString),
    st.lists(polygon, min_size=1, max_size=3).map(shapely.MultiPolygon),
)


def fit(shape, width, height):
    """By itself: what is refused is raised."""
    [fitted] = place_many([mend(shape)], width, height)
    if isinstance(fitted, ShapeRefused):
        raise fitted
    return fitted


def fit_among(shape, width, height):
    """As one of many: what is refused stands in its place."""
    [fitted] = place_many(mend_many([shape]), width, height)
    return fitted


def fits(shape):
    """Valid, not empty, finite, inside."""
    left, top, right, bottom = shape.bounds
    points = shapely.get_coordinates(shape)
    return (
        shape.is_valid
        and not shape.is_empty
        and np.isfinite(points).all()
        and left >= 0
        and right <= W
        and top >= 0
        and bottom <= H
    )


@given(any_shape)
@settings(deadline=None, max_examples=400)
def test_what_is_kept_fits_and_is_of_the_same_kind(shape):
    fitted = fit_among(shape, W, H)
    if isinstance(fitted, ShapeRefused):
        assert isinstance(fitted, ShapeEmpty)
        return
    assert fits(fitted.shape)
    assert shapely.get_dimensions(fitted.shape) == shapely.get_dimensions(shape)
    assert (fitted.shape is shape) == (fitted.changes == ())


@given(any_shape)
@settings(deadline=None, max_examples=200)
def test_one_and_many_say_the_same(shape):
    among = fit_among(shape, W, H)
    if isinstance(among, ShapeRefused):
        with pytest.raises(type(among)):
            fit(shape, W, H)
    else:
        alone = fit(shape, W, H)
        assert among.changes == alone.changes
        assert shapely.equals_exact(among.shape, alone.shape, 0)


@given(any_shape)
@settings(deadline=None, max_examples=150)
def test_what_was_fitted_once_needs_nothing_more(shape):
    once = fit_among(shape, W, H)
    assume(isinstance(once, Fitted))
    again = fit(once.shape, W, H)
    assert again.shape is once.shape


@given(ring)
@settings(deadline=None, max_examples=200)
def test_mending_keeps_all_that_the_outline_goes_around(points):
    shape = shapely.Polygon(points)
    big = 10_000
    moved = shapely.transform(shape, lambda xy: xy + 1000)
    fitted = fit_among(moved, big, big)
    around = shapely.union_all(list(_loops(moved)))
    area = 0 if isinstance(fitted, ShapeRefused) else fitted.shape.area
    assert area == pytest.approx(around.area, rel=1e-6, abs=1e-3)


def _loops(shape):
    """Every region of the plane that the outline winds around, whichever way and how often, by summing up angles."""
    lines = shapely.node(shape.exterior)
    xy = shapely.get_coordinates(shape.exterior)
    for face in shapely.get_parts(shapely.polygonize(shapely.get_parts(lines))):
        x, y = xy.T - shapely.get_coordinates(face.representative_point()).T
        turns = np.angle(np.exp(1j * np.diff(np.arctan2(y, x))))
        if round(turns.sum() / (2 * np.pi)):
            yield face


def in_turn(points):
    """The points ordered around their middle, so that the outline does not cross itself."""
    x, y = np.mean(points, axis=0)
    return shapely.Polygon(sorted(points, key=lambda at: (np.arctan2(at[1] - y, at[0] - x), at)))


@given(st.lists(point, min_size=5, max_size=14, unique=True).map(in_turn).filter(lambda shape: shape.is_valid))
@settings(deadline=None, max_examples=200)
def test_clipping_keeps_all_that_is_inside(shape):
    fitted = fit_among(shape, W, H)
    inside = shapely.intersection(shape, shapely.box(0, 0, W, H)).area
    area = 0 if isinstance(fitted, ShapeRefused) else fitted.shape.area
    assert area == pytest.approx(inside, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "POINT (0 0)",
        "POINT (1000 800)",
        "LINESTRING (5 5, 9 9, 9 5, 5 9)",
        "LINESTRING (0 0, 1000 0)",
        "POLYGON ((0 0, 1000 0, 1000 800, 0 800, 0 0))",
        "POLYGON ((5 5, 9 5, 9 9, 5 5))",
        "POLYGON ((5 5, 5 5, 9 9, 9 5, 5 5))",
        "POLYGON ((0 0, 9 0, 9 9, 0 0), (6 1, 7 1, 7 2, 6 1))",
        "MULTIPOLYGON (((5 5, 9 5, 9 9, 5 5)))",
    ],
)
def test_what_needs_nothing_is_the_very_same_object(text):
    shape = read_wkt(text)
    assert fit(shape, W, H) == (shape, ())
    assert fit_among(shape, W, H).shape is shape
    assert write_wkt(shape) == text


def test_a_bow_tie_keeps_both_its_halves():
    fitted = fit(read_wkt("POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))"), W, H)
    assert fitted.changes == ("mended",)
    assert fitted.shape.geom_type == "MultiPolygon"
    assert fitted.shape.area == 50


def test_where_an_outline_overlaps_itself_no_hole_appears():
    fitted = fit(read_wkt("POLYGON ((0 4, 10 4, 10 14, 4 14, 4 0, 6 0, 6 10, 0 10, 0 4))"), W, H)
    assert fitted.changes == ("mended",)
    assert fitted.shape.area == 92


def test_overlapping_parts_become_one():
    two = "MULTIPOLYGON (((0 0, 10 0, 10 10, 0 10, 0 0)), ((5 5, 15 5, 15 15, 5 15, 5 5)))"
    assert fit(read_wkt(two), W, H).shape.area == 175


def test_a_spike_falls_away_and_the_area_stays():
    fitted = fit(read_wkt("POLYGON ((0 0, 10 0, 10 10, 10 500, 10 10, 0 10, 0 0))"), W, H)
    assert fitted.changes == ("mended",)
    assert fitted.shape.equals(shapely.box(0, 0, 10, 10))


def test_a_crossing_shape_over_the_edge_is_mended_and_clipped():
    fitted = fit(read_wkt("POLYGON ((-10 0, 10 20, 10 0, -10 20, -10 0))"), W, H)
    assert fitted.changes == ("mended", "clipped")
    assert fitted.shape.area == 100


def test_clipped_lines_stay_in_one_piece_where_they_cross_themselves_and_on_the_edge():
    def clipped(text):
        return write_wkt(fit(read_wkt(text), 10, 10).shape)

    assert clipped("LINESTRING (-1 -1, 9 9, 9 0, 0 9)") == "LINESTRING (0 0, 9 9, 9 0, 0 9)"
    assert clipped("LINESTRING (-5 0, 5 0)") == "LINESTRING (0 0, 5 0)"
    assert clipped("LINESTRING (0 5, 0 15)") == "LINESTRING (0 5, 0 10)"
    assert clipped("LINESTRING (-5 5, 15 5, 15 6, -5 6)") == "MULTILINESTRING ((0 5, 10 5), (10 6, 0 6))"
    assert clipped("MULTILINESTRING ((1 1, 2 2), (5 5, 50 5))") == "MULTILINESTRING ((1 1, 2 2), (5 5, 10 5))"
    assert clipped("MULTIPOINT ((1 1), (11 1), (1 1))") == "MULTIPOINT ((1 1), (1 1))"


@given(st.lists(point, min_size=2, max_size=10))
@settings(deadline=None, max_examples=150)
def test_clipped_lines_keep_the_length_that_is_inside(points):
    points = np.round(points, 9).tolist()
    line = shapely.LineString(points)
    fitted = fit_among(line, W, H)
    box = shapely.box(0, 0, W, H)
    inside = sum(shapely.intersection(shapely.LineString(ends), box).length for ends in pairwise(points))
    length = 0 if isinstance(fitted, ShapeRefused) else fitted.shape.length
    assert length == pytest.approx(inside, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "POINT (1001 5)",
        "POLYGON ((2000 0, 3000 0, 3000 10, 2000 0))",
        "POLYGON ((-10 0, 0 0, 0 10, -10 10, -10 0))",
        "POLYGON ((5 5, 9 5, 5 5))",
        "POLYGON ((5 5, 9 5, 7 5, 5 5))",
        "POLYGON ((5 5, 5 5, 5 5, 5 5))",
        "LINESTRING (5 5, 5 5)",
        "LINESTRING (-5 5, 0 5)",
        "MULTILINESTRING ((5 5, 5 5), (6 6, 6 6))",
        "POLYGON ((5 5, 5.0000000000000001 5, 5 5.0000000000000001, 5 5))",
    ],
)
def test_nothing_left_is_refused_as_empty(text):
    with pytest.raises(ShapeEmpty):
        fit(read_wkt(text), W, H)
    assert isinstance(fit_among(read_wkt(text), W, H), ShapeEmpty)


@pytest.mark.parametrize(
    ("shape", "name"),
    [
        (shapely.Point(float("nan"), 5), ShapeUnreadable),
        (shapely.Point(5, float("inf")), ShapeUnreadable),
        (shapely.LineString([(0, 0), (1e308, 5)]), ShapeUnreadable),
        (shapely.Polygon([(0, 0), (float("nan"), 5), (7, 7)]), ShapeUnreadable),
        (shapely.Polygon(), ShapeEmpty),
        (shapely.GeometryCollection([shapely.Point(1, 1)]), ShapeRefused),
        (shapely.LinearRing([(0, 0), (1, 0), (1, 1)]), ShapeRefused),
    ],
)
def test_what_no_reader_should_have_let_through_is_refused(shape, name):
    with pytest.raises(name):
        fit(shape, W, H)
    assert isinstance(fit_among(shape, W, H), name)


def test_empty_parts_and_rings_are_left_out():
    fitted = fit(read_wkt("MULTIPOLYGON (((0 0, 9 0, 9 9, 0 0)), EMPTY)"), W, H)
    assert fitted.changes == ("mended",)
    assert write_wkt(fitted.shape) == "MULTIPOLYGON (((0 0, 9 0, 9 9, 0 0)))"
    fitted = fit(read_wkt("POLYGON ((0 0, 9 0, 9 9, 0 0), EMPTY)"), W, H)
    assert write_wkt(fitted.shape) == "POLYGON ((0 0, 9 0, 9 9, 0 0))"
    fitted = fit(read_wkt("MULTIPOINT ((1 1), EMPTY)"), W, H)
    assert write_wkt(fitted.shape) == "MULTIPOINT ((1 1))"


def test_a_third_ordinate_is_dropped():
    fitted = fit(shapely.Polygon([(0, 0, 5), (9, 0, 5), (9, 9, 5)]), W, H)
    assert write_wkt(fitted.shape) == "POLYGON ((0 0, 9 0, 9 9, 0 0))"


def test_good_and_bad_shapes_keep_their_places():
    texts = ["POINT (1 1)", "POINT (9999 1)", "POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))", "POINT (2 2)"]
    first, second, third, fourth = place_many(mend_many([read_wkt(text) for text in texts]), W, H)
    assert first.shape.x == 1
    assert isinstance(second, ShapeEmpty)
    assert third.changes == ("mended",)
    assert fourth.shape.x == 2
    assert place_many(mend_many([]), W, H) == []


def star(count):
    angle = np.arange(count) * (2 * np.pi * (count // 2) / count)
    return shapely.Polygon(np.stack([500 + 300 * np.cos(angle), 400 + 300 * np.sin(angle)], axis=1))


def strokes(count):
    """A valid outline of long strokes side by side: every edge's box overlaps every other's."""
    k = np.arange(count)
    long = np.stack([np.where(k % 2, 900, 0) + k * 1e-3, np.where(k % 2, 900, 0) - k * 1e-3 + count * 1e-3], axis=1)
    return shapely.Polygon(np.vstack([long, [[2000, 900], [2000, -2000], [-10, -2000]]]))


@pytest.mark.parametrize("shape", [star(2001), star(801), strokes(5_000), strokes(100_000)])
def test_an_entangled_shape_is_refused_soon(shape):
    start = time.perf_counter()
    with pytest.raises(ShapeRefused, match="entangled"):
        fit(shape, W, H)
    assert time.perf_counter() - start < 5


def test_a_star_of_a_hundred_points_keeps_all_within_its_silhouette():
    fitted = fit(star(101), W, H)
    assert fitted.changes == ("mended",)
    assert fitted.shape.area == pytest.approx(np.pi * 300**2 / 3, rel=0.01)


def test_a_traced_outline_of_a_hundred_thousand_points_passes():
    angle = np.linspace(0, 2 * np.pi, 100_000, endpoint=False)
    radius = 300 + 20 * np.sin(40 * angle) + np.random.default_rng(2).normal(0, 0.01, len(angle))
    points = np.stack([500 + radius * np.cos(angle), 400 + radius * np.sin(angle)], axis=1)
    shape = shapely.Polygon(points)
    assert fit(shape, W, H).shape.area == pytest.approx(shape.area, rel=0.01)
    stairs = shapely.Polygon(np.round(points * 100) / 100)
    assert fit(stairs, W, H).shape.is_valid


def test_mending_asks_for_no_picture_and_placing_says_what_mending_did():
    bow = read_wkt("POLYGON ((10 10, 60 60, 60 10, 10 60, 10 10))")
    [mended] = mend_many([bow])
    assert isinstance(mended, Fitted)
    assert mended.changes == ("mended",)
    assert place_many([mended], W, H) == [mended]
    [cut] = place_many([mended], 40, 40)
    assert isinstance(cut, Fitted)
    assert cut.changes == ("mended", "clipped")
