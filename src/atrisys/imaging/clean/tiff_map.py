"""A TIFF's tables as they lie in the file: every entry with its bytes, and what nothing refers to."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from atrisys.errors import SlideUnreadable
from atrisys.imaging.reader import ByteSource

MOST_PAGES, MOST_ENTRIES, MOST_BELOW = 20_000, 500_000, 4
MOST_VALUE_BYTES = 64 << 20
_PIECE = 1 << 20
SUB_IFDS, EXIF, GPS, INTEROPERABILITY = 330, 34665, 34853, 40965
DATA_OFFSETS, DATA_LENGTHS = (273, 324), (279, 325)
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_NUMBERS = {1: "u1", 3: "u2", 4: "u4", 13: "u4", 16: "u8", 18: "u8"}

Extent = tuple[int, int]
"""Offset and length, in bytes."""


@dataclass
class Entry:
    """One tag of a page."""

    kind: int
    """TIFF's type: 2 is text."""
    count: int
    extent: Extent
    """Of its value, wherever it lies."""
    upper: int = 0
    """The upper half of a value in the table itself, which NDPI keeps apart."""


@dataclass
class Ifd:
    """One table of tags."""

    number: int | None
    """Its place in the chain of pages; None below a page."""
    extent: Extent
    entries: dict[int, Entry] = field(default_factory=dict)


class TiffMap:
    """All tables that the chain of pages leads to, with those below them."""

    def __init__(self, source: ByteSource, name: str, is_ndpi: bool = False) -> None:
        """Read them.

        Args:
            is_ndpi: as Hamamatsu writes them: places of 64 bits, of which each table has the upper halves behind it.

        Raises:
            SlideUnreadable: the tables make no sense.
        """
        self._source, self._name = source, name
        head = source.read(0, 16)
        self.order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        if len(head) < 8 or not self.order or struct.unpack(self.order + "H", head[2:4])[0] not in (42, 43):
            raise self._senseless()
        self.is_big = struct.unpack(self.order + "H", head[2:4])[0] == 43
        if is_ndpi and (self.is_big or self.order != "<" or len(head) < 12):
            raise self._senseless()
        self._is_ndpi = is_ndpi
        self._header = 16 if self.is_big else 12 if is_ndpi else 8
        self._count, self._pointer = ("Q", "Q") if self.is_big else ("H", "Q" if is_ndpi else "I")
        self.ifds: list[Ifd] = []
        self._seen: set[int] = set()
        self._left = MOST_ENTRIES
        try:
            offset, number = struct.unpack_from(self.order + self._pointer, head, 8 if self.is_big else 4)[0], 0
            while offset:
                offset = self._read(offset, number, 0)
                number += 1
        except struct.error as reason:
            raise self._senseless() from reason

    def numbers(self, entry: Entry) -> NDArray[np.uint64]:
        """The whole numbers of an entry; none where it holds something else."""
        kind = _NUMBERS.get(entry.kind)
        if kind is None:
            return np.zeros(0, np.uint64)
        numbers = np.frombuffer(self.raw(entry), np.dtype(self.order + kind)).astype(np.uint64)
        return numbers + np.uint64(entry.upper << 32) if kind == "u4" and len(numbers) == 1 else numbers

    def raw(self, entry: Entry) -> bytes:
        """The bytes of an entry."""
        offset, length = entry.extent
        value = self._source.read(offset, length)
        if len(value) != length:
            raise self._senseless()
        return value

    def extents(self) -> Iterator[NDArray[np.uint64]]:
        """Everything that the tables refer to, as arrays (n, 2) of offset and length."""
        yield np.array([(0, self._header)], np.uint64)
        for ifd in self.ifds:
            yield np.array([ifd.extent, *(entry.extent for entry in ifd.entries.values())], np.uint64)
            for offsets_tag, lengths_tag in zip(DATA_OFFSETS, DATA_LENGTHS, strict=True):
                if offsets_tag in ifd.entries and lengths_tag in ifd.entries:
                    offsets = self.numbers(ifd.entries[offsets_tag])
                    lengths = self.numbers(ifd.entries[lengths_tag])
                    if len(offsets) == len(lengths):
                        yield np.stack([offsets, lengths], axis=1)

    def holes(self) -> list[Extent]:
        """The bytes that nothing refers to, but for zeros: writers fill up to even places."""
        extents = np.concatenate(list(self.extents()))
        extents = extents[np.argsort(extents[:, 0], kind="stable")]
        ends = np.minimum(extents.sum(axis=1), np.uint64(self._source.size))
        reached = np.maximum.accumulate(ends)
        begins = np.append(extents[1:, 0], np.uint64(self._source.size))
        gaps = np.flatnonzero(begins > reached)
        found = [(int(reached[at]), int(begins[at] - reached[at])) for at in gaps]
        return [(at, size) for at, size in found if self._holds_something(at, size)]

    def _holds_something(self, at: int, size: int) -> bool:
        pieces = range(at, at + size, _PIECE)
        return any(self._source.read(one, min(_PIECE, at + size - one)).strip(b"\0") for one in pieces)

    def _read(self, offset: int, number: int | None, depth: int) -> int:
        """Read one table and those below it; gives the place of the next one."""
        if offset in self._seen or len(self._seen) >= MOST_PAGES or depth > MOST_BELOW:
            raise self._senseless()
        self._seen.add(offset)
        count_size = struct.calcsize("<" + self._count)
        count = struct.unpack(self.order + self._count, self._source.read(offset, count_size))[0]
        self._left -= count
        if self._left < 0:
            raise self._senseless()
        size = 20 if self.is_big else 12
        next_at = size * count
        uppers_at = next_at + struct.calcsize("<" + self._pointer)
        table = self._source.read(offset + count_size, uppers_at + (4 * count if self._is_ndpi else 0))
        uppers = struct.unpack_from(f"<{count}I", table, uppers_at) if self._is_ndpi else (0,) * count
        ifd = Ifd(number, (offset, count_size + len(table)))
        self.ifds.append(ifd)
        inline, form, value = (8, "HHQ", "Q") if self.is_big else (4, "HHI", "I")
        for place, upper in zip(range(0, next_at, size), uppers, strict=True):
            tag, kind, values = struct.unpack_from(self.order + form, table, place)
            length = _SIZES.get(kind, 1) * values
            value_at = place + size - inline
            at = offset + count_size + value_at
            if length > inline:
                at = struct.unpack_from(self.order + value, table, value_at)[0] + (upper << 32)
                upper = 0
            if length > MOST_VALUE_BYTES or at + length > self._source.size or tag in ifd.entries:
                raise self._senseless()
            ifd.entries[tag] = Entry(kind, values, (at, length), upper)
        for tag in (SUB_IFDS, EXIF, GPS, INTEROPERABILITY):
            if tag in ifd.entries:
                for below in self.numbers(ifd.entries[tag]):
                    self._read(int(below), None, depth + 1)
        return struct.unpack_from(self.order + self._pointer, table, next_at)[0]

    def _senseless(self) -> SlideUnreadable:
        return SlideUnreadable("{name} has tables that make no sense: it cannot be cleaned", name=self._name)
