import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from atrisys.errors import Invalid, ShapeEmpty, TooLarge
from atrisys.imaging.crops import allowed_size, crop_box, output_size, window_box
from atrisys.imaging.reader import Box
from given import memory_slide

SIZE = (1000, 700)
FACTS = memory_slide.slide(*SIZE).facts


def test_a_shape_on_whole_pixels_is_cut_out_with_exactly_its_box():
    assert crop_box([shapely.box(10, 20, 30, 50)], SIZE) == Box(10, 20, 20, 30)


def test_every_pixel_that_the_shape_touches_is_inside():
    assert crop_box([shapely.box(10.9, 20.1, 21.1, 29.9)], SIZE) == Box(10, 20, 12, 10)


def test_digits_lost_in_turning_the_axis_make_no_further_pixel():
    assert crop_box([shapely.box(10 + 1e-10, 20 - 1e-10, 30 + 1e-10, 50 + 1e-10)], SIZE) == Box(10, 20, 20, 30)


def test_several_shapes_share_one_box():
    assert crop_box([shapely.box(10, 20, 30, 50), shapely.Point(100, 25)], SIZE) == Box(10, 20, 90, 30)


def test_increase_area_grows_about_the_centre():
    assert crop_box([shapely.box(100, 100, 120, 140)], SIZE, 2) == Box(90, 80, 40, 80)
    assert crop_box([shapely.box(100, 100, 120, 140)], SIZE, 0.5) == Box(105, 110, 10, 20)


def test_square_widens_the_shorter_side():
    assert crop_box([shapely.box(100, 100, 120, 140)], SIZE, square=True) == Box(90, 100, 40, 40)


def test_a_box_over_the_edge_is_moved_and_not_shrunk():
    assert crop_box([shapely.box(0, 680, 20, 700)], SIZE, 3) == Box(0, 640, 60, 60)
    assert crop_box([shapely.box(990, 0, 1000, 10)], SIZE, 2) == Box(980, 0, 20, 20)


def test_a_box_larger_than_the_slide_is_the_slide():
    assert crop_box([shapely.box(100, 100, 900, 600)], SIZE, 2) == Box(0, 0, 1000, 700)


def test_a_point_has_a_hundred_pixels_around_it():
    assert crop_box([shapely.Point(500.5, 300.5)], SIZE) == Box(450, 250, 100, 100)
    assert crop_box([shapely.Point(1000, 0)], SIZE) == Box(900, 0, 100, 100)


def test_a_level_line_is_one_pixel_high():
    assert crop_box([shapely.LineString([(10, 20), (60, 20)])], SIZE) == Box(10, 20, 50, 1)
    assert crop_box([shapely.LineString([(0, 700), (60, 700)])], SIZE) == Box(0, 699, 60, 1)


@given(
    st.tuples(*[st.floats(0, 1000), st.floats(0, 700)] * 2),
    st.floats(0.01, 20),
    st.booleans(),
)
def test_the_box_lies_on_the_slide_and_holds_the_shape_unless_made_smaller(corners, increase, square):
    x0, y0, x1, y1 = corners
    shape = shapely.LineString([(x0, y0), (x1, y1)])
    box = crop_box([shape], SIZE, increase, square)
    assert box.width >= 1
    assert box.height >= 1
    assert box.x >= 0
    assert box.y >= 0
    assert box.x + box.width <= SIZE[0]
    assert box.y + box.height <= SIZE[1]
    if increase >= 1:
        frame = shapely.box(box.x, box.y, box.x + box.width, box.y + box.height).buffer(1e-5)
        assert frame.covers(shape)


@pytest.mark.parametrize("increase", [0, -1, float("nan"), float("inf"), 1e308, 1_000_001])
def test_an_increase_that_is_no_factor_is_refused(increase):
    with pytest.raises(Invalid):
        crop_box([shapely.box(1, 1, 2, 2)], SIZE, increase)
    with pytest.raises(Invalid):
        crop_box([shapely.Point(1, 1)], SIZE, increase)


def test_the_largest_increase_shows_the_whole_slide():
    assert crop_box([shapely.Point(1, 1)], SIZE, 1_000_000) == Box(0, 0, *SIZE)


@pytest.mark.parametrize("shapes", [[], [shapely.Polygon()]])
def test_no_shape_is_refused(shapes):
    with pytest.raises(ShapeEmpty):
        crop_box(shapes, SIZE)


def test_a_window_is_cut_to_the_slide_unless_the_exterior_is_wanted():
    asked = Box(-10, 650, 100, 100)
    assert window_box(asked, SIZE) == Box(0, 650, 90, 50)
    assert window_box(asked, SIZE, exterior=True) == asked


@pytest.mark.parametrize(
    "box", [Box(1000, 0, 10, 10), Box(-10, 0, 10, 10), Box(0, 700, 5, 5), Box(0, 0, 0, 5), Box(0, 0, 5, -1)]
)
@pytest.mark.parametrize("exterior", [True, False])
def test_a_window_that_shows_nothing_of_the_slide_is_refused(box, exterior):
    with pytest.raises(Invalid):
        window_box(box, SIZE, exterior)


def test_the_longest_side_decides_and_the_ratio_is_kept():
    assert output_size(Box(0, 0, 400, 100), FACTS, 200) == (200, 50)
    assert output_size(Box(0, 0, 30, 40), FACTS, 400) == (300, 400)
    assert output_size(Box(0, 0, 1000, 1), FACTS, 10, zoom=99) == (10, 1)


def test_zoom_counts_halvings_and_rounds_halves_up():
    assert output_size(Box(0, 0, 401, 100), FACTS) == (401, 100)
    assert output_size(Box(0, 0, 401, 101), FACTS, zoom=1) == (201, 51)
    assert output_size(Box(0, 0, 401, 1), FACTS, zoom=2) == (100, 1)


@pytest.mark.parametrize("asked", [{"zoom": 3}, {"zoom": -1}, {"max_size": 0}, {"max_size": -5}])
def test_a_size_that_cannot_be_is_refused(asked):
    with pytest.raises(Invalid):
        output_size(Box(0, 0, 10, 10), FACTS, **asked)


def test_a_jpeg_window_may_go_to_the_end_of_the_format():
    whole = Box(0, 0, 65_535, 65_535)
    assert allowed_size((65_535, 65_535), whole, "jpg", window=True) == (65_535, 65_535)
    with pytest.raises(TooLarge, match="65535"):
        allowed_size((65_536, 10), Box(0, 0, 65_536, 10), "jpg", window=True)


@pytest.mark.parametrize(("format", "window"), [("png", True), ("webp", True), ("tif", True), ("jpg", False)])
def test_everything_else_ends_at_ten_thousand(format, window):
    box = Box(0, 0, 10_001, 5)
    assert allowed_size((10_000, 5), box, format, window=window) == (10_000, 5)
    with pytest.raises(TooLarge, match=r"10000 px a side.*atrisys export"):
        allowed_size((10_001, 5), box, format, window=window)


def test_an_enlarged_jpeg_window_ends_at_ten_thousand_too():
    with pytest.raises(TooLarge):
        allowed_size((20_000, 20_000), Box(0, 0, 100, 100), "jpg", window=True)


def test_safe_shrinks_and_keeps_the_ratio():
    assert allowed_size((40_000, 10_000), Box(0, 0, 40_000, 10_000), "png", safe=True, window=True) == (10_000, 2_500)
