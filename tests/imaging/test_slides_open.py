import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np
import psutil
import pytest

from atrisys.errors import PictureFailed, PictureMissing, SlideUnreadable
from atrisys.imaging import slides, worker
from atrisys.imaging.reader import Box, Plane
from given import slides as given


def test_facts_survive_json(tmp_path: Path):
    for facts in (slides.inspect(given.svs(tmp_path / "a.svs")), slides.inspect(given.ome(tmp_path / "a.ome.tif"))):
        assert slides.facts_from(json.loads(json.dumps(asdict(facts)))) == facts


def test_a_slide_is_opened_once_for_all_who_ask(tmp_path: Path):
    path = given.svs(tmp_path / "a.svs")
    with ThreadPoolExecutor(8) as threads:
        opened = list(threads.map(lambda _: slides.open_slide(path, "SVS"), range(32)))
    assert len({id(slide) for slide in opened}) == 1


def test_a_file_that_has_changed_is_opened_anew(tmp_path: Path):
    path = given.pyramid(tmp_path / "a.tif", given.tissue(300, 200, seed=1), compression="zlib")
    old = slides.open_slide(path, "PYRTIFF")
    assert (old.read_region(Box(0, 0, 300, 200)) == given.tissue(300, 200, seed=1)).all()
    given.pyramid(path, given.tissue(300, 200, seed=2), compression="zlib")
    os.utime(path, (time.time() + 5, time.time() + 5))
    new = slides.open_slide(path, "PYRTIFF")
    assert (new.read_region(Box(0, 0, 300, 200)) == given.tissue(300, 200, seed=2)).all()


def test_a_slide_that_the_cache_has_let_go_of_can_still_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(slides, "MOST_OPEN", 2)
    paths = [given.svs(tmp_path / f"{n}.svs", width=300, height=200, factors=(1,), seed=n) for n in range(6)]
    opened = [slides.open_slide(path, "SVS") for path in paths]
    for number, slide in enumerate(opened):
        pixels = slide.read_region(Box(0, 0, 300, 200)).astype(int)
        assert np.abs(pixels - given.tissue(300, 200, seed=number)).mean() < 2


def test_files_of_slides_that_nobody_holds_are_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(slides, "MOST_OPEN", 2)
    for number in range(6):
        slides.open_slide(given.svs(tmp_path / f"{number}.svs", width=300, height=200, factors=(1,)), "SVS")
    mine = [file.path for file in psutil.Process().open_files() if file.path.startswith(str(tmp_path))]
    assert len(mine) <= 2


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path):
    with pytest.raises(PictureMissing, match=r"a\.svs"):
        slides.open_slide(tmp_path / "a.svs", "SVS")


def test_a_file_that_is_no_longer_a_slide_is_refused_each_time(tmp_path: Path):
    path = tmp_path / "a.svs"
    path.write_bytes(b"words")
    for _ in range(2):
        with pytest.raises(SlideUnreadable):
            slides.open_slide(path, "SVS")


@pytest.mark.parametrize("make", ["svs", "ome", "pyramid"])
def test_threads_read_the_same_pixels_as_one_alone(tmp_path: Path, make: str):
    options = {"compression": "zlib"} if make == "pyramid" else {}
    path = getattr(given, make)(tmp_path / "a.tif", **options)
    slide = slides.open_slide(path, slides.inspect(path).format)
    last = Plane(slide.facts.channels - 1, slide.facts.depth - 1, slide.facts.duration - 1)
    boxes = [Box(13 * n, 7 * n, 200, 150) for n in range(24)]
    alone = [slide.read_region(box, n % 2, last) for n, box in enumerate(boxes)]
    with ThreadPoolExecutor(6) as threads:
        together = list(threads.map(lambda n: slide.read_region(boxes[n], n % 2, last), range(24)))
    assert all((one == other).all() for one, other in zip(alone, together, strict=True))


def test_a_broken_tile_fails_its_region_alone(tmp_path: Path):
    path = given.svs(tmp_path / "a.svs", width=1500, height=1000)
    slide = slides.open_slide(path, "SVS")
    stored = slide.read_stored_tile(0, 9, 6)
    assert stored is not None
    content = path.read_bytes()
    at = content.index(stored[18:])
    stat = path.stat()
    with path.open("r+b") as file:
        file.seek(at - 2)
        file.write(bytes(len(stored) - 16))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(PictureFailed, match=r"a\.svs: tile 9, 6 is damaged"):
        slide.read_region(Box(9 * given.TILE, 6 * given.TILE, 50, 50))
    assert slide.read_region(Box(0, 0, 500, 500)).std() > 1


def test_workers_that_are_killed_while_a_slide_is_open_cost_nothing(tmp_path: Path):
    path = given.pyramid(tmp_path / "a.tif", compression="zlib")
    slide = slides.open_slide(path, "PYRTIFF")
    before = slide.read_region(Box(0, 0, 900, 700))
    for pid in worker.pool().pids():
        psutil.Process(pid).kill()
    assert (slide.read_region(Box(0, 0, 900, 700)) == before).all()


def test_a_slide_whose_tiles_hang_costs_its_request_alone(tmp_path: Path):
    """A stopped worker is what an endless tile looks like from outside."""
    path = given.pyramid(tmp_path / "a.tif", compression="zlib")
    old = worker.pool().limits
    worker.configure(worker.Limits(workers=2, timeout_s=1))
    try:
        slide = slides.open_slide(path, "PYRTIFF")
        (pid,) = worker.pool().pids()
        psutil.Process(pid).suspend()
        failed: list[Exception] = []

        def ask() -> None:
            try:
                slide.read_region(Box(0, 0, 100, 100))
            except PictureFailed as failure:
                failed.append(failure)

        thread = threading.Thread(target=ask)
        thread.start()
        other = given.pyramid(tmp_path / "b.tif", compression="lzw")
        assert slides.inspect(other).width == 900
        thread.join()
        assert "longer than 1 s" in str(failed[0])
        assert slide.read_region(Box(0, 0, 100, 100)).shape == (100, 100, 3)
    finally:
        worker.configure(old)


_QUIET = """
import sys
from pathlib import Path
from atrisys.imaging import slides
from atrisys.imaging.reader import Box
heavy = {"tifffile", "openslide", "imagecodecs", "PIL"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
for path in map(Path, sys.argv[1:]):
    facts = slides.inspect(path)
    slides.open_slide(path, facts.format).read_region(Box(0, 0, 300, 300))
assert heavy & set(sys.modules) == {"imagecodecs"}, heavy & set(sys.modules)
"""


def test_of_all_decoders_only_libjpeg_turbo_comes_into_this_process_and_late(tmp_path: Path):
    paths = [
        given.svs(tmp_path / "a.svs"),
        given.ome(tmp_path / "b.tif"),
        given.pyramid(tmp_path / "c", compression=33005),
    ]
    subprocess.run([sys.executable, "-c", _QUIET, *map(str, paths)], check=True, timeout=60)
