import numpy as np
import pytest

from atrisys.errors import Invalid
from atrisys.imaging.histograms import Histogram, channel_histogram, image_histogram, is_whole, plane_histogram
from atrisys.imaging.reader import Plane
from given import memory_slide


def test_every_pixel_of_a_small_plane_is_counted():
    slide = memory_slide.slide(640, 480)
    own = slide.planes[Plane()][0]
    assert is_whole(slide.facts)
    for sample in range(3):
        counts = plane_histogram(slide, Plane(), sample).counts
        assert np.array_equal(counts, np.bincount(own[..., sample].ravel(), minlength=256))
    assert np.array_equal(plane_histogram(slide, Plane()).counts, np.bincount(own.ravel(), minlength=256))


def test_a_large_plane_is_counted_on_a_small_picture_of_it():
    slide = memory_slide.slide(3000, 1500, factors=(1, 2))
    assert not is_whole(slide.facts)
    assert plane_histogram(slide, Plane(), 0).counts.sum() == 1024 * 512
    assert {level for _, level, _ in slide.reads} == {1}


def test_channels_and_images_are_counted_over_their_planes():
    planes = {
        Plane(c, z, t): np.full((4, 5, 1), 1000 * c + 10 * z + t, np.uint16)
        for c in range(2)
        for z in range(3)
        for t in range(2)
    }
    slide = memory_slide.planes(planes)
    channel = channel_histogram(slide, 1)
    assert channel.bounds == (1000, 1021)
    assert np.flatnonzero(channel.counts).tolist() == [1000, 1001, 1010, 1011, 1020, 1021]
    assert image_histogram(slide).bounds == (0, 1021)
    assert image_histogram(slide).counts.sum() == 12 * 20


def test_bins_hold_the_sum_of_their_intensities_and_empty_ends_are_left_out():
    counts = np.zeros(256, np.int64)
    counts[[16, 17, 40, 255]] = 5, 6, 7, 8
    histogram = Histogram(counts)
    assert histogram.bounds == (16, 255)
    first, last, binned = histogram.binned(16)
    assert (first, last, len(binned)) == (1, 15, 15)
    assert (binned[0], binned[1], binned[-1], sum(binned)) == (11, 7, 8, 26)
    assert histogram.binned(65_536) == histogram.binned(256)
    assert histogram.binned(256)[:2] == (16, 255)


@pytest.mark.parametrize("bins", [0, -2, 3, 100])
def test_bins_are_a_power_of_two(bins):
    with pytest.raises(Invalid, match="power of two"):
        Histogram(np.ones(256, np.int64)).binned(bins)
