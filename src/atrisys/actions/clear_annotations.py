"""Delete many annotations at once, each with its comments, what hangs on it and its own tombstone."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.actions.share_annotation import clear_comments
from atrisys.store.tables import HANGING_ON, AnnotationDomain


def clear_annotations(db: Session, caller: Caller, which: Callable[[type[AnnotationDomain]], Any]) -> int:
    """All annotations of each kind that fit `which`. Says how many went."""
    return sum(clear_kind(db, caller, kind, which(kind)) for kind in HANGING_ON)


def clear_kind(db: Session, caller: Caller, kind: type[AnnotationDomain], *conditions: Any) -> int:
    """Those of one kind that fit, in batches, in each what hangs on them first. Says how many annotations went."""
    done = 0
    query = select(kind.id).where(*conditions).order_by(kind.id).limit(history.BATCH)
    while ids := db.scalars(query).all():
        clear_comments(db, caller, kind, ids)
        for link in HANGING_ON[kind]:
            history.delete_where(db, caller, link, link.annotation_id.in_(ids))
        done += history.delete_where(db, caller, kind, kind.id.in_(ids))
    return done
