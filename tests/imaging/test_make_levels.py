"""The small levels that a huge slide's file lacks; here all that is larger than 300 x 300 px is huge."""

from dataclasses import replace

import numpy as np
import pytest
import tifffile

from atrisys.errors import LevelsMissing, TooLarge
from atrisys.imaging import lacking as rule
from atrisys.imaging import slides
from atrisys.imaging.lacking import lacking
from atrisys.imaging.make_levels import bytes_beside, make_levels
from atrisys.imaging.patience import Patience, within
from atrisys.imaging.reader import Box, Level, Plane, SlideFacts
from atrisys.imaging.regions import read_scaled
from given import slides as given

PLENTY = 1 << 30


@pytest.fixture(autouse=True)
def huge(monkeypatch):
    monkeypatch.setattr(rule, "MOST_PIXELS", 300 * 300)


def with_levels(path, folder, told=lambda _fraction: None, most=PLENTY):
    """The slide with the levels that were made of all its planes."""
    opened = slides.open_slide(path, slides.inspect(path).format)
    facts = opened.facts
    levels = lacking(facts)
    folder.mkdir()
    for plane in (Plane(c, z) for z in range(facts.depth) for c in range(facts.channels)):
        make_levels(opened, plane, levels, folder / slides.added_name(plane), most, told)
    return slides.open_slide(path, facts.format, slides.Added(folder, levels))


def mean_of(picture, step):
    """Each pixel the mean of what it covers; the last ones of what there is."""
    height, width = picture.shape[:2]
    rows = [slice(top, top + step) for top in range(0, height, step)]
    columns = [slice(left, left + step) for left in range(0, width, step)]
    return np.array([[picture[row, column].mean(axis=(0, 1)) for column in columns] for row in rows])


def test_levels_of_rgb_are_the_means_of_its_pixels_and_tiles_that_are_handed_on(tmp_path):
    true, fractions = given.tissue(1501, 1203), []
    slide = with_levels(given.pyramid(tmp_path / "a.tif", true, factors=(1,)), tmp_path / "made", fractions.append)
    sizes = [(level.width, level.height, level.downsample) for level in slide.facts.levels]
    assert sizes == [(1501, 1203, 1), (376, 301, 4), (188, 151, 8)]
    for number, (width, height, step) in enumerate(sizes[1:], 1):
        read = slide.read_region(Box(0, 0, 1501, 1203), number)
        assert read.shape == (height, width, 3)
        assert np.abs(read - mean_of(true, int(step))).mean() < 2.5
    tile = slide.read_stored_tile(1, 1, 1)
    assert tile is not None
    assert tile[:2] == b"\xff\xd8"
    assert slide.has_stored_tile(1, 1, 1)
    assert slide.read_stored_tile_at_once(1, 1, 1) in (tile, None)
    part, whole = slide.read_region(Box(400, 404, 256, 128), 1), slide.read_region(Box(0, 0, 1501, 1203), 1)
    assert np.array_equal(part, whole[101:133, 100:164])
    assert np.all(slide.read_region(Box(1504, 0, 40, 40), 1) == 255)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["0-0-0.tif"]


def test_grey_values_of_all_planes_are_kept_to_the_last_bit(tmp_path):
    path = given.ome(tmp_path / "a.ome.tif", width=1100, height=700, depth=2, duration=1, factors=(1,))
    slide = with_levels(path, tmp_path / "made")
    assert slide.facts.levels[1].downsample == 4
    for c, z in ((0, 0), (1, 0), (1, 1)):
        true = given.plane(c, z, 0, 1100, 700)[..., None].astype(float)
        read = slide.read_region(Box(0, 0, 1100, 700), 1, Plane(c, z))
        assert read.dtype == np.uint16
        assert np.abs(read - mean_of(true, 4)).max() <= 0.5


def test_a_slide_that_is_all_length_has_its_levels_too(tmp_path):
    true = given.tissue(9000, 30)
    slide = with_levels(given.pyramid(tmp_path / "a.tif", true, factors=(1,)), tmp_path / "made")
    last = slide.facts.levels[-1]
    assert (last.width, last.height, last.downsample) == (141, 1, 64)
    shown = slide.read_region(Box(0, 0, 9000, 30), len(slide.facts.levels) - 1)
    assert shown.shape == (1, 141, 3)
    assert np.abs(shown - mean_of(true, 64)).mean() < 4


def test_whoever_waits_is_refused_an_overview_until_its_levels_are_there(tmp_path):
    path = given.pyramid(tmp_path / "a.tif", given.tissue(2000, 1600), factors=(1,))
    bare = slides.open_slide(path, "PYRTIFF")
    whole = Box(0, 0, 2000, 1600)
    with within(Patience(30)):
        with pytest.raises(LevelsMissing):
            read_scaled(bare, whole, (100, 80))
        assert read_scaled(bare, Box(0, 0, 300, 300), (10, 10)).shape == (10, 10, 3)
        assert read_scaled(bare, whole, (500, 400)).shape == (400, 500, 3)
    nobody_waits = read_scaled(bare, whole, (100, 80))
    with within(Patience(30)):
        shown = read_scaled(with_levels(path, tmp_path / "made"), whole, (100, 80))
    assert np.abs(shown.astype(int) - nobody_waits).mean() < 4


def test_levels_that_would_be_larger_than_the_slide_are_given_up(tmp_path):
    path = given.pyramid(tmp_path / "a.tif", given.tissue(1500, 1200), factors=(1,))
    with pytest.raises(TooLarge):
        with_levels(path, tmp_path / "made", most=1000)


def test_what_lies_beside_them_meanwhile_is_known_before():
    huge = facts(80_000, 60_000, 1)
    assert bytes_beside(huge, lacking(huge)[:1]) == 0
    huge = facts(16_000, 16_000, 1)
    assert [level.width for level in lacking(huge)] == [4000, 2000, 1000, 500, 250]
    assert bytes_beside(huge, lacking(huge)) == (2000 * 2000 + 1000 * 1000) * 3


def facts(width, height, *steps, **more):
    levels = tuple(Level(width // step, height // step, float(step), 256, 256) for step in steps)
    return SlideFacts("SVS", width, height, levels, **more)


def test_only_huge_slides_without_small_levels_lack_any(monkeypatch):
    monkeypatch.undo()
    assert not lacking(facts(8192, 8192, 1))
    assert not lacking(facts(200_000, 100_000, 1, 4, 16, 64))
    assert [level.downsample for level in lacking(facts(80_000, 60_000, 1))] == [2.0**n for n in range(2, 10)]
    assert lacking(facts(400_000, 200_000, 1, 4, 16))[0].downsample == 64
    assert not lacking(facts(2**31, 2**31, 1)), "nobody scanned that"
    assert not lacking(facts(80_000, 60_000, 1, channels=1000))
    assert not lacking(facts(400_000, 400_000, 1))
    huge = facts(80_000, 60_000, 1)
    assert not lacking(replace(huge, levels=huge.levels + lacking(huge)))


def test_what_the_levels_say_of_themselves_is_nothing_of_the_slide(tmp_path):
    path = given.svs(tmp_path / "a.svs", width=1500, height=1200, factors=(1,))
    with_levels(path, tmp_path / "made")
    with tifffile.TiffFile(tmp_path / "made" / "0-0-0.tif") as tif:
        assert [page.description for page in tif.pages] == [""] * len(tif.pages)
