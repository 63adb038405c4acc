"""Nested images: images of a project that show a part of another one."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Request
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_editor, require_not_read_only, require_user
from atrisys.access.slides import require_slide_reader
from atrisys.actions import history
from atrisys.actions.add_image_instance import add_image_instance
from atrisys.errors import Invalid, NotFound
from atrisys.store.by_ids import objects_for
from atrisys.store.tables import AbstractImage, ImageInstance, NestedImageInstance, Project
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery
from atrisys.wire.bodies import JsonBody, body_schema, read_changes, read_one
from atrisys.wire.dialect import Json, address_of
from atrisys.wire.fields import Fields, Model, shows
from atrisys.wire.images import show_images
from atrisys.wire.routes import Routes

routes = Routes(tags=["nested image"])

Row = NestedImageInstance
Place = Annotated[int, Field(gt=-(2**31), lt=2**31)]


class NestedIn(Fields):
    base_image_id: int
    x: Place
    """Of its top left corner, in the parent's pixels, origin top left."""
    y: Place


class NestedEdit(Fields):
    x: Place | None = None
    y: Place | None = None


class NestedOut(Model):
    image_id: int
    """The image of the project that it is; thumb, preview and annotations are that one's."""
    parent_id: int
    project_id: int
    user_id: int | None
    x: int
    y: int


@shows(Row)
def show_one(db: Session, nested: Row) -> dict[str, Any]:
    return show_all(db, [nested])[0]


def show_all(db: Session, rows: Sequence[Row], caller: Caller | None = None, address: str = "") -> list[dict[str, Any]]:
    """As the images that they are, with what is their own."""
    images = objects_for(db, ImageInstance, [row.image_id for row in rows])
    wires = {wire["id"]: wire for wire in show_images(db, list(images.values()), caller, address)}
    return [{**wires[row.image_id], **NestedOut.of(row).wire()} for row in rows]


@routes.get("/api/imageinstance/{image:int}/nested.json")
def list_nested(image: int, request: Request, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """The images that show a part of this one, the newest first."""
    rows, total = page.rows(db, select(Row).where(Row.parent_id == find(ImageInstance, image).id))
    return page.answer(show_all(db, rows, user, address_of(request)), total)


@routes.get("/api/imageinstance/{image:int}/nested/{id:int}.json")
def show_nested(image: int, id: int, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """One of them."""
    nested = _nested(find, image, id)
    wire = show_all(db, [nested], user, address_of(request))[0]
    return Json(wire, headers={"ETag": f'"{nested.version}"'})


def _nested(find: Finder, image: int, id: int) -> Row:
    parent, nested = find.other(ImageInstance, image), find(Row, id)
    if nested.parent_id != parent.id:
        raise NotFound("{kind} {id} was not found.", kind=Row.__name__, id=id)
    return nested


@routes.post("/api/imageinstance/{image:int}/nested.json", openapi_extra=body_schema(NestedIn))
def add_nested(image: int, body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Say that a slide shows a part of this image. It comes into the project where it is not there yet."""
    parent = find.other(ImageInstance, image)
    require_user(user)
    project = db.get_one(Project, parent.project_id)
    require_not_read_only(db, user, project.id, project.mode)
    fields = read_one(NestedIn, body)
    own = _image_of(db, user, project, find.other(AbstractImage, fields.base_image_id))
    if own.id == parent.id:
        raise Invalid("Image {image} is no part of itself.", image=parent.id)
    nested = Row(image_id=own.id, parent_id=parent.id, project_id=project.id, user_id=user.id, x=fields.x, y=fields.y)
    history.add(db, user, nested)
    return saved(db, "added", nested, show_all(db, [nested], user, address_of(request))[0])


def _image_of(db: Session, user: Caller, project: Project, base: AbstractImage) -> ImageInstance:
    """The slide in the project, put there where it is not yet."""
    there = select(ImageInstance).where(ImageInstance.base_image_id == base.id, ImageInstance.project_id == project.id)
    image = db.scalar(there)
    if image is None:
        require_slide_reader(db, user, base)
        image = add_image_instance(db, user, project, base)
    return image


@routes.put("/api/imageinstance/{image:int}/nested/{id:int}.json", openapi_extra=body_schema(NestedEdit))
def edit_nested(
    image: int, id: int, body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find
) -> Response:
    """Lay it elsewhere in the same image."""
    nested = _nested_to_edit(db, user, find, image, id)
    history.edit(db, user, nested, **read_changes(NestedEdit, body))
    return saved(db, "edited", nested, show_all(db, [nested], user, address_of(request))[0])


@routes.delete("/api/imageinstance/{image:int}/nested/{id:int}.json")
def remove_nested(image: int, id: int, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """It is no part of this image any more; it stays in the project."""
    nested = _nested_to_edit(db, user, find, image, id)
    wire = show_all(db, [nested], user, address_of(request))[0]
    return saved(db, "deleted", history.delete(db, user, nested), wire)


def _nested_to_edit(db: Session, user: Caller, find: Finder, image: int, id: int) -> Row:
    nested = _nested(find, image, id)
    require_user(user)
    require_editor(db, user, db.get_one(Project, nested.project_id), nested.user_id)
    return nested
