"""Give an account another pair of API keys."""

from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.events import record
from atrisys.access.keys import KeyBox
from atrisys.actions import history
from atrisys.store.table import now_ms
from atrisys.store.tables import SecUser


def renew_keys(db: Session, caller: Caller, box: KeyBox, user: SecUser) -> None:
    """The old pair, and the picture cookies that were born of it, open nothing from now on."""
    public_key, private_key = box.new_pair()
    history.edit(db, caller, user, public_key=public_key, private_key=private_key, keys_renewed=now_ms())
    record(db, caller, "keys renewed", SecUser, user.id)
