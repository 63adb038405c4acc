"""Files that people attach to objects of any kind. They are kept and handed out, and never looked into or shown."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import Field, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.domains import find_domain, require_metadata_editor
from atrisys.access.events import note
from atrisys.access.require import require_admin, require_user
from atrisys.access.visible import get_row
from atrisys.actions import history
from atrisys.actions.record_slide import settle
from atrisys.store.after_commit import drop_after_commit
from atrisys.store.files import Received, plain_name
from atrisys.store.session import Store
from atrisys.store.tables import AttachedFile
from atrisys.store.tables.metadata import about
from atrisys.wire import domains, refusals
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, Find, PageQuery, shown
from atrisys.wire.bodies import JsonBody, body_schema, read_changes
from atrisys.wire.dialect import Json
from atrisys.wire.domains import Domain
from atrisys.wire.downloads import download
from atrisys.wire.fields import Fields, show, shows
from atrisys.wire.multipart import receive_file
from atrisys.wire.routes import Routes, opens_to_picture_cookie, waits_for_client

routes = Routes(tags=["attached file"])


FIELDS = ("domainClassName", "domainIdent", "filename", "key")
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "files[]": {"type": "string", "format": "binary"},
                        **{name: {"type": "string"} for name in FIELDS},
                    },
                }
            }
        },
    },
    "parameters": [{"name": name, "in": "query", "schema": {"type": "string"}} for name in FIELDS],
}
Key = Annotated[str, Field(max_length=255)]


class AttachedFileEdit(Fields):
    filename: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    key: Key | None = None


class Asked(domains.Named):
    """What is said beside the bytes: in the address, in its query or in the form's fields."""

    filename: str = ""
    key: Key | None = None


class AttachedFileOut(domains.AboutOut):
    filename: str
    key: str | None
    size: int
    url: str


@shows(AttachedFile)
def show_file(_db: Session, file: AttachedFile) -> dict[str, Any]:
    return AttachedFileOut.of(file, url=f"/api/attachedfile/{file.id}/download").wire()


@routes.get("/api/attachedfile.json")
def list_all_files(db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """All attached files; for administrators."""
    require_admin(user)
    rows, total = page.rows(db, select(AttachedFile))
    return page.answer([show_file(db, row) for row in rows], total)


@routes.get("/api/domain/{domain_class}/{domain_id:int}/attachedfile.json")
def list_files_of_object(domain: Domain, db: Db, page: PageQuery) -> Response:
    """The files that are attached to an object, the newest first."""
    rows, total = page.rows(db, select(AttachedFile).where(AttachedFile.domain_ident == domain.id))
    return page.answer([show_file(db, row) for row in rows], total)


@routes.get("/api/attachedfile/{id:int}.json")
def show_one(id: int, db: Db, find: Find) -> Response:
    """What is known of one attached file."""
    return shown(db, find(AttachedFile, id))


@routes.api_route("/api/attachedfile/{id:int}/download", methods=["GET", "HEAD"])
@routes.api_route("/api/attachedfile/{id:int}/download.json", methods=["GET", "HEAD"])
@opens_to_picture_cookie
def download_file(id: int, user: CurrentUser, store: CurrentStore, find: Find) -> Response:
    """The file as it was sent, always to be saved: nobody vouches for what is in it."""
    file = find(AttachedFile, id)
    answer = download(store.folder.path_of(file.kept_name), file.filename)
    note(store, user, "downloaded", AttachedFile, file.id)
    return answer


# --- bytes in --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sent:
    """A file that is whole and on the disk, and what was said of it."""

    received: Received
    filename: str
    said: Asked | None

    def columns(self, store: Store) -> dict[str, Any]:
        received = self.received
        kept = store.folder.settled_name(received.name)
        return {"filename": self.filename, "kept_name": kept, "size": received.size, "sha256": received.sha256}


async def _sent(request: Request, user: CurrentUser, store: CurrentStore) -> AsyncIterator[Sent]:
    """Nobody's bytes are taken in who may not put them there; where the form alone says where, none are kept."""
    require_user(user)
    address: dict[str, Any] = dict(request.query_params)
    if "domain_class" in request.path_params:
        address["domainClassName"] = request.path_params["domain_class"]
        address["domainIdent"] = request.path_params["domain_id"]

    def check() -> None:
        with store.reading() as db:
            domains.domain_to_describe(db, user, _asked(address), lock=False)

    if {"domainClassName", "domainIdent"} <= address.keys():
        await run_in_threadpool(check)
    async with _received(request, store, lambda fields: _asked({**fields, **address})) as sent:
        yield sent


async def _sent_anew(request: Request, id: int, user: CurrentUser, store: CurrentStore) -> AsyncIterator[Sent]:
    def check() -> None:
        with store.reading() as db:
            _require_editor(db, user, get_row(db, user, AttachedFile, id))

    await run_in_threadpool(check)
    async with _received(request, store, lambda _fields: None) as sent:
        yield sent


@asynccontextmanager
async def _received(
    request: Request, store: Store, said: Callable[[dict[str, str]], Asked | None]
) -> AsyncIterator[Sent]:
    limit = store.settings.max_attached_mb << 20
    form = await receive_file(request, store.folder, limit, fields=FIELDS, allowed_by="ATRISYS_MAX_ATTACHED_MB")
    try:
        asked = said(form.fields)
        name = (asked and asked.filename) or request.query_params.get("filename") or form.name
        yield Sent(form.received, plain_name(name, "file"), asked)
    finally:
        await run_in_threadpool(store.folder.discard, form.received.name)


def _asked(said: Mapping[str, Any]) -> Asked:
    try:
        return Asked.model_validate(said)
    except ValidationError as error:
        raise refusals.invalid(error.errors()) from error


def _require_editor(db: Session, user: Caller, file: AttachedFile) -> None:
    require_user(user)
    require_metadata_editor(db, user, find_domain(db, user, file.domain_class_name, file.domain_ident))


@routes.post("/api/domain/{domain_class}/{domain_id:int}/attachedfile.json", openapi_extra=FORM)
@routes.post("/api/attachedfile.json", openapi_extra=FORM)
@routes.put("/api/attachedfile.json", openapi_extra=FORM)
@waits_for_client
def attach_file(store: CurrentStore, user: CurrentUser, sent: Annotated[Sent, Depends(_sent)]) -> Response:
    """Attach a file to an object. Whoever may edit the object may, but no guest."""
    asked = sent.said
    assert asked is not None
    with store.writing() as db:
        file = AttachedFile(**about(domains.domain_to_describe(db, user, asked)), key=asked.key, **sent.columns(store))
        history.add(db, user, file)
        settle(db, store.folder, sent.received.name)
        return Json(show(db, file), headers={"ETag": f'"{file.version}"'})


@routes.post("/api/attachedfile/{id:int}.json", openapi_extra=FORM)
@waits_for_client
def replace_file(
    id: int, store: CurrentStore, user: CurrentUser, sent: Annotated[Sent, Depends(_sent_anew)]
) -> Response:
    """Put other bytes in the place of an attached file's."""
    with store.writing() as db:
        file = get_row(db, user, AttachedFile, id, lock=True)
        _require_editor(db, user, file)
        drop_after_commit(db, file.kept_name)
        history.edit(db, user, file, **sent.columns(store))
        settle(db, store.folder, sent.received.name)
        return Json(show(db, file), headers={"ETag": f'"{file.version}"'})


# --- the record ------------------------------------------------------------------------------------------------------


@routes.put("/api/attachedfile/{id:int}.json", openapi_extra=body_schema(AttachedFileEdit))
def edit_file(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Call an attached file otherwise. New bytes are posted."""
    file = find(AttachedFile, id)
    _require_editor(db, user, file)
    changes = read_changes(AttachedFileEdit, body)
    if "filename" in changes:
        changes["filename"] = plain_name(changes["filename"], "file")
    history.edit(db, user, file, **changes)
    return saved(db, "edited", file)


@routes.delete("/api/attachedfile/{id:int}.json")
def remove_file(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take an attached file away, and its bytes with it."""
    file = find(AttachedFile, id)
    _require_editor(db, user, file)
    return saved(db, "deleted", history.delete(db, user, file))
