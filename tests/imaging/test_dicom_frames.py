"""Frames of DICOM slides that are handed on as they lie in their file."""

import shutil
import struct
from pathlib import Path

import imagecodecs
import numpy as np
import openslide
import pytest

from atrisys.imaging import slides
from atrisys.imaging.dicom_frames import stored_table
from atrisys.imaging.levels import on_white
from atrisys.imaging.own_tiles import Place
from atrisys.imaging.reader import Box, Level
from atrisys.imaging.tile_pictures import decoded_picture, stored_picture
from given import slides as given
from given.dicoms import BASELINE, begins, field, pixels

LEVEL = Level(600, 300, 1.0, 240, 240)


def volume(path: Path, frames: list[bytes], table: str = "basic", cut: bool = False, **said: str | int) -> Path:
    """A file of a DICOM slide with these frames, each padded to an even length."""
    frames = [frame + b"\0" * (len(frame) % 2) for frame in frames]
    places = begins(frames)
    values = {"syntax": BASELINE, "order": "TILED_FULL", "photometric": "YBR_FULL_422", "bits": 8, "count": len(frames)}
    values |= said
    more = b""
    if table == "extended":
        more = field(0x7FE0, 1, "OV", struct.pack(f"<{len(frames)}Q", *places))
        more += field(0x7FE0, 2, "OV", struct.pack(f"<{len(frames)}Q", *map(len, frames)))
    basic = struct.pack(f"<{len(places)}I", *places) if table == "basic" else b""
    pieces = [part for frame in frames for part in (frame[:100], frame[100:])] if cut else frames
    path.write_bytes(
        bytes(128) + b"DICM"
        + field(2, 0x10, "UI", values["syntax"]) + field(0x20, 0x9311, "CS", values["order"])
        + field(0x28, 2, "US", 3) + field(0x28, 4, "CS", values["photometric"])
        + field(0x28, 8, "IS", str(values["count"])) + field(0x28, 0x10, "US", 240) + field(0x28, 0x11, "US", 240)
        + field(0x28, 0x100, "US", values["bits"]) + field(0x48, 6, "UL", 600) + field(0x48, 7, "UL", 300)
        + more + pixels(pieces, basic)
    )  # fmt: skip
    return path


@pytest.fixture
def frames() -> list[bytes]:
    picture = given.tissue(720, 480)
    parts = [picture[y : y + 240, x : x + 240] for y in (0, 240) for x in (0, 240, 480)]
    return [bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(part), 90)) for part in parts]


@given.needs_real
def test_every_frame_of_the_real_slide_equals_openslides_pixels():
    slide = slides.open_slide(given.DICOM, slides.inspect(given.DICOM).format)
    entry = max(given.DICOM.iterdir(), key=lambda file: file.stat().st_size)
    with openslide.OpenSlide(entry) as other:
        for column in range(10):
            for row in range(13):
                picture = stored_picture(slide, Place(0, column, row))
                assert picture is not None
                width, height = min(240, 2220 - 240 * column), min(240, 2967 - 240 * row)
                wanted = on_white(np.asarray(other.read_region((240 * column, 240 * row), 0, (width, height))))
                assert (imagecodecs.jpeg8_decode(picture.body)[:height, :width] == wanted).all()
        wanted = on_white(np.asarray(other.read_region((0, 0), 0, (2220, 2967))))
        assert (slide.read_region(Box(0, 0, 2220, 2967)) == wanted).all()


@given.needs_real
def test_a_slide_that_tells_less_is_read_all_the_same(tmp_path: Path):
    for file in given.DICOM.iterdir():
        shutil.copy(file, tmp_path / file.name)
    entry = max(tmp_path.iterdir(), key=lambda file: file.stat().st_size)
    entry.chmod(0o644)
    one_path, two_paths = (field(0x48, 0x302, "UL", count) for count in (1, 2))
    entry.write_bytes(entry.read_bytes().replace(one_path, two_paths))
    slide = slides.open_slide(tmp_path, slides.inspect(tmp_path).format)
    assert stored_picture(slide, Place(0, 1, 1)) is None
    assert imagecodecs.jpeg8_decode(decoded_picture(slide, Place(0, 1, 1)).body).shape == (240, 240, 3)


@pytest.mark.parametrize("table", ["basic", "extended"])
def test_frames_are_found_by_either_table(tmp_path: Path, frames: list[bytes], table: str):
    path = volume(tmp_path / "a.dcm", frames, table)
    found = stored_table(path, LEVEL)
    assert found is not None
    assert (found.columns, found.rows, found.plain_jpeg, found.ycbcr) == (3, 2, True, True)
    whole = path.read_bytes()
    for number, frame in enumerate(frames):
        offset, length = found.extent(number % 3, number // 3)
        assert whole[offset : offset + length].rstrip(b"\0") == frame.rstrip(b"\0")


@pytest.mark.parametrize(
    "said",
    [
        {"syntax": "1.2.840.10008.1.2.4.90"},
        {"order": "TILED_SPARSE"},
        {"photometric": "MONOCHROME2"},
        {"bits": 16},
        {"count": 5},
        {"count": "x"},
        {"count": "-6"},
        {"table": "none"},
        {"cut": True},
    ],
)
def test_what_is_not_plain_is_left_to_openslide(tmp_path: Path, frames: list[bytes], said: dict):
    assert stored_table(volume(tmp_path / "a.dcm", frames, **said), LEVEL) is None


@pytest.mark.parametrize("level", [Level(601, 300, 1.0, 240, 240), Level(600, 300, 1.0, 256, 240)])
def test_a_file_of_another_level_is_none_of_this_one(tmp_path: Path, frames: list[bytes], level: Level):
    assert stored_table(volume(tmp_path / "a.dcm", frames), level) is None


def test_colours_are_marked_as_the_file_says(tmp_path: Path, frames: list[bytes]):
    found = stored_table(volume(tmp_path / "a.dcm", frames, photometric="RGB"), LEVEL)
    assert found is not None
    assert not found.ycbcr


def test_damaged_files_have_no_table_and_break_nothing(tmp_path: Path, frames: list[bytes]):
    whole = volume(tmp_path / "a.dcm", frames).read_bytes()
    rng = np.random.default_rng(3)
    for number in range(200):
        broken = bytearray(whole)
        for at in rng.integers(132, 700, 6):
            broken[at] = rng.integers(0, 256)
        cut = bytes(broken)[: int(rng.integers(140, len(whole)))] if number % 2 else bytes(broken)
        path = tmp_path / "b.dcm"
        path.write_bytes(cut)
        found = stored_table(path, LEVEL)
        assert found is None or (found.columns, found.rows) == (3, 2)
