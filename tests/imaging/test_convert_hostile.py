"""Flat pictures that are made to do harm: refused with a reason, in seconds, and without much memory."""

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from atrisys.errors import SlideFlat, SlideUnreadable, TooLarge
from atrisys.imaging import slides, worker
from given import bombs, flats
from given.slides import tissue

SECONDS, MEMORY_MB = 20, 512


@pytest.fixture(autouse=True)
def little_room():
    """A bomb must not come near to what it asks for."""
    old = worker.pool().limits
    worker.configure(worker.Limits(workers=1, timeout_s=SECONDS, memory_mb=MEMORY_MB))
    yield
    worker.configure(old)


def taken_in(path: Path) -> None:
    """As an import does it."""
    try:
        slides.inspect(path)
    except SlideFlat:
        target = path.with_name("pyramid.tif")
        slides.convert(path, target, timeout_s=SECONDS, most_bytes=1 << 28, progress=lambda _fraction: None)


def jpeg2000_that_lies(path: Path) -> Path:
    flats.jpeg2000(path, tissue(64, 64), codestream=True)
    content = bytearray(path.read_bytes())
    struct.pack_into(">2I", content, 8, 1 << 30, 1 << 30)
    path.write_bytes(content)
    return path


def bmp_that_lies(path: Path) -> Path:
    flats.bmp(path, tissue(64, 64))
    content = bytearray(path.read_bytes())
    struct.pack_into("<2i", content, 18, 100_000, 100_000)
    path.write_bytes(content)
    return path


def jpeg_that_lies(path: Path) -> Path:
    flats.jpeg(path, tissue(64, 64))
    content = bytearray(path.read_bytes())
    at = content.index(b"\xff\xc0")
    struct.pack_into(">2H", content, at + 5, 65_000, 65_000)
    path.write_bytes(content)
    return path


BOMBS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "zeros.png": (flats.png_bomb, "as in a bomb"),
    "head.png": (lambda path: flats.png_head(path, 1_000_000, 1_000_000), "as in a bomb"),
    "wider than all.png": (lambda path: flats.png_head(path, (1 << 31) - 1, 1), "decoded|bomb|pyramid"),
    "lies.jpg": (jpeg_that_lies, "as in a bomb"),
    "lies.j2k": (jpeg2000_that_lies, "as in a bomb"),
    "lies.bmp": (bmp_that_lies, "as in a bomb"),
    "pages.tif": (bombs.many_pages_in_strips, "65000 pages"),
    "strips.tif": (bombs.strips_without_number, "damaged"),
    "wide.tif": (bombs.giant_strips, "cannot be|bomb|damaged|cut off"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_before_they_are_decoded(tmp_path: Path, name: str):
    make, words = BOMBS[name]
    path = make(tmp_path / name)
    with pytest.raises((SlideUnreadable, TooLarge), match=words) as refusal:
        taken_in(path)
    assert name in refusal.value.message
    assert not path.with_name("pyramid.tif").exists()


@pytest.mark.parametrize("content", [
    b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="/etc/passwd"/></svg>',
    b"push graphic-context\nviewbox 0 0 9 9\nimage over 0,0 0,0 '/etc/passwd'\n", b"\x89PNG\r\n\x1a\n<svg>",
    b"BM<html>", b"RIFF\0\0\0\0WEBPVP8 ", b"GIF89a", b"\xff\x4f\xff\x51",
])  # fmt: skip
def test_what_pretends_to_be_a_picture_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(SlideUnreadable, match=r"a\.png"):
        taken_in(path)


def test_a_zip_behind_a_picture_is_a_picture(tmp_path: Path):
    path = flats.png(tmp_path / "a.png", tissue(300, 200))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../evil", "evil")
    taken_in(path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.png", "pyramid.tif"]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_mutated_pictures_end_in_pixels_or_in_a_refusal(tmp_path: Path, seed: int):
    rng = np.random.default_rng(seed)
    makers = (flats.png, flats.jpeg, flats.webp, flats.bmp, flats.jpeg2000, flats.strips)
    for maker in makers:
        content = maker(
            tmp_path / f"a{SUFFIX.get(maker.__name__, '.' + maker.__name__)}", tissue(200, 150)
        ).read_bytes()
        outcomes = [_mutated(tmp_path, content, rng, number) for number in range(20)]
        assert False in outcomes, maker.__name__


SUFFIX = {"jpeg2000": ".jp2", "strips": ".tif"}


def _mutated(folder: Path, content: bytes, rng: np.random.Generator, number: int) -> bool:
    """True where it still could be read."""
    damaged = bytearray(content)
    low, high = (0, min(len(content), 300)) if number % 2 else (0, len(content))
    for at in rng.integers(low, high, 1 + number):
        damaged[at] = rng.integers(0, 256)
    path = folder / f"mutated {number}"
    path.write_bytes(damaged)
    try:
        taken_in(path)
    except (SlideUnreadable, TooLarge):
        return False
    return True
