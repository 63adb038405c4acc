"""Abstract slices: the planes of a slide (channel, z, time) as uploaded."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from fastapi import Path, Request
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_storage, require_user
from atrisys.access.slides import require_slide_writer, with_names
from atrisys.actions import history
from atrisys.errors import NotFound
from atrisys.store.by_ids import objects_for
from atrisys.store.tables import AbstractImage, AbstractSlice, SecUser, Storage, UploadedFile
from atrisys.store.tables.files import WRITE
from atrisys.wire.accounts import show_one_to
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery
from atrisys.wire.bodies import JsonBody, add_one_or_many, body_schema, read_changes
from atrisys.wire.dialect import Json
from atrisys.wire.fields import Fields, Model, shows
from atrisys.wire.routes import Routes

routes = Routes(tags=["abstract slice"])

ORDER = AbstractSlice.channel, AbstractSlice.z_stack, AbstractSlice.time
Index = Annotated[int, Field(ge=0, lt=2**31)]
Place = Annotated[int, Path(ge=0, lt=2**31)]


class AbstractSliceIn(Fields):
    image_id: int
    uploaded_file_id: int | None = None
    channel: Index
    z_stack: Index
    time: Index
    channel_name: str | None = Field(None, max_length=255)
    channel_color: str | None = Field(None, max_length=32)
    z_name: str | None = Field(None, max_length=255)


class AbstractSliceEdit(Fields):
    nullable: ClassVar[frozenset[str]] = frozenset({"channel_name", "channel_color", "z_name"})

    channel: Index | None = None
    z_stack: Index | None = None
    time: Index | None = None
    channel_name: str | None = Field(None, max_length=255)
    channel_color: str | None = Field(None, max_length=32)
    z_name: str | None = Field(None, max_length=255)


class AbstractSliceOut(Model):
    image_id: int
    uploaded_file_id: int | None
    path: str | None
    channel: int
    z_stack: int
    time: int
    rank: int
    channel_name: str | None
    channel_color: str | None
    z_name: str | None


@shows(AbstractSlice)
def show_one(db: Session, plane: AbstractSlice) -> dict[str, Any]:
    return show_all(db, [plane])[0]


def show_all(db: Session, planes: Sequence[AbstractSlice], caller: Caller | None = None) -> list[dict[str, Any]]:
    """Planes with their rank in the slide and the file that they are in."""
    images = objects_for(db, AbstractImage, [plane.image_id for plane in planes])
    files = objects_for(db, UploadedFile, [plane.uploaded_file_id for plane in planes])
    named = with_names(db, caller, images)
    return [
        AbstractSliceOut.of(
            plane,
            rank=_rank(plane, images[plane.image_id]),
            path=_path(files.get(plane.uploaded_file_id or 0)) if plane.image_id in named else None,
        ).wire()
        for plane in planes
    ]


def _rank(plane: AbstractSlice, image: AbstractImage) -> int:
    return plane.channel + image.channels * (plane.z_stack + image.depth * plane.time)


def _path(file: UploadedFile | None) -> str | None:
    return file.filename if file else None


@routes.get("/api/abstractimage/{id:int}/abstractslice.json")
def list_slices_of_image(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """The planes of a slide, by channel, z and time."""
    image = find(AbstractImage, id)
    rows, total = page.rows(db, select(AbstractSlice).where(AbstractSlice.image_id == image.id), *ORDER)
    return page.answer(show_all(db, rows, user), total)


@routes.get("/api/uploadedfile/{id:int}/abstractslice.json")
def list_slices_of_file(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """The planes that are in a file."""
    file = find(UploadedFile, id)
    query = select(AbstractSlice).where(AbstractSlice.uploaded_file_id == file.id)
    rows, total = page.rows(db, query, AbstractSlice.image_id, *ORDER)
    return page.answer(show_all(db, rows, user), total)


@routes.get("/api/abstractslice/{id:int}.json")
def show_slice(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """One plane of a slide."""
    return _shown(db, user, find(AbstractSlice, id))


@routes.get("/api/abstractimage/{id:int}/{channel:int}/{z_stack:int}/{time:int}/abstractslice.json")
def show_slice_at(
    id: int, channel: Place, z_stack: Place, time: Place, db: Db, user: CurrentUser, find: Find
) -> Response:
    """The plane at one channel, z and time."""
    query = select(AbstractSlice).where(AbstractSlice.image_id == find(AbstractImage, id).id)
    at = AbstractSlice.channel == channel, AbstractSlice.z_stack == z_stack, AbstractSlice.time == time
    plane = db.scalar(query.where(*at))
    if plane is None:
        raise NotFound(
            "Image {image} has no slice at channel {channel}, z {z_stack}, time {time}.",
            image=id,
            channel=channel,
            z_stack=z_stack,
            time=time,
        )
    return _shown(db, user, plane)


@routes.get("/api/abstractslice/{id:int}/user.json")
def show_uploader(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Who uploaded the slide that this is a plane of."""
    image = find.other(AbstractImage, find(AbstractSlice, id).image_id)
    return Json(show_one_to(db, user, find.other(SecUser, image.user_id)))


@routes.post("/api/abstractslice.json", openapi_extra=body_schema(AbstractSliceIn, many=True))
def add_slice(body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Add one plane to a slide's record, or an array of them. Without `uploadedFile` it is in the slide's own file."""
    require_user(user)
    return add_one_or_many(
        request, db, AbstractSliceIn, body, lambda fields: _add(fields, db, user, find), name="AbstractSlice"
    )


def _add(fields: AbstractSliceIn, db: Session, user: Caller, find: Finder) -> AbstractSlice:
    image = find.other(AbstractImage, fields.image_id)
    require_slide_writer(db, user, image)
    columns = fields.model_dump()
    if fields.uploaded_file_id is None:
        columns["uploaded_file_id"] = image.uploaded_file_id
    else:
        file = find.other(UploadedFile, fields.uploaded_file_id)
        require_storage(db, user, db.get_one(Storage, file.storage_id), WRITE)
    return history.add(db, user, AbstractSlice(storage_id=image.storage_id, **columns))


@routes.put("/api/abstractslice/{id:int}.json", openapi_extra=body_schema(AbstractSliceEdit))
def edit_slice(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Say which channel, z and time a plane is, and what they are called."""
    plane = find(AbstractSlice, id)
    require_slide_writer(db, user, find.other(AbstractImage, plane.image_id))
    history.edit(db, user, plane, **read_changes(AbstractSliceEdit, body))
    return saved(db, "edited", plane, show_all(db, [plane], user)[0])


@routes.delete("/api/abstractslice/{id:int}.json")
def remove_slice(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Delete a plane's record; refused while projects use it."""
    plane = find(AbstractSlice, id)
    require_slide_writer(db, user, find.other(AbstractImage, plane.image_id))
    wire = show_all(db, [plane], user)[0]
    return saved(db, "deleted", history.delete(db, user, plane), wire)


def _shown(db: Session, user: Caller, plane: AbstractSlice) -> Response:
    return Json(show_all(db, [plane], user)[0], headers={"ETag": f'"{plane.version}"'})
