"""Statistics of the whole server: how much there is of everything, who is there now, how full the disk is."""

import shutil
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.domains import kind_named
from atrisys.access.require import require_admin
from atrisys.access.visible import visible
from atrisys.store.table import now_ms
from atrisys.store.tables import (
    AbstractImage,
    ImageInstance,
    Ontology,
    Project,
    ProjectConnection,
    SecUser,
    Term,
    UserAnnotation,
)
from atrisys.wire.accounts import is_online
from atrisys.wire.activity import ONLINE_MS
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, PageQuery
from atrisys.wire.dialect import Json
from atrisys.wire.routes import Routes

routes = Routes(tags=["statistics"])

KINDS = {
    "users": SecUser,
    "projects": Project,
    "images": ImageInstance,
    "abstractImages": AbstractImage,
    "userAnnotations": UserAnnotation,
    "terms": Term,
    "ontologies": Ontology,
}


@routes.get("/api/stats/all.json")
def count_all(db: Db, user: CurrentUser) -> Response:
    """How many objects of each kind there are; for administrators. Jobs draw as users do, so `jobAnnotations` is 0."""
    require_admin(user)
    counts = [select(func.count()).select_from(kind).scalar_subquery() for kind in KINDS.values()]
    return Json({**dict(zip(KINDS, db.execute(select(*counts)).one(), strict=True)), "jobAnnotations": 0})


@routes.get("/api/stats/currentStats.json")
def count_present(db: Db, user: CurrentUser) -> Response:
    """How many people are there now, in how many projects, and in which the most; for administrators."""
    require_admin(user)
    present = (
        select(ProjectConnection.project_id, func.count(ProjectConnection.user_id.distinct()).label("users"))
        .where(ProjectConnection.last_seen > now_ms() - ONLINE_MS)
        .group_by(ProjectConnection.project_id)
    )
    busy = present.subquery()
    busiest = db.execute(present.order_by(func.count(ProjectConnection.user_id.distinct()).desc()).limit(1)).first()
    return Json(
        {
            "users": _present_people(db, user),
            "projects": db.scalar(select(func.count()).select_from(busy)) or 0,
            "mostActiveProject": {"project": busiest[0], "users": busiest[1]} if busiest else None,
        }
    )


def _present_people(db: Session, caller: Caller) -> int:
    fresh = select(ProjectConnection.user_id).where(ProjectConnection.last_seen > now_ms() - ONLINE_MS)
    return db.scalar(select(func.count()).where(is_online(caller) | SecUser.id.in_(fresh))) or 0


@routes.get("/api/stats/imageserver/total.json")
def show_disk(user: CurrentUser, store: CurrentStore) -> Response:
    """How full the disk is that holds the data folder (bytes; `usedP`: 0 to 1); for administrators."""
    require_admin(user)
    disk = shutil.disk_usage(store.folder.root)
    share = disk.used / disk.total if disk.total else 0.0
    return Json({"total": disk.total, "available": disk.free, "used": disk.used, "usedP": share})


@routes.get("/api/total/project/connections.json")
def count_connections_by_project(db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """How often each project was opened; for administrators."""
    require_admin(user)
    times: Any = (
        select(func.count()).where(ProjectConnection.project_id == Project.id).correlate(Project).scalar_subquery()
    )
    rows, total = page.rows(db, select(Project, times), Project.id, columns={"total": times})
    return page.answer([{"project": project.id, "total": number} for project, number in rows], total)


@routes.get("/api/total/{domain_class}.json")
def count_of_class(domain_class: str, db: Db, user: CurrentUser) -> Response:
    """How many objects of a class (`project`, `ImageInstance`, …) the caller may see."""
    kind = kind_named(domain_class)
    return Json({"total": db.scalar(visible(user, select(func.count(kind.id)), kind)) or 0})
