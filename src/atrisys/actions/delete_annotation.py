"""Delete an annotation with all that hangs on it."""

from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.actions.share_annotation import clear_comments
from atrisys.store.tables import TERMS_OF, AnnotationDomain


def delete_annotation(db: Session, caller: Caller, annotation: AnnotationDomain) -> None:
    """Comments and terms go first, so that undoing runs the other way round. What a reviewer accepted stays."""
    clear_comments(db, caller, type(annotation), [annotation.id])
    link = TERMS_OF[type(annotation)]
    history.delete_where(db, caller, link, link.annotation_id == annotation.id)
    history.delete(db, caller, annotation)
