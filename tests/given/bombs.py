"""TIFFs made of tables alone: each promises more than anybody could keep."""

import struct
from pathlib import Path


def many_pages_in_strips(path: Path, count: int = 65_000) -> Path:
    size = len(_page(_strips(), 0))
    pages = [_page(_strips(), 8 + (n + 1) * size if n + 1 < count else 0) for n in range(count)]
    path.write_bytes(b"II*\0\x08\0\0\0" + b"".join(pages))
    return path


def giant_strips(path: Path) -> Path:
    """2^31 px wide and high."""
    path.write_bytes(b"II*\0\x08\0\0\0" + _page(_strips(1 << 31, 1 << 31), 0))
    return path


def _strips(width: int = 64, height: int = 64) -> dict[int, tuple[int, int, int]]:
    return {
        256: (4, 1, width), 257: (4, 1, height), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 277: (3, 1, 1),
        273: (4, 1, 8), 278: (4, 1, height), 279: (4, 1, 64),
    }  # fmt: skip


def _page(tags: dict[int, tuple[int, int, int]], after: int) -> bytes:
    """Tag → type, count, value; little-endian."""
    entries = b"".join(struct.pack("<HHII", tag, *tags[tag]) for tag in sorted(tags))
    return struct.pack("<H", len(tags)) + entries + struct.pack("<I", after)
