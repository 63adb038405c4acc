"""Terms: the classes of an ontology that annotations are named with."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from fastapi import Request
from pydantic import Field, StringConstraints
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_ontology_editor, require_user
from atrisys.access.visible import visible
from atrisys.actions import delete_term, history, place_term
from atrisys.errors import Duplicate
from atrisys.store.by_ids import pairs_for
from atrisys.store.tables import AnnotationTerm, Ontology, Project, RelationTerm, Term
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery, shown
from atrisys.wire.bodies import JsonBody, add_one_or_many, body_schema, read_changes
from atrisys.wire.described import Part, gives, lists, saves
from atrisys.wire.fields import Fields, Model, show, shows
from atrisys.wire.routes import Routes

routes = Routes(tags=["term"])

Name = Annotated[str, Field(min_length=1, max_length=255)]
Color = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]

Shortcut = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]?$", to_lower=True)]
"""A letter or a digit; empty for none (null would come from clients that know no shortcuts)."""


class TermIn(Fields):
    name: Name
    ontology_id: int
    color: Color
    parent_id: int | None = None
    comment: str | None = None
    shortcut: Shortcut | None = None


class TermEdit(Fields):
    nullable: ClassVar[frozenset[str]] = frozenset({"comment"})

    name: Name | None = None
    color: Color | None = None
    comment: str | None = None
    shortcut: Shortcut | None = None


class TermOut(Model):
    name: str
    ontology_id: int
    color: str
    comment: str | None = None
    parent_id: int | None = None
    shortcut: str | None = None


class TermUse(Part):
    """How many annotations bear a term."""

    id: int
    value: int


@shows(Term)
def show_one(db: Session, term: Term) -> dict[str, Any]:
    return show_all(db, [term])[0]


def show_all(db: Session, terms: Sequence[Term]) -> list[dict[str, Any]]:
    """Terms with their parents in the tree."""
    links = select(RelationTerm.term2_id, RelationTerm.term1_id)
    parents = pairs_for(db, links, RelationTerm.term2_id, [term.id for term in terms])
    return [TermOut.of(term, parent_id=parents.get(term.id)).wire() for term in terms]


@routes.get("/api/term.json")
@lists(TermOut)
def list_terms(db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """All terms of the ontologies that the caller may read."""
    rows, total = page.rows(db, visible(user, select(Term)), Term.id)
    return page.answer(show_all(db, rows), total)


@routes.get("/api/ontology/{id:int}/term.json")
@lists(TermOut)
def list_terms_of_ontology(id: int, db: Db, find: Find, page: PageQuery) -> Response:
    """The terms of one ontology."""
    ontology = find(Ontology, id)
    rows, total = page.rows(db, select(Term).where(Term.ontology_id == ontology.id), Term.id)
    return page.answer(show_all(db, rows), total)


@routes.get("/api/project/{id:int}/term.json")
@lists(TermOut)
def list_terms_of_project(id: int, db: Db, find: Find, page: PageQuery) -> Response:
    """The terms of a project's ontology."""
    project = find(Project, id)
    rows, total = page.rows(db, select(Term).where(Term.ontology_id == project.ontology_id), Term.id)
    return page.answer(show_all(db, rows), total)


@routes.get("/api/term/{id:int}.json")
@gives(TermOut)
def show_term(id: int, db: Db, find: Find) -> Response:
    """One term."""
    return shown(db, find(Term, id))


@routes.get("/api/term/{id:int}/project/stat.json")
def count_by_project(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """How often a term was given in each project that uses its ontology, as far as the caller may see."""
    term = find(Term, id)
    given = select(AnnotationTerm.project_id, func.count(AnnotationTerm.annotation_id.distinct()))
    given = visible(user, given.where(AnnotationTerm.term_id == term.id), AnnotationTerm)
    counts = {row[0]: row[1] for row in db.execute(given.group_by(AnnotationTerm.project_id))}
    using = select(Project).where(Project.ontology_id == term.ontology_id)
    rows, total = page.rows(db, visible(user, using), Project.name)
    answer = [{"id": row.id, "username": row.name, "key": row.name, "value": counts.get(row.id, 0)} for row in rows]
    return page.answer(answer, total)


@routes.get("/api/atrisys/ontology/{id:int}/usage.json")
@lists(TermUse)
def count_of_ontology(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """How many annotations bear each term of an ontology (`value`), as far as the caller may see them."""
    terms = select(Term).where(Term.ontology_id == find(Ontology, id).id)
    rows, total = page.rows(db, terms, Term.id)
    given = visible(
        user, select(AnnotationTerm.term_id, func.count(AnnotationTerm.annotation_id.distinct())), AnnotationTerm
    )
    counts = pairs_for(db, given.group_by(AnnotationTerm.term_id), AnnotationTerm.term_id, [row.id for row in rows])
    return page.answer([{"id": row.id, "value": counts.get(row.id, 0)} for row in rows], total)


@routes.post("/api/term.json", openapi_extra=body_schema(TermIn, many=True))
@saves(TermOut)
def add_term(body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Add one term, or an array of them. Whoever may edit the ontology may; the name must be new in it."""
    return add_one_or_many(request, db, TermIn, body, lambda fields: _add(fields, db, user, find), name="Term")


def _add(fields: TermIn, db: Session, user: Caller, find: Finder) -> Term:
    ontology = find.other(Ontology, fields.ontology_id)
    require_ontology_editor(db, user, ontology)
    term = Term(name=fields.name, ontology_id=ontology.id, color=fields.color.upper(), comment=fields.comment)
    term.shortcut = _free_shortcut(db, term, fields.shortcut)
    history.add(db, user, term)
    if fields.parent_id is not None:
        place_term.place_term(db, user, find.other(Term, fields.parent_id), term)
    return term


def _free_shortcut(db: Session, term: Term, wanted: str | None) -> str | None:
    """The key as it is kept. Raises Duplicate where it is that of another term of the ontology."""
    if not wanted:
        return None
    taken = select(Term.name).where(
        Term.ontology_id == term.ontology_id, Term.shortcut == wanted, Term.id.is_distinct_from(term.id)
    )
    if (other := db.scalar(taken)) is not None:
        raise Duplicate("The key {key} already chooses the term {name}. Take another one.", key=wanted, name=other)
    return wanted


@routes.put("/api/term/{id:int}.json", openapi_extra=body_schema(TermEdit))
@saves(TermOut)
def edit_term(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Rename or recolour a term, or give it another key."""
    term = find(Term, id)
    require_user(user)
    require_ontology_editor(db, user, find.other(Ontology, term.ontology_id))
    changes = read_changes(TermEdit, body)
    if "shortcut" in changes:
        changes["shortcut"] = _free_shortcut(db, term, changes["shortcut"])
    history.edit(db, user, term, **changes)
    return saved(db, "edited", term)


@routes.delete("/api/term/{id:int}.json")
@saves(TermOut)
def remove_term(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Delete a term; its links to annotations and its place in the tree go with it."""
    term = find(Term, id)
    require_user(user)
    require_ontology_editor(db, user, find.other(Ontology, term.ontology_id))
    wire = show(db, term)
    delete_term.delete_term(db, user, term)
    return saved(db, "deleted", term, wire)
