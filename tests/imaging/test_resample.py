"""Means of whole blocks of pixels: exact, however many there are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atrisys.imaging.resample import resample, taps

FACTORS = st.sampled_from([1, 2, 4, 8, 16, 32])


def reduced(pixels, down, across):
    rows, columns = (
        taps(0, factor, (0, length // factor), length, length, 1)
        for factor, length in zip((down, across), pixels.shape, strict=False)
    )
    return resample(pixels, columns, rows)


def exact(pixels, down, across):
    """Halves up, in whole numbers."""
    high, wide, samples = pixels.shape
    blocks = pixels.reshape(high // down, down, wide // across, across, samples).astype(np.int64)
    return (blocks.sum(axis=(1, 3)) + down * across // 2) // (down * across)


@settings(max_examples=60)
@given(
    down=FACTORS,
    across=FACTORS,
    size=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    samples=st.sampled_from([1, 3, 4]),
    seed=st.integers(0, 9),
)
def test_every_pixel_is_the_mean_of_its_block(down, across, size, samples, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (size[0] * down, size[1] * across, samples), np.uint8)
    answer = reduced(pixels, down, across)
    assert answer.dtype == np.uint8
    assert (answer == exact(pixels, down, across)).all()


@pytest.mark.parametrize("factor", [16, 32, 64])
def test_white_stays_white_however_much_of_it_there_is(factor):
    assert (reduced(np.full((2 * factor, 2 * factor, 3), 255, np.uint8), factor, factor) == 255).all()


def test_a_block_that_others_share_its_memory_with_is_left_as_it_is():
    whole = np.random.default_rng(1).integers(0, 256, (40, 40, 3), np.uint8)
    before, part = whole.copy(), whole[3:35, 5:37]
    assert (reduced(part, 2, 2) == exact(part, 2, 2)).all()
    assert (reduced(part, 1, 1) == part).all()
    assert (whole == before).all()
