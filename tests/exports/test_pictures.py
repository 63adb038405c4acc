"""Whole slides as one file: the pixels of the slide, in bounded memory, whatever its size."""

import math

import numpy as np
import tifffile
from PIL import Image

from atrisys.exports.pictures import write_picture_jpeg, write_picture_tiff
from atrisys.imaging.reader import Level, Plane, SlideFacts
from given.memory_slide import MemorySlide, texture


def slide_of(width, height, samples=3):
    levels = (Level(width, height, 1.0, 256, 256), Level(width // 4, height // 4, 4.0, 256, 256))
    facts = SlideFacts("SVS", width, height, levels, samples=samples)
    once = texture(min(width, 1100), min(height, 900), samples)
    pixels = np.tile(once, (math.ceil(height / 900), math.ceil(width / 1100), 1))[:height, :width]
    return MemorySlide(facts, {Plane(): [pixels, np.ascontiguousarray(pixels[::4, ::4][: height // 4, : width // 4])]})


def test_a_jpeg_has_the_slides_size_and_nearly_its_pixels(tmp_path):
    slide, told = slide_of(1100, 900), []
    write_picture_jpeg(tmp_path / "a.jpg", slide, Plane(), told.append)
    with Image.open(tmp_path / "a.jpg") as picture:
        read = np.asarray(picture)
    wanted = slide.planes[Plane()][0]
    assert read.shape == wanted.shape
    assert np.abs(read.astype(int) - wanted).mean() < 6
    assert told[-1] == 1.0


def test_a_tiff_is_a_tiled_pyramid_whose_levels_halve(tmp_path):
    slide = slide_of(1100, 900)
    write_picture_tiff(tmp_path / "a.tif", slide, Plane(), (0.25, 0.25))
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert [page.shape for page in tif.pages] == [(900, 1100, 3), (450, 550, 3), (225, 275, 3)]
        assert all(page.is_tiled for page in tif.pages)
        read = tif.pages[0].asarray()
    assert np.abs(read.astype(int) - slide.planes[Plane()][0]).mean() < 6


def test_a_slide_is_never_read_whole(tmp_path):
    slide = slide_of(3000, 9000)
    write_picture_tiff(tmp_path / "a.tif", slide, Plane())
    assert max(box.width * box.height for box, level, _plane in slide.reads if level == 0) < 3000 * 9000 / 2


def test_grey_slides_stay_grey(tmp_path):
    slide = slide_of(600, 500, samples=1)
    write_picture_tiff(tmp_path / "a.tif", slide, Plane())
    write_picture_jpeg(tmp_path / "a.jpg", slide, Plane())
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert tif.pages[0].shape == (500, 600)
    with Image.open(tmp_path / "a.jpg") as picture:
        assert picture.mode == "L"
