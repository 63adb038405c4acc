"""Uploaded files: what was sent in, what came of it, and the bytes as they were."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import AliasChoices, BeforeValidator, Field
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.events import note
from atrisys.access.require import require_storage, require_user
from atrisys.access.slide_secrets import require_file_owner
from atrisys.access.visible import visible
from atrisys.actions import delete_uploaded_file, history, import_slide
from atrisys.errors import Invalid
from atrisys.store import in_place
from atrisys.store.by_ids import pairs_for
from atrisys.store.tables import AbstractImage, Project, Storage, UploadedFile
from atrisys.store.tables.files import WRITE
from atrisys.wire.answers import done, saved
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, Find, Finder, PageQuery, shown
from atrisys.wire.bodies import JsonBody, add_one_or_many, body_schema, read_changes
from atrisys.wire.described import Part, does, gives, lists, saves, sometimes
from atrisys.wire.dialect import Json, says_yes
from atrisys.wire.downloads import download_uploaded
from atrisys.wire.fields import Fields, FileName, Model, show, shows
from atrisys.wire.routes import Routes, opens_to_picture_cookie
from atrisys.wire.slide_downloads import slide_download

routes = Routes(tags=["uploaded file"])

KNOWN_OF_BYTES = ("given_filename", "ext", "content_type", "size", "status", "parent_id")
"""Of a file whose bytes came in these are found, not told."""
COLUMNS = {"filename": UploadedFile.original_filename, "path": UploadedFile.filename}


def _ids(value: Any) -> Any:
    """`5`, `"5,6"` or `[5, 6]`: clients differ."""
    if isinstance(value, str):
        return [part for part in value.split(",") if part.strip()]
    return [value] if isinstance(value, int) else value


Ids = Annotated[list[int], BeforeValidator(_ids)]
GivenName = Field(None, max_length=1024, validation_alias=AliasChoices("filename"))
Size = Annotated[int, Field(ge=0, lt=2**62)]


class UploadedFileEdit(Fields):
    original_filename: FileName | None = None
    given_filename: str | None = GivenName
    ext: str | None = Field(None, max_length=64)
    content_type: str | None = Field(None, max_length=255)
    size: Size | None = None
    storage_id: int | None = None
    parent_id: int | None = None
    projects: Ids | None = None
    status: int | None = Field(None, ge=0, le=10_000)


class UploadedFileIn(UploadedFileEdit):
    original_filename: FileName  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]
    storage_id: int  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]


class UploadedFileOut(Model):
    original_filename: str
    filename: str
    path: str
    ext: str
    content_type: str
    size: int
    sha256: str | None
    user_id: int
    storage_id: int
    parent_id: int | None
    projects: list[int]
    status: int
    error: str | None
    image: int | None
    """The abstract image that was made of it."""
    nb_children: int
    same_as: int | None
    """An earlier file of the same bytes in the same storage."""
    in_place: bool
    """Whether it is read where it lies."""


class OfPlace(Part):
    """Of a file that is read where it lies."""

    place_state: str = sometimes()


class TriedAgain(Part):
    """The file, and the job that imports it."""

    uploaded_file: UploadedFileOut
    job: int


@shows(UploadedFile)
def show_one(db: Session, file: UploadedFile) -> dict[str, Any]:
    return show_all(db, [file])[0]


def show_all(db: Session, files: Sequence[UploadedFile]) -> list[dict[str, Any]]:
    """Files with the slides that were made of them, the number of files that came in them, and their first likes."""
    ids = [file.id for file in files]
    made = select(AbstractImage.uploaded_file_id, func.min(AbstractImage.id)).group_by(AbstractImage.uploaded_file_id)
    images = pairs_for(db, made, AbstractImage.uploaded_file_id, ids)
    parts = select(UploadedFile.parent_id, func.count()).group_by(UploadedFile.parent_id)
    counts = pairs_for(db, parts, UploadedFile.parent_id, ids)
    earlier = aliased(UploadedFile)
    like = and_(
        earlier.sha256 == UploadedFile.sha256,
        earlier.storage_id == UploadedFile.storage_id,
        earlier.id < UploadedFile.id,
    )
    pairs = select(UploadedFile.id, func.min(earlier.id)).join(earlier, like).group_by(UploadedFile.id)
    likes = pairs_for(db, pairs, UploadedFile.id, ids)
    return [_wire(file, images.get(file.id), counts.get(file.id, 0), likes.get(file.id)) for file in files]


def _wire(file: UploadedFile, image: int | None, count: int, same_as: int | None) -> dict[str, Any]:
    name = file.given_filename or file.filename
    counted = {"image": image, "nb_children": count, "same_as": same_as}
    return UploadedFileOut.of(file, filename=name, path=name, in_place=file.in_place is not None, **counted).wire()


@routes.get("/api/uploadedfile.json")
@lists(UploadedFileOut, sought="originalFilename")
def list_files(
    db: Db,
    user: CurrentUser,
    page: PageQuery,
    find: Find,
    parent: int | None = None,
    storage: int | None = None,
    only_roots: Annotated[str | None, Query(alias="onlyRoots")] = None,
) -> Response:
    """The files in the storages that the caller may read, newest first.

    `parent`: those that came in one file; `storage`: those in one; `onlyRoots`: those that came by themselves.
    """
    query = visible(user, select(UploadedFile))
    if parent is not None:
        query = query.where(UploadedFile.parent_id == find.other(UploadedFile, parent).id)
    if storage is not None:
        query = query.where(UploadedFile.storage_id == find.other(Storage, storage).id)
    if says_yes(only_roots):
        query = query.where(UploadedFile.parent_id.is_(None))
    rows, total = page.rows(db, query, UploadedFile.created.desc(), UploadedFile.id.desc(), columns=COLUMNS)
    return page.answer(show_all(db, rows), total)


@routes.get("/api/uploadedfile/{id:int}.json")
@gives(UploadedFileOut, OfPlace)
def show_file(id: int, db: Db, find: Find) -> Response:
    """One uploaded file. Of one that is read where it lies, `placeState` says how that is: well, away or changed."""
    file = find(UploadedFile, id)
    if file.in_place is None:
        return shown(db, file)
    return Json({**show(db, file), "placeState": in_place.state_of(file.in_place)})


@routes.post("/api/uploadedfile.json", openapi_extra=body_schema(UploadedFileIn, many=True))
@saves(UploadedFileOut)
def add_file(body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Add one record of a file, or an array of them. Bytes come by `POST /upload` alone."""
    require_user(user)
    return add_one_or_many(
        request, db, UploadedFileIn, body, lambda fields: _add(fields, db, user, find), name="UploadedFile"
    )


def _add(fields: UploadedFileIn, db: Session, user: Caller, find: Finder) -> UploadedFile:
    storage = find.other(Storage, fields.storage_id)
    require_storage(db, user, storage, WRITE)
    columns = {name: value for name, value in fields.changes({}).items() if value is not None}
    _check(columns, find, storage.id, None)
    return history.add(db, user, UploadedFile(user_id=user.id, filename="", **columns))


def _check(columns: dict[str, Any], find: Finder, storage_id: int, id: int | None) -> None:
    """What a record refers to must be there for the caller, and the tree stays a tree of one storage."""
    for project_id in columns.get("projects") or ():
        find.other(Project, project_id)
    if columns.get("parent_id") is not None:
        parent = find.other(UploadedFile, columns["parent_id"])
        if parent.parent_id is not None or parent.id == id or parent.storage_id != storage_id:
            raise Invalid("File {parent} cannot be the parent of this one.", parent=parent.id)


@routes.put("/api/uploadedfile/{id:int}.json", openapi_extra=body_schema(UploadedFileEdit))
@saves(UploadedFileOut)
def edit_file(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Rename a file or move it to another storage; what is known from its bytes stays as it is."""
    file = find(UploadedFile, id)
    require_user(user)
    require_storage(db, user, find.other(Storage, file.storage_id), WRITE)
    changes = read_changes(UploadedFileEdit, body, file)
    storage = find.other(Storage, changes.pop("storage_id", file.storage_id))
    if file.sha256 is not None or file.in_place is not None:
        changes = {name: value for name, value in changes.items() if name not in KNOWN_OF_BYTES}
    if changes.get("parent_id") == file.parent_id:
        changes.pop("parent_id", None)
    if storage.id != file.storage_id:
        require_storage(db, user, storage, WRITE)
        delete_uploaded_file.move_uploaded_file(db, user, file, storage)
    _check(changes, find, file.storage_id, file.id)
    history.edit(db, user, file, **changes)
    return saved(db, "edited", file)


@routes.delete("/api/uploadedfile/{id:int}.json")
@saves(UploadedFileOut)
def remove_file(id: int, db: Db, user: CurrentUser, store: CurrentStore, find: Find) -> Response:
    """Delete a file with its slides and its bytes; refused while projects use them."""
    file = find(UploadedFile, id)
    require_user(user)
    require_storage(db, user, find.other(Storage, file.storage_id), WRITE)
    wire = show(db, file)
    delete_uploaded_file.delete_uploaded_file(db, user, store.folder, file)
    return saved(db, "deleted", file, wire)


@routes.post("/api/atrisys/uploadedfile/{id:int}/retry.json")
@does(TriedAgain)
def retry_import(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Import a file anew whose import or conversion failed and whose bytes are still there (status 31 or 41)."""
    file = find(UploadedFile, id)
    job = import_slide.try_again(db, user, file)
    return done(uploadedFile=show(db, file), job=job.id)


@routes.api_route("/api/uploadedfile/{id:int}/download", methods=["GET", "HEAD"])
@opens_to_picture_cookie
def download_file(id: int, request: Request, db: Db, user: CurrentUser, store: CurrentStore, find: Find) -> Response:
    """The file as it was uploaded; a slide of several files as a zip.

    For who may see the slide's label; others who see the file get a clean copy, and so does who says `clean=true`. What
    is no slide is for who sent it and for the owner of its storage.
    """
    file = find(UploadedFile, id)
    base = db.scalar(select(AbstractImage).where(AbstractImage.uploaded_file_id == file.id).limit(1))
    if base is not None:
        return slide_download(request, db, store, user, base, file)
    require_file_owner(db, user, file)
    answer = download_uploaded(store.folder, file, file.original_filename)
    note(store, user, "downloaded", UploadedFile, file.id)
    return answer
