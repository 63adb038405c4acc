"""What hangs on the end of a transaction: the bytes of a deleted file go once it is kept, those of a new one stay."""

import logging
from collections.abc import Callable
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

log = logging.getLogger(__name__)
KEPT, UNDONE = "after_commit", "after_rollback"


def after_commit(db: Session, do: Callable[[], object]) -> None:
    """Call `do` when the session's transaction was committed, and never when it was undone."""
    db.info.setdefault(KEPT, []).append(do)


def after_rollback(db: Session, do: Callable[[], object]) -> None:
    """Call `do` when the session's transaction was undone, and never when it was committed."""
    db.info.setdefault(UNDONE, []).append(do)


def drop_after_commit(db: Session, name: str) -> None:
    """Remove a kept file once its record's deletion is committed."""
    folder = db.info["folder"]
    after_commit(db, lambda: folder.drop(name))


@event.listens_for(Session, "after_commit")
def _committed(db: Session) -> None:
    # Savepoints are told here too: they may still be undone with the rest.
    if db.in_nested_transaction():
        return
    db.info.pop(UNDONE, None)
    _do_all(db.info.pop(KEPT, []))


@event.listens_for(Session, "after_transaction_end")
def _ended(db: Session, transaction: Any) -> None:
    if transaction.parent is None:
        db.info.pop(KEPT, None)
        _do_all(db.info.pop(UNDONE, []))


def _do_all(things: list[Callable[[], object]]) -> None:
    for do in things:
        try:
            do()
        except Exception:
            log.exception("what should follow a transaction failed")
