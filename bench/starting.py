"""How soon the server answers, and what it holds before anybody asks it anything."""

import statistics
import time

import psutil

from bench.house import House, resident_mb
from bench.report import Line, Section, spread

TITLE = "Starting and idling"
SAID = """`atrisys serve` as a process of its own on a data folder with one project and one image, from the start of
the process to the first 200 of `/server/ping`, asked for every 5 ms; and what all its processes hold two seconds
later, before any other request."""
SETTLED_S = 2.0


def measure(house: House, rounds: int) -> Section:
    section = Section(TITLE, SAID, head=("what", "ATrISys", "goal", ""))
    first = one_start(house)
    house.new_image("starting")
    starts = [one_start(house) for _ in range(rounds)]
    seconds, idle = [start[0] for start in starts], [start[1] for start in starts]
    processes = starts[-1][2]
    two = [start[1] for start in (one_start(house, workers=2) for _ in range(2))]
    middle_s, middle_mb = statistics.median(seconds), statistics.median(idle)
    section.lines = [
        row("to the first ping", spread(seconds, unit=" s"), "< 2 s", middle_s < 2),
        row("the very first start, which makes the database", f"{first[0]:.2f} s"),
        row(f"idle, one worker ({processes} process)", spread(idle, "{:.0f}", " MB"), "< 200 MB", middle_mb < 200),
        row("idle, two workers", spread(two, "{:.0f}", " MB")),
    ]
    return section


def row(what: str, ours: str, goal: str = "", met: bool | None = None) -> Line:
    return Line(what, ours, goal=goal, met=met)


def one_start(house: House, workers: int = 1) -> tuple[float, float, int]:
    """Seconds to the first ping, megabytes when settled, processes."""
    with house.server("--workers", str(workers)) as server:
        time.sleep(SETTLED_S)
        processes = 1 + len(psutil.Process(server.process.pid).children(recursive=True))
        return server.started_s, resident_mb(server.process.pid), processes
