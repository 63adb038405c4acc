"""Delete an annotation with all that hangs on it."""

from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.actions.share_annotation import clear_comments
from atrisys.store.tables import HANGING_ON, AnnotationDomain


def delete_annotation(db: Session, caller: Caller, annotation: AnnotationDomain) -> None:
    """What hangs on it goes first, so that undoing runs the other way round. What a reviewer accepted stays."""
    clear_comments(db, caller, type(annotation), [annotation.id])
    for link in HANGING_ON[type(annotation)]:
        history.delete_where(db, caller, link, link.annotation_id == annotation.id)
    history.delete(db, caller, annotation)
