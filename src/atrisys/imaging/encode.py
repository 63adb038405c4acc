"""Pixels to picture files: JPEG, PNG, WebP and TIFF."""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from atrisys.errors import PictureFailed
from atrisys.imaging.jpeg_bands import stream_jpeg
from atrisys.imaging.png_bands import stream_png
from atrisys.imaging.reader import Pixels

CONTENT_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "tif": "image/tiff"}
"""Format → media type. The keys are what `format_of` answers."""

MOST_BITS = {"jpg": 8, "png": 16, "webp": 8, "tif": 32}
"""Bits a sample that each format can keep."""

JPEG_QUALITY = 80
"""Where nobody asks for another."""

MASK_QUALITY = 95
"""At least that for JPEG masks: less puts grey shadows beside each border."""

STRIP_BYTES = 256 << 10
"""A TIFF's strips hold about so many bytes before they are packed."""

_NAMES = {"jpg": "jpg", "jpeg": "jpg", "png": "png", "webp": "webp", "tif": "tif", "tiff": "tif"}


def format_of(extension: str, other: str, alpha: bool = False) -> str:
    """The format that an address' ending asks for.

    Args:
        extension: without the dot, any case.
        other: the format where the ending is none of ours.
        alpha: the picture has transparency: JPEG, which has none, becomes PNG.

    Returns:
        `jpg`, `png`, `webp` or `tif`.

    Source: Cytomine's image routes answer in another format rather than refuse.
    """
    found = _NAMES.get(extension.lower(), other)
    return "png" if alpha and found == "jpg" else found


def encode(pixels: Pixels, format: str, quality: int = JPEG_QUALITY, flat: bool = False) -> bytes:
    """Encode a picture that is held whole.

    Args:
        pixels: uint8 (height, width, 1 to 4), or uint16 for PNG and TIFF, or uint32 for TIFF; JPEG takes 1 or 3
            channels.
        format: one of CONTENT_TYPES.
        quality: of JPEG and WebP, 1 to 100.
        flat: the picture has large areas of one value, as masks have; WebP is then lossless.

    Returns:
        The file.
    """
    if format == "jpg":
        return _jpeg(pixels, quality)
    height, width = pixels.shape[:2]
    return b"".join(encode_bands(iter([pixels]), (width, height), format, quality, flat))


def encode_bands(
    bands: Iterator[Pixels], size: tuple[int, int], format: str, quality: int = JPEG_QUALITY, flat: bool = False
) -> Iterator[bytes]:
    """Encode a picture that comes in bands, from top to bottom.

    JPEG and PNG are made and given in pieces, in memory that does not grow with the picture; TIFF is kept compressed
    until its end, WebP whole.

    Args:
        bands: as `encode` takes them, any number of rows each.
        size: (width, height) of the whole picture.
        format: one of CONTENT_TYPES.
        quality: of JPEG and WebP, 1 to 100.
        flat: the picture has large areas of one value, as masks have; WebP is then lossless.

    Returns:
        The file in pieces.

    Raises:
        TooLarge: the format cannot hold a picture of that size.
        PictureFailed: the bands are of another size (while iterating).
    """
    width, height = size
    if format == "jpg":
        return stream_jpeg(bands, width, height, quality)
    if format == "png":
        return stream_png(bands, width, height, flat)
    if format == "webp":
        return _webp(_all_rows(bands, height), quality, flat)
    return _tiff(_all_rows(bands, height), size)


def _all_rows(bands: Iterator[Pixels], height: int) -> Iterator[Pixels]:
    seen = 0
    for band in bands:
        seen += len(band)
        if seen > height:
            raise PictureFailed("The picture's rows are not of its size")
        yield band
    if seen != height:
        raise PictureFailed("The picture ends after {rows} of {height} rows", rows=seen, height=height)


def _jpeg(pixels: Pixels, quality: int) -> bytes:
    from imagecodecs import jpeg8_encode

    grey = pixels.shape[2] == 1
    picture = np.ascontiguousarray(pixels[..., 0] if grey else pixels)
    return bytes(jpeg8_encode(picture, quality, subsampling=None if grey else "420"))


def _webp(bands: Iterable[Pixels], quality: int, flat: bool) -> Iterator[bytes]:
    from imagecodecs import webp_encode

    pixels = np.concatenate(list(bands))
    height, width, channels = pixels.shape
    colours = channels - 1 if channels in (2, 4) else channels
    rgb = np.broadcast_to(pixels[..., :colours], (height, width, 3))
    picture = np.ascontiguousarray(np.concatenate([rgb, pixels[..., colours:]], axis=2))
    yield bytes(webp_encode(picture, quality, lossless=flat, method=1))


def _tiff(bands: Iterator[Pixels], size: tuple[int, int]) -> Iterator[bytes]:
    import io

    import tifffile

    first = next(bands)
    rows = max(1, min(size[1], STRIP_BYTES // max(1, first[0].nbytes)))
    channels = first.shape[2]
    file = io.BytesIO()
    with tifffile.TiffWriter(file, byteorder="<") as writer:
        writer.write(
            _packed_strips(chain([first], bands), rows),
            shape=(size[1], size[0]) if channels == 1 else (size[1], size[0], channels),
            dtype=first.dtype,
            photometric="rgb" if channels >= 3 else "minisblack",
            extrasamples=("unassalpha",) if channels in (2, 4) else None,
            planarconfig="contig" if channels > 1 else None,
            compression="zlib",
            predictor=True,
            rowsperstrip=rows,
            metadata=None,
            software=False,
        )
    yield file.getvalue()


def _packed_strips(bands: Iterable[Pixels], rows: int) -> Iterator[bytes]:
    """Bands cut anew into strips of so many rows, the last may be shorter, each packed as TIFF's predictor 2 wants."""
    from isal.isal_zlib import compress

    rest: Pixels | None = None
    for band in bands:
        rest = band if rest is None or not len(rest) else np.concatenate([rest, band])
        whole = len(rest) // rows * rows
        for top in range(0, whole, rows):
            yield compress(_differences(rest[top : top + rows]), 1)
        rest = rest[whole:]
    if rest is not None and len(rest):
        yield compress(_differences(rest), 1)


def _differences(pixels: Pixels) -> bytes:
    """Each sample less the same one of the pixel at its left."""
    less = pixels.copy()
    np.subtract(pixels[:, 1:], pixels[:, :-1], out=less[:, 1:])
    return less.astype(less.dtype.newbyteorder("<"), copy=False).tobytes()
