"""The log as administrators read it: who did what, when, by which door, over the whole installation."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Depends
from pydantic import Field
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    String,
    and_,
    case,
    desc,
    func,
    literal,
    select,
    union_all,
)
from starlette.responses import Response

from atrisys.access import events
from atrisys.access.caller import Door
from atrisys.access.require import require_admin
from atrisys.store.tables import KINDS, Change, Event
from atrisys.wire.asking import CurrentUser, Db, PageQuery
from atrisys.wire.described import Part, lists
from atrisys.wire.past import kind_of
from atrisys.wire.routes import Routes

routes = Routes(tags=["history"])

MOST = 1000
BEGUN = Change.before.is_(None)
CHANGED: dict[str, ColumnElement[bool]] = {
    "added": and_(BEGUN, Change.version == 1),
    "restored": and_(BEGUN, Change.version > 1),
    "deleted": Change.after.is_(None),
    "edited": and_(Change.before.is_not(None), Change.after.is_not(None)),
}
"""What was done to an object; one that comes back (undo, redo) goes on counting its versions."""
Action = Literal["added", "restored", "edited", "deleted"] | events.Action
BOTH = ("seq", "created", "user_id", "door", "request_id", "class_name", "object_id")
"""What changes and events are asked for alike."""
NO_TEXT, NO_NUMBER = literal(None, String), literal(None, BigInteger)


@dataclass(frozen=True)
class Asked:
    """Which lines of the log somebody wants; every line where nothing is said."""

    user: int | None
    class_name: str | None
    action: Action | None
    door: Door | None
    start_ms: int | None
    end_ms: int | None

    def of(self, table: type[Change] | type[Event], *columns: Any) -> Select[*tuple[Any, ...]] | None:
        """These columns of a table's lines; None where none of them can be wanted."""
        if self.action is not None and (self.action in CHANGED) != (table is Change):
            return None
        query = select(*columns).select_from(table)
        same = ((table.user_id, self.user), (table.class_name, self.class_name), (table.door, self.door))
        for column, value in same:
            query = query if value is None else query.where(column == value)
        if self.action is not None:
            query = query.where(CHANGED[self.action] if table is Change else Event.action == self.action)
        if self.start_ms is not None:
            query = query.where(table.created >= self.start_ms)
        return query if self.end_ms is None else query.where(table.created <= self.end_ms)


async def _asked(
    user: int | None = None,
    kind: str | None = None,
    action: Action | None = None,
    door: Door | None = None,
    startDate: int | None = None,
    endDate: int | None = None,
) -> Asked:
    class_name = kind_of(kind).__name__ if kind else None
    return Asked(user, class_name, action, door, startDate, endDate)


class LogLine(Part):
    """A change of an object, or an event that changed none."""

    seq: int
    transaction: int | None
    created: int
    user: int | None
    door: str
    action: str
    class_name: str | None = Field(serialization_alias="class")
    id: int | None
    version: int | None
    container: int | None
    request_id: str | None
    what: str | None
    address: str | None


class Kind(Part):
    """A class of objects."""

    kind: str


@routes.get("/api/atrisys/audit.json")
@lists(LogLine)
def list_log(db: Db, caller: CurrentUser, page: PageQuery, asked: Annotated[Asked, Depends(_asked)]) -> Response:
    """The whole log, the newest first, for administrators: every change of an object, and every event: who signed in or
    failed to, looked at a slide, took data out. What was before and after a change, the object's own history tells.

    `user`: whose; `kind`: about which class; `action`, `door`; `startDate`, `endDate` (epoch ms). An event has no
    `transaction`, `version` and `container`, but `what` (by password, as CSV) and, of signing in, an `address`.
    """
    require_admin(caller)
    page.length = min(page.length or MOST, MOST)
    counts = (asked.of(table, func.count()) for table in (Change, Event))
    total = sum(db.scalar(count) or 0 for count in counts if count is not None)
    lines = [query for query in (asked.of(Change, *_of_changes()), asked.of(Event, *_of_events())) if query is not None]
    newest = union_all(*lines).order_by(desc("seq")).offset(page.offset).limit(page.length)
    return page.answer([_shown(row) for row in db.execute(newest)], total)


def _of_changes() -> list[Any]:
    action = case(*((rule, name) for name, rule in CHANGED.items())).label("action")
    own = [Change.transaction_id, Change.version, Change.container_id]
    return [*(getattr(Change, name) for name in BOTH), action, *own, NO_TEXT.label("what"), NO_TEXT.label("address")]


def _of_events() -> list[Any]:
    none = [NO_NUMBER.label(name) for name in ("transaction_id", "version", "container_id")]
    return [*(getattr(Event, name) for name in BOTH), Event.action, *none, Event.what, Event.address]


def _shown(row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "transaction": row.transaction_id,
        "created": row.created,
        "user": row.user_id,
        "door": row.door,
        "action": row.action,
        "class": row.class_name,
        "id": row.object_id,
        "version": row.version,
        "container": row.container_id,
        "requestId": row.request_id,
        "what": row.what,
        "address": row.address,
    }


@routes.get("/api/atrisys/audit/kinds.json")
@lists(Kind)
def list_kinds(caller: CurrentUser, page: PageQuery) -> Response:
    """The classes that a line of the log can be about; for administrators."""
    require_admin(caller)
    return page.answer([{"kind": name} for name in sorted(KINDS)])
