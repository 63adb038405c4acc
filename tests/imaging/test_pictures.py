import io
import subprocess
import sys

import numpy as np
import pytest
import shapely
from PIL import Image

from atrisys.errors import Invalid, NotFound, PictureFailed, TooLarge
from atrisys.imaging import making, pictures, regions
from atrisys.imaging.display import read_display
from atrisys.imaging.masks import draw_mask
from atrisys.imaging.pyramid import zoom_of
from atrisys.imaging.reader import Box, Plane
from atrisys.imaging.slides import inspect, open_slide
from given import memory_slide, slides

RING = shapely.box(100, 100, 160, 180).difference(shapely.box(120, 120, 140, 140))


@pytest.fixture
def slide():
    return memory_slide.slide(1003, 701, factors=(1, 4))


def whole(slide):
    return slide.planes[Plane()][0]


def file_of(picture):
    return picture.body if isinstance(picture.body, bytes) else b"".join(picture.body)


def opened(picture):
    image = Image.open(io.BytesIO(file_of(picture)))
    assert image.get_format_mimetype() == picture.content_type
    assert image.size == picture.size
    return image


def pixels_of(picture):
    return np.asarray(opened(picture))


def test_a_thumb_has_the_longest_side_asked_for(slide):
    assert opened(pictures.thumb(slide)).size == (512, 358)
    assert opened(pictures.thumb(slide, max_size=1500, format="png")).size == (1500, 1048)


def test_a_window_holds_the_slides_own_pixels(slide):
    picture = pictures.window(slide, Box(50, 60, 300, 200), format="png")
    assert np.array_equal(pixels_of(picture), whole(slide)[60:260, 50:350])


def test_a_window_over_the_edge_is_cut_or_padded(slide):
    assert opened(pictures.window(slide, Box(900, 600, 300, 200), format="png")).size == (103, 101)
    padded = pixels_of(pictures.window(slide, Box(900, 600, 300, 200), format="png", exterior=True))
    assert padded.shape == (200, 300, 3)
    assert (padded[101:] == 255).all()


def test_zoom_and_longest_side_scale_a_window(slide):
    assert opened(pictures.window(slide, Box(0, 0, 400, 300), zoom=2)).size == (100, 75)
    assert opened(pictures.window(slide, Box(0, 0, 400, 300), zoom=2, max_size=800)).size == (800, 600)


def test_a_crop_and_its_mask_lie_over_one_another(slide):
    cut = pixels_of(pictures.crop(slide, [RING], format="png"))
    mask = pixels_of(pictures.mask(slide.facts, [RING], format="png"))
    assert np.array_equal(cut, whole(slide)[100:180, 100:160])
    assert mask.shape == cut.shape[:2]
    assert mask.sum() == 255 * int(RING.area)


def test_crop_and_mask_grow_alike(slide):
    asked = {"increase_area": 1.7, "square": True, "max_size": 333, "format": "png"}
    cut = pictures.crop(slide, [RING], **asked)
    mask = pictures.mask(slide.facts, [RING], **asked)
    veiled = pictures.alphamask(slide, [RING], **asked)
    assert cut.size == mask.size == veiled.size == (333, 333)
    assert np.array_equal(pixels_of(veiled)[..., :3], pixels_of(cut))
    assert np.array_equal(pixels_of(veiled)[..., 3], pixels_of(mask))


def test_an_alphamask_is_veiled_by_the_percentage(slide):
    veil = pixels_of(pictures.alphamask(slide, [RING], alpha=20))[..., 3]
    assert sorted(np.unique(veil).tolist()) == [204, 255]
    with pytest.raises(Invalid):
        pictures.alphamask(slide, [RING], alpha=101)


def test_the_mask_of_a_window_shows_what_lies_in_it(slide):
    box = Box(90, 90, 50, 50)
    found = pixels_of(pictures.mask(slide.facts, [RING, shapely.Point(95, 95)], box, format="png"))
    assert np.array_equal(found, draw_mask([RING, shapely.Point(95, 95)], box, (50, 50)))
    assert not pixels_of(pictures.mask(slide.facts, [], box, format="png")).any()


def test_a_point_has_a_crop_and_a_mask(slide):
    point = shapely.Point(500.5, 300.5)
    assert opened(pictures.crop(slide, [point])).size == (100, 100)
    assert np.argwhere(pixels_of(pictures.mask(slide.facts, [point], format="png"))).tolist() == [[50, 50]]


def test_tiles_are_files(slide):
    picture = pictures.tile(slide, 2, 3, 2, format="png")
    assert np.array_equal(pixels_of(picture), whole(slide)[512:, 768:])
    assert opened(pictures.tile(slide, 0, 0, 0)).size == (251, 176)


def test_associated_pictures_are_found_by_name_in_any_case(slide):
    slide.pictures["thumbnail"] = memory_slide.texture(600, 300)
    slide.pictures["label"] = memory_slide.texture(50, 80)
    assert opened(pictures.associated(slide, "thumb")).size == (256, 128)
    assert opened(pictures.associated(slide, "LABEL", 160, "png")).size == (100, 160)
    same = pixels_of(pictures.associated(slide, "Thumbnail", None, "png"))
    assert np.array_equal(same, slide.pictures["thumbnail"])
    with pytest.raises(NotFound):
        pictures.associated(slide, "macro")


@pytest.mark.parametrize(
    ("asked", "types"),
    [
        ("jpg", ["jpeg", "jpeg", "jpeg", "jpeg", "png"]),
        ("webp", ["webp"] * 5),
        ("tiff", ["tiff"] * 5),
        ("bmp", ["jpeg", "png", "jpeg", "jpeg", "png"]),
    ],
)
def test_each_kind_of_picture_has_its_formats(slide, asked, types):
    made = [
        pictures.thumb(slide, max_size=64, format=asked),
        pictures.window(slide, Box(0, 0, 20, 20), format=asked),
        pictures.crop(slide, [RING], format=asked),
        pictures.mask(slide.facts, [RING], format=asked),
        pictures.alphamask(slide, [RING], format=asked),
    ]
    assert [picture.content_type for picture in made] == [f"image/{kind}" for kind in types]
    for picture in made:
        opened(picture)


@pytest.mark.parametrize("format", ["png", "jpg", "webp", "tif"])
def test_large_pictures_made_in_bands_are_the_same(slide, format, monkeypatch):
    box = Box(30, 40, 900, 600)
    once = pixels_of(pictures.window(slide, box, format=format))
    monkeypatch.setattr(making, "WHOLE_PIXELS", 1000)
    monkeypatch.setattr(regions, "BAND_BYTES", 900 * 3 * 128)
    slide.reads.clear()
    banded = pictures.window(slide, box, format=format)
    assert np.array_equal(pixels_of(banded), once)
    assert len(slide.reads) == 3
    scaled = pictures.window(slide, box, format=format, max_size=450)
    monkeypatch.undo()
    assert np.array_equal(pixels_of(scaled), pixels_of(pictures.window(slide, box, format=format, max_size=450)))


@pytest.mark.parametrize("format", ["png", "jpg", "webp", "tif"])
def test_a_picture_that_is_not_held_whole_is_the_same(slide, format, monkeypatch):
    box = Box(30, 40, 900, 600)
    once = pixels_of(pictures.window(slide, box, format=format))
    monkeypatch.setattr(making, "HELD_PIXELS", 1000)
    monkeypatch.setattr(making, "SMALL_BAND_BYTES", 900 * 3 * 128)
    slide.reads.clear()
    made = pictures.window(slide, box, format=format)
    assert isinstance(made.body, bytes)
    assert np.array_equal(pixels_of(made), once)
    assert len(slide.reads) == 3


def test_a_large_alphamask_made_in_bands_is_the_same(slide, monkeypatch):
    once = pixels_of(pictures.alphamask(slide, [RING], max_size=700))
    mask = pixels_of(pictures.mask(slide.facts, [RING], max_size=700, format="png"))
    monkeypatch.setattr(making, "WHOLE_PIXELS", 1000)
    monkeypatch.setattr(regions, "BAND_BYTES", 525 * 3 * 100)
    monkeypatch.setattr("atrisys.imaging.masks.BAND_BYTES", 525 * 100)
    assert np.array_equal(pixels_of(pictures.alphamask(slide, [RING], max_size=700)), once)
    assert np.array_equal(pixels_of(pictures.mask(slide.facts, [RING], max_size=700, format="png")), mask)


def test_a_slide_that_cannot_be_read_is_refused_before_anything_is_sent(slide, monkeypatch):
    def broken(*_):
        raise PictureFailed("Tile 3 is broken")

    monkeypatch.setattr(making, "WHOLE_PIXELS", 1000)
    monkeypatch.setattr(slide, "read_region", broken)
    for format in ("jpg", "png", "webp", "tif"):
        with pytest.raises(PictureFailed, match="Tile 3"):
            pictures.window(slide, Box(0, 0, 900, 600), format=format)


def test_too_large_pictures_are_refused_or_shrunk_where_that_is_safe(slide):
    with pytest.raises(TooLarge):
        pictures.thumb(slide, max_size=10_001)
    with pytest.raises(TooLarge):
        pictures.crop(slide, [RING], max_size=65_000)
    with pytest.raises(TooLarge):
        pictures.window(slide, Box(0, 0, 30_000, 10), format="png", exterior=True)
    with pytest.raises(TooLarge):
        pictures.window(slide, Box(0, 0, 65_536, 10), format="jpg", exterior=True)
    safe = pictures.window(slide, Box(0, 0, 30_000, 90), format="png", exterior=True, safe=True)
    assert (safe.size, safe.asked) == ((10_000, 30), (30_000, 90))
    assert opened(safe).size == (10_000, 30)


def test_a_jpeg_window_may_be_wider_than_other_pictures(slide):
    picture = pictures.window(slide, Box(-30_000, 0, 60_000, 80), format="jpg", exterior=True)
    assert not isinstance(picture.body, bytes)
    found = pixels_of(picture)
    assert found.shape == (80, 60_000, 3)
    assert np.abs(found[:, 30_016:31_000].astype(float) - whole(slide)[:80, 16:1000]).mean() < 8


@pytest.mark.parametrize("quality", [0, 101, -1])
def test_a_quality_that_cannot_be_is_refused(slide, quality):
    with pytest.raises(Invalid):
        pictures.thumb(slide, quality=quality)


def test_a_deep_slide_keeps_its_bits_where_the_format_can():
    counts = (np.arange(64 * 48, dtype=np.uint16) * 21).reshape(48, 64, 1)
    slide = memory_slide.slide(pixels=counts)
    box = Box(0, 0, 64, 48)
    found = pixels_of(pictures.window(slide, box, format="png", display=read_display(bits="max")))
    assert np.array_equal(found, counts[..., 0])
    shown = pixels_of(pictures.window(slide, box, format="png"))
    assert (shown.dtype, shown.min(), shown.max()) == (np.uint8, 0, 255)
    assert pixels_of(pictures.window(slide, box, format="jpg", display=read_display(bits="max"))).dtype == np.uint8


def test_channels_are_laid_over_one_another_in_a_picture():
    planes = {Plane(c): np.full((8, 8, 1), 65535 * (c == 1), np.uint16) for c in range(2)}
    planes[Plane(0)][0, 0] = 65535
    slide = memory_slide.planes(planes)
    display = read_display(channels="0,1", low="0", high="65535")
    found = pixels_of(pictures.window(slide, Box(0, 0, 8, 8), format="png", display=display))
    assert found[0, 0].tolist() == [255, 255, 0]
    assert found[1, 1].tolist() == [0, 255, 0]


@slides.needs_real
def test_tiles_of_a_real_slide_are_what_openslide_shows():
    from openslide import OpenSlide
    from openslide.deepzoom import DeepZoomGenerator

    slide = open_slide(slides.SVS, inspect(slides.SVS).format)
    theirs = DeepZoomGenerator(OpenSlide(slides.SVS), tile_size=256, overlap=0)
    last = zoom_of(slide.facts)
    for zoom, mean, most in ((last, 0.5, 24), (last - 1, 3, 255), (0, 5, 255)):
        for tx, ty in ((0, 0), (1, 2)) if zoom else ((0, 0),):
            found = pixels_of(pictures.tile(slide, zoom, tx, ty, format="png")).astype(int)
            expected = np.asarray(theirs.get_tile(theirs.level_count - 1 - last + zoom, (tx, ty)))
            off = np.abs(found - expected)
            assert off.mean() <= mean
            assert off.max() <= most


@slides.needs_real
@pytest.mark.parametrize("path", [slides.SVS, slides.DICOM])
def test_every_picture_of_a_real_slide_can_be_made(path):
    slide = open_slide(path, inspect(path).format)
    whole_window = Box(0, 0, slide.facts.width, slide.facts.height)
    assert opened(pictures.window(slide, whole_window, format="jpg")).size == (2220, 2967)
    assert opened(pictures.thumb(slide)).size == (383, 512)
    assert opened(pictures.crop(slide, [RING], increase_area=2)).size == (120, 160)
    for name in slide.facts.associated:
        assert max(opened(pictures.associated(slide, name)).size) == 256


def test_the_libraries_of_codecs_are_loaded_when_a_picture_is_made_and_not_before():
    """The server starts with all of this imported, and idles small."""
    asked = "import sys, atrisys.imaging.pictures as p; print(*{m.split('.')[0] for m in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    assert "atrisys" in loaded
    assert not {"PIL", "imagecodecs", "tifffile", "isal", "openslide"} & set(loaded)
