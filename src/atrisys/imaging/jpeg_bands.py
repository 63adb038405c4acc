"""Very large JPEG pictures, encoded strip by strip in bounded memory.

A baseline JPEG with restart markers is a header and then stretches of coded pixels that know nothing of each other.
Each row of coding units is encoded as a small JPEG of its own, its header is taken off, and the stretches are joined
with RST0 … RST7 between them: byte for byte what an encoder writes that is given the whole picture.

Source: ITU-T T.81, B.2.4.4 (restart interval), B.2.2 (frame header), F.1.2 (coding with restarts).
"""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from atrisys.errors import PictureFailed, TooLarge
from atrisys.imaging.ahead import make_ahead
from atrisys.imaging.reader import Pixels

LONGEST_JPEG_SIDE = 65_535
"""The format keeps sizes in 16 bits."""

GROUP_BYTES = 2 << 20
"""Strips are encoded in groups of about so many bytes of pixels: one errand for a thread, one piece of the answer."""

AHEAD = 4
"""Groups that are being encoded or wait to be sent."""


def stream_jpeg(bands: Iterable[Pixels], width: int, height: int, quality: int = 80) -> Iterator[bytes]:
    """Encode a picture that comes in bands, from top to bottom, as one baseline JPEG.

    Args:
        bands: uint8 (rows, width, 3) RGB or (rows, width, 1) grey, any number of rows each, `height` in all.
        width: of the whole picture, 65,535 at most.
        height: of the whole picture, 65,535 at most.
        quality: 1 to 100, as libjpeg counts.

    Returns:
        The file in pieces. Nothing is read from `bands` before the first piece is asked for.

    Raises:
        TooLarge: a side is beyond what the format can say.
        PictureFailed: the bands are of another size (while iterating).

    Source: equals libjpeg's encoding of the whole picture, baseline, 4:2:0, with its standard Huffman tables and one
    row of coding units for each restart interval.
    """
    if max(width, height) > LONGEST_JPEG_SIDE:
        raise TooLarge(
            "A JPEG of {width} x {height} px cannot be: {limit} px a side is the format's end",
            width=width,
            height=height,
            limit=LONGEST_JPEG_SIDE,
        )
    return _pieces(iter(bands), width, height, quality)


def _pieces(bands: Iterator[Pixels], width: int, height: int, quality: int) -> Iterator[bytes]:
    first = next(bands, None)
    if first is None:
        raise PictureFailed("The picture has no rows")
    samples = first.shape[2]
    unit = 16 if samples == 3 else 8
    yield _header(width, height, samples, unit, quality)

    def encode(group: tuple[int, Pixels]) -> bytes:
        return _stretches(group[1], group[0], unit, quality)

    groups = _groups(chain([first], bands), (height, width, samples), unit)
    yield from make_ahead(encode, groups, AHEAD)
    yield b"\xff\xd9"


def _groups(bands: Iterator[Pixels], shape: tuple[int, int, int], unit: int) -> Iterator[tuple[int, Pixels]]:
    """Cut bands anew, so that each group holds whole rows of coding units; with the number of its first one."""
    height, width, samples = shape
    most = unit * max(1, GROUP_BYTES // (unit * width * samples))
    rest, seen = np.zeros((0, width, samples), np.uint8), 0

    def groups_of(rows: Pixels, end: int) -> Iterator[tuple[int, Pixels]]:
        for top in range(0, len(rows), most):
            yield (end - len(rows) + top) // unit, rows[top : top + most]

    for band in bands:
        seen += len(band)
        if band.shape[1:] != (width, samples) or seen > height:
            raise PictureFailed("The picture's rows are not of its size")
        missing = -len(rest) % unit
        joined = np.concatenate([rest, band[:missing]])
        band = band[missing:]
        whole = len(band) // unit * unit
        if len(joined) % unit:
            rest = joined
            continue
        yield from groups_of(joined, seen - len(band))
        yield from groups_of(band[:whole], seen - len(band) + whole)
        rest = band[whole:].copy()
    if seen != height:
        raise PictureFailed("The picture ends after {rows} of {height} rows", rows=seen, height=height)
    yield from groups_of(rest, height)


def _stretches(pixels: Pixels, first: int, unit: int, quality: int) -> bytes:
    """The coded pixels of some strips, with a restart marker before each but the picture's very first."""
    parts: list[bytes | memoryview] = []
    for number, top in enumerate(range(0, len(pixels), unit), first):
        strip = _encode(pixels[top : top + unit], quality)
        if number:
            parts.append(bytes((0xFF, 0xD0 + (number - 1) % 8)))
        parts.append(memoryview(strip)[_after_header(strip) : -2])
    return b"".join(parts)


def _header(width: int, height: int, samples: int, unit: int, quality: int) -> bytes:
    """What stands before the coded pixels: that of a small picture, with the size put right and the interval said."""
    small = bytearray(_encode(np.zeros((unit, unit, samples), np.uint8), quality))
    end = _after_header(small)
    frame = next(at for at, marker in _segments(small) if marker == 0xC0)
    small[frame + 5 : frame + 9] = height.to_bytes(2) + width.to_bytes(2)
    scan = next(at for at, marker in _segments(small) if marker == 0xDA)
    interval = b"\xff\xdd\x00\x04" + (-(-width // unit)).to_bytes(2)
    return bytes(small[:scan]) + interval + bytes(small[scan:end])


def _segments(jpeg: bytes | bytearray) -> Iterator[tuple[int, int]]:
    """Where each segment of the header begins, and its marker."""
    at, marker = 2, 0
    while marker != 0xDA:
        marker = jpeg[at + 1]
        yield at, marker
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4])


def _after_header(jpeg: bytes | bytearray) -> int:
    scan = next(at for at, marker in _segments(jpeg) if marker == 0xDA)
    return scan + 2 + int.from_bytes(jpeg[scan + 2 : scan + 4])


def _encode(pixels: Pixels, quality: int) -> bytes:
    from imagecodecs import jpeg8_encode

    grey = pixels.shape[2] == 1
    strip = np.ascontiguousarray(pixels[..., 0] if grey else pixels)
    return bytes(jpeg8_encode(strip, quality, subsampling=None if grey else "420", optimize=False))
