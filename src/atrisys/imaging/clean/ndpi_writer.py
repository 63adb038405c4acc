"""Writes a TIFF as Hamamatsu's scanners do: one strip a page, places of 64 bits with their upper halves apart."""

import struct
from typing import BinaryIO

from atrisys.imaging.clean.tiff_writer import LONG, Tags, pack_value

_HALF = 0xFFFFFFFF


class NdpiWriter:
    """One NDPI, written from the front: each page's strip, then its table.

    In this order the place of a strip is told by the lower half alone: it is the last such place before the table.
    OpenSlide up to 4.0 reads it so; others read the upper halves, which are written as well.
    """

    def __init__(self, file: BinaryIO) -> None:
        """Begin at the start of a file."""
        self._file = file
        file.write(b"II*\0" + bytes(8))
        self._pointer_at = 4

    def next_place(self) -> int:
        """Where what is written next will lie."""
        self._file.write(bytes(self._file.tell() % 2))
        return self._file.tell()

    def add_table(self, tags: Tags) -> None:
        """Write a page's table behind its strip, and have it found from the one before."""
        entries: list[bytes] = []
        uppers: list[int] = []
        for tag, (kind, values) in sorted(tags.items()):
            upper = 0
            if kind == LONG and len(values) == 1:
                upper, values = int(values[0]) >> 32, [int(values[0]) & _HALF]
            raw, number = pack_value("<", kind, values)
            if len(raw) > 4:
                place = self.next_place()
                self._file.write(raw)
                upper, raw = place >> 32, struct.pack("<I", place & _HALF)
            entries.append(struct.pack("<HHI", tag, kind, number) + raw.ljust(4, b"\0"))
            uppers.append(upper)
        at = self.next_place()
        table = struct.pack("<H", len(entries)) + b"".join(entries)
        self._file.write(table + bytes(8) + struct.pack(f"<{len(uppers)}I", *uppers))
        self._file.seek(self._pointer_at)
        self._file.write(struct.pack("<Q", at))
        self._file.seek(0, 2)
        self._pointer_at = at + len(table)
