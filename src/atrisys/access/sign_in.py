"""The ways in: Cytomine's signature, X-Auth headers, a browser's session, the key-born cookie.

A session is opened with a password, or with a token that is good for one.

Each function gives the account or raises NotSignedIn; none knows of HTTP.
"""

import email.utils
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from atrisys.access import passwords
from atrisys.access.caller import Account, account_by_id, account_by_public_key
from atrisys.access.keys import KeyBox, signed_by
from atrisys.access.names import is_named
from atrisys.errors import NotFound, NotSignedIn
from atrisys.settings import Settings
from atrisys.store import spatial
from atrisys.store.driver import Db
from atrisys.store.fixed import Fixed
from atrisys.store.session import Store
from atrisys.store.table import now_ms
from atrisys.store.tables import LoginSession, SecUser, SignInToken

BAD_KEYS = (
    "The API keys are wrong, or the signature does not fit the request. "
    "Whoever runs the server reads them with: atrisys user keys NAME"
)
WRONG = "The user name or the password is wrong."
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
TOUCH_EVERY_MS = MINUTE_MS
USED_UP = "The token is wrong, was used already or is too old. Ask for a new one."
HANDLE_LENGTH = 16


def by_signature(
    db: Db, box: KeyBox, settings: Settings, *, public_key: str, signature: str, date: str, messages: Iterable[str]
) -> Account:
    """Cytomine's signature: HMAC-SHA1 of one of `messages` (each client generation signs another)."""
    user, private_key = _key_holder(db, box, public_key)
    if not signed_by(private_key, signature, messages) or user is None:
        raise NotSignedIn(BAD_KEYS)
    require_fresh(date, settings)
    return user


def by_token(db: Db, box: KeyBox, public_key: str, private_key: str) -> Account:
    """The seed's way: both keys as headers."""
    user, expected = _key_holder(db, box, public_key)
    if not hmac.compare_digest(expected.encode(), private_key.encode()) or user is None:
        raise NotSignedIn(BAD_KEYS)
    return user


def _key_holder(db: Db, box: KeyBox, public_key: str) -> tuple[Account | None, str]:
    """The account and its private key; a random key where there is none, so that both cases take the same road."""
    user = account_by_public_key(db, public_key)
    if user is None or not user.enabled:
        return None, secrets.token_hex(18)
    return user, box.open(user.private_key, user.public_key)


def require_fresh(date: str, settings: Settings) -> None:
    """A signed date that can be read must be near this server's clock."""
    when = _read_date(date)
    if when is None:
        if settings.strict_signatures:
            raise NotSignedIn("The signed date {date} cannot be read, and this server insists on it.", date=date)
        return
    off_s = round((datetime.now(UTC) - when).total_seconds())
    if abs(off_s) > settings.signature_tolerance_s:
        raise NotSignedIn(
            "The signed date is {off_s} seconds away from this server's clock ({limit_s} are allowed). Set your clock.",
            off_s=off_s,
            limit_s=settings.signature_tolerance_s,
        )


@lru_cache(maxsize=64)
def _read_date(text: str) -> datetime | None:
    try:
        when = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def by_password(store: Store, username: str, password: str, address: str) -> SecUser:
    """The sign-in form. Raises TooManyTries while that account or address must wait.

    A try counts against the account before its password is looked at, so that a thousand at once are slowed as well.
    Looking takes long on purpose: no transaction is open meanwhile.
    """
    with store.writing() as db:
        passwords.require_patience(db, username, address)
        first = passwords.note_try(db, username, address)
    with store.reading() as db:
        user = db.scalar(select(SecUser).where(is_named(username)))
    usable = user is not None and user.enabled
    right = passwords.is_right(user.password_hash if user and usable else None, password)
    with store.writing() as db:
        if right:
            passwords.forget_tries(db, username, address)
        elif first:
            passwords.note_address(db, address)
    if not right or user is None:
        raise NotSignedIn(WRONG)
    return user


def make_sign_in_token(db: Session, user_id: int, minutes: int) -> tuple[str, int]:
    """What opens one session of somebody, once, and until when (epoch ms). It is kept nowhere."""
    now = now_ms()
    db.execute(delete(SignInToken).where(SignInToken.expires < now))
    token, expires = secrets.token_urlsafe(32), now + minutes * MINUTE_MS
    db.add(SignInToken(token_hash=_hash(token), user_id=user_id, expires=expires))
    db.flush()
    return token, expires


def by_sign_in_token(store: Store, username: str, token: str, address: str) -> SecUser:
    """Instead of a password. Wrong ones count as wrong passwords do."""
    with store.writing() as db:
        passwords.require_patience(db, username, address)
        first = passwords.note_try(db, username, address)
        user = db.scalar(select(SecUser).where(is_named(username), SecUser.enabled))
        its = delete(SignInToken).where(SignInToken.token_hash == _hash(token), SignInToken.expires > now_ms())
        used = db.execute(its.where(SignInToken.user_id == (user.id if user else 0)).returning(SignInToken.user_id))
        right = used.one_or_none() is not None
        if right:
            passwords.forget_tries(db, username, address)
        elif first:
            passwords.note_address(db, address)
    if not right or user is None:
        raise NotSignedIn(USED_UP)
    return user


def require_unchanged(db: Session, user: SecUser) -> None:
    """Raises NotSignedIn where somebody locked the account or changed its password since `user` was read.

    For the transaction that opens a session: until it ends, nobody does either.
    """
    now = db.scalar(spatial.for_update(select(SecUser).where(SecUser.id == user.id)))
    if now is None or not now.enabled or now.password_hash != user.password_hash:
        raise NotSignedIn(WRONG)


def open_session(db: Session, settings: Settings, user: SecUser, address: str, agent: str) -> str:
    """A fresh session; returns the cookie's value, which is kept nowhere."""
    now = now_ms()
    over = or_(
        LoginSession.last_used < now - settings.session_idle_min * MINUTE_MS,
        LoginSession.created < now - settings.session_max_h * HOUR_MS,
    )
    db.execute(delete(LoginSession).where(over))
    token = secrets.token_urlsafe(32)
    db.add(LoginSession(token_hash=_hash(token), user_id=user.id, address=address[:64], agent=agent[:255]))
    db.flush()
    return token


class _Session(NamedTuple):
    """What is asked of one with each request."""

    user_id: int
    created: int
    last_used: int


_SESSION = Fixed(
    select(LoginSession.user_id, LoginSession.created, LoginSession.last_used).where(
        LoginSession.token_hash == bindparam("token_hash")
    )
)


def by_session(db: Db, settings: Settings, token: str) -> tuple[Account, bool]:
    """The account behind a session cookie, and whether the session should be touched (see `touch_session`)."""
    rows, now = _SESSION.rows(db, token_hash=_hash(token)), now_ms()
    row = _Session._make(rows[0]) if rows else None
    if row is None or _is_over(row, settings, now):
        raise NotSignedIn("Your session has ended. Sign in again.")
    user = account_by_id(db, row.user_id)
    if user is None or not user.enabled:
        raise NotSignedIn("This account is locked. Ask an administrator.")
    return user, now - row.last_used > TOUCH_EVERY_MS


def _is_over(row: LoginSession | _Session, settings: Settings, now: int) -> bool:
    return now > ends_at(row, settings)


def ends_at(row: LoginSession | _Session, settings: Settings) -> int:
    """When a session ends (epoch ms) if nothing more is asked with it."""
    return min(row.last_used + settings.session_idle_min * MINUTE_MS, row.created + settings.session_max_h * HOUR_MS)


def touch_session(db: Session, token: str) -> None:
    db.execute(update(LoginSession).where(LoginSession.token_hash == _hash(token)).values(last_used=now_ms()))


def close_session(db: Session, token: str) -> None:
    db.execute(delete(LoginSession).where(LoginSession.token_hash == _hash(token)))


def close_all_sessions(db: Session, user_id: int) -> None:
    """After a new password or a lock; and nothing that was handed out before opens another."""
    for kind in (LoginSession, SignInToken):
        db.execute(delete(kind).where(kind.user_id == user_id))


def sessions_of(db: Session, settings: Settings, user_id: int) -> list[LoginSession]:
    """The browsers where somebody is signed in, the last used first."""
    query = select(LoginSession).where(LoginSession.user_id == user_id).order_by(LoginSession.last_used.desc())
    return [row for row in db.scalars(query) if not _is_over(row, settings, now_ms())]


def session_of(db: Session, token: str) -> LoginSession | None:
    return db.get(LoginSession, _hash(token))


def handle_of(row: LoginSession) -> str:
    """What a session is called where its owner lists and ends them: a part of the hash, good for nothing else."""
    return row.token_hash[:HANDLE_LENGTH]


def end_session(db: Session, user_id: int, handle: str) -> None:
    """End one session of that person. Raises NotFound."""
    query = select(LoginSession).where(LoginSession.user_id == user_id)
    row = next((row for row in db.scalars(query) if handle_of(row) == handle), None)
    if row is None:
        raise NotFound("You have no session {session}.", session=handle)
    db.delete(row)


def end_other_sessions(db: Session, user_id: int, token: str) -> None:
    """All sessions of that person but the one of this cookie."""
    others = LoginSession.token_hash != _hash(token)
    db.execute(delete(LoginSession).where(LoginSession.user_id == user_id, others))


def picture_cookie(box: KeyBox, settings: Settings, user_id: int, public_key: str) -> str:
    """The key-born cookie: opens pictures and downloads for a while, void when the keys change."""
    lasts_s = settings.picture_cookie_s
    # One that is a minute old will do: scripts send hundreds of signed requests a second.
    slot_s = max(1, lasts_s // 60)
    return _picture_cookie(box, user_id, public_key, now_ms() // 1000 // slot_s * slot_s + lasts_s)


@lru_cache(maxsize=1024)
def _picture_cookie(box: KeyBox, user_id: int, public_key: str, until: int) -> str:
    text = f"{user_id}.{until}"
    return f"{text}.{box.cookie_signature(f'{text}.{public_key}')}"


def by_picture_cookie(db: Db, box: KeyBox, value: str) -> Account:
    user_id, _, rest = value.partition(".")
    until, _, signature = rest.partition(".")
    user = account_by_id(db, int(user_id)) if user_id.isdecimal() and len(user_id) < 19 else None
    expected = box.cookie_signature(f"{user_id}.{until}.{user.public_key if user else ''}")
    right = hmac.compare_digest(expected.encode(), signature.encode())
    if not right or user is None or not user.enabled or not until.isdecimal() or int(until[:18]) * 1000 < now_ms():
        raise NotSignedIn("The picture cookie is no longer valid. Send a signed request again.")
    return user


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
