"""Give an account another password."""

from sqlalchemy.orm import Session

from atrisys.access import passwords, sign_in
from atrisys.access.caller import Caller
from atrisys.access.events import note_failure, record
from atrisys.actions import history
from atrisys.errors import NotAllowed
from atrisys.store.session import Store
from atrisys.store.tables import SecUser


def require_present_password(store: Store, caller: Caller, user: SecUser, password: str, address: str) -> None:
    """Before somebody changes their own: whoever found a browser signed in, or keys, does not take the account over.

    Looked at before the change begins, since it takes long on purpose; a wrong one counts as at the sign-in form.

    Raises:
        NotAllowed: it is another.
        TooManyTries: that account or address must wait.
    """
    with store.reading() as db:
        passwords.require_patience(db, user.username, address)
    if passwords.is_right(user.password_hash, password):
        return
    with store.writing() as db:
        if passwords.note_try(db, user.username, address):
            passwords.note_address(db, address)
    note_failure(store, user.id, door=caller.door, what="password", address=address, request_id=caller.request_id)
    raise NotAllowed("Send your present password as oldPassword: it is missing or wrong.")


def change_password(db: Session, caller: Caller, user: SecUser, password_hash: str) -> None:
    """All their sessions end. `password_hash`: made before the transaction, since that takes long on purpose."""
    history.edit(db, caller, user, password_hash=password_hash, password_expired=False)
    sign_in.close_all_sessions(db, user.id)
    passwords.forget_tries(db, user.username)
    record(db, caller, "password changed", SecUser, user.id)
