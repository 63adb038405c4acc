"""Flat pictures, opened but not yet decoded. Runs in workers alone: what decodes here may crash."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyvips

from atrisys.errors import ConversionFailed, SlideUnreadable, TooLarge
from atrisys.imaging.jpeg2000 import read_header
from atrisys.imaging.readers.tiff import ome
from atrisys.imaging.readers.tiff.layout import microscopic, mpp_of
from atrisys.imaging.readers.tiff.pages import check_extents, count_pages, page_at
from atrisys.imaging.recognise import refusal
from atrisys.imaging.source import FileSource, SourceFile

if TYPE_CHECKING:
    from tifffile import TiffPage

SUSPECT_BYTES, MOST_TIMES = 1 << 30, 200
"""How many times larger than its file a picture may be, where it is larger than so many bytes."""
_MOST_PAGES = 10_000
_PALETTE = 3
_IN_ORDER: dict[str, Any] = {"access": "sequential", "fail_on": "error"}


@dataclass(frozen=True)
class Flat:
    """A picture that libvips decodes as it is written."""

    image: Any
    """Pages, where there are several, one below the other."""
    mpp: tuple[float | None, float | None] = (None, None)
    """µm per pixel along x and y."""
    ome_xml: str | None = None
    """Which plane each page is."""
    page_height: int | None = None
    drawn: bool = False
    """Colours of a palette: a drawing or a mask, whose values JPEG would blur."""


def open_flat(path: Path, kind: str) -> Flat:
    """Open a picture of a kind, and look whether it may be decoded at all.

    Args:
        kind: TIFF, or one of `recognise.FLAT_KINDS`.

    Raises:
        SlideUnreadable: it is damaged, of another kind, or holds what one picture cannot show.
        TooLarge: it is a bomb.
        ConversionFailed: it had to be decoded whole, and could not be.
    """
    if kind in _CODED:
        image = _CODED[kind](str(path), **_IN_ORDER)
        drawn = kind == "GIF" or image.get_typeof("palette") != 0
        flat = Flat(image, (1e3 / image.xres, 1e3 / image.yres), drawn=drawn)
        check_size(path, image.width, image.height, image.bands * _bytes_of(image))
        return flat
    if kind not in _WHOLE:
        raise refusal(path, kind)
    flat = _WHOLE[kind](path)
    check_size(path, flat.image.width, flat.image.height, flat.image.bands * _bytes_of(flat.image))
    return flat


def check_size(path: Path, width: int, height: int, pixel_bytes: int) -> None:
    """Raises TooLarge for a picture that only bombs are."""
    decoded = width * height * pixel_bytes
    if decoded > SUSPECT_BYTES and decoded > MOST_TIMES * path.stat().st_size:
        raise TooLarge(
            "{name} says that it is {width} x {height} px, which is more than {times} times the size of its file, as "
            "in a bomb.",
            name=path.name, width=width, height=height, times=MOST_TIMES,
        )  # fmt: skip


def _bytes_of(image: Any) -> int:
    return {"uchar": 1, "char": 1, "ushort": 2, "short": 2}.get(image.format, 4)


def _tiff(path: Path) -> Flat:
    """Of an OME-TIFF all planes, of any other the largest page."""
    import tifffile

    source = FileSource(path)
    count = count_pages(source, path.name)
    if count > _MOST_PAGES:
        raise SlideUnreadable("{name} has {count} pages, which is no picture", name=path.name, count=count)
    with tifffile.TiffFile(SourceFile(source), name=path.name, _multifile=False) as tif:  # type: ignore[arg-type]
        pages = [page_at(tif, ifd) for ifd in range(count)]
        for page in pages:
            _check_strips(page, path, source.size)
        if (first := pages[0]).is_ome:
            layout = ome.lay_out(tif, count, path.name)
            _require_all(path, layout.levels[0].ifds, count)
            image = pyvips.Image.tiffload(str(path), n=-1, **_IN_ORDER)
            return Flat(image, ome_xml=first.description, page_height=first.imagelength)
        sizes = [page.imagewidth * page.imagelength for page in pages]
        largest = sizes.index(max(sizes))
        if sizes.count(sizes[largest]) > 1:
            raise SlideUnreadable(
                "{name} has {count} pages of one size and does not say whether they are channels, focal planes or "
                "pictures of their own. Save it as OME-TIFF.",
                name=path.name, count=sizes.count(sizes[largest]),
            )  # fmt: skip
        page = pages[largest]
        check_size(
            path, page.imagewidth, page.imagelength, page.samplesperpixel * (page.dtype.itemsize if page.dtype else 1)
        )
        mpp = (mpp_of(page, "XResolution"), mpp_of(page, "YResolution"))
        drawn = int(page.photometric) == _PALETTE
        return Flat(pyvips.Image.tiffload(str(path), page=largest, **_IN_ORDER), mpp, drawn=drawn)


def _check_strips(page: "TiffPage", path: Path, size: int) -> None:
    """libtiff would take what lies beyond the file's end for black."""
    offsets, lengths = (np.asarray(part, np.uint64).reshape(-1) for part in (page.dataoffsets, page.databytecounts))
    if len(offsets) != len(lengths):
        raise SlideUnreadable("{name} is damaged: its table of tiles makes no sense", name=path.name)
    check_extents(offsets, lengths, path.name, size)


def _require_all(path: Path, ifds: Sequence[int], count: int) -> None:
    """The pages are kept as they follow one another, so that the XML remains true of them."""
    if sorted(ifds) != list(range(count)):
        raise SlideUnreadable(
            "{name} is an OME-TIFF in strips with several pictures in it. Save the slide alone, as tiled OME-TIFF.",
            name=path.name,
        )


def _jpeg2000(path: Path) -> Flat:
    """Decoded whole: the worker's memory is its limit."""
    import imagecodecs

    head = read_header(path)
    if head.samples > 4:
        raise SlideUnreadable(
            "{name} has {samples} samples a pixel; grey and RGB are read", name=path.name, samples=head.samples
        )
    check_size(path, head.width, head.height, head.samples * -(-head.bits // 8))
    try:
        pixels = imagecodecs.jpeg2k_decode(path.read_bytes())
    except imagecodecs.Jpeg2kError as reason:
        raise ConversionFailed("{name} cannot be decoded ({reason})", name=path.name, reason=str(reason)) from reason
    return Flat(_image_of(pixels), head.mpp or (None, None))


def _bmp(path: Path) -> Flat:
    """Decoded whole, too."""
    from PIL import BmpImagePlugin, Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None
    try:
        with BmpImagePlugin.BmpImageFile(path) as picture:
            check_size(path, *picture.size, len(picture.getbands()))
            dpi = picture.info.get("dpi", (0, 0))
            drawn = picture.mode == "P"
            pixels = np.asarray(picture.convert("L" if picture.mode in ("1", "L") else "RGB"))
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError) as reason:
        raise ConversionFailed("{name} cannot be decoded ({reason})", name=path.name, reason=str(reason)) from reason
    mpp = (25_400 / dpi[0] if dpi[0] else None, 25_400 / dpi[1] if dpi[1] else None)
    return Flat(_image_of(pixels), mpp, drawn=drawn)


def _image_of(pixels: Any) -> Any:
    if pixels.dtype.str[1:] not in ("u1", "u2"):
        raise SlideUnreadable(
            "Pixels of type {kind} are not read; whole numbers of 8 or 16 bits without sign are.",
            kind=str(pixels.dtype),
        )
    bands = pixels.shape[2] if pixels.ndim == 3 else 1
    deep = pixels.dtype.itemsize == 2
    colours = ("grey16" if deep else "b-w") if bands < 3 else ("rgb16" if deep else "srgb")
    return pyvips.Image.new_from_array(pixels).copy(interpretation=colours)


_CODED: dict[str, Callable[..., Any]] = {
    "JPEG": pyvips.Image.jpegload,
    "PNG": pyvips.Image.pngload,
    "GIF": pyvips.Image.gifload,
    "WEBP": pyvips.Image.webpload,
}
"""By name: libvips would choose by the file's own look, and knows kinds that nobody here has thought of."""
_WHOLE: dict[str, Callable[[Path], Flat]] = {"TIFF": _tiff, "JPEG 2000": _jpeg2000, "BMP": _bmp}


def known_mpp(flat: Flat) -> tuple[float, float] | None:
    """µm per pixel where both are said and a microscope may have them; what else is said is a writer's default."""
    x, y = (microscopic(side) if side else None for side in flat.mpp)
    return (x, y) if x and y else None
