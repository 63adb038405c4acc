"""Delete an ontology with its terms."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.visible import visible
from atrisys.actions import history
from atrisys.errors import InUse
from atrisys.store.tables import AnnotationTerm, Ontology, Project, RelationTerm, Term


def delete_ontology(db: Session, caller: Caller, ontology: Ontology) -> None:
    """Raises InUse while a project uses it, naming those projects that the caller may see."""
    using = select(Project.name).where(Project.ontology_id == ontology.id)
    count = db.scalar(select(func.count()).select_from(using.subquery())) or 0
    if count:
        names = db.scalars(visible(caller, using, Project).order_by(Project.name).limit(10))
        raise InUse(
            "Ontology {ontology} is used by {count} projects ({projects}). Give them another ontology first.",
            ontology=ontology.id,
            count=count,
            projects=", ".join(names) or "…",
        )
    terms = select(Term.id).where(Term.ontology_id == ontology.id)
    history.delete_where(db, caller, AnnotationTerm, AnnotationTerm.term_id.in_(terms))
    history.delete_where(db, caller, RelationTerm, RelationTerm.ontology_id == ontology.id)
    history.delete_where(db, caller, Term, Term.ontology_id == ontology.id)
    history.delete(db, caller, ontology)
