"""Coded tiles without what is no part of the picture: comments, application data, whatever lies behind their end."""

import re
import struct
import zlib
from collections.abc import Callable
from functools import lru_cache

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_DHT, _DQT, _DRI, _SOS = 0xC4, 0xDB, 0xDD, 0xDA
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_SCAN, _USUAL_HEAD = b"\xff\xda", 2048
_FILL = re.compile(rb"\xff+")
MOST_SEGMENTS = 1000
"""More in one JPEG, of scans as well, are there to keep somebody busy."""
_PLAIN_JFIF, _PLAIN_ADOBE = 16, 14
_J2K_START, _J2K_SIZE, _J2K_COMMENT, _J2K_TILE, _J2K_DATA = 0xFF4F, 0xFF51, 0xFF64, 0xFF90, 0xFF93
_J2K_MAIN = frozenset((0xFF51, 0xFF52, 0xFF53, 0xFF55, 0xFF57, 0xFF5C, 0xFF5D, 0xFF5E, 0xFF5F, 0xFF60, 0xFF63))
_J2K_OF_TILE = frozenset((0xFF52, 0xFF53, 0xFF58, 0xFF5C, 0xFF5D, 0xFF5E, 0xFF5F, 0xFF61))
_SOT_BYTES = 12


class NotPure(ValueError):
    """Coded bytes of which nobody can say what is picture and what is not."""


def strip_jpeg(jpeg: bytes) -> bytes:
    """A JPEG without comments, application data and what lies behind its end; its pixels stay as they are.

    Kept of the application data are the two marks that tell colours, where they hold nothing else: JFIF's and Adobe's.

    Args:
        jpeg: a whole one, one without tables, or tables alone.

    Returns:
        The same object where there is nothing to be left out.

    Raises:
        NotPure: it has no end, segments that are longer than what they say, or too many of them.

    Source: ITU-T T.81, annex B.
    """
    if jpeg[:2] != SOI:
        raise NotPure("no JPEG")
    parts: list[bytes] = []
    at, kept_from, size = 2, 0, len(jpeg)
    for _ in range(MOST_SEGMENTS):
        at = past_fill(jpeg, at)
        if at + 2 > size or jpeg[at] != 0xFF:
            raise NotPure("it has no end")
        marker = jpeg[at + 1]
        if marker == EOI[1]:
            break
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if end > size or end < at + 4:
            raise NotPure("a segment without an end")
        if not _is_picture(jpeg[at:end]):
            parts.append(jpeg[kept_from:at])
            kept_from = end
        if marker == _SOS:
            found = _AFTER_SCAN.search(jpeg, end)
            if found is None:
                raise NotPure("it has no end")
            end = found.start()
        at = end
    else:
        raise NotPure("too many segments")
    if not parts and at + 2 == size:
        return jpeg
    return b"".join([*parts, jpeg[kept_from : at + 2]])


def past_fill(jpeg: bytes, at: int) -> int:
    """Where a segment's mark begins: any number of bytes 0xFF may stand before it.

    Args:
        at: where the last segment ends.
    """
    fill = _FILL.match(jpeg, at)
    return fill.end() - 1 if fill else at


def scan_of(jpeg: bytes) -> int:
    """Where the coded pixels begin, as far as it is told without walking through all segments.

    Returns:
        The byte after what looks like the header of the first scan, which whoever uses it must still check; 0 where
        there is none in the usual place.
    """
    at = jpeg.find(_SCAN, 2, _USUAL_HEAD)
    end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return end if 0 < at < end <= _USUAL_HEAD else 0


def ends_with_scan_header(head: bytes) -> bool:
    """Whether a JPEG's beginning is whole segments, of which the header of the first scan is the last."""
    at = 2
    while at + 4 <= len(head):
        if head[at] != 0xFF or head[at + 1] == EOI[1]:
            return False
        if head[at + 1] == 0xFF:
            at += 1
            continue
        end = at + 2 + int.from_bytes(head[at + 2 : at + 4], "big")
        if head[at + 1] == _SOS:
            return end == len(head)
        at = max(end, at + 2)
    return False


def ends_with_scan(jpeg: bytes, at: int) -> bool:
    """Whether nothing but coded pixels and the end mark follows.

    Args:
        at: where coded pixels begin.
    """
    found = _AFTER_SCAN.search(jpeg, at)
    return found is not None and found.start() == len(jpeg) - 2 and jpeg.endswith(EOI)


@lru_cache(maxsize=512)
def _is_picture(segment: bytes) -> bool:
    """Whether a segment is needed for the pixels; NotPure where it holds more than it should."""
    marker, length = segment[1], len(segment) - 2
    if marker in _SOF:
        exact = length >= 8 and length == 8 + 3 * segment[9]
    elif marker == _SOS:
        exact = length >= 6 and length == 6 + 2 * segment[4]
    elif marker in (_DHT, _DQT):
        exact = _is_of_tables(segment, marker)
    elif marker == _DRI:
        exact = length == 4
    elif marker == 0xE0:
        return length == _PLAIN_JFIF and segment[4:9] == b"JFIF\0" and not any(segment[16:18])
    elif marker == 0xEE:
        return length == _PLAIN_ADOBE and segment[4:9] == b"Adobe"
    else:
        exact = False
        if marker >= 0xE0 or marker == 0xC8:
            return False
    if not exact:
        raise NotPure("a segment of an unknown kind or size")
    return True


def _is_of_tables(segment: bytes, marker: int) -> bool:
    at = 4
    while at < len(segment):
        if marker == _DQT:
            at += 1 + (128 if segment[at] >> 4 else 64)
        else:
            at += 17 + sum(segment[at + 1 : at + 17])
    return at == len(segment)


def strip_jpeg2000(code: bytes) -> bytes:
    """A JPEG 2000 codestream without comments and what lies behind its end; its pixels stay as they are.

    Args:
        code: a raw codestream.

    Returns:
        The same object where there is nothing to be left out.

    Raises:
        NotPure: it is none, or has parts of an unknown kind.

    Source: ITU-T T.800, annex A.
    """
    try:
        parts, at = [code[:2]], 2
        if struct.unpack_from(">HH", code) != (_J2K_START, _J2K_SIZE):
            raise NotPure("no codestream of JPEG 2000")
        at = _j2k_header(code, at, _J2K_TILE, _J2K_MAIN, parts)
        while code[at : at + 2] == b"\xff\x90":
            at = _j2k_tile(code, at, parts)
    except struct.error as reason:
        raise NotPure("it has no end") from reason
    if code[at : at + 2] != EOI:
        raise NotPure("it has no end")
    whole = b"".join([*parts, EOI])
    return code if len(whole) == len(code) else whole


def _j2k_header(code: bytes, at: int, until: int, known: frozenset[int], parts: list[bytes]) -> int:
    while True:
        marker, length = struct.unpack_from(">HH", code, at)
        if marker == until:
            return at
        if marker != _J2K_COMMENT and marker not in known:
            raise NotPure("a segment of an unknown kind")
        if marker != _J2K_COMMENT:
            parts.append(code[at : at + 2 + length])
        at += 2 + max(length, 2)


def _j2k_tile(code: bytes, at: int, parts: list[bytes]) -> int:
    length, number, size, part, of = struct.unpack_from(">HHIBB", code, at + 2)
    end = at + size if size else code.rfind(EOI)
    header: list[bytes] = []
    data = _j2k_header(code, at + _SOT_BYTES, _J2K_DATA, _J2K_OF_TILE, header)
    if length != _SOT_BYTES - 2 or not data < end <= len(code):
        raise NotPure("a tile without an end")
    inner = b"".join([*header, code[data:end]])
    stated = _SOT_BYTES + len(inner) if size else 0
    parts += [struct.pack(">HHHIBB", _J2K_TILE, length, number, stated, part, of), inner]
    return end


def strip_deflate(packed: bytes, unpacked_size: int) -> bytes:
    """A zlib stream without what lies behind its end.

    Args:
        unpacked_size: bytes that it must give.

    Raises:
        NotPure: it is none, gives another number of bytes, or has no end.
    """
    unpacking = zlib.decompressobj()
    try:
        got = unpacking.decompress(packed, unpacked_size + 1)
        got_size = len(got) + len(unpacking.decompress(unpacking.unconsumed_tail, 1)) if not unpacking.eof else len(got)
    except zlib.error as reason:
        raise NotPure("no zlib stream") from reason
    if not unpacking.eof or got_size != unpacked_size:
        raise NotPure("another size than its tile")
    return packed[: len(packed) - len(unpacking.unused_data)]


def strip_plain(pixels: bytes, unpacked_size: int) -> bytes:
    """Pixels that are not compressed, without what lies behind them. Raises NotPure where some are missing."""
    if len(pixels) < unpacked_size:
        raise NotPure("fewer bytes than its tile has pixels")
    return pixels[:unpacked_size]


Strip = Callable[[bytes, int], bytes]
"""Stored bytes and the size that they unpack to → the bytes without what is no picture; raises NotPure."""

BY_TIFF_COMPRESSION: dict[int, Strip] = {
    1: strip_plain,
    7: lambda stored, _size: strip_jpeg(stored),
    8: strip_deflate,
    32946: strip_deflate,
    33003: lambda stored, _size: strip_jpeg2000(stored),
    33005: lambda stored, _size: strip_jpeg2000(stored),
    34712: lambda stored, _size: strip_jpeg2000(stored),
}
"""Compressions (TIFF's numbers) of which one can tell where a tile ends."""
