"""Scaling along rows and columns: the mean of what a pixel covers, or a line between the two nearest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atrisys.imaging.reader import Pixels

_MOST_IN_16_BITS = 256
"""The sum of so many samples of 8 bits, and half of it more to round it, fits into 16."""


@dataclass(frozen=True)
class Taps:
    """Along one axis: which source pixels make each pixel of the picture, and with what weight."""

    index: NDArray[np.intp]
    """(taps, count): source pixels, from 0 at the level's edge."""
    weight: NDArray[np.float32]
    """(taps, count): columns of it sum up to 1."""
    cover: NDArray[np.float64]
    """(count): the share of the pixel that lies within the slide, 0 to 1."""

    @property
    def count(self) -> int:
        return self.index.shape[1]

    @property
    def first(self) -> int:
        """The first source pixel needed."""
        return int(self.index.min())

    @property
    def reach(self) -> int:
        """Source pixels from the first to the last one needed."""
        return int(self.index.max()) - self.first + 1

    def split(self, most: int) -> list["Taps"]:
        """The same in parts that need at most `most` source pixels each (a single pixel may need more)."""
        ends = self.index.max(axis=0)
        starts = self.index.min(axis=0)
        parts, begin = [], 0
        while begin < self.count:
            end = max(begin + 1, int(np.searchsorted(ends, starts[begin] + most)))
            parts.append(Taps(self.index[:, begin:end], self.weight[:, begin:end], self.cover[begin:end]))
            begin = end
        return parts


def taps(start: float, step: float, span: tuple[int, int], extent: int, source: int, downsample: float) -> Taps:
    """Where the pixels of a picture lie along one axis of a level.

    Args:
        start: level-0 position of the picture's first pixel; may lie beyond the edge.
        step: level-0 pixels for one pixel of the picture.
        span: (first, pixel after the last) of the picture.
        extent: the slide's size along this axis, in level-0 pixels.
        source: the level's size along this axis, in its own pixels.
        downsample: level-0 pixels for one of the level's.
    """
    at = np.arange(*span, dtype=np.float64)
    low, high = start + at * step, start + (at + 1) * step
    inside_low, inside_high = np.clip(low, 0, extent), np.clip(high, 0, extent)
    cover = np.clip((inside_high - inside_low) / step, 0, 1)
    if step >= downsample:
        index, weight = _means(inside_low / downsample, inside_high / downsample, source)
    else:
        index, weight = _lines((low + high) / 2 / downsample, source)
    return Taps(index, weight, cover)


def scale(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Scale a picture that is held whole: means going down, lines between pixels going up.

    Args:
        pixels: (height, width, samples).
        size: (width, height) wanted.

    Returns:
        (height, width, samples) of the same type.
    """
    height, width = pixels.shape[:2]
    across = taps(0, width / size[0], (0, size[0]), width, width, 1)
    down = taps(0, height / size[1], (0, size[1]), height, height, 1)
    return resample(
        pixels[down.first : down.first + down.reach, across.first : across.first + across.reach], across, down
    )


def resample(pixels: Pixels, across: Taps, down: Taps, white: int | None = None) -> Pixels:
    """Scale a block of a level.

    Args:
        pixels: (rows, columns, samples), from the first row and column that the taps need to the last.
        white: what lies beyond the slide's edge; None leaves it out.

    Returns:
        (down.count, across.count, samples) of the same type.
    """
    rows, columns = down.index - down.first, across.index - across.first
    whole = white is None or bool((across.cover == 1).all() and (down.cover == 1).all())
    if whole and len(rows) == 1 and len(columns) == 1:
        as_it_is = _is_every(rows[0], pixels.shape[0]) and _is_every(columns[0], pixels.shape[1])
        return pixels if as_it_is else pixels[np.ix_(rows[0], columns[0])]
    factor = _whole_factor(rows, down), _whole_factor(columns, across)
    # To divide by a power of two is to leave bits out.
    if whole and pixels.dtype == np.uint8 and (factor[0] * factor[1]).bit_count() == 1:
        return _reduced(pixels, *factor)
    lines = np.zeros((down.count, *pixels.shape[1:]), np.float32)
    for index, weight in zip(rows, down.weight, strict=True):
        lines += pixels[index] * weight[:, None, None]
    answer = np.zeros((down.count, across.count, pixels.shape[2]), np.float32)
    for index, weight in zip(columns, across.weight, strict=True):
        answer += lines[:, index] * weight[None, :, None]
    if white is not None and not whole:
        share = (down.cover[:, None, None] * across.cover[None, :, None]).astype(np.float32)
        answer = answer * share + white * (1 - share)
    return np.floor(answer + np.float32(0.5)).astype(pixels.dtype)


def _is_every(index: NDArray[np.intp], count: int) -> bool:
    return len(index) == count and bool((index == np.arange(count)).all())


def _means(low: NDArray[np.float64], high: NDArray[np.float64], source: int) -> tuple[NDArray[np.intp], NDArray]:
    """Weights of the source pixels between two positions each."""
    low, high = np.round(np.clip(low, 0, source), 6), np.round(np.clip(high, 0, source), 6)
    empty = high - low < 1e-3
    low = np.where(empty, np.clip(np.floor(low), 0, source - 1), low)
    high = np.where(empty, low + 1, high)
    begin = np.floor(low).astype(np.intp)
    count = int((np.ceil(high) - begin).max())
    index = begin[None, :] + np.arange(count)[:, None]
    part = np.minimum(high, index + 1) - np.maximum(low, index)
    weight = (np.clip(part, 0, None) / (high - low)).astype(np.float32)
    last = np.ceil(high).astype(np.intp) - 1
    return np.minimum(index, last), weight


def _lines(centre: NDArray[np.float64], source: int) -> tuple[NDArray[np.intp], NDArray]:
    """Weights of the two source pixels whose centres lie on either side of a position."""
    at = np.clip(centre - 0.5, 0, source - 1)
    begin = np.minimum(np.floor(at).astype(np.intp), max(0, source - 2))
    after = np.minimum(begin + 1, source - 1)
    share = (at - begin).astype(np.float32)
    return np.stack([begin, after]), np.stack([1 - share, share])


def _whole_factor(index: NDArray[np.intp], axis: Taps) -> int:
    """How many whole source pixels each pixel is the mean of, side by side; 0 where it is not so simple."""
    count = len(index)
    if not (axis.weight == np.float32(1 / count)).all():
        return 0
    return count if (index[0] == np.arange(axis.count) * count).all() else 0


def _reduced(pixels: Pixels, down: int, across: int) -> Pixels:
    """The mean of `down` x `across` pixels each, to the nearest whole number: in whole numbers, so that it is exact."""
    count = down * across
    kind = np.uint16 if count <= _MOST_IN_16_BITS else np.uint32
    rows = _sum(pixels, down, kind)
    # Sample by sample: NumPy is slow where its innermost loop is as short as a pixel.
    sums = np.empty((len(rows), rows.shape[1] // across, rows.shape[2]), kind)
    for sample in range(rows.shape[2]):
        sums[..., sample] = _sum(rows[..., sample].T, across, kind).T
    sums += kind(count // 2)
    sums >>= kind(count.bit_length() - 1)
    return sums.astype(np.uint8)


def _sum(lines: NDArray, count: int, kind: type[np.uint16] | type[np.uint32]) -> NDArray:
    """Each `count` lines side by side (a power of two), added up."""
    while count > 1:
        lines = np.add(lines[::2], lines[1::2], dtype=kind)
        count //= 2
    return lines.astype(kind, copy=False)
