"""Listing 100,000 annotations, as README.md's script asks and with the least that training data needs."""

import json
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import orjson
import shapely

from bench.asking import Got, Lean
from bench.bare_listing import make
from bench.house import House, Peak, Sheet
from bench.report import Line, Section, spread
from bench.shapes import API, bodies, scene

TITLE = "Listing 100,000 annotations"
COUNT, PART = 100_000, 50_000
SAID = f"""`GET {API}` of one image with {COUNT:,} annotations (30 points, one term each), signed as the official
client signs; the clock runs until the last byte is read. The bare code (bench/bare_listing.py) is one process
without any HTTP: ids, terms and the stored WKT out of a SQLite table of nothing else, through orjson."""
ASKED = {
    "as README.md's script asks (basic, meta, WKT, term)": (
        "max=0&offset=0&showBasic=True&showMeta=True&showWKT=True&showTerm=True&included=False"
    ),
    "WKT and term alone": "showWKT=true&showTerm=true",
    "the same in image order (origin=left-top)": "showWKT=true&showTerm=true&origin=left-top",
}
NO_GOAL = "the same in image order (origin=left-top)"
"""What is stored is the text in Cytomine's order; this one is written anew from the shapes."""


def measure(house: House, rounds: int) -> Section:
    sheet = house.new_image("listing")
    shapes = scene(COUNT, sheet.width, sheet.height)
    fill_s = fill(house, sheet, shapes)
    bare_file = house.folder / "bare-listing.sqlite"
    make(bare_file, shapely.to_wkt(shapely.from_wkb(shapes), rounding_precision=2).tolist())
    taken: dict[str, list[Got]] = {}
    cpu: dict[str, list[float]] = {}
    bare: list[dict[str, float]] = []
    section = Section(TITLE, SAID)
    with house.server() as server:
        idle, client = server.idle_mb(), Lean(house.keys, server.port)
        check(client, sheet)
        server_peak = 0.0
        for _ in range(rounds):
            ways: list[str | None] = [*ASKED, None]
            random.shuffle(ways)
            for way in ways:
                if way is None:
                    bare.append(list_bare(bare_file))
                    continue
                cpu_before = server.cpu_s()
                with Peak(server.process.pid) as peak:
                    taken.setdefault(way, []).append(client.get(f"{API}?{ASKED[way]}&image={sheet.image}"))
                cpu.setdefault(way, []).append(server.cpu_s() - cpu_before)
                server_peak = max(server_peak, peak.mb)
    bare_s = [run["s"] for run in bare]
    for way in ASKED:
        seconds = [got.s for got in taken[way]]
        middle = statistics.median(seconds)
        ratio = f"{middle / statistics.median(bare_s):.1f} times bare"
        size = f"{taken[way][0].size / 1e6:.0f} MB"
        ours = f"{spread(seconds, unit=' s')} ({size}, CPU {statistics.median(cpu[way]):.2f} s)"
        goal, met = ("", None) if way == NO_GOAL else ("< 1.0 s", middle < 1.0)
        section.lines.append(Line(way, ours, f"{spread(bare_s, unit=' s')} ({bare[0]['mb']:.0f} MB)", ratio, goal, met))
    first = [1e3 * got.first_s for gots in taken.values() for got in gots]
    section.lines.append(Line("until the first rows come", spread(first, "{:.0f}", " ms")))
    above = server_peak - idle
    bare_above = spread([run["above_mb"] for run in bare], "{:.0f}", " MB")
    section.lines.append(Line("peak memory above idle", f"{above:.0f} MB", bare_above, "", "< 100 MB", above < 100))
    section.notes.append(f"Filled through the API in arrays of 1,000 by one client: {COUNT / fill_s:,.0f} a second.")
    return section


def fill(house: House, sheet: Sheet, shapes: np.ndarray, size: int = 1000) -> float:
    """Post all shapes, one array after the other; says how many seconds that took."""
    taken = 0.0
    with house.server() as server:
        client = Lean(house.keys, server.port)
        for start in range(0, len(shapes), PART):
            for array in bodies(sheet, shapes[start : start + PART], size):
                begun = time.perf_counter()
                if (status := client.post(API, array)) != 200:
                    raise RuntimeError(f"A bulk request was answered {status}")
                taken += time.perf_counter() - begun
    return taken


def check(client: Lean, sheet: Sheet) -> None:
    """That a listing holds what it must (also: the server's first request, which loads what it needs)."""
    for asked in ASKED.values():
        kept = orjson.loads(client.get_whole(f"{API}?{asked}&image={sheet.image}"))
        rows = kept["collection"]
        if kept["size"] != COUNT or len({row["id"] for row in rows}) != COUNT:
            raise RuntimeError("The listing does not hold every annotation once.")
        if not all(row["location"].startswith("POLYGON") and row["term"][0] in sheet.terms for row in rows):
            raise RuntimeError("The listing lacks locations or terms.")


def list_bare(file: Path) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-m", "bench.bare_listing", str(file)], capture_output=True, check=True)
    return json.loads(done.stdout)
