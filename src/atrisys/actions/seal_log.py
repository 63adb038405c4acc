"""Seals over the log: afterwards, in batches, so that whoever writes lines pays nothing for them.

A seal is an HMAC over the seal before it and over all lines (changes and events) whose numbers it covers, under a key
that follows from the installation's secret. Whoever changes, removes, adds or moves a line behind our back, without
that secret, breaks the seal over it. Whoever cuts off the newest lines and their seals is found out by a seal that
somebody else kept: each is told to the server's own log.

Numbers become visible in the order in which they were given (store/ids.py): up to the last one that can be seen, no
line comes later.
"""

import hashlib
import heapq
import hmac
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import Table, func, literal, select
from sqlalchemy.orm import Session

from atrisys.store import spatial
from atrisys.store.files import DataFolder
from atrisys.store.ids import last_id
from atrisys.store.session import Store
from atrisys.store.table import now_ms
from atrisys.store.tables import Change, Event, Seal

log = logging.getLogger("atrisys")

BATCH = 5_000
AT_ONCE = 8
"""Lines that are held at once: one may be as large as a request."""
REST_S = 0.05
BEFORE_ALL = -(2**63)
CHANGES: Table = Change.__table__  # pyright: ignore[reportAssignmentType]
EVENTS: Table = Event.__table__  # pyright: ignore[reportAssignmentType]
LINES = {
    CHANGES: [
        CHANGES.c[name]
        for name in (
            *("seq", "transaction_id", "created", "user_id", "door", "request_id", "class_name", "object_id"),
            *("version", "container_id", "owner_id", "before", "after"),
        )
    ],
    EVENTS: [
        EVENTS.c[name]
        for name in (
            *("seq", "created", "user_id", "door", "request_id", "action", "class_name", "object_id"),
            *("what", "address"),
        )
    ],
}
"""What of a line is sealed, in this order for ever: seals that stand were made of it."""


@dataclass(frozen=True)
class Found:
    """What a look at the seals found."""

    seals: int
    """That hold, from the first on."""
    lines: int
    """Below them."""
    unsealed: int
    """Lines that came after the last seal."""
    last: str
    """The last of these seals; empty where there is none."""
    problem: str = ""
    """What is wrong with the first that does not hold."""


def seal_log(store: Store, *, every_s: float = 0.0, is_wanted: Callable[[], bool] = lambda: True) -> int:
    """Seal the lines that are not sealed yet; says how many.

    Args:
        every_s: somebody else's seal that is younger than this will do.
        is_wanted: asked between batches.
    """
    done = 0
    with store.reading() as db:
        last = _last(db)
        if last is not None and every_s and last.created > now_ms() - every_s * 1000:
            return 0
    while is_wanted():
        sealed = _seal_some(store)
        if not sealed:
            break
        done += sealed
        time.sleep(REST_S)
    return done


def _seal_some(store: Store) -> int:
    """One seal more; 0 where there is nothing to seal, or somebody else has just done it."""
    key = _key(store.folder)
    with store.reading() as db:
        last = _last(db)
        after = last.to_seq if last else BEFORE_ALL
        to = _end_of_batch(db, after)
        seal = Seal(number=last.number + 1 if last else 1, created=now_ms(), after_seq=after, to_seq=to, lines=0)
        seal.lines, seal.mac = _work_out(db, key, seal, last.mac if last else "")
    if not seal.lines:
        return 0
    lines = seal.lines
    with store.writing() as db:
        spatial.take_turns(db, "seals")
        newest = _last(db)
        if (newest.number if newest else 0) != seal.number - 1:
            return 0
        db.add(seal)
    log.info("seal %s over the log up to line %s: %s", seal.number, seal.to_seq, seal.mac)
    return lines


def _last(db: Session) -> Seal | None:
    return db.scalars(select(Seal).order_by(Seal.number.desc()).limit(1)).first()


def _end_of_batch(db: Session, after: int) -> int:
    """The number up to which a batch goes: one up to which no line can come any more."""
    end = last_id(db)
    for kind in (Change, Event):
        far = select(kind.seq).where(kind.seq > after).order_by(kind.seq).offset(BATCH - 1).limit(1)
        end = min(end, db.scalar(far) or end)
    return end


def _work_out(db: Session, key: bytes, seal: Seal, before: str) -> tuple[int, str]:
    """How many lines a seal covers, and what its `mac` must be."""
    head = [before, seal.number, seal.created, seal.after_seq, seal.to_seq]
    mac = hmac.new(key, orjson.dumps(head, option=orjson.OPT_APPEND_NEWLINE), hashlib.sha256)
    lines = 0
    for line in _lines(db, seal.after_seq, seal.to_seq):
        mac.update(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        lines += 1
    return lines, mac.hexdigest()


def _lines(db: Session, after: int, to: int | None) -> Iterator[list[Any]]:
    """The log between two numbers in its order: the name of its table, then what `LINES` says."""
    parts = []
    for table, columns in LINES.items():
        query = select(literal(table.name), *columns).where(table.c.seq > after).order_by(table.c.seq)
        query = query if to is None else query.where(table.c.seq <= to)
        parts.append(map(list, db.execute(spatial.streamed(query, AT_ONCE))))
    return heapq.merge(*parts, key=itemgetter(1))


def read_log(db: Session, since: int) -> Iterator[dict[str, Any]]:
    """All lines after a number, whole, as the database has them."""
    names = {table.name: [column.name for column in columns] for table, columns in LINES.items()}
    for table, *values in _lines(db, since, None):
        yield {"log": table, **dict(zip(names[table], values, strict=True))}


def verify_log(
    store: Store, known: str = "", report: Callable[[float, str], None] = lambda _done, _words: None
) -> Found:
    """Work out all seals anew, up to the first that does not hold.

    Args:
        known: a seal as the server's log told it, which must be among them.
        report: is told how far it is (0 to 1), and in words.
    """
    key, seals, lines, before = _key(store.folder), 0, 0, Seal(number=0, to_seq=BEFORE_ALL, mac="")
    seen = not known
    with store.reading() as db:
        total = db.scalar(select(func.max(Seal.number))) or 0
    problem = ""
    for number in range(1, total + 1):
        # Each in a transaction of its own: a long one would keep the database from tidying up behind writers.
        with store.reading() as db:
            seal = db.get(Seal, number)
            problem = _problem(db, key, seal, before) if seal else f"Seal {number} is missing."
        if seal is None or problem:
            break
        seals, lines, before = seals + 1, lines + seal.lines, seal
        seen = seen or hmac.compare_digest(seal.mac, known)
        report(number / total, f"{lines} lines")
    if not problem and not seen:
        problem = "The seal that you name is not among them: the end of the log was cut off, or it is another log."
    with store.reading() as db:
        unsealed = sum(db.scalar(select(func.count()).where(kind.seq > before.to_seq)) or 0 for kind in (Change, Event))
    return Found(seals, lines, unsealed, before.mac, problem)


def _problem(db: Session, key: bytes, seal: Seal, before: Seal) -> str:
    where = f"Seal {seal.number} (lines {max(seal.after_seq, 0) + 1} to {seal.to_seq})"
    if seal.after_seq != before.to_seq:
        return f"{where} does not go on where seal {before.number} ends: seals were changed."
    lines, mac = _work_out(db, key, seal, before.mac)
    if lines != seal.lines:
        return f"{where} was made over {seal.lines} lines and there are {lines}: lines were removed or added."
    if not hmac.compare_digest(mac, seal.mac):
        return f"{where} does not fit its lines: they were changed, or the secret is another one."
    return ""


def _key(folder: DataFolder) -> bytes:
    return hashlib.sha256(b"seals over the log" + folder.secret()).digest()
