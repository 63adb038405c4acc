import io
import random
import struct
import zipfile
from contextlib import suppress

import pytest

from atrisys.errors import Invalid, Refusal, SlideUnreadable, TooLarge
from atrisys.store import unpack as unpacking
from atrisys.store.unpack import unpack

LIMIT = 100 << 20


@pytest.fixture
def into(tmp_path):
    folder = tmp_path / "box" / "into"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def zipped(tmp_path):
    """A zip of what is given: name → content."""

    def zipped(entries, method=zipfile.ZIP_DEFLATED):
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, content in entries.items():
                archive.writestr(name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name), content, method)
        return path

    return zipped


def silent(_fraction):
    pass


def written(into):
    return {str(path.relative_to(into.parent)): path.read_bytes() for path in into.parent.rglob("*") if path.is_file()}


def test_files_lie_below_the_folder_as_they_lay_in_the_archive(zipped, into):
    steps = []
    unpack(zipped({"a.svs": b"A" * 1000, "深/b.dcm": b"B", "empty/": b""}), into, LIMIT, steps.append)
    assert written(into) == {"into/a.svs": b"A" * 1000, "into/深/b.dcm": b"B"}
    assert steps == sorted(steps)
    assert steps[-1] == 1.0


@pytest.mark.parametrize("name", [
    "../evil", "a/../../evil", "/etc/evil", "..\\evil", "C:\\evil", "c:evil", "\\\\host\\share\\evil", "a/\x1b[31m",
    "x" * 300, "", "/".join(["d" * 100] * 30), "..",
])  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused_and_nothing_is_written(zipped, into, name):
    with pytest.raises(Invalid, match="cannot be kept"):
        unpack(zipped({"good.svs": b"x", name: b"evil"}), into, LIMIT, silent)
    assert written(into) == {}


@pytest.mark.parametrize("mode", [0o120777, 0o020666, 0o060666, 0o010666, 0o140777])
def test_links_and_devices_are_refused(zipped, into, mode):
    odd = zipfile.ZipInfo("odd")
    odd.create_system, odd.external_attr = 3, mode << 16
    with pytest.raises(Invalid, match="link or a device"):
        unpack(zipped({odd: b"/etc/passwd"}), into, LIMIT, silent)
    assert written(into) == {}


def test_what_declares_too_much_is_refused_before_it_is_unpacked(zipped, into):
    with pytest.raises(TooLarge, match="ATRISYS_MAX_UPLOAD_GB"):
        unpack(zipped({"a": b"x" * 2001}), into, 2000, silent)
    assert written(into) == {}


def test_a_bomb_that_understates_its_size_is_stopped(zipped, into):
    path = zipped({"a": bytes(50_000_000)})
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", raw, raw.find(signature) + offset, 1000)
    path.write_bytes(raw)
    with pytest.raises(Refusal):
        unpack(path, into, LIMIT, silent)
    assert sum(len(content) for content in written(into).values()) <= 1000


def test_a_bomb_of_entries_over_one_another_is_refused(into, tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a0", bytes(range(256)) * 4000)
        first = archive.filelist[0]
        for number in range(1, 50):
            again = zipfile.ZipInfo(f"a{number}")
            for name in ("header_offset", "CRC", "compress_size", "file_size", "compress_type", "flag_bits"):
                setattr(again, name, getattr(first, name))
            archive.filelist.append(again)
            archive.NameToInfo[again.filename] = again
    path = tmp_path / "bomb.zip"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(Invalid, match="over one another"):
        unpack(path, into, LIMIT, silent)
    assert written(into) == {}


def test_a_ratio_that_only_bombs_have_is_refused(zipped, into, monkeypatch):
    monkeypatch.setattr(unpacking, "SUSPECT_BYTES", 1 << 20)
    with pytest.raises(TooLarge, match="200 times"):
        unpack(zipped({"a": bytes(20_000_000)}), into, LIMIT, silent)
    assert written(into) == {}


def test_too_many_entries_are_refused(zipped, into, monkeypatch):
    monkeypatch.setattr(unpacking, "MOST_ENTRIES", 10)
    with pytest.raises(TooLarge, match="more than 10 files"):
        unpack(zipped({f"f{number}": b"" for number in range(11)}), into, LIMIT, silent)


def test_a_directory_that_would_fill_the_memory_is_not_even_read(zipped, into, monkeypatch):
    path = zipped({f"f{number}": b"" for number in range(100)})
    monkeypatch.setattr(unpacking, "MOST_DIRECTORY_BYTES", 1000)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(TooLarge, match="files"):
        unpack(path, into, LIMIT, silent)


def test_archives_with_64_bit_records_are_read_and_judged_alike(tmp_path, into, monkeypatch):
    path = tmp_path / "a.zip"
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    with zipfile.ZipFile(path, "w") as archive:
        for name in "ab":
            with archive.open(name, "w", force_zip64=True) as entry:
                entry.write(name.encode())
    assert b"PK\x06\x06" in path.read_bytes()
    unpack(path, into, LIMIT, silent)
    assert written(into) == {"into/a": b"a", "into/b": b"b"}
    monkeypatch.setattr(unpacking, "MOST_DIRECTORY_BYTES", 50)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(TooLarge, match="files"):
        unpack(path, into, LIMIT, silent)


@pytest.mark.parametrize("content", [
    b"PK\x03\x04" + bytes(200), b"PK\x05\x06" + b"\xff" * 18, b"PK\x03\x04", b"",
])  # fmt: skip
def test_a_broken_archive_is_refused_in_words(tmp_path, into, content):
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises((SlideUnreadable, TooLarge)):
        unpack(path, into, LIMIT, silent)
    assert written(into) == {}


def test_wrong_checksums_are_found(zipped, into):
    path = zipped({"a": b"hello world" * 100}, zipfile.ZIP_STORED)
    raw = path.read_bytes().replace(b"hello world", b"hallo world", 1)
    path.write_bytes(raw)
    with pytest.raises(SlideUnreadable, match="broken"):
        unpack(path, into, LIMIT, silent)


def test_an_encrypted_archive_is_refused(zipped, into):
    path = zipped({"a": b"secret"})
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.find(signature) + offset] |= 1
    path.write_bytes(raw)
    with pytest.raises(Invalid, match="encrypted"):
        unpack(path, into, LIMIT, silent)


def test_the_same_name_twice_is_refused(tmp_path, into):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a", b"2")
    with pytest.raises(Invalid, match="twice"):
        unpack(path, into, LIMIT, silent)


@pytest.mark.parametrize("names", [("a", "a/b"), ("a/b", "a"), ("a", "a/b/c")])
def test_a_name_that_is_a_file_and_a_folder_is_refused_without_telling_where_we_unpack(zipped, into, names):
    with pytest.raises((Invalid, SlideUnreadable)) as refused:
        unpack(zipped(dict.fromkeys(names, b"x")), into, LIMIT, silent)
    assert str(into) not in str(refused.value)


def test_what_other_systems_add_is_left_out(zipped, into):
    unpack(zipped({"__MACOSX/._a": b"x", ".DS_Store": b"x", "d/Thumbs.db": b"x", "d/a": b"a"}), into, LIMIT, silent)
    assert written(into) == {"into/d/a": b"a"}


def test_utf_8_names_are_understood_also_where_nobody_says_so(tmp_path, into):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("切片.svs", b"a")
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        raw[raw.find(signature) + offset] &= ~0x08
    path.write_bytes(raw)
    unpack(path, into, LIMIT, silent)
    assert written(into) == {"into/切片.svs": b"a"}


def test_a_way_of_packing_that_wants_much_memory_is_refused(zipped, into):
    with pytest.raises(Invalid, match="Pack it as an ordinary zip"):
        unpack(zipped({"a": b"x" * 1000}, zipfile.ZIP_LZMA), into, LIMIT, silent)
    assert written(into) == {}


def test_an_archive_in_an_archive_stays_packed(zipped, into):
    inner = zipped({"a": bytes(10_000_000)}).read_bytes()
    unpack(zipped({"inner.zip": inner}), into, LIMIT, silent)
    assert written(into) == {"into/inner.zip": inner}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_damaged_archives_are_unpacked_or_refused_and_stay_in_their_folder(zipped, tmp_path, method):
    whole = zipped({f"d{number}/a{number}.svs": bytes(range(256)) * 20 for number in range(4)}, method).read_bytes()
    chance = random.Random(method)
    outcomes = set()
    for number in range(150):
        damaged = bytearray(whole)
        low, high = ((0, len(whole)), (len(whole) - 400, len(whole)), (0, 80))[number % 3]
        for _ in range(chance.randrange(1, 5)):
            damaged[chance.randrange(low, high)] = chance.randrange(256)
        path, into = tmp_path / "damaged.zip", tmp_path / "box" / f"{number}"
        path.write_bytes(damaged[: chance.randrange(len(whole))] if number % 10 == 0 else damaged)
        into.mkdir(parents=True)
        with suppress(Refusal):
            unpack(path, into, LIMIT, silent)
            outcomes.add("unpacked")
            continue
        outcomes.add("refused")
    assert outcomes == {"unpacked", "refused"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "box", "damaged.zip"]
