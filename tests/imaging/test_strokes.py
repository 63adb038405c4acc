"""Lines become pixels piece by piece: the same ones as all at once, and never without a bound."""

import time
import tracemalloc

import numpy as np
import pytest
import shapely

from atrisys.errors import TooLarge
from atrisys.imaging import strokes
from atrisys.imaging.masks import Mask, draw_mask
from atrisys.imaging.reader import Box


def walked(line, box, size):
    """Every pixel that a point lies in when points are set at most half a pixel apart along the whole line."""
    scale = np.array([size[0] / box.width, size[1] / box.height])
    placed = shapely.transform(line, lambda points: (points - (box.x, box.y)) * scale)
    seen = shapely.intersection(placed, shapely.box(-1, -1, size[0] + 1, size[1] + 1))
    pixel = np.floor(shapely.get_coordinates(shapely.segmentize(seen, 0.5))).astype(int)
    pixel = pixel[((pixel >= 0) & (pixel < size)).all(axis=1)]
    drawn = np.zeros((size[1], size[0]), np.uint8)
    drawn[pixel[:, 1], pixel[:, 0]] = 255
    return drawn


def spiral(seed, turns=3, centre=(150, 120), reach=140):
    """A line that never crosses itself; it leaves a small picture several times."""
    angle = np.sort(np.random.default_rng(seed).uniform(0, turns * 2 * np.pi, 80))
    far = reach * (0.05 + 0.95 * angle / angle.max())
    return shapely.LineString(np.stack([centre[0] + far * np.cos(angle), centre[1] + far * np.sin(angle)], axis=1))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("box", "size"), [(Box(0, 0, 300, 240), (300, 240)), (Box(40, 30, 160, 150), (333, 77))])
@pytest.mark.parametrize("points", [3, 1 << 19])
def test_the_pixels_of_a_line_are_those_along_it(seed, box, size, points, monkeypatch):
    monkeypatch.setattr(strokes, "POINTS", points)
    line = spiral(seed)
    assert np.array_equal(draw_mask([line], box, size), walked(line, box, size))


def test_rows_asked_for_one_by_one_are_the_whole_picture():
    lines = [spiral(1), shapely.LineString([(0, 17.5), (300, 17.5)]), shapely.LineString([(9, 0), (9, 240)])]
    mask = Mask(lines, Box(0, 0, 300, 240), (300, 240))
    whole = mask.rows(0, 240)
    assert np.array_equal(np.concatenate([mask.rows(row, row + 1) for row in range(240)]), whole)
    assert (whole[17] == 255).all()
    assert (whole[:, 9] == 255).all()


def zigzag(points):
    return shapely.LineString([(4000 * (k % 2), 1.5 * k) for k in range(points)])


def test_a_long_zigzag_takes_little_memory_and_time():
    tracemalloc.start()
    began = time.monotonic()
    drawn = draw_mask([zigzag(400)], Box(0, 0, 4000, 600), (10_000, 1500))
    took, peak = time.monotonic() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert drawn.any(axis=0).all()
    assert took < 10
    assert peak < 250 << 20


def test_a_longer_one_is_refused_at_once():
    with pytest.raises(TooLarge, match=r"The lines are 2\d{7} px long in this picture; 10000000 px can be drawn"):
        draw_mask([zigzag(2500)], Box(0, 0, 4000, 4000), (10_000, 10_000))
