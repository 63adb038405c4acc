"""What was: lines of the change log and whole commands as the wire has them, without secrets and hidden names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import Field
from sqlalchemy import JSON, func, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.require import is_manager
from atrisys.access.visible import UNBLINDED, past_of
from atrisys.errors import NotFound
from atrisys.store.by_ids import pairs_for, rows_for
from atrisys.store.table import Table
from atrisys.store.tables import KINDS, Change, ImageInstance, Project, Reversal
from atrisys.store.tables.changes import WITHOUT_STATES
from atrisys.store.tables.metadata import METADATA, Metadata
from atrisys.wire.answers import KEYS, NAMES, Verb
from atrisys.wire.described import Part
from atrisys.wire.fields import wire_names

BY_WORD: dict[str, type[Table]] = {
    **{name.lower(): kind for name, kind in KINDS.items()},
    **{key: KINDS[name] for name, key in KEYS.items()},
}
"""What addresses call a table: `annotation`, `term`, `imageinstance`."""
FILE_NAMES = frozenset({"instance_filename", "original_filename", "filename", "given_filename"})
OF_ALL_METADATA = frozenset.intersection(*(frozenset(kind.__mapper__.columns.keys()) for kind in METADATA))
"""Columns that tell only of which object something is said."""
BLINDED = frozenset(kind.cytomine_class for kind in UNBLINDED)
FOREMOST = (
    *("Project", "Ontology", "Storage", "UploadedFile", "AbstractImage", "ImageInstance", "Term"),
    *("UserAnnotation", "SliceInstance", "AbstractSlice"),
)
"""Of what one command changed, that which it was about."""
WITH_NAMES = frozenset(name for name, kind in KINDS.items() if "name" in kind.__mapper__.columns)
LONGEST_STATES = 16 << 20
"""Signs of all states that one answer tells."""
LOOKED_AT = 200
"""Changes of one command that are looked at to say what it was about."""


def kind_of(word: str) -> type[Table]:
    """The table that an address names. Raises NotFound."""
    kind = BY_WORD.get(word.lower())
    if kind is None:
        raise NotFound("There is no class {kind}.", kind=word[:80])
    return kind


def weight_of(kind: str) -> int:
    return FOREMOST.index(kind) if kind in FOREMOST else len(FOREMOST)


def verb_of(change: Change) -> Verb:
    return "added" if change.is_new else "deleted" if change.is_gone else "edited"


class ChangeLine(Part):
    """A line of the log: the change of an object."""

    seq: int
    transaction: int
    """The command that undo takes."""
    created: int
    user: int | None
    """0: the command line, before there was an account."""
    door: str
    action: str
    class_name: str = Field(serialization_alias="class")
    id: int
    version: int
    container: int | None
    request_id: str | None


def as_wire(change: Change) -> dict[str, Any]:
    """A line of the log, without the object's states."""
    return {
        "seq": change.seq,
        "transaction": change.transaction_id,
        "created": change.created,
        "user": change.user_id,
        "door": change.door,
        "action": verb_of(change),
        "class": change.class_name,
        "id": change.object_id,
        "version": change.version,
        "container": change.container_id,
        "requestId": change.request_id,
    }


def texts_of(db: Session, changes: Sequence[Change]) -> dict[int, tuple[str | None, str | None]]:
    """`before` and `after` of these lines, by their numbers: of as many as one answer has room for, of one at least."""
    seqs = [change.seq for change in changes]
    length = func.coalesce(func.length(Change.before), 0) + func.coalesce(func.length(Change.after), 0)
    lengths = pairs_for(db, select(Change.seq, length), Change.seq, seqs)
    room, fitting = LONGEST_STATES, seqs[:1]
    for seq in seqs:
        room -= lengths[seq]
        if room < 0:
            break
        fitting.append(seq)
    texts = select(Change.seq, Change.before, Change.after)
    return {seq: (before, after) for seq, before, after in rows_for(db, texts, Change.seq, fitting)}


class Past:
    """States of objects as one caller may know them."""

    def __init__(self, db: Session, caller: Caller) -> None:
        self.db, self.caller = db, caller
        self._named: dict[int | None, bool] = {}

    def state(self, change: Change, text: str | None) -> dict[str, Any] | None:
        """`before` or `after` of a change: columns under their names on the wire; no secrets, nothing private."""
        kind = KINDS.get(change.class_name)
        if text is None or kind is None:
            return None
        state = orjson.loads(text)
        named = not _is_of_an_image(kind, state) or self._tells_names(change.container_id)
        return public(kind, state, named=named)

    def _tells_names(self, project_id: int | None) -> bool:
        if project_id not in self._named:
            project = self.db.get(Project, project_id)
            hides = project is not None and project.blind_mode
            self._named[project_id] = not hides or is_manager(self.db, self.caller, project_id or 0)
        return self._named[project_id]


def _is_of_an_image(kind: type[Table], state: dict[str, Any]) -> bool:
    """Whether a blinded project hides some of it: an image, or what is said of one."""
    return kind is ImageInstance or (issubclass(kind, Metadata) and state["domain_class_name"] in BLINDED)


def public(kind: type[Table], state: dict[str, Any], *, named: bool) -> dict[str, Any]:
    """`named`: with the names of files and with what is said of an image, which a blinded project hides."""
    found: dict[str, Any] = {}
    if not named and issubclass(kind, Metadata):
        state = {name: value for name, value in state.items() if name in OF_ALL_METADATA}
    for name, column in kind.__mapper__.columns.items():
        info = column.info
        hidden = not info.get("log", True) or info.get("private") or isinstance(column.type, JSON)
        if name in state and not hidden and (named or name not in FILE_NAMES):
            found[wire_names(name)[0]] = state[name]
    return found


@dataclass(frozen=True)
class Command:
    """A command, as far as one caller sees what it did."""

    first: Change
    """Its first change, or the first in one project."""
    main: Change
    """The change that it was about."""
    name: str
    """Of the object that it was about; empty where its kind has none."""
    others: int
    """How many more objects it changed."""
    reversal: Reversal | None
    """Where it took another one back."""

    @property
    def message(self) -> str:
        change = self.main
        name = f" ({self.name})" if self.name else ""
        more = "" if not self.others else f" And {self.others} more."
        return f"{NAMES.get(change.class_name, change.class_name)} {change.object_id}{name} {verb_of(change)}.{more}"

    @property
    def prefix(self) -> str:
        return "" if self.reversal is None else "UNDO" if self.reversal.is_undo else "REDO"


def commands(db: Session, caller: Caller, firsts: Sequence[Change], *, in_container: bool) -> list[Command]:
    """What each of these commands was about.

    Args:
        firsts: the first change of each, or with `in_container` the first in its project, whose others alone count.
    """
    numbers = [first.transaction_id for first in firsts]
    lines = select(Change.seq, Change.transaction_id, Change.container_id, Change.class_name, Change.object_id)
    lines = lines.where(Change.seq <= Change.transaction_id + LOOKED_AT, past_of(caller))
    lines = lines.where(Change.user_id.in_({first.user_id for first in firsts}))
    below: dict[int, list[Any]] = {}
    for line in rows_for(db, lines.order_by(Change.seq), Change.transaction_id, numbers):
        below.setdefault(line.transaction_id, []).append(line)
    about: dict[int, tuple[int, int]] = {}
    for first in firsts:
        found = [
            line
            for line in below.get(first.transaction_id, ())
            if not in_container or line.container_id == first.container_id
        ]
        main = min(found, key=lambda line: weight_of(line.class_name), default=first)
        about[first.seq] = main.seq, max(0, len({line.object_id for line in found}) - 1)
    light = select(Change).options(*WITHOUT_STATES)
    mains = {row.seq: row for (row,) in rows_for(db, light, Change.seq, [seq for seq, _ in about.values()])}
    last_states = select(Change.seq, func.coalesce(Change.after, Change.before))
    named = pairs_for(db, last_states, Change.seq, [seq for seq, row in mains.items() if row.class_name in WITH_NAMES])
    names = {seq: orjson.loads(text)["name"] for seq, text in named.items()}
    taken = select(Reversal)
    reversals = {row.transaction_id: row for (row,) in rows_for(db, taken, Reversal.transaction_id, numbers)}
    return [
        Command(first, mains[seq], names.get(seq) or "", others, reversals.get(first.transaction_id))
        for first in firsts
        for seq, others in (about[first.seq],)
    ]
