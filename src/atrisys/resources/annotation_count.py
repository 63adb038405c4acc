"""How many annotations there are: of somebody, of a project; and of all of them the ids."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import is_manager, require_admin, require_self_or_admin
from atrisys.access.visible import visible
from atrisys.store.tables import COUNTS_OF, AnnotationDomain, Project, ReviewedAnnotation, SecUser, UserAnnotation
from atrisys.wire.activity import Dates, Moments
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery
from atrisys.wire.dialect import Json
from atrisys.wire.routes import Routes

routes = Routes(tags=["annotation"])

Row = UserAnnotation


@routes.get("/api/userannotation.json")
def list_all(db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """Id and container of every annotation; for administrators."""
    require_admin(user)
    query = select(Row.id, Row.project_id).order_by(Row.id.desc()).offset(page.offset)
    total = db.scalar(select(COUNTS_OF[Row].total())) or 0
    rows = db.execute(query.limit(page.length) if page.length else query)
    return page.answer([{"id": id, "class": Row.cytomine_class, "container": project} for id, project in rows], total)


@routes.get("/api/user/{id:int}/userannotation/count.json")
def count_of_user(id: int, db: Db, user: CurrentUser, find: Find, project: int | None = None) -> Response:
    """How many annotations somebody drew, in one project or wherever the caller may see them."""
    return _of_user(db, user, find, UserAnnotation, id, project)


@routes.get("/api/user/{id:int}/reviewedannotation/count.json")
def count_accepted_of_user(id: int, db: Db, user: CurrentUser, find: Find, project: int | None = None) -> Response:
    """How many annotations of somebody's were accepted, in one project or wherever the caller may see them."""
    return _of_user(db, user, find, ReviewedAnnotation, id, project)


def _of_user(
    db: Session, user: Caller, find: Finder, kind: type[AnnotationDomain], id: int, project: int | None
) -> Response:
    counts = COUNTS_OF[kind]
    query = visible(user, select(counts.total()).where(counts.user_id == find(SecUser, id).id), counts)
    if project is not None:
        found = find.other(Project, project)
        if user.id != id and not is_manager(db, user, found.id):
            require_self_or_admin(user, id)
        query = query.where(counts.project_id == found.id)
    else:
        require_self_or_admin(user, id)
    return Json({"total": db.scalar(query)})


@routes.get("/api/project/{id:int}/userannotation/count.json")
def count_of_project(id: int, db: Db, user: CurrentUser, find: Find, dates: Dates) -> Response:
    """How many annotations a project has, drawn between two moments (`startDate`, `endDate`: epoch ms)."""
    return _of_project(db, user, find, UserAnnotation, id, dates)


@routes.get("/api/project/{id:int}/reviewedannotation/count.json")
def count_accepted_of_project(id: int, db: Db, user: CurrentUser, find: Find, dates: Dates) -> Response:
    """How many annotations of a project were accepted between two moments (`startDate`, `endDate`: epoch ms)."""
    return _of_project(db, user, find, ReviewedAnnotation, id, dates)


def _of_project(
    db: Session, user: Caller, find: Finder, kind: type[AnnotationDomain], id: int, dates: Moments
) -> Response:
    project = find(Project, id)
    if dates.after is None and dates.before is None:
        counts = COUNTS_OF[kind]
        query = visible(user, select(counts.total()).where(counts.project_id == project.id), counts)
    else:
        drawn = select(func.count(kind.id)).where(kind.project_id == project.id, dates.of(kind.created))
        query = visible(user, drawn, kind)
    return Json({"total": db.scalar(query)})
