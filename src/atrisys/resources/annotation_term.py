"""The terms that people gave an annotation."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_annotation_editor
from atrisys.actions import history
from atrisys.errors import Invalid, NotFound
from atrisys.store.tables import (
    TERMS_OF,
    AnnotationTerm,
    GivenTerm,
    Project,
    ReviewedAnnotationTerm,
    SecUser,
    Term,
    UserAnnotation,
)
from atrisys.wire import dialect
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, PageQuery, shown
from atrisys.wire.bodies import JsonBody, read_one
from atrisys.wire.described import lists, saves
from atrisys.wire.fields import Fields, Model, shows
from atrisys.wire.routes import Routes

routes = Routes(tags=["annotation term"])


class LinkIn(Fields):
    user_id: int | None = None
    """Who gives the term: the caller, or whom an administrator names."""


class AnnotationTermOut(Model):
    userannotation: int
    annotation_ident: int
    annotation_class_name: str
    term_id: int
    user_id: int
    expected_term: None = None


@shows(AnnotationTerm)
@shows(ReviewedAnnotationTerm)
def show_link(_db: Session, link: GivenTerm) -> dict[str, Any]:
    bearer = next(kind for kind, links in TERMS_OF.items() if isinstance(link, links))
    said = {"annotation_ident": link.annotation_id, "annotation_class_name": bearer.cytomine_class}
    return AnnotationTermOut.of(link, userannotation=link.annotation_id, **said).wire()


@routes.get("/api/annotation/{id:int}/term.json")
@lists(AnnotationTermOut)
def list_links(id: int, db: Db, find: Find, page: PageQuery, idUser: int | None = None) -> Response:
    """Who gave the annotation which term."""
    annotation = find.annotation(id)
    link = TERMS_OF[type(annotation)]
    query = select(link).where(link.annotation_id == annotation.id)
    if idUser is not None:
        query = query.where(link.user_id == idUser)
    rows, total = page.rows(db, query, link.id)
    return page.answer([show_link(db, row) for row in rows], total)


@routes.get("/api/annotation/{id:int}/notuser/{user_id:int}/term.json")
def list_links_of_others(id: int, user_id: int, db: Db, find: Find, page: PageQuery) -> Response:
    """The terms that others than this user gave."""
    query = select(AnnotationTerm).where(
        AnnotationTerm.annotation_id == find(UserAnnotation, id).id, AnnotationTerm.user_id != user_id
    )
    rows, total = page.rows(db, query, AnnotationTerm.id)
    return page.answer([show_link(db, row) for row in rows], total)


@routes.get("/api/annotation/{id:int}/term/{term_id:int}.json")
def show_one(id: int, term_id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """The caller's own link, else the first that anybody made."""
    return shown(db, _link(db, find(UserAnnotation, id), term_id, user.id, anybodys=True))


@routes.get("/api/annotation/{id:int}/term/{term_id:int}/user/{user_id:int}.json")
def show_one_of_user(id: int, term_id: int, user_id: int, db: Db, find: Find) -> Response:
    """The term that this user gave."""
    return shown(db, _link(db, find(UserAnnotation, id), term_id, user_id))


@routes.post("/api/annotation/{id:int}/term/{term_id:int}.json")
@saves(AnnotationTermOut)
def add_link(id: int, term_id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Give the annotation a term of its project's ontology."""
    annotation = _editable(db, user, find, id)
    asked = read_one(LinkIn, body or {}).user_id
    giver = find.other(SecUser, asked).id if asked is not None and user.is_admin else user.id
    return saved(db, "added", _give(db, user, find, annotation, term_id, giver))


@routes.post("/api/annotation/{id:int}/term/{term_id:int}/clearBefore.json")
@saves(AnnotationTermOut)
def replace_links(
    id: int, term_id: int, db: Db, user: CurrentUser, find: Find, clearForAll: str | None = None
) -> Response:
    """Take the caller's other terms away (with `clearForAll` everybody's), then give this one."""
    annotation = _editable(db, user, find, id)
    find.other(Term, term_id)
    others = [AnnotationTerm.annotation_id == annotation.id]
    if not dialect.says_yes(clearForAll):
        others.append(AnnotationTerm.user_id == user.id)
    history.delete_where(db, user, AnnotationTerm, *others)
    return saved(db, "added", _give(db, user, find, annotation, term_id, user.id))


@routes.delete("/api/annotation/{id:int}/term/{term_id:int}.json")
@saves(AnnotationTermOut)
def remove_link(id: int, term_id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take a term away: the caller's own link, else the one that somebody else made."""
    link = _link(db, _editable(db, user, find, id), term_id, user.id, anybodys=True)
    return saved(db, "deleted", link, show_link(db, history.delete(db, user, link)))


@routes.delete("/api/annotation/{id:int}/term/{term_id:int}/user/{user_id:int}.json")
@saves(AnnotationTermOut)
def remove_link_of_user(id: int, term_id: int, user_id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take away the term that this user gave."""
    link = _link(db, _editable(db, user, find, id), term_id, user_id)
    return saved(db, "deleted", link, show_link(db, history.delete(db, user, link)))


def _editable(db: Session, user: Caller, find: Find, id: int) -> UserAnnotation:
    annotation = find(UserAnnotation, id)
    require_annotation_editor(db, user, annotation)
    return annotation


def _give(
    db: Session, user: Caller, find: Find, annotation: UserAnnotation, term_id: int, giver: int
) -> AnnotationTerm:
    term = find.other(Term, term_id)
    if term.ontology_id != db.get_one(Project, annotation.project_id).ontology_id:
        raise Invalid("Term {term} is not of the ontology of the project.", term=term.id)
    link = AnnotationTerm(
        annotation_id=annotation.id,
        term_id=term.id,
        user_id=giver,
        project_id=annotation.project_id,
        layer_id=annotation.user_id,
    )
    return history.add(db, user, link)


def _link(
    db: Session, annotation: UserAnnotation, term_id: int, user_id: int, *, anybodys: bool = False
) -> AnnotationTerm:
    """The link of this user; with `anybodys` the first of anyone where this user made none."""
    query = select(AnnotationTerm).where(
        AnnotationTerm.annotation_id == annotation.id, AnnotationTerm.term_id == term_id
    )
    links = db.scalars(query.order_by(AnnotationTerm.id)).all()
    own = next((link for link in links if link.user_id == user_id), None)
    found = own or (links[0] if links and anybodys else None)
    if found is None:
        raise NotFound("Annotation {annotation} does not have term {term}.", annotation=annotation.id, term=term_id)
    return found
