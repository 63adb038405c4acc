"""Give a project another ontology."""

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.errors import NotAllowed
from atrisys.store.tables import TERMS_OF, Project, Term


def change_ontology(db: Session, caller: Caller, project: Project, ontology_id: int | None, *, force: bool) -> None:
    """With `force` the annotations lose the terms of the old one; the annotations themselves stay.

    Raises:
        NotAllowed: annotations of the project have terms of the old ontology, and nothing was forced.
    """
    if ontology_id == project.ontology_id:
        return
    old_terms = select(Term.id).where(Term.ontology_id == project.ontology_id)
    links = annotations = 0
    for link in TERMS_OF.values():
        count = select(func.count(), func.count(distinct(link.annotation_id)))
        found = db.execute(count.where(link.term_id.in_(old_terms), link.project_id == project.id)).one()
        links, annotations = links + found[0], annotations + found[1]
    if links and not force:
        raise NotAllowed(
            "{annotations} annotations of project {project} have {links} terms of its present ontology. Send "
            "forceOntologyUpdate to take these terms away and change the ontology.",
            project=project.id,
            annotations=annotations,
            links=links,
        )
    for link in TERMS_OF.values():
        history.delete_where(db, caller, link, link.term_id.in_(old_terms), link.project_id == project.id)
    history.edit(db, caller, project, ontology_id=ontology_id)
