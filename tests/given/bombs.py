"""TIFFs made of tables alone that promise more than anybody could keep, and slides that are whole but for one tile."""

import struct
from pathlib import Path

from given import slides


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


BAD_TILE = (3, 0)
"""Column and row of the one bad tile of `one_bad_tile`: none of those that are tried when a slide comes in."""


def one_bad_tile(path: Path, bad: bytes) -> Path:
    """A pyramid of JPEG tiles, 600 x 400 px, whole but for one tile of the full resolution."""
    import imagecodecs
    import tifffile

    with tifffile.TiffWriter(path) as tif:
        for factor in (1, 4):
            level = slides.shrink(slides.tissue(600, 400), factor)
            tiles = [bytes(imagecodecs.jpeg8_encode(tile, 90)) for tile in slides.tiles_of(level, slides.TILE)]
            if factor == 1:
                tiles[BAD_TILE[0]] = bad
            tif.write(iter(tiles), shape=level.shape, dtype="uint8", tile=(slides.TILE, slides.TILE), metadata=None,
                      compression="jpeg", photometric="ycbcr", subsampling=(2, 2),
                      subfiletype=int(factor > 1))  # fmt: skip
    return path


def endless_jpeg(side: int = 4000, scans: int = 100_000) -> bytes:
    """A progressive JPEG whose scans say nothing, again and again: two minutes for a decoder, if one lets it.

    Source: "Two issues with the JPEG standard" by the libjpeg-turbo project.
    """
    blocks = (side // 8) ** 2
    runs = "0" + "1" * 14
    bits = runs * -(-blocks // 0x7FFF)
    bits += "1" * (-len(bits) % 8)
    nothing = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return jpeg_head(side) + (_segment(0xDA, b"\1\1\0\1\1\0") + nothing) * scans + b"\xff\xd9"


def jpeg_head(side: int) -> bytes:
    """The beginning of a progressive JPEG of three colours that says how large it is, and one table of codes."""
    frame = struct.pack(">BHHB", 8, side, side, 3) + b"\1\x11\0\2\x11\0\3\x11\0"
    only_runs = b"\x10" + bytes([1, *[0] * 15]) + b"\xe0"
    return b"\xff\xd8" + _segment(0xDB, bytes([0, *[1] * 64])) + _segment(0xC2, frame) + _segment(0xC4, only_runs)


def _segment(marker: int, content: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content
