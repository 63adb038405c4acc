import numpy as np
import pytest
import tifffile

from atrisys.imaging.write_pyramid import Looks, WrittenLevel, write_pyramid


def smooth(width, height, samples=3):
    y, x = np.mgrid[0:height, 0:width]
    planes = [128 + 90 * np.sin(x / (31 + 7 * k) + y / 57) for k in range(samples)]
    return np.stack(planes, axis=2).astype(np.uint8)


@pytest.mark.parametrize("rows", [1, 100, 256, 300, 1000])
@pytest.mark.parametrize("samples", [1, 3])
def test_bands_of_any_height_make_the_same_picture(tmp_path, rows, samples):
    picture = smooth(611, 523, samples)
    half = np.ascontiguousarray(picture[::2, ::2])
    path = tmp_path / "p.tif"
    with path.open("wb") as file:
        bands = (picture[top : top + rows] for top in range(0, 523, rows))
        levels = [WrittenLevel(611, 523, bands), WrittenLevel(306, 262, [half])]
        write_pyramid(file, levels, Looks("a picture", (0.25, 0.5), 95))
    with tifffile.TiffFile(path) as tif:
        assert [page.shape[:2] for page in tif.pages] == [(523, 611), (262, 306)]
        assert all(page.is_tiled for page in tif.pages)
        assert tif.pages[0].description == "a picture"
        assert [round(number) for number in tif.pages[0].get_resolution("CENTIMETER")] == [40_000, 20_000]
        for page, wanted in zip(tif.pages, (picture, half), strict=True):
            read = page.asarray().reshape(wanted.shape).astype(int)
            assert np.abs(read - wanted).max() <= 12


def test_each_level_is_asked_for_when_the_one_before_is_written(tmp_path):
    told = []

    def bands(number):
        told.append(f"pixels {number}")
        yield smooth(300, 300)

    def levels():
        for number in range(3):
            told.append(f"level {number}")
            yield WrittenLevel(300, 300, bands(number))

    with (tmp_path / "p.tif").open("wb") as file:
        write_pyramid(file, levels(), Looks())
    assert told == ["level 0", "pixels 0", "level 1", "pixels 1", "level 2", "pixels 2"]


def test_a_thumbnail_stands_between_the_levels_in_strips(tmp_path):
    path = tmp_path / "p.tif"
    picture = smooth(300, 280)
    with path.open("wb") as file:
        levels = [WrittenLevel(300, 280, [picture]), WrittenLevel(100, 94, [picture[::3, ::3]])]
        write_pyramid(file, levels, Looks(), thumbnail_after=1)
    with tifffile.TiffFile(path) as tif:
        assert [page.is_tiled for page in tif.pages] == [True, False]
        assert tif.pages[1].shape == (94, 100, 3)
