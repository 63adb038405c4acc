"""Passwords: argon2id, and patience with those who guess."""

import ipaddress
import secrets
from functools import lru_cache
from typing import Literal

import argon2
from sqlalchemy import delete, or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from atrisys.access.common_passwords import COMMON
from atrisys.errors import Invalid, TooManyTries
from atrisys.store.table import now_ms
from atrisys.store.tables import FailedTries

SHORTEST, LONGEST = 8, 1024
Kind = Literal["pair", "account", "address"]
"""What tries are counted for: an account from one address, an account from anywhere, an address."""
FREE_TRIES: dict[Kind, int] = {"pair": 5, "account": 20, "address": 20}
LONGEST_WAIT_S: dict[Kind, int] = {"pair": 15 * 60, "account": 60, "address": 60}
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
    """Raises TooManyTries while that account, from that address or at all, or that address must wait.

    Only who failed at the account from the same address waits long. What strangers elsewhere do makes its owner wait a
    minute at most: nobody can lock somebody else out.
    """
    wait_s = max(_wait_s(db, kind, subject) for kind, subject in _subjects(account, address).items())
    if wait_s > 0:
        raise TooManyTries("Too many wrong passwords. Try again in {wait_s} seconds.", wait_s=wait_s)


def _wait_s(db: Session, kind: Kind, subject: str) -> int:
    row = db.get(FailedTries, subject)
    if row is None or row.count < FREE_TRIES[kind]:
        return 0
    pause_s = min(2 ** min(row.count - FREE_TRIES[kind] + 1, 20), LONGEST_WAIT_S[kind])
    return max(0, round((row.last - now_ms()) / 1000) + pause_s)


def note_try(db: Session, account: str, address: str) -> bool:
    """Count one more try at an account; says whether it is the first from that address (see note_address)."""
    db.execute(delete(FailedTries).where(FailedTries.last < now_ms() - FORGOTTEN_AFTER_MS))
    subjects = _subjects(account, address)
    _count(db, subjects["account"])
    return _count(db, subjects["pair"]) == 1


def note_address(db: Session, address: str) -> None:
    """Count one more account that an address failed at: more tries at the same one are no sign of somebody else."""
    _count(db, _subjects("", address)["address"])


def _count(db: Session, subject: str) -> int:
    """One more; says how many there are now."""
    if more := _count_known(db, subject):
        return more
    try:
        with db.begin_nested():
            db.add(FailedTries(subject=subject, count=1, last=now_ms()))
    except IntegrityError:
        # Somebody else guessed at the same account a moment ago.
        return _count_known(db, subject)
    return 1


def _count_known(db: Session, subject: str) -> int:
    more = update(FailedTries).where(FailedTries.subject == subject)
    more = more.values(count=FailedTries.count + 1, last=now_ms()).returning(FailedTries.count)
    return db.execute(more.execution_options(synchronize_session=False)).scalar() or 0


def forget_tries(db: Session, account: str, address: str | None = None) -> None:
    """After the right password; without an address, wherever they came from: after a new one."""
    subjects = _subjects(account, address or "")
    pairs = FailedTries.subject == subjects["pair"]
    if address is None:
        name = subjects["account"].removeprefix("account:")
        pairs = FailedTries.subject.startswith("pair:") & FailedTries.subject.endswith(f"|{name}", autoescape=True)
    db.execute(delete(FailedTries).where(or_(FailedTries.subject == subjects["account"], pairs)))


def _subjects(account: str, address: str) -> dict[Kind, str]:
    """`account:name` whatever its capitals, `address:1.2.3.4`, and both together."""
    name, place = account.lower(), place_of(address)
    subjects: dict[Kind, str] = {
        "account": f"account:{name}",
        "address": f"address:{place}",
        "pair": f"pair:{place}|{name}",
    }
    return {kind: subject[:300] for kind, subject in subjects.items()}


def place_of(address: str) -> str:
    """Where tries are counted as from one machine: of IPv6 the network, since one machine has it whole."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if ip.version == 4 or ip.ipv4_mapped:
        return str(ip if ip.version == 4 else ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, 64), strict=False))
