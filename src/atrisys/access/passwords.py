"""Passwords: argon2id, and patience with those who guess."""

import ipaddress
import secrets
from functools import lru_cache
from typing import Literal

import argon2
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from atrisys.access.common_passwords import COMMON
from atrisys.errors import Invalid, TooManyTries
from atrisys.store.table import now_ms
from atrisys.store.tables import FailedTries

SHORTEST, LONGEST = 8, 1024
Subject = Literal["account", "address"]
FREE_TRIES: dict[Subject, int] = {"account": 5, "address": 20}
LONGEST_WAIT_S = 15 * 60
FORGOTTEN_AFTER_MS = 24 * 3600 * 1000

_hasher = argon2.PasswordHasher()


def hash_password(password: str, username: str = "") -> str:
    """Raises Invalid for one that is not good."""
    require_good(password, username)
    return _hasher.hash(password)


def require_good(password: str, username: str = "") -> None:
    """Raises Invalid for one that is too short, absurdly long, or among the first that anybody would try."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid("A password has {shortest} to {longest} characters.", shortest=SHORTEST, longest=LONGEST)
    plain = password.strip().lower()
    if plain in COMMON or plain == username.strip().lower() or len(set(plain)) == 1:
        raise Invalid("This password would be guessed at once. Choose one that nobody else would think of.")


def new_password() -> str:
    return secrets.token_urlsafe(12)


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


def is_right(stored_hash: str | None, password: str) -> bool:
    """Takes as long for an account that does not exist (`None`) as for one that does."""
    try:
        return _hasher.verify(stored_hash or _nobodys_hash(), password[:LONGEST]) and stored_hash is not None
    except argon2.exceptions.VerificationError:
        return False


def require_patience(db: Session, account: str, address: str) -> None:
    """Raises TooManyTries while an account or an address must wait after failed passwords."""
    wait_s = max(_wait_s(db, "account", account), _wait_s(db, "address", address))
    if wait_s > 0:
        raise TooManyTries("Too many wrong passwords. Try again in {wait_s} seconds.", wait_s=wait_s)


def _wait_s(db: Session, kind: Subject, name: str) -> int:
    row = db.get(FailedTries, _subject(kind, name))
    if row is None or row.count < FREE_TRIES[kind]:
        return 0
    pause_s = min(2 ** min(row.count - FREE_TRIES[kind] + 1, 20), LONGEST_WAIT_S)
    return max(0, round((row.last - now_ms()) / 1000) + pause_s)


def note_try(db: Session, kind: Subject, name: str) -> None:
    """Count one more failure of an account or an address."""
    db.execute(delete(FailedTries).where(FailedTries.last < now_ms() - FORGOTTEN_AFTER_MS))
    if _count(db, kind, name):
        return
    try:
        with db.begin_nested():
            db.add(FailedTries(subject=_subject(kind, name), count=1, last=now_ms()))
    except IntegrityError:
        # Somebody else guessed at the same account a moment ago.
        _count(db, kind, name)


def _count(db: Session, kind: Subject, name: str) -> bool:
    known = update(FailedTries).where(FailedTries.subject == _subject(kind, name))
    more = known.values(count=FailedTries.count + 1, last=now_ms()).returning(FailedTries.subject)
    return db.execute(more.execution_options(synchronize_session=False)).first() is not None


def forget_tries(db: Session, account: str) -> None:
    db.execute(delete(FailedTries).where(FailedTries.subject == _subject("account", account)))


def _subject(kind: Subject, name: str) -> str:
    """`account:name` whatever its capitals, `address:1.2.3.4`; of IPv6 the network, since one machine has it whole."""
    if kind == "account":
        return f"account:{name.lower()}"[:300]
    try:
        ip = ipaddress.ip_address(name)
    except ValueError:
        return f"address:{name}"[:300]
    if ip.version == 4 or ip.ipv4_mapped:
        return f"address:{ip if ip.version == 4 else ip.ipv4_mapped}"
    return f"address:{ipaddress.ip_network((ip, 64), strict=False)}"
