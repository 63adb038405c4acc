"""Uploads that go on where they broke off (tus 1.0.0), beside `POST /upload`."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from fastapi import Request
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.visible import visible
from atrisys.actions import resume_upload
from atrisys.actions.import_slide import Place, check_place, upload_limit
from atrisys.actions.resume_upload import Piece
from atrisys.errors import Invalid
from atrisys.store.growing import CHECKSUMS
from atrisys.store.session import Store
from atrisys.store.table import now_ms
from atrisys.store.tables import OpenUpload
from atrisys.wire import tus
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, PageQuery
from atrisys.wire.described import gives, lists
from atrisys.wire.dialect import Json, address_of
from atrisys.wire.fields import Model, Moment
from atrisys.wire.routes import Routes, open_to_all, waits_for_client
from atrisys.wire.upload_asking import PARAMETERS, asked_place, asked_properties

routes = Routes(tags=["upload"], route_class=tus.TusRoute)

SENT: dict[str, Any] = {
    "requestBody": {
        "content": {"application/offset+octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    "parameters": [
        {"name": "Upload-Offset", "in": "header", "required": True, "schema": {"type": "integer"}},
        {"name": "Upload-Checksum", "in": "header", "description": "`sha1 Base64`", "schema": {"type": "string"}},
    ],
}
CREATION: dict[str, Any] = {
    "requestBody": SENT["requestBody"],
    "parameters": [
        *PARAMETERS,
        {"name": "Upload-Length", "in": "header", "required": True, "schema": {"type": "integer"}},
        {
            "name": "Upload-Metadata",
            "in": "header",
            "description": "`filename Base64`; also what the query can say",
            "schema": {"type": "string"},
        },
    ],
}


class OpenUploadOut(Model):
    name: str
    length: int
    offset: int
    expires: Moment
    storage_id: int
    projects: list[int]
    metadata: dict[str, str]
    """What was said of it when it was begun: so that a client knows which of its files it is."""
    uploaded_file_id: int | None
    """What has come of it, once it is whole."""
    job_id: int | None


@routes.api_route("/api/atrisys/uploads", methods=["OPTIONS"])
@open_to_all
def show_protocol(store: CurrentStore) -> Response:
    """Which tus is spoken here."""
    headers = {
        "Tus-Version": tus.VERSION,
        "Tus-Extension": tus.EXTENSIONS,
        "Tus-Max-Size": str(upload_limit(store)),
        "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
    }
    return Response(status_code=204, headers=headers)


@routes.post("/api/atrisys/uploads", openapi_extra=CREATION, status_code=201)
@waits_for_client
async def begin_upload(request: Request, store: CurrentStore, user: CurrentUser) -> Response:
    """Announce a file; its first piece may come along. `Location` is where the rest is sent.

    Rights are asked for now and again when it is whole; then it goes the way of every upload: an uploaded file, a job.
    """
    sent = request.headers.get("upload-metadata", "")
    said = {**tus.read_metadata(sent), **request.query_params}
    place = await run_in_threadpool(_place, store, user, said)
    tus.require_version(request.headers)
    row = await run_in_threadpool(
        resume_upload.begin,
        store,
        user,
        place,
        said.get("filename") or said.get("name") or "slide",
        tus.read_number(request.headers, "upload-length"),
        metadata=sent,
        properties=asked_properties(said),
    )
    if tus.sends_piece(request.headers):
        row = await tus.take_piece(request, partial(Piece, store, user, row.id, 0))
    location = f"{address_of(request)}/api/atrisys/uploads/{row.id}"
    return Response(status_code=201, headers={"Location": location, **tus.headers_of(row)})


def _place(store: Store, user: Caller, said: Mapping[str, str]) -> Place:
    with store.reading() as db:
        return check_place(db, user, *asked_place(said))


@routes.head("/api/atrisys/uploads/{id:int}")
def show_offset(id: int, request: Request, db: Db, user: CurrentUser) -> Response:
    """How much has come: there the next piece begins."""
    row = resume_upload.find(db, user, id)
    tus.require_version(request.headers)
    headers = {**tus.headers_of(row), "Upload-Length": str(row.length), "Cache-Control": "no-store"}
    if row.sent_metadata:
        headers["Upload-Metadata"] = row.sent_metadata
    return Response(headers=headers)


@routes.patch("/api/atrisys/uploads/{id:int}", openapi_extra=SENT, status_code=204)
@waits_for_client
async def send_piece(id: int, request: Request, store: CurrentStore, user: CurrentUser) -> Response:
    """The next piece, from `Upload-Offset` on. What is acknowledged is on the disk; a broken piece is kept as well.

    409: it does not go on there; 423: another piece is being sent; 460: it was damaged on its way.
    """
    await run_in_threadpool(resume_upload.require, store, user, id)
    tus.require_version(request.headers)
    if not tus.sends_piece(request.headers):
        raise Invalid("Send pieces as application/offset+octet-stream.")
    offset = tus.read_number(request.headers, "upload-offset")
    row = await tus.take_piece(request, partial(Piece, store, user, id, offset))
    return Response(status_code=204, headers=tus.headers_of(row))


@routes.delete("/api/atrisys/uploads/{id:int}", status_code=204)
@waits_for_client
def end_upload(id: int, request: Request, store: CurrentStore, user: CurrentUser) -> Response:
    """Give an upload up. What has come of one that is whole stays."""
    resume_upload.remove(store, user, id)
    return Response(status_code=204)


@routes.get("/api/atrisys/uploads.json")
@lists(OpenUploadOut)
def list_uploads(db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """One's own uploads, newest first, with how far each is."""
    own = visible(user, select(OpenUpload)).where(OpenUpload.user_id == user.id, OpenUpload.expires > now_ms())
    rows, total = page.rows(db, own, OpenUpload.id.desc())
    return page.answer([_wire(row) for row in rows], total)


def _wire(row: OpenUpload) -> dict[str, Any]:
    return OpenUploadOut.of(row, metadata=tus.read_metadata(row.sent_metadata)).wire()


@routes.get("/api/atrisys/uploads/{id:int}.json")
@gives(OpenUploadOut)
def show_upload(id: int, db: Db, user: CurrentUser) -> Response:
    """One upload: how far it is, and the file and the job that came of it."""
    return Json(_wire(resume_upload.find(db, user, id)))
