"""The bare listing: a process that has its connection open, a table of ids, terms and WKT, and orjson.

python -m bench.bare_listing FILE    lists once, says how long it took and what it held
"""

import json
import sqlite3
import sys
import time
from pathlib import Path

import orjson

IMAGE = 7


def make(file: Path, texts: list[str]) -> None:
    """The table: 8 terms in turn."""
    db = sqlite3.connect(file)
    db.execute("create table annotation(id integer primary key, image int, term int, location text)")
    rows = ((number, IMAGE, 1 + number % 8, text) for number, text in enumerate(texts, 1))
    db.executemany("insert into annotation values(?,?,?,?)", rows)
    db.execute("create index by_image on annotation(image, id)")
    db.commit()
    db.close()


def main() -> None:
    db = sqlite3.connect(sys.argv[1])
    db.execute("select 1").fetchone()
    before, begun = peak_mb(), time.perf_counter()
    rows = db.execute("select id, term, location from annotation where image=? order by id desc", (IMAGE,))
    text = orjson.dumps([{"id": id, "term": [term], "location": location} for id, term, location in rows])
    seconds = time.perf_counter() - begun
    print(json.dumps({"s": seconds, "mb": len(text) / 1e6, "above_mb": peak_mb() - before}))


def peak_mb() -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1000


if __name__ == "__main__":
    main()
