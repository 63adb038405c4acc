"""What opening a slide found is kept for the next process."""

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from atrisys.imaging import opened, slides, worker
from atrisys.imaging.messages import pack
from atrisys.imaging.opened import keep_opened_in
from atrisys.imaging.reader import Box
from atrisys.imaging.slides import Added, SharedSlide, added_name
from atrisys.store.kept_tiles import KeptTiles, forget
from given import slides as given


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[KeptTiles]:
    tiles = KeptTiles(tmp_path / "tiles", 1 << 30)
    keep_opened_in(tiles)
    yield tiles
    keep_opened_in(None)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What workers are asked."""
    said: list[str] = []
    call: Callable[..., object] = worker.call

    def noted(function: str, *args: object, **named: object) -> object:
        said.append(function.rpartition(":")[2])
        return call(function, *args, **named)

    monkeypatch.setattr(worker, "call", noted)
    return said


def files_in(kept: KeptTiles) -> list[Path]:
    return list(kept.folder.rglob("opened-*"))


@pytest.mark.parametrize(("make", "format"), [("svs", "SVS"), ("pyramid", "PYRTIFF")])
def test_the_next_process_reads_a_slide_without_a_worker(tmp_path, kept, asked, make, format):
    path = getattr(given, make)(tmp_path / "a.tif")
    first = SharedSlide(path, format)
    assert asked == ["open_slide"]
    second = SharedSlide(path, format)
    assert second.facts == first.facts
    box = Box(10, 20, 200, 100)
    tiles = [(slide.read_stored_tile(0, 0, 0), slide.read_region(box).tobytes()) for slide in (first, second)]
    assert tiles[0][0]
    assert tiles[0] == tiles[1]
    assert asked == ["open_slide"]


def touch(path: Path) -> None:
    os.utime(path, ns=(1, 1))


def lengthen(path: Path) -> None:
    stat = path.stat()
    with path.open("ab") as file:
        file.write(b"more")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def replace(path: Path) -> None:
    """By another file of the same time and length."""
    stat, other = path.stat(), path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    other.rename(path)


@pytest.mark.parametrize("change", [touch, lengthen, replace])
def test_a_file_that_has_changed_is_asked_about_anew(tmp_path, kept, asked, change):
    path = given.svs(tmp_path / "a.svs", width=300, height=200, factors=(1,))
    SharedSlide(path, "SVS")
    change(path)
    SharedSlide(path, "SVS")
    SharedSlide(path, "SVS")
    assert asked == ["open_slide"] * 2


@pytest.mark.parametrize("what", ["FOUND_AS", "__version__"])
def test_another_version_asks_anew(tmp_path, kept, asked, monkeypatch, what):
    path = given.svs(tmp_path / "a.svs", width=300, height=200, factors=(1,))
    SharedSlide(path, "SVS")
    monkeypatch.setattr(opened, what, "another")
    SharedSlide(path, "SVS")
    assert asked == ["open_slide"] * 2


def test_another_format_asks_anew(tmp_path, kept, asked):
    path = given.svs(tmp_path / "a.svs", width=300, height=200, factors=(1,))
    SharedSlide(path, "SVS")
    SharedSlide(path, "PYRTIFF")
    assert asked == ["open_slide"] * 2


def test_a_file_that_changes_while_it_is_opened_is_not_kept(tmp_path, kept, monkeypatch):
    path = given.svs(tmp_path / "a.svs", width=300, height=200, factors=(1,))
    call = worker.call

    def changing(*given: object, **named: object) -> object:
        found = call(*given, **named)
        touch(path)
        return found

    monkeypatch.setattr(worker, "call", changing)
    SharedSlide(path, "SVS")
    assert files_in(kept) == []


def test_what_the_file_says_of_itself_is_not_kept(tmp_path, kept):
    path = given.svs(tmp_path / "a.svs")
    words = slides.inspect(path).metadata
    assert words
    assert SharedSlide(path, "SVS").facts.metadata == {}
    (file,) = files_in(kept)
    assert b"ImageDescription" not in file.read_bytes()
    assert not any(part in str(file) for part in ("a.svs", path.stem + "."))


def test_of_a_slide_of_several_files_nothing_is_kept(tmp_path, kept, asked):
    folder = tmp_path / "series"
    folder.mkdir()
    given.svs(folder / "a.svs", width=300, height=200, factors=(1,))
    SharedSlide(folder, "SVS")
    assert asked == ["open_slide"]
    assert files_in(kept) == []


def test_what_is_kept_and_broken_is_asked_for_anew(tmp_path, kept, asked):
    path = given.svs(tmp_path / "a.svs", width=300, height=200, factors=(1,))
    facts = SharedSlide(path, "SVS").facts
    (file,) = files_in(kept)
    whole = kept.read_file(path.name, file.name)
    assert whole is not None
    strange = [{}, None, {"facts": {}, "tables": []}, {"facts": asdict(facts), "tables": [{"more": 1}]}]
    for broken in (b"words", whole[:-1], whole[:100], b"\0\0\0\2{}", *(b"".join(pack(one)) for one in strange)):
        kept.keep_file(path.name, file.name, broken)
        assert SharedSlide(path, "SVS").facts == facts
    assert asked == ["open_slide"] * (1 + 4 + len(strange))


def test_tiles_that_are_not_handed_on_leave_nothing(tmp_path, kept, asked):
    path = given.pyramid(tmp_path / "a.tif", given.tissue(300, 200), compression="zlib")
    SharedSlide(path, "PYRTIFF")
    assert files_in(kept) == []


def test_levels_that_were_made_go_with_their_slide(tmp_path, kept, asked):
    path = given.svs(tmp_path / "a.svs", width=600, height=400, factors=(1,))
    folder = tmp_path / "levels"
    folder.mkdir()
    made = given.pyramid(folder / added_name(slides.Plane()), given.tissue(300, 200))
    levels = slides.inspect(made).levels
    asked.clear()
    for _ in range(2):
        slide = SharedSlide(path, "SVS", Added(folder, levels))
        assert slide.read_stored_tile(1, 0, 0)
    assert asked == ["open_slide"] * 2
    assert len(files_in(kept)) == 2
    forget(kept.folder, "a.svs")
    assert files_in(kept) == []


def test_a_missing_file_is_the_workers_to_say(tmp_path, kept):
    with pytest.raises(slides.PictureMissing):
        SharedSlide(tmp_path / "a.svs", "SVS")


def test_tables_come_back_as_they_were(tmp_path, kept):
    path = given.svs(tmp_path / "a.svs")
    first, second = SharedSlide(path, "SVS"), SharedSlide(path, "SVS")
    for level, table in first._tables.items():
        again = second._tables[level]
        assert np.array_equal(again.offsets, table.offsets)
        assert np.array_equal(again.lengths, table.lengths)
        assert {**vars(again), "offsets": 0, "lengths": 0} == {**vars(table), "offsets": 0, "lengths": 0}
