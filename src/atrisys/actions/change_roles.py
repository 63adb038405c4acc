"""Give people roles and take them away: guest, user, administrator, each one on top of the others."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import ADMINISTRATORS, LADDER, Caller
from atrisys.access.require import require_other_administrator
from atrisys.actions import history
from atrisys.errors import Duplicate, Invalid
from atrisys.store.tables import SecRole, SecUser, SecUserSecRole


def climb_to(db: Session, caller: Caller, user: SecUser, role: str) -> None:
    """All roles of the ladder up to `role`, and none above (a guest is a guest alone).

    Raises:
        Invalid: no such role.
        NotAllowed: the last administrator would climb down.
    """
    if role not in LADDER:
        raise Invalid("There is no role {role}; there are {roles}.", role=role, roles=", ".join(LADDER))
    wanted = {role} if role == "ROLE_GUEST" else set(LADDER[1 : LADDER.index(role) + 1])
    if not wanted & ADMINISTRATORS:
        require_other_administrator(db, user.id)
    roles = {row.authority: row for row in db.scalars(select(SecRole))}
    held = {row.role_id: row for row in db.scalars(select(SecUserSecRole).where(SecUserSecRole.user_id == user.id))}
    for authority, row in roles.items():
        if authority in wanted and row.id not in held:
            history.add(db, caller, SecUserSecRole(user_id=user.id, role_id=row.id))
        elif authority not in wanted and row.id in held:
            history.delete(db, caller, held[row.id])


def give_role(db: Session, caller: Caller, user: SecUser, role: SecRole) -> SecUserSecRole:
    """One role more. Raises Duplicate where they hold it."""
    held = select(SecUserSecRole.id).where(SecUserSecRole.user_id == user.id, SecUserSecRole.role_id == role.id)
    if db.scalar(held) is not None:
        raise Duplicate("User {user} holds {role} already.", user=user.id, role=role.authority)
    return history.add(db, caller, SecUserSecRole(user_id=user.id, role_id=role.id))


def take_role(db: Session, caller: Caller, link: SecUserSecRole) -> None:
    """One role less. Raises NotAllowed for the last administrator."""
    others = select(SecRole.authority).join(SecUserSecRole, SecUserSecRole.role_id == SecRole.id)
    others = others.where(SecUserSecRole.user_id == link.user_id, SecUserSecRole.id != link.id)
    if not ADMINISTRATORS & set(db.scalars(others)):
        require_other_administrator(db, link.user_id)
    history.delete(db, caller, link)
