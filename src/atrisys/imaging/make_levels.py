"""The small levels that a huge slide's file lacks, made from its pixels band by band and written as a pyramid."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from atrisys.errors import TooLarge
from atrisys.imaging.levels import sample_type
from atrisys.imaging.reader import Box, Level, Pixels, Plane, Slide, SlideFacts
from atrisys.imaging.regions import read_rows
from atrisys.imaging.resample import resample, taps
from atrisys.imaging.write_pyramid import TILE, Looks, WrittenLevel, write_pyramid

QUALITY = 90


def make_levels(
    slide: Slide,
    plane: Plane,
    levels: tuple[Level, ...],
    target: Path,
    most_bytes: int,
    progress: Callable[[float], None],
) -> int:
    """Write the levels of one plane that its file lacks.

    RGB goes into JPEG; grey is kept to the last bit, since grey values are measured. Each pixel is the mean of what it
    covers. In memory there are never more than some bands, on the disk beside the target a quarter of its pixels.

    Args:
        slide: whose file they are made from.
        plane: of the slide.
        levels: as `lacking` gives them.
        target: the file to be made.
        most_bytes: that it may have.
        progress: told the fraction done; may raise, which ends the work.

    Returns:
        The bytes of the file, which is on the disk then.

    Raises:
        TooLarge: it would be larger than that, as of a bomb.
        PictureFailed: a part of the slide cannot be read.
    """
    with target.open("xb") as file:
        made = _Made(slide, plane, levels, file, most_bytes, progress)
        looks = Looks(quality=QUALITY if slide.facts.samples == 3 else None)
        try:
            write_pyramid(file, made.all(), looks)
        finally:
            made.clear()
        file.flush()
        os.fsync(file.fileno())
        return file.seek(0, 2)


def bytes_beside(facts: SlideFacts, levels: tuple[Level, ...]) -> int:
    """What lies on the disk beside the target while levels are made: the second one, as it is.

    Args:
        facts: of the slide.
        levels: as `lacking` gives them.

    Returns:
        Bytes, at the most.
    """
    return (
        sum(level.width * level.height for level in levels[1:3]) * facts.samples * np.dtype(sample_type(facts)).itemsize
    )


class _Made:
    """Levels as `write_pyramid` asks for them: each but the first is read from what the one before it left behind."""

    def __init__(
        self,
        slide: Slide,
        plane: Plane,
        levels: tuple[Level, ...],
        file: BinaryIO,
        most_bytes: int,
        progress: Callable[[float], None],
    ) -> None:
        self._slide, self._plane, self._levels = slide, plane, levels
        self._file, self._most_bytes, self._progress = file, most_bytes, progress
        self._halves = [Path(f"{file.name}.{number % 2}") for number in range(len(levels))]
        self._done, self._all = 0, sum(level.width * level.height for level in levels)

    def all(self) -> Iterator[WrittenLevel]:
        for number, level in enumerate(self._levels):
            bands = self._read(number) if number else self._shrunk(level)
            yield WrittenLevel(level.width, level.height, self._left_behind(number, bands))

    def clear(self) -> None:
        for half in self._halves:
            half.unlink(missing_ok=True)

    def _shrunk(self, level: Level) -> Iterator[Pixels]:
        step = int(level.downsample)
        size = (level.width, level.height)
        box = Box(0, 0, level.width * step, level.height * step)
        for top in range(0, level.height, TILE):
            rows = (top, min(top + TILE, level.height))
            yield read_rows(self._slide, box, size, rows, self._plane, beyond="nearest")

    def _read(self, number: int) -> Iterator[Pixels]:
        level, samples = self._levels[number], self._slide.facts.samples
        kind = np.dtype(sample_type(self._slide.facts))
        row_bytes = level.width * samples * kind.itemsize
        with self._halves[number].open("rb") as file:
            while band := file.read(TILE * row_bytes):
                yield np.frombuffer(band, kind).reshape(-1, level.width, samples)

    def _left_behind(self, number: int, bands: Iterator[Pixels]) -> Iterator[Pixels]:
        """The same bands, each of which leaves its half to the next level."""
        if number + 1 == len(self._levels):
            yield from self._counted(bands)
            return
        with self._halves[number + 1].open("wb") as file:
            for band in self._counted(bands):
                file.write(_half(band).tobytes())
                yield band

    def _counted(self, bands: Iterator[Pixels]) -> Iterator[Pixels]:
        for band in bands:
            yield band
            self._done += band.shape[0] * band.shape[1]
            self._progress(self._done / self._all)
            if self._file.tell() > self._most_bytes:
                raise TooLarge(
                    "The small levels of this slide would be larger than the slide itself ({limit} bytes).",
                    limit=self._most_bytes,
                )


def _half(pixels: Pixels) -> Pixels:
    """Half as large, rounded up: a last row or column that stands alone stays as it is."""
    height, width = pixels.shape[:2]
    across = taps(0, 2, (0, -(-width // 2)), width, width, 1)
    down = taps(0, 2, (0, -(-height // 2)), height, height, 1)
    return resample(pixels, across, down)
