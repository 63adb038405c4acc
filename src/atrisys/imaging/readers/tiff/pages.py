"""What the layouts of TIFF share: which pages make a pyramid, and which pages can be read at all."""

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from atrisys.errors import SlideUnreadable
from atrisys.imaging.reader import ByteSource
from atrisys.imaging.readers.tiff.tables import TileTable
from atrisys.imaging.recognise import flat_refusal

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

MOST_PAGES = 200_000
_USUAL_PAGE_BYTES = 512
_MOST_CHAIN_LEVELS = 64
_MOST_TILE_BYTES = 64 << 20
JPEG = 7
YCBCR = 6
_BLACK_AND_WHITE, _COLOURED = (0, 1), (1, 2, YCBCR)
"""Photometric tags that are read: white or black is zero; black is zero, RGB, YCbCr."""
_CONVERTED = (*_BLACK_AND_WHITE, *_COLOURED, 3, 5)
"""Those that can be converted at least: also colours of a palette, and CMYK."""
_KEPT_TEXT = 20_000
_KEPT_NAME = 255
_MOST_PAIRS = 1_000
_MOST_TEXT = 1 << 20
"""Characters of all that a slide says of itself together."""


@dataclass(frozen=True)
class LevelPages:
    """The pages of one level."""

    ifds: Sequence[int]
    """For each plane (channels fastest, then focal planes, then times) its place in the file's chain of pages."""
    sub: int | None = None
    """Which of that page's SubIFDs it is; None: the page itself."""


@dataclass
class Layout:
    """What a TIFF's pages mean."""

    format: str
    levels: list[LevelPages]
    channels: int = 1
    depth: int = 1
    duration: int = 1
    associated: dict[str, int] = field(default_factory=dict)
    """macro, label, thumbnail → place in the chain."""
    said: dict[str, Any] = field(default_factory=dict)
    """Further fields of `SlideFacts`."""


def page_at(tif: "TiffFile", ifd: int, sub: int | None = None) -> "TiffPage":
    """One page, with all its tags."""
    page = tif.pages[ifd]
    if sub is not None:
        page = page.pages[sub]  # type: ignore[index]
    return page.aspage()


def count_pages(source: ByteSource, name: str) -> int:
    """Walk the chain of pages to its end, without reading the pages.

    Raises:
        SlideUnreadable: the chain leads beyond the file's end, in circles, or on and on.
    """
    head = source.read(0, 16)
    if len(head) < 16:
        raise cut_off(name, source.size)
    order = "<" if head[:2] == b"II" else ">"
    big = struct.unpack(order + "H", head[2:4])[0] == 43
    count_form, pointer_form, entry = (order + "Q", order + "Q", 20) if big else (order + "H", order + "I", 12)
    count_size, pointer_size = struct.calcsize(count_form), struct.calcsize(pointer_form)
    offset = struct.unpack_from(pointer_form, head, 8 if big else 4)[0]
    seen: set[int] = set()
    while offset:
        if offset in seen or len(seen) >= MOST_PAGES:
            raise SlideUnreadable("{name} is damaged: its chain of pages has no end", name=name)
        seen.add(offset)
        page = source.read(offset, _USUAL_PAGE_BYTES) if offset < source.size else b""
        if len(page) < count_size:
            raise cut_off(name, source.size)
        after = count_size + entry * struct.unpack_from(count_form, page)[0]
        pointer = page[after : after + pointer_size]
        if len(pointer) < pointer_size and offset + after < source.size:
            pointer = source.read(offset + after, pointer_size)
        if len(pointer) < pointer_size:
            raise cut_off(name, source.size)
        offset = struct.unpack(pointer_form, pointer)[0]
    if not seen:
        raise SlideUnreadable("{name} is a TIFF without a single page", name=name)
    return len(seen)


def cut_off(name: str, size: int) -> SlideUnreadable:
    """What is said of a file that ends too early.

    Args:
        name: of the file.
        size: of the file, in bytes.

    Returns:
        The refusal, to be raised.
    """
    return SlideUnreadable(
        "{name} is cut off: parts of it lie beyond its end at byte {size}. Was it copied whole? Copy it again.",
        name=name, size=size,
    )  # fmt: skip


def check_readable(page: "TiffPage", name: str) -> None:
    """Whether the pixels of a page are of a kind that we read.

    Raises:
        SlideFlat: not before they are converted: they lie in strips, or in colours that no level has here.
        SlideUnreadable: they are not; the reason says what to do.
    """
    _check_pixels(page, name)
    if not page.is_tiled:
        raise flat_refusal(name, "TIFF in strips")
    tile_bytes = page.tilewidth * page.tilelength * page.samplesperpixel * math.ceil(_bits(page) / 8)
    if not 0 < tile_bytes <= _MOST_TILE_BYTES or page.imagewidth < 1 or page.imagelength < 1:
        raise SlideUnreadable(
            "{name} has tiles of {width} x {height} px, which cannot be", name=name,
            width=page.tilewidth, height=page.tilelength,
        )  # fmt: skip
    samples, photometric = page.samplesperpixel, int(page.photometric)
    grey = samples == 1 and photometric in _BLACK_AND_WHITE and _bits(page) > 1
    if not (grey or (samples in (3, 4) and photometric in _COLOURED)):
        raise flat_refusal(name, f"TIFF, {_name_of(page.photometric)}")


def _check_pixels(page: "TiffPage", name: str) -> None:
    """Whether they are of a kind that is read, as it is or converted."""
    if page.imagedepth != 1 or page.tiledepth != 1:
        raise SlideUnreadable("{name} is a TIFF of volumes, which is not read; save its planes as pages", name=name)
    if page.samplesperpixel not in (1, 2, 3, 4) or int(page.photometric) not in _CONVERTED:
        raise SlideUnreadable(
            "{name} has {samples} samples a pixel with colours of kind {kind}; grey, RGB and YCbCr are read",
            name=name, samples=page.samplesperpixel, kind=_name_of(page.photometric),
        )  # fmt: skip
    if page.dtype is None or page.dtype.str[1:] not in ("b1", "u1", "u2"):
        raise SlideUnreadable(
            "{name} has pixels of type {kind}; whole numbers of 8 or 16 bits without sign are read",
            name=name, kind=str(page.dtype) if page.dtype else f"{_bits(page)} bits",
        )  # fmt: skip


def read_table(page: "TiffPage", name: str) -> TileTable:
    """The table of a page's tiles.

    Args:
        page: a tiled page that can be read.
        name: of the file, for what is said to people.

    Raises:
        SlideUnreadable: it does not fit the page.
    """
    offsets, lengths = tile_extents(page, name)
    columns, rows = grid(page)
    plain = (
        int(page.compression) == JPEG
        and page.dtype == np.uint8
        and page.samplesperpixel in (1, 3)
        and (page.planarconfig == 1 or page.samplesperpixel == 1)
        and int(page.photometric) != 0
    )
    return TileTable(
        tile_width=page.tilewidth, tile_height=page.tilelength, columns=columns, rows=rows,
        samples=page.samplesperpixel, plain_jpeg=plain, ycbcr=int(page.photometric) == YCBCR,
        jpeg_tables=bytes(page.jpegtables or b""), offsets=offsets, lengths=lengths,
    )  # fmt: skip


def tile_extents(page: "TiffPage", name: str) -> tuple[np.ndarray, np.ndarray]:
    """Where a page's tiles lie in the file, as its table has it: some may lie beyond the file's end.

    Args:
        page: a tiled page.
        name: of the file, for what is said to people.

    Returns:
        Offsets and lengths in bytes, uint64 (tiles,), row by row from the top left (channel after channel where each
        is stored for itself); a length of 0 where nothing was scanned.

    Raises:
        SlideUnreadable: there are fewer or more than its size asks for.
    """
    try:
        offsets = np.asarray(page.dataoffsets, np.uint64).reshape(-1)
        lengths = np.asarray(page.databytecounts, np.uint64).reshape(-1)
    except (OverflowError, ValueError, TypeError) as reason:
        raise SlideUnreadable("{name} is damaged: its table of tiles makes no sense", name=name) from reason
    columns, rows = grid(page)
    wanted = columns * rows * (page.samplesperpixel if page.planarconfig == 2 else 1)
    if len(offsets) != wanted or len(lengths) != wanted:
        raise SlideUnreadable(
            "{name} is damaged: it should have {wanted} tiles on a page and has {count}",
            name=name, wanted=wanted, count=min(len(offsets), len(lengths)),
        )  # fmt: skip
    return offsets, lengths


def check_extents(offsets: np.ndarray, lengths: np.ndarray, name: str, size: int) -> None:
    """Whether tiles lie within the file.

    Args:
        offsets: as `tile_extents` gives them.
        lengths: likewise.
        name: of the file, for what is said to people.
        size: of the file, in bytes.

    Raises:
        SlideUnreadable: some lie beyond the file's end.
    """
    limit = np.uint64(size)
    if ((lengths > 0) & ((offsets > limit) | (lengths > limit) | (offsets + lengths > limit))).any():
        raise cut_off(name, size)


def grid(page: "TiffPage") -> tuple[int, int]:
    """Columns and rows of tiles."""
    return -(-page.imagewidth // page.tilewidth), -(-page.imagelength // page.tilelength)


def samples_of(page: "TiffPage") -> int:
    """Samples as readers give them: 3 for RGB with or without alpha, else 1."""
    return 3 if page.samplesperpixel in (3, 4) else 1


def chain_levels(tif: "TiffFile", count: int, first: int = 0, step: int = 1, after: int | None = None) -> list[int]:
    """Which pages of the chain are smaller copies of page `first`.

    Args:
        step: pages a level (planes).
        after: the first page that may be one; the one behind `first` if None.

    Returns:
        Their places, each smaller than the one before; without `first` itself.
    """
    begin = first + step if after is None else after
    found: list[int] = []
    larger = original = page_at(tif, first)
    for ifd in range(begin, min(count, begin + _MOST_CHAIN_LEVELS * step), step):
        page = page_at(tif, ifd)
        if is_smaller_copy(original, larger, page):
            found.append(ifd)
            larger = page
    return found


def is_smaller_copy(original: "TiffPage", larger: "TiffPage", page: "TiffPage") -> bool:
    """Whether a page is the next level of a pyramid.

    Args:
        original: the page at full resolution.
        larger: the level found last.
        page: the one in question.

    Returns:
        Whether it is tiled, smaller than `larger`, of the samples of `original`, and of its proportions (within 2
        pixels or 1 % of its height, since scanners round).
    """
    if not page.is_tiled or page.imagewidth >= larger.imagewidth or page.imagelength > larger.imagelength:
        return False
    if (page.samplesperpixel, page.dtype) != (original.samplesperpixel, original.dtype):
        return False
    step = original.imagewidth / page.imagewidth
    return abs(original.imagelength / step - page.imagelength) <= max(2.0, 0.01 * page.imagelength)


def sub_levels(tif: "TiffFile", ifd: int) -> list[int]:
    """Which SubIFDs of a page are smaller copies of it."""
    original = larger = page_at(tif, ifd)
    if any(offset >= tif.filehandle.size for offset in original.subifds or ()):
        raise cut_off(tif.filename, tif.filehandle.size)
    found: list[int] = []
    for sub in range(min(len(original.subifds or ()), _MOST_CHAIN_LEVELS)):
        page = page_at(tif, ifd, sub)
        if is_smaller_copy(original, larger, page):
            found.append(sub)
            larger = page
    return found


def text_tags(page: "TiffPage") -> dict[str, str]:
    """What the page's own tags say in words and numbers, as `tiff.Name` → text."""
    names = (
        "ImageDescription", "Make", "Model", "Software", "DateTime", "Artist", "HostComputer", "Copyright",
        "DocumentName", "XResolution", "YResolution", "ResolutionUnit", "BitsPerSample", "Compression",
    )  # fmt: skip
    found: dict[str, str] = {}
    for name in names:
        value = page.tags.valueof(name)
        if value is None:
            continue
        if name.endswith("Resolution") and isinstance(value, tuple) and len(value) == 2:
            value = value[0] / value[1] if value[1] else 0
        text = value if isinstance(value, str) else _name_of(value)
        found[f"tiff.{name}"] = text
    return found


def kept_texts(pairs: Mapping[str, str]) -> dict[str, str]:
    """What is kept of the words of a slide, whoever wrote them: not too many, none too long."""
    kept: dict[str, str] = {}
    left = _MOST_TEXT
    for name, text in islice(pairs.items(), _MOST_PAIRS):
        kept[name[:_KEPT_NAME]] = text[: min(_KEPT_TEXT, left)]
        left -= len(kept[name[:_KEPT_NAME]])
    return kept


def positive(number: object) -> float | None:
    """A number above zero and finite, or None."""
    try:
        value = float(str(number).strip().replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def file_name(source: ByteSource) -> str:
    return Path(source.name).name


def _bits(page: "TiffPage") -> int:
    bits = page.bitspersample
    return max(bits) if isinstance(bits, tuple) else int(bits)


def _name_of(value: object) -> str:
    return str(getattr(value, "name", value))
