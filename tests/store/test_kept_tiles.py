import os
import signal
import subprocess
import sys
import time

import pytest

from atrisys.store import kept_tiles
from atrisys.store.files import DataFolder
from atrisys.store.kept_tiles import KeptTiles

SLIDE = "ab12.svs"
TILE = os.urandom(10_000)
BLOCK = 12_288
"""What such a tile takes on the disk."""


@pytest.fixture
def kept(tmp_path):
    return KeptTiles(tmp_path / "tiles", 100 * BLOCK)


@pytest.fixture(autouse=True)
def no_spare(monkeypatch):
    """However full the disk of whoever runs the tests."""
    monkeypatch.setattr(kept_tiles, "SPARE_BYTES", 0)


def files(kept):
    return {path.name for path in kept.folder.rglob("*") if path.is_file() and path.name != ".sweeping"}


def settled(kept):
    if kept._sweeper:
        kept._sweeper.join()


def test_a_tile_comes_back_as_it_was_kept(kept):
    assert kept.read(SLIDE, "a") is None
    kept.keep(SLIDE, "a", TILE)
    assert kept.read(SLIDE, "a") == TILE
    assert kept.read(SLIDE, "b") is None
    assert kept.read("other.svs", "a") is None
    assert KeptTiles(kept.folder, kept.limit).read(SLIDE, "a") == TILE, "also for another process"


def test_what_was_used_last_is_in_memory_and_for_no_longer_than_its_file_counts_as_used(kept, monkeypatch):
    kept.keep(SLIDE, "a", b"tile")
    assert kept.read_at_once(SLIDE, "a") == b"tile"
    assert kept.read_at_once(SLIDE, "b") is None
    now = time.monotonic()
    monkeypatch.setattr(kept_tiles.time, "monotonic", lambda: now + kept_tiles.USED_AGAIN_S + 1)
    assert kept.read_at_once(SLIDE, "a") is None
    assert kept.read(SLIDE, "a") == b"tile"
    assert kept.read_at_once(SLIDE, "a") == b"tile"


def test_no_more_is_in_memory_than_may_be(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_tiles, "MEMORY_BYTES", 1000)
    kept = KeptTiles(tmp_path / "tiles", 10**9)
    for name in "abc":
        kept.keep(SLIDE, name, b"x" * 400)
    kept.keep(SLIDE, "c", b"x" * 400)
    assert [name for name in "abc" if kept.read_at_once(SLIDE, name)] == ["b", "c"]
    nothing = KeptTiles(tmp_path / "none", 0)
    nothing.keep(SLIDE, "b", b"tile")
    assert nothing.read_at_once(SLIDE, "b") is None


def test_nobody_else_on_the_machine_reads_them(kept):
    kept.keep(SLIDE, "a", TILE)
    (path,) = kept.folder.rglob("a")
    assert (kept.folder.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600)


@pytest.mark.parametrize(
    "left", [b"", TILE[:100], bytes(10_004), TILE], ids=["nothing", "a part", "zeros", "no checksum"]
)
def test_what_is_not_whole_is_no_tile(kept, left):
    kept.keep(SLIDE, "a", TILE)
    (path,) = kept.folder.rglob("a")
    path.write_bytes(left)
    assert kept.read(SLIDE, "a") is None
    kept.keep(SLIDE, "a", TILE)
    assert kept.read(SLIDE, "a") == TILE


def test_what_was_used_longest_ago_goes_first(kept):
    now, room = time.time(), KeptTiles(kept.folder, 1 << 30)
    for number in range(120):
        room.keep(f"{number % 3}.svs", str(number), TILE)
        (path,) = kept.folder.glob(f"*/*/{number}")
        os.utime(path, (now - 100_000 + 100 * number,) * 2)
    assert kept.read("0.svs", "0") == TILE, "it is used: it stays"
    kept.sweep()
    left = {int(name) for name in files(kept)}
    assert left == {0, *range(46, 120)}
    kept.sweep()
    assert {int(name) for name in files(kept)} == left, "there is room"


def test_of_one_age_no_more_go_than_must(kept):
    now, room = time.time(), KeptTiles(kept.folder, 1 << 30)
    for number in range(120):
        room.keep(SLIDE, str(number), TILE)
    settled(room)
    for path in kept.folder.rglob("*"):
        os.utime(path, (now, now))
    kept.sweep()
    assert len(files(kept)) == 75


def test_it_stays_within_its_limit_by_itself(kept):
    for number in range(1000):
        kept.keep(SLIDE, str(number), TILE)
        settled(kept)
        if number % 10 == 0:
            assert len(files(kept)) <= 100
    assert 70 <= len(files(kept)) <= 100


def test_a_smaller_limit_holds_from_the_next_tile_on(kept):
    for number in range(90):
        kept.keep(SLIDE, str(number), TILE)
    settled(kept)
    smaller = KeptTiles(kept.folder, 10 * BLOCK)
    smaller.keep(SLIDE, "new", TILE)
    settled(smaller)
    assert len(files(kept)) <= 10
    nothing = KeptTiles(kept.folder, 0)
    for name in "ab":
        nothing.keep(SLIDE, name, TILE)
        settled(nothing)
    assert files(kept) == set()
    assert list(kept.folder.glob("*/*")) == [], "no folder is left for a slide"


def test_what_is_larger_than_a_tile_is_not_kept(kept):
    kept.keep(SLIDE, "a", bytes(kept_tiles.MOST_BYTES + 1))
    assert files(kept) == set()


def test_a_full_disk_costs_nothing_but_tiles(kept, monkeypatch):
    kept.keep(SLIDE, "a", TILE)
    settled(kept)
    monkeypatch.setattr(kept_tiles, "SPARE_BYTES", 1 << 60)
    for number in range(20):
        kept.keep(SLIDE, str(number), TILE)
    settled(kept)
    assert files(kept) == set(), "they make room for what matters"


def test_a_disk_that_cannot_be_written_is_nobodys_trouble(kept, tmp_path):
    (tmp_path / "tiles").write_bytes(b"a file in its place")
    kept.keep(SLIDE, "a", TILE)
    settled(kept)
    assert kept.read(SLIDE, "a") is None
    kept.sweep()


def test_a_half_written_tile_leaves_nothing(kept, monkeypatch):
    kept.keep(SLIDE, "a", TILE)

    def fails(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept_tiles.Path, "rename", fails)
    kept.keep(SLIDE, "b", TILE)
    assert files(kept) == {"a"}


def test_the_tiles_of_a_dropped_file_go_with_it(tmp_path):
    folder = DataFolder(tmp_path)
    folder.prepare()
    source = tmp_path / "a"
    source.write_bytes(b"a slide")
    name = folder.settle(folder.receive_file(source, "svs", 1 << 20).name)
    kept = KeptTiles(folder.tiles, 1 << 20)
    kept.keep(folder.path_of(name).name, "a", TILE)
    kept.keep("other.svs", "a", TILE)
    folder.drop(name)
    assert kept.read(folder.path_of(name).name, "a") is None
    assert kept.read("other.svs", "a") == TILE


WRITER = """
import os, sys
from pathlib import Path
from atrisys.store import kept_tiles
kept_tiles.SPARE_BYTES = 0
kept = kept_tiles.KeptTiles(Path(sys.argv[1]), int(sys.argv[2]))
tile, number = bytes(range(250)) * 40, 0
print("begun", flush=True)
while True:
    kept.keep("ab12.svs", str(number % 300), tile)
    assert kept.read("ab12.svs", str(number * 7 % 300)) in (None, tile)
    number += 1
"""


def test_processes_share_it_and_may_be_killed_at_any_moment(kept):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(kept.folder), str(kept.limit)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "begun\n"
        time.sleep(0.5)
        assert [writer.poll() for writer in writers] == [None] * 3
    finally:
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
            assert writer.stdout is not None
            writer.stdout.close()
    tile = bytes(range(250)) * 40
    assert all(kept.read(SLIDE, name) == tile for name in files(kept) if not name.startswith("."))
    kept.sweep()
    assert len(files(kept)) <= 100
