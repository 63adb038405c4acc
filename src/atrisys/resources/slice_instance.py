"""Slice instances: the planes of slides in projects."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Path, Request
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_editor, require_not_read_only, require_user, user_is_manager
from atrisys.actions import delete_image, history
from atrisys.errors import Invalid, NotFound
from atrisys.store.by_ids import objects_for
from atrisys.store.planes import reference_of, slices_of
from atrisys.store.tables import AbstractImage, AbstractSlice, ImageInstance, Project, SliceInstance, UploadedFile
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery
from atrisys.wire.bodies import JsonBody, add_one_or_many, body_schema, read_changes
from atrisys.wire.described import gives, lists
from atrisys.wire.dialect import Json
from atrisys.wire.fields import Fields, Model, shows
from atrisys.wire.routes import Routes

routes = Routes(tags=["slice instance"])

Place = Annotated[int, Path(ge=0, lt=2**31)]


class SliceInstanceIn(Fields):
    project_id: int
    image_id: int
    base_slice_id: int


class SliceInstanceEdit(Fields):
    base_slice_id: int | None = None


class SliceInstanceOut(Model):
    project_id: int
    image_id: int
    base_slice_id: int
    uploaded_file_id: int | None
    path: str | None
    channel: int
    z_stack: int
    time: int
    rank: int
    channel_name: str | None
    channel_color: str | None
    z_name: str | None


@shows(SliceInstance)
def show_one(db: Session, plane: SliceInstance) -> dict[str, Any]:
    return show_all(db, [plane])[0]


def show_all(db: Session, planes: Sequence[SliceInstance], caller: Caller | None = None) -> list[dict[str, Any]]:
    """Planes in projects, with what their slides say of them; a blinded project tells no path."""
    bases = objects_for(db, AbstractSlice, [plane.base_slice_id for plane in planes])
    images = objects_for(db, AbstractImage, [base.image_id for base in bases.values()])
    files = objects_for(db, UploadedFile, [base.uploaded_file_id for base in bases.values()])
    projects = objects_for(db, Project, [plane.project_id for plane in planes])
    named = {id for id, project in projects.items() if not project.blind_mode or _manages(db, caller, id)}
    wires = []
    for plane in planes:
        base = bases[plane.base_slice_id]
        image, file = images[base.image_id], files.get(base.uploaded_file_id or 0)
        copied = ("uploaded_file_id", "channel", "z_stack", "time", "channel_name", "channel_color", "z_name")
        out = SliceInstanceOut.of(
            plane,
            **{name: getattr(base, name) for name in copied},
            rank=base.channel + image.channels * (base.z_stack + image.depth * base.time),
            path=file.filename if file and plane.project_id in named else None,
        )
        wires.append(out.wire())
    return wires


def _manages(db: Session, caller: Caller | None, project_id: int) -> bool:
    return caller is not None and (caller.is_admin or user_is_manager(db, caller.id, project_id))


def _planes_of(image: ImageInstance) -> Select[SliceInstance]:
    return (
        select(SliceInstance)
        .join(AbstractSlice, AbstractSlice.id == SliceInstance.base_slice_id)
        .where(SliceInstance.image_id == image.id)
    )


@routes.get("/api/imageinstance/{id:int}/sliceinstance.json")
@lists(SliceInstanceOut)
def list_slices(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """The planes of an image, by channel, z and time."""
    order = AbstractSlice.channel, AbstractSlice.z_stack, AbstractSlice.time
    rows, total = page.rows(db, _planes_of(find(ImageInstance, id)), *order)
    return page.answer(show_all(db, rows, user), total)


@routes.get("/api/imageinstance/{id:int}/sliceinstance/reference.json")
@gives(SliceInstanceOut)
def show_reference_slice(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """The plane that stands for the image: at the median channel, z and time."""
    image = find(ImageInstance, id)
    slices = slices_of(db, image.id)
    if not slices:
        raise NotFound("Image {image} has no slice.", image=image.id)
    return _shown(db, user, db.get_one(SliceInstance, reference_of(slices).id))


@routes.get("/api/imageinstance/{id:int}/{channel:int}/{z_stack:int}/{time:int}/sliceinstance.json")
def show_slice_at(
    id: int, channel: Place, z_stack: Place, time: Place, db: Db, user: CurrentUser, find: Find
) -> Response:
    """The plane at one channel, z and time."""
    at = AbstractSlice.channel == channel, AbstractSlice.z_stack == z_stack, AbstractSlice.time == time
    plane = db.scalar(_planes_of(find(ImageInstance, id)).where(*at))
    if plane is None:
        raise NotFound(
            "Image {image} has no slice at channel {channel}, z {z_stack}, time {time}.",
            image=id,
            channel=channel,
            z_stack=z_stack,
            time=time,
        )
    return _shown(db, user, plane)


@routes.get("/api/sliceinstance/{id:int}.json")
def show_slice(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """One plane of a slide of a project."""
    return _shown(db, user, find(SliceInstance, id))


@routes.post("/api/sliceinstance.json", openapi_extra=body_schema(SliceInstanceIn, many=True))
def add_slice(body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Add one plane of the slide to its image in a project, or an array of them."""
    require_user(user)
    return add_one_or_many(
        request, db, SliceInstanceIn, body, lambda fields: _add(fields, db, user, find), name="SliceInstance"
    )


def _add(fields: SliceInstanceIn, db: Session, user: Caller, find: Finder) -> SliceInstance:
    project, image = find.other(Project, fields.project_id), find.other(ImageInstance, fields.image_id)
    if image.project_id != project.id:
        raise Invalid("Image {image} is not in project {project}.", image=image.id, project=project.id)
    require_not_read_only(db, user, project.id, project.mode)
    base = _base_slice(find, image, fields.base_slice_id)
    return history.add(db, user, SliceInstance(project_id=project.id, image_id=image.id, base_slice_id=base.id))


def _base_slice(find: Finder, image: ImageInstance, id: int) -> AbstractSlice:
    base = find.other(AbstractSlice, id)
    if base.image_id != image.base_image_id:
        raise Invalid("Slice {slice} is not one of the slide of image {image}.", slice=id, image=image.id)
    return base


@routes.put("/api/sliceinstance/{id:int}.json", openapi_extra=body_schema(SliceInstanceEdit))
def edit_slice(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Say which plane of the slide this is. What was drawn on it goes along."""
    plane = find(SliceInstance, id)
    require_user(user)
    owner = db.get_one(ImageInstance, plane.image_id).user_id
    require_editor(db, user, db.get_one(Project, plane.project_id), owner)
    changes = read_changes(SliceInstanceEdit, body, plane)
    if "base_slice_id" in changes:
        _base_slice(find, db.get_one(ImageInstance, plane.image_id), changes["base_slice_id"])
    history.edit(db, user, plane, **changes)
    return saved(db, "edited", plane, show_all(db, [plane], user)[0])


@routes.delete("/api/sliceinstance/{id:int}.json")
def remove_slice(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take a plane out of its image in the project, with what was drawn on it."""
    plane = find(SliceInstance, id)
    require_user(user)
    image = db.get_one(ImageInstance, plane.image_id)
    require_editor(db, user, db.get_one(Project, plane.project_id), image.user_id)
    wire = show_all(db, [plane], user)[0]
    delete_image.delete_slice_instance(db, user, plane)
    return saved(db, "deleted", plane, wire)


def _shown(db: Session, user: Caller, plane: SliceInstance) -> Response:
    return Json(show_all(db, [plane], user)[0], headers={"ETag": f'"{plane.version}"'})
