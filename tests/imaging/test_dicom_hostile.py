"""DICOM slides whose attributes lie: refused with a reason, before anybody believes them."""

import struct
from pathlib import Path

import pytest

from atrisys.errors import SlideUnreadable
from atrisys.imaging import slides, worker
from atrisys.imaging.dicom_metadata import check_metadata
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


def sequence(content: bytes, length: int | None = None) -> bytes:
    """A private sequence; `length` of None: its end is marked."""
    end = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0) if length is None else b""
    head = struct.pack("<HH2sxxI", 0x5401, 0x20, b"SQ", 0xFFFFFFFF if length is None else length)
    return head + content + end


EMPTY = struct.pack("<HHI", 0xFFFE, 0xE000, 0)
MARKED = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
HOSTILE = {
    "empty items": sequence(EMPTY * 2_100_000),
    "items with an end": sequence(MARKED * 1_100_000),
    "a counted sequence": sequence(EMPTY * 2_100_000, len(EMPTY) * 2_100_000),
    "elements": struct.pack("<HH2sH", 0x5401, 0x10, b"SH", 0) * 2_100_000,
    "a long value": struct.pack("<HH2sxxI", 0x5401, 0x10, b"UT", 100_000_000),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_more_than_any_slide_has_to_say_is_refused(tmp_path: Path, what: str):
    with pytest.raises(SlideUnreadable, match=r"a\.dcm has .* which is no slide"):
        check_metadata([dicoms.volume(tmp_path / "a.dcm", before=HOSTILE[what])])


def test_it_is_refused_before_a_library_reads_it(tmp_path: Path):
    with pytest.raises(SlideUnreadable, match=r"a\.dcm has .* which is no slide"):
        slides.inspect(dicoms.volume(tmp_path / "a.dcm", before=HOSTILE["a long value"]))


def test_what_several_files_say_is_counted_together(tmp_path: Path):
    files = [dicoms.volume(tmp_path / name, before=sequence(EMPTY * 1_100_000)) for name in ("a.dcm", "b.dcm")]
    check_metadata(files[:1])
    with pytest.raises(SlideUnreadable, match=r"b\.dcm has more than"):
        check_metadata(files)


def test_thousands_of_elements_are_no_fault(tmp_path: Path):
    item = dicoms.item(dicoms.field(0x20, 0x9111, "SQ", dicoms.item(dicoms.field(0x20, 0x9157, "UL", 7))))
    path = dicoms.volume(tmp_path / "a.dcm", before=sequence(item * 20_000))
    assert slides.inspect(path).width == 300
