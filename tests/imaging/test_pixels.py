"""Every format that is served, pixel by pixel: what others decode, no seams between tiles, no shift between levels."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openslide
import pytest
import tifffile
from PIL import Image

from atrisys.imaging import pictures
from atrisys.imaging.display import read_display
from atrisys.imaging.pyramid import best_level, tiers
from atrisys.imaging.reader import Box, Plane
from atrisys.imaging.regions import read_scaled
from atrisys.imaging.slides import SharedSlide, inspect, open_slide
from given import memory_slide, ndpi, slides, vendors

Reference = Callable[[Path, int, Plane], Any]
"""The whole of a level, as somebody else decodes it: (height, width) or (height, width, 3)."""


def by_openslide(path: Path, level: int, _plane: Plane) -> Any:
    entry = path if path.is_file() else min(path.glob("*.dcm"))
    with openslide.OpenSlide(entry) as slide:
        pixels = np.asarray(slide.read_region((0, 0), level, slide.level_dimensions[level]))
    # What was not scanned is transparent there, and white with us.
    return np.where(pixels[..., 3:] > 0, pixels[..., :3], 255)


def by_tifffile(path: Path, level: int, _plane: Plane) -> Any:
    """Of files whose levels lie one after the other."""
    return tifffile.imread(path, key=level)


def by_series(path: Path, level: int, plane: Plane) -> Any:
    """Of OME-TIFF, with the axes that the library finds in it."""
    with tifffile.TiffFile(path) as tif:
        series = tif.series[0].levels[level]
        places = {"C": plane.c, "Z": plane.z, "T": plane.t}
        return series.asarray()[tuple(places[axis] for axis in series.axes if axis in places)]


@dataclass(frozen=True)
class Kind:
    """A format, how a slide of it comes to be, and whose decode it is held against."""

    make: Callable[[Path], Path]
    reference: Reference
    planes: tuple[Plane, ...] = (Plane(),)
    tolerance: int = 0
    """Grey levels by which a sample may be off: none, since all use the same libraries' exact decoding."""


def real(path: Path) -> Callable[[Path], Path]:
    def there(_folder: Path) -> Path:
        if not path.exists():
            pytest.skip("the real slides are not beside the checkout (shared/slides)")
        return path

    return there


def made(maker: Callable[..., Path], name: str, **options: Any) -> Callable[[Path], Path]:
    return lambda folder: maker(folder / name, **options)


STACK = (Plane(), Plane(1, 0, 0), Plane(0, 2, 1), Plane(1, 1, 1))
KINDS = {
    "SVS, real": Kind(real(slides.SVS), by_openslide),
    "SVS, JPEG-YCbCr": Kind(made(slides.svs, "a.svs", shared_tables=True), by_openslide),
    "SVS, JPEG-RGB": Kind(made(slides.svs, "a.svs", colours="rgb"), by_openslide),
    "DICOM, real": Kind(real(slides.DICOM), by_openslide),
    "tiled TIFF, JPEG": Kind(made(slides.pyramid, "a.tif"), by_openslide),
    "tiled TIFF, JPEG 2000": Kind(made(slides.pyramid, "a.tif", compression="jpeg2000"), by_tifffile),
    "tiled TIFF, deflate": Kind(made(slides.pyramid, "a.tif", compression="zlib"), by_tifffile),
    "tiled TIFF, LZW": Kind(made(slides.pyramid, "a.tif", compression="lzw", predictor=2), by_tifffile),
    "BigTIFF, big-endian": Kind(made(slides.pyramid, "a.tif", bigtiff=True, byteorder=">"), by_tifffile),
    "Hamamatsu NDPI": Kind(made(ndpi.slide, "a.ndpi", width=512, height=384, factors=(1, 2)), by_openslide),
    **{f"with OpenSlide, {name}": Kind(maker, by_openslide) for name, maker in vendors.MAKERS.items()},
    "OME-TIFF, 8 bit": Kind(made(slides.ome, "a.ome.tif", bits=8), by_series, STACK),
    "OME-TIFF, 16 bit": Kind(made(slides.ome, "a.ome.tif", bits=16), by_series, STACK),
    "OME-TIFF, 16 bit, JPEG 2000": Kind(made(slides.ome, "a.ome.tif", compression="jpeg2000"), by_series, STACK),
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
"""Flat pictures (PNG, JPEG, striped TIFF) become one of these: test_convert.py compares them with what came."""


def opened(kind: Kind, folder: Path) -> tuple[Path, SharedSlide]:
    path = kind.make(folder)
    return path, open_slide(path, inspect(path).format)


def decoded(picture: pictures.Picture) -> Any:
    """As whole numbers, so that differences have a sign; (height, width, samples)."""
    assert isinstance(picture.body, bytes)
    pixels = np.asarray(Image.open(io.BytesIO(picture.body))).astype(int)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def deep(pixels: Any) -> Any:
    return pixels[..., None] if pixels.ndim == 2 else pixels


@every_kind
def test_regions_of_every_level_are_what_others_decode(kind: Kind, tmp_path: Path):
    path, slide = opened(kind, tmp_path)
    for plane in kind.planes:
        for number, level in enumerate(slide.facts.levels):
            true = deep(kind.reference(path, number, plane)).astype(int)
            step = int(level.downsample)
            whole = slide.read_region(Box(0, 0, level.width * step, level.height * step), number, plane)
            assert np.abs(whole - true).max() <= kind.tolerance, (number, plane)
            # Off the grid, over borders of tiles.
            x, y, w, h = level.width // 3 - 1, level.height // 3 + 1, level.width // 2, level.height // 3
            part = slide.read_region(Box(x * step, y * step, w * step, h * step), number, plane)
            assert np.abs(part - true[y : y + h, x : x + w]).max() <= kind.tolerance, (number, plane)


@every_kind
def test_tiles_of_full_resolution_are_what_others_decode(kind: Kind, tmp_path: Path):
    path, slide = opened(kind, tmp_path)
    last = tiers(slide.facts)[-1]
    as_counted = read_display(bits="max")
    for plane in kind.planes:
        true = deep(kind.reference(path, 0, plane)).astype(int)
        for tx, ty in ((0, 0), (last.columns - 1, last.rows - 1), (last.columns // 2, last.rows // 2)):
            tile = decoded(pictures.tile(slide, last.zoom, tx, ty, plane, "png", as_counted))
            wanted = true[ty * 256 : ty * 256 + 256, tx * 256 : tx * 256 + 256]
            assert np.abs(tile - wanted).max() <= kind.tolerance, (plane, tx, ty)


@every_kind
def test_there_are_no_seams_at_the_borders_of_tiles(kind: Kind, tmp_path: Path):
    """Tiles put together are the picture that is made in one go, at every zoom, except where the last pixels cover
    what lies beyond the slide's edge."""
    _, slide = opened(kind, tmp_path)
    as_counted, plane = read_display(bits="max"), kind.planes[-1]
    for tier in tiers(slide.facts):
        rows = [
            np.concatenate(
                [decoded(pictures.tile(slide, tier.zoom, x, y, plane, "png", as_counted)) for x in range(tier.columns)],
                axis=1,
            )
            for y in range(tier.rows)
        ]
        together = np.concatenate(rows)
        assert together.shape[:2] == (tier.height, tier.width)
        box = Box(0, 0, tier.width * tier.downsample, tier.height * tier.downsample)
        once = read_scaled(slide, box, (tier.width, tier.height), plane, beyond="nearest").astype(int)
        assert np.array_equal(together, once), tier.zoom


STEP = 16
"""Grey levels from one pixel of the ramp to the next."""


@pytest.fixture(scope="module", params=["across", "down"])
def ramp(request, tmp_path_factory) -> tuple[SharedSlide, int]:
    """A slide of 16 bits that says at each pixel how far from the left (or the top) it is; and along which axis.

    Its levels are means, as good scanners make them: a pixel of level 4 says where the middle of its 4 x 4 px lies.
    """
    size, path = 1536, tmp_path_factory.mktemp("ramp") / "ramp.tif"
    across = np.broadcast_to((np.arange(size) * STEP).astype(np.uint16), (size, size))
    picture = across if request.param == "across" else across.T
    with tifffile.TiffWriter(path) as tif:
        for factor in (1, 2, 8):
            level = memory_slide.halved(np.ascontiguousarray(picture)[..., None].astype(float), factor)[..., 0]
            tif.write(level.astype(np.uint16), tile=(128, 128), compression="zlib", subfiletype=int(factor > 1),
                      photometric="minisblack", metadata=None)  # fmt: skip
    return open_slide(path, inspect(path).format), 1 if request.param == "across" else 0


@pytest.mark.parametrize("shrunk", [1, 2, 3, 4, 6, 8, 12, 16])
def test_nothing_is_shifted_from_level_to_level(ramp: tuple[SharedSlide, int], shrunk: int):
    """A picture's pixel shows the middle of what it covers, from whichever level it was read.

    Where its border cuts a pixel of the level in parts, it is off by less than a tenth of itself, once to this side
    and once to the other.
    """
    slide, axis = ramp
    begin, count = 48, 64
    box = Box(begin, begin, count * shrunk, count * shrunk)
    pixels = read_scaled(slide, box, (count, count))[..., 0].astype(float)
    middles = begin + (np.arange(count) + 0.5) * shrunk - 0.5
    found = pixels.mean(axis=1 - axis) / STEP
    # A sample is a whole number: a sixteenth of a pixel of the slide is as exact as it can say.
    exact = 1.5 / STEP
    cuts = shrunk % slide.facts.levels[best_level(slide.facts, shrunk)].downsample != 0
    assert np.abs((found - middles).mean()) <= exact
    assert np.abs(found - middles).max() <= (max(exact, shrunk / 10) if cuts else exact)


@pytest.mark.parametrize("larger", [2, 4])
def test_nothing_is_shifted_where_a_picture_is_enlarged(ramp: tuple[SharedSlide, int], larger: int):
    slide, axis = ramp
    begin, count = 300, 40
    pixels = read_scaled(slide, Box(begin, begin, count, count), (count * larger, count * larger))[..., 0].astype(float)
    middles = begin + (np.arange(count * larger) + 0.5) / larger - 0.5
    inside = slice(larger, -larger)
    assert np.abs(pixels.mean(axis=1 - axis) / STEP - middles)[inside].max() <= 1 / STEP
