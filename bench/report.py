"""What was measured, as tables on the screen and in RESULTS.md."""

import os
import platform
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

FILE = Path(__file__).parent / "RESULTS.md"
HEAD = ("what", "ATrISys", "bare", "ratio", "goal", "")
PACKAGES = ("fastapi", "starlette", "uvicorn", "sqlalchemy", "pydantic", "shapely", "pillow", "imagecodecs", "orjson")


@dataclass
class Line:
    """One row of a table; cells are finished text."""

    what: str
    ours: str
    bare: str = ""
    ratio: str = ""
    goal: str = ""
    met: bool | None = None
    """None where there is no goal."""


@dataclass
class Section:
    """One part of the run."""

    title: str
    said: str
    """What was asked, of what, and what the bare code is."""
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    head: tuple[str, ...] = HEAD
    """Which of the columns are shown, or other words over them."""

    def text(self) -> str:
        places = [HEAD.index(word) if word in HEAD else place for place, word in enumerate(self.head)]
        rows = [self.head, tuple("---" for _ in self.head)]
        rows += [tuple(cells(line)[place] for place in places) for line in self.lines]
        table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
        notes = "".join(f"\n- {note}" for note in self.notes)
        return f"## {self.title}\n\n{self.said}\n\nMeasured {when()}.\n\n{table}\n{notes}\n"


def cells(line: Line) -> tuple[str, ...]:
    met = "" if line.met is None else ("met" if line.met else "**missed**")
    return line.what, line.ours, line.bare, line.ratio, line.goal, met


def spread(values: Sequence[float], form: str = "{:.2f}", unit: str = "") -> str:
    """Median [lowest–highest]."""
    middle, low, high = (form.format(value) for value in (statistics.median(values), min(values), max(values)))
    return f"{middle}{unit} [{low}–{high}]" if len(values) > 1 else f"{middle}{unit}"


def when() -> str:
    """And on which machine, of which commit: sections of several runs stand in one file."""
    load = os.getloadavg()[0]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    at = f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC at commit {commit.stdout.strip() or 'unknown'}"
    return f"{at} on {processor()}, load average at the end {load:.1f}"


def write(sections: Sequence[Section]) -> None:
    """Put sections into RESULTS.md; those of an earlier run that were not measured now stay as they are."""
    kept = {section.title: section.text() for section in sections}
    for part in FILE.read_text(encoding="utf-8").split("\n## ")[1:] if FILE.exists() else []:
        kept.setdefault(part.partition("\n")[0], f"## {part}")
    order = sorted(kept, key=place)
    FILE.write_text("\n".join([preface(), *(kept[title].rstrip() + "\n" for title in order)]), encoding="utf-8")


TITLES = (
    "Starting and idling",
    "Listing 100,000 annotations",
    "A page of a long list",
    "Creating annotations in bulk",
    "A viewport among 1,000,000 annotations",
    "R*Tree or grid",
    "Masks",
    "The whole slide as one JPEG",
    "Tiles",
    "Decoded tiles",
    "Crops",
    "Importing",
)


def place(title: str) -> tuple[int, str]:
    """Beside each other what is the same but for the number of workers."""
    known = [number for number, one in enumerate(TITLES) if title.startswith(one)]
    return (known or [len(TITLES)])[0], title


def preface() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"""# What ATrISys does on this machine

Written by `make bench`, last on {time.strftime("%Y-%m-%d", time.gmtime())} for ATrISys {version("atrisys")}.
Each part says when, at which commit (the checkout may have held changes on top of it) and on which processor it was
measured: seconds on different processors do not compare. {os.cpu_count()} cores, {memory_gib():.0f} GiB,
{platform.system()} {platform.release()}, CPython {platform.python_version()}, SQLite {sqlite3.sqlite_version};
{packages}.

Everything under "ATrISys" goes through the real server (`atrisys serve`, one worker where nothing else is said): keys
sent and judged, rights checked, changes logged. "Bare" is the least code that does the same work in the same run, the
two taking turns. Figures are medians with [lowest–highest] of all rounds. The machine is shared and the load generator
takes part of one core: the ratios say more than the seconds. Memory is resident memory of all processes of the server,
what they share counted once, looked at every few milliseconds; "above idle" is above what it held before the first
request.
A goal that is missed is said to be missed.
"""


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
