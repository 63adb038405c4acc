"""What somebody does without changing an object, told to the log that administrators read.

`record` writes in the transaction of the deed; `note` is for what only reads: it costs no transaction, and a keeper
writes it a moment later. No secret gets in, nor what somebody typed as a name: people type passwords there.
"""

from typing import Literal, get_args

from sqlalchemy.orm import Session

from atrisys.access.caller import Caller, Door
from atrisys.access.passwords import place_of
from atrisys.store.events import event_of, write_events
from atrisys.store.session import Store
from atrisys.store.table import Base
from atrisys.store.tables import SecUser

Action = Literal[
    "signed in",
    "sign-in failed",
    "signed out",
    "administration opened",
    "administration closed",
    "password changed",
    "keys renewed",
    "keys read",
    "token made",
    "invited",
    "invitation withdrawn",
    "viewed",
    "downloaded",
    "exported",
]
ACTIONS: tuple[Action, ...] = get_args(Action)
SAME_LOOK_S = 10 * 60
"""Somebody who looks at a slide again and again for so long looks at it once."""
SAME_DOWNLOAD_S = 60
"""Large files come in parts, each a request."""
SAME_KEYS_S = 3600
"""Scripts sign each request."""


def record(
    db: Session,
    caller: Caller,
    action: Action,
    kind: type[Base] | None = None,
    id: int | None = None,
    *,
    what: str | None = None,
    address: str | None = None,
) -> None:
    """An event of this transaction, done by the caller to an object of that kind."""
    about = _about(caller.id, caller.door, caller.request_id, kind, id, address)
    write_events(db, [event_of(action=action, what=what, **about)])


def note(
    store: Store,
    caller: Caller,
    action: Action,
    kind: type[Base] | None = None,
    id: int | None = None,
    *,
    what: str | None = None,
    address: str | None = None,
) -> None:
    """The same, written a moment later, once for what is done again and again."""
    about = _about(caller.id, caller.door, caller.request_id, kind, id, address)
    again_s = {"viewed": SAME_LOOK_S, "signed in": SAME_KEYS_S}.get(action, SAME_DOWNLOAD_S)
    store.noted.add(event_of(action=action, what=what, **about), again_s)


def note_failure(
    store: Store, account_id: int | None, *, door: Door, what: str, address: str, request_id: str | None
) -> None:
    """Somebody did not prove to be the account that they named; of accounts that there are not, only that they tried.

    Wrong passwords are told one by one, for they are answered slower and slower; all else once a minute, whatever the
    addresses of one network: nobody may fill the log with them.
    """
    about = _about(None, door, request_id, SecUser, account_id, address)
    again_s = 0 if what in ("password", "token") else SAME_DOWNLOAD_S
    store.noted.add(event_of(action="sign-in failed", what=what, **about), again_s, place_of(address))


def _about(
    user_id: int | None,
    door: Door,
    request_id: str | None,
    kind: type[Base] | None,
    id: int | None,
    address: str | None,
) -> dict[str, str | int | None]:
    return {
        "user_id": user_id,
        "door": door,
        "request_id": request_id,
        "class_name": kind.__name__ if kind else None,
        "object_id": id,
        "address": address[:64] if address else None,
    }
