"""Who asks, how they came in, and by which door: handed down to whatever needs to know."""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.orm import Session

from atrisys.store.driver import Db
from atrisys.store.fixed import Fixed, Rows
from atrisys.store.table import now_ms
from atrisys.store.tables import SecRole, SecUser, SecUserSecRole

LADDER = ("ROLE_GUEST", "ROLE_USER", "ROLE_ADMIN", "ROLE_SUPER_ADMIN")
"""Whoever holds a role holds those below it as well; only a guest is nothing else."""
ADMINISTRATORS = frozenset({"ROLE_ADMIN", "ROLE_SUPER_ADMIN"})
USERS = ADMINISTRATORS | {"ROLE_USER"}
Door = Literal["web", "api", "command line", "job", "invitation"]
Way = Literal["signature", "token", "session", "cookie", "command line", "job"]
"""How somebody proved who they are: Cytomine's signature, X-Auth headers, a browser session, the key-born cookie."""

_ACCOUNT = (
    select(
        SecUser.id,
        SecUser.username,
        SecUser.enabled,
        SecUser.public_key,
        SecUser.private_key,
        SecUser.admin_until,
        SecRole.authority,
    )
    .outerjoin(SecUserSecRole, SecUserSecRole.user_id == SecUser.id)
    .outerjoin(SecRole, SecRole.id == SecUserSecRole.role_id)
)
_BY_ID = Fixed(_ACCOUNT.where(SecUser.id == bindparam("id", type_=BigInteger)))
_BY_PUBLIC_KEY = Fixed(_ACCOUNT.where(SecUser.public_key == bindparam("public_key")))


class Account(NamedTuple):
    """What signing in asks of somebody, as it stands now. Past the mapper: every request asks for it."""

    id: int
    username: str
    enabled: bool
    public_key: str
    private_key: bytes
    """Encrypted (access/keys.py)."""
    admin_until: int | None
    roles: frozenset[str]


def account_by_id(db: Db, id: int) -> Account | None:
    return _account(_BY_ID.rows(db, id=id))


def account_by_public_key(db: Db, public_key: str) -> Account | None:
    return _account(_BY_PUBLIC_KEY.rows(db, public_key=public_key))


def _account(rows: Rows) -> Account | None:
    """From one row for each role."""
    if not rows:
        return None
    return Account._make([*rows[0][:-1], frozenset(row[-1] for row in rows if row[-1])])


@dataclass(frozen=True)
class Caller:
    """A signed-in person for the length of one request."""

    id: int
    username: str
    roles: frozenset[str]
    admin_session: bool = False
    """An ADMIN counts as one only while the admin session is open."""
    way: Way = "session"
    door: Door = "api"
    request_id: str | None = None

    @property
    def is_admin(self) -> bool:
        return "ROLE_SUPER_ADMIN" in self.roles or ("ROLE_ADMIN" in self.roles and self.admin_session)

    @property
    def holds_admin(self) -> bool:
        return bool(self.roles & ADMINISTRATORS)

    @property
    def is_user(self) -> bool:
        """More than a guest."""
        return bool(self.roles & USERS)


def caller_of(account: Account, way: Way, door: Door, request_id: str | None = None) -> Caller:
    return Caller(
        id=account.id,
        username=account.username,
        roles=account.roles,
        admin_session=(account.admin_until or 0) > now_ms(),
        way=way,
        door=door,
        request_id=request_id,
    )


def caller_for(db: Session, user: SecUser, way: Way, door: Door, request_id: str | None = None) -> Caller:
    """The caller that somebody is, with their roles as they stand now. Raises LookupError where nobody is."""
    account = account_by_id(db, user.id)
    if account is None:
        raise LookupError(f"There is no account {user.id}.")
    return caller_of(account, way, door, request_id)


def at_the_command_line(caller: Caller) -> Caller:
    """Whoever owns the data folder may do what an administrator may."""
    return replace(caller, roles=caller.roles | {"ROLE_SUPER_ADMIN"}, way="command line", door="command line")
