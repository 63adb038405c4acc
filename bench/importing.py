"""Importing a slide of 2 GB: how much longer than copying it, and what that holds in memory."""

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import psutil

from bench.house import House, resident_mb
from bench.report import Line, Section, spread

TITLE = "Importing"
SAID = """`atrisys import` of one slide as a process of its own, from its start to its end, without a server beside
it; the bench's slide, padded to 2 GB with random bytes, others each time. Bare: the same file copied by
`shutil.copyfile` and brought to the disk (`fsync`), in turns before and after. Memory: the most that the command and
its children were seen to hold, 50 looks a second. Linked: the same with `--link`. The slower the disk is at the
moment, the lower the ratio: look at both times."""
SIZE = 2 << 30
PIECE = 1 << 24
GOAL_RATIO, GOAL_MB = 2.0, 300


def measure(house: House, rounds: int) -> Section:
    section = Section(TITLE, SAID)
    project = str(house.command("project", "add", "importing", "--member", "alice:manager")["id"])
    copied, ours, linked, peaks = [], [], [], []
    for number in range(rounds):
        path = house.folder / f"large {number}.tif"
        _write_large(house.slide, path)
        # Whoever comes first pays for what the disk still has to do.
        if number % 2 == 0:
            copied.append(_copy(path))
        seconds, peak = _import(house, path, project)
        ours.append(seconds)
        peaks.append(peak)
        if number % 2:
            copied.append(_copy(path))
        linked.append(_import(house, path, project, "--link")[0])
        path.unlink()
    ratio = statistics.median(ours) / statistics.median(copied)
    section.lines = [
        Line(
            "2 GB", spread(ours, unit=" s"), spread(copied, unit=" s"), f"{ratio:.2f}", f"< {GOAL_RATIO:g}",
            ratio < GOAL_RATIO,
        ),
        Line("most memory", f"{max(peaks):.0f} MB", goal=f"< {GOAL_MB} MB", met=max(peaks) < GOAL_MB),
        Line("linked, not copied", spread(linked, unit=" s")),
    ]  # fmt: skip
    return section


def _write_large(slide: Path, path: Path) -> None:
    shutil.copyfile(slide, path)
    with path.open("ab") as file:
        while file.tell() < SIZE:
            file.write(os.urandom(min(PIECE, SIZE - file.tell())))
        file.flush()
        os.fsync(file.fileno())


def _copy(path: Path) -> float:
    target = path.with_suffix(".copy")
    begun = time.perf_counter()
    shutil.copyfile(path, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    seconds = time.perf_counter() - begun
    target.unlink()
    return seconds


def _import(house: House, path: Path, project: str, *words: str) -> tuple[float, float]:
    """Seconds, and the most megabytes."""
    whole = [sys.executable, "-m", "atrisys", "--data", str(house.data), "import", str(path), "--project", project]
    begun, peak = time.perf_counter(), 0.0
    process = subprocess.Popen([*whole, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            peak = max(peak, resident_mb(process.pid))
        except psutil.NoSuchProcess:
            break
        time.sleep(0.02)
    if process.wait():
        raise RuntimeError(f"atrisys import ended with {process.returncode}")
    return time.perf_counter() - begun, peak
