"""Image instances: slides in projects."""

from collections.abc import Sequence
from typing import Any, ClassVar

from fastapi import Request
from pydantic import AliasChoices, Field
from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import (
    is_manager,
    require_editor,
    require_not_read_only,
    require_self_or_admin,
    require_user,
)
from atrisys.access.slides import require_slide_reader
from atrisys.access.visible import layers_anywhere, layers_in, visible
from atrisys.actions import calibrate, delete_image
from atrisys.actions.add_image_instance import add_image_instance
from atrisys.actions.move_image import move_image
from atrisys.store.by_ids import objects_for, pairs_for
from atrisys.store.tables import (
    AbstractImage,
    ImageGroup,
    ImageGroupImageInstance,
    ImageInstance,
    Project,
    ProjectMember,
    SecUser,
    UserAnnotation,
)
from atrisys.wire import dialect
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery, Paging
from atrisys.wire.bodies import JsonBody, add_one_or_many, body_schema, read_changes, read_one
from atrisys.wire.described import gives, lists, saves
from atrisys.wire.dialect import Json
from atrisys.wire.fields import Amount, Fields, FileName
from atrisys.wire.image_columns import columns_for
from atrisys.wire.image_groups import links_of_images
from atrisys.wire.images import ImageInstanceOut, ImageMore, managed_among, show_images
from atrisys.wire.routes import Routes

routes = Routes(tags=["image instance"])

NEWEST_FIRST = ImageInstance.created.desc(), ImageInstance.id.desc()


class ImageInstanceIn(Fields):
    base_image_id: int
    project_id: int
    instance_filename: FileName | None = None


class ImageInstanceEdit(Fields):
    nullable: ClassVar[frozenset[str]] = frozenset(calibrate.OWN_VALUES)

    project_id: int | None = None
    instance_filename: FileName | None = None
    mpp_x: Amount = Field(None, validation_alias=AliasChoices("physicalSizeX"))
    mpp_y: Amount = Field(None, validation_alias=AliasChoices("physicalSizeY"))
    mpp_z: Amount = Field(None, validation_alias=AliasChoices("physicalSizeZ"))
    fps: Amount = None
    magnification: Amount = None


@routes.get("/api/project/{id:int}/imageinstance.json")
@lists(ImageInstanceOut, ImageMore, sought="name physicalSizeX")
def list_images_of_project(
    id: int,
    request: Request,
    db: Db,
    user: CurrentUser,
    find: Find,
    page: PageQuery,
    light: str | None = None,
    tree: str | None = None,
    withLastActivity: str | None = None,
    withImageGroup: str | None = None,
    excludeimagegroup: int | None = None,
) -> Response:
    """The images of a project, the newest first.

    `light=true`: ids and names alone; `tree=true`: for a tree widget; `withLastActivity`: when something was last drawn
    or changed on each; `withImageGroup`: which groups each is in; `excludeimagegroup`: not those of this group. Filters
    beside the fields: `tag[in]`, `imageGroup[in]`, `include` (ids of slides).
    """
    project = find(Project, id)
    blinded = project.blind_mode and not is_manager(db, user, project.id)
    query = select(ImageInstance).where(ImageInstance.project_id == project.id)
    if excludeimagegroup is not None:
        link, group = ImageGroupImageInstance, find.other(ImageGroup, excludeimagegroup)
        query = query.where(ImageInstance.id.not_in(select(link.image_id).where(link.group_id == group.id)))
    columns = columns_for(user, lambda kind: layers_in(db, user, project, kind=kind))
    rows, total = page.rows(db, query, *NEWEST_FIRST, columns=columns)
    if dialect.says_yes(light):
        return page.answer([_light(row, project, blinded) for row in rows], total)
    if dialect.says_yes(tree):
        return Json(_tree(rows, project, blinded))
    wires = show_images(db, rows, user, dialect.address_of(request))
    if dialect.says_yes(withLastActivity):
        last = _last_activity(db, rows, layers_in(db, user, project))
        wires = [{**wire, "lastActivity": last.get(wire["id"])} for wire in wires]
    if dialect.says_yes(withImageGroup):
        groups = links_of_images(db, [row.id for row in rows])
        wires = [{**wire, "imageGroup": groups.get(wire["id"], [])} for wire in wires]
    return page.answer(wires, total)


def _light(image: ImageInstance, project: Project, blinded: bool) -> dict[str, Any]:
    blind_name = str(image.base_image_id) if project.blind_mode else None
    return {
        "id": image.id,
        "instanceFilename": None if blinded else image.instance_filename,
        "blindedName": blind_name,
    }


def _tree(images: Sequence[ImageInstance], project: Project, blinded: bool) -> dict[str, Any]:
    def node(id: int, name: str, children: list[Any]) -> dict[str, Any]:
        is_folder = id == project.id
        return {
            "isFolder": is_folder,
            "hideCheckbox": is_folder,
            "name": name,
            "title": name,
            "key": id,
            "id": id,
            "children": children,
        }

    leaves = [node(row.id, str(row.base_image_id) if blinded else row.instance_filename, []) for row in images]
    return node(project.id, project.name, leaves)


def _last_activity(db: Session, images: Sequence[ImageInstance], seen: ColumnElement[bool]) -> dict[int, int]:
    touched = func.max(func.coalesce(UserAnnotation.updated, UserAnnotation.created))
    query = select(UserAnnotation.image_id, touched).where(seen).group_by(UserAnnotation.image_id)
    drawn = pairs_for(db, query, UserAnnotation.image_id, [image.id for image in images])
    return {image.id: max(drawn.get(image.id, 0), image.updated or image.created) for image in images}


@routes.get("/api/user/{id:int}/imageinstance.json")
def list_images_of_user(id: int, request: Request, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """The images of all projects that a user works in; one's own (`0` is oneself), or an administrator's question."""
    rows, total = _rows_of_user(db, user, find, page, id)
    return page.answer(show_images(db, rows, user, dialect.address_of(request)), total)


@routes.get("/api/user/{id:int}/imageinstance/light.json")
def list_images_of_user_lightly(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """The same with ids, names and projects alone."""
    rows, total = _rows_of_user(db, user, find, page, id)
    projects = objects_for(db, Project, [row.project_id for row in rows])
    blinded = {id for id, project in projects.items() if project.blind_mode} - managed_among(db, user, projects)
    lights = [_light(row, projects[row.project_id], row.project_id in blinded) for row in rows]
    lights = [{**light, "project": row.project_id} for light, row in zip(lights, rows, strict=True)]
    return page.answer(lights, total)


def _rows_of_user(db: Session, user: Caller, find: Finder, page: Paging, id: int) -> tuple[list[ImageInstance], int]:
    asked = find.other(SecUser, id or user.id)
    require_self_or_admin(user, asked.id)
    projects = select(ProjectMember.project_id).where(ProjectMember.user_id == asked.id)
    query = select(ImageInstance).where(ImageInstance.project_id.in_(projects))
    columns = columns_for(user, layers_anywhere(db, user))
    return page.rows(db, query, *NEWEST_FIRST, columns=columns)


@routes.get("/api/abstractimage/{id:int}/imageinstance.json")
@lists(ImageInstanceOut, sought="name")
def list_instances_of_slide(
    id: int, request: Request, db: Db, user: CurrentUser, find: Find, page: PageQuery
) -> Response:
    """A slide in all the projects that have it and that the caller may see."""
    query = visible(user, select(ImageInstance)).where(ImageInstance.base_image_id == find(AbstractImage, id).id)
    columns = columns_for(user, layers_anywhere(db, user))
    rows, total = page.rows(db, query, *NEWEST_FIRST, columns=columns)
    return page.answer(show_images(db, rows, user, dialect.address_of(request)), total)


@routes.get("/api/imageinstance/{id:int}.json")
@gives(ImageInstanceOut)
def show_image(id: int, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """One slide of a project."""
    return _shown(db, user, request, find(ImageInstance, id))


@routes.get("/api/imageinstance/{id:int}/next.json")
@gives(ImageInstanceOut, or_nothing=True)
def show_next(id: int, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """The image that was added to the project just before this one (lists have the newest first), or `{}`."""
    image = find(ImageInstance, id)
    earlier = tuple_(ImageInstance.created, ImageInstance.id) < (image.created, image.id)
    return _neighbour(db, user, request, image, select(ImageInstance).where(earlier).order_by(*NEWEST_FIRST))


@routes.get("/api/imageinstance/{id:int}/previous.json")
@gives(ImageInstanceOut, or_nothing=True)
def show_previous(id: int, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """The image that was added to the project just after this one, or `{}`."""
    image = find(ImageInstance, id)
    later = tuple_(ImageInstance.created, ImageInstance.id) > (image.created, image.id)
    query = select(ImageInstance).where(later).order_by(ImageInstance.created, ImageInstance.id)
    return _neighbour(db, user, request, image, query)


def _neighbour(
    db: Session, user: Caller, request: Request, image: ImageInstance, query: Select[ImageInstance]
) -> Response:
    row = db.scalars(query.where(ImageInstance.project_id == image.project_id).limit(1)).first()
    return Json({}) if row is None else _shown(db, user, request, row)


@routes.post("/api/imageinstance.json", openapi_extra=body_schema(ImageInstanceIn, many=True))
@saves(ImageInstanceOut)
def add_image(body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Put one slide into a project, or an array of them. Contributors of a read-only project may not."""
    require_user(user)
    if isinstance(body, list):
        return add_one_or_many(
            request, db, ImageInstanceIn, body, lambda fields: _add(fields, db, user, find), name="ImageInstance"
        )
    image = _add(read_one(ImageInstanceIn, body), db, user, find)
    return saved(db, "added", image, show_images(db, [image], user, dialect.address_of(request))[0])


def _add(fields: ImageInstanceIn, db: Session, user: Caller, find: Finder) -> ImageInstance:
    project, base = find.other(Project, fields.project_id), find.other(AbstractImage, fields.base_image_id)
    require_not_read_only(db, user, project.id, project.mode)
    require_slide_reader(db, user, base)
    columns = {"instance_filename": fields.instance_filename} if fields.instance_filename else {}
    return add_image_instance(db, user, project, base, **columns)


@routes.put("/api/imageinstance/{id:int}.json", openapi_extra=body_schema(ImageInstanceEdit))
@saves(ImageInstanceOut)
def edit_image(id: int, body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Rename an image, calibrate it (0: as its slide says), or move it with its annotations to another project."""
    image = find(ImageInstance, id)
    require_user(user)
    require_editor(db, user, db.get_one(Project, image.project_id), image.user_id)
    changes = read_changes(ImageInstanceEdit, body, image)
    target = changes.pop("project_id", image.project_id)
    if target != image.project_id:
        project = find.other(Project, target)
        require_not_read_only(db, user, project.id, project.mode)
        require_slide_reader(db, user, find.other(AbstractImage, image.base_image_id))
        move_image(db, user, image, project)
    calibrate.edit_image_instance(db, user, image, **changes)
    return saved(db, "edited", image, show_images(db, [image], user, dialect.address_of(request))[0])


@routes.delete("/api/imageinstance/{id:int}.json")
@saves(ImageInstanceOut)
def remove_image(id: int, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take an image out of its project, with its annotations; the slide stays in its storage."""
    image = find(ImageInstance, id)
    require_user(user)
    require_editor(db, user, db.get_one(Project, image.project_id), image.user_id)
    wire = show_images(db, [image], user, dialect.address_of(request))[0]
    delete_image.delete_image_instance(db, user, image, in_steps=True)
    return saved(db, "deleted", image, wire)


def _shown(db: Session, user: Caller, request: Request, image: ImageInstance) -> Response:
    wire = show_images(db, [image], user, dialect.address_of(request))[0]
    return Json(wire, headers={"ETag": f'"{image.version}"'})
