"""Image groups: images of a project that show the same thing."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Request
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_contributor
from atrisys.actions import delete_group, history
from atrisys.store.by_ids import objects_for, rows_for
from atrisys.store.tables import AbstractImage, ImageGroup, ImageGroupImageInstance, ImageInstance, Project
from atrisys.wire import dialect
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery
from atrisys.wire.bodies import JsonBody, add_one_or_many, body_schema, read_changes
from atrisys.wire.fields import Fields, Model, shows
from atrisys.wire.images import managed_among
from atrisys.wire.routes import Routes

routes = Routes(tags=["image group"])

Name = Annotated[str, Field(min_length=1, max_length=255)]


class ImageGroupIn(Fields):
    name: Name
    project_id: int


class ImageGroupEdit(Fields):
    name: Name | None = None


class ImageGroupOut(Model):
    name: str
    project_id: int
    image_instances: list[dict[str, Any]]
    number_of_images: int


@shows(ImageGroup)
def show_one(db: Session, group: ImageGroup) -> dict[str, Any]:
    return show_all(db, [group])[0]


def show_all(
    db: Session, groups: Sequence[ImageGroup], caller: Caller | None = None, address: str = ""
) -> list[dict[str, Any]]:
    """Groups with their images; only managers are told a blinded project's names."""
    projects = objects_for(db, Project, [group.project_id for group in groups])
    named = {id for id, project in projects.items() if not project.blind_mode} | managed_among(db, caller, projects)
    query = select(ImageGroupImageInstance.group_id, ImageInstance, AbstractImage.width, AbstractImage.height)
    query = query.join(ImageInstance, ImageInstance.id == ImageGroupImageInstance.image_id)
    query = query.join(AbstractImage, AbstractImage.id == ImageInstance.base_image_id)
    images: dict[int, list[dict[str, Any]]] = {group.id: [] for group in groups}
    for group_id, image, width, height in rows_for(
        db, query.order_by(ImageGroupImageInstance.id), ImageGroupImageInstance.group_id, images
    ):
        said = {
            "id": image.id,
            "instanceFilename": image.instance_filename if image.project_id in named else None,
            "thumb": f"{address}/api/imageinstance/{image.id}/thumb.png?maxSize=512",
            "width": width,
            "height": height,
        }
        images[group_id].append(said)
    return [
        ImageGroupOut.of(group, image_instances=images[group.id], number_of_images=len(images[group.id])).wire()
        for group in groups
    ]


@routes.get("/api/project/{id:int}/imagegroup.json")
def list_groups(id: int, request: Request, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """The image groups of a project."""
    query = select(ImageGroup).where(ImageGroup.project_id == find(Project, id).id)
    rows, total = page.rows(db, query, ImageGroup.id)
    return page.answer(show_all(db, rows, user, dialect.address_of(request)), total)


@routes.get("/api/imagegroup/{id:int}.json")
def show_group(id: int, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """One group with its images."""
    group = find(ImageGroup, id)
    return dialect.Json(_wire(db, user, request, group), headers={"ETag": f'"{group.version}"'})


@routes.post("/api/imagegroup.json", openapi_extra=body_schema(ImageGroupIn, many=True))
def add_group(body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Add one group to a project, or an array of them; contributors of a read-only project may not, nor guests."""
    return add_one_or_many(
        request, db, ImageGroupIn, body, lambda fields: _add(fields, db, user, find), name="ImageGroup"
    )


def _add(fields: ImageGroupIn, db: Session, user: Caller, find: Finder) -> ImageGroup:
    project = find.other(Project, fields.project_id)
    require_contributor(db, user, project.id)
    return history.add(db, user, ImageGroup(name=fields.name, project_id=project.id))


@routes.put("/api/imagegroup/{id:int}.json", openapi_extra=body_schema(ImageGroupEdit))
def edit_group(id: int, body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Rename a group."""
    group = find(ImageGroup, id)
    require_contributor(db, user, group.project_id)
    history.edit(db, user, group, **read_changes(ImageGroupEdit, body))
    return saved(db, "edited", group, _wire(db, user, request, group))


@routes.delete("/api/imagegroup/{id:int}.json")
def remove_group(id: int, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Delete a group and the annotation groups on its images; images and annotations stay."""
    group = find(ImageGroup, id)
    require_contributor(db, user, group.project_id)
    wire = _wire(db, user, request, group)
    delete_group.delete_image_group(db, user, group)
    return saved(db, "deleted", group, wire)


def _wire(db: Session, user: Caller, request: Request, group: ImageGroup) -> dict[str, Any]:
    return show_all(db, [group], user, dialect.address_of(request))[0]
