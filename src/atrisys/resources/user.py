"""Accounts: everybody sees who there is; each changes their own, administrators all."""

from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import BeforeValidator, Field, StringConstraints, ValidationInfo, field_validator
from sqlalchemy import Boolean, case, func, literal, or_, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access import passwords, sign_in
from atrisys.access.caller import ADMINISTRATORS, LADDER, Caller
from atrisys.access.names import is_named
from atrisys.access.require import require_admin, require_self_or_admin, require_user
from atrisys.access.visible import visible
from atrisys.actions import history
from atrisys.actions.add_user import add_user, require_new_name
from atrisys.actions.change_password import change_password, require_present_password
from atrisys.actions.delete_user import delete_user
from atrisys.actions.lock_user import lock_user, unlock_user
from atrisys.actions.renew_keys import renew_keys
from atrisys.errors import NotFound, TooLarge
from atrisys.store.session import Store
from atrisys.store.tables import Project, ProjectMember, SecRole, SecUser, SecUserSecRole
from atrisys.wire.accounts import Flags, OwnerSees, Ranked, is_online, named, show_one_to, show_to, with_roles
from atrisys.wire.accounts import UserOut as UserOut
from atrisys.wire.activity import fresh_connections
from atrisys.wire.answers import done, saved
from atrisys.wire.asking import CurrentSettings, CurrentStore, CurrentUser, Db, Find, Finder, PageQuery
from atrisys.wire.bodies import JsonBody, add_one_or_many, body_schema, read_one
from atrisys.wire.credentials import came_from, set_session
from atrisys.wire.described import Part, gives, lists, saves, sometimes
from atrisys.wire.dialect import Json, says_yes
from atrisys.wire.fields import Fields
from atrisys.wire.routes import Routes

routes = Routes(tags=["user"])

MOST_AT_ONCE = 200
LANGUAGES = {
    "ENGLISH": "EN",
    "FRENCH": "FR",
    "SPANISH": "ES",
    "DUTCH": "NL",
    "GERMAN": "DE",
    "GREEK": "EL",
    "ARABIC": "AR",
    "CHINESE": "ZH_TW",
}


def _language(value: Any) -> Any:
    """Clients send the code or the name."""
    if not isinstance(value, str):
        return value
    code = value.strip().upper().replace("-", "_")
    code = LANGUAGES.get(code, code)
    if code not in LANGUAGES.values():
        raise ValueError(f"one of {', '.join(LANGUAGES.values())} is expected")
    return code


Name = Annotated[str, Field(min_length=1, max_length=255)]
Email = Annotated[str, Field(max_length=255)]
Language = Annotated[str, BeforeValidator(_language)]
Password = Annotated[
    str, StringConstraints(strip_whitespace=False, min_length=passwords.SHORTEST, max_length=passwords.LONGEST)
]
Role = Annotated[str, Field(pattern="^(" + "|".join(LADDER) + ")$")]


class UserIn(Fields):
    username: Name
    firstname: Name
    lastname: Name
    email: Email
    password: Password
    language: Language = "EN"
    is_developer: bool = False
    role: Role = "ROLE_USER"

    @field_validator("password")
    @classmethod
    def _hashed(cls, password: str, read: ValidationInfo) -> str:
        """Hashed while it is read: that takes long, and happens before the transaction begins."""
        return passwords.hash_password(password, read.data.get("username", ""))


class UserEdit(Fields):
    username: Name | None = None
    firstname: Name | None = None
    lastname: Name | None = None
    email: Email | None = None
    language: Language | None = None
    is_developer: bool | None = None
    password: Annotated[Password | None, BeforeValidator(lambda sent: sent or None)] = None
    old_password: Annotated[str, StringConstraints(strip_whitespace=False)] | None = None
    """The present one, which whoever changes their own password must know."""


class OneselfAgain(Part):
    """The account under another name as well, where it was asked for as `current`."""

    currentuser: dict[str, Any] = sometimes()


RANK = case(*((SecRole.authority == role, place) for place, role in enumerate(LADDER)), else_=-1)
HIGHEST_ROLE = (
    select(SecRole.authority)
    .join(SecUserSecRole, SecUserSecRole.role_id == SecRole.id)
    .where(SecUserSecRole.user_id == SecUser.id)
    .order_by(RANK.desc())
    .limit(1)
    .scalar_subquery()
)


def _columns(user: Caller) -> dict[str, Any]:
    own = {"email": SecUser.email} if user.is_admin else {}
    return {**named(user), "role": HIGHEST_ROLE, "publicUser": literal(False, Boolean), **own}


@routes.get("/api/user.json")
@lists(UserOut, OwnerSees, Ranked, sought="fullName username")
def list_users(
    db: Db,
    user: CurrentUser,
    page: PageQuery,
    public_key: Annotated[str | None, Query(alias="publicKey")] = None,
    online: str | None = None,
    with_roles_asked: Annotated[str | None, Query(alias="withRoles")] = None,
) -> Response:
    """All accounts by name. `withRoles` adds the highest role.

    `online`: who used a browser session in the last five minutes, and whoever asks.

    Filters: `fullName[ilike]` (names, and the address where one may see it), `username[…]`, `role[in]`, `publicKey`.
    """
    query = visible(user, select(SecUser))
    if public_key:
        query = query.where(SecUser.public_key == public_key)
    if says_yes(online):
        query = query.where(is_online(user))
    rows, total = page.rows(db, query, func.lower(SecUser.username), columns=_columns(user))
    shown = [show_to(db, user, row) for row in rows]
    return page.answer(with_roles(db, shown) if says_yes(with_roles_asked) else shown, total)


@routes.get("/api/user/{id:int}/friends.json")
@lists(UserOut, OwnerSees)
def list_friends(
    id: int,
    db: Db,
    user: CurrentUser,
    find: Find,
    page: PageQuery,
    project: int | None = None,
    offline: str | None = None,
) -> Response:
    """Who works in a project with somebody and is there now (`offline=true`: or not); oneself, or as administrator.

    `project`: in that one.
    """
    asked = find(SecUser, id)
    require_self_or_admin(user, asked.id)
    mine = select(ProjectMember.project_id).where(ProjectMember.user_id == asked.id)
    if project is not None:
        mine = mine.where(ProjectMember.project_id == find.other(Project, project).id)
    friends = select(ProjectMember.user_id).where(ProjectMember.project_id.in_(mine))
    query = select(SecUser).where(SecUser.id.in_(friends), SecUser.id != asked.id)
    if not says_yes(offline):
        query = query.where(or_(is_online(user), SecUser.id.in_(fresh_connections(mine))))
    rows, total = page.rows(db, query, func.lower(SecUser.username), columns=_columns(user))
    return page.answer([show_to(db, user, row) for row in rows], total)


@routes.get("/api/user/{name}.json")
@gives(UserOut, OwnerSees, Ranked, Flags)
def show_user(name: str, db: Db, user: CurrentUser, find: Find) -> Response:
    """One account, by its id or its user name."""
    row = _found(db, find, user, name)
    return Json(show_one_to(db, user, row), headers={"ETag": f'"{row.version}"'})


def _found(db: Session, find: Finder, user: Caller, name: str) -> SecUser:
    return find(SecUser, _id_of(db, user, name))


def _id_of(db: Session, user: Caller, name: str) -> int:
    if name == "current":
        return user.id
    if name.isdecimal() and len(name) < 19 and db.get(SecUser, int(name)) is not None:
        return int(name)
    id = db.scalar(select(SecUser.id).where(is_named(name)))
    if id is None:
        raise NotFound("User {user} was not found.", user=name)
    return id


@routes.post("/api/user.json", openapi_extra=body_schema(UserIn, many=True))
@saves(UserOut, OwnerSees, Ranked, Flags, key="user")
def add_account(body: JsonBody, request: Request, db: Db, user: CurrentUser) -> Response:
    """Make one account, or an array of them, with keys and a storage. Only administrators make administrators."""
    require_user(user)
    if isinstance(body, list):
        if len(body) > MOST_AT_ONCE:
            raise TooLarge("At most {limit} accounts can be made at once.", limit=MOST_AT_ONCE)
        return add_one_or_many(request, db, UserIn, body, lambda fields: _add(request, db, user, fields), name="User")
    row = _add(request, db, user, read_one(UserIn, body))
    return saved(db, "added", row, show_one_to(db, user, row))


def _add(request: Request, db: Session, user: Caller, fields: UserIn) -> SecUser:
    if fields.role in ADMINISTRATORS:
        require_admin(user)
    values = fields.model_dump(exclude={"password"})
    return add_user(db, user, request.app.state.key_box, password_hash=fields.password, **values)


@routes.put("/api/user/{name}/password.json", openapi_extra=body_schema(UserEdit))
@routes.put("/api/user/{name}.json", openapi_extra=body_schema(UserEdit))
@saves(UserOut, OwnerSees, Ranked, Flags, key="user", more=(OneselfAgain,))
def edit_user(
    name: str,
    body: JsonBody,
    request: Request,
    db: Db,
    user: CurrentUser,
    find: Find,
    store: CurrentStore,
    settings: CurrentSettings,
) -> Response:
    """Change one's own account, as administrator any. A new `password` ends all sessions but the one that asks.

    For one's own password `oldPassword` must be the present one.
    """
    fields = read_one(UserEdit, body)
    new_hash = _new_hash(store, user, name, fields, came_from(request)[0]) if fields.password else None
    row = _found(db, find, user, name)
    require_self_or_admin(user, row.id)
    changes = fields.changes(body)
    changes.pop("old_password", None)
    changes.pop("password", None)
    if changes.get("username", row.username) != row.username:
        require_new_name(db, changes["username"], apart_from=row.id)
    history.edit(db, user, row, **changes)
    if new_hash:
        change_password(db, user, row, new_hash)
    wire = show_one_to(db, user, row)
    # Cytomine's Python client looks for the second key where it saves its own user.
    answer = saved(db, "edited", row, wire, **({"currentuser": wire} if name == "current" else {}))
    if new_hash and user.way == "session" and user.id == row.id:
        token = sign_in.open_session(db, settings, row, *came_from(request))
        set_session(request, answer, token)
    return answer


def _new_hash(store: Store, user: Caller, name: str, fields: UserEdit, address: str) -> str | None:
    """Of another password than the account has; None for its own, with which clients send a model back.

    All that takes long on purpose is done here, before the transaction that writes, which keeps all others waiting.
    """
    password = fields.password or ""
    with store.reading() as db:
        id = _id_of(db, user, name)
        require_self_or_admin(user, id)
        account = db.get_one(SecUser, id)
    if id == user.id:
        # A client that sends a model back with the password that it was made with has said the present one as well.
        require_present_password(store, user, account, fields.old_password or password, address)
    if passwords.is_right(account.password_hash, password):
        return None
    return passwords.hash_password(password, account.username)


@routes.delete("/api/user/{name}.json")
@saves(UserOut, OwnerSees, Ranked, Flags, key="user")
def remove_user(name: str, db: Db, user: CurrentUser, find: Find, store: CurrentStore) -> Response:
    """Delete an account with what is its own; only administrators do. Locking it keeps everything."""
    row = _found(db, find, user, name)
    require_admin(user)
    wire = show_one_to(db, user, row)
    delete_user(db, user, store.folder, row)
    return saved(db, "deleted", row, wire)


@routes.post("/api/user/{name}/lock.json")
@saves(UserOut, OwnerSees, Ranked, Flags, key="user")
def lock(name: str, db: Db, user: CurrentUser, find: Find) -> Response:
    """Lock an account: its password, keys and sessions open nothing any more. For administrators."""
    row = _found(db, find, user, name)
    require_admin(user)
    lock_user(db, user, row)
    return saved(db, "edited", row, show_one_to(db, user, row))


@routes.delete("/api/user/{name}/lock.json")
@saves(UserOut, OwnerSees, Ranked, Flags, key="user")
def unlock(name: str, db: Db, user: CurrentUser, find: Find) -> Response:
    """Open a locked account again. For administrators."""
    row = _found(db, find, user, name)
    require_admin(user)
    unlock_user(db, user, row)
    return saved(db, "edited", row, show_one_to(db, user, row))


@routes.post("/api/atrisys/user/{name}/keys.json")
def replace_keys(name: str, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Replace somebody's API keys, as administrator: the old pair is void at once; its owner alone reads the new."""
    row = _found(db, find, user, name)
    require_self_or_admin(user, row.id)
    renew_keys(db, user, request.app.state.key_box, row)
    return done(user=row.id)
