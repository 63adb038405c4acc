"""Commands: what one transaction changed, object by object, and what took it back since.

A command's number is that of its first change. Undoing it, doing it again and undoing that make a chain in which each
takes back the one before.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

import orjson
from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from atrisys.access.judge import State
from atrisys.access.undo_rights import RULES
from atrisys.errors import NotUndoable, TooLarge
from atrisys.store.by_ids import pairs_for
from atrisys.store.table import Table
from atrisys.store.tables import KINDS, Change, Reversal

MOST = 100_000
"""Objects that one undo takes back: for some seven seconds, more on a busy machine; others write in between."""
AT_ONCE = 1_000
Way = Literal["bring back", "take away", "edit"]
BY_TABLE = {kind.__tablename__: kind for kind in KINDS.values()}


@dataclass(frozen=True)
class Chain:
    """A command and what took it back, did it again, …, by their transactions."""

    links: tuple[int, ...]

    @property
    def tip(self) -> int:
        return self.links[-1]

    @property
    def is_undone(self) -> bool:
        return len(self.links) % 2 == 0

    def holds(self, transaction_id: int) -> bool:
        """Whether what this link did is in force: it was not taken back, or that was taken back again."""
        return (len(self.links) - self.links.index(transaction_id)) % 2 == 1


def chain_of(db: Session, transaction_id: int) -> Chain:
    """The chain that a transaction is a link of."""
    root = db.scalar(select(Reversal.root_id).where(Reversal.transaction_id == transaction_id)) or transaction_id
    query = select(Reversal.transaction_id).where(Reversal.root_id == root).order_by(Reversal.transaction_id)
    return Chain((root, *db.scalars(query)))


def lines_of(db: Session, transaction_id: int) -> ColumnElement[bool]:
    """Which lines of the log a transaction wrote. All are of one writer, by whom the database finds them."""
    writer = db.scalar(select(Change.user_id).where(Change.seq == transaction_id))
    return and_(Change.user_id == writer, Change.transaction_id == transaction_id)


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done with one object to take a transaction back."""

    kind: type[Table]
    id: int
    way: Way
    first: int
    """Its first and its last change in that transaction."""
    last: int

    @property
    def order(self) -> int:
        """Later ones are taken back earlier; what was made and then edited goes when the making is taken back."""
        return self.first if self.way == "take away" else self.last


def read_steps(db: Session, transaction_id: int) -> list[Step]:
    """The steps that take a transaction back, in their order.

    Raises:
        NotUndoable: of a table that nobody undoes.
        TooLarge: more than `MOST` objects.
    """
    lines = select(Change.seq, Change.class_name, Change.object_id, Change.before.is_(None), Change.after.is_(None))
    lines = lines.where(lines_of(db, transaction_id)).order_by(Change.seq)
    seen: dict[tuple[str, int], list[Any]] = {}
    for seq, name, id, is_new, is_gone in db.connection().execute(lines):
        found = seen.setdefault((name, id), [seq, is_new, seq, is_gone])
        found[2:] = seq, is_gone
        if len(seen) > MOST:
            raise TooLarge("Command {command} changed more than {limit} objects.", command=transaction_id, limit=MOST)
    steps: list[Step] = []
    for (name, id), (first, is_new, last, is_gone) in seen.items():
        kind = KINDS.get(name)
        if kind is None or kind not in RULES:
            raise NotUndoable("What was done to {kind} {id} is not undone.", kind=name, id=id)
        if not (is_new and is_gone):
            way: Way = "take away" if is_new else "bring back" if is_gone else "edit"
            steps.append(Step(kind, id, way, first, last))
    return sorted(steps, key=lambda step: -step.order)


def runs(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Neighbours that can be done at once."""
    for _, group in groupby(steps, key=lambda step: (step.kind, step.way)):
        alike = list(group)
        for start in range(0, len(alike), AT_ONCE):
            yield alike[start : start + AT_ONCE]


def states(db: Session, run: Sequence[Step]) -> list[tuple[Step, State | None, State | None]]:
    """Each step with what the transaction left and with what there was before it."""
    left = pairs_for(db, select(Change.seq, Change.after), Change.seq, [step.last for step in run])
    there = pairs_for(db, select(Change.seq, Change.before), Change.seq, [step.first for step in run])
    return [(step, _read(left[step.last]), _read(there[step.first])) for step in run]


def _read(text: str | None) -> State | None:
    return None if text is None else orjson.loads(text)


def ways_of(steps: Iterable[Step]) -> dict[int, Way]:
    """By the objects' ids, of which no two are alike in the whole installation."""
    return {step.id: step.way for step in steps}


def goes_along(step: Step, state: State, ways: dict[int, Way]) -> bool:
    """Whether what the object belongs to goes the same way in the same command."""
    return any(ways.get(owner) == step.way for owner in owners(step.kind, state))


def owners(kind: type[Table], state: State) -> list[int]:
    """What an object belongs to."""
    return [state[name] for name in RULES[kind].goes_with if state[name] is not None]


def parent_kinds(kind: type[Table]) -> dict[str, type[Table]]:
    """By column: what it names by a foreign key."""
    return {
        column.name: BY_TABLE[key.column.table.name] for column in kind.__table__.columns for key in column.foreign_keys
    }
