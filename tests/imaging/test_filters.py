import io

import numpy as np
import pytest
from PIL import Image

from atrisys.errors import Invalid, NotFound
from atrisys.imaging import pictures
from atrisys.imaging.display import read_display
from atrisys.imaging.filters import STAINS, THRESHOLDS, filter_name, stain_filter
from atrisys.imaging.reader import Box
from given import memory_slide

HEMATOXYLIN, EOSIN = np.array([0.644211, 0.716556, 0.266844]), np.array([0.092789, 0.954111, 0.283111])


def two_hills(dark=60, bright=180, spread=12, share=0.3):
    """A grey slide with dark things on a bright ground."""
    random = np.random.default_rng(7)
    pixels = np.where(random.random((300, 400)) < share, dark, bright) + random.normal(0, spread, (300, 400))
    return memory_slide.slide(pixels=pixels.clip(0, 255).astype(np.uint8)[..., None])


def filtered(slide, names, box=Box(0, 0, 200, 150), **more):
    body = pictures.window(slide, box, format="png", display=read_display(filters=names, **more)).body
    return np.asarray(Image.open(io.BytesIO(body)))


@pytest.mark.parametrize("name", ["OTSU", "isodata", "Yen", "MINIMUM", "MEAN", "binary"])
def test_a_threshold_parts_the_dark_from_the_bright(name):
    slide = two_hills()
    shown, true = filtered(slide, name), slide.planes[memory_slide.Plane()][0][:150, :200, 0]
    assert shown.shape == true.shape
    assert set(np.unique(shown)) == {0, 255}
    assert (shown[true < 90] == 0).all()
    assert (shown[true > 165] == 255).all()


def test_each_threshold_is_found_in_its_own_way():
    counts = np.zeros(256, np.int64)
    counts[[10, 50, 200]] = 300, 100, 600
    assert THRESHOLDS["MEAN"](counts) == pytest.approx(128)
    assert 50 <= THRESHOLDS["OTSU"](counts) < 200
    # The means of the halves are 20 and 200: the middle of them parts them again.
    assert THRESHOLDS["ISODATA"](counts) == 110
    hills = np.array([np.exp(-(((n - 40) / 9) ** 2)) + np.exp(-(((n - 150) / 20) ** 2)) for n in range(256)]) * 1e4
    assert 60 < THRESHOLDS["MINIMUM"](hills.astype(np.int64)) < 90


@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize("name", THRESHOLDS)
def test_a_slide_of_one_intensity_has_thresholds_too(name, value):
    blank = memory_slide.slide(pixels=np.full((20, 20, 1), value, np.uint8))
    assert len(np.unique(filtered(blank, name, Box(0, 0, 20, 20)))) == 1


def test_the_threshold_is_that_of_the_slide_and_not_of_the_part_that_is_shown():
    slide = two_hills()
    parts = [filtered(slide, "OTSU", Box(0, top, 400, 30)) for top in range(0, 300, 30)]
    assert np.array_equal(np.concatenate(parts), filtered(slide, "OTSU", Box(0, 0, 400, 300)))


def test_a_stain_is_shown_without_the_others():
    amounts = np.random.default_rng(3).uniform(0.05, 1.2, (40, 50, 2))
    mixed = np.exp(-amounts @ np.stack([HEMATOXYLIN, EOSIN])) * 255
    slide = memory_slide.slide(pixels=np.rint(mixed).astype(np.uint8))
    for name, number, color in (("HE-Hematoxylin", 0, HEMATOXYLIN), ("he-eosin", 1, EOSIN)):
        wanted = np.exp(-amounts[..., number, None] * color) * 255
        found = filtered(slide, name, Box(0, 0, 50, 40))
        assert np.abs(found - wanted).max() < 12
        assert np.abs(found - wanted).mean() < 1.5


@pytest.mark.parametrize("name", STAINS)
def test_what_is_white_has_no_stain(name):
    assert (stain_filter(name)(np.full((2, 3, 3), 255, np.uint8)) == 255).all()


def test_filters_work_one_after_the_other():
    slide = memory_slide.slide(300, 200)
    alone = filtered(slide, "HE-EOSIN")
    both = filtered(slide, "HE-EOSIN,MEAN")
    assert alone.shape == (150, 200, 3)
    assert both.shape == (150, 200)
    red, green, blue = (alone[..., part].astype(int) for part in range(3))
    light = (299 * red + 587 * green + 114 * blue + 500) // 1000
    assert light[both == 255].min() > light[both == 0].max()


def test_a_deep_slide_is_filtered_in_eight_bits_as_it_is_shown():
    pixels = np.repeat(np.array([[1000, 1100, 3000, 3100]], np.uint16), 4, axis=0)[..., None]
    slide = memory_slide.slide(pixels=pixels)
    assert filtered(slide, "OTSU", Box(0, 0, 4, 4), bits="max").dtype == np.uint8
    assert filtered(slide, "OTSU", Box(0, 0, 4, 4)).tolist() == [[0, 0, 255, 255]] * 4


def test_what_is_no_filter_is_not_found_and_what_cannot_be_filtered_is_refused():
    with pytest.raises(NotFound, match="choose one of OTSU"):
        filter_name("sobel")
    with pytest.raises(Invalid, match="three colours"):
        filtered(two_hills(), "HE-EOSIN")
    with pytest.raises(Invalid, match="three colours"):
        filtered(memory_slide.slide(30, 20), "OTSU,HE-EOSIN", Box(0, 0, 30, 20))
    with pytest.raises(Invalid, match="At most"):
        read_display(filters=",".join(["OTSU"] * 5))
