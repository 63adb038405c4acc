"""Annotation filters: choices of terms and people that are kept under a name, for all members of a project."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.domains import require_filter_editor
from atrisys.access.visible import visible
from atrisys.actions import history
from atrisys.errors import NotFound
from atrisys.store.by_ids import rows_for
from atrisys.store.tables import AnnotationFilter, Project, ProjectMember, Term
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, PageQuery, shown
from atrisys.wire.bodies import MOST_AT_ONCE, JsonBody, body_schema, read_changes, read_one
from atrisys.wire.fields import Fields, Model, show, shows
from atrisys.wire.routes import Routes

routes = Routes(tags=["annotation filter"])

Name = Annotated[str, Field(min_length=1, max_length=255)]
Several = Annotated[list[int], BeforeValidator(lambda value: value or []), Field(max_length=MOST_AT_ONCE)]
"""Null for none: clients leave out what they have nothing to say of."""


class AnnotationFilterIn(Fields):
    name: Name
    project_id: int
    users: Several = Field(default_factory=list)
    terms: Several = Field(default_factory=list)


class AnnotationFilterEdit(Fields):
    name: Name | None = None
    users: Several | None = None
    terms: Several | None = None


class AnnotationFilterOut(Model):
    name: str
    project_id: int
    user_id: int | None
    users: list[int]
    terms: list[int]


@shows(AnnotationFilter)
def show_one(db: Session, row: AnnotationFilter) -> dict[str, Any]:
    return show_all(db, [row])[0]


def show_all(db: Session, rows: Sequence[AnnotationFilter]) -> list[dict[str, Any]]:
    """Filters with those of their terms that are still there, and those people who are still members."""
    terms = {id for (id,) in rows_for(db, select(Term.id), Term.id, {id for row in rows for id in row.terms})}
    members = select(ProjectMember.project_id, ProjectMember.user_id)
    people = {*map(tuple, rows_for(db, members, ProjectMember.project_id, {row.project_id for row in rows}))}
    return [
        AnnotationFilterOut.of(
            row,
            terms=[id for id in row.terms if id in terms],
            users=[id for id in row.users if (row.project_id, id) in people],
        ).wire()
        for row in rows
    ]


@routes.get("/api/annotationfilter.json")
def list_filters(db: Db, user: CurrentUser, find: Find, page: PageQuery, project: int | None = None) -> Response:
    """The filters of a `project`, or of all that the caller sees."""
    query = visible(user, select(AnnotationFilter))
    if project is not None:
        query = query.where(AnnotationFilter.project_id == find(Project, project).id)
    rows, total = page.rows(db, query, AnnotationFilter.name, AnnotationFilter.id)
    return page.answer(show_all(db, rows), total)


@routes.get("/api/annotationfilter/{id:int}.json")
def show_filter(id: int, db: Db, find: Find) -> Response:
    """One filter."""
    return shown(db, find(AnnotationFilter, id))


@routes.post("/api/annotationfilter.json", openapi_extra=body_schema(AnnotationFilterIn))
def add_filter(body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Keep a choice of the project's terms and members; every member may."""
    fields = read_one(AnnotationFilterIn, body)
    project = find.other(Project, fields.project_id)
    _check(db, project, users=fields.users, terms=fields.terms)
    row = AnnotationFilter(
        name=fields.name, project_id=project.id, user_id=user.id, users=fields.users, terms=fields.terms
    )
    return saved(db, "added", history.add(db, user, row))


@routes.put("/api/annotationfilter/{id:int}.json", openapi_extra=body_schema(AnnotationFilterEdit))
def edit_filter(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Choose otherwise; who made the filter and managers may."""
    row = find(AnnotationFilter, id)
    require_filter_editor(db, user, row)
    changes = read_changes(AnnotationFilterEdit, body)
    _check(db, find.other(Project, row.project_id), users=changes.get("users", []), terms=changes.get("terms", []))
    return saved(db, "edited", history.edit(db, user, row, **changes))


@routes.delete("/api/annotationfilter/{id:int}.json")
def remove_filter(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Delete a filter; who made it and managers may."""
    row = find(AnnotationFilter, id)
    require_filter_editor(db, user, row)
    wire = show(db, row)
    return saved(db, "deleted", history.delete(db, user, row), wire)


def _check(db: Session, project: Project, *, users: Sequence[int], terms: Sequence[int]) -> None:
    """Raises NotFound for who is no member, and for terms of another ontology."""
    of_it = select(Term.id).where(Term.ontology_id == project.ontology_id)
    for id in _others(terms, db.scalars(of_it)):
        raise NotFound("{kind} {id} was not found.", kind="Term", id=id)
    members = select(ProjectMember.user_id).where(ProjectMember.project_id == project.id)
    for id in _others(users, db.scalars(members)):
        raise NotFound("User {user} is no member of project {project}.", user=id, project=project.id)


def _others(asked: Sequence[int], known: Any) -> set[int]:
    return set(asked).difference(known) if asked else set()
