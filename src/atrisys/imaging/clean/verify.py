"""Looks at a copy before anybody gets it: byte by byte, whether it holds what it must not."""

from collections.abc import Iterator, Sequence

import numpy as np

from atrisys.errors import SlideUnreadable
from atrisys.imaging.clean.tiff_map import DATA_LENGTHS, DATA_OFFSETS, TiffMap
from atrisys.imaging.codestreams import BY_TIFF_COMPRESSION, NotPure
from atrisys.imaging.reader import ByteSource

PIECE = 1 << 20
WRITTEN_TAGS = frozenset((254, 256, 257, 258, 259, 262, 270, 277, 282, 283, 284, 296, 317, 322, 323, 324, 325, 330,
                          338, 339, 347, 530, 532))  # fmt: skip
"""Numbers that describe pixels, the description that we write (270), JPEG tables without comments (347)."""


class Traces:
    """Looks for many byte strings at once."""

    def __init__(self, patterns: Sequence[bytes]) -> None:
        """Take in what is looked for: strings of four bytes and more."""
        self._by_start: dict[bytes, list[bytes]] = {}
        for pattern in patterns:
            self._by_start.setdefault(pattern[:4], []).append(pattern)
        starts = [int.from_bytes(start, "little") for start in self._by_start]
        self._starts = np.array(sorted(starts), np.uint32)
        self._halves = np.zeros(1 << 16, bool)
        self._halves[self._starts & 0xFFFF] = True
        self.longest = max(map(len, patterns), default=0)

    def found_in(self, piece: bytes) -> bool:
        """Whether any of them is in there."""
        if len(piece) < 4 or not self._by_start:
            return False
        octets = np.frombuffer(piece, np.uint8)
        pairs = octets[:-1] | (octets[1:].astype(np.uint16) << 8)
        at = np.flatnonzero(self._halves[pairs[:-2]])
        at = at[np.isin(pairs[at] | (pairs[at + 2].astype(np.uint32) << 16), self._starts)]
        for place in at.tolist():
            if any(piece.startswith(pattern, place) for pattern in self._by_start[piece[place : place + 4]]):
                return True
        return False


def check_traces(source: ByteSource, everywhere: Sequence[bytes], name: str) -> None:
    """Whether none of these strings is in a file.

    Raises:
        SlideUnreadable: one is.
    """
    traces = Traces(everywhere)
    for piece in _pieces(source, traces.longest):
        if traces.found_in(piece):
            raise in_doubt(name, "something of what was to be left out is still in it")


def check_tiff(source: ByteSource, beside_pixels: Sequence[bytes], name: str) -> None:
    """Whether a TIFF holds tiles, numbers and our own description, and not a byte more.

    Args:
        beside_pixels: strings that may be nowhere but in compressed pixels, where short ones occur by chance.

    Raises:
        SlideUnreadable: it does not.
    """
    tables = TiffMap(source, name)
    traces = Traces(beside_pixels)
    if tables.holes():
        raise in_doubt(name, "it has bytes that nothing refers to")
    for ifd in tables.ifds:
        if not WRITTEN_TAGS.issuperset(ifd.entries):
            raise in_doubt(name, "it has a tag too many")
        entries = [entry for tag, entry in ifd.entries.items() if tag not in (*DATA_OFFSETS, *DATA_LENGTHS)]
        if any(traces.found_in(tables.raw(entry)) for entry in entries):
            raise in_doubt(name, "something of what was to be left out is still in it")
        _check_tiles(source, tables, ifd.entries, name)


def _check_tiles(source: ByteSource, tables: TiffMap, entries: dict, name: str) -> None:
    first = {tag: int(tables.numbers(entries[tag])[0]) for tag in (259, 317, 322, 323, 277, 284) if tag in entries}
    bits = int(tables.numbers(entries[258])[0])
    samples = first[277] if first.get(284, 1) == 1 else 1
    size = first[322] * first[323] * samples * bits // 8
    strip = BY_TIFF_COMPRESSION[first[259]]
    offsets, lengths = (tables.numbers(entries[tag]).tolist() for tag in (324, 325))
    for offset, length in zip(offsets, lengths, strict=True):
        tile = source.read(offset, length)
        try:
            if length and len(strip(tile, size)) != length:
                raise in_doubt(name, "a tile holds more than its pixels")
        except NotPure as reason:
            raise in_doubt(name, "a tile holds more than its pixels") from reason


def _pieces(source: ByteSource, overlap: int) -> Iterator[bytes]:
    """The whole file; each piece reaches so far into the next one that nothing is missed between them."""
    for at in range(0, source.size, PIECE):
        yield source.read(at, PIECE + overlap)


def in_doubt(name: str, why: str) -> SlideUnreadable:
    """What is said where a copy is not given out."""
    return SlideUnreadable("The clean copy of {name} is not given out: {reason}", name=name, reason=why)


def not_cleaned(name: str, format: str) -> SlideUnreadable:
    """What is said where there can be no copy."""
    return SlideUnreadable(
        "{name} cannot be cleaned: its format ({format}) is not one that can be written without the names in it. "
        "SVS, NDPI, OME-TIFF, tiled TIFF and DICOM can.",
        name=name, format=format,
    )  # fmt: skip
