"""Links between terms: term 1 is the parent of term 2 in the tree of their ontology."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Path
from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_ontology_editor, require_user
from atrisys.actions import history, place_term
from atrisys.errors import Invalid, NotFound
from atrisys.store.tables import Ontology, Relation, RelationTerm, Term
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery, shown
from atrisys.wire.bodies import JsonBody, body_schema, read_one
from atrisys.wire.described import lists, saves
from atrisys.wire.fields import Fields, Model, show, shows
from atrisys.wire.routes import Routes

routes = Routes(tags=["relation term"])

Side = Annotated[int, Path(ge=1, le=2)]


class RelationTermIn(Fields):
    term1_id: int
    term2_id: int
    relation_id: int | None = None


class RelationTermOut(Model):
    relation_id: int
    term1_id: int
    term2_id: int


@shows(RelationTerm)
def show_link(_db: Session, link: RelationTerm) -> dict[str, Any]:
    return RelationTermOut.of(link).wire()


@routes.get("/api/relation/parent/term1/{term1:int}/term2/{term2:int}.json")
def show_one(term1: int, term2: int, db: Db, find: Find) -> Response:
    """Whether term 1 is the parent of term 2: the link, or 404."""
    return shown(db, _between(db, find, term1, term2))


@routes.get("/api/relation/{relation:int}/term1/{term1:int}/term2/{term2:int}.json")
def show_one_of_relation(relation: int, term1: int, term2: int, db: Db, find: Find) -> Response:
    """The place of one term below another."""
    find.other(Relation, relation)
    return shown(db, _between(db, find, term1, term2, relation))


@routes.get("/api/relation/term/{id:int}.json")
def show_link_or_links_of_term(id: int, db: Db, find: Find, page: PageQuery) -> Response:
    """A link by its id, or all links of a term by the term's id."""
    try:
        return shown(db, find(RelationTerm, id))
    except NotFound:
        term = find(Term, id)
    ends = or_(RelationTerm.term1_id == term.id, RelationTerm.term2_id == term.id)
    rows, total = page.rows(db, select(RelationTerm).where(ends), RelationTerm.id)
    return page.answer([show_link(db, row) for row in rows], total)


@routes.get("/api/relation/term/{side:int}/{id:int}.json")
@lists(RelationTermOut)
def list_links_by_side(side: Side, id: int, db: Db, find: Find, page: PageQuery) -> Response:
    """The links in which the term is the parent (side 1) or the child (side 2)."""
    term = find(Term, id)
    end = RelationTerm.term1_id if side == 1 else RelationTerm.term2_id
    rows, total = page.rows(db, select(RelationTerm).where(end == term.id), RelationTerm.id)
    return page.answer([show_link(db, row) for row in rows], total)


@routes.post("/api/relation/parent/term.json", openapi_extra=body_schema(RelationTermIn))
@routes.post("/api/relation/term.json", openapi_extra=body_schema(RelationTermIn))
@saves(RelationTermOut)
def add_link(body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Make term 1 the parent of term 2."""
    return _add(read_one(RelationTermIn, body), db, user, find)


@routes.post("/api/relation/{relation:int}/term.json", openapi_extra=body_schema(RelationTermIn))
@saves(RelationTermOut)
def add_link_of_relation(relation: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Put a term below another."""
    find.other(Relation, relation)
    return _add(read_one(RelationTermIn, body), db, user, find)


@routes.put("/api/relation/term/{id:int}.json", openapi_extra=body_schema(RelationTermIn))
@saves(RelationTermOut)
def edit_link(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """The same link between other terms."""
    link = find(RelationTerm, id)
    fields = read_one(RelationTermIn, body)
    _require_editor(db, user, find, link.ontology_id)
    parent, child = _ends(fields, db, user, find)
    place_term.replace_link(db, user, link, parent, child)
    return saved(db, "edited", link)


@routes.delete("/api/relation/parent/term1/{term1:int}/term2/{term2:int}.json")
@saves(RelationTermOut)
def remove_link(term1: int, term2: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take term 2 out from below term 1; both terms stay."""
    return _remove(db, user, find, lambda: _between(db, find, term1, term2))


@routes.delete("/api/relation/{relation:int}/term1/{term1:int}/term2/{term2:int}.json")
@saves(RelationTermOut)
def remove_link_of_relation(relation: int, term1: int, term2: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take a term out from below another."""
    find.other(Relation, relation)
    return _remove(db, user, find, lambda: _between(db, find, term1, term2, relation))


@routes.delete("/api/relation/term/{id:int}.json")
@saves(RelationTermOut)
def remove_link_by_id(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take a term out from below another."""
    return _remove(db, user, find, lambda: find(RelationTerm, id))


def _between(db: Session, find: Finder, term1: int, term2: int, relation: int | None = None) -> RelationTerm:
    parent, child = find.other(Term, term1), find.other(Term, term2)
    query = select(RelationTerm.id).where(RelationTerm.term1_id == parent.id, RelationTerm.term2_id == child.id)
    if relation is not None:
        query = query.where(RelationTerm.relation_id == relation)
    id = db.scalar(query)
    if id is None:
        raise NotFound("Term {term1} is not the parent of term {term2}.", term1=term1, term2=term2)
    return find(RelationTerm, id)


def _add(fields: RelationTermIn, db: Session, user: Caller, find: Finder) -> Response:
    if fields.relation_id is not None and find.other(Relation, fields.relation_id).name != "parent":
        raise Invalid("Relation {relation} is not the one between parents and children.", relation=fields.relation_id)
    parent, child = _ends(fields, db, user, find)
    return saved(db, "added", place_term.place_term(db, user, parent, child))


def _ends(fields: RelationTermIn, db: Session, user: Caller, find: Finder) -> tuple[Term, Term]:
    parent, child = find.other(Term, fields.term1_id), find.other(Term, fields.term2_id)
    for ontology_id in {parent.ontology_id, child.ontology_id}:
        _require_editor(db, user, find, ontology_id)
    return parent, child


def _require_editor(db: Session, user: Caller, find: Finder, ontology_id: int) -> None:
    require_user(user)
    require_ontology_editor(db, user, find.other(Ontology, ontology_id))


def _remove(db: Session, user: Caller, find: Finder, find_link: Callable[[], RelationTerm]) -> Response:
    link = find_link()
    _require_editor(db, user, find, link.ontology_id)
    wire = show(db, link)
    return saved(db, "deleted", history.delete(db, user, link), wire)
