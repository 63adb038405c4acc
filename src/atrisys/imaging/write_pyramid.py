"""Tiled, compressed pyramids, written level by level in bounded memory: what every slide viewer opens."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from atrisys.imaging.reader import Pixels

TILE = 256
CLASSIC_PIXELS = 1_000_000_000
"""A picture of more pixels may come out larger than the 4 GB that classic TIFF can address."""


@dataclass(frozen=True)
class WrittenLevel:
    """One resolution to be written: its size, and its pixels in bands from top to bottom."""

    width: int
    height: int
    bands: Iterable[Pixels]
    """(rows, width, 3) RGB or (rows, width, 1) grey, any number of rows each, `height` in all. uint8, or without loss
    uint16."""


@dataclass(frozen=True)
class Looks:
    """What the file says of itself."""

    description: str | None = None
    mpp: tuple[float, float] | None = None
    """µm per pixel along x and y at level 0, written as the resolution."""
    quality: int | None = 80
    """Of JPEG, 1 to 100; None: without loss (deflate)."""


def write_pyramid(target: BinaryIO, levels: Iterable[WrittenLevel], looks: Looks, thumbnail_after: int = -1) -> None:
    """Write the levels of a picture, the largest first, each as one page of a TIFF file.

    Args:
        target: a file open for writing that can seek.
        levels: from full resolution down; each is asked for when the one before is written, so that a level may be
            made of what the one before left behind.
        looks: description, pixel size, quality.
        thumbnail_after: after how many pages a stripped page stands that is no level (Aperio's second page); its
            level must be given at that place and fit into memory. -1: none.

    Source: TIFF 6.0 with JPEG (compression 7) or deflate (8), BigTIFF beyond a billion pixels.
    """
    import tifffile

    file: tifffile.TiffWriter | None = None
    try:
        for number, level in enumerate(levels):
            if file is None:
                file = tifffile.TiffWriter(target, bigtiff=level.width * level.height > CLASSIC_PIXELS)
            options = _options(looks, number)
            if number == thumbnail_after:
                file.write(np.concatenate(list(level.bands)), rowsperstrip=16, **options)
                continue
            bands = iter(level.bands)
            first = next(bands)
            samples = first.shape[2]
            file.write(
                _tiles(_joined(first, bands), samples),
                shape=(level.height, level.width, 3) if samples == 3 else (level.height, level.width),
                dtype=first.dtype,
                tile=(TILE, TILE),
                subfiletype=1 if number else 0,
                **{**options, "photometric": "rgb" if samples == 3 else "minisblack"},
            )
    finally:
        if file is not None:
            file.close()


def _options(looks: Looks, number: int) -> dict[str, Any]:
    options: dict[str, Any] = {
        "photometric": "rgb",
        "compression": "jpeg" if looks.quality else "zlib",
        "compressionargs": {"level": looks.quality} if looks.quality else None,
        "predictor": not looks.quality,
        "metadata": None,
    }
    if number == 0 and looks.description:
        options["description"] = looks.description
    if number == 0 and looks.mpp:
        options["resolution"] = (1e4 / looks.mpp[0], 1e4 / looks.mpp[1])
        options["resolutionunit"] = "CENTIMETER"
    return options


def _joined(first: Pixels, bands: Iterator[Pixels]) -> Iterator[Pixels]:
    """The bands cut anew into rows of tiles."""
    rest = first
    for band in bands:
        whole = len(rest) // TILE * TILE
        for top in range(0, whole, TILE):
            yield rest[top : top + TILE]
        rest = np.concatenate([rest[whole:], band]) if whole < len(rest) else band
    for top in range(0, len(rest), TILE):
        yield rest[top : top + TILE]


def _tiles(rows: Iterator[Pixels], samples: int) -> Iterator[Pixels]:
    """Tiles from left to right, the last ones filled up with their own edge."""
    for row in rows:
        right, below = -row.shape[1] % TILE, TILE - len(row)
        whole = np.pad(row, ((0, below), (0, right), (0, 0)), mode="edge") if right or below else row
        for left in range(0, whole.shape[1], TILE):
            tile = whole[:, left : left + TILE]
            yield np.ascontiguousarray(tile if samples == 3 else tile[..., 0])
