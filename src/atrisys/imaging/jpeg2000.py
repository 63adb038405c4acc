"""What the head of a JPEG 2000 file says, read without decoding: size, samples, resolution."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from atrisys.errors import SlideUnreadable

_CODESTREAM = b"\xff\x4f\xff\x51"
_MOST_BOXES = 1000
_MOST_HEADER = 1 << 20


@dataclass(frozen=True)
class Jpeg2000:
    """One picture."""

    width: int
    height: int
    samples: int
    bits: int
    mpp: tuple[float, float] | None
    """µm per pixel along x and y, as captured; else as it is to be shown."""


def read_header(path: Path) -> Jpeg2000:
    """The facts of a codestream, or of the first one in a file of boxes.

    Raises:
        SlideUnreadable: it has none.

    Source: ISO/IEC 15444-1, annexes A (SIZ) and I (boxes).
    """
    with path.open("rb") as file:
        try:
            mpp = _walk(file)
            head = file.read(43)
            if not head.startswith(_CODESTREAM):
                raise ValueError("no codestream")
            right, below, left, above = struct.unpack_from(">4I", head, 8)
            samples, depth = struct.unpack_from(">HB", head, 40)
        except (struct.error, ValueError, OSError) as reason:
            raise SlideUnreadable("{name} is damaged: it has no JPEG 2000 picture in it", name=path.name) from reason
    return Jpeg2000(right - left, below - above, samples, (depth & 0x7F) + 1, mpp)


def _walk(file: BinaryIO) -> tuple[float, float] | None:
    """Leave the file at the beginning of its codestream; gives the resolution that was passed on the way."""
    if file.read(4) == _CODESTREAM:
        file.seek(0)
        return None
    file.seek(0)
    mpp = None
    for _ in range(_MOST_BOXES):
        start = file.tell()
        length, kind = struct.unpack(">I4s", file.read(8))
        if length == 1:
            length = struct.unpack(">Q", file.read(8))[0]
        if kind == b"jp2c":
            return mpp
        if length < 8:
            break
        if kind == b"jp2h":
            mpp = _resolution(file.read(min(length - 8, _MOST_HEADER)))
        file.seek(start + length)
    raise ValueError("no codestream")


def _resolution(header: bytes) -> tuple[float, float] | None:
    for kind in (b"resc", b"resd"):
        at = header.find(kind)
        if at < 0 or len(header) < at + 14:
            continue
        vertical, v_unit, horizontal, h_unit, v_power, h_power = struct.unpack_from(">4H2b", header, at + 4)
        if vertical and v_unit and horizontal and h_unit:
            per_metre = (horizontal / h_unit * 10.0**h_power, vertical / v_unit * 10.0**v_power)
            return 1e6 / per_metre[0], 1e6 / per_metre[1]
    return None
