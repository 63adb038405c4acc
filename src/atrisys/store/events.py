"""Events on their way into the log: in the transaction of what they tell of, or noted now and written a moment later.

What only reads (a picture, a download) writes nothing itself: its event waits here until the keeper of the log comes by
(actions/keep_log.py). What is noted again within a while is the same event.
"""

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import islice
from operator import itemgetter
from typing import Any

from sqlalchemy.orm import Session

from atrisys.store.bulk import insert_rows
from atrisys.store.ids import take_ids
from atrisys.store.table import now_ms
from atrisys.store.tables import Event

log = logging.getLogger("atrisys")

MOST_WAITING, MOST_KNOWN = 20_000, 50_000
AT_ONCE = 1_000
ABOUT = ("user_id", "door", "request_id", "action", "class_name", "object_id", "what", "address")
_what_is_the_same = itemgetter(*(name for name in ABOUT if name not in ("request_id", "address")))


def write_events(db: Session, events: list[dict[str, Any]]) -> None:
    """Events as dictionaries of `ABOUT` and `created`, in the session's transaction."""
    numbers = take_ids(db, len(events))
    insert_rows(db, Event, [{"seq": seq, **event} for seq, event in zip(numbers, events, strict=True)])


def event_of(**about: Any) -> dict[str, Any]:
    """An event that happens now."""
    return {"created": now_ms(), **dict.fromkeys(ABOUT), **about}


class Noted:
    """The events of one process that are not in the log yet. Safe to use from several threads."""

    def __init__(self) -> None:
        self._waiting: deque[dict[str, Any]] = deque()
        self._known: OrderedDict[tuple[Any, ...], float] = OrderedDict()
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._lost = 0

    def add(self, event: dict[str, Any], again_s: float, place: str | None = None) -> None:
        """Note it, unless the same was noted less than `again_s` seconds ago. Costs some microseconds.

        Args:
            place: all addresses there count as one.
        """
        key = *_what_is_the_same(event), place or event["address"]
        now = time.monotonic()
        with self._lock:
            before = self._known.get(key)
            if before is not None and now - before < again_s:
                return
            self._known[key] = now
            self._known.move_to_end(key)
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
            if len(self._waiting) < MOST_WAITING:
                self._waiting.append(event)
            else:
                self._lost += 1

    def write(self, writing: Callable[[], AbstractContextManager[Session]]) -> int:
        """Bring what waits into the log, in transactions of its own; says how many. What fails goes on waiting."""
        done = 0
        with self._writing:
            while events := self._first():
                with writing() as db:
                    write_events(db, events)
                with self._lock:
                    for _ in events:
                        self._waiting.popleft()
                    lost, self._lost = self._lost, 0
                if lost:
                    log.error("%s events are missing in the log: the database did not take them in time", lost)
                done += len(events)
        return done

    def _first(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(islice(self._waiting, AT_ONCE))
