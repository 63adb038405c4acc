"""Make an account by an invitation: a member of its project."""

from typing import Any

from sqlalchemy.orm import Session

from atrisys.access.caller import caller_for
from atrisys.access.invitations import use_up
from atrisys.access.keys import KeyBox
from atrisys.actions.add_user import add_user
from atrisys.actions.edit_members import add_member
from atrisys.store.tables import Invitation, Project, SecUser


def accept_invitation(
    db: Session, box: KeyBox, invitation: Invitation, request_id: str | None, **columns: Any
) -> SecUser:
    """The account and the membership, in the log in the name of who invited. `columns`: of the account.

    Raises:
        NotFound: somebody else was faster, or who invited may not any more.
        Duplicate, Invalid: that user name cannot be had. The invitation holds on then.
    """
    use_up(db, invitation)
    inviter = caller_for(db, db.get_one(SecUser, invitation.inviter_id), "session", "invitation", request_id)
    user = add_user(db, inviter, box, **columns)
    add_member(db, inviter, db.get_one(Project, invitation.project_id), user.id)
    return user
