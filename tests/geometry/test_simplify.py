"""Fewer points when asked for, never by itself."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from atrisys.errors import Invalid
from atrisys.geometry.simplify import simplify


def blob(count: int, seed: int, noise: float = 4) -> shapely.Polygon:
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    radius = 300 + np.random.default_rng(seed).normal(0, noise, count)
    return shapely.Polygon(np.stack([500 + radius * np.cos(angle), 500 + radius * np.sin(angle)], axis=1))


@given(st.integers(0, 1000), st.integers(20, 200))
@settings(deadline=None, max_examples=25)
def test_a_noisy_outline_gets_as_many_points_as_asked_for(seed, most):
    shape = blob(1000, seed)
    simpler, distance = simplify(shape, max_points=most)
    assert most / 1.5 - 1 <= shapely.get_num_coordinates(simpler) <= most
    assert simpler.is_valid
    assert 0 < shapely.hausdorff_distance(simpler, shape) <= 2 * distance
    assert simpler.area == pytest.approx(shape.area, rel=0.2)


def test_between_both_bounds_is_kept_to():
    simpler, _ = simplify(blob(2000, 3), 130, 150)
    assert 130 <= shapely.get_num_coordinates(simpler) <= 150


def test_what_has_few_enough_points_is_returned_as_it_is():
    shape = blob(100, 1)
    assert simplify(shape, max_points=101) == (shape, 0.0)
    assert simplify(shape)[0] is shape
    point = shapely.MultiPoint([(i, i) for i in range(300)])
    assert simplify(point, max_points=10)[0] is point


def test_every_hole_and_part_keeps_a_ring():
    holes = [shapely.Point(x, 0).buffer(8).exterior.coords for x in range(-200, 201, 50)]
    shape = shapely.MultiPolygon(
        [shapely.Polygon(shapely.Point(0, 0).buffer(300).exterior, holes), shapely.box(400, 0, 500, 9)]
    )
    simpler, _ = simplify(shape, max_points=20)
    assert simpler.is_valid
    assert len(simpler.geoms) == 2
    assert len(simpler.geoms[0].interiors) == 9
    assert shapely.get_num_coordinates(simpler) >= 11 * 4


@pytest.mark.parametrize(("least", "most"), [(50, 40), (3, 100), (0, None), (None, 2)])
def test_wishes_that_cannot_be_met_are_refused(least, most):
    with pytest.raises(Invalid):
        simplify(blob(500, 1), least, most)
