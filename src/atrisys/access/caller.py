"""Who asks, how they came in, and by which door: handed down to whatever needs to know."""

from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from atrisys.store.table import now_ms
from atrisys.store.tables import SecRole, SecUser, SecUserSecRole

LADDER = ("ROLE_GUEST", "ROLE_USER", "ROLE_ADMIN", "ROLE_SUPER_ADMIN")
"""Whoever holds a role holds those below it as well; only a guest is nothing else."""
ADMINISTRATORS = frozenset({"ROLE_ADMIN", "ROLE_SUPER_ADMIN"})
Door = Literal["web", "api", "command line", "job"]
Way = Literal["signature", "token", "session", "cookie", "command line", "job"]
"""How somebody proved who they are: Cytomine's signature, X-Auth headers, a browser session, the key-born cookie."""

_ROLES = (
    select(SecRole.authority)
    .join(SecUserSecRole, SecUserSecRole.role_id == SecRole.id)
    .where(SecUserSecRole.user_id == bindparam("user"))
)


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
        return bool(self.roles & {"ROLE_USER", "ROLE_ADMIN", "ROLE_SUPER_ADMIN"})


def caller_for(db: Session, user: SecUser, way: Way, door: Door, request_id: str | None = None) -> Caller:
    """The caller that an account is, with its roles as they stand now."""
    roles = db.connection().execute(_ROLES, {"user": user.id}).scalars()
    return Caller(
        id=user.id,
        username=user.username,
        roles=frozenset(roles),
        admin_session=(user.admin_until or 0) > now_ms(),
        way=way,
        door=door,
        request_id=request_id,
    )


def at_the_command_line(caller: Caller) -> Caller:
    """Whoever owns the data folder may do what an administrator may."""
    return replace(caller, roles=caller.roles | {"ROLE_SUPER_ADMIN"}, way="command line", door="command line")
