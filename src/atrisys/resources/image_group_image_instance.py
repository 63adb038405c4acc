"""Which images are in which groups."""

from fastapi import Request
from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_contributor
from atrisys.access.visible import get_row, layers_in
from atrisys.actions import history
from atrisys.errors import Invalid, NotFound
from atrisys.store.tables import (
    ImageGroup,
    ImageGroupImageInstance,
    ImageInstance,
    Project,
)
from atrisys.wire import dialect
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery, shown
from atrisys.wire.bodies import JsonBody, add_one_or_many, body_schema
from atrisys.wire.fields import Fields, show
from atrisys.wire.image_columns import columns_for, name_for
from atrisys.wire.image_groups import show_links
from atrisys.wire.images import show_images
from atrisys.wire.routes import Routes

routes = Routes(tags=["image group"])

Link = ImageGroupImageInstance


class LinkIn(Fields):
    group_id: int
    image_id: int


@routes.get("/api/imagegroup/{id:int}/imageinstance.json")
def list_images(id: int, request: Request, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """The images of a group, by their names."""
    group = find(ImageGroup, id)
    project = db.get_one(Project, group.project_id)
    order = name_for(user), ImageInstance.id
    columns = columns_for(user, lambda kind: layers_in(db, user, project, kind=kind))
    rows, total = page.rows(db, _images_in(group), *order, columns=columns)
    return page.answer(show_images(db, rows, user, dialect.address_of(request)), total)


def _images_in(group: ImageGroup) -> Select[ImageInstance]:
    inside = select(Link.image_id).where(Link.group_id == group.id)
    return select(ImageInstance).where(ImageInstance.id.in_(inside))


@routes.get("/api/imagegroup/{id:int}/imagegroupimageinstance.json")
def list_links_of_group(id: int, db: Db, find: Find, page: PageQuery) -> Response:
    """What says which images are in a group."""
    rows, total = page.rows(db, select(Link).where(Link.group_id == find(ImageGroup, id).id), Link.id)
    return page.answer(show_links(db, rows), total)


@routes.get("/api/imageinstance/{id:int}/imagegroupimageinstance.json")
def list_links_of_image(id: int, db: Db, find: Find, page: PageQuery) -> Response:
    """The groups that an image is in."""
    rows, total = page.rows(db, select(Link).where(Link.image_id == find(ImageInstance, id).id), Link.id)
    return page.answer(show_links(db, rows), total)


@routes.get("/api/imagegroup/{group:int}/imageinstance/{image:int}.json")
def show_one(group: int, image: int, db: Db, find: Find) -> Response:
    """One image in one group."""
    return shown(db, _link(db, find.other(ImageGroup, group), find.other(ImageInstance, image)))


@routes.get("/api/imagegroup/{group:int}/imageinstance/{image:int}/next.json")
def show_next(
    group: int, image: int, request: Request, db: Db, user: CurrentUser, find: Find, circular: str | None = None
) -> Response:
    """The image of the group whose name comes next; after the last one the first, with `circular=false` `{}`."""
    return _neighbour(db, user, request, find, group, image, circular, forwards=True)


@routes.get("/api/imagegroup/{group:int}/imageinstance/{image:int}/previous.json")
def show_previous(
    group: int, image: int, request: Request, db: Db, user: CurrentUser, find: Find, circular: str | None = None
) -> Response:
    """The image of the group whose name comes before; before the first one the last, with `circular=false` `{}`."""
    return _neighbour(db, user, request, find, group, image, circular, forwards=False)


def _neighbour(
    db: Session,
    user: Caller,
    request: Request,
    find: Finder,
    group_id: int,
    image_id: int,
    circular: str | None,
    *,
    forwards: bool,
) -> Response:
    group, image = find.other(ImageGroup, group_id), find.other(ImageInstance, image_id)
    _link(db, group, image)
    # By what the caller may know: the order would tell blinded names.
    name = name_for(user)
    here = db.scalar(select(name).where(ImageInstance.id == image.id))
    place, others = tuple_(name, ImageInstance.id), _images_in(group).where(ImageInstance.id != image.id)
    order = (name, ImageInstance.id) if forwards else (name.desc(), ImageInstance.id.desc())
    beyond = others.where(place > (here, image.id) if forwards else place < (here, image.id))
    row = db.scalars(beyond.order_by(*order).limit(1)).first()
    if row is None and circular != "false":
        row = db.scalars(others.order_by(*order).limit(1)).first()
    wires = show_images(db, [row] if row else [], user, dialect.address_of(request))
    return dialect.Json(wires[0] if wires else {})


@routes.post("/api/imagegroup/{group:int}/imageinstance/{image:int}.json")
def add_link(group: int, image: int, db: Db, user: CurrentUser) -> Response:
    """Put an image into a group of its project; contributors of a read-only project may not, nor guests."""
    return saved(db, "added", _add(db, user, group, image))


@routes.post("/api/imagegroupimageinstance.json", openapi_extra=body_schema(LinkIn, many=True))
def add_links(body: JsonBody, request: Request, db: Db, user: CurrentUser) -> Response:
    """The same with group and image named in the body, or an array of such."""
    return add_one_or_many(
        request, db, LinkIn, body, lambda fields: _add(db, user, fields.group_id, fields.image_id), name=Link.__name__
    )


def _add(db: Session, user: Caller, group_id: int, image_id: int) -> Link:
    group = get_row(db, user, ImageGroup, group_id)
    image = get_row(db, user, ImageInstance, image_id, lock=True)
    require_contributor(db, user, group.project_id)
    if image.project_id != group.project_id:
        raise Invalid("Image {image} is not in the project of group {group}.", image=image.id, group=group.id)
    return history.add(db, user, Link(group_id=group.id, image_id=image.id, project_id=group.project_id))


@routes.delete("/api/imagegroup/{group:int}/imageinstance/{image:int}.json")
def remove_link(group: int, image: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take an image out of a group; its annotations stay in theirs."""
    link = _link(db, find.other(ImageGroup, group), find.other(ImageInstance, image))
    find.check_version(link)
    require_contributor(db, user, link.project_id)
    wire = show(db, link)
    return saved(db, "deleted", history.delete(db, user, link), wire)


def _link(db: Session, group: ImageGroup, image: ImageInstance) -> Link:
    link = db.scalar(select(Link).where(Link.group_id == group.id, Link.image_id == image.id))
    if link is None:
        raise NotFound("Image {image} is not in group {group}.", image=image.id, group=group.id)
    return link
