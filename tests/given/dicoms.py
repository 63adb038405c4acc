"""Makes small DICOM whole slides on the spot, and the elements that their files are made of.

path = dicoms.volume(tmp_path / "a.dcm", said={"frames": "100000000"})
"""

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from given import slides

WHOLE_SLIDE, BASELINE = "1.2.840.10008.5.1.4.1.1.77.1.6", "1.2.840.10008.1.2.4.50"
_LONG = ("OB", "OV", "SQ")


def field(group: int, number: int, kind: str, value: bytes | str | int) -> bytes:
    """One element, its value filled up to an even length."""
    if isinstance(value, int):
        value = struct.pack("<H" if kind == "US" else "<I", value)
    value = value.encode() if isinstance(value, str) else value
    value += (b"\0" if kind in ("UI", "OB") else b" ") * (len(value) % 2)
    length = struct.pack("<xxI" if kind in _LONG else "<H", len(value))
    return struct.pack("<HH2s", group, number, kind.encode()) + length + value


def item(content: bytes) -> bytes:
    """One item of a sequence, or one frame."""
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


def pixels(frames: list[bytes], table: bytes) -> bytes:
    """The element of pixels, in pieces, behind a table that says where they begin."""
    pieces = b"".join(map(item, frames))
    end = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    return struct.pack("<HH2sxxI", 0x7FE0, 0x10, b"OB", 0xFFFFFFFF) + item(table) + pieces + end


def begins(frames: list[bytes]) -> list[int]:
    """Where each frame's item begins, counted from the first one."""
    return [sum(len(frame) + 8 for frame in frames[:number]) for number in range(len(frames))]


def volume(
    path: Path,
    width: int = 300,
    height: int = 200,
    tile: int = slides.TILE,
    said: Mapping[str, str | int] | None = None,
    before: bytes = b"",
) -> Path:
    """A slide of one level, JPEG frames row by row; OpenSlide reads it.

    Args:
        said: instead of the truth: `frames` (a text), `width`, `height`, `rows`, `columns`.
        before: elements ahead of the pixels.
    """
    import imagecodecs

    across, down = -(-width // tile), -(-height // tile)
    picture = slides.tissue(across * tile, down * tile)
    parts = [picture[y * tile :, x * tile :][:tile, :tile] for y in range(down) for x in range(across)]
    frames = [bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(part), 90)) for part in parts]
    frames = [frame + b"\0" * (len(frame) % 2) for frame in frames]
    facts = {"frames": str(len(frames)), "width": width, "height": height, "rows": tile, "columns": tile}
    facts |= said or {}
    head = (
        field(2, 1, "OB", b"\0\1") + field(2, 2, "UI", WHOLE_SLIDE) + field(2, 3, "UI", "1.2.3.4")
        + field(2, 0x10, "UI", BASELINE) + field(2, 0x12, "UI", "1.2.3")
    )  # fmt: skip
    spacing = item(field(0x18, 0x50, "DS", "0.001") + field(0x28, 0x30, "DS", "0.0005\\0.0005"))
    path.write_bytes(
        bytes(128) + b"DICM" + field(2, 0, "UL", len(head)) + head
        + field(8, 8, "CS", "ORIGINAL\\PRIMARY\\VOLUME\\NONE") + field(8, 0x16, "UI", WHOLE_SLIDE)
        + field(8, 0x18, "UI", "1.2.3.4") + field(0x20, 0xD, "UI", "1.2.3.5") + field(0x20, 0xE, "UI", "1.2.3.6")
        + field(0x20, 0x9311, "CS", "TILED_FULL") + field(0x28, 2, "US", 3) + field(0x28, 4, "CS", "YBR_FULL_422")
        + field(0x28, 6, "US", 0) + field(0x28, 8, "IS", facts["frames"]) + field(0x28, 0x10, "US", facts["rows"])
        + field(0x28, 0x11, "US", facts["columns"]) + field(0x28, 0x100, "US", 8) + field(0x28, 0x101, "US", 8)
        + field(0x28, 0x102, "US", 7) + field(0x28, 0x103, "US", 0) + field(0x48, 6, "UL", facts["width"])
        + field(0x48, 7, "UL", facts["height"]) + field(0x48, 0x302, "UL", 1) + field(0x48, 0x303, "UL", 1)
        + field(0x5200, 0x9229, "SQ", item(field(0x28, 0x9110, "SQ", spacing))) + before
        + pixels(frames, struct.pack(f"<{len(frames)}I", *begins(frames)))
    )  # fmt: skip
    return path
