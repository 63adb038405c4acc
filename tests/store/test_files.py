import errno
import hashlib
import os
import resource
import time
from io import BytesIO
from pathlib import Path

import pytest

from atrisys.errors import DiskRefuses, Misconfigured, TooLarge
from atrisys.store import disk
from atrisys.store.disk import network_share_of, refuse_network_share
from atrisys.store.files import DataFolder, plain_name

LIMIT = 1 << 20


@pytest.fixture
def folder(tmp_path):
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    return folder


def files(folder):
    return {path.relative_to(folder.files).as_posix() for path in folder.files.rglob("*") if path.is_file()}


def test_bytes_are_kept_whole_under_a_name_that_we_made(folder):
    kept = folder.keep(BytesIO(b"abc"), "svs", LIMIT)
    assert (kept.size, kept.sha256) == (3, hashlib.sha256(b"abc").hexdigest())
    assert folder.path_of(kept.name).read_bytes() == b"abc"
    assert kept.name.endswith(".svs")
    assert files(folder) == {kept.name}
    folder.drop(kept.name)
    folder.drop(kept.name)
    assert files(folder) == set()


@pytest.mark.parametrize("ext", ["../../x", "a/b", "x" * 20, "", "sv s", "切", "\0"])
def test_an_extension_that_is_not_plain_is_left_away(folder, ext):
    assert "." not in folder.keep(BytesIO(b"abc"), ext, LIMIT).name


def test_what_is_received_is_nobodys_until_it_is_settled(folder):
    received = folder.receive(BytesIO(b"abc"), "svs", LIMIT)
    assert files(folder) == {received.name}
    assert received.name.startswith(".incoming/")
    lasting = folder.settle(received.name)
    assert lasting == folder.settled_name(received.name)
    assert files(folder) == {lasting}
    assert folder.settle(lasting) == lasting
    folder.discard(lasting)
    assert files(folder) == {lasting}


def test_too_many_bytes_leave_nothing(folder):
    with pytest.raises(TooLarge, match="ATRISYS_MAX_UPLOAD_GB"):
        folder.receive(BytesIO(bytes(LIMIT + 1)), "svs", LIMIT)
    assert files(folder) == set()


@pytest.mark.parametrize("move", [True, False])
def test_a_file_that_is_too_large_is_neither_copied_nor_moved(folder, tmp_path, move):
    source = tmp_path / "a.svs"
    source.write_bytes(bytes(LIMIT + 1))
    with pytest.raises(TooLarge, match="ATRISYS_MAX_UPLOAD_GB"):
        folder.receive_file(source, "svs", LIMIT, move=move)
    assert files(folder) == set()
    assert source.exists()


@pytest.fixture
def flushed(monkeypatch):
    """How long the file was at each time when it went to the disk while more of it came."""
    seen = []
    monkeypatch.setattr(disk, "BEHIND_BYTES", 1 << 16)
    monkeypatch.setattr(disk, "_bring_to_disk", lambda number: seen.append(os.fstat(number).st_size))
    return seen


def test_what_comes_goes_to_the_disk_beside_the_writing(folder, flushed, tmp_path):
    came = os.urandom(20 << 16)
    received = folder.receive(BytesIO(came), "svs", 2 * LIMIT)
    assert flushed
    assert flushed == sorted(flushed)
    assert (received.size, received.sha256) == (len(came), hashlib.sha256(came).hexdigest())
    assert folder.path_of(received.name).read_bytes() == came
    flushed.clear()
    assert disk.copy(folder.path_of(received.name), tmp_path / "copy") == (len(came), received.sha256)
    assert flushed
    assert (tmp_path / "copy").read_bytes() == came


def test_a_disk_that_breaks_beside_the_writing_is_said_in_words_and_leaves_nothing(folder, flushed, monkeypatch):
    def break_down(_: int) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(disk, "_bring_to_disk", break_down)
    with pytest.raises(DiskRefuses, match="cannot be written now"):
        folder.receive(BytesIO(bytes(20 << 16)), "svs", 2 * LIMIT)
    assert files(folder) == set()


@pytest.mark.parametrize("count", [3_000, 3 << 18])
def test_a_copy_that_finds_no_room_says_so_and_not_what_closing_it_ran_into(tmp_path, count):
    (tmp_path / "slide").write_bytes(bytes(count))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    try:
        with pytest.raises(DiskRefuses, match="no room"):
            disk.copy(tmp_path / "slide", tmp_path / "copy")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_said_in_words_and_leaves_nothing(folder, monkeypatch):
    received = folder.incoming("svs", LIMIT)

    class Full:
        def write(self, _piece):
            raise OSError(28, "No space left on device")

        def close(self):
            pass

    monkeypatch.setattr(received._file, "_file", Full())
    with pytest.raises(DiskRefuses, match="no room"):
        received.write(b"x")
    received.discard()
    assert files(folder) == set()


def test_what_a_read_only_disk_does_not_let_go_of_is_swept_later(folder, monkeypatch):
    incoming, received = folder.incoming("svs", LIMIT), folder.receive(BytesIO(b"x"), "svs", LIMIT)

    def refuse(_path, missing_ok=False):
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        incoming.discard()
        folder.discard(received.name)
    assert len(files(folder)) == 2
    folder.sweep(0)
    assert files(folder) == set()


def test_a_folder_is_kept_as_one_and_links_are_not_followed(folder, tmp_path):
    source = tmp_path / "case"
    (source / "inner").mkdir(parents=True)
    (source / "a.dcm").write_bytes(b"a")
    (source / "inner" / "b.dcm").write_bytes(b"bb")
    (tmp_path / "secret").write_bytes(b"secret")
    (source / "link.dcm").symlink_to(tmp_path / "secret")
    kept = folder.keep_tree(source)
    assert kept.size == 3
    assert files(folder) == {f"{kept.name}/a.dcm", f"{kept.name}/inner/b.dcm"}
    again = folder.keep_tree(source)
    assert again.sha256 == kept.sha256
    (source / "a.dcm").write_bytes(b"c")
    assert folder.keep_tree(source).sha256 != kept.sha256
    folder.drop(kept.name)
    assert not folder.path_of(kept.name).exists()


def test_files_of_ours_are_moved_not_copied(folder, tmp_path):
    (tmp_path / "case").mkdir()
    for name in ("a.dcm", "b.dcm", "c.svs"):
        (tmp_path / "case" / name).write_bytes(name.encode())
    number = (tmp_path / "case" / "c.svs").stat().st_ino
    tree = folder.receive_tree(tmp_path / "case", [tmp_path / "case" / n for n in ("a.dcm", "b.dcm")], move=True)
    single = folder.receive_file(tmp_path / "case" / "c.svs", "svs", LIMIT, move=True)
    assert list((tmp_path / "case").iterdir()) == []
    assert tree.size == 10
    assert single.sha256 == hashlib.sha256(b"c.svs").hexdigest()
    assert folder.path_of(single.name).stat().st_ino == number


def test_a_file_can_stand_alone_in_a_folder_without_being_doubled(folder):
    kept = folder.keep(BytesIO(b"dicom"), "dcm", LIMIT)
    alone = folder.in_a_folder(kept, "slide.dcm")
    assert [path.name for path in folder.path_of(alone.name).iterdir()] == ["slide.dcm"]
    assert (folder.path_of(alone.name) / "slide.dcm").stat().st_ino == folder.path_of(kept.name).stat().st_ino
    folder.discard(alone.name)
    assert files(folder) == {kept.name}


def test_only_old_leavings_are_swept(folder):
    kept = folder.keep(BytesIO(b"kept"), "svs", LIMIT)
    old, young = (folder.receive(BytesIO(b"x"), "svs", LIMIT) for _ in range(2))
    (folder.tmp / "old").mkdir()
    for path in (folder.path_of(kept.name), folder.path_of(old.name), folder.tmp / "old"):
        os.utime(path, (time.time() - 1000,) * 2)
    assert folder.sweep(500) == 2
    assert files(folder) == {kept.name, young.name}


def test_a_folder_in_which_something_was_written_lately_is_not_swept(folder):
    scratch = folder.scratch_of_run("runner/1")
    (scratch / "inner").mkdir(parents=True)
    (scratch / "inner" / "mask.png.part").write_bytes(b"x")
    for path in (scratch, scratch / "inner"):
        os.utime(path, (time.time() - 1000,) * 2)
    assert folder.sweep(500) == 0
    assert (scratch / "inner" / "mask.png.part").exists()
    os.utime(scratch / "inner" / "mask.png.part", (time.time() - 1000,) * 2)
    assert folder.sweep(500) == 1
    assert not scratch.exists()


@pytest.fixture
def share(tmp_path, monkeypatch):
    """A folder that this machine takes for a network share."""
    mounts, point = tmp_path / "mounts", tmp_path / "the share"
    escaped = str(point).replace(" ", "\\040")
    lines = ("/dev/sda1 / ext4 rw 0 0", f"nas:/slides {escaped} nfs4 rw 0 0")
    mounts.write_text("\n".join(lines))
    monkeypatch.setattr("atrisys.store.disk.MOUNTS", mounts)
    point.mkdir()
    return point


def test_a_network_share_is_refused_for_sqlite(share, tmp_path):
    assert network_share_of(tmp_path) is None
    assert network_share_of(share / "data") == "nfs4"
    with pytest.raises(Misconfigured, match="network share"):
        refuse_network_share("", share / "data")
    refuse_network_share("", tmp_path)
    refuse_network_share("postgresql://db", share / "data")


def test_a_link_to_a_network_share_is_one(share, tmp_path):
    (tmp_path / "data").symlink_to(share)
    with pytest.raises(Misconfigured, match="network share"):
        refuse_network_share("", DataFolder(tmp_path / "data").root)


@pytest.mark.parametrize(("sent", "shown"), [
    ("slide.svs", "slide.svs"), ("../../etc/passwd", "passwd"), ("C:\\a\\b.svs", "b.svs"), ("/", "slide"),
    ("..", "slide"), (". .", "slide"), ("a\0b\n.svs", "ab.svs"), ("x\u202egpj.svs", "xgpj.svs"), ("", "slide"),
    ("切片.svs", "切片.svs"),
    (" a .svs ", "a .svs"), (".hidden.svs", ".hidden.svs"), ("\ud800.svs", ".svs"),
    ("x" * 300 + ".svs", "x" * 251 + ".svs"), ("y" * 300, "y" * 255), ("שלום.svs", "שלום.svs"),
])  # fmt: skip
def test_a_name_is_made_harmless_for_people(sent, shown):
    assert plain_name(sent) == shown
