"""Where the frames of a DICOM slide lie in its file, so that JPEG frames can be handed on. Runs in workers alone."""

import struct
from collections.abc import Sequence
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from atrisys.imaging.dicom_tags import UNDEFINED, Tag, element, skip_sequence
from atrisys.imaging.reader import Level
from atrisys.imaging.readers.tiff.tables import TileTable

_JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
_YCBCR, _RGB = ("YBR_FULL", "YBR_FULL_422"), "RGB"
_PREAMBLE = 132
_MOST_ELEMENTS = 10_000
_MOST_LOOKED_AT = 2_048
_HEADER, _SHORT = 8, 128
"""Bytes: before an item; of a value that is kept."""
_SYNTAX, _ORGANIZATION = (0x0002, 0x0010), (0x0020, 0x9311)
_SAMPLES, _PHOTOMETRIC, _FRAMES = (0x0028, 0x0002), (0x0028, 0x0004), (0x0028, 0x0008)
_ROWS, _COLUMNS, _BITS = (0x0028, 0x0010), (0x0028, 0x0011), (0x0028, 0x0100)
_WIDTH, _HEIGHT, _PATHS, _PLANES = (0x0048, 0x0006), (0x0048, 0x0007), (0x0048, 0x0302), (0x0048, 0x0303)
_OFFSETS, _LENGTHS, _PIXELS = (0x7FE0, 0x0001), (0x7FE0, 0x0002), (0x7FE0, 0x0010)

Extents = tuple[NDArray[np.uint64], NDArray[np.uint64]]


def stored_table(path: Path, level: Level) -> TileTable | None:
    """The table of one file's frames.

    Args:
        path: a file of the slide.
        level: which it should hold, as the reader of the whole slide has it.

    Returns:
        None where it holds another one; where its frames are not baseline JPEG in colour, whole in one piece each, row
        by row from the top left (TILED_FULL, one focal plane, one optical path); or where it does not say where they
        lie.

    Source: DICOM PS3.3 C.7.6.17 and C.8.12, PS3.5 A.4.
    """
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as whole:
        try:
            said, pixels = _read(whole)
            return _table(whole, said, pixels, level)
        except (struct.error, RecursionError, ValueError, OverflowError):
            return None


def _read(whole: mmap) -> tuple[dict[Tag, bytes], int]:
    """The short top-level elements, and the place behind the header of the pixels (0 where there are none)."""
    at, said = _PREAMBLE, {}
    for _ in range(_MOST_ELEMENTS):
        if at + _HEADER > len(whole):
            break
        tag, length, value = element(whole, at, False)
        if tag == _PIXELS:
            return said, value if length == UNDEFINED else 0
        if length == UNDEFINED:
            at = skip_sequence(whole, value, False, 0)
            continue
        if length <= _SHORT or tag in (_OFFSETS, _LENGTHS):
            said[tag] = whole[value : value + length]
        at = value + length
    return said, 0


def _table(whole: mmap, said: dict[Tag, bytes], pixels: int, level: Level) -> TileTable | None:
    kind = _text(said, _PHOTOMETRIC)
    fits = (
        _text(said, _SYNTAX) == _JPEG_BASELINE
        and _text(said, _ORGANIZATION) == "TILED_FULL"
        and kind in (*_YCBCR, _RGB)
        and (_number(said, _SAMPLES), _number(said, _BITS)) == (3, 8)
        and (_number(said, _WIDTH), _number(said, _HEIGHT)) == (level.width, level.height)
        and (_number(said, _COLUMNS), _number(said, _ROWS)) == (level.tile_width, level.tile_height)
        and _number(said, _PATHS, 1) == _number(said, _PLANES, 1) == 1
    )
    columns, rows = -(-level.width // level.tile_width), -(-level.height // level.tile_height)
    if not fits or not pixels or int(_text(said, _FRAMES) or "1") != columns * rows:
        return None
    extents = _extents(whole, said, pixels, columns * rows)
    if extents is None:
        return None
    return TileTable(
        tile_width=level.tile_width, tile_height=level.tile_height, columns=columns, rows=rows, samples=3,
        plain_jpeg=True, ycbcr=kind in _YCBCR, jpeg_tables=b"", offsets=extents[0], lengths=extents[1],
    )  # fmt: skip


def _extents(whole: mmap, said: dict[Tag, bytes], pixels: int, count: int) -> Extents | None:
    """Offset and length of each frame: from the extended table of offsets, or the basic one in the first item."""
    _, length, value = element(whole, pixels, False)
    begin = value + length
    if length == 4 * count:
        begins = np.frombuffer(whole[value:begin], "<u4").astype(np.uint64)
        last = element(whole, begin + int(begins[-1]), False)[1] + _HEADER
        lengths = np.diff(begins, append=begins[-1] + np.uint64(last)) - np.uint64(_HEADER)
    elif not length and len(said.get(_OFFSETS, b"")) == len(said.get(_LENGTHS, b"")) == 8 * count:
        begins, lengths = (np.frombuffer(said[tag], "<u8") for tag in (_OFFSETS, _LENGTHS))
    else:
        return None
    offsets = begins + np.uint64(begin + _HEADER)
    return (offsets, lengths) if _are_whole(whole, offsets, lengths) else None


def _are_whole(whole: mmap, offsets: Sequence[int] | NDArray[np.uint64], lengths: NDArray[np.uint64]) -> bool:
    """Whether each of some frames is one item of just that length: a frame may be cut into several."""
    for number in np.unique(np.linspace(0, len(lengths) - 1, _MOST_LOOKED_AT).astype(int)):
        stated = element(whole, int(offsets[number]) - _HEADER, False)[1]
        if not 0 <= stated - int(lengths[number]) <= 1:
            return False
    return True


def _text(said: dict[Tag, bytes], tag: Tag) -> str:
    return said.get(tag, b"").decode("ascii", "replace").strip("\0 ")


def _number(said: dict[Tag, bytes], tag: Tag, usual: int = 0) -> int:
    return int.from_bytes(said[tag], "little") if len(said.get(tag, b"")) in (2, 4) else usual
