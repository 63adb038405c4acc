import io
import itertools

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from atrisys.errors import PictureFailed
from atrisys.imaging.encode import encode, encode_bands, format_of
from given import memory_slide


def picture(channels, kind=np.uint8, width=301, height=203):
    pixels = memory_slide.texture(width, height, samples=4)[..., :channels].astype(kind)
    return pixels * {1: 1, 2: 257, 4: 16843009}[pixels.itemsize]


def read(file, format):
    """As another program reads it."""
    if format == "tif":
        pixels = tifffile.imread(io.BytesIO(file))
    else:
        pixels = {"png": imagecodecs.png_decode, "webp": imagecodecs.webp_decode}[format](file)
    return pixels.reshape(*pixels.shape[:2], -1)


@pytest.mark.parametrize("flat", [True, False])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("format", "kind"),
    [("png", np.uint8), ("png", np.uint16), ("tif", np.uint8), ("tif", np.uint16), ("tif", np.uint32)],
)
def test_what_is_written_is_read_back_to_the_bit(format, kind, channels, flat):
    pixels = picture(channels, kind)
    found = read(encode(pixels, format, flat=flat), format)
    assert found.dtype == kind
    assert np.array_equal(found, pixels)


@pytest.mark.parametrize("format", ["png", "tif"])
def test_bands_make_the_same_picture_as_the_whole(format):
    pixels = picture(3, width=700, height=900)
    cuts = [0, 1, 300, 301, 830, 900]
    bands = (pixels[a:b] for a, b in itertools.pairwise(cuts))
    assert np.array_equal(read(b"".join(encode_bands(bands, (700, 900), format)), format), pixels)


def test_a_tiff_of_many_strips_is_whole():
    pixels = picture(3, width=2000, height=500)
    file = encode(pixels, "tif")
    with tifffile.TiffFile(io.BytesIO(file)) as tiff:
        assert len(tiff.pages[0].dataoffsets) > 10
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(file))), pixels)


def test_pillow_reads_each_of_them():
    pixels = picture(3)
    for format, name in (("jpg", "JPEG"), ("png", "PNG"), ("webp", "WEBP"), ("tif", "TIFF")):
        opened = Image.open(io.BytesIO(encode(pixels, format)))
        assert (opened.format, opened.size, opened.mode) == (name, (301, 203), "RGB")


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("format", ["jpg", "webp"])
def test_lossy_pictures_stay_close(format, channels):
    pixels = np.repeat(np.repeat(picture(channels), 6, axis=0), 6, axis=1)
    opened = Image.open(io.BytesIO(encode(pixels, format, 95)))
    found = np.asarray(opened.convert("RGB"), float)
    assert np.abs(found - pixels).mean() < 4
    assert len(encode(pixels, format, 30)) < len(encode(pixels, format, 95))


def test_a_grey_jpeg_is_grey():
    assert Image.open(io.BytesIO(encode(picture(1), "jpg"))).mode == "L"


def test_webp_keeps_transparency_and_masks_to_the_bit():
    pixels = picture(4)
    pixels[..., 3] = 255
    pixels[:100, :, 3] = 0
    found = read(encode(pixels, "webp"), "webp")
    assert np.array_equal(found[..., 3], pixels[..., 3])
    mask = (picture(1) > 128).astype(np.uint8) * 255
    assert np.array_equal(read(encode(mask, "webp", flat=True), "webp")[..., :1], mask)


@pytest.mark.parametrize("format", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("height", [100, 300])
def test_rows_that_do_not_make_up_the_picture_are_an_error(format, height):
    with pytest.raises(PictureFailed):
        list(encode_bands(iter([picture(3)]), (301, height), format))


def test_endings_that_are_none_of_ours_fall_back():
    assert [format_of(e, "jpg") for e in ("jpg", "JPEG", "png", "webp", "tif", "TIFF", "bmp", "")] == [
        "jpg", "jpg", "png", "webp", "tif", "tif", "jpg", "jpg",
    ]  # fmt: skip
    assert format_of("gif", "png") == "png"
    assert [format_of(e, "png", alpha=True) for e in ("jpg", "png", "webp", "xyz")] == ["png", "png", "webp", "png"]
