"""Roles: what an account may do on the whole installation. People are given and taken them; rights hang on four."""

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import case, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import ADMINISTRATORS, LADDER, USERS, Caller
from atrisys.access.require import require_admin, require_user
from atrisys.access.visible import visible
from atrisys.actions import history
from atrisys.actions.change_roles import climb_to, give_role, take_role
from atrisys.errors import NotAllowed, NotFound
from atrisys.store.tables import SecRole, SecUser, SecUserSecRole
from atrisys.wire.accounts import highest, roles_of
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery, shown
from atrisys.wire.bodies import JsonBody, body_schema, read_one
from atrisys.wire.described import lists
from atrisys.wire.dialect import says_yes
from atrisys.wire.fields import Fields, Model, show, shows
from atrisys.wire.routes import Routes

routes = Routes(tags=["role"])

# The Python client's tests give a new user the last role of the list, which must be one that they lack.
ORDER = case(
    (SecRole.authority == "ROLE_USER", 0),
    (SecRole.authority == "ROLE_ADMIN", 1),
    (SecRole.authority == "ROLE_SUPER_ADMIN", 2),
    else_=3,
)


class UserRoleIn(Fields):
    role_id: int | str
    """Its id, or its name (`ROLE_USER`)."""


class RoleIn(Fields):
    authority: Annotated[str, Field(pattern=r"^ROLE_[A-Z0-9_]+$", max_length=64)]


class RoleOut(Model, of=SecRole):
    authority: str


class UserRoleOut(Model):
    user_id: int
    role_id: int
    authority: str


@shows(SecUserSecRole)
def show_link(db: Session, link: SecUserSecRole) -> dict[str, Any]:
    return UserRoleOut.of(link, authority=db.get_one(SecRole, link.role_id).authority).wire()


@routes.get("/api/role.json")
def list_roles(db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """The roles that there are."""
    return page.of(db, visible(user, select(SecRole)), RoleOut, ORDER)


@routes.get("/api/role/{id:int}.json")
def show_role(id: int, db: Db, find: Find) -> Response:
    """One role."""
    return shown(db, find(SecRole, id))


@routes.post("/api/role.json", openapi_extra=body_schema(RoleIn))
def add_role_name(body: JsonBody, db: Db, user: CurrentUser) -> Response:
    """Make a role of one's own; administrators do. It can be given, but no right hangs on it."""
    require_admin(user)
    return saved(db, "added", history.add(db, user, SecRole(authority=read_one(RoleIn, body).authority)))


@routes.put("/api/role/{id:int}.json", openapi_extra=body_schema(RoleIn))
def edit_role_name(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Rename such a role; administrators do. The four that rights hang on stay."""
    role = _own_role(user, find, id)
    return saved(db, "edited", history.edit(db, user, role, authority=read_one(RoleIn, body).authority))


@routes.delete("/api/role/{id:int}.json")
def remove_role_name(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Delete such a role, once nobody holds it; administrators do."""
    return saved(db, "deleted", history.delete(db, user, _own_role(user, find, id)))


def _own_role(user: Caller, find: Finder, id: int) -> SecRole:
    role = find(SecRole, id)
    require_admin(user)
    if role.authority in LADDER:
        raise NotAllowed("Rights hang on role {role}: it stays as it is.", role=role.authority)
    return role


@routes.get("/api/user/{id:int}/role.json")
def list_roles_of_user(id: int, db: Db, find: Find, page: PageQuery, highest: str | None = None) -> Response:
    """The roles that somebody holds; `highest=true`: only the highest."""
    return page.answer(_links(db, find(SecUser, id), only_highest=bool(says_yes(highest))))


def _links(db: Session, person: SecUser, *, only_highest: bool = False) -> list[dict[str, Any]]:
    query = select(SecUserSecRole, SecRole.authority).join(SecRole, SecRole.id == SecUserSecRole.role_id)
    rows = db.execute(query.where(SecUserSecRole.user_id == person.id).order_by(ORDER)).all()
    top = highest([authority for _, authority in rows])
    return [
        UserRoleOut.of(link, authority=authority).wire()
        for link, authority in rows
        if authority == top or not only_highest
    ]


@routes.get("/api/user/{id:int}/role/{role:int}.json")
def show_role_of_user(id: int, role: int, db: Db, find: Find) -> Response:
    """One role that somebody holds."""
    return shown(db, _held(db, find(SecUser, id), role))


def _held(db: Session, person: SecUser, role_id: int) -> SecUserSecRole:
    query = select(SecUserSecRole).where(SecUserSecRole.user_id == person.id, SecUserSecRole.role_id == role_id)
    link = db.scalar(query)
    if link is None:
        raise NotFound("User {user} does not hold role {role}.", user=person.id, role=role_id)
    return link


@routes.post("/api/user/{id:int}/role.json", openapi_extra=body_schema(UserRoleIn))
def add_role(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Give somebody a role. Users may give USER and GUEST, but not lift a guest; administrators all."""
    person = find(SecUser, id)
    role = _role(db, read_one(UserRoleIn, body).role_id)
    require_user(user)
    held = roles_of(db, [person.id]).get(person.id, frozenset())
    if role.authority in ADMINISTRATORS or not held & USERS:
        require_admin(user)
    return saved(db, "added", give_role(db, user, person, role))


def _role(db: Session, named: int | str) -> SecRole:
    """By id or by name."""
    is_id = isinstance(named, int) or (named.isdecimal() and len(named) < 19)
    by = SecRole.id == int(named) if is_id else SecRole.authority == named
    role = db.scalar(select(SecRole).where(by))
    if role is None:
        raise NotFound("There is no role {role}; there are {roles}.", role=named, roles=", ".join(LADDER))
    return role


@routes.delete("/api/user/{id:int}/role/{role:int}.json")
def remove_role(id: int, role: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take a role away from somebody else, as administrator. From oneself only SUPER_ADMIN can be taken."""
    link = _held(db, find(SecUser, id), role)
    require_admin(user)
    wire = show(db, link)
    if link.user_id == user.id and wire["authority"] != "ROLE_SUPER_ADMIN":
        raise NotAllowed("You cannot take a role away from yourself.")
    take_role(db, user, link)
    return saved(db, "deleted", link, wire)


@routes.put("/api/user/{id:int}/role/{role}/define.json")
@lists(UserRoleOut)
def define_role(id: int, role: str, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """Set all roles of somebody else at once: those up to `role` (its id or name) and none above."""
    person = find(SecUser, id)
    require_admin(user)
    wanted = _role(db, role)
    _not_oneself_down(user, person, wanted.authority)
    climb_to(db, user, person, wanted.authority)
    return page.answer(_links(db, person))


def _not_oneself_down(user: Caller, person: SecUser, authority: str) -> None:
    if person.id != user.id:
        return
    if LADDER.index(authority) < LADDER.index(highest(user.roles) or LADDER[0]):
        raise NotAllowed("You cannot take a role away from yourself.")
