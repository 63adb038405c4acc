import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from atrisys.imaging import masks, scan_lines
from atrisys.imaging.masks import Mask, draw_mask, with_alpha
from atrisys.imaging.reader import Box

BOX = Box(0, 0, 60, 50)


def centres(box, size):
    """Where the centre of each pixel lies on the slide."""
    x = box.x + (np.arange(size[0]) + 0.5) * box.width / size[0]
    y = box.y + (np.arange(size[1]) + 0.5) * box.height / size[1]
    return np.meshgrid(x, y)


def rosette(seed, corners, centre=(30, 25), radius=28):
    """A ring of corners around a centre, which never crosses itself."""
    chance = np.random.default_rng(seed)
    angle = (np.arange(corners) + chance.uniform(0, 1, corners)) * 2 * np.pi / corners
    reach = radius * chance.uniform(0.3, 1, corners)
    return shapely.Polygon(np.stack([centre[0] + reach * np.cos(angle), centre[1] + reach * np.sin(angle)], axis=1))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.tuples(st.integers(1, 140), st.integers(1, 140)),
    st.tuples(st.integers(-20, 40), st.integers(-20, 40), st.integers(5, 80), st.integers(5, 80)),
)
def test_a_pixel_is_inside_when_its_centre_is(seed, size, place):
    box = Box(*place)
    ring = rosette(seed, 14).difference(rosette(seed + 1, 6, radius=9))
    other = rosette(seed + 2, 9, centre=(50, 10), radius=20)
    expected = shapely.contains_xy(shapely.union(ring, other), *centres(box, size))
    assert np.array_equal(draw_mask([ring, other], box, size), np.where(expected, 255, 0))


def test_holes_stay_empty_and_a_second_shape_fills_them():
    frame = shapely.box(5, 5, 45, 45).difference(shapely.box(15, 15, 35, 35))
    found = draw_mask([frame], BOX, (60, 50))
    assert found.sum() == 255 * (40 * 40 - 20 * 20)
    assert not found[15:35, 15:35].any()
    assert draw_mask([frame, shapely.box(10, 10, 40, 40)], BOX, (60, 50)).sum() == 255 * 40 * 40


def test_parts_of_a_multipolygon_and_of_collections_are_all_drawn():
    parts = shapely.MultiPolygon([shapely.box(0, 0, 5, 5), shapely.box(10, 10, 15, 15)])
    nested = shapely.GeometryCollection([parts, shapely.GeometryCollection([shapely.box(20, 20, 25, 25)])])
    assert draw_mask([nested], BOX, (60, 50)).sum() == 255 * 75


def test_shapes_on_whole_pixels_fill_exactly_those():
    found = draw_mask([shapely.box(10, 20, 30, 40)], BOX, (60, 50))
    rows, columns = np.nonzero(found)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (20, 39, 10, 29)
    assert len(rows) == 400


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 2, 3]))
def test_polygons_that_share_sides_leave_no_gap_and_never_overlap(seed, times):
    """Corners lie on centres of pixels, so that many centres lie exactly on a side."""
    chance = np.random.default_rng(seed)
    corners = np.array([(0.5, 0.5), (59.5, 0.5), (59.5, 49.5), (0.5, 49.5)])
    middle = chance.integers(1, 49, 2) + 0.5
    fans = [shapely.Polygon([corners[k], corners[(k + 1) % 4], middle]) for k in range(4)]
    size = 60 * times, 50 * times
    drawn = np.stack([draw_mask([fan], BOX, size) > 0 for fan in fans])
    whole = draw_mask([shapely.Polygon(corners)], BOX, size) > 0
    assert np.array_equal(drawn.sum(axis=0), whole)


def test_where_a_shape_lies_in_a_scaled_region():
    found = draw_mask([shapely.box(110, 220, 120, 240)], Box(100, 200, 40, 80), (20, 20))
    rows, columns = np.nonzero(found)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5, 9, 5, 9)


def test_shapes_beyond_the_region_draw_nothing():
    far = [shapely.box(100, 100, 200, 200), shapely.box(-50, 0, -1, 50), shapely.Point(70, 5), shapely.Polygon()]
    assert not draw_mask(far, BOX, (60, 50)).any()
    assert not draw_mask([], BOX, (60, 50)).any()


def test_a_shape_far_larger_than_the_region_fills_it():
    assert (draw_mask([shapely.box(-1e7, -1e7, 1e7, 1e7)], BOX, (60, 50)) == 255).all()


def test_a_point_marks_the_pixel_that_it_lies_in():
    found = draw_mask([shapely.Point(30.7, 20.2), shapely.MultiPoint([(1, 2), (3, 4)])], BOX, (60, 50))
    assert sorted(map(tuple, np.argwhere(found).tolist())) == [(2, 1), (4, 3), (20, 30)]


def test_a_line_marks_the_pixels_that_it_passes_through():
    found = draw_mask([shapely.LineString([(-5, 10.5), (100, 10.5)])], BOX, (60, 50))
    assert (found[10] == 255).all()
    assert found.sum() == 60 * 255
    steep = draw_mask([shapely.LineString([(5.5, 5.5), (20.5, 45.5)])], BOX, (60, 50))
    assert (np.nonzero(steep.any(axis=1))[0] == np.arange(5, 46)).all()


@pytest.mark.parametrize("crossings", [1, 50, 1 << 20])
def test_bands_put_together_are_the_mask(crossings, monkeypatch):
    shapes = [rosette(seed, 20, centre=(seed * 7 % 60, seed * 11 % 50), radius=12) for seed in range(15)]
    whole = draw_mask(shapes, BOX, (300, 250))
    monkeypatch.setattr(masks, "BAND_BYTES", 300 * 17)
    monkeypatch.setattr(scan_lines, "CROSSINGS", crossings)
    monkeypatch.setattr(scan_lines, "SPAN_BYTES", 300 * 8 * 5)
    bands = list(Mask(shapes, BOX, (300, 250)).bands())
    assert len(bands) == 15
    assert np.array_equal(np.concatenate(bands)[..., 0], whole)


def test_alpha_is_full_inside_and_as_asked_for_outside():
    pixels = np.full((2, 3, 3), 9, np.uint8)
    inside = np.array([[255, 0, 0], [0, 0, 255]], np.uint8)
    assert with_alpha(pixels, inside)[..., 3].tolist() == [[255, 0, 0], [0, 0, 255]]
    found = with_alpha(pixels, inside, 40)
    assert found[..., 3].tolist() == [[255, 153, 153], [153, 153, 255]]
    assert (found[..., :3] == 9).all()
    assert with_alpha(pixels[..., :1].astype(np.uint16), inside, 50)[0, 1].tolist() == [9, 32768]
