"""What happened: the history of one object, and commands by project and person."""

from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, aliased
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_admin
from atrisys.access.rules import my_projects
from atrisys.access.visible import past_of, visible
from atrisys.errors import NotFound
from atrisys.store.tables import KINDS, Change, Project, Reversal
from atrisys.store.tables.changes import WITHOUT_STATES
from atrisys.wire import dialect
from atrisys.wire.answers import COMMAND, NAMES, key_of
from atrisys.wire.asking import CurrentUser, Db, Find, PageQuery, Paging
from atrisys.wire.described import Part, lists, sometimes
from atrisys.wire.past import ChangeLine, Command, Past, as_wire, commands, kind_of, texts_of, verb_of
from atrisys.wire.routes import Routes

routes = Routes(tags=["history"])

MOST = 1000


class States(Part):
    """An object before and after a change, without its secrets."""

    before: dict[str, Any] | None
    after: dict[str, Any] | None
    too_long: bool = sometimes()
    """They are left out here: ask for fewer lines."""


@routes.get("/api/atrisys/history/{kind}/{id:int}.json")
@lists(ChangeLine, States)
def list_history(kind: str, id: int, db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """Everything that happened to one object, the newest first, deleted or not; `kind` is its class in small letters.

    `before` and `after` hold its columns, without secrets. `transaction` is the command that undo takes. Of very long
    states one answer tells the first: the others are null and `tooLong`; ask for fewer with `max` and `offset`.
    """
    table = kind_of(kind)
    query = select(Change).where(Change.object_id == id, Change.class_name == table.__name__, past_of(user))
    total = db.scalar(select(func.count()).select_from(query.subquery())) if id < 2**63 else 0
    if not total:
        raise NotFound("{kind} {id} was not found.", kind=table.__name__, id=id)
    rows, past = db.scalars(_page(page, query.order_by(Change.seq.desc()))).all(), Past(db, user)
    texts = texts_of(db, rows)
    return page.answer([_as_line(row, past, texts.get(row.seq)) for row in rows], total)


def _as_line(row: Change, past: Past, texts: tuple[str | None, str | None] | None) -> dict[str, Any]:
    before, after = texts or (None, None)
    shown = {**as_wire(row), "before": past.state(row, before), "after": past.state(row, after)}
    return shown if texts else {**shown, "tooLong": True}


@routes.get("/api/project/{id:int}/commandhistory.json")
def list_commands_of_project(
    id: int,
    db: Db,
    caller: CurrentUser,
    find: Find,
    page: PageQuery,
    user: int | None = None,
    startDate: int | None = None,
    endDate: int | None = None,
    fullData: str | None = None,
) -> Response:
    """The commands that changed something in a project, the newest first, as far as the caller sees what they changed.

    `user`: of one person; `startDate`, `endDate` (epoch ms); `fullData` adds the object that each was about.
    """
    here = Change.container_id == find(Project, id).id
    return _commands(db, caller, page, here, _asked(user, startDate, endDate), fullData)


@routes.get("/api/commandhistory.json")
def list_commands(
    db: Db,
    caller: CurrentUser,
    page: PageQuery,
    user: int | None = None,
    startDate: int | None = None,
    endDate: int | None = None,
    fullData: str | None = None,
) -> Response:
    """The same over all projects that the caller works in; an administrator sees all."""
    mine = select(Project.id) if caller.is_admin else my_projects(caller)
    return _commands(db, caller, page, Change.container_id.in_(mine), _asked(user, startDate, endDate), fullData)


def _asked(user: int | None, start: int | None, end: int | None) -> ColumnElement[bool]:
    rules = []
    if user is not None:
        rules.append(Change.user_id == user)
    if start is not None:
        rules.append(Change.created >= start)
    if end is not None:
        rules.append(Change.created <= end)
    return and_(True, *rules)


def _commands(
    db: Session,
    caller: Caller,
    page: Paging,
    here: ColumnElement[bool],
    asked: ColumnElement[bool],
    full_data: str | None,
) -> Response:
    earlier = aliased(Change)
    # Nobody else's changes stand between those of one transaction, so the first entry found decides.
    before_it = select(earlier.seq).where(
        earlier.container_id == Change.container_id,
        earlier.seq >= Change.transaction_id,
        earlier.seq < Change.seq,
    )
    query = visible(caller, select(Change)).where(here, asked, ~before_it.exists())
    firsts = db.scalars(_page(page, query.order_by(Change.seq.desc()))).all()
    found = commands(db, caller, firsts, in_container=True)
    if not dialect.says_yes(full_data):
        return dialect.Json([_as_command(one) for one in found])
    past, texts = Past(db, caller), texts_of(db, [one.main for one in found])
    return dialect.Json([_as_command(one) | _as_data(one, past, texts.get(one.main.seq)) for one in found])


def _as_command(command: Command) -> dict[str, Any]:
    first = command.first
    return {
        "id": first.transaction_id,
        "created": first.created,
        "message": command.message,
        "prefix": command.prefix,
        "prefixAction": command.prefix,
        "user": first.user_id,
        "project": first.container_id,
    }


def _as_data(command: Command, past: Past, texts: tuple[str | None, str | None] | None) -> dict[str, Any]:
    before, after = texts or (None, None)
    return {**_technical(command.main, past.state(command.main, after or before)), "action": command.message}


def _technical(change: Change, data: dict[str, Any] | None) -> dict[str, Any]:
    """What Cytomine tells of its own insides: clients tell commands apart by it."""
    kind = KINDS.get(change.class_name)
    name = NAMES.get(change.class_name, change.class_name)
    return {
        "data": orjson.dumps(data or {}).decode(),
        "serviceName": f"{name[0].lower()}{name[1:]}Service",
        "className": kind.cytomine_class if kind else change.class_name,
    }


@routes.get("/api/commands")
@routes.get("/api/commands.json")
def list_own_commands(db: Db, caller: CurrentUser, page: PageQuery) -> Response:
    """The caller's own commands, the newest first, and whether each is undone."""
    own = select(Change).where(Change.user_id == caller.id, Change.seq == Change.transaction_id, past_of(caller))
    own = own.where(Change.seq.not_in(select(Reversal.transaction_id)))
    total = db.scalar(select(func.count()).select_from(own.subquery())) or 0
    firsts = db.scalars(_page(page, own.order_by(Change.transaction_id.desc()))).all()
    found = commands(db, caller, firsts, in_container=False)
    count = select(Reversal.root_id, func.count()).group_by(Reversal.root_id)
    taken = {row[0]: row[1] for row in db.execute(count.where(Reversal.root_id.in_([row.seq for row in firsts])))}
    return page.answer([_as_own(one, taken.get(one.first.seq, 0) % 2 == 1) for one in found], total)


def _as_own(command: Command, is_undone: bool) -> dict[str, Any]:
    main = command.main
    name = NAMES.get(main.class_name, main.class_name)
    return {
        "id": command.first.transaction_id,
        "commandId": command.first.transaction_id,
        "created": command.first.created,
        "user": command.first.user_id,
        "command": f"be.cytomine.{COMMAND[verb_of(main)]}{name}Command",
        "message": command.message,
        "class": key_of(main.class_name),
        "object": main.object_id,
        "undone": is_undone,
    }


@routes.get("/api/deletecommand.json")
@routes.get("/api/deletecommand")
def list_deletions(
    db: Db, caller: CurrentUser, page: PageQuery, domain: str | None = None, after: int | None = None
) -> Response:
    """What was deleted, the newest first; for administrators. `domain`: a class, `after`: since when (epoch ms)."""
    require_admin(caller)
    query = select(Change).where(Change.after.is_(None))
    if domain:
        query = query.where(Change.class_name == kind_of(domain).__name__)
    if after is not None:
        query = query.where(Change.created > after)
    total = db.scalar(select(func.count()).select_from(query.subquery())) or 0
    past = Past(db, caller)
    rows = db.scalars(_page(page, query.order_by(Change.seq.desc()))).all()
    texts = texts_of(db, rows)
    return page.answer([_as_deletion(row, past, texts.get(row.seq, (None, None))[0]) for row in rows], total)


def _as_deletion(change: Change, past: Past, before: str | None) -> dict[str, Any]:
    technical = _technical(change, past.state(change, before))
    name = NAMES.get(change.class_name, change.class_name)
    return {
        "id": change.seq,
        "class": f"be.cytomine.Delete{name}Command",
        "CLASSNAME": technical["className"],
        "serviceName": technical["serviceName"],
        "action": f"{name} {change.object_id} deleted.",
        "data": technical["data"],
        "created": change.created,
        "updated": None,
        "user": change.user_id,
        "type": "DELETE",
    }


def _page(page: Paging, query: Any) -> Any:
    page.length = min(page.length or MOST, MOST)
    return query.options(*WITHOUT_STATES).offset(page.offset).limit(page.length)
