"""Makes flat pictures on the spot: what has to be converted before it can be a slide.

path = flats.png(tmp_path / "a.png", slides.tissue(300, 200), mpp=0.5)
path = flats.strips(tmp_path / "a.tif", picture, compression="lzw")
"""

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from given.slides import Picture


def png(path: Path, picture: Picture, mpp: float | None = None, **options: Any) -> Path:
    """8 or 16 bits; also interlaced, with a palette and so on, as Pillow's `save` takes it."""
    return _with_pillow(path, picture, mpp, **options)


def jpeg(path: Path, picture: Picture, mpp: float | None = None, quality: int = 95, **options: Any) -> Path:
    """Without loss of colours."""
    return _with_pillow(path, picture, mpp, quality=quality, subsampling=0, **options)


def bmp(path: Path, picture: Picture, mpp: float | None = None) -> Path:
    return _with_pillow(path, picture, mpp)


def webp(path: Path, picture: Picture) -> Path:
    """Lossless."""
    return _with_pillow(path, picture, None, lossless=True)


def gif(path: Path, picture: Picture) -> Path:
    """Of grey values: a palette of 256 colours loses nothing of them."""
    return _with_pillow(path, picture, None)


def jpeg2000(path: Path, picture: Picture, mpp: float | None = None, codestream: bool = False) -> Path:
    """Lossless; in boxes, where the size of a pixel stands in one, or the codestream alone."""
    import imagecodecs

    stream = imagecodecs.jpeg2k_encode(picture, level=0, codecformat="j2k")
    if codestream:
        path.write_bytes(stream)
        return path
    samples = picture.shape[2] if picture.ndim == 3 else 1
    bits = 8 * picture.dtype.itemsize - 1
    inner = _box(b"ihdr", struct.pack(">IIHBBBB", *picture.shape[:2], samples, bits, 7, 0, 0))
    inner += _box(b"colr", struct.pack(">BBBI", 1, 0, 0, 16 if samples == 3 else 17))
    if mpp:
        per_metre = struct.pack(">4H2b", round(1000 / mpp), 1, round(1000 / mpp), 1, 3, 3)
        inner += _box(b"res ", _box(b"resc", per_metre))
    boxes = _box(b"jP  ", b"\r\n\x87\n") + _box(b"ftyp", b"jp2 " + bytes(4) + b"jp2 ") + _box(b"jp2h", inner)
    path.write_bytes(boxes + _box(b"jp2c", stream))
    return path


def strips(path: Path, picture: Picture, mpp: float | None = None, **options: Any) -> Path:
    """A TIFF in strips, as tifffile's `imwrite` takes it."""
    import tifffile

    options.setdefault("photometric", "rgb" if picture.ndim == 3 else "minisblack")
    if mpp:
        options |= {"resolution": (10_000 / mpp, 10_000 / mpp), "resolutionunit": "CENTIMETER"}
    tifffile.imwrite(path, picture, rowsperstrip=16, **options)
    return path


def ome_strips(path: Path, planes: Picture, names: list[str], mpp: float) -> Path:
    """An OME-TIFF in strips, without levels.

    Args:
        planes: (focal planes, channels, height, width).
    """
    import tifffile

    sizes = {f"PhysicalSize{axis}": mpp for axis in "XY"} | {f"PhysicalSize{axis}Unit": "µm" for axis in "XY"}
    about = {"axes": "ZCYX", "Channel": {"Name": names}} | sizes
    tifffile.imwrite(path, planes, ome=True, photometric="minisblack", metadata=about)
    return path


def png_bomb(path: Path, width: int = 60_000, height: int = 60_000) -> Path:
    """Zeros without end, in some megabytes."""
    packer = zlib.compressobj(9)
    begin = packer.compress(bytes(1 + 3 * width)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(100 * (1 + 3 * width))) + packer.flush(zlib.Z_FULL_FLUSH)
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        file.write(_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)))
        file.write(_chunk(b"IDAT", begin) + _chunk(b"IDAT", again) * (height // 100) + _chunk(b"IEND", b""))
    return path


def png_head(path: Path, width: int, height: int) -> Path:
    """A head that promises much, and nothing behind it."""
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + _chunk(b"IDAT", zlib.compress(bytes(1000))) + _chunk(b"IEND", b""))
    return path


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def _with_pillow(path: Path, picture: Picture, mpp: float | None, **options: Any) -> Path:
    from PIL import Image

    dpi = {"dpi": (25_400 / mpp, 25_400 / mpp)} if mpp else {}
    Image.fromarray(np.ascontiguousarray(picture)).save(path, **dpi, **options)
    return path
