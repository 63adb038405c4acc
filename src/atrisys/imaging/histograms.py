"""How often each intensity occurs in a slide, counted on small pictures of its planes."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from atrisys.errors import Invalid
from atrisys.imaging.intensities import MEASURED_SIDE, overview, spread
from atrisys.imaging.levels import sample_type
from atrisys.imaging.reader import Plane, Slide, SlideFacts

MEASURED_CHANNELS = 16
"""Of the histogram of a whole image at the most, at even distances."""

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Histogram:
    """Counts over the whole range of a sample."""

    counts: Counts
    """(intensities): 256 or 65,536."""

    @property
    def bounds(self) -> tuple[int, int]:
        """The darkest and the brightest intensity that occur."""
        return _ends(self.counts)

    def binned(self, bins: int) -> tuple[int, int, list[int]]:
        """The counts in so many bins over the whole range, without the empty ones before the first and after the last.

        Args:
            bins: a power of two; more than there are intensities is as many as there are.

        Returns:
            first bin, last bin, and the counts from one to the other.

        Raises:
            Invalid: no power of two.
        """
        if bins < 1 or bins & (bins - 1):
            raise Invalid("{bins} bins cannot be: it is a power of two, such as 256", bins=bins)
        summed = self.counts.reshape(min(bins, len(self.counts)), -1).sum(axis=1)
        first, last = _ends(summed)
        return first, last, summed[first : last + 1].tolist()


def is_whole(facts: SlideFacts) -> bool:
    """Whether every pixel is counted, or only those of smaller pictures."""
    return max(facts.width, facts.height) <= MEASURED_SIDE


def plane_histogram(slide: Slide, plane: Plane, sample: int | None = None) -> Histogram:
    """Count the intensities of one plane.

    Args:
        sample: 0, 1, 2 for red, green, blue; None: all samples together.

    Raises:
        Invalid: no such plane.
        PictureFailed: the slide cannot be read.
    """
    pixels = overview(slide, plane)
    chosen = pixels if sample is None else pixels[..., sample]
    return Histogram(np.bincount(chosen.ravel(), minlength=np.iinfo(sample_type(slide.facts)).max + 1))


def channel_histogram(slide: Slide, channel: int, sample: int | None = None) -> Histogram:
    """Count the intensities of a channel, over planes of all its stack and film.

    Args:
        channel: from 0.
        sample: as `plane_histogram` takes it.

    Returns:
        The counts of at most three focal planes times three moments, the first and the last among them.

    Raises:
        Invalid: no such channel.
        PictureFailed: the slide cannot be read.
    """
    places = product(spread(slide.facts.depth), spread(slide.facts.duration))
    return _sum([plane_histogram(slide, Plane(channel, z, t), sample) for z, t in places])


def image_histogram(slide: Slide) -> Histogram:
    """Count the intensities of a whole image, all channels together.

    Raises:
        PictureFailed: the slide cannot be read.
    """
    channels = spread(slide.facts.channels, MEASURED_CHANNELS)
    return _sum([channel_histogram(slide, channel) for channel in channels])


def _sum(histograms: list[Histogram]) -> Histogram:
    return Histogram(np.sum([one.counts for one in histograms], axis=0))


def _ends(counts: Counts) -> tuple[int, int]:
    """The first and the last that is not 0."""
    there = np.flatnonzero(counts)
    return int(there[0]), int(there[-1])
