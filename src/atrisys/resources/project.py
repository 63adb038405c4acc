"""Projects: what they are, who may see them, what is in them by number."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field
from sqlalchemy import case, exists, func, literal, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import (
    may_edit_ontology,
    require_manager,
    require_ontology_for_project,
    require_self_or_admin,
    require_user,
)
from atrisys.access.visible import Layers, layers_anywhere, layers_in, visible
from atrisys.actions import delete_project, history
from atrisys.actions.add_project import add_project
from atrisys.actions.change_ontology import change_ontology
from atrisys.actions.edit_members import replace_members
from atrisys.store.by_ids import pairs_for, rows_for
from atrisys.store.tables import (
    Change,
    Description,
    ImageInstance,
    Ontology,
    Project,
    ProjectMember,
    ReviewedAnnotationCount,
    SecUser,
    UserAnnotationCount,
)
from atrisys.wire import dialect
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery, Paging
from atrisys.wire.bodies import JsonBody, body_schema, read_changes, read_one
from atrisys.wire.described import Named, Part, gives, lists, saves, sometimes
from atrisys.wire.dialect import Json
from atrisys.wire.fields import Amount, Fields, Model, shows
from atrisys.wire.filters import tags_of
from atrisys.wire.routes import Routes

routes = Routes(tags=["project"])

NEWEST_FIRST = Project.created.desc(), Project.id.desc()
SETTINGS = (
    "blind_mode",
    "are_images_downloadable",
    "hide_users_layers",
    "hide_admins_layers",
    "is_closed",
    "is_read_only",
    "is_restricted",
)
ASSUMED = "unscaled_physical_size", "unscaled_magnification"


def _ids(value: Any) -> Any:
    """A list of ids, or a comma list."""
    if isinstance(value, str):
        return [part for part in value.strip("[] ").split(",") if part.strip()]
    return value


Name = Annotated[str, Field(min_length=1, max_length=255)]
People = Annotated[list[int] | None, BeforeValidator(_ids)]


class ProjectEdit(Fields):
    nullable: ClassVar[frozenset[str]] = frozenset({"ontology_id"})

    name: Name | None = None
    ontology_id: int | None = None
    blind_mode: bool | None = None
    are_images_downloadable: bool | None = None
    hide_users_layers: bool | None = None
    hide_admins_layers: bool | None = None
    is_closed: bool | None = None
    is_read_only: bool | None = None
    is_restricted: bool | None = None
    unscaled_physical_size: Amount = None
    """µm for each pixel of images that come later and say none; 0: nothing is assumed."""
    unscaled_magnification: Amount = None
    users: People = None
    admins: People = None
    representatives: People = None
    force_ontology_update: bool | None = None


class ProjectIn(ProjectEdit):
    name: Name  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]


class ProjectOut(Model):
    name: str
    ontology_id: int | None
    ontology_name: str | None
    blind_mode: bool
    are_images_downloadable: bool
    hide_users_layers: bool
    hide_admins_layers: bool
    is_closed: bool
    is_read_only: bool
    is_restricted: bool
    unscaled_physical_size: float | None
    unscaled_magnification: float | None
    mode: str
    number_of_slides: int = 0
    number_of_images: int
    number_of_annotations: int
    number_of_job_annotations: int = 0
    number_of_reviewed_annotations: int


class Roles(Part):
    """What the caller is in a project."""

    admin: bool
    """A manager."""
    representative: bool


class ProjectMore(Part):
    """What lists of projects hold where it is asked for."""

    members_count: int = sometimes()
    last_activity: int | None = sometimes()
    description: str | None = sometimes()
    current_user_roles: Roles = sometimes()
    newest_image: int | None = sometimes()


class OntologyRight(Part):
    may_edit_ontology: bool
    """Whether the caller may change the ontology's terms."""


@shows(Project)
def show_one(db: Session, project: Project) -> dict[str, Any]:
    return show_all(db, [project])[0]


def show_all(db: Session, projects: Sequence[Project], caller: Caller | None = None) -> list[dict[str, Any]]:
    """Projects with the name of their ontology and what the caller sees in them, by number."""
    ids = [project.id for project in projects]
    names = pairs_for(db, select(Ontology.id, Ontology.name), Ontology.id, [row.ontology_id for row in projects])
    images = pairs_for(db, _counts(ImageInstance), ImageInstance.project_id, ids)
    drawn, accepted = (
        pairs_for(
            db,
            select(kind.project_id, kind.total())
            .where(layers_in(db, caller, *projects, kind=kind))
            .group_by(kind.project_id),
            kind.project_id,
            ids,
        )
        for kind in (UserAnnotationCount, ReviewedAnnotationCount)
    )
    return [
        ProjectOut.of(
            project,
            ontology_name=names.get(project.ontology_id or 0),
            number_of_images=images.get(project.id, 0),
            number_of_annotations=drawn.get(project.id, 0),
            number_of_reviewed_annotations=accepted.get(project.id, 0),
        ).wire()
        for project in projects
    ]


def _counts(kind: Any) -> Any:
    return select(kind.project_id, func.count()).group_by(kind.project_id)


def _number_in(kind: Any, number: Any, *rules: Any) -> Any:
    return select(number).where(kind.project_id == Project.id, *rules).correlate(Project).scalar_subquery()


def _last_activity(seen: Layers) -> Any:
    """The time of the last change in a project: its row in the change log is found from the end."""
    changes = select(Change.created).where(Change.container_id == Project.id, seen(Change))
    return changes.order_by(Change.seq.desc()).limit(1).scalar_subquery()


def _role(user: Caller) -> Any:
    """What the caller is in a project; an administrator manages all."""
    if user.is_admin:
        return literal("manager")
    mine = exists().where(ProjectMember.project_id == Project.id, ProjectMember.user_id == user.id).correlate(Project)
    return case((mine.where(ProjectMember.is_manager), "manager"), (mine, "contributor"))


def _columns(db: Session, user: Caller) -> dict[str, Any]:
    """What lists of projects are sorted and filtered by, beside their own columns."""
    seen, tags = layers_anywhere(db, user), tags_of(Project.id)
    drawn, accepted = UserAnnotationCount, ReviewedAnnotationCount
    return {
        "numberOfImages": _number_in(ImageInstance, func.count()),
        "numberOfAnnotations": _number_in(drawn, drawn.total(), seen(drawn)),
        "numberOfJobAnnotations": literal(0),
        "numberOfReviewedAnnotations": _number_in(accepted, accepted.total(), seen(accepted)),
        "membersCount": _number_in(ProjectMember, func.count()),
        "currentUserRole": _role(user),
        "lastActivity": _last_activity(seen),
        "ontologyName": select(Ontology.name).where(Ontology.id == Project.ontology_id).scalar_subquery(),
        "tag": tags,
        "tags": tags,
    }


@routes.get("/api/project.json")
@lists(ProjectOut, ProjectMore, sought="name")
def list_projects(
    db: Db,
    user: CurrentUser,
    page: PageQuery,
    withMembersCount: str | None = None,
    withLastActivity: str | None = None,
    withDescription: str | None = None,
    withCurrentUserRoles: str | None = None,
    withNewestImage: str | None = None,
) -> Response:
    """The projects that the caller works in, the newest first; an administrator sees all.

    `withMembersCount`, `withLastActivity`, `withDescription`, `withCurrentUserRoles`, `withNewestImage` add a field
    each; the last is ours: the number of the image that was added last.

    Filters beside the fields: `tag[in]`, `membersCount[…]`, `currentUserRole[in]=manager,contributor`.
    """
    rows, total = page.rows(db, visible(user, select(Project)), *NEWEST_FIRST, columns=_columns(db, user))
    wires = show_all(db, rows, user)
    ids = [row.id for row in rows]
    if dialect.says_yes(withMembersCount):
        counts = pairs_for(db, _counts(ProjectMember), ProjectMember.project_id, ids)
        wires = [{**wire, "membersCount": counts.get(wire["id"], 0)} for wire in wires]
    if dialect.says_yes(withLastActivity):
        last = pairs_for(db, select(Project.id, _last_activity(layers_anywhere(db, user))), Project.id, ids)
        wires = [{**wire, "lastActivity": last.get(wire["id"])} for wire in wires]
    if dialect.says_yes(withDescription):
        said = pairs_for(db, select(Description.domain_ident, Description.data), Description.domain_ident, ids)
        wires = [{**wire, "description": said.get(wire["id"])} for wire in wires]
    if dialect.says_yes(withCurrentUserRoles):
        roles = _roles(db, user, ids)
        wires = [{**wire, "currentUserRoles": roles[wire["id"]]} for wire in wires]
    if dialect.says_yes(withNewestImage):
        query = select(ImageInstance.project_id, func.max(ImageInstance.id)).group_by(ImageInstance.project_id)
        newest = pairs_for(db, query, ImageInstance.project_id, ids)
        wires = [{**wire, "newestImage": newest.get(wire["id"])} for wire in wires]
    return page.answer(wires, total)


def _roles(db: Session, user: Caller, ids: Sequence[int]) -> dict[int, dict[str, bool]]:
    query = select(ProjectMember).where(ProjectMember.user_id == user.id)
    own = {row[0].project_id: row[0] for row in rows_for(db, query, ProjectMember.project_id, ids)}
    return {
        id: {
            "admin": user.is_admin or (id in own and own[id].is_manager),
            "representative": id in own and own[id].is_representative,
        }
        for id in ids
    }


@routes.get("/api/ontology/{id:int}/project.json")
@lists(ProjectOut, sought="name")
def list_projects_of_ontology(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """The projects that use an ontology, as far as the caller may see them."""
    query = visible(user, select(Project)).where(Project.ontology_id == find(Ontology, id).id)
    rows, total = page.rows(db, query, *NEWEST_FIRST, columns=_columns(db, user))
    return page.answer(show_all(db, rows, user), total)


@routes.get("/api/user/{id:int}/project.json")
@lists(ProjectOut, sought="name")
def list_projects_of_user(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """The projects that a user works in: one's own, or an administrator's question."""
    rows, total = _rows_of_user(db, user, find, page, id)
    return page.answer(show_all(db, rows, user), total)


@routes.get("/api/user/{id:int}/project/light.json")
@lists(Named)
def list_projects_of_user_lightly(
    id: int,
    db: Db,
    user: CurrentUser,
    find: Find,
    page: PageQuery,
    creator: str | None = None,
    admin: str | None = None,
) -> Response:
    """The same with ids and names alone; `creator`, `admin`: only those that the user made, or manages."""
    rules = []
    if dialect.says_yes(creator):
        rules.append(Project.creator_id == (id or user.id))
    if dialect.says_yes(admin):
        rules.append(ProjectMember.is_manager)
    rows, total = _rows_of_user(db, user, find, page, id, *rules)
    return page.answer([{"id": row.id, "name": row.name} for row in rows], total)


def _rows_of_user(
    db: Session, user: Caller, find: Finder, page: Paging, id: int, *rules: Any
) -> tuple[list[Project], int]:
    asked = find.other(SecUser, id or user.id)
    require_self_or_admin(user, asked.id)
    query = select(Project).join(ProjectMember, ProjectMember.project_id == Project.id)
    query = query.where(ProjectMember.user_id == asked.id, *rules)
    return page.rows(db, query, *NEWEST_FIRST, columns=_columns(db, user))


@routes.get("/api/project/{id:int}.json")
@gives(ProjectOut, OntologyRight)
def show_project(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """One project, and whether the caller may change the terms of its ontology."""
    project = find(Project, id)
    ontology = db.get(Ontology, project.ontology_id) if user.is_user and project.ontology_id else None
    right = {"mayEditOntology": ontology is not None and may_edit_ontology(db, user, ontology)}
    return Json(show_all(db, [project], user)[0] | right, headers={"ETag": f'"{project.version}"'})


@routes.post("/api/project.json", openapi_extra=body_schema(ProjectIn))
@saves(ProjectOut)
def make_project(body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Make a project. Its creator becomes its manager and representative; `users` and `admins` join it."""
    require_user(user)
    fields = read_one(ProjectIn, body)
    if fields.ontology_id is not None:
        require_ontology_for_project(db, user, find.other(Ontology, fields.ontology_id))
    project = add_project(
        db,
        user,
        name=fields.name,
        ontology_id=fields.ontology_id,
        owner_id=user.id,
        managers=fields.admins or (),
        contributors=fields.users or (),
        **{name: bool(getattr(fields, name)) for name in SETTINGS},
        **{name: getattr(fields, name) or None for name in ASSUMED},
    )
    return saved(db, "added", project)


@routes.put("/api/project/{id:int}.json", openapi_extra=body_schema(ProjectEdit))
@saves(ProjectOut)
def edit_project(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Change a project's settings; `users`, `admins` and `representatives` replace who works in it.

    Another ontology is refused while annotations have terms of the present one, unless `forceOntologyUpdate`.
    """
    project = find(Project, id)
    require_manager(db, user, project)
    changes = read_changes(ProjectEdit, body, project)
    people = {name: changes.pop(name, None) for name in ("users", "admins", "representatives")}
    force = bool(changes.pop("force_ontology_update", False))
    if "ontology_id" in changes:
        ontology_id = changes.pop("ontology_id")
        if ontology_id is not None and ontology_id != project.ontology_id:
            require_ontology_for_project(db, user, find.other(Ontology, ontology_id))
        change_ontology(db, user, project, ontology_id, force=force)
    assumed = {name: changes[name] or None for name in ASSUMED if name in changes}
    history.edit(db, user, project, **changes | assumed)
    if any(ids is not None for ids in people.values()):
        replace_members(db, user, project, **people)
    return saved(db, "edited", project, show_all(db, [project], user)[0])


@routes.delete("/api/project/{id:int}.json")
@saves(ProjectOut)
def remove_project(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Delete a project with its images and annotations; the slides and the ontology stay."""
    project = find(Project, id)
    require_manager(db, user, project)
    wire = show_all(db, [project], user)[0]
    delete_project.delete_project(db, user, project)
    return saved(db, "deleted", project, wire)
