import io

import numpy as np
import pytest
import shapely
from PIL import Image, ImageDraw

from atrisys.errors import Invalid, TooLarge
from atrisys.imaging import making, outlines, regions
from atrisys.imaging.outlines import outlined
from atrisys.imaging.reader import Box
from given import memory_slide

RED = np.array((255, 0, 0))
RING = shapely.box(100, 100, 160, 180).difference(shapely.box(120, 120, 140, 140))
BOX = Box(80, 80, 120, 130)


@pytest.fixture
def slide():
    return memory_slide.slide(1003, 701, factors=(1, 4))


def pixels_of(picture):
    body = picture.body if isinstance(picture.body, bytes) else b"".join(picture.body)
    found = np.asarray(Image.open(io.BytesIO(body)))
    assert found.shape[:2] == picture.size[::-1]
    return found


def red_in(picture):
    return (pixels_of(picture) == RED).all(axis=2)


def test_sides_and_holes_are_drawn_and_nothing_else_is_touched(slide):
    picture = outlined(slide, [RING], BOX, color="#ff0000")
    red = red_in(picture)
    for inside, outside in ((20, 15), (100, 105)):
        assert red[inside - 1 : inside + 2, 60].any()
        assert not red[outside, 60]
    assert red[60, 19:22].any()
    assert red[60, 79:82].any()
    assert red[50, 39:42].any(), "the hole"
    assert not red[30:35, 25:75].any()
    whole = next(iter(slide.planes.values()))[0]
    assert np.array_equal(pixels_of(picture)[~red], whole[80:210, 80:200][~red])


def test_lines_grow_with_thickness_and_picture(slide):
    counts = [
        red_in(outlined(slide, [RING], BOX, color="0xFF0000", thickness=thickness, max_size=size)).sum()
        for thickness, size in ((1, None), (3, None), (3, 2000))
    ]
    assert counts[0] < counts[1] < counts[2]


def test_a_point_is_a_cross_and_a_line_a_line(slide):
    red = red_in(outlined(slide, [shapely.Point(140, 145)], BOX, color="red"))
    assert red[64:66, 52:68].any(axis=0).all()
    assert red[57:73, 59:61].any(axis=1).all()
    line = red_in(outlined(slide, [shapely.LineString([(80, 100), (200, 100)])], BOX, color="red"))
    assert line[19:21].any(axis=0).all()
    assert not line[25:].any()


def test_shapes_far_beyond_the_picture_draw_only_what_is_seen(slide):
    huge = shapely.box(-1e8, 100, 1e8, 1e8)
    red = red_in(outlined(slide, [huge], BOX, color="red", max_size=1000))
    assert red[(20 * 1000) // 130, 10:900].all()
    assert not red[:140].any()


def test_a_large_picture_drawn_in_bands_is_the_same(slide, monkeypatch):
    asked = {"color": "red", "thickness": 4, "max_size": 600}
    once = pixels_of(outlined(slide, [RING, shapely.Point(150, 200)], BOX, **asked))
    monkeypatch.setattr(making, "WHOLE_PIXELS", 1000)
    monkeypatch.setattr(regions, "BAND_BYTES", 600 * 3 * 60)
    assert np.array_equal(pixels_of(outlined(slide, [RING, shapely.Point(150, 200)], BOX, **asked)), once)


def test_a_grey_slide_gets_coloured_outlines():
    grey = memory_slide.slide(pixels=np.full((60, 60, 1), 100, np.uint8))
    picture = pixels_of(outlined(grey, [shapely.box(10, 10, 50, 50)], Box(0, 0, 60, 60), color="#ff0000"))
    assert (picture == RED).all(axis=2).any()
    assert (picture[30, 30] == 100).all()


@pytest.mark.parametrize("asked", [{"color": "nocolour"}, {"thickness": 0}, {"thickness": float("nan")}, {"zoom": 99}])
def test_what_cannot_be_drawn_is_refused(slide, asked):
    with pytest.raises(Invalid):
        outlined(slide, [RING], BOX, **asked)


def test_the_limit_holds_and_safe_shrinks(slide):
    with pytest.raises(TooLarge):
        outlined(slide, [RING], BOX, max_size=10_001)
    assert max(outlined(slide, [RING], Box(0, 0, 20, 900), max_size=10_500, safe=True).size) == 10_000


def test_a_line_of_very_many_points_is_drawn_in_short_pieces_between_which_others_work(slide, monkeypatch):
    drawn, draw = [], ImageDraw.ImageDraw.line

    def noted(self, points, *given, **named):
        drawn.append((len(points), named.get("joint")))
        return draw(self, points, *given, **named)

    monkeypatch.setattr(ImageDraw.ImageDraw, "line", noted)
    line = shapely.LineString(np.random.default_rng(1).uniform(80, 200, (100_000, 2)))
    outlined(slide, [line], BOX, color="red", max_size=1000)
    assert sum(count - 1 for count, _ in drawn) == 99_999
    assert max(count for count, _ in drawn) <= outlines.PIECE + 1
    assert {joint for _, joint in drawn} == {None}


def test_a_long_line_drawn_piece_by_piece_has_no_gap(slide, monkeypatch):
    line = shapely.LineString([(85 + k / 10, 140 + 20 * np.sin(k / 100)) for k in range(1000)])
    whole = red_in(outlined(slide, [line], BOX, color="red"))
    monkeypatch.setattr(outlines, "MOST_JOINTS", 10)
    monkeypatch.setattr(outlines, "PIECE", 7)
    assert np.array_equal(red_in(outlined(slide, [line], BOX, color="red")), whole)


def test_outlines_too_long_to_be_drawn_are_refused(slide):
    strokes = shapely.LineString([(80 + 120 * (k % 2), 80 + k / 100) for k in range(3000)])
    with pytest.raises(TooLarge, match=r"The outlines are \d+ px long in this picture and 11 px wide"):
        outlined(slide, [strokes], BOX, max_size=10_000)
