"""A desk that two people work at, and a look at everything that lies on it."""

import pytest
from sqlalchemy import select

from atrisys.store.tables import (
    AnnotationTerm,
    ImageInstance,
    Ontology,
    Project,
    ProjectMember,
    RelationTerm,
    SliceInstance,
    Term,
    UserAnnotation,
)
from given.annotations import SQUARE
from undoing import ok


@pytest.fixture
def rows(db):
    """Everything that a command could change, by table and id, without what counts on."""

    def look():
        db.expire_all()
        kinds = (Project, ProjectMember, Ontology, Term, RelationTerm, ImageInstance, SliceInstance)
        found = {}
        for kind in (*kinds, UserAnnotation, AnnotationTerm):
            names = [name for name in kind.__mapper__.columns.keys() if name not in ("version", "updated")]  # noqa: SIM118
            for row in db.scalars(select(kind)):
                found[kind.__name__, row.id] = {name: getattr(row, name) for name in names}
        return found

    return look


@pytest.fixture
def desk(given, alice, bob):
    class Desk:
        ontology = given.ontology(alice)
        term, child = given.term(ontology, "tissue"), given.term(ontology, "nucleus")
        project = given.project(alice, [bob], ontology)
        image = given.image(project, alice)
        annotation = given.annotation(image, bob, SQUARE, [term, child])

    ok(alice.post("/api/relation/parent/term.json", json={"term1": Desk.term.id, "term2": Desk.child.id}))
    return Desk
