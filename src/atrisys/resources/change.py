"""The feed of changes: what happened since a number, for live pages and for whoever keeps a copy."""

from sqlalchemy import func, select
from starlette.responses import Response

from atrisys.access.visible import visible
from atrisys.errors import Invalid
from atrisys.store.tables import Change, Project
from atrisys.store.tables.changes import WITHOUT_STATES
from atrisys.wire.asking import CurrentUser, Db, Find, PageQuery
from atrisys.wire.described import lists
from atrisys.wire.past import ChangeLine, as_wire
from atrisys.wire.routes import Routes

routes = Routes(tags=["change"])

MOST = 1000


@routes.get("/api/atrisys/changes")
@lists(ChangeLine)
def list_changes(
    db: Db, user: CurrentUser, find: Find, page: PageQuery, since: int = 0, project: int | None = None
) -> Response:
    """Changes after the number `since`, oldest first, as far as the caller may see what they changed.

    Ask again with the last `seq` that was given: numbers become visible in order, so none is missed. The objects
    themselves are read by their own addresses.
    """
    if since < 0:
        raise Invalid("{name} must be a number from 0 on, not {value}.", name="since", value=since)
    page.length = min(page.length or MOST, MOST)
    query = visible(user, select(Change).where(Change.seq > since))
    if project is not None:
        query = query.where(Change.container_id == find.other(Project, project).id)
    total = db.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = db.scalars(query.options(*WITHOUT_STATES).order_by(Change.seq).offset(page.offset).limit(page.length))
    return page.answer([as_wire(row) for row in rows], total)
