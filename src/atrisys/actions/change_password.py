"""Give an account another password."""

from sqlalchemy.orm import Session

from atrisys.access import passwords, sign_in
from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.store.tables import SecUser


def change_password(db: Session, caller: Caller, user: SecUser, password_hash: str) -> None:
    """All their sessions end. `password_hash`: made before the transaction, since that takes long on purpose."""
    history.edit(db, caller, user, password_hash=password_hash, password_expired=False)
    sign_in.close_all_sessions(db, user.id)
    passwords.forget_tries(db, user.username)
