"""How many annotations there are: of somebody, of a project; and of all of them the ids."""

from sqlalchemy import func, select
from starlette.responses import Response

from atrisys.access.require import is_manager, require_admin, require_self_or_admin
from atrisys.access.visible import visible
from atrisys.store.tables import Project, SecUser, UserAnnotation
from atrisys.wire.asking import CurrentUser, Db, Find, PageQuery
from atrisys.wire.dialect import Json
from atrisys.wire.routes import Routes

routes = Routes(tags=["annotation"])

Row = UserAnnotation


@routes.get("/api/userannotation.json")
def list_all(db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """Id and container of every annotation; for administrators."""
    require_admin(user)
    query = select(Row.id, Row.project_id).order_by(Row.id.desc()).offset(page.offset)
    total = db.scalar(select(func.count(Row.id))) or 0
    rows = db.execute(query.limit(page.length) if page.length else query)
    return page.answer([{"id": id, "class": Row.cytomine_class, "container": project} for id, project in rows], total)


@routes.get("/api/user/{id:int}/userannotation/count.json")
def count_of_user(id: int, db: Db, user: CurrentUser, find: Find, project: int | None = None) -> Response:
    """How many annotations somebody drew, in one project or wherever the caller may see them."""
    drawn = visible(user, select(func.count(Row.id)).where(Row.user_id == find(SecUser, id).id), Row)
    if project is not None:
        found = find.other(Project, project)
        if user.id != id and not is_manager(db, user, found.id):
            require_self_or_admin(user, id)
        drawn = drawn.where(Row.project_id == found.id)
    else:
        require_self_or_admin(user, id)
    return Json({"total": db.scalar(drawn) or 0})


@routes.get("/api/project/{id:int}/userannotation/count.json")
def count_of_project(
    id: int, db: Db, user: CurrentUser, find: Find, startDate: int | None = None, endDate: int | None = None
) -> Response:
    """How many annotations a project has, drawn between two moments (epoch ms)."""
    drawn = visible(user, select(func.count(Row.id)).where(Row.project_id == find(Project, id).id), Row)
    if startDate is not None:
        drawn = drawn.where(Row.created > startDate)
    if endDate is not None:
        drawn = drawn.where(Row.created < endDate)
    return Json({"total": db.scalar(drawn) or 0})
