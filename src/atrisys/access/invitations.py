"""Which invitations hold: those that are not over, and whose inviter could still take somebody into the project."""

import hashlib
import secrets

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select
from sqlalchemy.orm import Session

from atrisys.access import passwords
from atrisys.access.caller import ADMINISTRATORS, USERS
from atrisys.errors import NotFound
from atrisys.store.session import Store
from atrisys.store.table import now_ms
from atrisys.store.tables import Invitation, ProjectMember, SecRole, SecUser, SecUserSecRole


def new_token() -> tuple[str, str]:
    """What the link holds, and its hash, which alone is kept."""
    token = secrets.token_urlsafe(32)
    return token, hash_of(token)


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def holds() -> ColumnElement[bool]:
    """The condition for an invitation that may be accepted now."""
    return and_(Invitation.expires > now_ms(), may_still_invite())


def may_still_invite() -> ColumnElement[bool]:
    """Whether who invited is neither locked nor a guest, and still manages the project or is an administrator."""
    member, held = ProjectMember, select(SecUserSecRole.id).join(SecRole, SecRole.id == SecUserSecRole.role_id)
    held = held.where(SecUserSecRole.user_id == Invitation.inviter_id)
    manages = exists().where(
        member.project_id == Invitation.project_id, member.user_id == Invitation.inviter_id, member.is_manager
    )
    return and_(
        exists().where(SecUser.id == Invitation.inviter_id, SecUser.enabled),
        held.where(SecRole.authority.in_(USERS)).exists(),
        or_(manages, held.where(SecRole.authority.in_(ADMINISTRATORS)).exists()),
    )


def find_invitation(store: Store, token: str, address: str) -> Invitation:
    """The invitation behind a link. Who tries several that do not hold waits, as with wrong passwords.

    Raises:
        NotFound: it never was, is over, was used, or who invited may not any more; always in the same words.
        TooManyTries: that address must wait.
    """
    with store.reading() as db:
        passwords.require_patience(db, "", address)
        invitation = db.scalar(select(Invitation).where(Invitation.token_hash == hash_of(token), holds()))
    if invitation is None:
        with store.writing() as db:
            passwords.note_address(db, address)
        raise no_invitation()
    return invitation


def no_invitation() -> NotFound:
    return NotFound("This invitation does not hold (any more). Ask whoever sent it for a new one.")


def use_up(db: Session, invitation: Invitation) -> None:
    """It is gone, and whoever comes second gets NotFound."""
    used = delete(Invitation).where(Invitation.id == invitation.id, holds()).returning(Invitation.id)
    if db.execute(used).one_or_none() is None:
        raise no_invitation()
