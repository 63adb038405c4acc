"""Regions from plain JPEG tiles, in the server's own process: read where they lie, decoded by libjpeg-turbo alone."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from atrisys.errors import Invalid, PictureFailed
from atrisys.imaging.levels import blank, sample_type, window_at
from atrisys.imaging.reader import Box, ByteSource, Level, Pixels, SlideFacts
from atrisys.imaging.readers.tiff.jpeg import Decoder, NotPlain, make_whole, most_bytes
from atrisys.imaging.readers.tiff.tables import TileTable

RunReader = Callable[[int, range, int], Iterable[Pixels | None]]
"""Row and columns of tiles beside each other, and how many rows of pixels are needed → the pixels of each, which hold
until the next ones are asked for; None where nothing was scanned. For one thread."""

FEW_TILES = 16
"""A thread of its own for fewer tiles costs more than it gains, where others read at the same time."""
LONGEST_RUN, MOST_OF_RUN = 16, 1 << 20
"""So many tiles beside each other, and bytes of them, are read in one go."""
MOST_AT_ONCE = 1 << 20
"""Bytes of a tile that are read, and looked through for its end, while everybody else waits."""

_threads: ThreadPoolExecutor | None = None
_threads_lock = threading.Lock()


class StoredTiles:
    """The tiles of a TIFF that are plain JPEG. Safe to use from several threads."""

    def __init__(self, source: ByteSource, facts: SlideFacts) -> None:
        self._source = source
        self._facts = facts

    def read_region(self, table: TileTable, box: Box, level: int) -> Pixels:
        """As `Slide.read_region`, of the plane whose `table` it is.

        Raises:
            NotPlain: these tiles are none that may be decoded in this process.
        """
        if not table.plain_jpeg:
            raise NotPlain("the tiles are no JPEG")
        return assemble(self._facts, box, level, lambda: partial(self._decode, table, Decoder(table)))

    def read_tile(self, table: TileTable, column: int, row: int) -> bytes | None:
        """One tile as it lies in the file, as a JPEG that stands alone.

        Returns:
            None where the tile was not scanned (it is blank).

        Raises:
            NotPlain: the tile is no plain JPEG.
            Invalid: no such tile.
            PictureFailed: its bytes lie beyond the file's end.
        """
        if not table.plain_jpeg:
            raise NotPlain("the tiles are no JPEG")
        if not table.has(column, row):
            raise Invalid("There is no tile {column}, {row} at this level", column=column, row=row)
        stored = self._stored(table, column, row)
        return None if stored is None else make_whole(stored, table)

    def read_tile_at_once(self, table: TileTable, column: int, row: int) -> bytes | None:
        """The same where its bytes are in memory already. None in every other case: `read_tile` says which it is."""
        if not (table.plain_jpeg and table.has(column, row)):
            return None
        offset, length = table.extent(column, row)
        if not 0 < length <= min(most_bytes(table), MOST_AT_ONCE):
            return None
        stored = self._source.read_at_once(offset, length)
        try:
            return None if stored is None else make_whole(stored, table)
        except NotPlain:
            return None

    def _stored(self, table: TileTable, column: int, row: int) -> bytes | None:
        offset, length = table.extent(column, row)
        if length > most_bytes(table):
            raise NotPlain("more bytes than its pixels need")
        try:
            return read_whole(self._source, offset, length) if length else None
        except EOFError as reason:
            raise broken_tile(self._source.name, column, row, reason) from reason

    def _decode(
        self, table: TileTable, decoder: Decoder, row: int, columns: range, rows: int
    ) -> Iterator[Pixels | None]:
        for column, stored in zip(columns, self._stored_run(table, row, columns), strict=True):
            try:
                yield None if stored is None else decoder.decode(stored, rows)
            except NotPlain:
                raise
            except Exception as reason:
                raise broken_tile(self._source.name, column, row, reason) from reason

    def _stored_run(self, table: TileTable, row: int, columns: range) -> Iterable[bytes | None]:
        """Tiles beside each other mostly follow one another in the file, too: then they are read at once."""
        extents = table.extents(row, columns)
        begin = min((offset for offset, length in extents if length), default=0)
        end, sum_of_lengths = max(map(sum, extents)), sum(length for _, length in extents)
        if end <= self._source.size and end - begin <= min(2 * sum_of_lengths, MOST_OF_RUN):
            run = self._source.read(begin, end - begin)
            if len(run) == end - begin:
                return [run[offset - begin : offset - begin + length] if length else None for offset, length in extents]
        return (self._stored(table, column, row) for column in columns)


def read_whole(source: ByteSource, offset: int, length: int) -> bytes:
    """The bytes of one tile, all of them.

    Args:
        source: the file.
        offset, length: bytes, counted from the file's start; a table may say anything.

    Raises:
        EOFError: some lie beyond the file's end.
    """
    stored = source.read(offset, length) if offset + length <= source.size else b""
    if len(stored) < length:
        raise EOFError("its bytes lie beyond the file's end")
    return stored


def broken_tile(path: str, column: int, row: int, reason: object) -> PictureFailed:
    """What is said of a tile that cannot be decoded.

    Args:
        path: of the slide; its name alone is said.
        column: of the level's own tiles, from the left.
        row: of the level's own tiles, from the top.
        reason: the decoder's.

    Returns:
        The failure, to be raised.
    """
    return PictureFailed(
        "{name}: tile {column}, {row} is damaged ({reason})",
        name=Path(path).name, column=column, row=row, reason=str(reason),
    )  # fmt: skip


def assemble(facts: SlideFacts, box: Box, level: int, reader: Callable[[], RunReader], parallel: bool = True) -> Pixels:
    """Put a region together from the tiles that it touches.

    Args:
        box: level-0 pixels; what lies beyond the level's edge stays blank.
        reader: makes what reads tiles, one for each thread; there are several where `parallel`.

    Returns:
        (height, width, samples) of the level's pixels; see `Slide.read_region`.
    """
    at = facts.levels[level]
    left, top, width, height = window_at(box, at)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + width, at.width), min(top + height, at.height)
    if x0 >= x1 or y0 >= y1:
        return blank(facts, width, height)
    region = _canvas(facts, width, height, filled=(x1 - x0, y1 - y0) == (width, height))
    first, last = x0 // at.tile_width, (x1 - 1) // at.tile_width + 1
    runs = [
        (row, range(column, min(column + LONGEST_RUN, last)))
        for row in range(y0 // at.tile_height, (y1 - 1) // at.tile_height + 1)
        for column in range(first, last, LONGEST_RUN)
    ]

    def place(some: list[tuple[int, range]]) -> None:
        read_run = reader()
        for row, columns in some:
            tile_top = row * at.tile_height
            c, d = max(y0, tile_top), min(y1, tile_top + at.tile_height)
            for column, pixels in zip(columns, read_run(row, columns, d - tile_top), strict=True):
                tile_left = column * at.tile_width
                a, b = max(x0, tile_left), min(x1, tile_left + at.tile_width)
                if pixels is None or pixels.shape[0] < d - tile_top or pixels.shape[1] < b - tile_left:
                    pixels = _padded(facts, pixels, at)
                region[c - top : d - top, a - left : b - left] = pixels[
                    c - tile_top : d - tile_top, a - tile_left : b - tile_left
                ]

    wanted = sum(len(columns) for _, columns in runs) // FEW_TILES if parallel else 1
    parts = min(_cores(), wanted, len(runs)) if wanted > 1 else 1
    if parts < 2:
        place(runs)
    else:
        ends = [len(runs) * part // parts for part in range(parts + 1)]
        list(_pool().map(place, [runs[first:last] for first, last in pairwise(ends)]))
    return region


def _canvas(facts: SlideFacts, width: int, height: int, filled: bool) -> Pixels:
    """Where tiles are laid down: blank, unless they will cover all of it."""
    return np.empty((height, width, facts.samples), sample_type(facts)) if filled else blank(facts, width, height)


def _padded(facts: SlideFacts, pixels: Pixels | None, level: Level) -> Pixels:
    """A whole tile, blank where there is nothing of it."""
    whole = blank(facts, level.tile_width, level.tile_height)
    if pixels is not None:
        height, width = min(pixels.shape[0], level.tile_height), min(pixels.shape[1], level.tile_width)
        whole[:height, :width] = pixels[:height, :width]
    return whole


def _cores() -> int:
    return min(4, os.cpu_count() or 1)


def _pool() -> ThreadPoolExecutor:
    """Threads that all slides share: decoding lets go of the interpreter's lock."""
    global _threads
    with _threads_lock:
        if _threads is None:
            _threads = ThreadPoolExecutor(_cores(), thread_name_prefix="tiles")
        return _threads


def _forget_after_fork() -> None:
    global _threads, _threads_lock
    _threads, _threads_lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
