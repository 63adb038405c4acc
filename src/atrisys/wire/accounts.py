"""Accounts as the wire shows them: a little to everybody, more to the person themself and to administrators."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, String, case, func, or_, select
from sqlalchemy.orm import Session

from atrisys.access.caller import ADMINISTRATORS, LADDER, Caller
from atrisys.access.names import name_of
from atrisys.store.by_ids import rows_for
from atrisys.store.table import now_ms
from atrisys.store.tables import LoginSession, SecRole, SecUser, SecUserSecRole
from atrisys.wire.described import Part, sometimes
from atrisys.wire.fields import Model, shows

ONLINE_MS = 300_000
Role = Literal["ROLE_GUEST", "ROLE_USER", "ROLE_ADMIN", "ROLE_SUPER_ADMIN"]


class UserOut(Model):
    username: str
    firstname: str
    lastname: str
    name: str
    full_name: str
    email: str | None = None
    """Null for whoever is neither that person nor an administrator."""
    language: str
    is_developer: bool
    origin: str
    user_id: int | bool | None
    """Who made the account; where an account is shown by itself, whether it is a plain user, as in Cytomine."""
    enabled: bool
    api_enabled: bool = True
    public_user: bool = False
    algo: bool = False


class OwnerSees(Part):
    """What an account holds for its owner and for administrators."""

    public_key: str = sometimes()
    password_expired: bool = sometimes()


class Ranked(Part):
    """With the highest role."""

    role: Role | None = sometimes()


class Flags(Part):
    """Which of the three kinds an account is."""

    admin: bool
    user: bool
    guest: bool


class FlagsByNow(Part):
    """The same at this moment: an administrator is one while the admin session is open."""

    admin_by_now: bool
    user_by_now: bool
    guest_by_now: bool


class OneselfOut(UserOut):
    """One's own account."""

    public_key: str
    password_expired: bool
    role: Role | None
    admin: bool
    guest: bool
    admin_by_now: bool
    user_by_now: bool
    guest_by_now: bool


@shows(SecUser)
def show_to_anybody(_db: Session, user: SecUser) -> dict[str, Any]:
    name = name_of(user)
    names = {"name": name, "full_name": name if name == user.username else f"{name} ({user.username})"}
    return UserOut.of(user, email=None, user_id=user.creator_id, **names).wire()


def is_online(caller: Caller) -> ColumnElement[bool]:
    """Whether an account counts as present: it used a browser session in the last five minutes, or is the caller's."""
    fresh = select(LoginSession.user_id).where(LoginSession.last_used > now_ms() - ONLINE_MS)
    return or_(SecUser.id.in_(fresh), SecUser.id == caller.id)


def named(caller: Caller) -> dict[str, Any]:
    """What lists of people are sorted and filtered by; an address is looked into only by those who may see it."""
    name = SecUser.firstname + " " + SecUser.lastname
    known = SecUser.email if caller.is_admin else case((SecUser.id == caller.id, SecUser.email), else_="")
    whole = name + " (" + SecUser.username + ") " + known
    return {"name": func.lower(name, type_=String), "fullName": func.lower(whole, type_=String)}


def show_to(db: Session, caller: Caller, user: SecUser) -> dict[str, Any]:
    """An account as this caller may see it; the private key is told elsewhere, to its owner alone."""
    shown = show_to_anybody(db, user)
    if caller.is_admin or caller.id == user.id:
        shown |= {"email": user.email, "publicKey": user.public_key, "passwordExpired": user.password_expired}
    return shown


def show_one_to(db: Session, caller: Caller, user: SecUser) -> dict[str, Any]:
    """The same with role flags, as a single account has them (`user` is then one of them, as in Cytomine)."""
    held = roles_of(db, [user.id]).get(user.id, frozenset())
    return show_to(db, caller, user) | flags(held) | {"role": highest(held)}


def roles_of(db: Session, user_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    """The roles of several people, in one query."""
    links = select(SecUserSecRole.user_id, SecRole.authority).join(SecRole, SecRole.id == SecUserSecRole.role_id)
    held: dict[int, set[str]] = {}
    for user_id, authority in rows_for(db, links, SecUserSecRole.user_id, user_ids):
        held.setdefault(user_id, set()).add(authority)
    return {user_id: frozenset(roles) for user_id, roles in held.items()}


def highest(roles: Collection[str]) -> str | None:
    return next((role for role in reversed(LADDER) if role in roles), None)


def flags(roles: Collection[str]) -> dict[str, bool]:
    """Which of the three kinds an account is: exactly one is true where it holds any role."""
    admin = bool(ADMINISTRATORS & set(roles))
    user = not admin and "ROLE_USER" in roles
    return {"admin": admin, "user": user, "guest": not admin and not user}


def flags_by_now(caller: Caller) -> dict[str, bool]:
    """The same beside what counts at this moment: an administrator is one while the admin session is open."""
    held = flags(caller.roles)
    now = {"admin": caller.is_admin, "user": not caller.is_admin and caller.is_user}
    now["guest"] = not now["admin"] and not now["user"]
    return held | {f"{name}ByNow": value for name, value in now.items()}


def with_roles(db: Session, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Shown accounts, each with its highest role."""
    held = roles_of(db, [row["id"] for row in rows])
    return [row | {"role": highest(held.get(row["id"], ()))} for row in rows]
