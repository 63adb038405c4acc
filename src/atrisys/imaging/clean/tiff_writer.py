"""Writes a TIFF from stored tiles and numbers: nothing of the original's tables comes along."""

import struct
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

SHORT, LONG, RATIONAL, ASCII, UNDEFINED, SLONG, FLOAT, LONG8 = 3, 4, 5, 2, 7, 9, 11, 16
_FORMS = {SHORT: "H", LONG: "I", RATIONAL: "I", SLONG: "i", FLOAT: "f", LONG8: "Q"}

Value = Sequence[float] | bytes | NDArray[np.uint64]
Tags = dict[int, tuple[int, Value]]
"""Tag → (type, values); rationals as numerator, denominator, …"""


def pack_value(order: str, kind: int, values: Value) -> tuple[bytes, int]:
    """A tag's value as it lies in the file, and how many TIFF counts in it."""
    if isinstance(values, bytes):
        return values, len(values)
    number = len(values) // (2 if kind == RATIONAL else 1)
    if isinstance(values, np.ndarray):
        return values.astype(f"{order}u{struct.calcsize('<' + _FORMS[kind])}").tobytes(), number
    return struct.pack(f"{order}{len(values)}{_FORMS[kind]}", *values), number


class TiffWriter:
    """One TIFF, written from the front: tiles first, then the tables, which `finish` chains."""

    def __init__(self, file: BinaryIO, order: str, big: bool) -> None:
        """Begin.

        Args:
            order: `<` or `>`, as in `struct`.
            big: BigTIFF, for what may pass 4 GB.
        """
        self._file, self._order, self.is_big = file, order, big
        self._pages: list[tuple[Tags, list[Tags]]] = []
        mark = b"II" if order == "<" else b"MM"
        file.write(mark + struct.pack(order + ("HHHQ" if big else "HI"), *((43, 8, 0, 0) if big else (42, 0))))

    def put(self, stored: bytes) -> int:
        """Write some bytes at an even place, and say where."""
        if self._file.tell() % 2:
            self._file.write(b"\0")
        at = self._file.tell()
        self._file.write(stored)
        return at

    def add_page(self, tags: Tags, below: list[Tags]) -> None:
        """One page of the chain, with the pages below it (SubIFDs)."""
        self._pages.append((tags, below))

    def finish(self) -> None:
        """Write the tables."""
        pointer_at = 8 if self.is_big else 4
        for tags, below in self._pages:
            places = [self._write_table(one)[0] for one in below]
            if places:
                tags = {**tags, 330: (LONG8 if self.is_big else LONG, places)}
            at, next_at = self._write_table(tags)
            self._patch(pointer_at, at)
            pointer_at = next_at
        self._file.seek(0, 2)

    def _write_table(self, tags: Tags) -> tuple[int, int]:
        """Where it lies, and where it will say what follows it."""
        count, pointer = ("Q", "Q") if self.is_big else ("H", "I")
        room = 8 if self.is_big else 4
        entries: list[bytes] = []
        for tag, (kind, values) in sorted(tags.items()):
            raw, number = pack_value(self._order, kind, values)
            if len(raw) > room:
                raw = struct.pack(self._order + pointer, self.put(raw))
            entries.append(struct.pack(self._order + "HH" + pointer, tag, kind, number) + raw.ljust(room, b"\0"))
        table = struct.pack(self._order + count, len(entries)) + b"".join(entries)
        at = self.put(table + bytes(struct.calcsize("<" + pointer)))
        return at, at + len(table)

    def _patch(self, at: int, offset: int) -> None:
        self._file.seek(at)
        self._file.write(struct.pack(self._order + ("Q" if self.is_big else "I"), offset))
        self._file.seek(0, 2)
