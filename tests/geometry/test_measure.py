"""Areas and lengths in Cytomine's units."""

import math

import pytest
import shapely

from atrisys.geometry.measure import Measures, centroid, centroids, measure, measure_many
from atrisys.geometry.wkt import read_wkt

RING = read_wkt("POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (2 2, 4 2, 4 4, 2 4, 2 2))")


def test_with_a_pixel_size_areas_are_square_microns_and_lengths_millimetres():
    assert measure(RING, 0.5) == Measures(96 * 0.25, "micron²", pytest.approx(48 * 0.5 / 1000), "mm")


@pytest.mark.parametrize("mpp", [None, 0, 0.0, -1.0, math.nan, math.inf])
def test_without_a_pixel_size_both_are_pixels(mpp):
    assert measure(RING, mpp) == Measures(96.0, "pixels²", 48.0, "pixels")


def test_pixels_are_rounded_to_whole_ones_halves_up():
    assert measure(shapely.box(0, 0, 1, 0.5), None)[0] == 1.0
    assert measure(shapely.box(0, 0, 1, 2.5), None)[::2] == (3.0, 7.0)
    assert measure(shapely.box(0, 0, 1, 2.5), 1.0)[::2] == (2.5, 0.007)


def test_a_line_has_a_length_and_no_area_and_a_point_has_neither():
    line, point = measure_many([shapely.LineString([(0, 0), (3, 4)]), shapely.Point(1, 1)], None)
    assert line == Measures(0.0, "pixels²", 5.0, "pixels")
    assert point == Measures(0.0, "pixels²", 0.0, "pixels")


def test_the_middle_is_that_of_the_area_the_length_or_the_point():
    assert centroid(shapely.box(0, 0, 4, 2)) == (2.0, 1.0)
    assert centroids([shapely.LineString([(0, 0), (4, 0)]), shapely.Point(7, 8)]) == [(2.0, 0.0), (7.0, 8.0)]
    assert centroids([]) == []
