"""The elements of a DICOM file, one by one, as they lie in it (explicit, little endian). No pixels."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap

from atrisys.imaging.dicom_tags import UNDEFINED, Tag

Data = bytes | mmap
PREAMBLE, MAGIC = 128, b"DICM"
PIXELS = (0x7FE0, 0x0010)
_LONG = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_ITEM, _ITEM_END, _SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE00D), (0xFFFE, 0xE0DD)
MOST_ELEMENTS, DEEPEST = 500_000, 12


class Senseless(ValueError):
    """Elements that do not fit into each other."""


@dataclass(frozen=True)
class Element:
    """One element; of a sequence the items, each with its elements."""

    tag: Tag
    kind: bytes
    """Its value representation."""
    value: bytes
    """Empty for sequences and pixels."""
    items: tuple[tuple["Element", ...], ...] = ()
    at: int = 0
    """Where its value begins, in bytes from the file's start."""
    length: int = 0


class Elements:
    """Reads a file's elements up to its pixels."""

    def __init__(self, data: Data) -> None:
        """Begin behind the preamble."""
        self._data, self._left = data, MOST_ELEMENTS
        self.end = 0
        """How far was read, in bytes."""

    def read(self) -> Iterator[Element]:
        """All of them; the pixels last, with the place and length of their value.

        Raises:
            Senseless: they do not fit into each other, or are of another encoding.
        """
        if self._data[PREAMBLE : PREAMBLE + 4] != MAGIC:
            raise Senseless("it does not begin as DICOM files do")
        at = PREAMBLE + 4
        try:
            while at < len(self._data):
                element, at = self._element(at, len(self._data), 0)
                self.end = at
                yield element
                if element.tag == PIXELS:
                    return
        except struct.error as reason:
            raise Senseless("it is cut off") from reason

    def _element(self, at: int, end: int, depth: int) -> tuple[Element, int]:
        self._left -= 1
        if self._left < 0 or depth > DEEPEST:
            raise Senseless("it has too many elements")
        tag, kind = struct.unpack_from("<HH", self._data, at), bytes(self._data[at + 4 : at + 6])
        if not kind.isalpha() or not kind.isupper():
            raise Senseless("it is not written in explicit little endian")
        is_long = kind in _LONG
        length = struct.unpack_from("<I" if is_long else "<H", self._data, at + (8 if is_long else 6))[0]
        value = at + (12 if is_long else 8)
        if tag == PIXELS and not depth:
            return Element(tag, kind, b"", at=value, length=length), value
        if kind == b"SQ" or (kind == b"UN" and length == UNDEFINED):
            items, after = self._items(value, end if length == UNDEFINED else value + length, depth)
            return Element(tag, kind, b"", items, value, after - value), after
        if length == UNDEFINED or value + length > end:
            raise Senseless("it is cut off")
        return Element(tag, kind, bytes(self._data[value : value + length]), (), value, length), value + length

    def _items(self, at: int, end: int, depth: int) -> tuple[tuple[tuple[Element, ...], ...], int]:
        items: list[tuple[Element, ...]] = []
        while at < end:
            group, number, length = struct.unpack_from("<HHI", self._data, at)
            at += 8
            if (group, number) == _SEQUENCE_END:
                break
            if (group, number) != _ITEM:
                raise Senseless("a sequence holds something else than items")
            inner: list[Element] = []
            stop = end if length == UNDEFINED else at + length
            while at < stop:
                if struct.unpack_from("<HH", self._data, at) == _ITEM_END:
                    at += 8
                    break
                element, at = self._element(at, stop, depth + 1)
                inner.append(element)
            items.append(tuple(inner))
        return tuple(items), at


def fragments(data: Data, at: int) -> Iterator[tuple[int, int]]:
    """Place and length of the fragments of encapsulated pixels, the table of offsets first.

    Raises:
        Senseless: they have no end.
    """
    while at + 8 <= len(data):
        group, number, length = struct.unpack_from("<HHI", data, at)
        at += 8
        if (group, number) == _SEQUENCE_END:
            yield at, -1
            return
        if (group, number) != _ITEM or at + length > len(data):
            break
        yield at, length
        at += length
    raise Senseless("its pixels have no end")


def pack(tag: Tag, kind: bytes, value: bytes) -> bytes:
    """One element with a length that is stated and even."""
    if len(value) % 2:
        value += b"\0" if kind in (b"UI", b"OB", b"UN") else b" "
    head = struct.pack("<HH", *tag) + kind
    return head + (struct.pack("<HI", 0, len(value)) if kind in _LONG else struct.pack("<H", len(value))) + value


def pack_item(inner: bytes) -> bytes:
    """One item of a sequence."""
    return struct.pack("<HHI", *_ITEM, len(inner)) + inner
