"""Makes a small slide as Hamamatsu's scanners write it: a classic TIFF with 64-bit places, one JPEG a page.

path = ndpi.slide(tmp_path / "a.ndpi")

Levels are strips with restart markers, whose places a private tag names; behind them lie the macro picture (source lens
-1) and the map of the focus (-2). The upper halves of all values stand behind each table.
"""

import io
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from given import slides

ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SLONG, FLOAT = 2, 3, 4, 5, 7, 9, 11
_FORMS = {SHORT: "H", LONG: "I", RATIONAL: "I", SLONG: "i", FLOAT: "f"}
Tags = dict[int, tuple[int, Sequence[float] | bytes]]
BLOCKS, TILE = 4, (64, 8)
"""MCUs between two restart markers, and the pixels that they are."""


def slide(
    path: Path,
    width: int = 1024,
    height: int = 768,
    factors: Sequence[int] = (1, 2, 4),
    said: Mapping[int, tuple[int, bytes]] | None = None,
    comment: bytes = b"",
    hole: bytes = b"",
    begin: int = 0,
) -> Path:
    """A slide of `slides.tissue`.

    Args:
        said: more tags of every page, with the kind of each.
        comment: within every JPEG.
        hole: bytes that nothing refers to.
        begin: where the pictures begin; what lies before takes no room on the disk.
    """
    picture = slides.tissue(width, height)
    lenses = {factor: 20.0 / factor for factor in factors}
    with path.open("wb") as file:
        file.write(b"II*\0" + bytes(8))
        file.seek(max(begin, 12))
        file.write(hole)
        pointer_at = 4
        for factor, lens in lenses.items():
            level = slides.shrink(picture, factor)
            pointer_at = _page(file, level, lens, pointer_at, said or {}, comment)
        for seed, lens in ((5, -1.0), (6, -2.0)):
            pointer_at = _page(file, slides.tissue(320, 160, seed), lens, pointer_at, said or {}, comment)
    return path


def stored_levels(path: Path) -> list[bytes]:
    """The JPEG of each page, as it lies in the file; told by tifffile."""
    import tifffile

    with tifffile.TiffFile(path, is_ndpi=True) as tif, path.open("rb") as file:
        found = []
        for page in tif.pages:
            at, size = page.tags[273].value[0], page.tags[279].value[0]
            file.seek(at)
            found.append(file.read(size))
        return found


def _page(file, picture, lens: float, pointer_at: int, said: Mapping, comment: bytes) -> int:
    """Write a picture and its table; gives where that says what follows it."""
    from PIL import Image

    packed = io.BytesIO()
    restarts = {"restart_marker_blocks": BLOCKS} if lens > 0 else {}
    Image.fromarray(picture).save(packed, "JPEG", quality=90, subsampling="4:2:2", **restarts)
    jpeg = packed.getvalue()
    if comment:
        jpeg = jpeg[:2] + b"\xff\xfe" + (2 + len(comment)).to_bytes(2, "big") + comment + jpeg[2:]
    at = file.tell()
    file.write(jpeg)
    height, width = picture.shape[:2]
    mpp = 0.5 * 20 / max(lens, 1)
    tags: Tags = {
        **said,
        254: (LONG, [int(lens != 20)]), 256: (LONG, [width]), 257: (LONG, [height]), 258: (SHORT, [8, 8, 8]),
        259: (SHORT, [7]), 262: (SHORT, [6]), 271: (ASCII, b"Hamamatsu\0"), 273: (LONG, [at]), 277: (SHORT, [3]),
        278: (LONG, [height]), 279: (LONG, [len(jpeg)]), 282: (RATIONAL, [int(1e8 / mpp), 10_000]),
        283: (RATIONAL, [int(1e8 / mpp), 10_000]), 284: (SHORT, [1]), 296: (SHORT, [3]), 530: (SHORT, [2, 1]),
        65420: (LONG, [1]), 65421: (FLOAT, [lens]), 65422: (SLONG, [-1234567]), 65423: (SLONG, [7654321]),
        65424: (SLONG, [0]),
    }  # fmt: skip
    if restarts:
        tags[65426] = (LONG, _starts(jpeg))
    return _table(file, tags, pointer_at)


def _starts(jpeg: bytes) -> list[int]:
    """Where the intervals between restart markers begin."""
    scan = jpeg.index(b"\xff\xda")
    first = scan + 2 + int.from_bytes(jpeg[scan + 2 : scan + 4], "big")
    return [first, *(at + 2 for at in range(first, len(jpeg) - 1) if jpeg[at] == 0xFF and 0xD0 <= jpeg[at + 1] < 0xD8)]


def _table(file, tags: Tags, pointer_at: int) -> int:
    entries, high = b"", b""
    for tag, (kind, values) in sorted(tags.items()):
        whole = [values[0] & 0xFFFFFFFF] if kind == LONG and len(values) == 1 else values
        raw = whole if isinstance(whole, bytes) else struct.pack(f"<{len(whole)}{_FORMS[kind]}", *whole)
        count = len(values) // (2 if kind == RATIONAL else 1)
        upper = values[0] >> 32 if kind == LONG and len(values) == 1 else 0
        if len(raw) > 4:
            file.seek(file.tell() % 2, 1)
            place = file.tell()
            file.write(raw)
            raw, upper = struct.pack("<I", place & 0xFFFFFFFF), place >> 32
        entries += struct.pack("<HHI", tag, kind, count) + raw.ljust(4, b"\0")
        high += struct.pack("<I", upper)
    file.seek(file.tell() % 2, 1)
    at = file.tell()
    file.write(struct.pack("<H", len(tags)) + entries + bytes(8) + high)
    end = file.tell()
    file.seek(pointer_at)
    file.write(struct.pack("<Q", at))
    file.seek(end)
    return at + 2 + len(entries)
