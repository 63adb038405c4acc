import numpy as np
import pytest

from atrisys.errors import Invalid
from atrisys.imaging.pyramid import tiers
from atrisys.imaging.regions import read_scaled
from atrisys.imaging.tiles import tile_box
from given import memory_slide


def read_tile(slide, zoom, tx, ty):
    box, size = tile_box(slide.facts, zoom, tx, ty)
    return read_scaled(slide, box, size, beyond="nearest")


def whole_tier(slide, tier):
    rows = [
        np.concatenate([read_tile(slide, tier.zoom, tx, ty) for tx in range(tier.columns)], axis=1)
        for ty in range(tier.rows)
    ]
    return np.concatenate(rows)


def test_the_tiles_of_full_resolution_put_together_are_the_slide():
    slide = memory_slide.slide(1003, 701)
    assert np.array_equal(whole_tier(slide, tiers(slide.facts)[-1]), slide.planes[next(iter(slide.planes))][0])


@pytest.mark.parametrize("factors", [(1,), (1, 4)])
def test_every_tile_is_the_mean_of_the_pixels_it_covers(factors):
    slide = memory_slide.slide(1003, 701, factors=factors)
    whole = slide.planes[next(iter(slide.planes))][0]
    for tier in tiers(slide.facts):
        expected = memory_slide.halved(whole, tier.downsample)
        found = whole_tier(slide, tier)
        assert found.shape == (tier.height, tier.width, 3)
        assert np.abs(found.astype(int) - expected).max() <= 1


def test_a_tier_that_the_slide_has_as_a_level_is_handed_on_as_it_is():
    slide = memory_slide.slide(2048, 1024, factors=(1, 4))
    level = slide.planes[next(iter(slide.planes))][1]
    level[...] = np.random.default_rng(1).integers(0, 256, level.shape)
    tier = tiers(slide.facts)[1]
    assert tier.downsample == 4
    assert np.array_equal(whole_tier(slide, tier), level)


def test_tiles_at_the_right_and_the_bottom_are_smaller_and_not_padded():
    slide = memory_slide.slide(pixels=np.full((701, 1003, 3), 40, np.uint8))
    last = tiers(slide.facts)[-1]
    corner = read_tile(slide, last.zoom, last.columns - 1, last.rows - 1)
    assert corner.shape == (701 - 2 * 256, 1003 - 3 * 256, 3)
    assert all((read_tile(slide, zoom, 0, 0) == 40).all() for zoom in range(last.zoom + 1))
    assert (read_tile(slide, 1, 1, 0) == 40).all()


@pytest.mark.parametrize("place", [(-1, 0, 0), (3, 0, 0), (2, 4, 0), (2, 0, 3), (2, -1, 0), (2, 0, -1)])
def test_a_tile_that_is_not_there_is_refused(place):
    slide = memory_slide.slide(1003, 701)
    with pytest.raises(Invalid):
        tile_box(slide.facts, *place)
