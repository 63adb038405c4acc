"""Take a command back: rights and conflicts of all its objects first, then each object, then what must hold at the end.

Nothing is worked around: whatever the command did is taken back whole, or refused whole. One thing is left out: terms,
tags, tracks and groups that objects had which have gone since.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.judge import Judge, State, changed
from atrisys.access.undo_rights import require_undo
from atrisys.access.visible import RULES as VISIBLE
from atrisys.access.visible import visible
from atrisys.actions import history
from atrisys.actions.commands import Step, Way, goes_along, owners, runs, states, ways_of
from atrisys.actions.in_the_way import check_later, check_unused, missing_parents
from atrisys.actions.still_whole import check_whole, measure_again, misfits
from atrisys.actions.work_out_shapes import columns_of_shapes
from atrisys.store.by_ids import rows_for
from atrisys.store.table import Table, kept_columns
from atrisys.store.tables import (
    TERMS_OF,
    AnnotationDomain,
    AnnotationLink,
    AnnotationTrack,
    GivenTerm,
    ImageGroupImageInstance,
    TagDomainAssociation,
)

SHOWN_AT_MOST = 100
GIVEN: dict[type[Table], tuple[str, str]] = {
    **dict.fromkeys(TERMS_OF.values(), ("term_id", "annotation_id")),
    AnnotationTrack: ("track_id", "annotation_id"),
    ImageGroupImageInstance: ("group_id", "image_id"),
    AnnotationLink: ("group_id", "annotation_id"),
    TagDomainAssociation: ("tag_id", "domain_ident"),
}
"""What is given to many objects: the columns that name it, and the object."""
Found = tuple[Step, State | None, State | None]
Leaving = Callable[[Table], object]
"""Is told of the first objects that will be taken away, while they are there; of those that the caller sees."""


@dataclass
class TakingBack:
    """The steps of one command, on their way back."""

    db: Session
    caller: Caller
    author_id: int
    """Whose command it is."""
    steps: list[Step]
    idle: set[int] = field(default_factory=set)
    """Objects of which only what is worked out was changed."""
    done: list[Step] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    """Of what goes away: what the caller sees before it goes."""
    left_out: list[int] = field(default_factory=list)
    """By their changes: terms and the like that are not given back, since their shapes are gone."""
    kept: int | None = None
    """The number of this command, once a part of it is kept."""
    _is_checked: bool = False
    """Whether nobody has changed anything since `check`."""
    _since_pause: int = 0

    @property
    def in_steps(self) -> bool:
        """So much that others shall not wait for all of it."""
        return len(self.steps) > history.BATCH

    def check(self, leaving: Leaving) -> None:
        """Raises NotFound, NotAllowed, NotUndoable or InTheWay; nothing is changed yet."""
        judge, ways = Judge(self.db, self.caller), ways_of(self.steps)
        for run in runs(self.steps):
            found = [one for one in states(self.db, run) if not self._is_idle(*one)]
            for step, was, to in found:
                require_undo(judge, step.kind, was, to, goes_along=_needs_no_right(step, was, to, ways))
            if found:
                check_later(self.db, self.caller, self.author_id, found)
            if run[0].way == "take away":
                self._tell(run, leaving)
            self._pause(run)
        self._is_checked = not self.in_steps

    def _is_idle(self, step: Step, was: State | None, to: State | None) -> bool:
        if was is None or to is None or changed(was, to):
            return False
        self.idle.add(step.id)
        return True

    def _tell(self, run: Sequence[Step], leaving: Leaving) -> None:
        kind, room = run[0].kind, SHOWN_AT_MOST - len(self.seen)
        ids = seen_ids(self.db, self.caller, kind, [step.id for step in run])
        if room > 0:
            for row in self.db.scalars(select(kind).where(kind.id.in_(ids[:room]))):
                leaving(row)
        self.seen.update(ids)

    def apply(self) -> None:
        """Raises InTheWay or Duplicate where it does not fit what is there now; a part may be `kept` then."""
        active = [step for step in self.steps if step.id not in self.idle]
        whole: list[Found] = []
        for run in runs(active):
            found = states(self.db, run)
            if not self._is_checked:
                check_later(self.db, self.caller, self.author_id, found)
            if run[0].way == "bring back":
                found = self._bring_back(found)
            elif run[0].way == "take away":
                check_unused(self.db, self.caller, run[0].kind, [step.id for step in run])
                history.delete_where(self.db, self.caller, run[0].kind, run[0].kind.id.in_([step.id for step in run]))
            else:
                self._edit(found)
            self.done += [step for step, _, _ in found]
            whole += [one for one in found if not issubclass(one[0].kind, AnnotationDomain | GivenTerm)]
            self._pause(run)
        check_whole(self.db, self.caller, whole)
        measure_again(self.db, self.caller, whole)

    def _pause(self, run: Sequence[Step]) -> None:
        """Now and then others write: what is changed already is kept, as a part of the same command."""
        self._since_pause += len(run)
        if self.in_steps and self._since_pause >= history.BATCH:
            self._since_pause = 0
            self.kept = self.db.info.get("transaction_id")
            history.let_others_write(self.db)

    def _bring_back(self, found: list[Found]) -> list[Found]:
        kind = found[0][0].kind
        rows = [to for _, _, to in found if to is not None]
        refused = missing_parents(self.db, kind, rows) | (
            misfits(self.db, kind, rows) if issubclass(kind, GivenTerm) else {}
        )
        if refused:
            coming = {step.id for step in self.done if step.way == "bring back"}
            for step, _, to in found:
                if step.id in refused and not _may_be_left_out(step, to, coming):
                    raise refused[step.id]
            self.left_out += [one[0].last for one in found if one[0].id in refused]
            found = [one for one in found if one[0].id not in refused]
            rows = [row for row in rows if row["id"] not in refused]
        if rows:
            history.bring_back(self.db, self.caller, kind, _columns(self.db, self.caller, kind, rows))
        return found

    def _edit(self, found: Sequence[Found]) -> None:
        kind = found[0][0].kind
        targets: dict[int, dict[str, Any]] = {}
        redrawn: list[State] = []
        for step, was, to in found:
            assert was is not None
            assert to is not None
            targets[step.id] = {name: to[name] for name in changed(was, to)}
            if issubclass(kind, AnnotationDomain) and was["location"] != to["location"]:
                redrawn.append(to)
        refused = missing_parents(self.db, kind, [{"id": id, **values} for id, values in targets.items()])
        for refusal in refused.values():
            raise refusal
        for to, columns in zip(redrawn, columns_of_shapes(self.db, self.caller, redrawn), strict=True):
            targets[to["id"]] |= columns
        if len(targets) == 1:
            # By itself: what the database refuses is then told by its name.
            ((id, values),) = targets.items()
            history.edit(self.db, self.caller, self.db.get_one(kind, id), **values)
        else:
            history.edit_many(self.db, self.caller, kind, kind.id.in_(list(targets)), lambda row: targets[row.id])


def seen_ids(db: Session, caller: Caller, kind: type[Table], ids: Sequence[int]) -> list[int]:
    """Those of these objects that the caller sees; of a table without a rule none."""
    if kind not in VISIBLE:
        return []
    return [row[0] for row in rows_for(db, visible(caller, select(kind.id)), kind.id, ids)]


def _may_be_left_out(step: Step, to: State | None, coming: set[int]) -> bool:
    """A term that was given, or the like, and went with its class, not with its object: that may have gone since."""
    if step.kind not in GIVEN or to is None:
        return False
    given, bearer = GIVEN[step.kind]
    return to[given] in coming and to[bearer] not in coming


def _needs_no_right(step: Step, was: State | None, to: State | None, ways: dict[int, Way]) -> bool:
    """What goes along with its owner; of edits those alone that moved it where its owner moved."""
    state = to or was
    assert state is not None
    if was and to and changed(was, to) != {step.kind.container_column}:
        return False
    return goes_along(step, state, ways)


def _columns(db: Session, caller: Caller, kind: type[Table], rows: Sequence[State]) -> list[dict[str, Any]]:
    """Of objects that come back: what the log keeps, and what follows from it."""
    kept = set(kept_columns(kind))
    columns = [{name: value for name, value in row.items() if name in kept} for row in rows]
    if issubclass(kind, AnnotationDomain):
        for values, worked_out in zip(columns, columns_of_shapes(db, caller, rows), strict=True):
            values |= worked_out
    return columns


def closure(db: Session, steps: Sequence[Step], id: int) -> list[Step]:
    """Of a command's steps: that which brings an object back, and those of all that went with it."""
    below: dict[int, list[int]] = {}
    coming = [step for step in steps if step.way == "bring back"]
    for run in runs(coming):
        for step, _, to in states(db, run):
            for owner in owners(step.kind, to or {}):
                below.setdefault(owner, []).append(step.id)
    wanted, wave = {id}, [id]
    while wave:
        wave = [other for one in wave for other in below.get(one, ()) if other not in wanted]
        wanted.update(wave)
    return [step for step in coming if step.id in wanted]
