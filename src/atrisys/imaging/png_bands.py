"""PNG pictures of any height, written band by band.

Source: ISO/IEC 15948 (PNG), chunks IHDR, pHYs, IDAT, IEND; filter types 0 (none) and 1 (sub).
"""

from collections.abc import Iterable, Iterator

import numpy as np

from atrisys.errors import PictureFailed
from atrisys.imaging.reader import Pixels

PIECE_BYTES = 4 << 20
"""Rows are filtered and packed in pieces of about so many bytes."""

COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""Channels of the picture → PNG's colour type: grey, grey and alpha, RGB, RGB and alpha."""


def stream_png(bands: Iterable[Pixels], width: int, height: int, flat: bool = False) -> Iterator[bytes]:
    """Encode a picture that comes in bands, from top to bottom, as one PNG.

    Args:
        bands: uint8 or uint16 (rows, width, 1 to 4): grey, grey and alpha, RGB, RGB and alpha; `height` rows in all.
        width: of the whole picture.
        height: of the whole picture.
        flat: the picture has large areas of one value, as masks have: then rows are packed as they are, else as
            differences from pixel to pixel.

    Returns:
        The file in pieces.

    Raises:
        PictureFailed: the bands are of another size (while iterating).
    """
    from isal.isal_zlib import compressobj

    packer = compressobj(1)
    seen, shape, waiting = 0, None, b""
    for band in bands:
        if shape is None:
            shape = band.shape[1:]
            yield begin_png(width, height, 8 * band.dtype.itemsize, shape[1])
        seen += len(band)
        if band.shape[1:] != shape or shape[0] != width or seen > height:
            raise PictureFailed("The picture's rows are not of its size")
        for rows in _filtered(band, flat):
            waiting += packer.compress(rows)
            if len(waiting) > PIECE_BYTES // 8:
                yield png_chunk(b"IDAT", waiting)
                waiting = b""
    if seen != height:
        raise PictureFailed("The picture ends after {rows} of {height} rows", rows=seen, height=height)
    yield png_chunk(b"IDAT", waiting + packer.flush()) + png_chunk(b"IEND", b"")


def begin_png(width: int, height: int, bits: int, channels: int) -> bytes:
    """How a PNG begins: its mark and its header.

    Args:
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        bits: of a sample, 8 or 16.
        channels: 1 to 4: grey, grey and alpha, RGB, RGB and alpha.

    Returns:
        The bytes before the first chunk of the writer's own.
    """
    header = width.to_bytes(4) + height.to_bytes(4) + bytes((bits, COLOUR_TYPES[channels], 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)


def _filtered(band: Pixels, flat: bool) -> Iterator[bytes | memoryview]:
    """Rows as PNG packs them: big-endian, one byte that names the filter before each."""
    big = band if band.dtype.itemsize == 1 else band.astype(">u2")
    lines = np.ascontiguousarray(big).view(np.uint8).reshape(len(band), -1)
    step = band.shape[2] * band.dtype.itemsize
    rows = max(1, PIECE_BYTES // (lines.shape[1] + 1))
    for top in range(0, len(lines), rows):
        part = lines[top : top + rows]
        ready = np.empty((len(part), part.shape[1] + 1), np.uint8)
        if flat:
            ready[:, 0] = 0
            ready[:, 1:] = part
        else:
            ready[:, 0] = 1
            ready[:, 1 : step + 1] = part[:, :step]
            np.subtract(part[:, step:], part[:, :-step], out=ready[:, step + 1 :])
        yield ready.data


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG: its length, its kind (four letters), its content and its checksum."""
    from isal.isal_zlib import crc32

    return len(content).to_bytes(4) + kind + content + crc32(content, crc32(kind)).to_bytes(4)
