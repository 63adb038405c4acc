"""Give a project another ontology."""

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.errors import NotAllowed
from atrisys.store.tables import AnnotationTerm, Project, Term


def change_ontology(db: Session, caller: Caller, project: Project, ontology_id: int | None, *, force: bool) -> None:
    """With `force` the annotations lose the terms of the old one; the annotations themselves stay.

    Raises:
        NotAllowed: annotations of the project have terms of the old ontology, and nothing was forced.
    """
    if ontology_id == project.ontology_id:
        return
    old_terms = select(Term.id).where(Term.ontology_id == project.ontology_id)
    used = (AnnotationTerm.term_id.in_(old_terms), AnnotationTerm.project_id == project.id)
    count = select(func.count(), func.count(distinct(AnnotationTerm.annotation_id))).select_from(AnnotationTerm)
    links, annotations = db.execute(count.where(*used)).one()
    if links and not force:
        raise NotAllowed(
            "{annotations} annotations of project {project} have {links} terms of its present ontology. Send "
            "forceOntologyUpdate to take these terms away and change the ontology.",
            project=project.id,
            annotations=annotations,
            links=links,
        )
    if links:
        history.delete_where(db, caller, AnnotationTerm, *used)
    history.edit(db, caller, project, ontology_id=ontology_id)
