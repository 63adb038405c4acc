"""Delete an annotation with all that hangs on it."""

from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.store.tables import AnnotationTerm, UserAnnotation


def delete_annotation(db: Session, caller: Caller, annotation: UserAnnotation) -> None:
    """Its terms go first, so that undoing runs the other way round."""
    history.delete_where(db, caller, AnnotationTerm, AnnotationTerm.annotation_id == annotation.id)
    history.delete(db, caller, annotation)
