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
from atrisys.store import queue
from atrisys.store.files import Received, plain_name
from atrisys.store.session import Store
from atrisys.store.tables import AbstractImage, ImageInstance, UploadedFile
from atrisys.wire.asking import CurrentStore, CurrentUser
from atrisys.wire.dialect import Json, address_of, says_yes
from atrisys.wire.fields import show
from atrisys.wire.multipart import receive_file
from atrisys.wire.routes import Routes, waits_for_client
from atrisys.wire.upload_asking import PARAMETERS, asked_place, asked_properties

routes = Routes(tags=["upload"])

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
        *PARAMETERS,
        {
            "name": "sync",
            "in": "query",
            "description": "true: the answer comes when the import has ended; else a job does it",
            "schema": {"type": "string"},
        },
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
    storage_id, project_ids = asked_place(query)
    properties = asked_properties(query)

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
