"""How much a DICOM slide says of itself: counted before a library reads it, which takes seconds and memory for each
million of elements and has no limit of its own. Runs in workers alone."""

import struct
from collections.abc import Iterable
from mmap import ACCESS_READ, mmap
from pathlib import Path

from atrisys.errors import SlideUnreadable
from atrisys.imaging.dicom_tags import IMPLICIT, LONG, UNDEFINED, read_syntax

MOST_ELEMENTS = 2_000_000
"""Elements and items of all files of a slide. The largest sparse slides have some hundred thousand frames, each told of
by a dozen."""
MOST_BYTES = 64 << 20
"""Of one value that is no pixels."""
_PREAMBLE = 132
_PIXEL_GROUP, _ITEM_GROUP = 0x7FE0, 0xFFFE
_HEAD, _LENGTH, _SHORT_LENGTH = struct.Struct("<HH2s"), struct.Struct("<I"), struct.Struct("<H")


def check_metadata(files: Iterable[Path]) -> None:
    """Whether the files of a slide may be read by a library that believes them.

    Args:
        files: all of them; the pixels are not looked at.

    Raises:
        SlideUnreadable: they say more than any slide has to say.
    """
    room = MOST_ELEMENTS
    for path in files:
        if path.stat().st_size:
            with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as whole:
                room -= _count(whole, path.name, room)


def _count(whole: mmap, name: str, most: int) -> int:
    """Elements and items at all depths, up to the pixels. What is cut off or garbled is for the library to find.

    A sequence counts, and then what is in it: where it ends need not be known for that.
    """
    implicit = read_syntax(whole[:4096]) == IMPLICIT
    at, size, count = _PREAMBLE, len(whole), 0
    while at + 12 <= size:
        count += 1
        if count > most:
            raise SlideUnreadable(
                "{name} has more than {limit} elements, which is no slide", name=name, limit=MOST_ELEMENTS
            )
        group, _, kind = _HEAD.unpack_from(whole, at)
        if group == _ITEM_GROUP:
            at += 8
            continue
        if implicit and group != 2:
            length, at = _LENGTH.unpack_from(whole, at + 4)[0], at + 8
        elif kind in LONG:
            length, at = _LENGTH.unpack_from(whole, at + 8)[0], at + 12
        else:
            length, at = _SHORT_LENGTH.unpack_from(whole, at + 6)[0], at + 8
        if group == _PIXEL_GROUP and length == UNDEFINED:
            break
        if kind == b"SQ" or length == UNDEFINED:
            continue
        if length > MOST_BYTES and group != _PIXEL_GROUP:
            raise SlideUnreadable(
                "{name} has a value of {size} bytes that is no pixels, which is no slide", name=name, size=length
            )
        at += length
    return count
