"""Delete many annotations at once, each with its comments, what hangs on it and its own tombstone."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.actions.share_annotation import clear_comments
from atrisys.errors import NotFound
from atrisys.store.ids import take_turn
from atrisys.store.table import Table
from atrisys.store.tables import HANGING_ON, AnnotationDomain


def clear_annotations(
    db: Session, caller: Caller, which: Callable[[type[AnnotationDomain]], Any], *, in_steps: bool = False
) -> int:
    """All annotations of each kind that fit `which`. Says how many went. `in_steps`: as `clear_kind`."""
    done = sum(clear_kind(db, caller, kind, which(kind), in_steps=in_steps) for kind in HANGING_ON)
    # What was drawn between two steps of a later kind goes within the last transaction.
    return done + (clear_annotations(db, caller, which) if in_steps else 0)


def read_again(db: Session, row: Table) -> None:
    """What is deleted last, as it is after the last step. Raises NotFound where it is gone."""
    id = row.id
    take_turn(db)
    try:
        db.refresh(row, with_for_update=True)
    except InvalidRequestError as gone:
        raise NotFound("{kind} {id} was not found.", kind=type(row).__name__, id=id) from gone


def clear_kind(
    db: Session, caller: Caller, kind: type[AnnotationDomain], *conditions: Any, in_steps: bool = False
) -> int:
    """Those of one kind that fit, in batches, in each what hangs on them first. Says how many annotations went.

    `in_steps`: each full batch is kept, and others may write before the next one (`history.let_others_write`). All are
    one command: what was done when this process died is undone whole, or done to its end by asking again.
    """
    done = 0
    query = select(kind.id).where(*conditions).order_by(kind.id).limit(history.BATCH)
    while ids := db.scalars(query).all():
        clear_comments(db, caller, kind, ids)
        for link in HANGING_ON[kind]:
            history.delete_where(db, caller, link, link.annotation_id.in_(ids))
        done += history.delete_where(db, caller, kind, kind.id.in_(ids))
        if in_steps and len(ids) == history.BATCH:
            history.let_others_write(db)
    return done
