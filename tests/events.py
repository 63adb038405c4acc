"""The events that the log holds, with those that were noted and not written yet."""

from sqlalchemy import select

from atrisys.store.session import Store
from atrisys.store.tables import Event


def events(store: Store, *actions: str) -> list[Event]:
    """In their order; of these kinds alone, where some are named."""
    store.noted.write(store.writing)
    with store.reading() as db:
        found = db.scalars(select(Event).order_by(Event.seq)).all()
    return [event for event in found if not actions or event.action in actions]


def about(store: Store, *actions: str) -> list[tuple[int | None, str | None, int | None, str | None]]:
    """Of each: who, a what, its id, and what more."""
    return [(one.user_id, one.class_name, one.object_id, one.what) for one in events(store, *actions)]
