"""Undo and redo commands, and bring deleted objects back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.require import require_manager
from atrisys.access.visible import get_row, past_of
from atrisys.actions.commands import Chain, Step, chain_of, lines_of, read_steps
from atrisys.actions.take_back import Leaving, TakingBack, closure, seen_ids
from atrisys.errors import InTheWay, Invalid, NotAllowed, NotFound, NotUndoable, Refusal
from atrisys.store.by_ids import rows_for
from atrisys.store.table import Table
from atrisys.store.tables import Change, Project, Reversal

LOOK_BACK = 200
"""How many of their last commands somebody's `undo` without a number looks at."""
LOOK_AT = 20_000
"""Changes of commands that cannot be undone at which it looks: nobody else writes meanwhile."""
BY_HAND = ("web", "api")
"""Doors through which commands come that `undo` without a number means: not jobs, not the command line."""


@dataclass(frozen=True)
class TakenBack:
    steps: list[Step]
    """In the order in which they were done; those alone whose objects the caller sees."""
    left_out: int
    """Terms that were not given back, since their shapes are gone; as far as the caller would see them."""


def undo(db: Session, caller: Caller, id: int, leaving: Leaving) -> TakenBack:
    """Take one command back, whole.

    Raises:
        NotFound: no such command, or it concerns what the caller does not see.
        NotAllowed: another's, or what they could not do by hand now.
        NotUndoable: of a kind that is never undone.
        InTheWay: it is undone, or what came later would be lost.
    """
    chain = _chain(db, caller, id)
    if not chain.holds(id):
        raise InTheWay("Command {command} is undone already.", command=id)
    return _take_back(db, caller, chain, _prepared(db, caller, chain, leaving))


def redo(db: Session, caller: Caller, id: int, leaving: Leaving) -> TakenBack:
    """Do a command again that was undone. Raises as `undo`."""
    chain = _chain(db, caller, id)
    if chain.holds(id):
        raise InTheWay("Command {command} is not undone.", command=id)
    return _take_back(db, caller, chain, _prepared(db, caller, chain, leaving))


def undo_last(db: Session, caller: Caller, leaving: Leaving) -> TakenBack | None:
    """The caller's last command that holds and can be undone; None where there is none."""
    room = LOOK_AT
    for id in _own_commands(db, caller):
        chain = chain_of(db, id)
        if chain.is_undone:
            continue
        try:
            taking = _prepared(db, caller, chain, leaving)
        except (NotFound, NotUndoable):
            room -= db.scalar(select(func.count()).where(lines_of(db, chain.tip))) or 0
            if room < 0:
                break
            continue
        return _take_back(db, caller, chain, taking)
    return None


def redo_last(db: Session, caller: Caller, leaving: Leaving) -> TakenBack | None:
    """What the caller undid last, unless they gave a new command since; None where there is none."""
    newest = next(_own_commands(db, caller), 0)
    undone = select(Reversal.transaction_id).where(Reversal.user_id == caller.id, Reversal.is_undo)
    undone = undone.where(Reversal.transaction_id > newest).order_by(Reversal.transaction_id.desc())
    for id in db.scalars(undone.limit(LOOK_BACK)).all():
        chain = chain_of(db, id)
        if chain.tip == id:
            return _take_back(db, caller, chain, _prepared(db, caller, chain, leaving))
    return None


def bring_back(db: Session, caller: Caller, kind: type[Table], id: int, leaving: Leaving) -> TakenBack:
    """Bring a deleted object back with all that was deleted with it. Raises as `undo`, Invalid where it is there."""
    lines = select(Change).where(Change.object_id == id, Change.class_name == kind.__name__, past_of(caller))
    last = db.scalars(lines.order_by(Change.seq.desc()).limit(1)).first() if _fits(id) else None
    if last is None:
        raise NotFound("{kind} {id} was not found.", kind=kind.__name__, id=id)
    if last.after is not None:
        raise Invalid("{kind} {id} is not deleted.", kind=kind.__name__, id=id)
    steps = closure(db, read_steps(db, last.transaction_id), id)
    taking = TakingBack(db, caller, last.user_id or 0, steps)
    taking.check(leaving)
    return _applied(db, caller, taking, lambda: None)


def _fits(id: int) -> bool:
    return 0 <= id < 2**63


def _chain(db: Session, caller: Caller, id: int) -> Chain:
    """Raises NotFound unless the caller sees something of what the command, or what took it back last, changed."""
    if not _fits(id):
        raise _unknown(id)
    chain = chain_of(db, id)
    if _seen_line(db, caller, chain.links[0]) is None and _seen_line(db, caller, chain.tip) is None:
        raise _unknown(id)
    return chain


def _seen_line(db: Session, caller: Caller, transaction_id: int) -> Change | None:
    """The first or the last change of a transaction, if the caller sees it: what it was about is one of them."""
    lines = select(Change.seq).where(lines_of(db, transaction_id))
    last = db.scalar(lines.order_by(Change.seq.desc()).limit(1))
    if last is None:
        return None
    return db.scalars(select(Change).where(Change.seq.in_([transaction_id, last]), past_of(caller)).limit(1)).first()


def _unknown(id: int) -> NotFound:
    return NotFound("{kind} {id} was not found.", kind="Command", id=id)


def _own_commands(db: Session, caller: Caller) -> Iterator[int]:
    """The numbers of the caller's own last commands, newest first; what took others back is none."""
    own = select(Change.seq).where(Change.user_id == caller.id, Change.seq == Change.transaction_id)
    own = own.where(Change.door.in_(BY_HAND), Change.seq.not_in(select(Reversal.transaction_id)))
    yield from db.scalars(own.order_by(Change.transaction_id.desc()).limit(LOOK_BACK)).all()


def _prepared(db: Session, caller: Caller, chain: Chain, leaving: Leaving) -> TakingBack:
    """The chain's last link, looked at and ready to be taken back."""
    line = _seen_line(db, caller, chain.tip)
    if line is None:
        raise _unknown(chain.tip)
    if line.user_id != caller.id and not caller.is_admin:
        raise NotAllowed("Command {command} is taken back by who gave it, or by an administrator.", command=chain.tip)
    taking = TakingBack(db, caller, line.user_id or 0, read_steps(db, chain.tip))
    taking.check(leaving)
    if len(taking.idle) == len(taking.steps):
        raise NotUndoable("Command {command} changed nothing that could be taken back.", command=chain.tip)
    return taking


def _take_back(db: Session, caller: Caller, chain: Chain, taking: TakingBack) -> TakenBack:
    return _applied(db, caller, taking, lambda: _note(db, caller, chain))


def _note(db: Session, caller: Caller, chain: Chain) -> None:
    """Write down what this command took back, once that is done."""
    links = {"undoes_id": chain.tip, "root_id": chain.links[0], "is_undo": not chain.is_undone}
    db.add(Reversal(transaction_id=db.info["transaction_id"], user_id=caller.id, **links))
    db.flush()


def _applied(db: Session, caller: Caller, taking: TakingBack, note: Callable[[], None]) -> TakenBack:
    """`note`: the last that is done. Whoever dies before leaves a command of its own, which can be undone."""
    try:
        taking.apply()
        for step in taking.done:
            if step.kind is Project and step.way == "bring back":
                require_manager(db, caller, get_row(db, caller, Project, step.id))
        note()
    except (Refusal, IntegrityError):
        if taking.kept is not None:
            _give_back(db, caller, taking.kept)
        raise
    seen = select(Change.seq).where(past_of(caller))
    left_out = sum(1 for _ in rows_for(db, seen, Change.seq, taking.left_out))
    return TakenBack(_seen(db, caller, taking), left_out)


def _give_back(db: Session, caller: Caller, number: int) -> None:
    """Of what was refused at a later step the earlier ones are taken back again: all was done, or nothing.

    Raises InTheWay where even that does not fit any more: then the part that was done stands as a command of its own.
    """
    db.rollback()
    chain = chain_of(db, number)
    if chain.tip != number:
        return
    taking = TakingBack(db, caller, caller.id, read_steps(db, number))
    try:
        taking.apply()
        _note(db, caller, chain)
        db.commit()
    except (Refusal, IntegrityError) as error:
        db.rollback()
        raise InTheWay(
            "This was done in part, as command {command}: others changed the same objects meanwhile. Undo that command "
            "when what stands in the way is gone.",
            command=number,
        ) from error


def _seen(db: Session, caller: Caller, taking: TakingBack) -> list[Step]:
    there: dict[type[Table], list[int]] = {}
    for step in taking.done:
        if step.way != "take away":
            there.setdefault(step.kind, []).append(step.id)
    seen = taking.seen.union(*(seen_ids(db, caller, kind, ids) for kind, ids in there.items()))
    return [step for step in taking.done if step.id in seen]
