"""DICOM slides whose attributes lie: refused with a reason, before anybody believes them."""

import struct
from pathlib import Path

import pytest

from atrisys.errors import SlideUnreadable
from atrisys.imaging import slides, worker
from atrisys.imaging.reader import Box
from given import dicoms


@pytest.fixture(autouse=True)
def little_room():
    """What is lied about must not be asked for."""
    old = worker.pool().limits
    worker.configure(worker.Limits(workers=1, timeout_s=5, memory_mb=512))
    yield
    worker.configure(old)


def test_a_slide_that_does_not_lie_is_read(tmp_path: Path):
    path = dicoms.volume(tmp_path / "a.dcm")
    facts = slides.inspect(path)
    assert (facts.format, facts.width, facts.height) == ("DICOM", 300, 200)
    assert slides.open_slide(path, facts.format).read_region(Box(0, 0, 300, 200)).std() > 1


@pytest.mark.parametrize("frames", ["0", "-1", "5", "7", "2147483647", "4294967296", "9" * 16, "six", ""])
def test_a_count_of_frames_that_is_a_lie_is_refused(tmp_path: Path, frames: str):
    with pytest.raises(SlideUnreadable, match=r"a\.dcm"):
        slides.inspect(dicoms.volume(tmp_path / "a.dcm", said={"frames": frames}))


@pytest.mark.parametrize("side", [0, 1 << 20, (1 << 31) - 1, (1 << 32) - 1])
@pytest.mark.parametrize("consistent", [False, True], ids=["as many frames", "frames to match"])
def test_a_size_that_is_a_lie_is_refused(tmp_path: Path, side: int, consistent: bool):
    said: dict[str, str | int] = {"width": side, "height": side}
    if consistent:
        said["frames"] = str((-(-side // 128)) ** 2)
    with pytest.raises(SlideUnreadable, match=r"a\.dcm"):
        slides.inspect(dicoms.volume(tmp_path / "a.dcm", said=said))


@pytest.mark.parametrize("said", [{"rows": 65_535, "columns": 65_535, "frames": "1"}, {"rows": 0, "columns": 0}])
def test_a_size_of_frames_that_is_a_lie_is_refused(tmp_path: Path, said: dict):
    with pytest.raises(SlideUnreadable, match=r"a\.dcm"):
        slides.inspect(dicoms.volume(tmp_path / "a.dcm", said=said))


def test_sequences_within_sequences_without_end_are_refused(tmp_path: Path):
    sequence = struct.pack("<HH2sxxI", 0x5401, 0x20, b"SQ", 0xFFFFFFFF)
    one = sequence + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    with pytest.raises(SlideUnreadable, match=r"a\.dcm"):
        slides.inspect(dicoms.volume(tmp_path / "a.dcm", before=one * 20_000))
