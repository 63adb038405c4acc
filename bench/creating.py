"""Bulk creation: as the official client does it, and in large arrays, beside a bare insert endpoint."""

import os
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import shapely

from bench.asking import Lean, Session
from bench.house import House, Keys, Server, Sheet, cpu_s, free_port, wait_for_ping
from bench.report import Line, Section, spread
from bench.shapes import API, bodies, scene

TITLE = "Creating annotations in bulk"
SAID = """Arrays of annotations (30 points, one term each) posted to `/api/annotation.json`, every request signed.
"The official client": `AnnotationCollection.save(chunk=15, n_workers=2)` of the unmodified client 4.3.0, all of its
own work in the time. "As the client sends": finished bodies from two threads that share one `requests.Session`.
"Lean": two threads, each with a plain kept-alive connection, so that even less of the time is the client's. The bare
endpoint (bench/bare_server.py) reads the same bodies into SQLite with an R*Tree, one commit a request; both have
`synchronous=FULL`. ATrISys judges the signature, project, image and terms, checks and turns the shapes, keeps the
text, fills the grid and writes the change log (a line for each annotation and each term). "All of it without a
framework" (bench/least_server.py) stands in ATrISys's place in its rows: the least code that does all that, into
ATrISys's own tables, for one client after another and with no refusal but a failure."""
OFFICIAL, LEAST = "the official client", "not ATrISys but all of it without a framework"
THREADS = 2
SHAPES, SAVED = 60_000, 6_000
CHECKOUT = Path(__file__).parent.parent


def measure(house: House, rounds: int) -> Section:
    sheet = house.new_image("creating")
    shapes = scene(SHAPES, sheet.width, sheet.height)
    sizes = {size: bodies(sheet, shapes, size) for size in (15, 1000)}
    ways = {"as the client sends": (15, shared), "lean": (15, lean), "as the client sends ": (1000, shared)}
    taken: dict[tuple[str, str], list[dict[str, float]]] = {}
    drawings = house.folder / "drawings.json"
    drawings.write_bytes(b"[" + b",".join(array[1:-1] for array in sizes[1000][: SAVED // 1000]) + b"]")
    with least_server(house) as least, bare_server(house) as bare, house.server() as server:
        whole = {"ours": (server.port, server.process.pid), "bare": bare, "least": least}
        empty = Lean(house.keys, server.port).post(API, b"[]")
        for round_number in range(rounds + 1):
            for way, (size, connect) in ways.items():
                for whose in random.sample(sorted(whole), 3):
                    port, pid = whole[whose]
                    got = load(connect(house.keys, port), pid, sizes[size], size)
                    if round_number:
                        taken.setdefault((way, whose), []).append(got)
            for whose in random.sample(["ours", "bare"], 2):
                got = save_with_client(house.keys, *whole[whose], drawings)
                if round_number:
                    taken.setdefault((OFFICIAL, whose), []).append(got)
        check_all_kept(server, sheet, shapes)
    section = Section(TITLE, SAID)
    for way, (size, _) in {OFFICIAL: (15, None), **ways}.items():
        what = f"arrays of {size:,}, {way.strip()}"
        section.lines.append(compare(what, taken[way, "ours"], taken[way, "bare"], goal=0.5))
        if (way, "least") in taken:
            section.lines.append(compare(f"{LEAST}: {what}", taken[way, "least"], taken[way, "bare"]))
    said = f"answered {empty}"
    section.lines.append(Line("an empty array", said, goal="200", met=empty == 200))
    return section


def compare(what: str, ours: list[dict[str, float]], bare: list[dict[str, float]], goal: float | None = None) -> Line:
    rates = [[run["rate"] for run in runs] for runs in (ours, bare)]
    ratio = statistics.median(rates[0]) / statistics.median(rates[1])
    texts = [
        f"{spread(rate, '{:,.0f}', '/s')}, {times_of(runs)}" for rate, runs in zip(rates, (ours, bare), strict=True)
    ]
    if goal is None:
        return Line(what, *texts, f"{ratio:.2f}")
    return Line(what, *texts, f"{ratio:.2f}", f"≥ {goal} of bare", ratio >= goal)


def times_of(runs: list[dict[str, float]]) -> str:
    middle = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    waits = f"p50 {middle['p50_ms']:.1f} ms, p99 {middle['p99_ms']:.1f} ms, " if "p50_ms" in middle else ""
    return f"{waits}CPU {middle['cpu_ms']:.1f} ms"


def shared(keys: Keys, port: int) -> Iterator[Session]:
    """The same session for every thread."""
    session = Session(keys, port)
    while True:
        yield session


def lean(keys: Keys, port: int) -> Iterator[Lean]:
    """A connection for each thread."""
    while True:
        yield Lean(keys, port)


def load(clients: Iterator[Any], pid: int, arrays: list[bytes], size: int, seconds: float = 3.0) -> dict[str, float]:
    """Post for some seconds from two threads. `cpu_ms` is what an array costs the server's processor."""
    turns, took = count(), [[] for _ in range(THREADS)]
    mine = [next(clients) for _ in range(THREADS)]
    cpu_before, begun = cpu_s(pid), time.perf_counter()

    def run(thread: int) -> None:
        while (now := time.perf_counter()) < begun + seconds:
            status = mine[thread].post(API, arrays[next(turns) % len(arrays)])
            if status != 200:
                raise RuntimeError(f"A bulk request was answered {status}")
            took[thread].append(time.perf_counter() - now)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    over, cpu = time.perf_counter() - begun, cpu_s(pid) - cpu_before
    all_took = sorted(one for part in took for one in part)
    for client in mine:
        client.close()
    return {
        "rate": len(all_took) * size / over,
        "p50_ms": 1e3 * all_took[len(all_took) // 2],
        "p99_ms": 1e3 * all_took[int(len(all_took) * 0.99)],
        "cpu_ms": 1e3 * cpu / len(all_took),
    }


def save_with_client(keys: Keys, port: int, pid: int, drawings: Path) -> dict[str, float]:
    """As `load`, by the official client itself; it does not tell how long each array took."""
    client = CHECKOUT / ".clients" / "4.3.0" / "bin" / "python"
    script = Path(__file__).with_name("client_saving.py")
    words = [f"http://127.0.0.1:{port}", keys.public, keys.private, str(drawings)]
    cpu_before = cpu_s(pid)
    done = subprocess.run(
        [str(client), "-W", "ignore", str(script), *words], capture_output=True, text=True, check=True
    )
    seconds = float(done.stdout.splitlines()[-1])
    return {"rate": SAVED / seconds, "cpu_ms": 1e3 * (cpu_s(pid) - cpu_before) / (SAVED / 15)}


def check_all_kept(server: Server, sheet: Sheet, shapes: Any) -> None:
    """What was posted is there, exactly as it was sent."""
    kept = server.get(f"/api/annotation.json?image={sheet.image}&showWKT=true&showTerm=true&max=20")
    sent = set(shapely.to_wkt(shapely.from_wkb(shapes), rounding_precision=2))
    if not all(row["location"] in sent and len(row["term"]) == 1 for row in kept):
        raise RuntimeError("An annotation came back other than it was sent.")


@contextmanager
def bare_server(house: House) -> Iterator[tuple[int, int]]:
    """Its port and its process."""
    with one_server("bench.bare_server", BARE_FILE=str(house.folder / "bare.sqlite")) as server:
        yield server


@contextmanager
def least_server(house: House) -> Iterator[tuple[int, int]]:
    """On a data folder of its own, as the bare server has a file of its own: each database grows by its own rows."""
    data = house.folder / "least"
    shutil.copytree(house.data, data)
    with one_server("bench.least_server", ATRISYS_DATA=str(data)) as server:
        yield server


@contextmanager
def one_server(module: str, **environment: str) -> Iterator[tuple[int, int]]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--factory", f"{module}:create_app", "--port", str(port)]
    begun = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--no-access-log", "--log-level", "warning"], env={**os.environ, **environment}
    )
    try:
        wait_for_ping(port, process, begun)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)
