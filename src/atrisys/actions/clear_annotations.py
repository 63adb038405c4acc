"""Delete many annotations at once, each with its terms and its own tombstone."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.store.tables import AnnotationTerm, UserAnnotation


def clear_annotations(db: Session, caller: Caller, *conditions: Any) -> int:
    """All annotations that fit, in batches; in each the terms go first. Says how many annotations went."""
    done = 0
    query = select(UserAnnotation.id).where(*conditions).order_by(UserAnnotation.id).limit(history.BATCH)
    while ids := db.scalars(query).all():
        history.delete_where(db, caller, AnnotationTerm, AnnotationTerm.annotation_id.in_(ids))
        done += history.delete_where(db, caller, UserAnnotation, UserAnnotation.id.in_(ids))
    return done
