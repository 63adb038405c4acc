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


def ome_that_repeats_itself(path: Path, planes: int = 10_000, blocks: int = 20_000, images: int = 1) -> Path:
    """An OME-TIFF of many planes, all of which its XML names, again and again."""
    one = (
        f'<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" SizeX="16" SizeY="16" '
        f'SizeC="1" SizeZ="1" SizeT="{planes}">'
        + f'<TiffData IFD="0" PlaneCount="{planes}"/>' * blocks
        + "</Pixels></Image>"
    )
    xml = f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="own">{one * images}</OME>\0'.encode()
    size = len(_page(_tiled(), 0))
    first = 8 + size + 12
    text = {270: (2, len(xml), first + (planes - 1) * size)}
    pages = [_page(_tiled() | text, first)]
    pages += [_page(_tiled(), first + number * size if number < planes - 1 else 0) for number in range(1, planes)]
    path.write_bytes(b"II*\0\x08\0\0\0" + b"".join(pages) + xml + bytes(256))
    return path


def strips_without_number(path: Path) -> Path:
    """A picture of 64 x 64 px whose table of strips is said to have 2^32 - 1 places."""
    tags = _strips() | {273: (4, (1 << 32) - 1, 8), 279: (4, (1 << 32) - 1, 8)}
    path.write_bytes(b"II*\0\x08\0\0\0" + _page(tags, 0))
    return path


def levels_in_a_circle(path: Path) -> Path:
    """A page whose smaller copies (SubIFDs) are itself, again and again."""
    many = 20_000
    tags = _tiled() | {330: (4, many, 8 + len(_page(_tiled(), 0)) + 12)}
    path.write_bytes(b"II*\0\x08\0\0\0" + _page(tags, 0) + struct.pack("<I", 8) * many + bytes(256))
    return path


def _tiled() -> dict[int, tuple[int, int, int]]:
    """16 x 16 px, one tile, grey."""
    return {
        256: (4, 1, 16), 257: (4, 1, 16), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 277: (3, 1, 1),
        322: (4, 1, 16), 323: (4, 1, 16), 324: (4, 1, 8), 325: (4, 1, 256),
    }  # fmt: skip


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
