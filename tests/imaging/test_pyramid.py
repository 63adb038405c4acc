import itertools

import pytest

from atrisys.imaging.pyramid import best_level, tiers, zoom_of
from atrisys.imaging.reader import Level, SlideFacts
from given import memory_slide


def facts(width, height, levels=()):
    whole = Level(width, height, 1.0, 256, 256)
    return SlideFacts("MEMORY", width, height, (whole, *levels))


def test_a_slide_of_one_tile_has_one_zoom():
    assert zoom_of(facts(256, 256)) == 0
    assert zoom_of(facts(1, 1)) == 0
    assert [(t.zoom, t.width, t.height) for t in tiers(facts(256, 10))] == [(0, 256, 10)]


def test_one_pixel_more_than_a_tile_makes_another_zoom():
    assert zoom_of(facts(257, 10)) == 1
    assert zoom_of(facts(512, 512)) == 1
    assert zoom_of(facts(10, 513)) == 2


@pytest.mark.parametrize("size", [(2220, 2967), (40960, 30720), (100001, 257), (1, 99999), (511, 1025)])
def test_each_tier_is_the_half_of_the_next_rounded_up(size):
    found = tiers(facts(*size))
    assert (found[-1].width, found[-1].height, found[-1].downsample) == (*size, 1)
    for small, large in itertools.pairwise(found):
        assert small.width == -(-large.width // 2)
        assert small.height == -(-large.height // 2)
        assert small.downsample == 2 * large.downsample
        assert max(large.width, large.height) > 256
    assert max(found[0].width, found[0].height) <= 256
    assert [t.zoom for t in found] == list(range(zoom_of(facts(*size)) + 1))


def test_the_best_level_is_the_coarsest_that_is_fine_enough():
    slide = memory_slide.slide(800, 640, factors=(1, 4, 16))
    wanted = {0.5: 0, 1: 0, 3.9: 0, 4: 1, 15: 1, 16: 2, 1000: 2}
    assert {scale: best_level(slide.facts, scale) for scale in wanted} == wanted


def test_levels_need_not_be_in_order():
    half, eighth = Level(500, 500, 2.0, 256, 256), Level(125, 125, 8.0, 256, 256)
    slide = facts(1000, 1000, (eighth, half))
    assert [best_level(slide, scale) for scale in (1, 2, 7, 8, 9)] == [0, 2, 2, 1, 1]
