"""Bulk creation with all that must be done and nothing else: the limit of any server in Python that keeps what we keep.

ATrISys's own tables and geometry, but raw sqlite3 in the event loop's own thread, one query for signing in, one for the
slide, one for the terms; no framework, no retries, no other writers, no refusal but a failure, nothing mended or cut.
Run by bench/creating.py on a data folder of its own: the environment variable ATRISYS_DATA names it.
"""

import base64
import hashlib
import hmac
import sqlite3
import time
import uuid
from itertools import chain
from typing import Any

import numpy as np
import orjson
import shapely
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from atrisys.access.keys import KeyBox
from atrisys.geometry import grid
from atrisys.geometry.check import mend_many
from atrisys.geometry.frames import turn_over
from atrisys.geometry.measure import centroids, measure_many
from atrisys.settings import Settings
from atrisys.store.files import DataFolder

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32768", "temp_store=MEMORY")
ACCOUNT = """
select u.id, u.private_key, u.enabled, r.authority from sec_user u
left join sec_user_sec_role ur on ur.user_id = u.id left join sec_role r on r.id = ur.role_id where u.public_key = ?
"""
SLIDE = """
select a.width, a.height, a.mpp_x, p.id, p.ontology_id, p.is_read_only, s.id from image_instance i
join abstract_image a on a.id = i.base_image_id join project p on p.id = i.project_id
join slice_instance s on s.image_id = i.id
where i.id = ? and i.project_id in (select project_id from project_member where user_id = ?)
"""
ANNOTATION = (
    "project_id", "image_id", "slice_id", "user_id", "location", "geometry_compression", "source", "parent_id", "id",
    "created", "updated", "version", "shape", "min_x", "min_y", "max_x", "max_y", "grid_level", "grid_x", "grid_y",
    "area", "area_unit", "perimeter", "perimeter_unit", "centroid_x", "centroid_y",
)  # fmt: skip
LOGGED = ANNOTATION[: ANNOTATION.index("shape")]
LINK = (
    "annotation_id", "term_id", "user_id", "project_id", "layer_id", "id", "created", "updated", "version",
)  # fmt: skip
CHANGE = (
    "seq", "transaction_id", "created", "user_id", "door", "request_id", "class_name", "object_id", "version",
    "container_id", "owner_id", "before", "after",
)  # fmt: skip
Rows = list[tuple[Any, ...]]


def create_app() -> Starlette:
    folder = DataFolder(Settings().data)
    box = KeyBox(folder.secret())
    db = sqlite3.connect(folder.database, isolation_level=None, check_same_thread=False)
    for pragma in PRAGMAS:
        db.execute(f"PRAGMA {pragma}")

    async def add(request: Request) -> Response:
        sent = orjson.loads(await request.body())
        me = sign_in(db, box, request)
        shapes = np.array(shapely.from_wkt([one["location"] for one in sent]), object)
        if any(fitted.changes for fitted in mend_many(shapes)):  # pyright: ignore[reportAttributeAccessIssue]
            raise RuntimeError("The bench sends whole shapes.")
        db.execute("BEGIN IMMEDIATE")
        first = keep(db, me, sent, shapes)
        db.execute("COMMIT")
        ids = list(range(first, first + len(sent)))
        return Response(orjson.dumps({"status": 200, "ids": ids}), media_type="application/json")

    async def ping(_: Request) -> Response:
        return PlainTextResponse("ok")

    return Starlette(routes=[Route("/api/annotation.json", add, methods=["POST"]), Route("/server/ping", ping)])


def sign_in(db: sqlite3.Connection, box: KeyBox, request: Request) -> int:
    """The caller's id."""
    headers = request.headers
    public_key, _, signature = headers["authorization"].removeprefix("CYTOMINE ").partition(":")
    me, locked, _, _ = db.execute(ACCOUNT, (public_key,)).fetchall()[0]
    text = f"POST\n\n{headers['content-type']}\n{headers['date']}"
    made = base64.b64encode(hmac.digest(box.open(locked, public_key).encode(), text.encode(), hashlib.sha1)).decode()
    if not hmac.compare_digest(made, signature):
        raise RuntimeError("The signature is wrong.")
    return me


def keep(db: sqlite3.Connection, me: int, sent: list[dict[str, Any]], shapes: np.ndarray) -> int:
    """Write it all; the first annotation's id."""
    image = sent[0]["image"]
    width, height, mpp, project, ontology, _, plane = db.execute(SLIDE, (image, me)).fetchone()
    terms = {term for one in sent for term in one["term"]}
    places = ", ".join("?" * len(terms))
    query = f"select id from term where ontology_id = ? and id in ({places})"
    if len(db.execute(query, (ontology, *terms)).fetchall()) < len(terms):
        raise RuntimeError("A term is missing.")
    turned = turn_over(shapes, height)
    boxes = shapely.bounds(turned)
    if (boxes < 0).any() or (boxes[:, 2] > width).any() or (boxes[:, 3] > height).any():
        raise RuntimeError("The bench draws inside the picture.")
    links = [(number, term) for number, one in enumerate(sent) for term in one["term"]]
    count = len(sent) + len(links)
    take = "update id_sequence set last = last + ? where name = 'id' returning last"
    first = db.execute(take, (2 * count,)).fetchone()[0] - 2 * count + 1
    now = time.time_ns() // 1_000_000
    follows = zip(
        shapely.to_wkb(turned).tolist(), boxes.tolist(), grid.places(boxes).tolist(), measure_many(turned, mpp),
        centroids(turned), strict=True,
    )  # fmt: skip
    annotations = [
        (project, image, plane, me, one["location"], 0.0, None, None, first + number, now, None, 1, wkb, *box, *cell,
         *measures, *middle)
        for number, (one, (wkb, box, cell, measures, middle)) in enumerate(zip(sent, follows, strict=True))
    ]  # fmt: skip
    linked = [
        (first + number, term, me, project, me, first + len(sent) + place, now, None, 1)
        for place, (number, term) in enumerate(links)
    ]
    insert(db, "user_annotation", ANNOTATION, annotations)
    insert(db, "annotation_term", LINK, linked)
    said = [("UserAnnotation", row[8], dict(zip(LOGGED, row, strict=False))) for row in annotations]
    said += [("AnnotationTerm", row[5], dict(zip(LINK, row, strict=True))) for row in linked]
    seq, request = first + count, uuid.uuid4().hex
    insert(db, "change", CHANGE, [
        (seq + place, seq, now, me, "api", request, kind, id, 1, project, me, None, orjson.dumps(after).decode())
        for place, (kind, id, after) in enumerate(said)
    ])  # fmt: skip
    return first


def insert(db: sqlite3.Connection, table: str, columns: tuple[str, ...], rows: Rows) -> None:
    """All in one statement."""
    names = ", ".join(f'"{column}"' for column in columns)
    row = f"({', '.join('?' * len(columns))})"
    db.execute(f"insert into {table} ({names}) values {', '.join([row] * len(rows))}", tuple(chain.from_iterable(rows)))
