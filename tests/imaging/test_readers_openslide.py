from pathlib import Path

import numpy as np
import openslide
import pytest

from atrisys.errors import Invalid, NotFound, SlideUnreadable
from atrisys.imaging import slides
from atrisys.imaging.reader import Box, Plane
from atrisys.imaging.readers.openslide import OpenSlideFile
from given import mirax
from given import slides as given


def dicom() -> slides.SharedSlide:
    return slides.open_slide(given.DICOM, "DICOM")


@given.needs_real
def test_a_dicom_folder_says_its_facts():
    facts = slides.inspect(given.DICOM)
    assert (facts.format, facts.width, facts.height) == ("DICOM", 2220, 2967)
    assert facts.mpp_x == pytest.approx(0.499)
    assert facts.mpp_y == pytest.approx(0.499)
    assert facts.associated == ("label", "macro", "thumbnail")
    assert facts.metadata["dicom.Modality"] == "SM"


@given.needs_real
def test_any_file_of_a_dicom_series_opens_the_slide():
    for file in given.DICOM.iterdir():
        assert slides.inspect(file).width == 2220


@given.needs_real
def test_pixels_of_the_dicom_folder_equal_those_of_the_svs():
    rng, other = np.random.default_rng(3), slides.open_slide(given.SVS, "SVS")
    slide = dicom()
    for _ in range(12):
        x, y, width, height = (int(n) for n in (*rng.integers(-50, 2900, 2), *rng.integers(1, 900, 2)))
        box = Box(x, y, width, height)
        assert (slide.read_region(box) == other.read_region(box)).all(), box


@given.needs_real
def test_a_large_region_is_put_together_from_bands():
    pixels = OpenSlideFile(next(given.DICOM.glob("*48407*"))).read_region(Box(-3, -4, 2230, 2980))
    expected = slides.open_slide(given.SVS, "SVS").read_region(Box(-3, -4, 2230, 2980))
    assert (pixels == expected).all()


@given.needs_real
def test_associated_pictures_equal_openslides():
    with openslide.OpenSlide(next(given.DICOM.iterdir())) as other:
        for name in ("label", "macro", "thumbnail"):
            assert (dicom().read_associated(name) == np.asarray(other.associated_images[name])[..., :3]).all()


@given.needs_real
def test_levels_and_planes_that_do_not_exist_are_refused():
    with pytest.raises(Invalid):
        dicom().read_region(Box(0, 0, 9, 9), 1)
    with pytest.raises(Invalid):
        dicom().read_region(Box(0, 0, 9, 9), 0, Plane(z=1))
    with pytest.raises(NotFound):
        dicom().read_associated("cat")


def test_levels_of_a_pyramid_are_read_where_they_lie(tmp_path: Path):
    """The reader for other formats, on a file that ours reads too."""
    path = given.svs(tmp_path / "a.svs", factors=(1, 4))
    there, ours = OpenSlideFile(path), slides.open_slide(path, slides.inspect(path).format)
    assert [level.downsample for level in there.facts.levels] == [1, 4]
    for box in (Box(0, 0, 900, 700), Box(-40, 80, 400, 400), Box(400, 204, 800, 800)):
        assert (there.read_region(box, 1) == ours.read_region(box, 1)).all(), box


def test_a_file_that_openslide_does_not_know_is_refused():
    with pytest.raises(SlideUnreadable, match="no slide of a kind that OpenSlide reads"):
        OpenSlideFile(Path(__file__))


@pytest.mark.parametrize("loop", [False, True])
def test_a_mirax_slide_is_read_and_one_whose_index_leads_back_is_refused(tmp_path: Path, loop: bool):
    for name, content in mirax.slide(loop).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    if loop:
        with pytest.raises(SlideUnreadable, match=r"a\.mrxs"):
            slides.inspect(tmp_path / "a.mrxs")
    else:
        facts = slides.inspect(tmp_path / "a.mrxs")
        assert (facts.format, facts.width, facts.height) == ("MRXS", 256, 256)
        pixels = slides.open_slide(tmp_path / "a.mrxs", "MRXS").read_region(Box(0, 0, 256, 256))
        assert np.abs(pixels.astype(int) - given.tissue(256, 256)).mean() < 6
