"""Masks equal the drawing of the users' own script to the pixel, whatever the bands, the shapes and the file format."""

import io
import zlib
from pathlib import Path

import numpy as np
import openslide
import pytest
import shapely
import tifffile
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from atrisys.errors import TooLarge
from atrisys.exports import label_bands, masks, pyramid_tiff
from atrisys.exports.label_bands import Canvas, draw_bands
from atrisys.exports.label_rings import gather_rings
from atrisys.exports.masks import stream_mask_png, write_mask_png, write_mask_tiff
from atrisys.exports.records import AnnotationRecord, Problem
from exports.script_drawing import draw_as_the_script_does

W, H = 90, 70
coordinate = st.one_of(st.integers(-40, 130), st.floats(-40, 130), st.integers(-160, 520).map(lambda n: n / 4))
point = st.tuples(coordinate, coordinate)
ring = st.lists(point, min_size=3, max_size=9)
polygon = st.lists(ring, min_size=1, max_size=3).map(lambda rings: shapely.Polygon(rings[0], rings[1:]))
shape = st.one_of(
    polygon,
    polygon,
    st.lists(polygon, min_size=1, max_size=3).map(shapely.MultiPolygon),
    st.lists(point, min_size=2, max_size=5).map(shapely.LineString),
    point.map(shapely.Point),
    polygon.map(lambda one: shapely.GeometryCollection([one])),
)
labelled = st.lists(st.tuples(shape, st.integers(0, 255)), max_size=7)


def records(shapes, as_bytes=False):
    for number, (one, class_id) in enumerate(shapes, 1):
        yield AnnotationRecord(number, 1, shapely.to_wkb(one) if as_bytes else one, class_id)


def read_png(data):
    return np.asarray(Image.open(io.BytesIO(data)))


def nuclei(count, width, height, seed=1):
    """Small round shapes with a few big ones with holes among them, as (shape, class)."""
    random = np.random.default_rng(seed)
    middles = shapely.points(random.random((count, 2)) * [width, height])
    shapes = shapely.buffer(middles, random.uniform(2, 15, count), quad_segs=5)
    big = shapely.buffer(middles[:: count // 8], min(width, height) / 4)
    holed = shapely.difference(big, shapely.buffer(middles[:: count // 8], min(width, height) / 9))
    return list(zip([*holed, *shapes], random.integers(1, 9, count + len(holed)).tolist(), strict=True))


@given(labelled, st.integers(1, 80), st.booleans())
@settings(deadline=None, max_examples=400)
@example([(shapely.box(-5, -5, 200, 200), 3), (shapely.box(0.9, 0.9, 20.5, 69.99), 255)], 7, True)
def test_bands_of_any_height_equal_the_scripts_whole_picture(shapes, rows, as_bytes):
    problems = []
    rings = gather_rings(records(shapes, as_bytes), problems)
    canvas = Canvas(W, rows, lead=1)
    drawn = np.full((H, W), 77, np.uint8)
    for top, count, _ in draw_bands(rings, canvas, H):
        drawn[top : top + count] = canvas.pixels[:count]
    assert problems == []
    assert np.array_equal(drawn, draw_as_the_script_does(shapes, W, H))


@given(labelled)
@settings(deadline=None, max_examples=60)
def test_the_png_equals_the_scripts_drawing(shapes):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(masks, "_BAND_BYTES", 20 * W)
        data = b"".join(stream_mask_png(records(shapes), W, H, []))
    assert np.array_equal(read_png(data), draw_as_the_script_does(shapes, W, H))


@given(labelled, st.integers(1, 150), st.integers(1, 150))
@settings(deadline=None, max_examples=50)
def test_every_level_of_the_tiff_is_the_scripts_drawing_with_every_other_pixel_left_out(shapes, width, height):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pyramid_tiff, "_TILE", 32)
        file = io.BytesIO()
        write_mask_tiff(file, records(shapes), width, height, [])
    file.seek(0)
    whole = draw_as_the_script_does(shapes, width, height)
    with tifffile.TiffFile(file) as tiff:
        for number, page in enumerate(tiff.pages):
            assert np.array_equal(page.asarray(), whole[:: 2**number, :: 2**number])
        assert max(tiff.pages[-1].shape) <= 32
        assert len(tiff.pages) == 1 or max(tiff.pages[-2].shape) > 32


def test_a_slide_with_thousands_of_shapes_over_many_bands_is_equal_in_both_formats(tmp_path: Path):
    width, height = 3001, 2003
    shapes = nuclei(4000, width, height)
    whole = draw_as_the_script_does(shapes, width, height)
    assert len(np.unique(whole)) == 9
    write_mask_png(tmp_path / "mask.png", records(shapes, as_bytes=True), width, height, [])
    assert np.array_equal(np.asarray(Image.open(tmp_path / "mask.png")), whole)
    write_mask_tiff(tmp_path / "mask.tif", records(shapes), width, height, [], mpp=(0.25, 0.5))
    with tifffile.TiffFile(tmp_path / "mask.tif") as tiff:
        assert [page.shape for page in tiff.pages] == [(2003, 3001), (1002, 1501), (501, 751), (251, 376)]
        assert [page.is_reduced for page in tiff.pages] == [False, True, True, True]
        for number, page in enumerate(tiff.pages):
            assert np.array_equal(page.asarray(), whole[:: 2**number, :: 2**number])
        assert '"origin": "left-top"' in tiff.pages[0].description
        assert tiff.pages[0].get_resolution("MICROMETER") == (4.0, 2.0)
        assert tiff.pages[1].get_resolution("MICROMETER") == pytest.approx((2.0, 1.0), rel=1e-3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mask.png", "mask.tif"]


def test_openslide_reads_the_tiff_as_a_pyramid(tmp_path: Path):
    shapes = [(shapely.box(100, 200, 900, 700), 9)]
    write_mask_tiff(tmp_path / "mask.tif", records(shapes), 2500, 1500, [])
    with openslide.OpenSlide(tmp_path / "mask.tif") as slide:
        assert slide.level_dimensions == ((2500, 1500), (1250, 750), (625, 375), (313, 188))
        pixels = np.asarray(slide.read_region((90, 190), 0, (20, 20)))[..., 0]
        assert pixels[9, 15] == 0
        assert pixels[15, 15] == 9


def test_the_png_says_its_origin_and_is_read_as_grey(tmp_path: Path):
    write_mask_png(tmp_path / "mask.png", [], 5, 4, [])
    picture = Image.open(tmp_path / "mask.png")
    assert (picture.mode, picture.size, picture.text) == ("L", (5, 4), {"origin": "left-top"})
    assert not np.asarray(picture).any()


def test_the_later_of_two_shapes_lies_on_top_and_a_hole_cuts_through_what_is_beneath():
    under = shapely.box(0, 0, 60, 60)
    over = shapely.Polygon(shapely.box(10, 10, 50, 50).exterior, [shapely.box(20, 20, 40, 40).exterior])
    drawn = read_png(b"".join(stream_mask_png(records([(under, 4), (over, 7)]), W, H, [])))
    assert (drawn[5, 5], drawn[15, 15], drawn[30, 30]) == (4, 7, 0)


def test_what_cannot_be_drawn_is_named_and_the_rest_is_drawn():
    good = shapely.box(10, 10, 20, 20)
    bad = [
        AnnotationRecord(1, 1, b"no WKB", 3),
        AnnotationRecord(2, 1, good, 256),
        AnnotationRecord(3, 1, good, -1),
        AnnotationRecord(4, 1, shapely.box(0, 0, 1e12, 1), 3),
        AnnotationRecord(5, 1, shapely.LineString([(0, 0), (float("nan"), 5)]), 3),
        AnnotationRecord(6, 1, shapely.to_wkb(good), 5),
        AnnotationRecord(7, 1, shapely.Polygon(), 3),
        AnnotationRecord(8, 1, None, 3),  # pyright: ignore[reportArgumentType]
        AnnotationRecord(9, 1, b"", 3),
        AnnotationRecord(10, 1, good, "3"),  # pyright: ignore[reportArgumentType]
    ]
    problems: list[Problem] = []
    drawn = read_png(b"".join(stream_mask_png(bad, W, H, problems)))
    assert [problem.annotation_id for problem in problems] == [1, 2, 3, 4, 5, 8, 9, 10]
    assert all(problem.reason.endswith(".") for problem in problems)
    assert np.array_equal(drawn, draw_as_the_script_does([(good, 5)], W, H))


def test_annotations_are_read_once_and_a_batch_at_a_time():
    waiting, most = [0], [0]

    def counted():
        for record in records([(shapely.box(i % 80, 0, i % 80 + 5, 9), 1) for i in range(9000)]):
            waiting[0] += 1
            most[0] = max(most[0], waiting[0])
            yield record

    rings = gather_rings(iter(counted()), [])
    assert len(rings) == 9000
    assert len(rings.blocks) == 5


def test_a_wide_picture_has_smaller_tiles():
    assert [pyramid_tiff.tile_side(width) for width in (1, 100_000, 200_000, 500_000, 8_000_000)] == [
        512,
        512,
        256,
        128,
        128,
    ]


def test_progress_is_told_to_the_end():
    for write in (write_mask_png, write_mask_tiff):
        told: list[float] = []
        write(io.BytesIO(), records([(shapely.box(0, 0, 9, 9), 1)]), 60_000, 3000, [], told.append)
        assert told == sorted(told)
        assert told[-1] == 1
        assert len(told) > 5


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (10_000_000, 5), (5, 10_000_000)])
def test_impossible_sizes_are_refused(width, height):
    with pytest.raises(TooLarge):
        stream_mask_png([], width, height, [])
    with pytest.raises(TooLarge):
        write_mask_tiff(io.BytesIO(), [], width, height, [])


def test_a_failing_source_leaves_neither_half_a_file_nor_harms_the_old_one(tmp_path: Path):
    def failing():
        yield from records([(shapely.box(0, 0, 9, 9), 1)])
        raise RuntimeError("the database went away")

    (tmp_path / "mask.png").write_bytes(b"old")
    for write, name in ((write_mask_png, "mask.png"), (write_mask_tiff, "mask.tif")):
        with pytest.raises(RuntimeError, match="went away"):
            write(tmp_path / name, failing(), W, H, [])
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("mask.png", b"old")]


def test_should_pillow_draw_into_a_copy_the_mask_is_still_right(monkeypatch):
    class Copying(label_bands.ImageDraw.ImageDraw):
        def __init__(self, image):
            image.readonly = 1
            super().__init__(image)

    shapes = [(shapely.box(5, 5, 30, 20), 8), (shapely.box(5, 40, 30, 66), 9)]
    with monkeypatch.context() as patch:
        patch.setattr(label_bands.ImageDraw, "Draw", Copying)
        patch.setattr(masks, "_BAND_BYTES", 16 * W)
        drawn = read_png(b"".join(stream_mask_png(records(shapes), W, H, [])))
    assert np.array_equal(drawn, draw_as_the_script_does(shapes, W, H))


def test_the_chunks_of_the_png_have_the_right_check_sums():
    data = b"".join(stream_mask_png([], 3, 2, []))
    at, kinds = 8, []
    while at < len(data):
        length = int.from_bytes(data[at : at + 4])
        body = data[at + 4 : at + 8 + length]
        assert zlib.crc32(body) == int.from_bytes(data[at + 8 + length : at + 12 + length])
        kinds.append(body[:4])
        at += 12 + length
    assert kinds == [b"IHDR", b"tEXt", b"IDAT", b"IEND"]
