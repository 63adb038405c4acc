"""Pyramidal TIFF of grey labels, made from bands of the full resolution as they come."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from atrisys import __version__

Rows = NDArray[np.uint8]
"""(tile side, width): one row of tiles."""

_TILE = 512
_SMALLEST_TILE = 128
_ROW_BYTES = 64 << 20
_IN_MEMORY = 4 << 20
_CLASSIC_PIXELS = 2_500_000_000
"""Beyond it, a mask that hardly packs might with its levels reach the 4 GB where classic TIFF ends."""


def tile_side(width: int) -> int:
    """The side of the tiles for a mask of this width.

    Args:
        width: of the mask in pixels.

    Returns:
        512, or less where a row of such tiles would fill more than 64 MB.
    """
    side = _TILE
    while side > _SMALLEST_TILE and side * width > _ROW_BYTES:
        side //= 2
    return side


def save_pyramid(
    file: BinaryIO,
    pixels: Rows,
    bands: Iterator[tuple[int, int, bool]],
    height: int,
    mpp: tuple[float, float] | None,
) -> None:
    """Write the bands and the smaller levels that are made of them.

    Args:
        file: open for writing, can seek.
        pixels: where each band lies while it is the current one; rows beyond its last are 0.
        bands: (first row, number of rows, whether there is anything but 0) of each band from the top.
        height: of the whole picture in pixels.
        mpp: µm per pixel along x and y, or None.
    """
    import tifffile  # takes a quarter of a second, which a server without exports need not spend

    side, width = pixels.shape
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(min(4, os.cpu_count() or 1)))
        base = _Level(width, height, _packer(side, pool), side, stack)
        writer = stack.enter_context(tifffile.TiffWriter(file, bigtiff=width * height > _CLASSIC_PIXELS))
        first: dict[str, Any] = {
            "description": json.dumps({"content": "class numbers", "origin": "left-top", "unit": "px"}),
            "software": f"ATrISys {__version__}",
        }
        tiles: Iterator[bytes] = (tile for _, _, drawn in bands for tile in base.finish(pixels, drawn))
        for number, level in enumerate(base.all()):
            writer.write(
                tiles if number == 0 else level.tiles(),
                shape=(level.height, level.width),
                dtype=np.uint8,
                tile=(side, side),
                compression="zlib",
                photometric="minisblack",
                subfiletype=1 if number else 0,
                metadata=None,
                **(_resolution(mpp, level.width / width) | ({} if number else first)),
            )


class _Level:
    """One level: the row of tiles that is being filled, and its packed tiles so far (none kept of the base)."""

    def __init__(self, width: int, height: int, pack: "Pack", side: int, stack: ExitStack) -> None:
        self.width, self.height = width, height
        self._side, self._pack = side, pack
        self._lengths: list[int] = []
        self._packed = stack.enter_context(SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115
        self._halves_to_come = 0
        self._halves = 0
        self._drawn = False
        self._rows: Rows = np.zeros((0, 0), np.uint8)
        self._smaller: _Level | None = None
        if max(width, height) > side:
            self._smaller = _Level((width + 1) // 2, (height + 1) // 2, pack, side, stack)
            self._smaller._expect(-(-height // side))

    def _expect(self, halves: int) -> None:
        self._halves_to_come = halves
        self._rows = np.zeros((self._side, self.width), np.uint8)

    def all(self) -> "Iterator[_Level]":
        """This level and all smaller ones."""
        yield self
        if self._smaller:
            yield from self._smaller.all()

    def finish(self, rows: Rows, drawn: bool) -> list[bytes]:
        """The packed tiles of a row that is full; every second pixel of it goes into the next level."""
        if self._smaller:
            self._smaller._receive(rows[::2, ::2], drawn)
        return self._pack(rows, drawn)

    def tiles(self) -> Iterator[bytes]:
        """All its packed tiles, row by row."""
        self._packed.seek(0)
        for length in self._lengths:
            yield self._packed.read(length)

    def _receive(self, half: Rows, drawn: bool) -> None:
        top = self._halves % 2 * self._side // 2
        if drawn:
            self._rows[top : top + len(half)] = half
            self._drawn = True
        self._halves += 1
        if self._halves % 2 and self._halves < self._halves_to_come:
            return
        for tile in self.finish(self._rows, self._drawn):
            self._packed.write(tile)
            self._lengths.append(len(tile))
        if self._drawn:
            self._rows.fill(0)
            self._drawn = False


Pack = Callable[[Rows, bool], list[bytes]]


def _packer(side: int, pool: ThreadPoolExecutor) -> Pack:
    """What packs a row of tiles, the last one filled up with 0 to its full width."""

    def packed(tile: NDArray[np.uint8]) -> bytes:
        if not tile.any():
            return blank
        # One square of memory a thread: a new one for each tile took longer than the packing.
        if not hasattr(own, "square"):
            own.square = np.zeros((side, side), np.uint8)
        square: NDArray[np.uint8] = own.square
        square[:, : tile.shape[1]] = tile
        square[:, tile.shape[1] :] = 0
        return isal_zlib.compress(square, 1)

    def pack(rows: Rows, drawn: bool) -> list[bytes]:
        lefts = range(0, rows.shape[1], side)
        if not drawn:
            return [blank] * len(lefts)
        return list(pool.map(lambda left: packed(rows[:, left : left + side]), lefts))

    own = threading.local()
    blank = isal_zlib.compress(bytes(side * side), 1)
    return pack


def _resolution(mpp: tuple[float, float] | None, scale: float) -> dict[str, Any]:
    if not mpp or not all(mpp):
        return {}
    return {"resolution": (scale * 1e4 / mpp[0], scale * 1e4 / mpp[1]), "resolutionunit": "CENTIMETER"}
