import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atrisys.errors import Invalid
from atrisys.imaging import regions
from atrisys.imaging.levels import downsample_of
from atrisys.imaging.reader import Box, Level, Plane
from atrisys.imaging.regions import band_rows, position_of, read_rows, read_scaled
from given import memory_slide


def shares(start, step, count, extent):
    """(count, extent): the share of each source pixel in each pixel, by its overlap; less than 1 beyond the edge."""
    low = (start + np.arange(count) * step)[:, None]
    at = np.arange(extent)[None, :]
    return np.clip(np.minimum(low + step, at + 1) - np.maximum(low, at), 0, None) / step


def expected_mean(pixels, box, size):
    """Every pixel as the exact mean of the area it covers, white beyond the edge: matrices, written down plainly."""
    down = shares(box.y, box.height / size[1], size[1], pixels.shape[0])
    across = shares(box.x, box.width / size[0], size[0], pixels.shape[1])
    inside = np.einsum("ij,jkc,lk->ilc", down, pixels.astype(float), across)
    covered = down.sum(1)[:, None, None] * across.sum(1)[None, :, None]
    return inside + 255 * (1 - covered)


def pixels_of(slide):
    return slide.planes[Plane()][0]


def test_at_full_resolution_the_pixels_are_the_slides_own():
    slide = memory_slide.slide(500, 400)
    found = read_scaled(slide, Box(37, 51, 200, 300), (200, 300))
    assert np.array_equal(found, pixels_of(slide)[51:351, 37:237])


def test_beyond_the_edge_is_white():
    slide = memory_slide.slide(pixels=np.full((40, 50, 3), 10, np.uint8))
    found = read_scaled(slide, Box(-5, -6, 70, 60), (70, 60))
    assert (found[6:46, 5:55] == 10).all()
    assert found.sum() == 40 * 50 * 3 * 10 + (70 * 60 - 40 * 50) * 3 * 255
    assert (read_scaled(slide, Box(100, 100, 20, 20), (10, 10)) == 255).all()


def test_beyond_the_edge_of_a_grey_slide_is_black():
    slide = memory_slide.slide(pixels=np.full((40, 50, 1), 10, np.uint8))
    found = read_scaled(slide, Box(0, 0, 100, 80), (50, 40))
    assert (found[:20, :25] == 10).all()
    assert found.sum() == 20 * 25 * 10


@settings(max_examples=50, deadline=None)
@given(
    x=st.integers(-40, 120),
    y=st.integers(-40, 100),
    width=st.integers(1, 150),
    height=st.integers(1, 150),
    across=st.floats(1, 40),
    down=st.floats(1, 40),
)
def test_a_smaller_picture_is_the_mean_of_what_each_pixel_covers(x, y, width, height, across, down):
    slide = memory_slide.slide(131, 97)
    size = max(1, int(width / across)), max(1, int(height / down))
    box = Box(x, y, width, height)
    found = read_scaled(slide, box, size)
    assert np.abs(found - expected_mean(pixels_of(slide), box, size)).max() < 0.51


def test_a_larger_picture_runs_in_lines_from_pixel_to_pixel():
    pixels = np.zeros((2, 2, 1), np.uint8)
    pixels[:, 1] = 200
    slide = memory_slide.slide(pixels=pixels)
    found = read_scaled(slide, Box(0, 0, 2, 2), (8, 2))
    assert found[0, :, 0].tolist() == [0, 0, 25, 75, 125, 175, 200, 200]


def test_a_larger_picture_of_a_part_fits_its_neighbour():
    slide = memory_slide.slide(60, 50)
    whole = read_scaled(slide, Box(0, 0, 40, 40), (120, 120))
    right = read_scaled(slide, Box(20, 0, 20, 40), (60, 120))
    assert np.array_equal(whole[:, 60:], right)


def test_the_best_level_is_read_and_no_other():
    slide = memory_slide.slide(2048, 1024, factors=(1, 4, 16))
    for scale, level in ((1, 0), (3, 0), (4, 1), (8, 1), (16, 2), (64, 2)):
        slide.reads.clear()
        read_scaled(slide, Box(0, 0, 2048, 1024), (2048 // scale, 1024 // scale))
        assert {read[1] for read in slide.reads} == {level}


def test_reading_from_a_coarse_level_gives_what_full_resolution_gives():
    pixels = memory_slide.texture(1603, 1201)
    full = memory_slide.slide(pixels=pixels)
    pyramid = memory_slide.slide(pixels=pixels, factors=(1, 4, 16))
    box = Box(64, 128, 1280, 960)
    for size, off in (((160, 120), 1), ((80, 60), 1), ((100, 75), 4)):  # 3.2 pixels of a level make one of the last
        assert np.abs(read_scaled(full, box, size).astype(int) - read_scaled(pyramid, box, size)).max() <= off


def test_a_level_rounded_down_by_the_scanner_does_not_drift():
    """6403 pixels make 1600 of four: a mark far to the right must still lie where it lies."""
    pixels = np.full((403, 6403, 3), 240, np.uint8)
    pixels[200:240, 6200:6240] = 0
    slide = memory_slide.slide(pixels=pixels, factors=(1, 4))
    short = slide.planes[Plane()][1] = slide.planes[Plane()][1][:100, :1600]
    step = downsample_of((6403, 403), (1600, 100))
    level = Level(1600, 100, step, 256, 256)
    slide.facts = dataclasses.replace(slide.facts, levels=(slide.facts.levels[0], level))
    found = read_scaled(slide, Box(6000, 160, 400, 160), (100, 40))
    dark = np.argwhere(found[..., 0] < 120)
    assert (dark.min(axis=0).tolist(), dark.max(axis=0).tolist()) == ([10, 50], [19, 59])
    edge = read_scaled(slide, Box(6003, 3, 400, 400), (100, 100))
    assert (edge[:, -1] == short[-1, -1]).all()


@pytest.mark.parametrize("step", [3.7, 1.31, 5.013])
def test_levels_at_odd_fractions_lie_where_they_lie(step):
    """Each pixel of a level is its own column and row here, so that one read beside it would show."""
    width, height = 700, 500
    columns, rows = int(width / step), int(height / step)
    stored = np.stack(
        np.broadcast_arrays(np.arange(columns)[None, :] % 251, np.arange(rows)[:, None] % 241, 7), axis=-1
    )
    slide = memory_slide.slide(width, height)
    slide.planes[Plane()].append(stored.astype(np.uint8))
    levels = (slide.facts.levels[0], Level(columns, rows, step, 256, 256))
    slide.facts = dataclasses.replace(slide.facts, levels=levels)
    for x, y in ((0, 0), (11, 13), (47, 30)):
        box = Box(math.ceil(x * step), math.ceil(y * step), round(50 * step), round(40 * step))
        found = read_scaled(slide, box, (50, 40)).astype(float)
        assert np.abs(found[0, :, 0] - (x + np.arange(50))).max() < 1.6
        assert np.abs(found[:, 0, 1] - (y + np.arange(40))).max() < 1.6


@given(st.integers(0, 200_000), st.floats(1, 100) | st.sampled_from([1.1, 2.3, 3.7, 4.0003, 5.013, 7.9]))
def test_the_position_of_a_column_is_counted_to_that_column_by_readers(index, downsample):
    assert math.floor(position_of(index, downsample) / downsample) == index


def test_sixteen_bits_stay_sixteen_bits():
    pixels = (np.arange(64 * 48, dtype=np.uint16) * 21).reshape(48, 64, 1)
    slide = memory_slide.slide(pixels=pixels)
    found = read_scaled(slide, Box(0, 0, 64, 48), (16, 12))
    assert found.dtype == np.uint16
    expected = pixels.reshape(12, 4, 16, 4, 1).mean(axis=(1, 3))
    assert np.abs(found - expected).max() <= 0.51


@pytest.mark.parametrize("size", [(600, 500), (299, 251), (1500, 700), (37, 400)])
def test_bands_put_together_are_the_picture(size, monkeypatch):
    slide = memory_slide.slide(700, 600, factors=(1, 2), tile=128)
    box = Box(13, 29, 600, 500)
    whole = read_scaled(slide, box, size)
    monkeypatch.setattr(regions, "BAND_BYTES", size[0] * 3 * 90)
    bands = [read_rows(slide, box, size, rows) for rows in band_rows(slide.facts, box, size)]
    assert len(bands) > 1
    assert np.array_equal(np.concatenate(bands), whole)


def test_bands_at_full_resolution_are_cut_on_the_borders_of_tiles(monkeypatch):
    slide = memory_slide.slide(300, 900, tile=100)
    monkeypatch.setattr(regions, "BAND_BYTES", 300 * 3 * 210)
    rows = band_rows(slide.facts, Box(0, 30, 300, 801), (300, 801))
    assert rows == [(0, 70), (70, 270), (270, 470), (470, 670), (670, 801)]


def test_no_read_is_larger_than_its_share_of_memory(monkeypatch):
    slide = memory_slide.slide(3000, 2000)
    monkeypatch.setattr(regions, "READ_BYTES", 300_000)
    small = read_scaled(slide, Box(0, 0, 3000, 2000), (300, 200))
    assert max(box.width * box.height * 3 for box, _, _ in slide.reads) <= 300_000
    assert len(slide.reads) > 50
    monkeypatch.undo()
    assert np.array_equal(small, read_scaled(slide, Box(0, 0, 3000, 2000), (300, 200)))


def test_a_pixel_that_covers_too_much_is_averaged_in_two_steps(monkeypatch):
    slide = memory_slide.slide(400, 300)
    monkeypatch.setattr(regions, "_FEW", 10)
    box = Box(0, 0, 400, 300)
    found = read_scaled(slide, box, (4, 3))
    assert np.abs(found - expected_mean(pixels_of(slide), box, (4, 3))).max() < 1.01
    assert max(b.width * b.height for b, _, _ in slide.reads) < 400 * 300
    assert np.array_equal(read_rows(slide, box, (4, 3), (1, 2)), found[1:2])


@pytest.mark.parametrize(("box", "size"), [(Box(0, 0, 0, 5), (1, 1)), (Box(0, 0, 5, 5), (0, 1))])
def test_what_has_no_area_is_refused(box, size):
    with pytest.raises(Invalid):
        read_scaled(memory_slide.slide(10, 10), box, size)
