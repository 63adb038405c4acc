"""What goes on in a project: who is there now and looks at what, what each member did so far."""

from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_manager, require_self_or_manager
from atrisys.access.visible import may_follow
from atrisys.store.by_ids import objects_for
from atrisys.store.table import now_ms
from atrisys.store.tables import (
    AnnotationAction,
    ImageConsultation,
    Project,
    ProjectConnection,
    ProjectMember,
    SecUser,
    UserAnnotation,
    UserPosition,
)
from atrisys.wire.accounts import named, show_to
from atrisys.wire.activity import LOOKS_MS, fresh_connections, in_project, names_of, of_member
from atrisys.wire.asking import CurrentUser, Db, Find, PageQuery
from atrisys.wire.described import Part, lists
from atrisys.wire.dialect import Json
from atrisys.wire.routes import Routes

routes = Routes(tags=["user activity"])


class Looking(Part):
    """Where somebody looks."""

    id: int
    image: int
    slice: int | None
    filename: str | None
    original_filename: str | None
    date: int


class Online(Part):
    """Somebody who is there now."""

    id: int
    position: list[Looking]


@routes.get("/api/project/{id:int}/online/user.json")
@lists(Online)
def list_online(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """The members who are there now, and where each one looks.

    There: a sign of life (ping) within five minutes, or a position within half a minute. Contributors are told where
    others look only while these broadcast it.
    """
    project = find(Project, id)
    fresh = (UserPosition.image_id.in_(in_project(project.id)), UserPosition.created > now_ms() - LOOKS_MS)
    looking = select(UserPosition.user_id).where(*fresh)
    query = (
        select(SecUser)
        .join(ProjectMember, ProjectMember.user_id == SecUser.id)
        .where(ProjectMember.project_id == project.id)
        .where(or_(SecUser.id.in_(fresh_connections([project.id])), SecUser.id.in_(looking)))
    )
    rows, total = page.rows(db, query, SecUser.id)
    places = _positions(db, user, *fresh)
    return page.answer([{"id": member.id, "position": places.get(member.id, [])} for member in rows], total)


def _positions(db: Session, caller: Caller, *fresh: ColumnElement[bool]) -> dict[int, list[dict[str, Any]]]:
    """By user: the last position on each image."""
    last = select(func.max(UserPosition.id)).where(*fresh, may_follow(caller))
    rows = objects_for(db, UserPosition, db.scalars(last.group_by(UserPosition.user_id, UserPosition.image_id)))
    names = names_of(db, caller, [row.image_id for row in rows.values()])
    found: dict[int, list[dict[str, Any]]] = {}
    for row in sorted(rows.values(), key=lambda row: row.id, reverse=True):
        name = names[row.image_id]
        place = {
            "id": row.image_id,
            "image": row.image_id,
            "slice": row.slice_id,
            "filename": name.shown,
            "originalFilename": name.original,
            "date": row.created,
        }
        found.setdefault(row.user_id, []).append(place)
    return found


@routes.get("/api/project/{id:int}/usersActivity.json")
def list_activity(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """Of each member the last image and connection, and how often they came; for managers."""
    project = find(Project, id)
    require_manager(db, user, project)
    of = of_member(project.id)
    columns = {
        **named(user),
        "lastImageId": of["lastImage"],
        "lastConnection": of["lastConnection"],
        "frequency": of["numberConnections"],
    }
    query = select(SecUser, of["lastImage"], of["lastConnection"], of["numberConnections"])
    query = query.join(ProjectMember, ProjectMember.user_id == SecUser.id)
    query = query.where(ProjectMember.project_id == project.id)
    rows, total = page.rows(db, query, func.lower(SecUser.username), columns=columns)
    names = names_of(db, user, [image for _, image, _, _ in rows if image])
    found = [
        {
            **{key: show_to(db, user, member)[key] for key in PERSON},
            "lastImageId": image,
            "lastImageName": names[image].shown if image else None,
            "lastConnection": connected,
            "frequency": times,
        }
        for member, image, connected, times in rows
    ]
    return page.answer(found, total)


PERSON = ("id", "username", "name", "firstname", "lastname", "fullName")


@routes.get("/api/project/{id:int}/resumeActivity/{user_id:int}.json")
def sum_up_activity(id: int, user_id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """What a member did in a project by number; oneself, or a manager's question."""
    project, asked = find(Project, id), find.other(SecUser, user_id)
    require_self_or_manager(db, user, project, asked.id)
    images = in_project(project.id)

    def of(value: Any, kind: Any, *rules: Any) -> Any:
        return select(value).where(kind.user_id == asked.id, *rules).scalar_subquery()

    connected = ProjectConnection.project_id == project.id
    chosen = (AnnotationAction.image_id.in_(images), AnnotationAction.action == "select")
    sums = {
        "firstConnection": of(func.min(ProjectConnection.created), ProjectConnection, connected),
        "lastConnection": of(func.max(ProjectConnection.created), ProjectConnection, connected),
        "totalAnnotations": of(func.count(), UserAnnotation, UserAnnotation.project_id == project.id),
        "totalConnections": of(func.count(), ProjectConnection, connected),
        "totalConsultations": of(func.count(), ImageConsultation, ImageConsultation.image_id.in_(images)),
        "totalAnnotationSelections": of(func.count(), AnnotationAction, *chosen),
    }
    return Json(dict(zip(sums, db.execute(select(*sums.values())).one(), strict=True)))
