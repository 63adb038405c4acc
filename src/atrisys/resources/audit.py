"""The change log as administrators read it: who did what, when, by which door, over the whole installation."""

from typing import Literal

from sqlalchemy import ColumnElement, and_, func, select
from starlette.responses import Response

from atrisys.access.caller import Door
from atrisys.access.require import require_admin
from atrisys.store.tables import KINDS, Change
from atrisys.store.tables.changes import WITHOUT_STATES
from atrisys.wire.asking import CurrentUser, Db, PageQuery
from atrisys.wire.past import as_wire, kind_of
from atrisys.wire.routes import Routes

routes = Routes(tags=["history"])

MOST = 1000
ACTIONS: dict[str, ColumnElement[bool]] = {
    "added": Change.before.is_(None),
    "deleted": Change.after.is_(None),
    "edited": and_(Change.before.is_not(None), Change.after.is_not(None)),
}
Action = Literal["added", "edited", "deleted"]


@routes.get("/api/atrisys/audit.json")
def list_changes(
    db: Db,
    caller: CurrentUser,
    page: PageQuery,
    user: int | None = None,
    kind: str | None = None,
    action: Action | None = None,
    door: Door | None = None,
    startDate: int | None = None,
    endDate: int | None = None,
) -> Response:
    """Every change on the whole installation, the newest first; for administrators. What was before and after, an
    object's own history tells.

    `user`: whose; `kind`: of which class; `action`, `door`; `startDate`, `endDate` (epoch ms).
    """
    require_admin(caller)
    query = select(Change)
    if user is not None:
        query = query.where(Change.user_id == user)
    if door is not None:
        query = query.where(Change.door == door)
    if kind:
        query = query.where(Change.class_name == kind_of(kind).__name__)
    if action:
        query = query.where(ACTIONS[action])
    if startDate is not None:
        query = query.where(Change.created >= startDate)
    if endDate is not None:
        query = query.where(Change.created <= endDate)
    total = db.scalar(select(func.count()).select_from(query.subquery())) or 0
    page.length = min(page.length or MOST, MOST)
    newest = query.options(*WITHOUT_STATES).order_by(Change.seq.desc()).offset(page.offset).limit(page.length)
    return page.answer([as_wire(row) for row in db.scalars(newest)], total)


@routes.get("/api/atrisys/audit/kinds.json")
def list_kinds(caller: CurrentUser, page: PageQuery) -> Response:
    """The classes that a change can be of; for administrators."""
    require_admin(caller)
    return page.answer([{"kind": name} for name in sorted(KINDS)])
