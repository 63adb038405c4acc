"""Why boxes stand in a grid and not in an R*Tree: both in bare SQLite, over the same million rows.

Decided in docs/decisions/0002-grid-instead-of-rtree.md. No server takes part: tables with what a viewport needs (id,
term, shape as WKB), `synchronous=FULL`, a cache of 32 MB as ATrISys has it, rows in random order as several people
draw them.
"""

import random
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from atrisys.geometry import grid
from bench import masks
from bench.house import House
from bench.report import Line, Section, spread
from bench.slide import HEIGHT, WIDTH

TITLE = "R*Tree or grid"
COUNT, IMAGES, BATCH = 1_000_000, 20, 1_000
SAID = f"""Bare SQLite, no server: {COUNT:,} nuclei of 30 points (WKB), 200 large regions among them. "R*Tree": the
table, and a virtual table of its boxes with the image as an auxiliary column. "Grid": the box and its cell
(geometry/grid.py) as columns of the table, with an ordinary index on image, level, y, x, as ATrISys has it.
"Clustered": the table itself sorted by that key. First all rows on one image, then spread over {IMAGES} images of that
size. Queries fetch id, term and shape."""
Box = tuple[float, float, float, float]
Rows = list[tuple[Any, ...]]
TABLE = "create table annotation(id integer primary key, image int, term int, shape blob{columns});"
BOX = ", min_x real, min_y real, max_x real, max_y real, grid_level int, grid_x int, grid_y int"
TOUCHES = "min_x <= ? and max_x >= ? and min_y <= ? and max_y >= ?"
CELLS = f"image = ? and grid_level = ? and grid_y between ? and ? and grid_x between ? and ? and {TOUCHES}"


@dataclass(frozen=True)
class Layout:
    """One way to keep boxes."""

    name: str
    schema: str
    inserts: Sequence[tuple[str, Callable[["Data", slice], Iterable[tuple[Any, ...]]]]]
    find: Callable[[sqlite3.Connection, int, Box], Rows]


@dataclass(frozen=True)
class Data:
    """The rows, as lists of plain values."""

    ids: list[int]
    images: list[int]
    shapes: list[bytes]
    boxes: list[list[float]]
    cells: list[list[int]]


def make_data(images: int) -> Data:
    generator = np.random.default_rng(31)
    regions = [masks.region(generator, WIDTH, HEIGHT) for _ in range(200)]
    shapes = np.concatenate([np.array(regions, object), masks.nuclei(generator, COUNT - 200, WIDTH, HEIGHT)])
    shapes = shapes[generator.permutation(COUNT)]
    boxes = shapely.bounds(shapes)
    return Data(
        list(range(1, COUNT + 1)),
        (1 + generator.integers(0, images, COUNT)).tolist(),
        shapely.to_wkb(shapes).tolist(),
        boxes.tolist(),
        grid.places(boxes).tolist(),
    )


def plain_rows(data: Data, part: slice) -> Iterable[tuple[Any, ...]]:
    rows = zip(data.ids[part], data.images[part], data.shapes[part], strict=True)
    return ((id, image, 1 + id % 8, shape) for id, image, shape in rows)


def tree_rows(data: Data, part: slice) -> Iterable[tuple[Any, ...]]:
    rows = zip(data.ids[part], data.images[part], data.boxes[part], strict=True)
    return ((id, box[0], box[2], box[1], box[3], image) for id, image, box in rows)


def grid_rows(data: Data, part: slice) -> Iterable[tuple[Any, ...]]:
    rows = zip(plain_rows(data, part), data.boxes[part], data.cells[part], strict=True)
    return ((*row, *box, *cell) for row, box, cell in rows)


def find_in_tree(db: sqlite3.Connection, image: int, box: Box) -> Rows:
    where = TOUCHES.replace("m", "box.m")
    return db.execute(
        f"select a.id, a.term, a.shape from box join annotation a on a.id = box.id where {where} and box.image = ?",
        (box[2], box[0], box[3], box[1], image),
    ).fetchall()


def find_in_grid(db: sqlite3.Connection, image: int, box: Box) -> Rows:
    found: list[str] = []
    values: list[float] = []
    for cells in grid.cells_of(*box):
        found.append(f"select id, term, shape from annotation where {CELLS}")
        values += [image, cells.level, cells.y0, cells.y1, cells.x0, cells.x1, box[2], box[0], box[3], box[1]]
    return db.execute(" union all ".join(found), values).fetchall()


GRID_INSERT = ("insert into annotation values(?,?,?,?,?,?,?,?,?,?,?)", grid_rows)
LAYOUTS = (
    Layout(
        "R*Tree",
        TABLE.format(columns="") + "create index by_image on annotation(image, id);"
        "create virtual table box using rtree(id, min_x, max_x, min_y, max_y, +image int);",
        [
            ("insert into annotation values(?,?,?,?)", plain_rows),
            ("insert into box values(?,?,?,?,?,?)", tree_rows),
        ],
        find_in_tree,
    ),
    Layout(
        "grid",
        TABLE.format(columns=BOX) + "create index by_image on annotation(image, id);"
        "create index place on annotation(image, grid_level, grid_y, grid_x);",
        [GRID_INSERT],
        find_in_grid,
    ),
    Layout(
        "grid, clustered",
        TABLE.format(columns=BOX + ", primary key(image, grid_level, grid_y, grid_x, id)")
        .replace("id integer primary key", "id int")
        .replace(");", ") without rowid;")
        + "create unique index by_id on annotation(id); create index by_image on annotation(image, id);",
        [GRID_INSERT],
        find_in_grid,
    ),
)


def measure(house: House, rounds: int) -> Section:
    section = Section(TITLE, SAID, head=("what", *[layout.name for layout in LAYOUTS]))
    for images in (1, IMAGES):
        measure_with(section, house.folder, images, make_data(images), rounds)
    return section


def measure_with(section: Section, folder: Path, images: int, data: Data, rounds: int) -> None:
    of = "one image" if images == 1 else f"{images} images"
    open_ones: dict[str, sqlite3.Connection] = {}
    loads, sizes = [], []
    for layout in LAYOUTS:
        file = folder / f"{layout.name}-{images}.sqlite"
        db, load_s = load(layout, file, data)
        open_ones[layout.name] = db
        loads.append(f"{COUNT / load_s:,.0f}/s")
        sizes.append(f"{file.stat().st_size / 1e6:.0f} MB")
    section.lines += [Line(f"{of}: load, {BATCH:,} a commit", *loads), Line("size", *sizes)]
    for hits, looks in ((500, 12), (20_000, 3)):
        side = (hits * images * WIDTH * HEIGHT / COUNT) ** 0.5
        took = look(open_ones, images, min(side, HEIGHT - 1), looks * rounds)
        section.lines.append(Line(f"{of}: window of {hits:,} hits", *took))
    took = look(open_ones, images, 0.0, 40 * rounds)
    section.lines.append(Line(f"{of}: at a point", *took))
    for db in open_ones.values():
        db.close()


def load(layout: Layout, file: Path, data: Data) -> tuple[sqlite3.Connection, float]:
    db = sqlite3.connect(file, isolation_level=None)
    db.executescript("pragma journal_mode=wal; pragma synchronous=full; pragma cache_size=-32768;" + layout.schema)
    begun = time.perf_counter()
    for start in range(0, COUNT, BATCH):
        db.execute("begin immediate")
        for statement, rows in layout.inserts:
            db.executemany(statement, rows(data, slice(start, start + BATCH)))
        db.execute("commit")
    seconds = time.perf_counter() - begun
    db.execute("pragma wal_checkpoint(truncate)")
    return db, seconds


def look(open_ones: dict[str, sqlite3.Connection], images: int, side: float, times: int) -> list[str]:
    """The same windows in every layout, in turn; milliseconds. All must find the same rows."""
    took: dict[str, list[float]]
    places, took = random.Random(5), {layout.name: [] for layout in LAYOUTS}
    for number in range(times + 1):
        x, y = places.uniform(0, WIDTH - side), places.uniform(0, HEIGHT - side)
        image, box, found = places.randint(1, images), (x, y, x + side, y + side), set()
        for layout in random.sample(LAYOUTS, len(LAYOUTS)):
            begun = time.perf_counter()
            rows = layout.find(open_ones[layout.name], image, box)
            if number:
                took[layout.name].append(1e3 * (time.perf_counter() - begun))
            found.add(frozenset(row[0] for row in rows))
        if len(found) != 1 and not nearly_same(found):
            raise RuntimeError("The layouts find different rows.")
    return [spread(values, "{:.2f}", " ms") for values in took.values()]


def nearly_same(found: set[frozenset[int]]) -> bool:
    """The R*Tree rounds boxes outwards to 32-bit floats: it may find a few more."""
    return len(frozenset.union(*found)) - len(frozenset.intersection(*found)) <= 5
