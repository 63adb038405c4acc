"""When people opened which project, how often and for how long."""

from typing import Annotated, Any

from fastapi import Request
from pydantic import BeforeValidator, Field
from sqlalchemy import Double, Select, cast, func, select, true
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.events import note
from atrisys.access.require import require_admin, require_manager, require_self_or_manager
from atrisys.access.visible import get_row, visible
from atrisys.actions.record_activity import record_connection
from atrisys.store.table import now_ms
from atrisys.store.tables import ImageConsultation, Project, ProjectConnection, SecUser
from atrisys.wire.activity import (
    ONLINE_MS,
    WEEK_MS,
    Between,
    Dates,
    length_of,
    names_of,
    start_of,
    thumb_of,
)
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, Find, Finder, PageQuery, Paging
from atrisys.wire.bodies import JsonBody, body_schema, read_one
from atrisys.wire.described import gives
from atrisys.wire.dialect import Json, address_of
from atrisys.wire.fields import Fields, Model, none_for_empty
from atrisys.wire.reports import csv_table
from atrisys.wire.routes import Routes

routes = Routes(tags=["user activity"])

Row = ProjectConnection
Word = Annotated[Annotated[str, Field(max_length=64)] | None, BeforeValidator(none_for_empty)]


class ConnectionIn(Fields):
    os: Word = None
    browser: Word = None
    browser_version: Word = None


class ConnectionOut(Model):
    user_id: int
    project_id: int
    time: int
    os: str | None
    browser: str | None
    browser_version: str | None
    count_viewed_images: int | None
    count_created_annotations: int | None
    online: bool


def _show(row: Row) -> dict[str, Any]:
    is_open = row.count_viewed_images is None and row.last_seen > now_ms() - ONLINE_MS
    return ConnectionOut.of(row, cytomine_class=row.cytomine_class, time=row.time_ms, online=is_open).wire()


@routes.post("/api/project/{id:int}/userconnection.json", openapi_extra=body_schema(ConnectionIn))
@gives(ConnectionOut)
def add_connection(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Say that one opens a project; when one opened it before is over, and is counted."""
    fields = read_one(ConnectionIn, body or {})
    project = find.other(Project, id)
    return Json(_show(Row(**record_connection(db, user, project.id, **fields.model_dump()))))


@routes.get("/api/project/{id:int}/lastConnection.json")
def list_last_connections(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """When each member opened a project last; for managers."""
    project = find(Project, id)
    require_manager(db, user, project)
    return _last(db, page, Row.project_id == project.id)


@routes.get("/api/project/{id:int}/lastConnection/{user_id:int}.json")
def list_last_connection(id: int, user_id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """When one member opened a project last: a list of one; one's own, or a manager's question."""
    project, asked = find(Project, id), find.other(SecUser, user_id)
    require_self_or_manager(db, user, project, asked.id)
    return _last(db, page, Row.project_id == project.id, Row.user_id == asked.id)


def _last(db: Session, page: Paging, *rules: Any) -> Response:
    last = func.max(Row.created)
    query = select(Row.user_id, last).where(*rules).group_by(Row.user_id)
    return _grouped(db, page, query.order_by(last.desc(), Row.user_id), "user", "created")


def _grouped(db: Session, page: Paging, query: Select[*tuple[Any, ...]], *names: str) -> Response:
    """A page of a query that counts."""
    total = db.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    query = query.offset(page.offset)
    rows = db.execute(query.limit(page.length) if page.length else query)
    return page.answer([dict(zip(names, row, strict=True)) for row in rows], total)


@routes.get("/api/project/{id:int}/userconnection/{user_id:int}.json")
def list_connections(id: int, user_id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """When a member opened a project, the last time first; one's own, or a manager's question."""
    query = _of_member(db, user, find, id, user_id)
    return page.stream_rows(db, query, *NEWEST_FIRST, show=lambda rows: [_show(row) for row in rows])


NEWEST_FIRST = Row.created.desc(), Row.id.desc()


def _of_member(db: Session, user: Caller, find: Finder, id: int, user_id: int) -> Select[ProjectConnection]:
    project, asked = find(Project, id), find.other(SecUser, user_id)
    require_self_or_manager(db, user, project, asked.id)
    return select(Row).where(Row.project_id == project.id, Row.user_id == asked.id)


@routes.get("/api/project/{id:int}/connectionHistory/{user_id:int}.json")
def list_history(
    id: int,
    user_id: int,
    db: Db,
    store: CurrentStore,
    user: CurrentUser,
    find: Find,
    page: PageQuery,
    export: str | None = None,
) -> Response:
    """The same; `export=csv`: as a file."""
    query = _of_member(db, user, find, id, user_id)
    if export != "csv":
        return page.stream_rows(db, query, *NEWEST_FIRST, show=lambda rows: [_show(row) for row in rows])
    head = ("created", "time", "countViewedImages", "countCreatedAnnotations", "os", "browser", "browserVersion")
    rows, _ = page.rows(db, query, *NEWEST_FIRST)
    lines = [[_show(row)[name] for name in head] for row in rows]
    note(store, user, "exported", Project, id, what="connections as csv")
    return csv_table(f"connections of user {user_id}", head, lines)


@routes.get("/api/project/{id:int}/userconnection/count.json")
def count_connections(id: int, db: Db, find: Find, dates: Dates) -> Response:
    """How often a project was opened."""
    asked = Row.project_id == find(Project, id).id
    return Json({"total": db.scalar(select(func.count()).where(asked, dates.of(Row.created))) or 0})


@routes.get("/api/project/{id:int}/connectionFrequency.json")
def count_by_member(
    id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery, moments: Between, period: str | None = None
) -> Response:
    """How often each member opened a project; with `period` (hour, day, week) how often it was opened in each."""
    project = find(Project, id)
    require_manager(db, user, project)
    return _frequency(db, page, period, Row.project_id == project.id, moments.of(Row.created))


@routes.get("/api/project/{id:int}/connectionFrequency/{user_id:int}.json")
def count_of_member(
    id: int,
    user_id: int,
    db: Db,
    user: CurrentUser,
    find: Find,
    page: PageQuery,
    moments: Between,
    period: str | None = None,
) -> Response:
    """The same of one member; one's own, or a manager's question."""
    project, asked = find(Project, id), find.other(SecUser, user_id)
    require_self_or_manager(db, user, project, asked.id)
    rules = (Row.project_id == project.id, Row.user_id == asked.id, moments.of(Row.created))
    return _frequency(db, page, period, *rules)


@routes.get("/api/connectionFrequency.json")
def count_everywhere(
    db: Db, user: CurrentUser, page: PageQuery, moments: Between, period: str | None = None
) -> Response:
    """How often projects were opened on this server in each `period` (hour, day, week); for administrators."""
    require_admin(user)
    return _frequency(db, page, period or "", moments.of(Row.created))


def _frequency(db: Session, page: Paging, period: str | None, *rules: Any) -> Response:
    times = func.count(Row.id)
    if period is None:
        query = select(Row.user_id, times).where(*rules).group_by(Row.user_id)
        return _grouped(db, page, query.order_by(times.desc(), Row.user_id), "user", "frequency")
    began = start_of(Row.created, length_of(period)).label("began")
    query = select(began, times).where(*rules).group_by(began).order_by(began)
    return _grouped(db, page, query, "time", "frequency")


@routes.get("/api/averageConnections.json")
def average_connections(
    db: Db,
    caller: CurrentUser,
    find: Find,
    page: PageQuery,
    moments: Between,
    period: str | None = None,
    project: int | None = None,
    user: int | None = None,
) -> Response:
    """How connections fall on the hours or days of a week, or on weeks: `frequency` is the share of all.

    `time`: when the latest such hour, day or week began (UTC). Without `project` for administrators; `user`: oneself,
    or a manager's question.
    """
    rules = _asked_for(db, caller, find, project, user)
    return _shares(db, page, length_of(period), *rules, moments.of(Row.created))


def _asked_for(db: Session, caller: Caller, find: Finder, project_id: int | None, user_id: int | None) -> list[Any]:
    rules: list[Any] = []
    asked = find.other(SecUser, user_id) if user_id is not None else None
    if asked:
        rules.append(Row.user_id == asked.id)
    if project_id is None:
        require_admin(caller)
        return rules
    project = find.other(Project, project_id)
    if asked:
        require_self_or_manager(db, caller, project, asked.id)
    return [*rules, Row.project_id == project.id]


def _shares(db: Session, page: Paging, length: int, *rules: Any) -> Response:
    began = start_of(Row.created, length)
    place = began if length == WEEK_MS else began - start_of(Row.created, WEEK_MS)
    each = (
        select(func.max(began).label("time"), func.count(Row.id).label("times"))
        .where(true(), *rules)
        .group_by(place)
        .subquery()
    )
    share = cast(each.c.times, Double) / cast(func.sum(each.c.times).over(), Double)
    return _grouped(db, page, select(each.c.time, share.label("share")).order_by(each.c.time), "time", "frequency")


@routes.get("/api/projectConnection/{id:int}.json")
def list_images_of_connection(
    id: int, request: Request, db: Db, user: CurrentUser, page: PageQuery, export: str | None = None
) -> Response:
    """The images that somebody opened during one connection, the first first; `export=csv`: as a file."""
    connection, seen = get_row(db, user, Row, id), ImageConsultation
    query = visible(user, select(seen)).where(seen.project_connection_id == connection.id)
    rows, total = page.rows(db, query, seen.created, seen.id)
    names, address = names_of(db, user, [row.image_id for row in rows]), address_of(request)
    found = [
        {
            "id": row.id,
            "image": row.image_id,
            "imageName": names[row.image_id].shown,
            "imageThumb": thumb_of(address, row.image_id),
            "mode": row.mode,
            "time": row.time_ms,
            "countCreatedAnnotations": row.count_created_annotations,
            "created": str(row.created),
        }
        for row in rows
    ]
    if export == "csv":
        note(request.app.state.store, user, "exported", Project, connection.project_id, what="consultations as csv")
        head = ("created", "image", "imageName", "mode", "time", "countCreatedAnnotations")
        return csv_table(f"connection {connection.id}", head, [[one[name] for name in head] for one in found])
    return page.answer(found, total)


@routes.get("/api/project/method/lastopened.json")
def list_last_opened(db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """The caller's projects, the last opened first; those that were never opened follow by their age."""
    last = (
        select(func.max(Row.created))
        .where(Row.project_id == Project.id, Row.user_id == user.id)
        .correlate(Project)
        .scalar_subquery()
    )
    query = visible(user, select(Project, last))
    order = (last.is_(None), last.desc(), Project.created.desc(), Project.id.desc())
    rows, total = page.rows(db, query, *order)
    found = [
        {"id": project.id, "date": opened or project.created, "opened": opened is not None} for project, opened in rows
    ]
    return page.answer(found, total)
