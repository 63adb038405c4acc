"""What a viewer asks for while somebody moves over a slide with a million annotations."""

import random
import sqlite3
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import shapely

from bench.asking import Lean
from bench.house import House, Peak, Sheet
from bench.listing import fill
from bench.report import Line, Section, spread
from bench.shapes import API, scene

TITLE = "A viewport among 1,000,000 annotations"
COUNT, BATCH = 1_000_000, 50_000
HITS = {500: 8, 20_000: 3}
"""About how many annotations a window touches, and how many windows a round asks for."""
SAID = f"""`GET {API}?image=…&bbox=…&showWKT=true&showTerm=true` of one image with {COUNT:,} annotations (30 points,
one term each), signed; windows at random places, each asked of both in turn. ATrISys finds by its grid and then asks
the shapes themselves whether they touch the window. The bare code, in the process of the run and without HTTP, finds
boxes in an R*Tree, fetches ids, terms and the stored WKT, and makes JSON of them with orjson."""


def measure(house: House, rounds: int) -> Section:
    sheet = house.new_image("viewport")
    shapes = scene(COUNT, sheet.width, sheet.height)
    fill_s = fill(house, sheet, shapes, 2_000)
    bare = make_bare(house.folder / "bare-viewport.sqlite", shapes)
    section = Section(TITLE, SAID)
    with house.server() as server:
        idle, client = server.idle_mb(), Lean(house.keys, server.port)
        with Peak(server.process.pid) as peak:
            for hits, windows in HITS.items():
                section.lines.append(one_size(client, bare, sheet, hits, windows * rounds))
        section.lines.append(Line("peak memory above idle", f"{peak.mb - idle:.0f} MB"))
    database = sum(file.stat().st_size for file in house.data.glob("atrisys.sqlite*"))
    section.notes = [
        f"Filled through the API in arrays of 2,000 by one client: {COUNT / fill_s:,.0f} a second.",
        f"The database is {database / COUNT:,.0f} bytes an annotation, its lines in the change log included.",
    ]
    return section


def one_size(client: Lean, bare: sqlite3.Connection, sheet: Sheet, hits: int, windows: int) -> Line:
    side = (hits * sheet.width * sheet.height / COUNT) ** 0.5
    places, taken, found = random.Random(hits), {"ours": [], "bare": []}, []
    for number in range(windows + 1):
        x, y = places.uniform(0, sheet.width - side), places.uniform(0, sheet.height - side)
        begun = time.perf_counter()
        path = f"{API}?image={sheet.image}&bbox={x:.1f},{y:.1f},{x + side:.1f},{y + side:.1f}"
        answer = client.get_whole(f"{path}&showWKT=true&showTerm=true")
        between = time.perf_counter()
        text = find_bare(bare, x, y, side)
        over = time.perf_counter()
        if number:
            taken["ours"].append(1e3 * (between - begun))
            taken["bare"].append(1e3 * (over - between))
        found.append(compare(orjson.loads(answer)["collection"], orjson.loads(text)))
    ratio = statistics.median(taken["ours"]) / statistics.median(taken["bare"])
    texts = [spread(values, "{:.1f}", " ms") for values in taken.values()]
    return Line(f"window of {statistics.median(found):,.0f} annotations", *texts, f"{ratio:.1f} times bare")


def compare(ours: list[dict[str, Any]], bare: list[dict[str, Any]]) -> int:
    """How many were found. Every shape that touches has a box that touches, and few boxes touch alone."""
    texts = {row["location"] for row in ours}
    if not texts <= {row["location"] for row in bare} or len(ours) < 0.9 * len(bare):
        raise RuntimeError("ATrISys and the bare code find different annotations.")
    return len(ours)


def make_bare(file: Path, shapes: np.ndarray) -> sqlite3.Connection:
    db = sqlite3.connect(file, isolation_level=None)
    db.executescript(
        "pragma journal_mode=wal; pragma cache_size=-32768;"
        "create table annotation(id integer primary key, term int, location text);"
        "create virtual table box using rtree(id, min_x, max_x, min_y, max_y);"
    )
    for start in range(0, COUNT, BATCH):
        part = shapely.from_wkb(shapes[start : start + BATCH])
        texts, ids = shapely.to_wkt(part, rounding_precision=2).tolist(), range(start + 1, start + 1 + len(part))
        db.execute("begin")
        db.executemany("insert into annotation values(?,?,?)", ((id, 1 + id % 8, texts[id - start - 1]) for id in ids))
        boxes = zip(ids, shapely.bounds(part).tolist(), strict=True)
        db.executemany("insert into box values(?,?,?,?,?)", ((id, b[0], b[2], b[1], b[3]) for id, b in boxes))
        db.execute("commit")
    return db


def find_bare(db: sqlite3.Connection, x: float, y: float, side: float) -> bytes:
    rows = db.execute(
        "select a.id, a.term, a.location from box join annotation a on a.id = box.id "
        "where min_x <= ? and max_x >= ? and min_y <= ? and max_y >= ?",
        (x + side, x, y + side, y),
    )
    return orjson.dumps([{"id": id, "term": [term], "location": location} for id, term, location in rows])
