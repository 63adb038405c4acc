"""Flat pictures become tiled pyramids: pixels, sizes of pixels, planes; and what cannot is refused with a reason."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from atrisys.errors import ConversionFailed, SlideFlat, SlideUnreadable
from atrisys.imaging import slides, worker
from atrisys.imaging.reader import Box, Plane, SlideFacts
from atrisys.imaging.recognise import FLAT_KINDS, looks_like
from given import flats
from given.slides import Picture, ome, plane, pyramid, tissue

WIDTH, HEIGHT = 700, 520
RGB = tissue(WIDTH, HEIGHT)
LARGE = np.tile(RGB, (4, 4, 1))
GREY = RGB[..., 0].copy()
DEEP = GREY.astype(np.uint16) * 211
TOLERANCE = 24
"""Of one sample after JPEG of quality 90 without loss of colours; 1 on average."""


@pytest.fixture
def convert(tmp_path: Path):
    """Makes a pyramid; gives its facts and all pixels of its largest level."""

    def convert(path: Path, at: Plane = Plane(), seconds: float = 60) -> tuple[SlideFacts, Picture]:
        with pytest.raises(SlideFlat):
            slides.inspect(path)
        folder = tmp_path / f"made of {path.name}"
        folder.mkdir(exist_ok=True)
        target = folder / "pyramid.tif"
        facts = slides.convert(path, target, timeout_s=seconds, most_bytes=1 << 30, progress=lambda _fraction: None)
        assert list(folder.iterdir()) == [target], "nothing else is left"
        slide = slides.open_slide(target, facts.format)
        return facts, slide.read_region(Box(0, 0, facts.width, facts.height), 0, at)

    return convert


MAKERS: dict[str, Callable[[Path], Path]] = {
    "plain.png": lambda path: flats.png(path, RGB, mpp=0.5),
    "best.jpg": lambda path: flats.jpeg(path, RGB, mpp=0.5),
    "progressive.jpg": lambda path: flats.jpeg(path, RGB, mpp=0.5, progressive=True),
    "windows.bmp": lambda path: flats.bmp(path, RGB, mpp=0.5),
    "lossless.webp": lambda path: flats.webp(path, RGB),
    "boxes.jp2": lambda path: flats.jpeg2000(path, RGB, mpp=0.5),
    "codestream.j2k": lambda path: flats.jpeg2000(path, RGB, codestream=True),
    "bare.tif": lambda path: flats.strips(path, RGB, mpp=0.5),
    "lzw.tif": lambda path: flats.strips(path, RGB, mpp=0.5, compression="lzw", predictor=2),
    "jpeg.tif": lambda path: flats.strips(path, RGB, mpp=0.5, compression="jpeg", compressionargs={"level": 97}),
    "planar.tif": lambda path: flats.strips(path, RGB.transpose(2, 0, 1), mpp=0.5, planarconfig="separate"),
}
SAYS_NO_SIZE = ("lossless.webp", "codestream.j2k")
LOST_BEFORE = ("best.jpg", "progressive.jpg", "jpeg.tif")


@pytest.mark.parametrize("name", MAKERS)
def test_colour_pictures_become_jpeg_pyramids_of_the_same_pixels_and_size(tmp_path: Path, convert, name: str):
    facts, pixels = convert(MAKERS[name](tmp_path / name))
    assert (facts.format, facts.width, facts.height, facts.samples, facts.bits) == ("PYRTIFF", WIDTH, HEIGHT, 3, 8)
    assert [level.width for level in facts.levels] == [700, 350, 175]
    difference, times = np.abs(pixels.astype(int) - RGB), 2 if name in LOST_BEFORE else 1
    assert difference.max() <= times * TOLERANCE
    assert difference.mean() < times
    size = None if name in SAYS_NO_SIZE else pytest.approx(0.5, rel=0.01)
    assert (facts.mpp_x, facts.mpp_y) == (size, size)


RAMP = np.stack([np.arange(256), 255 - np.arange(256), np.zeros(256)]).astype(np.uint16) * 257
LOSSLESS: dict[str, tuple[Callable[[Path], Path], Picture]] = {
    "grey.png": (lambda path: flats.png(path, GREY), GREY),
    "deep.png": (lambda path: flats.png(path, DEEP), DEEP),
    "grey.tif": (lambda path: flats.strips(path, GREY, compression="zlib"), GREY),
    "deep.tif": (lambda path: flats.strips(path, DEEP), DEEP),
    "big end first.tif": (lambda path: flats.strips(path, DEEP, byteorder=">"), DEEP),
    "white is zero.tif": (lambda path: flats.strips(path, 255 - GREY, photometric="miniswhite"), GREY),
    "one bit.tif": (lambda path: flats.strips(path, GREY > 160), np.where(GREY > 160, 255, 0)),
    "deep.jp2": (lambda path: flats.jpeg2000(path, DEEP), DEEP),
    "grey.bmp": (lambda path: flats.bmp(path, GREY), GREY),
    "grey.gif": (lambda path: flats.gif(path, GREY), np.stack([GREY] * 3, axis=-1)),
    "palette in tiles.tif": (
        lambda path: pyramid(path, GREY, (1,), compression="zlib", photometric="palette", colormap=RAMP),
        np.stack([GREY, 255 - GREY, np.zeros_like(GREY)], axis=-1),
    ),
}


@pytest.mark.parametrize("name", LOSSLESS)
def test_grey_deep_and_drawn_pictures_are_kept_to_the_last_bit(tmp_path: Path, convert, name: str):
    make, expected = LOSSLESS[name]
    facts, pixels = convert(make(tmp_path / name))
    assert (pixels.reshape(expected.shape) == expected).all()
    assert facts.bits == 8 * pixels.dtype.itemsize
    assert len(facts.levels) == 3


def test_transparent_pixels_become_white(tmp_path: Path, convert):
    alpha = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)
    alpha[:200, :200] = 0
    _, pixels = convert(flats.png(tmp_path / "a.png", np.concatenate([RGB, alpha], axis=2)))
    assert pixels[:190, :190].min() >= 250
    assert np.abs(pixels[220:].astype(int) - RGB[220:]).max() <= TOLERANCE


def test_an_ome_tiff_in_strips_keeps_its_planes_and_what_its_xml_says(tmp_path: Path, convert):
    planes = np.stack([[plane(c, z, 0, 300, 200, 16) for c in range(2)] for z in range(3)])
    path = flats.ome_strips(tmp_path / "a.ome.tif", planes, ["DAPI", "FITC"], mpp=0.325)
    for at in (Plane(0, 0), Plane(1, 2)):
        facts, pixels = convert(path, at)
        assert (pixels[..., 0] == planes[at.z, at.c]).all()
    assert (facts.format, facts.channels, facts.depth, facts.bits) == ("OMETIFF", 2, 3, 16)
    assert facts.channel_names == ("DAPI", "FITC")
    assert facts.mpp_x == pytest.approx(0.325)
    assert [level.width for level in facts.levels] == [300, 150]


def test_levels_lie_over_one_another_without_a_shift(tmp_path: Path, convert):
    ramp = np.broadcast_to(np.linspace(0, 60_000, 1024).astype(np.uint16), (1024, 1024))
    facts, _ = convert(flats.strips(tmp_path / "a.tif", ramp.copy()))
    slide = slides.open_slide(tmp_path / "made of a.tif" / "pyramid.tif", facts.format)
    for number, level in enumerate(facts.levels):
        row = slide.read_region(Box(0, 0, 1024, 1024), number)[level.height // 2, :, 0].astype(float)
        expected = ramp[0].reshape(level.width, -1).mean(axis=1)
        assert np.abs(row - expected)[1:-1].max() < 3


def test_imagej_says_the_size_of_pixels_in_its_own_way(tmp_path: Path, convert):
    path = flats.strips(tmp_path / "a.tif", GREY, imagej=True, resolution=(4, 4), metadata={"unit": "um"})
    facts, _ = convert(path)
    assert (facts.mpp_x, facts.mpp_y) == (pytest.approx(0.25), pytest.approx(0.25))


def test_72_dots_an_inch_are_nobodys_microscope(tmp_path: Path, convert):
    facts, _ = convert(flats.jpeg(tmp_path / "a.jpg", RGB, mpp=25_400 / 72))
    assert facts.mpp_x is None


def test_nothing_that_the_file_says_of_people_is_in_the_pyramid(tmp_path: Path, convert):
    path = flats.strips(tmp_path / "a.tif", RGB, description="Patient: Charlie Example", software="Charlie Example")
    convert(path)
    assert b"Charlie" not in (tmp_path / "made of a.tif" / "pyramid.tif").read_bytes()


def test_the_content_decides_and_not_the_name(tmp_path: Path, convert):
    facts, _ = convert(flats.png(tmp_path / "b.png", RGB).rename(tmp_path / "a.svs"))
    assert (facts.format, facts.width) == ("PYRTIFF", WIDTH)


def test_each_kind_that_is_recognised_can_be_converted(tmp_path: Path):
    made = {looks_like(make(tmp_path / name)) for name, make in MAKERS.items()}
    assert made | {looks_like(flats.gif(tmp_path / "a.gif", GREY))} == {*FLAT_KINDS, "TIFF"}


def test_progress_is_told_and_may_end_the_work(tmp_path: Path):
    path, told = flats.strips(tmp_path / "a.tif", LARGE), []
    slides.convert(path, tmp_path / "b.tif", timeout_s=60, most_bytes=1 << 30, progress=told.append)
    assert told
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 1

    class Enough(BaseException):
        pass

    def end(_fraction: float) -> None:
        raise Enough

    with pytest.raises(Enough):
        slides.convert(path, tmp_path / "c.tif", timeout_s=60, most_bytes=1 << 30, progress=end)


@pytest.mark.parametrize("name", MAKERS)
def test_a_picture_that_is_cut_off_ends_in_a_reason(tmp_path: Path, name: str):
    path = MAKERS[name](tmp_path / name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SlideUnreadable) as refusal:
        slides.convert(path, tmp_path / "b.tif", timeout_s=60, most_bytes=1 << 30, progress=lambda _: None)
    assert path.name in refusal.value.message
    assert str(tmp_path) not in refusal.value.message


def test_time_disk_and_memory_are_limited(tmp_path: Path):
    path = flats.png(tmp_path / "a.png", LARGE)
    for seconds, most, words in ((0.01, 1 << 30, "longer than 0.01 s"), (60, 100_000, "could not be made a pyramid")):
        with pytest.raises(ConversionFailed, match=words):
            slides.convert(path, tmp_path / "b.tif", timeout_s=seconds, most_bytes=most, progress=lambda _: None)
    old = worker.pool().limits
    worker.configure(worker.Limits(workers=1, timeout_s=30, memory_mb=120))
    try:
        deep = flats.jpeg2000(tmp_path / "a.jp2", LARGE)
        with pytest.raises(ConversionFailed, match=r"memory|crashed|decoded"):
            slides.convert(deep, tmp_path / "b.tif", timeout_s=60, most_bytes=1 << 30, progress=lambda _: None)
    finally:
        worker.configure(old)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: flats.strips(path, GREY.astype(np.float32)), "float32"),
        (lambda path: flats.strips(path, GREY.astype(np.int16)), "int16"),
        (lambda path: flats.strips(path, np.dstack([RGB, RGB])), "6 samples"),
        (
            lambda path: flats.strips(path, np.stack([GREY] * 3), photometric="minisblack"),
            "3 pages of one size.*OME-TIFF",
        ),
    ],
)
def test_what_one_picture_cannot_show_is_refused_with_what_to_do(tmp_path: Path, make, words: str):
    path = make(tmp_path / "a.tif")
    with pytest.raises(SlideUnreadable) as refusal:
        slides.inspect(path)
    if isinstance(refusal.value, SlideFlat):
        with pytest.raises(SlideUnreadable) as refusal:
            slides.convert(path, tmp_path / "b.tif", timeout_s=60, most_bytes=1 << 30, progress=lambda _: None)
    assert re.search(words, refusal.value.message)
    assert not isinstance(refusal.value, ConversionFailed | SlideFlat)


def test_a_tiled_ome_tiff_is_taken_as_it_is(tmp_path: Path):
    assert slides.inspect(ome(tmp_path / "a.ome.tif", 260, 200)).format == "OMETIFF"


def test_libvips_is_loaded_by_nobody_but_the_converter():
    """It runs in a worker of its own, which finds it by its name: no module that a server loads may import it."""
    import atrisys

    folder = Path(atrisys.__file__).parent
    named = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if re.search(r"^\s*(import|from) (pyvips|atrisys\.imaging\.(flat|convert))\b", path.read_text(), re.MULTILINE)
    }
    assert named == {"imaging/flat.py", "imaging/convert.py"}
