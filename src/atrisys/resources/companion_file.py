"""Companion files: what lies beside a slide, made from it or about it, and is handed out with it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.events import note
from atrisys.access.require import require_storage, require_user
from atrisys.access.slide_secrets import require_file_owner
from atrisys.access.slides import require_slide_writer
from atrisys.access.visible import get_row, visible
from atrisys.actions import history
from atrisys.actions.delete_uploaded_file import delete_companion_file
from atrisys.actions.import_slide import upload_limit
from atrisys.actions.receive_slide import ext_of
from atrisys.actions.record_slide import settle
from atrisys.errors import Invalid, NotAllowed
from atrisys.store.by_ids import objects_for
from atrisys.store.files import Received, plain_name
from atrisys.store.tables import AbstractImage, CompanionFile, SecUser, Storage, UploadedFile
from atrisys.store.tables.files import DEPLOYED, WRITE
from atrisys.wire.accounts import show_one_to
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, Find, Finder, PageQuery, shown
from atrisys.wire.bodies import JsonBody, add_one_or_many, body_schema, read_changes
from atrisys.wire.dialect import Json
from atrisys.wire.downloads import download_uploaded
from atrisys.wire.fields import Fields, FileName, Model, show, shows
from atrisys.wire.multipart import receive_file
from atrisys.wire.routes import Routes, opens_to_picture_cookie, waits_for_client

routes = Routes(tags=["companion file"])


Type = Annotated[str, Field(min_length=1, max_length=255)]
Progress = Annotated[int, Field(ge=0, le=100)]
Status = Annotated[int, Field(ge=0, le=10_000)]
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"files[]": {"type": "string", "format": "binary"}, "type": {"type": "string"}},
                }
            }
        },
    },
    "parameters": [{"name": "type", "in": "query", "description": "HDF5, …", "schema": {"type": "string"}}],
}


class CompanionFileIn(Fields):
    image_id: int
    uploaded_file_id: int
    original_filename: FileName
    filename: FileName
    type: Type
    progress: Progress = 0
    status: Status = 0


class CompanionFileEdit(Fields):
    original_filename: FileName | None = None
    filename: FileName | None = None
    type: Type | None = None
    progress: Progress | None = None
    status: Status | None = None


class CompanionFileOut(Model):
    image_id: int
    uploaded_file_id: int
    original_filename: str
    filename: str
    path: str
    type: str
    progress: int
    status: int


@shows(CompanionFile)
def show_one(db: Session, companion: CompanionFile) -> dict[str, Any]:
    return show_all(db, [companion])[0]


def show_all(db: Session, companions: Sequence[CompanionFile]) -> list[dict[str, Any]]:
    """Companion files with where their bytes lie."""
    files = objects_for(db, UploadedFile, [one.uploaded_file_id for one in companions])
    return [CompanionFileOut.of(one, path=files[one.uploaded_file_id].filename).wire() for one in companions]


@routes.get("/api/abstractimage/{id:int}/companionfile.json")
def list_files_of_image(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """What lies beside a slide, the newest first. For contributors of a blinded project nothing does."""
    image = find(AbstractImage, id)
    query = visible(user, select(CompanionFile).where(CompanionFile.image_id == image.id))
    rows, total = page.rows(db, query)
    return page.answer(show_all(db, rows), total)


@routes.get("/api/uploadedfile/{id:int}/companionfile.json")
def list_files_of_file(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """The companion files whose bytes are an uploaded file's."""
    file = find(UploadedFile, id)
    query = visible(user, select(CompanionFile).where(CompanionFile.uploaded_file_id == file.id))
    rows, total = page.rows(db, query)
    return page.answer(show_all(db, rows), total)


@routes.get("/api/companionfile/{id:int}.json")
def show_file(id: int, db: Db, find: Find) -> Response:
    """What is known of one companion file."""
    return shown(db, find(CompanionFile, id))


@routes.get("/api/companionfile/{id:int}/user.json")
def show_uploader(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Who sent the bytes."""
    file = db.get_one(UploadedFile, find(CompanionFile, id).uploaded_file_id)
    return Json(show_one_to(db, user, find.other(SecUser, file.user_id)))


@routes.api_route("/api/companionfile/{id:int}/download", methods=["GET", "HEAD"])
@opens_to_picture_cookie
def download_file(id: int, db: Db, user: CurrentUser, store: CurrentStore, find: Find) -> Response:
    """The bytes, for everybody who sees the companion file."""
    companion = find(CompanionFile, id)
    file = db.get_one(UploadedFile, companion.uploaded_file_id)
    if _is_slide(db, file):
        raise NotAllowed("File {file} has become a slide. Download it as that.", file=file.id)
    answer = download_uploaded(store.folder, file, companion.original_filename)
    note(store, user, "downloaded", CompanionFile, companion.id)
    return answer


def _is_slide(db: Session, file: UploadedFile) -> bool:
    """Slides have names in them, which not everybody may have who sees their pixels."""
    made = select(AbstractImage.id).where(AbstractImage.uploaded_file_id == file.id)
    return db.scalar(made.limit(1)) is not None


@routes.post("/api/companionfile.json", openapi_extra=body_schema(CompanionFileIn, many=True))
def add_file(body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Lay an uploaded file beside a slide, or an array of them. Whoever may edit the slide and hand out the file may.

    From then on everybody who sees the slide may download the file, but contributors of a blinded project.
    """
    require_user(user)
    return add_one_or_many(
        request, db, CompanionFileIn, body, lambda fields: _add(fields, db, user, find), name="CompanionFile"
    )


def _add(fields: CompanionFileIn, db: Session, user: Caller, find: Finder) -> CompanionFile:
    image = find.other(AbstractImage, fields.image_id)
    file = find.other(UploadedFile, fields.uploaded_file_id)
    require_slide_writer(db, user, image)
    require_storage(db, user, find.other(Storage, file.storage_id), WRITE)
    require_file_owner(db, user, file)
    if _is_slide(db, file):
        raise Invalid("File {file} is a slide, and lies beside none.", file=file.id)
    return history.add(db, user, CompanionFile(storage_id=image.storage_id, **fields.model_dump()))


@routes.put("/api/companionfile/{id:int}.json", openapi_extra=body_schema(CompanionFileEdit))
def edit_file(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Rename a companion file, or say how far its maker is."""
    companion = find(CompanionFile, id)
    require_slide_writer(db, user, find.other(AbstractImage, companion.image_id))
    history.edit(db, user, companion, **read_changes(CompanionFileEdit, body))
    return saved(db, "edited", companion)


@routes.delete("/api/companionfile/{id:int}.json")
def remove_file(id: int, db: Db, user: CurrentUser, store: CurrentStore, find: Find) -> Response:
    """Take a companion file away; an uploaded file that came by itself stays in its storage."""
    companion = find(CompanionFile, id)
    require_slide_writer(db, user, find.other(AbstractImage, companion.image_id))
    wire = show(db, companion)
    delete_companion_file(db, user, store.folder, companion)
    return saved(db, "deleted", companion, wire)


# --- bytes in --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sent:
    """A file that is whole and on the disk, and what kind it is said to be."""

    received: Received
    name: str
    type: str


async def _sent(request: Request, id: int, user: CurrentUser, store: CurrentStore) -> AsyncIterator[Sent]:
    """Nobody's bytes are taken in who may not put them there."""

    def check() -> None:
        with store.reading() as db:
            _image_to_lay_beside(db, user, id)

    await run_in_threadpool(check)
    form = await receive_file(request, store.folder, upload_limit(store), fields=("type",))
    try:
        kind = request.query_params.get("type") or form.fields.get("type") or ext_of(form.name).upper() or "FILE"
        yield Sent(form.received, plain_name(form.name, "file"), kind[:255])
    finally:
        await run_in_threadpool(store.folder.discard, form.received.name)


def _image_to_lay_beside(db: Session, user: Caller, id: int, *, lock: bool = False) -> AbstractImage:
    image = get_row(db, user, AbstractImage, id, lock=lock)
    require_slide_writer(db, user, image)
    if image.storage_id is None:
        raise Invalid("Image {image} lies in no storage, so that no file can be put there.", image=image.id)
    return image


@routes.post("/api/atrisys/abstractimage/{id:int}/companionfile.json", openapi_extra=FORM)
@waits_for_client
def send_file(id: int, store: CurrentStore, user: CurrentUser, sent: Annotated[Sent, Depends(_sent)]) -> Response:
    """Send a file and lay it beside a slide. Whoever may edit the slide may; it goes when the slide's file goes."""
    received = sent.received
    with store.writing() as db:
        image = _image_to_lay_beside(db, user, id, lock=True)
        whole = db.get(UploadedFile, image.uploaded_file_id) if image.uploaded_file_id is not None else None
        file = UploadedFile(
            original_filename=sent.name,
            filename=store.folder.settled_name(received.name),
            ext=ext_of(sent.name)[:64],
            content_type=sent.type,
            size=received.size,
            sha256=received.sha256,
            user_id=user.id,
            storage_id=image.storage_id,
            parent_id=(whole.parent_id or whole.id) if whole else None,
            status=DEPLOYED,
        )
        history.add(db, user, file)
        companion = CompanionFile(image_id=image.id, uploaded_file_id=file.id, storage_id=image.storage_id)
        companion.original_filename = companion.filename = sent.name
        companion.type, companion.progress, companion.status = sent.type, 100, DEPLOYED
        history.add(db, user, companion)
        settle(db, store.folder, received.name)
        return saved(db, "added", companion)
