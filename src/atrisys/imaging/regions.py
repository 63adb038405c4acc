"""A rectangle of a slide at any scale, read from the best level, in bounded memory."""

import math
from dataclasses import dataclass

import numpy as np

from atrisys.errors import Invalid, LevelsMissing
from atrisys.imaging.lacking import takes_all
from atrisys.imaging.levels import blank, sample_type
from atrisys.imaging.patience import check_patience, is_awaited
from atrisys.imaging.pyramid import best_level
from atrisys.imaging.reader import Box, Pixels, Plane, Slide, SlideFacts
from atrisys.imaging.resample import Taps, resample, taps

READ_BYTES = 8 << 20
"""At most so much of a slide is read at once where it has to be scaled."""

BAND_BYTES = 24 << 20
"""A picture that is handed on in bands has bands of about this size."""

_FEW = 512
"""Source pixels a side for one pixel of the picture; beyond that the picture is made larger first, then averaged."""


def read_scaled(slide: Slide, box: Box, size: tuple[int, int], plane: Plane = Plane(), beyond: str = "white") -> Pixels:
    """Read a rectangle of the slide, scaled to `size`.

    Pixels are the mean of the area they cover when the picture shrinks, and interpolated between the nearest two by
    two when it grows; at the scale of a level they are the level's own.

    Args:
        box: level-0 pixels, origin top left; may reach past the edge.
        size: (width, height) of the picture in its own pixels.
        beyond: `white` pads what lies beyond the slide's edge (0 for what is no RGB); `nearest` leaves it out, so that
            the last pixels are the mean of what lies inside.

    Returns:
        (height, width, samples) in the slide's own sample type.

    Raises:
        Invalid: a side of the box or of the picture is below 1.
        PictureFailed: the slide cannot be read there, or not within the time (see `patience`).
        LevelsMissing: somebody waits, and it would be made of all pixels of a huge slide.
    """
    return read_rows(slide, box, size, (0, size[1]), plane, beyond)


def band_rows(
    facts: SlideFacts, box: Box, size: tuple[int, int], pixel_bytes: int | None = None, most: int | None = None
) -> list[tuple[int, int]]:
    """Where to cut a picture into bands, so that no band takes too much memory.

    At full resolution the cuts lie on the borders of the slide's tiles, so that no tile is read twice.

    Args:
        box: level-0 pixels, origin top left.
        size: (width, height) of the whole picture.
        pixel_bytes: what a pixel takes while it is worked on; None: what it takes in the slide.
        most: bytes of a band; None: BAND_BYTES.

    Returns:
        (first row, row after the last) of each band, from top to bottom.
    """
    _check(box, size)
    width, height = size
    row_bytes = width * (pixel_bytes or facts.samples * _sample_bytes(facts))
    rows = max(1, (most or BAND_BYTES) // row_bytes)
    tile, first = facts.levels[0].tile_height, 0
    if (box.width, box.height) == size and 0 < tile <= 2 * rows:
        rows = max(1, rows // tile) * tile
        first = -box.y % tile
    cuts = [0, *range(first, height, rows)] if first else list(range(0, height, rows))
    return list(zip(cuts, [*cuts[1:], height], strict=True))


def read_rows(
    slide: Slide,
    box: Box,
    size: tuple[int, int],
    rows: tuple[int, int],
    plane: Plane = Plane(),
    beyond: str = "white",
) -> Pixels:
    """Some rows of the picture that `read_scaled` makes.

    Args:
        rows: (first, row after the last) of the picture.

    Returns:
        (rows, width, samples), equal to those rows of the whole picture.
    """
    _check(box, size)
    if (box.width, box.height) == size and (beyond == "white" or _is_inside(box, slide.facts)):
        # Full resolution: nothing to scale, only to cut and pad, which the reader does by itself.
        check_patience()
        first, last = rows
        return slide.read_region(Box(box.x, box.y + first, box.width, last - first), 0, plane)
    work = _Work(slide, plane, box, size, beyond)
    work.check_levels()
    again = work.times_larger()
    if again == (1, 1):
        return work.read(rows)
    columns, lines = again
    larger = _Work(slide, plane, box, (size[0] * columns, size[1] * lines), beyond)
    parts = (larger.read((row * lines, (row + 1) * lines)) for row in range(*rows))
    means = np.stack([part.reshape(lines, size[0], columns, -1).mean(axis=(0, 2)) for part in parts])
    return np.floor(means + 0.5).astype(sample_type(slide.facts))


def position_of(index: int, downsample: float) -> int:
    """A level-0 position that lies in a column (or row) of a level, as readers count.

    They divide and cut. Where a downsample is no whole number, the first position inside the column is taken, a hair's
    breadth from its edge, so that no rounding puts it into the column before.

    Args:
        index: of the column or row, in the level's own pixels, from the left or the top.
        downsample: level-0 pixels for one pixel of the level, ≥ 1.

    Returns:
        The position in level-0 pixels, for which `levels.window_at` gives `index` again.
    """
    if float(downsample).is_integer():
        return index * int(downsample)
    return math.ceil(index * downsample + 1e-6)


def _sample_bytes(facts: SlideFacts) -> int:
    return np.dtype(sample_type(facts)).itemsize


def _is_inside(box: Box, facts: SlideFacts) -> bool:
    return box.x >= 0 and box.y >= 0 and box.x + box.width <= facts.width and box.y + box.height <= facts.height


def _check(box: Box, size: tuple[int, int]) -> None:
    if min(box.width, box.height, *size) < 1:
        raise Invalid(
            "A picture of {width} x {height} px from a region of {region_width} x {region_height} px has no area",
            width=size[0],
            height=size[1],
            region_width=box.width,
            region_height=box.height,
        )


@dataclass(frozen=True)
class _Work:
    """One picture to be read: from which level, and where its pixels lie there."""

    slide: Slide
    plane: Plane
    box: Box
    size: tuple[int, int]
    beyond: str

    @property
    def scale(self) -> tuple[float, float]:
        return self.box.width / self.size[0], self.box.height / self.size[1]

    @property
    def level(self) -> int:
        return best_level(self.slide.facts, min(self.scale))

    def times_larger(self) -> tuple[int, int]:
        """How much wider and higher the picture is to be made first, so that no pixel covers too many of the level."""
        facts = self.slide.facts
        downsample = facts.levels[self.level].downsample
        across, down = (math.ceil(scale / downsample / _FEW) for scale in self.scale)
        return max(1, across), max(1, down)

    def check_levels(self) -> None:
        """Whoever waits is not made to wait for all pixels of a huge slide: its small levels are made for that.

        Raises LevelsMissing.
        """
        if is_awaited() and takes_all(self.slide.facts, self.level, self.box, max(self.scale)):
            raise LevelsMissing(
                "This image is so large that its overview must be prepared first, which is done as a job. Ask again in "
                "some minutes, or for a smaller part of the image."
            )

    def read(self, rows: tuple[int, int]) -> Pixels:
        """Rows of the picture, read column block by column block where a full row of the source is too much."""
        facts = self.slide.facts
        level = facts.levels[self.level]
        downsample = level.downsample
        down = taps(self.box.y, self.scale[1], rows, facts.height, level.height, downsample)
        across = taps(self.box.x, self.scale[0], (0, self.size[0]), facts.width, level.width, downsample)
        fitting = max(1, READ_BYTES // (facts.samples * _sample_bytes(facts)))
        high = max(1, math.isqrt(fitting))
        bands = []
        for part in down.split(high):
            row = [self._block(cell, part) for cell in across.split(max(1, fitting // part.reach))]
            bands.append(row[0] if len(row) == 1 else np.concatenate(row, axis=1))
        return bands[0] if len(bands) == 1 else np.concatenate(bands)

    def _block(self, across: Taps, down: Taps) -> Pixels:
        facts = self.slide.facts
        white = 255 if facts.samples == 3 else 0
        if self.beyond != "white":
            return resample(self._read_level(across, down), across, down)
        if not (across.cover.any() and down.cover.any()):
            return blank(facts, across.count, down.count)
        return resample(self._read_level(across, down), across, down, white)

    def _read_level(self, across: Taps, down: Taps) -> Pixels:
        """The level's own pixels under the taps."""
        check_patience()
        downsample = self.slide.facts.levels[self.level].downsample
        columns, rows = across.reach, down.reach
        where = Box(
            position_of(across.first, downsample),
            position_of(down.first, downsample),
            math.floor(columns * downsample),
            math.floor(rows * downsample),
        )
        return self.slide.read_region(where, self.level, self.plane)[:rows, :columns]
