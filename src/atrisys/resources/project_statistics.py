"""Statistics of a project: what was drawn by whom, as which term, when. Hidden layers do not count."""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select, true
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.visible import layers_in
from atrisys.store.by_ids import rows_for
from atrisys.store.tables import (
    AnnotationAction,
    AnnotationTerm,
    ImageConsultation,
    Project,
    ProjectConnection,
    ProjectMember,
    RelationTerm,
    SecUser,
    Term,
    UserAnnotation,
)
from atrisys.wire.activity import Dates, Moments, in_project
from atrisys.wire.asking import CurrentUser, Db, Find, PageQuery, Paging
from atrisys.wire.described import Part, lists
from atrisys.wire.dialect import says_yes
from atrisys.wire.evolution import AskedSteps, Step
from atrisys.wire.routes import Routes

routes = Routes(tags=["statistics"])

Row = UserAnnotation


def _drawn(db: Session, user: Caller, project: Project, dates: Moments) -> ColumnElement[bool]:
    """The annotations that count."""
    return and_(Row.project_id == project.id, layers_in(db, user, project), dates.of(Row.created))


class TermNumber(Part):
    """How many bear a term; of those that bear none without it."""

    id: int | None
    key: str | None
    name: str | None
    username: str | None
    color: str | None
    value: int
    count: int


class MemberNumber(Part):
    """How many there are of a member."""

    id: int
    key: str
    username: str
    value: int


class MemberTerm(Part):
    """How many of a term there are of a member."""

    id: int
    name: str
    color: str
    value: int


class MemberTerms(Part):
    """How many of each term there are of a member."""

    id: int
    user_id: int
    key: str
    username: str
    terms: list[MemberTerm]


def _named(term_id: Any) -> ColumnElement[bool]:
    """Whether somebody gave an annotation this term."""
    return exists().where(OF_TERM, AnnotationTerm.term_id == term_id).correlate(Row)


OF_TERM = Row.id == AnnotationTerm.annotation_id
NAMELESS = ~exists().where(OF_TERM).correlate(Row)
"""Whether it bears no term at all."""


def _by_term(
    db: Session, page: Paging, project: Project, count: Any, drawn: ColumnElement[bool], *rules: Any
) -> Response:
    """The terms of the project's ontology, each with a number, and at the end what bears none."""
    value = (
        select(count).join(AnnotationTerm, OF_TERM).where(AnnotationTerm.term_id == Term.id, drawn).correlate(Term)
    ).scalar_subquery()
    query = select(Term, value).where(Term.ontology_id == project.ontology_id, *rules)
    rows, total = page.rows(db, query, Term.id, columns={"value": value, "key": Term.name, "username": Term.name})
    found: list[dict[str, Any]] = [
        {"id": term.id, "key": term.name, "name": term.name, "username": term.name, "color": term.color}
        | {"value": number, "count": number}
        for term, number in rows
    ]
    if page.offset + len(rows) == total and (not page.length or len(rows) < page.length):
        number = db.scalar(select(count).where(drawn, NAMELESS)) or 0
        found.append(dict.fromkeys(("id", "key", "name", "username", "color")) | {"value": number, "count": number})
    return page.answer(found, total + 1)


@routes.get("/api/project/{id:int}/stats/term.json")
@lists(TermNumber)
def count_by_term(
    id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery, dates: Dates, leafOnly: str | None = None
) -> Response:
    """How many annotations bear each term; the last row, without an id, is of those that bear none.

    `leafOnly=false`: also terms that have others below them in the tree.
    """
    project = find(Project, id)
    has_children = exists().where(RelationTerm.term1_id == Term.id).correlate(Term)
    rules = [] if says_yes(leafOnly) is False else [~has_children]
    return _by_term(db, page, project, func.count(Row.id.distinct()), _drawn(db, user, project, dates), *rules)


@routes.get("/api/project/{id:int}/stats/termslide.json")
@lists(TermNumber)
def count_images_by_term(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery, dates: Dates) -> Response:
    """On how many images each term was given; the last row is of annotations that bear none."""
    project = find(Project, id)
    return _by_term(db, page, project, func.count(Row.image_id.distinct()), _drawn(db, user, project, dates))


@routes.get("/api/project/{id:int}/stats/termimage.json")
def count_by_term_and_image(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery, dates: Dates) -> Response:
    """How many annotations of each image bear each term."""
    project = find(Project, id)
    query = (
        select(Row.image_id, AnnotationTerm.term_id, func.count(Row.id.distinct()))
        .join(AnnotationTerm, OF_TERM)
        .where(_drawn(db, user, project, dates))
        .group_by(Row.image_id, AnnotationTerm.term_id)
    )
    total = db.scalar(select(func.count()).select_from(query.subquery())) or 0
    query = query.order_by(Row.image_id, AnnotationTerm.term_id).offset(page.offset)
    rows = db.execute(query.limit(page.length) if page.length else query)
    found = [
        {"image": image, "imageId": image, "term": term, "termId": term, "countAnnotations": number}
        for image, term, number in rows
    ]
    return page.answer(found, total)


def _by_member(db: Session, page: Paging, project: Project, count: Any, drawn: ColumnElement[bool]) -> Response:
    value = select(count).where(Row.user_id == SecUser.id, drawn).correlate(SecUser).scalar_subquery()
    query = _members(project).add_columns(value)
    rows, total = page.rows(db, query, func.lower(SecUser.username), columns={"value": value, "key": SecUser.username})
    found = [
        {"id": member.id, "key": member.username, "username": member.username, "value": number}
        for member, number in rows
    ]
    return page.answer(found, total)


def _members(project: Project) -> Any:
    query = select(SecUser).join(ProjectMember, ProjectMember.user_id == SecUser.id)
    return query.where(ProjectMember.project_id == project.id)


@routes.get("/api/project/{id:int}/stats/user.json")
@lists(MemberNumber)
def count_by_user(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery, dates: Dates) -> Response:
    """How many annotations each member drew."""
    project = find(Project, id)
    return _by_member(db, page, project, func.count(Row.id), _drawn(db, user, project, dates))


@routes.get("/api/project/{id:int}/stats/userslide.json")
@lists(MemberNumber)
def count_images_by_user(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery, dates: Dates) -> Response:
    """On how many images each member drew."""
    project = find(Project, id)
    return _by_member(db, page, project, func.count(Row.image_id.distinct()), _drawn(db, user, project, dates))


@routes.get("/api/project/{id:int}/stats/userannotations.json")
@lists(MemberTerms)
def count_by_user_and_term(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery, dates: Dates) -> Response:
    """How many annotations of each term each member drew."""
    project = find(Project, id)
    members, total = page.rows(db, _members(project), func.lower(SecUser.username))
    terms = db.scalars(select(Term).where(Term.ontology_id == project.ontology_id).order_by(Term.id)).all()
    counts = (
        select(Row.user_id, AnnotationTerm.term_id, func.count(Row.id.distinct()))
        .join(AnnotationTerm, OF_TERM)
        .where(_drawn(db, user, project, dates))
        .group_by(Row.user_id, AnnotationTerm.term_id)
    )
    numbers = {row[:2]: row[2] for row in rows_for(db, counts, Row.user_id, [member.id for member in members])}
    found = [
        {
            "id": member.id,
            "userId": member.id,
            "key": member.username,
            "username": member.username,
            "terms": [
                {"id": term.id, "name": term.name, "color": term.color, "value": numbers.get((member.id, term.id), 0)}
                for term in terms
            ],
        }
        for member in members
    ]
    return page.answer(found, total)


@routes.get("/api/project/{id:int}/stats/annotationevolution.json")
@lists(Step)
def count_annotations_over_time(
    id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery, steps: AskedSteps, term: int | None = None
) -> Response:
    """How many annotations there were as time went by, the newest first; `term`: of those that bear it."""
    project = find(Project, id)
    bears = true() if term is None else _named(find.other(Term, term).id)
    rules = (Row.project_id == project.id, layers_in(db, user, project), bears)
    return page.answer(steps.of(db, Row.created, *rules, since=project.created, newest_first=True))


@routes.get("/api/project/{id:int}/stats/connectionsevolution.json")
@lists(Step)
def count_connections_over_time(id: int, db: Db, find: Find, page: PageQuery, steps: AskedSteps) -> Response:
    """How often the project was opened as time went by."""
    project = find(Project, id)
    row = ProjectConnection
    return page.answer(steps.of(db, row.created, row.project_id == project.id, since=project.created))


@routes.get("/api/project/{id:int}/stats/imageconsultationsevolution.json")
@lists(Step)
def count_consultations_over_time(id: int, db: Db, find: Find, page: PageQuery, steps: AskedSteps) -> Response:
    """How often its images were opened as time went by."""
    project = find(Project, id)
    row = ImageConsultation
    return page.answer(steps.of(db, row.created, row.image_id.in_(in_project(project.id)), since=project.created))


@routes.get("/api/project/{id:int}/stats/annotationactionsevolution.json")
@lists(Step)
def count_actions_over_time(
    id: int, db: Db, find: Find, page: PageQuery, steps: AskedSteps, type: str | None = None
) -> Response:
    """How many actions on annotations there were as time went by; `type`: of one kind."""
    project = find(Project, id)
    row = AnnotationAction
    kind = row.action == type if type else true()
    rules = (row.image_id.in_(in_project(project.id)), kind)
    return page.answer(steps.of(db, row.created, *rules, since=project.created))
