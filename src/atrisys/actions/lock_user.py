"""Lock an account, or open it again."""

from sqlalchemy.orm import Session

from atrisys.access import sign_in
from atrisys.access.caller import Caller
from atrisys.access.require import require_other_administrator
from atrisys.actions import history
from atrisys.errors import Invalid
from atrisys.store.tables import SecUser


def lock_user(db: Session, caller: Caller, user: SecUser) -> None:
    """Password, keys and cookies open nothing from now on; what they made stays.

    Raises:
        Invalid: locked already.
        NotAllowed: the last administrator.
    """
    if not user.enabled:
        raise Invalid("User {user} is locked already.", user=user.id)
    require_other_administrator(db, user.id)
    history.edit(db, caller, user, enabled=False)
    sign_in.close_all_sessions(db, user.id)


def unlock_user(db: Session, caller: Caller, user: SecUser) -> None:
    """Raises Invalid for one that is not locked."""
    if user.enabled:
        raise Invalid("User {user} is not locked.", user=user.id)
    history.edit(db, caller, user, enabled=True)
