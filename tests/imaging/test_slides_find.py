import os
import shutil
import struct
import tracemalloc
from pathlib import Path

import pytest

from atrisys.errors import SlideUnreadable
from atrisys.imaging.dicom_tags import DIRECTORY, WHOLE_SLIDE, read_dicom
from atrisys.imaging.find import entry_of, files_of, find_slides
from atrisys.imaging.recognise import looks_like
from given import slides as given


def dicom_file(
    path: Path,
    series: str = "1.2.3",
    sop_class: str = WHOLE_SLIDE,
    image_type: str = "ORIGINAL\\PRIMARY\\VOLUME\\NONE",
    columns: int = 1000,
    implicit: bool = False,
) -> Path:
    """The head of a DICOM file, with a sequence of undefined length on the way, as scanners write them."""

    def element(group: int, number: int, kind: bytes, value: bytes, plain: bool = implicit) -> bytes:
        value += b"\0" * (len(value) % 2)
        tag = struct.pack("<HH", group, number)
        return tag + (struct.pack("<I", len(value)) if plain else kind + struct.pack("<H", len(value))) + value

    syntax = b"1.2.840.10008.1.2" if implicit else b"1.2.840.10008.1.2.1"
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + element(0x0008, 0x0100, b"SH", b"code")
    item += struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
    start = struct.pack("<HH", 0x0008, 0x1110) + (b"" if implicit else b"SQ\0\0") + struct.pack("<I", 0xFFFFFFFF)
    body = (
        element(0x0008, 0x0008, b"CS", image_type.encode())
        + element(0x0008, 0x0016, b"UI", sop_class.encode())
        + start
        + item
        + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
        + element(0x0020, 0x000E, b"UI", series.encode())
        + element(0x0048, 0x0006, b"UL", struct.pack("<I", columns))
    )
    head = element(0x0002, 0x0002, b"UI", sop_class.encode(), plain=False)
    path.write_bytes(b"\0" * 128 + b"DICM" + head + element(0x0002, 0x0010, b"UI", syntax, plain=False) + body)
    return path


def mirax(folder: Path, name: str = "slide") -> Path:
    (folder / name).mkdir(parents=True)
    (folder / name / "Slidedat.ini").write_text("[GENERAL]")
    (folder / name / "Data0000.dat").write_bytes(b"data")
    (folder / f"{name}.mrxs").write_bytes(b"\xff\xd8\xff\xe0")
    return folder / f"{name}.mrxs"


@pytest.mark.parametrize("implicit", [False, True])
def test_dicom_attributes_are_read_past_sequences(tmp_path: Path, implicit: bool):
    file = read_dicom(dicom_file(tmp_path / "a", implicit=implicit))
    assert (file.series, file.sop_class, file.columns, file.is_volume) == ("1.2.3", WHOLE_SLIDE, 1000, True)


def test_a_dicom_file_that_is_cut_off_says_what_it_still_says(tmp_path: Path):
    whole = dicom_file(tmp_path / "a").read_bytes()
    for end in range(132, len(whole)):
        (tmp_path / "b").write_bytes(whole[:end])
        assert read_dicom(tmp_path / "b").series in ("1.2.3", "1.2.", "1.2", "1.", "1", "")


def test_garbled_dicom_never_hangs_or_breaks(tmp_path: Path):
    whole = dicom_file(tmp_path / "a").read_bytes()
    for at in range(132, len(whole)):
        for flip in (0xFF, 0x01, 0x80):
            (tmp_path / "b").write_bytes(whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :])
            read_dicom(tmp_path / "b")


@given.needs_real
def test_the_real_dicom_folder_is_one_slide_of_four_files():
    assert find_slides([given.DICOM]) == [(given.DICOM, "DICOM")]
    assert set(files_of(given.DICOM)) == set(given.DICOM.iterdir())
    assert read_dicom(entry_of(given.DICOM)).is_volume


@given.needs_real
def test_the_same_dicom_slide_is_named_once_when_its_files_are_given_one_by_one():
    assert find_slides(sorted(given.DICOM.iterdir())) == [(entry_of(given.DICOM), "DICOM")]


def test_several_series_in_a_folder_are_one_slide_each(tmp_path: Path):
    for series in ("1.1", "1.2"):
        dicom_file(tmp_path / f"{series} label", series, image_type="ORIGINAL\\PRIMARY\\LABEL\\NONE", columns=9999)
        dicom_file(tmp_path / f"{series} small", series, columns=100)
        dicom_file(tmp_path / f"{series} large", series, columns=4000)
    dicom_file(tmp_path / "DICOMDIR", "", sop_class=DIRECTORY)
    dicom_file(tmp_path / "ct", "9.9", sop_class="1.2.840.10008.5.1.4.1.1.2")
    assert find_slides([tmp_path]) == [(tmp_path / "1.1 large", "DICOM"), (tmp_path / "1.2 large", "DICOM")]
    names = [file.name for file in files_of(tmp_path / "1.2 large")]
    assert names == ["1.2 large", "1.2 label", "1.2 small"]
    with pytest.raises(SlideUnreadable, match="holds 2 slides"):
        entry_of(tmp_path)


def test_a_mirax_slide_is_named_by_its_entry_file_alone(tmp_path: Path):
    entry = mirax(tmp_path)
    assert looks_like(entry) == "MRXS"
    assert find_slides([tmp_path]) == [(entry, "MRXS")]
    assert entry_of(tmp_path / "slide") == entry == entry_of(tmp_path)
    assert [file.name for file in files_of(entry)] == ["slide.mrxs", "Data0000.dat", "Slidedat.ini"]


def test_a_mirax_entry_without_its_folder_is_a_flat_picture(tmp_path: Path):
    entry = mirax(tmp_path)
    shutil.rmtree(tmp_path / "slide")
    assert looks_like(entry) == "JPEG"
    assert find_slides([tmp_path]) == [(entry, "JPEG")]


def test_a_hamamatsu_slide_takes_the_files_that_it_names_and_no_others(tmp_path: Path):
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"\xff\xd8\xff")
    for name in ("a(0,0).jpg", "a_map.jpg", "a_macro.jpg", "other.jpg"):
        (tmp_path / "in" / name).write_bytes(b"\xff\xd8\xff")
    entry = tmp_path / "in" / "a.vms"
    entry.write_text(
        "[Virtual Microscope Specimen]\nNoLayers=1\nImageFile=a(0,0).jpg\nMapFile=a_map.jpg\n"
        "OptimisationFile=../secret.jpg\nMacroImage=a_macro.jpg\n"
    )
    assert find_slides([tmp_path / "in"]) == [(entry, "VMS")]
    assert sorted(file.name for file in files_of(entry)) == ["a(0,0).jpg", "a.vms", "a_macro.jpg", "a_map.jpg"]


def test_the_index_of_a_hamamatsu_slide_is_not_read_beyond_its_limit(tmp_path: Path):
    entry = tmp_path / "a.vms"
    with entry.open("wb") as file:
        file.write(b"[Virtual Microscope Specimen]\n")
        file.truncate(200 << 20)
    tracemalloc.start()
    with pytest.raises(SlideUnreadable, match=r"a\.vms is too large to be the index of a slide: 8 MB is the limit"):
        files_of(entry)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_slides_are_found_by_content_and_others_passed_over(tmp_path: Path):
    deep = tmp_path / "b" / "deep"
    deep.mkdir(parents=True)
    tiff = given.pyramid(tmp_path / "a file without a suffix", given.tissue(200, 150), (1,))
    inner = given.pyramid(deep / "slide.dat", given.tissue(200, 150), (1,))
    (tmp_path / "broken.svs").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("words")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (tmp_path / ".hidden.svs").write_bytes(tiff.read_bytes())
    assert find_slides([tmp_path]) == [(tiff, "TIFF"), (tmp_path / "broken.svs", "EMPTY"), (inner, "TIFF")]


def test_files_that_are_named_are_all_answered_for(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("words")
    found = find_slides([tmp_path / "notes.txt", tmp_path / "nowhere"])
    assert found == [(tmp_path / "notes.txt", "UNKNOWN"), (tmp_path / "nowhere", "MISSING")]


def test_an_empty_folder_holds_no_slide(tmp_path: Path):
    assert find_slides([tmp_path]) == []
    with pytest.raises(SlideUnreadable, match="holds 0 slides"):
        entry_of(tmp_path)


def test_folders_that_lead_in_circles_are_walked_once(tmp_path: Path):
    slide = given.pyramid(tmp_path / "a.tif", given.tissue(200, 150), (1,))
    os.symlink(tmp_path, tmp_path / "again")
    assert find_slides([tmp_path]) == [(slide, "TIFF")]
