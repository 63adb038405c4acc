"""`Idempotency-Key`: a request that comes again is answered again, not done again."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import Request, Response
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.errors import Duplicate, Invalid, Refusal
from atrisys.store.session import Store
from atrisys.store.table import now_ms
from atrisys.store.tables import IdempotentAnswer

KEPT_MS = 7 * 24 * 3600 * 1000
LONGEST_KEY = 255
LONGEST_BODY = 64 * 1024
"""Of a longer answer the ids are kept: enough to know what was done, and no room for somebody's data."""
LONGEST_WORDS = 1000


def digest_of(request: Request, body: bytes) -> str:
    """What makes two requests the same. Signed with our own secret: a body may hold a password."""
    text = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return request.app.state.key_box.cookie_signature(hashlib.sha256(text + body).hexdigest())


@dataclass(frozen=True)
class Retry:
    """One caller's key with the request that it came with."""

    caller: Caller
    key: str
    digest: str

    def answer_once(self, store: Store, answer: Callable[[], Response]) -> Response:
        """The answer that this key got before, or else the new one, which `answer` keeps.

        Nothing is locked before the work begins: of two requests that come at once both are tried, the later one fails
        where it would keep its answer (or at what the earlier one made), and gets the earlier one's.

        Raises:
            Duplicate: the key came with another request.
        """
        if len(self.key) > LONGEST_KEY:
            raise Invalid("An Idempotency-Key has at most {limit} characters.", limit=LONGEST_KEY)
        kept = self._kept_answer(store)
        if kept is not None:
            return kept
        try:
            answered = answer()
        except (Refusal, IntegrityError):
            kept = self._kept_answer(store)
            if kept is None:
                raise
            return kept
        return answered if answered.status_code < 400 else self._kept_answer(store) or answered

    def _kept_answer(self, store: Store) -> Response | None:
        with store.reading() as db:
            row = db.get(IdempotentAnswer, (self.caller.id, self.key))
        if row is None:
            return None
        if row.request != self.digest:
            raise Duplicate("This Idempotency-Key was used for another request. Use a new key for each change.")
        return Response(
            row.body, status_code=row.status, media_type="application/json", headers={"Idempotency-Replayed": "true"}
        )

    def keep_answer(self, db: Session, response: Response) -> None:
        """Kept in the transaction of the change itself: both or neither. What changed nothing may be tried again."""
        if response.status_code >= 400:
            return
        db.execute(delete(IdempotentAnswer).where(IdempotentAnswer.created < now_ms() - KEPT_MS))
        body = bytes(getattr(response, "body", b""))
        if len(body) > LONGEST_BODY:
            body = _short(body)
        kept = {"request": self.digest, "status": response.status_code, "body": body}
        db.add(IdempotentAnswer(user_id=self.caller.id, key=self.key, **kept))
        db.flush()


def _short(body: bytes) -> bytes:
    """An answer with the same keys: its words cut, its numbers and lists of ids whole, its objects by their ids."""
    try:
        whole = orjson.loads(body)
    except orjson.JSONDecodeError:
        whole = {}
    return orjson.dumps({key: _core(value) for key, value in whole.items()} if isinstance(whole, dict) else {})


def _core(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: value[key] for key in ("class", "id") if key in value}
    if isinstance(value, list):
        return [item for item in value if isinstance(item, int)]
    return value[:LONGEST_WORDS] if isinstance(value, str) else value
