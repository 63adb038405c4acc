"""Who works in a project, and as what: contributors, managers, representatives."""

from typing import Annotated, Any, Literal

from fastapi import Query, Request
from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.events import note
from atrisys.access.names import name_of
from atrisys.access.require import is_manager, require_manager
from atrisys.actions import edit_members
from atrisys.errors import NotFound
from atrisys.exports.pdf import PdfColumn
from atrisys.store.table import now_ms
from atrisys.store.tables import ImageInstance, Project, ProjectMember, SecUser
from atrisys.wire import dialect
from atrisys.wire.accounts import OwnerSees, UserOut, is_online, named, show_to
from atrisys.wire.activity import of_member
from atrisys.wire.answers import Verb, command_answer, done
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, Find, Finder, PageQuery, Paging
from atrisys.wire.bodies import JsonBody, body_schema, read_one
from atrisys.wire.described import Part, does, lists, sometimes
from atrisys.wire.dialect import Json
from atrisys.wire.fields import Fields, Model, shows
from atrisys.wire.reports import as_moment, dated, read_format, table_answer
from atrisys.wire.routes import Routes, opens_to_picture_cookie
from atrisys.wire.several_users import Ids, for_each_user

routes = Routes(tags=["project member"])

DOWNLOADED = (PdfColumn("Username", 3), PdfColumn("Name", 5), PdfColumn("Role", 2))

ROLE = case(
    (ProjectMember.is_representative, "representative"), (ProjectMember.is_manager, "manager"), else_="contributor"
)


def _columns(caller: Caller) -> dict[str, Any]:
    status = case((is_online(caller), "online"), else_="offline")
    return {**named(caller), "projectRole": ROLE, "role": ROLE, "status": status}


class RepresentativeIn(Fields):
    user_id: int


class ProjectMemberOut(Model):
    project_id: int
    user_id: int
    is_manager: bool
    is_representative: bool


class RepresentativeOut(Model):
    """The link as Cytomine has it: ours is the membership, with a mark."""

    cytomine_class: str = "be.cytomine.domain.project.ProjectRepresentativeUser"
    project_id: int
    user_id: int


class Membership(Part):
    """What somebody is in a project."""

    role: Literal["contributor", "manager", "representative"]


class MemberSees(Membership):
    """Also what managers know of them, where it is asked for."""

    last_image: int | None = sometimes()
    last_consultation: int | None = sometimes()
    number_consultations: int | None = sometimes()
    last_connection: int | None = sometimes()
    number_connections: int | None = sometimes()


@shows(ProjectMember)
def show_member(_db: Session, member: ProjectMember) -> dict[str, Any]:
    return ProjectMemberOut.of(member).wire()


def _show_representative(member: ProjectMember) -> dict[str, Any]:
    return RepresentativeOut.of(member, cytomine_class=RepresentativeOut.model_fields["cytomine_class"].default).wire()


def _role(member: ProjectMember) -> str:
    if member.is_representative:
        return "representative"
    return "manager" if member.is_manager else "contributor"


def _people(project: Project, *rules: Any) -> Select[SecUser, ProjectMember]:
    query = select(SecUser, ProjectMember).join(ProjectMember, ProjectMember.user_id == SecUser.id)
    return query.where(ProjectMember.project_id == project.id, *rules)


def _answer(db: Session, caller: Caller, page: Paging, query: Any) -> Response:
    rows, total = page.rows(db, query, func.lower(SecUser.username), columns=_columns(caller))
    return page.answer([{**show_to(db, caller, row), "role": _role(member)} for row, member in rows], total)


@routes.get("/api/project/{id:int}/user.json")
@lists(UserOut, OwnerSees, MemberSees)
def list_members(
    id: int,
    db: Db,
    user: CurrentUser,
    find: Find,
    page: PageQuery,
    online: str | None = None,
    withLastImage: str | None = None,
    withLastConsultation: str | None = None,
    withNumberConsultations: str | None = None,
    withLastConnection: str | None = None,
    withNumberConnections: str | None = None,
) -> Response:
    """Who works in a project, each with a `role`.

    `online=true`: who used a browser session in the last five minutes, wherever, and whoever asks.
    `withLastImage`, `withLastConsultation`, `withNumberConsultations`, `withLastConnection`, `withNumberConnections`
    add a field each; managers are told it of all, others of themselves.

    Filters: `fullName[ilike]`, `projectRole[in]`, `status[equals]=online`.
    """
    project = find(Project, id)
    query = _people(project, *([is_online(user)] if dialect.says_yes(online) else []))
    asked = {
        "lastImage": withLastImage,
        "lastConsultation": withLastConsultation,
        "numberConsultations": withNumberConsultations,
        "lastConnection": withLastConnection,
        "numberConnections": withNumberConnections,
    }
    wanted = [name for name, word in asked.items() if dialect.says_yes(word)]
    activity = of_member(project.id)
    if not is_manager(db, user, project.id):
        activity = {name: case((SecUser.id == user.id, column)) for name, column in activity.items()}
    query = query.add_columns(*(activity[name] for name in wanted))
    columns = {**_columns(user), **{name: activity[name] for name in wanted}}
    rows, total = page.rows(db, query, func.lower(SecUser.username), columns=columns)
    found = [
        {**show_to(db, user, row), "role": _role(member), **dict(zip(wanted, told, strict=True))}
        for row, member, *told in rows
    ]
    return page.answer(found, total)


@routes.get("/api/project/{id:int}/user/download")
@opens_to_picture_cookie
def download_members(
    id: int, db: Db, store: CurrentStore, user: CurrentUser, find: Find, format: str | None = None
) -> Response:
    """Who works in a project, as a table: `format=csv`, `xls` (an XLSX file) or `pdf`."""
    project, asked = find(Project, id), read_format(format)
    people = db.execute(_people(project).order_by(func.lower(SecUser.username)))
    rows = [(row.username, name_of(row), _role(member)) for row, member in people]
    note(store, user, "exported", Project, project.id, what=f"members as {asked}")
    name, title = dated(f"users_project{project.id}"), f"Members of {project.name}, {as_moment(now_ms())} UTC"
    return table_answer(store.folder, asked, name, title, DOWNLOADED, rows)


@routes.get("/api/project/{id:int}/admin.json")
@lists(UserOut, OwnerSees, Membership)
def list_managers(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """The managers of a project."""
    return _answer(db, user, page, _people(find(Project, id), ProjectMember.is_manager))


@routes.get("/api/project/{id:int}/users/representative.json")
@lists(UserOut, OwnerSees, Membership)
def list_representative_users(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """The people to write to about a project."""
    return _answer(db, user, page, _people(find(Project, id), ProjectMember.is_representative))


@routes.get("/api/project/{id:int}/creator.json")
@lists(UserOut, OwnerSees)
def list_creator(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """Who made a project: one user, or none when that account is gone."""
    project = find(Project, id)
    creator = db.get(SecUser, project.creator_id) if project.creator_id is not None else None
    return page.answer([show_to(db, user, creator)] if creator else [])


@routes.get("/api/project/{id:int}/userlayer.json")
@lists(UserOut, OwnerSees, Membership)
def list_layers(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery, image: int | None = None) -> Response:
    """The people whose annotations the caller may see in a project."""
    project = find(Project, id)
    if image is not None:
        find.other(ImageInstance, image)
    rules: list[Any] = []
    if not is_manager(db, user, project.id):
        own = SecUser.id == user.id
        if project.hide_users_layers:
            rules.append(or_(own, ProjectMember.is_manager))
        if project.hide_admins_layers:
            rules.append(or_(own, ~ProjectMember.is_manager))
    return _answer(db, user, page, _people(project, *rules))


@routes.post("/api/project/{id:int}/user/{user_id:int}.json")
@does()
def add_member(id: int, user_id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Make somebody a contributor; who is one already stays what they are."""
    project = _managed(db, user, find, id)
    edit_members.add_member(db, user, project, find.other(SecUser, user_id).id)
    return done()


@routes.delete("/api/project/{id:int}/user/{user_id:int}.json")
@does()
def remove_member(id: int, user_id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take somebody out of a project, or leave it; what they drew stays."""
    edit_members.remove_member(db, user, _managed_or_own(db, user, find, id, user_id), user_id)
    return done()


@routes.post("/api/project/{id:int}/user/{user_id:int}/admin.json")
@does()
def add_manager(id: int, user_id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Make somebody a manager, and a member where they are none yet."""
    project = _managed(db, user, find, id)
    edit_members.add_member(db, user, project, find.other(SecUser, user_id).id, manager=True)
    return done()


@routes.delete("/api/project/{id:int}/user/{user_id:int}/admin.json")
@does()
def remove_manager(id: int, user_id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take a manager's rights away, or give one's own back; they stay a contributor."""
    edit_members.make_contributor(db, user, _managed_or_own(db, user, find, id, user_id), user_id)
    return done()


@routes.post("/api/project/{id:int}/user.json")
def add_members(id: int, users: Ids, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Make several people contributors: all who can be are, the others are answered with their reasons (206)."""
    project = _managed(db, user, find, id)
    return for_each_user(users, request, db, lambda asked: edit_members.add_member(db, user, project, asked))


@routes.delete("/api/project/{id:int}/user.json")
def remove_members(id: int, users: Ids, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take several people out of a project, as far as possible."""
    project = find(Project, id)

    def remove(asked: int) -> None:
        if asked != user.id:
            require_manager(db, user, project)
        edit_members.remove_member(db, user, project, asked)

    return for_each_user(users, request, db, remove)


@routes.get("/api/project/{id:int}/representative.json")
def list_representatives(id: int, db: Db, find: Find, page: PageQuery) -> Response:
    """The links between a project and its representatives."""
    query = select(ProjectMember).where(
        ProjectMember.project_id == find(Project, id).id, ProjectMember.is_representative
    )
    rows, total = page.rows(db, query, ProjectMember.id)
    return page.answer([_show_representative(row) for row in rows], total)


@routes.get("/api/project/{id:int}/representative/{link:int}.json")
def show_representative(id: int, link: int, db: Db, find: Find) -> Response:
    """One link between a project and a representative."""
    return Json(_show_representative(_link(find, find(Project, id), link)))


@routes.post("/api/project/{id:int}/representative.json", openapi_extra=body_schema(RepresentativeIn))
def add_representative(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Name somebody as a person to write to; they become a manager where they are none yet."""
    project = _managed(db, user, find, id)
    asked = find.other(SecUser, read_one(RepresentativeIn, body).user_id)
    return _saved(db, "added", edit_members.add_representative(db, user, project, asked.id))


@routes.delete("/api/project/{id:int}/representative/{link:int}.json")
def remove_representative(id: int, link: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take one representative back; they stay a manager. The last one cannot be taken."""
    project = _managed(db, user, find, id)
    asked = _link(find, project, link).user_id
    return _saved(db, "deleted", edit_members.remove_representative(db, user, project, asked))


@routes.delete("/api/project/{id:int}/representative.json")
def remove_representative_by_user(
    id: int, db: Db, user: CurrentUser, find: Find, asked: Annotated[int, Query(alias="user")]
) -> Response:
    """No longer write to this manager about the project."""
    project = _managed(db, user, find, id)
    return _saved(db, "deleted", edit_members.remove_representative(db, user, project, asked))


def _link(find: Finder, project: Project, id: int) -> ProjectMember:
    member = find.other(ProjectMember, id)
    if member.project_id != project.id or not member.is_representative:
        raise NotFound("Project {project} has no representative {id}.", project=project.id, id=id)
    return member


def _saved(db: Session, verb: Verb, member: ProjectMember) -> Response:
    wire = _show_representative(member)
    return Json(command_answer(db, verb, "ProjectRepresentativeUser", member.id, None, wire))


def _managed(db: Session, user: Caller, find: Finder, id: int) -> Project:
    project = find(Project, id)
    require_manager(db, user, project)
    return project


def _managed_or_own(db: Session, user: Caller, find: Finder, id: int, asked: int) -> Project:
    """For what a manager may do to anybody and anybody to themselves."""
    project = find(Project, id)
    if asked != user.id:
        require_manager(db, user, project)
    return project
