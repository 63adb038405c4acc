"""Image filters: what viewers may do with pictures, and which of it the viewers of a project offer."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.require import require_manager
from atrisys.access.visible import visible
from atrisys.actions import history
from atrisys.store.tables import ImageFilter, ImageFilterProject, Project
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, PageQuery
from atrisys.wire.bodies import JsonBody, body_schema, read_one
from atrisys.wire.fields import Fields, Model, show, shows
from atrisys.wire.routes import Routes

routes = Routes(tags=["image filter"])


class ImageFilterProjectIn(Fields):
    image_filter_id: int
    project_id: int


class ImageFilterOut(Model, of=ImageFilter):
    name: str
    method: str
    base_url: str | None = None
    """Filters are part of this server: there is no other address."""
    available: bool = True


class ImageFilterProjectOut(Model):
    image_filter_id: int
    project_id: int
    name: str
    method: str
    base_url: str | None = None
    available: bool = True


@shows(ImageFilterProject)
def show_link(db: Session, link: ImageFilterProject) -> dict[str, Any]:
    return _show(link, db.get_one(ImageFilter, link.image_filter_id))


def _show(link: ImageFilterProject, offered: ImageFilter) -> dict[str, Any]:
    return ImageFilterProjectOut.of(link, name=offered.name, method=offered.method).wire()


@routes.get("/api/imagefilter.json")
def list_filters(db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """The filters that there are; `filters` of a picture's address takes their `method`."""
    return page.of(db, visible(user, select(ImageFilter)), ImageFilterOut, ImageFilter.id)


@routes.get("/api/imagefilterproject.json")
def list_links(db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """Which filters the caller's projects offer."""
    return _listed(db, page, visible(user, LINKS))


@routes.get("/api/project/{id:int}/imagefilterproject.json")
def list_links_of_project(id: int, db: Db, find: Find, page: PageQuery) -> Response:
    """The filters that a project offers."""
    return _listed(db, page, LINKS.where(ImageFilterProject.project_id == find(Project, id).id))


LINKS = select(ImageFilterProject, ImageFilter).join(ImageFilter, ImageFilter.id == ImageFilterProject.image_filter_id)
COLUMNS = {"name": ImageFilter.name, "method": ImageFilter.method}


def _listed(db: Session, page: PageQuery, query: Any) -> Response:
    rows, total = page.rows(db, query, ImageFilterProject.id, columns=COLUMNS)
    return page.answer([_show(link, offered) for link, offered in rows], total)


@routes.post("/api/imagefilterproject.json", openapi_extra=body_schema(ImageFilterProjectIn))
def add_link(body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Offer a filter in a project; managers do."""
    fields = read_one(ImageFilterProjectIn, body)
    project = find.other(Project, fields.project_id)
    require_manager(db, user, project)
    offered = find.other(ImageFilter, fields.image_filter_id)
    link = ImageFilterProject(project_id=project.id, image_filter_id=offered.id)
    return saved(db, "added", history.add(db, user, link))


@routes.delete("/api/imagefilterproject/{id:int}.json")
def remove_link(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Offer a filter no longer; managers do."""
    link = find(ImageFilterProject, id)
    require_manager(db, user, find.other(Project, link.project_id))
    wire = show(db, link)
    return saved(db, "deleted", history.delete(db, user, link), wire)
