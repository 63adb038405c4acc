"""Very large JPEG pictures, encoded strip by strip in bounded memory.

A baseline JPEG with restart markers is a header and then stretches of coded pixels that know nothing of each other.
Each strip, some rows of coding units, is encoded as a JPEG of its own, its header is taken off, and the stretches are
joined with RST0 … RST7 between them: byte for byte what an encoder writes that is given the whole picture.

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

LONGEST_INTERVAL = 65_535
"""Coding units from one restart marker to the next: kept in 16 bits, too."""

UNIT = {3: 16, 1: 8}
"""Samples → pixels a side of a coding unit: RGB is kept with colours half as dense (4:2:0)."""

STRIP_BYTES = 512 << 10
"""Pixels are encoded in strips of about so many bytes: one errand for a thread, one piece of the answer."""

AHEAD = 4
"""Strips that are being encoded or wait to be sent."""


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
    strip for each restart interval.
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
    rows = strip_rows(width, samples)
    yield _header(width, height, samples, rows, quality)

    def encode(strip: tuple[int, Pixels]) -> bytes:
        return _coded(*strip, quality)

    strips = _strips(chain(iter([first]), bands), (height, width, samples), rows)
    del first
    yield from make_ahead(encode, strips, AHEAD)
    yield b"\xff\xd9"


def strip_rows(width: int, samples: int) -> int:
    """How many rows are encoded in one go, between two restart markers: whole rows of coding units.

    Args:
        width: of the picture, in pixels.
        samples: 3 or 1.
    """
    unit = UNIT[samples]
    return unit * max(1, min(STRIP_BYTES // (unit * width * samples), LONGEST_INTERVAL // -(-width // unit)))


def _strips(bands: Iterable[Pixels], shape: tuple[int, int, int], rows: int) -> Iterator[tuple[int, Pixels]]:
    """Bands cut anew, so that each strip but the last has so many rows; with their numbers, from 0.

    No band or strip is held any longer while the next one is made.
    """
    height, width, samples = shape
    strip, number, held, seen = np.empty((rows, width, samples), np.uint8), 0, 0, 0
    for band in bands:
        if band.shape[1:] != (width, samples) or seen + len(band) > height:
            raise PictureFailed("The picture's rows are not of its size")
        seen += len(band)
        while len(band):
            part, band = band[: rows - held], band[rows - held :]
            strip[held : held + len(part)] = part
            held += len(part)
            if held == rows:
                yield number, strip
                del strip
                strip, number, held = np.empty((rows, width, samples), np.uint8), number + 1, 0
            del part
        del band
    if seen != height:
        raise PictureFailed("The picture ends after {rows} of {height} rows", rows=seen, height=height)
    if held:
        yield number, strip[:held]


def _coded(number: int, strip: Pixels, quality: int) -> bytes:
    """The coded pixels of a strip, with a restart marker before all but the picture's very first."""
    jpeg = _encode(strip, quality)
    marker = bytes((0xFF, 0xD0 + (number - 1) % 8)) if number else b""
    return marker + jpeg[_after_header(jpeg) : -2]


def _header(width: int, height: int, samples: int, rows: int, quality: int) -> bytes:
    """What stands before the coded pixels: that of a small picture, with the size put right and the interval said."""
    unit = UNIT[samples]
    small = bytearray(_encode(np.zeros((unit, unit, samples), np.uint8), quality))
    end = _after_header(small)
    frame = next(at for at, marker in _segments(small) if marker == 0xC0)
    small[frame + 5 : frame + 9] = height.to_bytes(2) + width.to_bytes(2)
    scan = next(at for at, marker in _segments(small) if marker == 0xDA)
    interval = b"\xff\xdd\x00\x04" + (-(-width // unit) * (rows // unit)).to_bytes(2)
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
