"""Ontologies: sets of terms with their tree."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Request
from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.events import note
from atrisys.access.require import require_ontology_editor, require_user
from atrisys.access.visible import visible
from atrisys.actions import delete_ontology, history
from atrisys.store.by_ids import rows_for
from atrisys.store.tables import Ontology, Project, ProjectMember, RelationTerm, SecUser, Term
from atrisys.wire import dialect
from atrisys.wire.accounts import OwnerSees, UserOut, show_to
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, Find, PageQuery
from atrisys.wire.bodies import JsonBody, add_one_or_many, body_schema, read_changes
from atrisys.wire.described import Named, Part, ShownAs, gives, lists, saves
from atrisys.wire.dialect import Json
from atrisys.wire.fields import Fields, Model, shows
from atrisys.wire.routes import Routes, opens_to_picture_cookie

routes = Routes(tags=["ontology"])

Name = Annotated[str, Field(min_length=1, max_length=255)]
Tree = dict[int | None, list[Term]]
"""Terms by the id of their parent."""


class OntologyIn(Fields):
    name: Name


class OntologyEdit(Fields):
    name: Name | None = None


class TermLeaf(Part):
    """A term in its ontology."""

    id: int
    cytomine_class: str = Field(serialization_alias="class")
    name: str
    color: str
    comment: str | None
    shortcut: str | None
    parent: int | None
    ontology: int


class OntologyOut(Model):
    name: str
    user_id: int
    title: str
    data: str
    key: int
    attr: dict[str, Any]
    is_folder: bool = True
    hide_checkbox: bool = True
    state: str = "open"
    children: list[dict[str, Any]]
    terms: Annotated[list[dict[str, Any]], ShownAs(list[TermLeaf])]
    projects: Annotated[list[dict[str, Any]], ShownAs(list[Named])]


@shows(Ontology)
def show_one(db: Session, ontology: Ontology) -> dict[str, Any]:
    return show_all(db, [ontology])[0]


def show_all(db: Session, ontologies: Sequence[Ontology], caller: Caller | None = None) -> list[dict[str, Any]]:
    """Ontologies with their trees, and the projects that use them, as far as the caller may see these."""
    trees = _trees(db, ontologies)
    projects = _projects(db, ontologies, caller)
    return [
        OntologyOut.of(
            row,
            title=row.name,
            data=row.name,
            key=row.id,
            attr={"id": row.id, "type": Ontology.cytomine_class},
            children=[_node(trees[row.id], term) for term in trees[row.id].get(None, [])],
            terms=[_leaf(term, parent) for parent, terms in trees[row.id].items() for term in terms],
            projects=projects.get(row.id, []),
        ).wire()
        for row in ontologies
    ]


def _trees(db: Session, ontologies: Sequence[Ontology]) -> dict[int, Tree]:
    ids = [row.id for row in ontologies]
    parents = {}
    for (link,) in rows_for(db, select(RelationTerm), RelationTerm.ontology_id, ids):
        parents.setdefault(link.term2_id, link.term1_id)
    terms = sorted((row[0] for row in rows_for(db, select(Term), Term.ontology_id, ids)), key=lambda term: term.id)
    trees: dict[int, Tree] = {id: {} for id in ids}
    for term in terms:
        trees[term.ontology_id].setdefault(parents.get(term.id), []).append(term)
    return trees


def _leaf(term: Term, parent: int | None) -> dict[str, Any]:
    return {
        "id": term.id,
        "class": Term.cytomine_class,
        "name": term.name,
        "color": term.color,
        "comment": term.comment,
        "shortcut": term.shortcut,
        "parent": parent,
        "ontology": term.ontology_id,
    }


def _node(tree: Tree, term: Term, parent: int | None = None) -> dict[str, Any]:
    """A term as the tree widget takes it, with those below it. Terms that stand in a circle are reached by nobody."""
    children = [_node(tree, child, term.id) for child in tree.get(term.id, [])]
    return {
        **_leaf(term, parent),
        "title": term.name,
        "data": term.name,
        "key": term.id,
        "attr": {"id": term.id, "type": Term.cytomine_class},
        "checked": False,
        "children": children,
        "isFolder": bool(children),
        "hideCheckbox": bool(children),
    }


def _projects(db: Session, ontologies: Sequence[Ontology], caller: Caller | None) -> dict[int, list[dict[str, Any]]]:
    if caller is None:
        return {}
    query = visible(caller, select(Project.ontology_id, Project.id, Project.name), Project)
    found: dict[int, list[dict[str, Any]]] = {}
    for ontology, id, name in rows_for(db, query.order_by(Project.id), Project.ontology_id, [o.id for o in ontologies]):
        found.setdefault(ontology, []).append({"id": id, "name": name})
    return found


@routes.get("/api/ontology.json")
@lists(OntologyOut, sought="name")
def list_ontologies(db: Db, user: CurrentUser, page: PageQuery, light: str | None = None) -> Response:
    """The ontologies that the caller may read; with `light=true` their ids and names alone."""
    query = visible(user, select(Ontology))
    rows, total = page.rows(db, query, Ontology.created.desc(), Ontology.id.desc())
    if dialect.says_yes(light):
        return page.answer([{"id": row.id, "name": row.name} for row in rows], total)
    return page.answer(show_all(db, rows, user), total)


@routes.get("/api/ontology_light.json")
@lists(Named, sought="name")
def list_ontologies_lightly(db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """Ids and names of the ontologies that the caller may read."""
    return list_ontologies(db, user, page, light="true")


@routes.get("/api/ontology/{id:int}.json")
@gives(OntologyOut)
def show_ontology(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """An ontology with its tree of terms."""
    ontology = find(Ontology, id)
    return Json(show_all(db, [ontology], user)[0], headers={"ETag": f'"{ontology.version}"'})


@routes.get("/api/ontology/{id:int}/export")
@opens_to_picture_cookie
def export_ontology(id: int, db: Db, store: CurrentStore, user: CurrentUser, find: Find) -> Response:
    """The ontology as a file, which `atrisys project add --ontology` takes."""
    ontology = find(Ontology, id)
    tree = _trees(db, [ontology])[ontology.id]
    note(store, user, "exported", Ontology, ontology.id)

    def sketch(parent: int | None) -> Iterator[dict[str, Any]]:
        for term in tree.get(parent, []):
            key = {"shortcut": term.shortcut} if term.shortcut else {}
            yield {"name": term.name, "color": term.color, **key, "children": list(sketch(term.id))}

    name = quote(f"{ontology.name}.json", safe="")
    headers = {"Content-Disposition": f"attachment; filename=\"ontology-{ontology.id}.json\"; filename*=UTF-8''{name}"}
    return Json({"name": ontology.name, "terms": list(sketch(None))}, headers=headers)


@routes.get("/api/ontology/{id:int}/user.json")
@lists(UserOut, OwnerSees)
def list_users_of_ontology(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """Who works in the projects that use the ontology, as far as the caller may see these."""
    using = visible(user, select(Project.id), Project).where(Project.ontology_id == find(Ontology, id).id)
    members = select(ProjectMember.user_id).where(ProjectMember.project_id.in_(using))
    rows, total = page.rows(db, select(SecUser).where(SecUser.id.in_(members)), func.lower(SecUser.username))
    return page.answer([show_to(db, user, row) for row in rows], total)


@routes.post("/api/ontology.json", openapi_extra=body_schema(OntologyIn, many=True))
@saves(OntologyOut)
def add_ontology(body: JsonBody, request: Request, db: Db, user: CurrentUser) -> Response:
    """Add one ontology, or an array of them; each name must be new."""
    require_user(user)

    def add(fields: OntologyIn) -> Ontology:
        return history.add(db, user, Ontology(name=fields.name, user_id=user.id))

    return add_one_or_many(request, db, OntologyIn, body, add, name="Ontology")


@routes.put("/api/ontology/{id:int}.json", openapi_extra=body_schema(OntologyEdit))
@saves(OntologyOut)
def edit_ontology(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Rename an ontology."""
    ontology = find(Ontology, id)
    require_user(user)
    require_ontology_editor(db, user, ontology)
    history.edit(db, user, ontology, **read_changes(OntologyEdit, body))
    return saved(db, "edited", ontology, show_all(db, [ontology], user)[0])


@routes.delete("/api/ontology/{id:int}.json")
@saves(OntologyOut)
def remove_ontology(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Delete an ontology with its terms; refused while a project uses it."""
    ontology = find(Ontology, id)
    require_user(user)
    require_ontology_editor(db, user, ontology)
    wire = show_all(db, [ontology], user)[0]
    delete_ontology.delete_ontology(db, user, ontology)
    return saved(db, "deleted", ontology, wire)
