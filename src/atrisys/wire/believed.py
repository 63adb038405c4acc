"""What the ordinary road has judged is believed for four seconds; then it is judged anew.

So whatever takes a right away takes it within five: a member who goes, a deleted image, a locked account, new keys, a
session that ended, another file. Each process has its own memory of it, and bounds it.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from atrisys.access import sign_in
from atrisys.access.keys import signed_by
from atrisys.errors import NotSignedIn
from atrisys.wire.credentials import signed_texts
from atrisys.wire.headers import first_of_each

BELIEVED_S, RENEWED_S = 4.0, 3.0
"""How long a judgement holds, and after how long one request has it made anew while the others still go by it."""
MOST_KNOWN = 4096
_SHOWN = frozenset((b"authorization", b"cookie", b"x-auth-token", b"x-auth-secret"))
_TOKENS = {b"x-auth-token", b"x-auth-secret"}

What = TypeVar("What")


@dataclass
class Known(Generic[What]):
    """A judgement, for as long as it is believed."""

    what: What
    until: float
    cookies: list[tuple[bytes, bytes]]
    """What is set again: the key-born cookie of whoever signs, and of all others who sign with the same key."""
    is_being_renewed: bool = False


@dataclass
class Heard:
    """How a request fared on the ordinary road."""

    asked_at: float
    went_well: bool = False
    """It was answered, or who asked has it already."""
    cookies: list[tuple[bytes, bytes]] | None = None


class Beliefs(Generic[What]):
    """What is known of whom. Learned in the event loop; asked from any thread."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, Known[What]] = OrderedDict()

    def still(self, key: Hashable) -> Known[What] | None:
        """What is believed; None also for the one who shall have it judged anew."""
        known, now = self._known.get(key), time.monotonic()
        if known is None or now >= known.until:
            return None
        if not known.is_being_renewed and now >= known.until - BELIEVED_S + RENEWED_S:
            known.is_being_renewed = True
            return None
        return known

    def learn(self, key: Hashable, what: What, heard: Heard) -> None:
        """Believe what a request found that went well; the right that it was given is as old as the request."""
        self._known.pop(key, None)
        self._known[key] = Known(what, heard.asked_at + BELIEVED_S, heard.cookies or [])
        now = time.monotonic()
        while self._known and (len(self._known) > MOST_KNOWN or next(iter(self._known.values())).until <= now):
            self._known.popitem(last=False)


async def by_the_ordinary_road(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> Heard:
    """The request as the router answers it, listened to."""
    heard = Heard(time.monotonic())
    scope["state"]["is_heard"] = True

    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            heard.went_well = message["status"] in (200, 304)
            heard.cookies = [pair for pair in message["headers"] if pair[0] == b"set-cookie"]
        await send(message)

    await app(scope, receive, noting)
    return heard


def credential_of(scope: Scope) -> bytes:
    """Another one for another credential: a digest of all that signing in looks at.

    Of a signed request, only whose signature it claims to be: the signature itself changes from request to request.
    """
    shown = [header for header in scope["headers"] if header[0] in _SHOWN]
    said = dict(reversed(shown))
    pair = _signature(said)
    if pair is not None:
        shown = [("signed by", pair.partition(":")[0])]
    return hashlib.sha256(repr((scope.get("scheme"), shown)).encode()).digest()


def is_signed(scope: Scope, private_key: str) -> bool:
    """Whether a signed request holds, as signing in judges it."""
    said = first_of_each(scope)
    pair = _signature(said) or ""
    date = (said.get(b"date") or said.get(b"datefull") or b"").decode("latin-1")
    if not signed_by(private_key, pair.partition(":")[2], signed_texts(Request(scope), date)):
        return False
    try:
        sign_in.require_fresh(date, scope["app"].state.settings)
    except NotSignedIn:
        return False
    return True


def _signature(said: dict[bytes, bytes]) -> str | None:
    """`public key:signature`, where the headers claim one and nothing goes before it."""
    scheme, _, pair = said.get(b"authorization", b"").decode("latin-1").partition(" ")
    return pair.strip() if scheme.upper() == "CYTOMINE" and not _TOKENS & said.keys() else None
