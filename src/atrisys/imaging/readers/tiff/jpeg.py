"""JPEG tiles of a TIFF: what their header says, decoding, and making them whole."""

import struct
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from atrisys.imaging.codestreams import (
    EOI,
    MOST_SEGMENTS,
    SOI,
    NotPure,
    ends_with_scan,
    ends_with_scan_header,
    past_fill,
    scan_of,
    strip_jpeg,
)
from atrisys.imaging.reader import Pixels
from atrisys.imaging.readers.tiff.tables import TileTable

_SIZES = (0xC4, 0xC8, 0xCC)
"""Markers among the frame headers C0…CF that are none."""
_ALONE = frozenset((0x00, 0x01, *range(0xD0, 0xD9)))
"""Marks without a length, which have no business before the pixels: who reads one for them and who does not see two
different pictures."""
_SLACK = 1 << 16
_STREAMED = 32
"""Rows that begin on a multiple of so many bytes libjpeg-turbo writes past the processor's caches (AVX2). Who reads the
pixels next then waits for the memory: decoding a tile takes half as long again."""
_SOS, _USUAL_HEAD = b"\xff\xda", 2048


class NotPlain(Exception):
    """A tile that is not what its table says: only a worker may try it."""


class Said(NamedTuple):
    """What a table says of each of its tiles, as `TileTable` has it."""

    tile_width: int
    tile_height: int
    samples: int
    ycbcr: bool
    jpeg_tables: bytes


def said_of(table: TileTable) -> Said:
    return Said(table.tile_width, table.tile_height, table.samples, table.ycbcr, table.jpeg_tables)


@dataclass(frozen=True)
class Frame:
    """The frame header of a JPEG."""

    at: int
    """Where it begins, in bytes."""
    kind: int
    """0: baseline, 1: extended sequential, 2: progressive, …"""
    precision: int
    width: int
    height: int
    sampling: bytes
    """For each component, how densely it is sampled across (high half) and down (low half)."""
    jfif: bool
    adobe: int | None
    """Colour transform of an Adobe marker: 0 none (RGB), 1 YCbCr."""
    adobe_at: int
    """Where that transform stands, in bytes."""
    in_first_scan: int = 0
    """How many components its first scan holds."""


def read_frame(jpeg: bytes) -> Frame | None:
    """What a JPEG says of itself; None where it has no frame header before its pixels, or no pixels."""
    at, frame, jfif, adobe, adobe_at = 2, None, False, None, 0
    if jpeg[:2] != b"\xff\xd8":
        return None
    for _ in range(MOST_SEGMENTS):
        at = past_fill(jpeg, at)
        if at + 4 > len(jpeg) or jpeg[at] != 0xFF:
            return None
        marker = jpeg[at + 1]
        if marker in _ALONE:
            return None
        length = int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if marker == 0xEE and length >= 14 and jpeg[at + 4 : at + 9] == b"Adobe":
            adobe, adobe_at = int.from_bytes(jpeg[at + 15 : at + 16]), at + 15
        if marker == 0xE0 and jpeg[at + 4 : at + 8] == b"JFIF":
            jfif = True
        if 0xC0 <= marker <= 0xCF and marker not in _SIZES:
            if frame is not None or length < 8 or at + 2 + length > len(jpeg):
                return None
            precision, height, width, count = struct.unpack_from(">BHHB", jpeg, at + 4)
            sampling = jpeg[at + 11 : at + 10 + 3 * count : 3]
            frame = Frame(at, marker - 0xC0, precision, width, height, sampling, jfif, adobe, adobe_at)
        if marker == 0xDA and frame is not None and at + 4 < len(jpeg):
            return replace(frame, jfif=jfif, adobe=adobe, adobe_at=adobe_at, in_first_scan=jpeg[at + 4])
        if marker in (0xD9, 0xDA) or length < 2:
            return None
        at += 2 + length
    return None


def is_ycbcr(frame: Frame, said: Said) -> bool:
    """Whether a tile of three components is YCbCr, else RGB.

    The photometric tag decides. Only where it says RGB, but the tile says of itself that it is not (by a marker, or by
    sparser colours than lightness, which RGB never has), the writer is taken to have left the tag wrong.

    Args:
        frame: what the tile says of itself, of three components.
        said: by the table of the level that the tile is of.

    Returns:
        True for YCbCr, False for RGB.
    """
    if said.ycbcr:
        return True
    if frame.adobe is not None:
        return frame.adobe == 1
    return frame.jfif or len(set(frame.sampling)) > 1


def most_bytes(said: Said | TileTable) -> int:
    """A JPEG with more than that is none of this table's tiles."""
    return 2 * said.tile_width * said.tile_height * said.samples + _SLACK


def check_plain(jpeg: bytes, said: Said) -> Frame:
    """Whether libjpeg-turbo may decode a tile in the server's own process, in bounded time and memory.

    Raises:
        NotPlain: no baseline JPEG of 8 bits, larger than its tile, or with other components than the table says.
    """
    if len(jpeg) > most_bytes(said):
        raise NotPlain("more bytes than its pixels need")
    frame = read_frame(jpeg)
    if frame is None or frame.kind > 1 or frame.precision != 8:
        raise NotPlain("no baseline JPEG")
    if len(frame.sampling) != said.samples:
        raise NotPlain("other components than the file's tables say")
    if not (0 < frame.width <= said.tile_width and 0 < frame.height <= said.tile_height):
        raise NotPlain("another size than the file's tables say")
    return frame


class Decoder:
    """Decodes tiles of one table, one after the other, into the same memory. For one thread."""

    def __init__(self, table: TileTable) -> None:
        from imagecodecs import jpeg8_decode

        self._jpeg8_decode, self._said = jpeg8_decode, said_of(table)
        self._most, self._tables = most_bytes(self._said), table.jpeg_tables or None
        self._room = _room_for(table.tile_height * table.tile_width * table.samples)

    def decode(self, jpeg: bytes, rows: int | None = None) -> Pixels:
        """Decode one tile.

        Args:
            jpeg: the tile's bytes as they lie in the file; the table's shared tables are joined to them.
            rows: so many are needed, from the top; None: all.

        Returns:
            uint8 (tile_height, tile_width, 1 or 3), smaller where the JPEG is; `rows` of it at least. The next tile
            is written over it.

        Raises:
            NotPlain: see `check_plain`; or its components come in scans of their own.
            imagecodecs.Jpeg8Error: the JPEG is broken.
        """
        # Tiles of one level begin alike: what their beginning says is found out once.
        end = jpeg.find(_SOS, 0, _USUAL_HEAD) if len(jpeg) <= self._most else -1
        frame, colours = (_coding_of(jpeg[: end + 5], self._said) if end > 0 else None) or _coding(jpeg, self._said)
        height, width, samples = frame.height, frame.width, self._said.samples
        if rows is not None and rows < height:
            height = _least_height(frame, rows)
            if height < frame.height:
                jpeg = b"".join((jpeg[: frame.at + 5], height.to_bytes(2), jpeg[frame.at + 7 :]))
        # Into an array of the size that was judged, so that no other one is ever made room for.
        room = self._room[: height * width * samples]
        if colours is None:
            grey = self._jpeg8_decode(jpeg, tables=self._tables, out=room.reshape(height, width))
            return grey[..., None]
        room = room.reshape(height, width, samples)
        return self._jpeg8_decode(jpeg, tables=self._tables, colorspace=colours, outcolorspace="RGB", out=room)


def _coding(jpeg: bytes, said: Said) -> tuple[Frame, str | None]:
    """Its frame, and what the decoder is to take its components for; None where there is but one. Raises NotPlain."""
    frame = check_plain(jpeg, said)
    if frame.in_first_scan != said.samples:
        # It may have a million scans in a few bytes each, and the whole tile is gone through for each of them.
        raise NotPlain("more than one scan")
    if said.samples == 1:
        return frame, None
    # Left to itself, libjpeg takes RGB without a marker for YCbCr: it turns green.
    return frame, "YCBCR" if is_ycbcr(frame, said) else "RGB"


@lru_cache(maxsize=256)
def _coding_of(head: bytes, said: Said) -> tuple[Frame, str | None] | None:
    """The same of tiles that begin so, up to the scan or what looks like it; None where that does not say it."""
    try:
        return _coding(head, said)
    except NotPlain:
        return None


def _least_height(frame: Frame, rows: int) -> int:
    """How high a JPEG must say it is, so that its first rows come out as they do from the whole.

    Whole coding units, and one more: colours that are sparser than lightness are smoothed into the unit above.
    """
    unit = 8 * max(max(dense & 15 for dense in frame.sampling), 1)
    return min(frame.height, (-(-rows // unit) + 1) * unit)


def _room_for(size: int) -> Pixels:
    """Where pixels are decoded to: it begins halfway between two places from which rows would be streamed."""
    room = np.empty(size + _STREAMED, np.uint8)
    begin = (_STREAMED // 2 - room.ctypes.data) % _STREAMED
    return room[begin : begin + size]


def make_whole(jpeg: bytes, table: TileTable) -> bytes:
    """A tile's bytes as a JPEG that stands alone and looks the same in every viewer.

    Shared tables are joined in; three components get an Adobe marker that says whether they are YCbCr or RGB. The
    compressed pixels stay as they are. Comments and application data, which may name somebody, are left out.

    Raises:
        NotPlain: see `check_plain`; or it has no end, so that a viewer would show half a tile for a whole one; or
            nobody can say what in it is picture and what is not.
    """
    # Tiles of one level begin alike: what becomes of their beginning is found out once.
    at, said = scan_of(jpeg), said_of(table)
    if at and len(jpeg) <= most_bytes(said) and ends_with_scan(jpeg, at):
        head = _whole_head(jpeg[:at], said)
        if head is not None:
            return head + jpeg[at:]
    return _made_whole(jpeg, said)


@lru_cache(maxsize=256)
def _whole_head(head: bytes, said: Said) -> bytes | None:
    """What stands before the pixels of a tile that begins so; None where it is no plain one."""
    if not ends_with_scan_header(head):
        return None
    try:
        return _made_whole(head + EOI, said)[: -len(EOI)]
    except NotPlain:
        return None


def _made_whole(jpeg: bytes, said: Said) -> bytes:
    try:
        jpeg = strip_jpeg(jpeg)
        tables = _inner(said.jpeg_tables) if said.jpeg_tables else b""
    except NotPure as reason:
        raise NotPlain(str(reason)) from reason
    frame = check_plain(jpeg, said)
    start, rest = [SOI], jpeg[2:]
    if said.samples == 3:
        transform = bytes([1 if is_ycbcr(frame, said) else 0])
        if frame.adobe is None:
            start.append(b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + transform)
        elif frame.adobe != transform[0]:
            rest = jpeg[2 : frame.adobe_at] + transform + jpeg[frame.adobe_at + 1 :]
    start.append(tables)
    return b"".join([*start, rest])


@lru_cache(maxsize=256)
def _inner(tables: bytes) -> bytes:
    """Shared tables without the markers of start and end around them."""
    if tables[:2] != SOI:
        tables = SOI + tables
    if EOI not in tables[-4:]:
        tables += EOI
    return strip_jpeg(tables)[2:-2]
