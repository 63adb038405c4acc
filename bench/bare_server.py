"""Bulk creation with nothing but the bulk creation: no rights, no terms' rules, no change log, no grid, no WKT kept.

Starlette and sqlite3 with an R*Tree, one commit a request, `synchronous=FULL` as in ATrISys. Run by bench/creating.py:
the environment variable BARE_FILE names the database.
"""

import os
import sqlite3

import orjson
import shapely
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

SCHEMA = """
pragma journal_mode=wal;
pragma synchronous=full;
create table if not exists annotation(id integer primary key, image int, user int, created int, area real, shape blob);
create table if not exists annotation_term(annotation int, term int, user int);
create virtual table if not exists box using rtree(id, min_x, max_x, min_y, max_y, +image int);
"""


def create_app() -> Starlette:
    db = sqlite3.connect(os.environ["BARE_FILE"], isolation_level=None, check_same_thread=False)
    db.executescript(SCHEMA)

    async def add(request: Request) -> Response:
        sent = orjson.loads(await request.body())
        shapes = shapely.from_wkt([one["location"] for one in sent])
        boxes, areas = shapely.bounds(shapes).tolist(), shapely.area(shapes).tolist()
        db.execute("begin immediate")
        first = (db.execute("select max(id) from annotation").fetchone()[0] or 0) + 1
        rows = zip(sent, areas, shapely.to_wkb(shapes).tolist(), strict=True)
        db.executemany(
            "insert into annotation values(?,?,1,1700000000000,?,?)",
            [(first + n, one["image"], area, wkb) for n, (one, area, wkb) in enumerate(rows)],
        )
        db.executemany(
            "insert into box values(?,?,?,?,?,?)",
            [(first + n, b[0], b[2], b[1], b[3], sent[n]["image"]) for n, b in enumerate(boxes)],
        )
        db.executemany(
            "insert into annotation_term values(?,?,1)",
            [(first + n, term) for n, one in enumerate(sent) for term in one["term"]],
        )
        db.execute("commit")
        ids = list(range(first, first + len(sent)))
        return Response(orjson.dumps({"status": 200, "ids": ids}), media_type="application/json")

    async def ping(_: Request) -> Response:
        return PlainTextResponse("ok")

    async def user(_: Request) -> JSONResponse:
        return JSONResponse({"id": 1, "username": "alice"})

    routes = [
        Route("/api/annotation.json", add, methods=["POST"]),
        # What the official client asks for when it connects.
        Route("/server/ping", ping, methods=["GET", "POST"]),
        Route("/api/user/current.json", user),
    ]
    return Starlette(routes=routes)
