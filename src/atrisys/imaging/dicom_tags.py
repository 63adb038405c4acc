"""The few DICOM attributes that tell which files are one slide. No pixels, and no library that parses the rest."""

import contextlib
import struct
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path

Tag = tuple[int, int]
"""Group and element."""

WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
"""VL Whole Slide Microscopy Image Storage."""
DIRECTORY = "1.2.840.10008.1.3.10"
"""Media Storage Directory (a DICOMDIR)."""

IMPLICIT = "1.2.840.10008.1.2"
"""The transfer syntax without kinds of values."""
_NOT_PARSED = ("1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99")
"""Big endian and deflated: nobody writes slides so."""
_HEAD_BYTES = 1 << 18
LONG = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
UNDEFINED = 0xFFFFFFFF
"""The length of what has an end mark instead."""
_CLASS_IN_HEAD, _SYNTAX = (0x0002, 0x0002), (0x0002, 0x0010)
_IMAGE_TYPE, _CLASS = (0x0008, 0x0008), (0x0008, 0x0016)
_SERIES, _COLUMNS = (0x0020, 0x000E), (0x0048, 0x0006)
_ITEM, _ITEM_END, _SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE00D), (0xFFFE, 0xE0DD)
_WANTED = (_CLASS_IN_HEAD, _SYNTAX, _IMAGE_TYPE, _CLASS, _SERIES, _COLUMNS)


@dataclass(frozen=True)
class DicomFile:
    """What a DICOM file says of itself; empty where it does not."""

    path: Path
    sop_class: str = ""
    series: str = ""
    image_type: tuple[str, ...] = ()
    columns: int = 0
    """Of the whole slide, not of a frame."""

    @property
    def is_volume(self) -> bool:
        return "VOLUME" in self.image_type


def read_dicom(path: Path) -> DicomFile:
    """Read the attributes from a file's beginning; what is missing, cut off or garbled stays empty."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    found: dict[tuple[int, int], bytes] = {}
    try:
        end = _read_elements(head, 132, False, found, until=(0x0003, 0))
        syntax = _text(found.get(_SYNTAX, b""))
        if syntax not in _NOT_PARSED:
            _read_elements(head, end, syntax == IMPLICIT, found, until=(0x0048, 0x0008))
    except (struct.error, RecursionError):
        pass
    columns = found.get(_COLUMNS, b"")
    return DicomFile(
        path,
        sop_class=_text(found.get(_CLASS, b"") or found.get(_CLASS_IN_HEAD, b"")),
        series=_text(found.get(_SERIES, b"")),
        image_type=tuple(_text(found.get(_IMAGE_TYPE, b"")).split("\\")),
        columns=int.from_bytes(columns, "little") if len(columns) == 4 else 0,
    )


def read_syntax(head: bytes) -> str:
    """How the elements of a DICOM file are written.

    Args:
        head: the file's beginning, from its preamble on.

    Returns:
        The UID of the transfer syntax; empty where none is named.
    """
    found: dict[Tag, bytes] = {}
    with contextlib.suppress(struct.error, RecursionError):
        _read_elements(head, 132, False, found, until=(0x0003, 0))
    return _text(found.get(_SYNTAX, b""))


def _read_elements(
    head: bytes, at: int, implicit: bool, found: dict[tuple[int, int], bytes], until: tuple[int, int]
) -> int:
    """Read top-level elements up to tag `until`; gives the place of the first one that was not read."""
    while at + 8 <= len(head):
        tag, length, value = element(head, at, implicit)
        if tag >= until:
            break
        if length == UNDEFINED:
            at = skip_sequence(head, value, implicit, 0)
            continue
        if tag in _WANTED:
            found[tag] = head[value : value + length]
        at = value + length
    return at


def element(head: bytes | mmap, at: int, implicit: bool) -> tuple[Tag, int, int]:
    """Tag, length of the value, place of the value. Items have no type of value in either encoding."""
    group, element = struct.unpack_from("<HH", head, at)
    if implicit or group == 0xFFFE:
        return (group, element), struct.unpack_from("<I", head, at + 4)[0], at + 8
    if head[at + 4 : at + 6] in LONG:
        return (group, element), struct.unpack_from("<I", head, at + 8)[0], at + 12
    return (group, element), struct.unpack_from("<H", head, at + 6)[0], at + 8


def skip_sequence(head: bytes | mmap, at: int, implicit: bool, depth: int) -> int:
    """The place behind a sequence (or item) whose end is marked rather than counted."""
    if depth > 16:
        raise RecursionError
    while True:
        tag, length, value = element(head, at, implicit)
        if tag in (_SEQUENCE_END, _ITEM_END):
            return value
        at = skip_sequence(head, value, implicit, depth + 1) if length == UNDEFINED else value + length


def _text(value: bytes) -> str:
    return value.decode("ascii", "replace").strip("\0 ")
