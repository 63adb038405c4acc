"""Make an ontology from a file: `{"name": …, "terms": [{"name": …, "color": "#rrggbb", "children": […]}]}`."""

from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.actions.place_term import place_term
from atrisys.errors import Duplicate, Invalid
from atrisys.store.tables import Ontology, RelationTerm, Term
from atrisys.store.tables.ontologies import GREY

Name = Annotated[str, Field(min_length=1, max_length=255)]


class TermSketch(BaseModel):
    """A term as the file has it, with those below it."""

    model_config = ConfigDict(str_strip_whitespace=True)

    name: Name
    color: Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")] = GREY
    shortcut: Annotated[str, Field(pattern=r"^[a-z0-9]$")] | None = None
    children: list["TermSketch"] = []


class OntologySketch(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)

    name: Name
    terms: list[TermSketch] = []

    @model_validator(mode="after")
    def has_each_key_once(self) -> Self:
        keys = [key for key in _keys(self.terms) if key]
        if len(keys) != len(set(keys)):
            raise ValueError("two terms have the same shortcut")
        return self


def read_sketch(content: Any) -> OntologySketch:
    """What the file says. Raises Invalid, naming the place that is wrong."""
    if not isinstance(content, dict):
        example = '{"name": …, "terms": [{"name": …}, …]}'
        raise Invalid("The ontology file is no JSON object. Write it as {example}.", example=example)
    try:
        return OntologySketch.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(
            "The ontology file is not as it should be, at {place}: {problem}.",
            place=".".join(map(str, first["loc"])) or "its top",
            problem=first["msg"],
        ) from error


def import_ontology(db: Session, caller: Caller, sketch: OntologySketch) -> Ontology:
    """The ontology of the file, owned by the caller; one that is there already with the same tree is used again.

    Raises:
        Duplicate: an ontology of that name has other terms, or a name stands twice in the file.
    """
    there = db.scalar(select(Ontology).where(Ontology.name == sketch.name))
    wanted = list(_pairs(sketch.terms, None))
    if there is not None:
        if sorted(wanted, key=str) == sorted(tree_of(db, there), key=str):
            return there
        raise Duplicate(
            "There is already an ontology named {name}, with other terms. Give the file's ontology another name.",
            name=sketch.name,
        )
    ontology = history.add(db, caller, Ontology(name=sketch.name, user_id=caller.id))
    _add_terms(db, caller, ontology, sketch.terms, None)
    return ontology


def tree_of(db: Session, ontology: Ontology) -> list[tuple[str, str | None]]:
    """Each term's name with its parent's."""
    names = {row.id: row.name for row in db.scalars(select(Term).where(Term.ontology_id == ontology.id))}
    links = db.scalars(select(RelationTerm).where(RelationTerm.ontology_id == ontology.id))
    parents = {link.term2_id: names.get(link.term1_id) for link in links}
    return [(name, parents.get(id)) for id, name in names.items()]


def _pairs(terms: list[TermSketch], parent: str | None) -> Iterator[tuple[str, str | None]]:
    for term in terms:
        yield term.name, parent
        yield from _pairs(term.children, term.name)


def _keys(terms: list[TermSketch]) -> Iterator[str | None]:
    for term in terms:
        yield term.shortcut
        yield from _keys(term.children)


def _add_terms(db: Session, caller: Caller, ontology: Ontology, terms: list[TermSketch], parent: Term | None) -> None:
    for sketch in terms:
        row = Term(name=sketch.name, ontology_id=ontology.id, color=sketch.color.upper(), shortcut=sketch.shortcut)
        history.add(db, caller, row)
        if parent is not None:
            place_term(db, caller, parent, row)
        _add_terms(db, caller, ontology, sketch.children, row)
