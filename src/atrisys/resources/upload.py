"""Uploads: a slide (or a zip of one) comes in over HTTP."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from atrisys.actions import import_slide
from atrisys.actions.import_slide import Place, Taken
from atrisys.errors import Invalid
from atrisys.store import queue
from atrisys.store.files import Received, plain_name
from atrisys.store.session import Store
from atrisys.store.tables import AbstractImage, ImageInstance, UploadedFile
from atrisys.wire.asking import CurrentStore, CurrentUser
from atrisys.wire.dialect import Json, address_of, says_yes
from atrisys.wire.fields import show
from atrisys.wire.multipart import receive_file
from atrisys.wire.routes import Routes, waits_for_client

routes = Routes(tags=["upload"])

MOST_PROPERTIES, LONGEST_KEY = 1000, 255
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"files[]": {"type": "string", "format": "binary"}}}
            }
        },
    },
    "parameters": [
        {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
        for name, text in {
            "storage": "where the file goes (also idStorage)",
            "projects": "ids, separated by commas: the image is added to each (also idProject)",
            "sync": "true: the answer comes when the import has ended; else a job does it",
            "keys": "names of properties, separated by commas",
            "values": "their values, in the same order",
        }.items()
    ],
}


@dataclass(frozen=True)
class Sent:
    """What was sent: the file is whole and on the disk."""

    place: Place
    received: Received
    name: str
    properties: dict[str, str]


async def _sent(request: Request, user: CurrentUser, store: CurrentStore) -> AsyncIterator[Sent]:
    """Rights come first: nobody's bytes are taken in who may not put them there."""
    query = request.query_params
    storage_id = _id(query.get("storage") or query.get("idStorage"), "storage")
    listed = (query.get("projects") or query.get("idProject") or "").split(",")
    project_ids = [_id(part, "projects") for part in listed if part.strip() not in ("", "null", "None")]
    properties = _properties(query.get("keys"), query.get("values"))

    def check() -> Place:
        with store.reading() as db:
            if not says_yes(query.get("sync")):
                queue.require_room(db, user.id)
            return import_slide.check_place(db, user, storage_id, project_ids)

    place = await run_in_threadpool(check)
    form = await receive_file(request, store.folder, import_slide.upload_limit(store))
    try:
        yield Sent(place, form.received, plain_name(form.name), properties)
    finally:
        await run_in_threadpool(store.folder.discard, form.received.name)


@routes.post("/upload", openapi_extra=FORM)
@waits_for_client
def upload(request: Request, store: CurrentStore, user: CurrentUser, sent: Annotated[Sent, Depends(_sent)]) -> Response:
    """Take in one slide: a file, or a zip of a slide of several files (DICOM, MRXS) or of several slides.

    With `sync` the answer holds the images; without it the file's `status` (and the job) tell how far it is.
    """
    answer: dict[str, Any] = {"status": 200, "name": sent.name, "size": str(sent.received.size)}
    if says_yes(request.query_params.get("sync")):
        place = sent.place
        taken = import_slide.take_in(
            store,
            user,
            sent.received,
            sent.name,
            storage_id=place.storage_id,
            project_ids=place.project_ids,
            properties=sent.properties,
        )
        return Json([answer | _told(store, taken, address_of(request))])
    file, job = import_slide.put_down(store, user, sent.received, sent.name, sent.place, sent.properties)
    with store.reading() as db:
        return Json([answer | {"uploadedFile": show(db, file), "images": [], "job": job.id}])


def _told(store: Store, taken: list[Taken], address: str) -> dict[str, Any]:
    """What was made: the file that came, its images, and what could not be read of an archive."""
    with store.reading() as db:
        file = db.get_one(UploadedFile, taken[0].uploaded_file_id)
        if file.parent_id is not None:
            file = db.get_one(UploadedFile, file.parent_id)
        images = [
            {
                "image": _shown(db, AbstractImage, one.abstract_image_id, address),
                "imageInstances": [_shown(db, ImageInstance, id, address) for id in one.image_instance_ids],
            }
            for one in taken
            if one.abstract_image_id is not None
        ]
        errors = [{"name": one.name, "error": str(one.error)} for one in taken if one.error]
        return {"uploadedFile": show(db, file), "images": images, "errors": errors}


def _shown(db: Session, kind: type[AbstractImage] | type[ImageInstance], id: int, address: str) -> dict[str, Any]:
    """As its resource shows it, with absolute addresses."""
    wire = show(db, db.get_one(kind, id))
    return {
        key: address + value if isinstance(value, str) and value.startswith("/api/") else value
        for key, value in wire.items()
    }


def _id(text: str | None, name: str) -> int:
    if text is None or not text.strip().isdecimal() or len(text) > 19:
        raise Invalid("{name} must be the number of an object, not {value}.", name=name, value=text or "")
    return int(text)


def _properties(keys: str | None, values: str | None) -> dict[str, str]:
    """Two lists of one length. A value with commas cannot be told from several: what is too much is the last one's."""
    if not keys:
        return {}
    names = [key.strip() for key in keys.split(",")]
    texts = (values or "").split(",", len(names) - 1)
    if len(texts) < len(names) or len(names) > MOST_PROPERTIES or "" in names:
        raise Invalid("keys and values must be lists of the same length.")
    if any(len(name) > LONGEST_KEY for name in names):
        raise Invalid("A key has at most {limit} signs.", limit=LONGEST_KEY)
    return dict(zip(names, texts, strict=True))
