"""Old activity goes: a viewer writes a position a second, and nobody asks for those of last year."""

from typing import Any

from sqlalchemy import delete, select

from atrisys.store.session import Store
from atrisys.store.table import now_ms
from atrisys.store.tables import AnnotationAction, Follower, ImageConsultation, ProjectConnection, UserPosition

DAY_MS = 24 * 3600 * 1000
BATCH = 2_000


def sweep_activity(store: Store) -> None:
    """What is older than the settings say."""
    activity_days = store.settings.keep_activity_days
    for kind, days in (
        (UserPosition, store.settings.keep_positions_days),
        *((kind, activity_days) for kind in (ImageConsultation, AnnotationAction, ProjectConnection)),
    ):
        while _sweep_some(store, kind, now_ms() - days * DAY_MS):
            pass
    with store.writing() as db:
        db.execute(delete(Follower).where(Follower.last_seen < now_ms() - DAY_MS))


def _sweep_some(store: Store, kind: Any, before: int) -> bool:
    """A batch of the oldest, in a transaction of its own; whether there may be more. Ids are given in order of time."""
    oldest = select(kind.id, kind.created).order_by(kind.id).limit(BATCH)
    with store.reading() as db:
        old = [id for id, created in db.execute(oldest) if created < before]
    if old:
        with store.writing() as db:
            db.execute(delete(kind).where(kind.id.in_(old)))
    return len(old) == BATCH
