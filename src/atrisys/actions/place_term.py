"""Put a term below another in the tree."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.errors import Duplicate, Invalid
from atrisys.store.tables import Relation, RelationTerm, Term


def place_term(db: Session, caller: Caller, parent: Term, child: Term) -> RelationTerm:
    """Raises Invalid where they are of different ontologies or the tree would bite its tail, Duplicate if it stands."""
    _check(db, parent, child)
    relation = db.scalars(select(Relation.id).where(Relation.name == "parent")).one()
    link = RelationTerm(relation_id=relation, term1_id=parent.id, term2_id=child.id, ontology_id=parent.ontology_id)
    return history.add(db, caller, link)


def replace_link(db: Session, caller: Caller, link: RelationTerm, parent: Term, child: Term) -> RelationTerm:
    """The same link between other terms. Raises as `place_term`."""
    _check(db, parent, child, link.id)
    ends = {"term1_id": parent.id, "term2_id": child.id, "ontology_id": parent.ontology_id}
    return history.edit(db, caller, link, **ends)


def _check(db: Session, parent: Term, child: Term, apart_from: int | None = None) -> None:
    """`apart_from`: a link that is about to go."""
    if parent.ontology_id != child.ontology_id:
        raise Invalid("Terms {parent} and {child} belong to different ontologies.", parent=parent.id, child=child.id)
    links = select(RelationTerm.term2_id, RelationTerm.term1_id, RelationTerm.id)
    rows = db.execute(links.where(RelationTerm.ontology_id == parent.ontology_id))
    parents = {below: above for below, above, id in rows if id != apart_from}
    if child.id in parents:
        raise Duplicate(
            "Term {child} stands below term {parent} already. Take it away from there first.",
            child=child.id,
            parent=parents[child.id],
        )
    above: int | None = parent.id
    seen = set()
    while above is not None and above not in seen:
        if above == child.id:
            raise Invalid("Term {child} already stands above term {parent}.", parent=parent.id, child=child.id)
        seen.add(above)
        above = parents.get(above)
