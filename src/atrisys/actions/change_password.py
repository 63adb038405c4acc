"""Give an account another password."""

from sqlalchemy.orm import Session

from atrisys.access import passwords, sign_in
from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.store.tables import SecUser


def change_password(db: Session, caller: Caller, user: SecUser, password: str, password_hash: str) -> bool:
    """All their sessions end. Clients send a model back with the password it was made with: the same one is no change.

    Args:
        password_hash: of the new one, made before the transaction: it takes long on purpose.

    Returns:
        Whether it is another one.
    """
    if passwords.is_right(user.password_hash, password):
        return False
    history.edit(db, caller, user, password_hash=password_hash, password_expired=False)
    sign_in.close_all_sessions(db, user.id)
    passwords.forget_tries(db, user.username)
    return True
