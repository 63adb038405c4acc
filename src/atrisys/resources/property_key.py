"""Which keys the properties of annotations and images have, and where annotations with one of them lie."""

from typing import Any

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.visible import layers_in, may_know
from atrisys.actions import find_annotations
from atrisys.actions.find_annotations import Wanted
from atrisys.errors import Invalid
from atrisys.geometry.frames import LEFT_TOP
from atrisys.store.tables import AbstractImage, ImageInstance, Project, Property, SecUser, UserAnnotation
from atrisys.wire import dialect
from atrisys.wire.asking import CurrentUser, Db, Find, PageQuery, Paging
from atrisys.wire.routes import Routes
from atrisys.wire.search_shapes import read_box

routes = Routes(tags=["property"])


@routes.get("/api/annotation/property/key.json")
def list_keys_of_annotations(
    db: Db,
    caller: CurrentUser,
    find: Find,
    page: PageQuery,
    idProject: int | None = None,
    idImage: int | None = None,
    user: str | None = None,
) -> Response:
    """The keys that annotations of a project or an image have, each once; with `user=true` once for each author."""
    if idImage is not None:
        image = find.other(ImageInstance, idImage)
        project, here = find.other(Project, image.project_id), UserAnnotation.image_id == image.id
    elif idProject is not None:
        project = find.other(Project, idProject)
        here = UserAnnotation.project_id == project.id
    else:
        raise Invalid("Name the project (idProject) or the image (idImage).")
    by_user = bool(dialect.says_yes(user))
    columns = (Property.key, UserAnnotation.user_id) if by_user else (Property.key,)
    query = select(*columns).join(UserAnnotation, UserAnnotation.id == Property.domain_ident)
    query = query.where(here, layers_in(db, caller, project)).group_by(*columns)
    rows, total = _page_of(db, page, query, *columns)
    return page.answer([{"key": row[0], "user": row[1]} for row in rows] if by_user else rows, total)


@routes.get("/api/imageinstance/property/key.json")
def list_keys_of_images(db: Db, caller: CurrentUser, find: Find, page: PageQuery, idProject: int) -> Response:
    """The keys that the images of a project have, each once."""
    project = find.other(Project, idProject)
    query = select(Property.key).join(ImageInstance, ImageInstance.id == Property.domain_ident)
    query = query.where(ImageInstance.project_id == project.id, may_know(caller, ImageInstance))
    query = query.group_by(Property.key)
    return page.answer(*_page_of(db, page, query, Property.key))


@routes.get("/api/user/{user_id:int}/imageinstance/{image:int}/annotationposition.json")
def list_positions(
    user_id: int,
    image: int,
    key: str,
    request: Request,
    db: Db,
    caller: CurrentUser,
    find: Find,
    page: PageQuery,
    bbox: str | None = None,
) -> Response:
    """The centres of somebody's annotations on an image that have a property with this key, and its value.

    `bbox`: only those that touch it; `origin=left-top` gives and takes image order.
    """
    origin = dialect.origin_of(request)
    height = find.other(AbstractImage, find.other(ImageInstance, image).base_image_id).height or 0
    box = read_box(bbox) if bbox else None
    users = [find.other(SecUser, user_id).id]
    _, chosen = find_annotations.conditions(
        db, caller, Wanted(images=[image], users=users, touching=box, origin=origin)
    )
    row = UserAnnotation
    query = select(row.id, row.centroid_x, row.centroid_y, Property.value)
    query = query.join(Property, Property.domain_ident == row.id).where(Property.key == key, *chosen)
    rows, total = _page_of(db, page, query, row.id, Property.id)
    turned = origin != LEFT_TOP
    return page.answer(
        [{"idAnnotation": id, "x": x, "y": height - y if turned else y, "value": value} for id, x, y, value in rows],
        total,
    )


def _page_of(db: Session, page: Paging, query: Any, *order: Any) -> tuple[list[Any], int]:
    """These lists have one order: their rows are no objects that could be sorted by their columns."""
    page.sort = ""
    return page.rows(db, query, *order)
