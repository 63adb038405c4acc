"""Give an account another password."""

from sqlalchemy.orm import Session

from atrisys.access import passwords, sign_in
from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.errors import NotAllowed
from atrisys.store.tables import SecUser


def require_present_password(db: Session, user: SecUser, password: str, address: str) -> None:
    """Before somebody changes their own: whoever found a browser signed in, or keys, does not take the account over.

    Comes before any other change: a wrong one counts as at the sign-in form, and that count is kept.

    Raises:
        NotAllowed: it is another.
        TooManyTries: that account or address must wait.
    """
    passwords.require_patience(db, user.username, address)
    if passwords.is_right(user.password_hash, password):
        return
    if passwords.note_try(db, user.username, address):
        passwords.note_address(db, address)
    db.commit()
    raise NotAllowed("Send your present password as oldPassword: it is missing or wrong.")


def change_password(db: Session, caller: Caller, user: SecUser, password: str, password_hash: str) -> bool:
    """All their sessions end. Clients send a model back with the password it was made with: the same one is no change.

    Args:
        password_hash: of the new one, made before the transaction: it takes long on purpose.

    Returns:
        Whether it is another one.
    """
    if passwords.is_right(user.password_hash, password):
        return False
    passwords.require_good(password, user.username)
    history.edit(db, caller, user, password_hash=password_hash, password_expired=False)
    sign_in.close_all_sessions(db, user.id)
    passwords.forget_tries(db, user.username)
    return True
