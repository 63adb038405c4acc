"""One integer sequence for all objects and all changes."""

from sqlalchemy import BigInteger, bindparam, select, update
from sqlalchemy.orm import Session

from atrisys.store import spatial
from atrisys.store.fixed import Fixed
from atrisys.store.tables import IdSequence

_SEQUENCE = IdSequence.__table__
_TAKE = Fixed(
    update(_SEQUENCE)  # pyright: ignore[reportArgumentType]
    .where(_SEQUENCE.c.name == "id")
    .values(last=_SEQUENCE.c.last + bindparam("count", type_=BigInteger))
    .returning(_SEQUENCE.c.last)
)
_LOCK = Fixed(spatial.for_update(select(_SEQUENCE.c.last).where(_SEQUENCE.c.name == "id")))


def take_ids(db: Session, count: int = 1) -> range:
    """`count` fresh numbers.

    The row stays locked until the transaction ends, so numbers become visible in the order in which they were given:
    whoever reads the changes up to a number has missed none.
    """
    ((last,),) = _TAKE.rows(db, count=count)
    return range(last - count + 1, last + 1)


def last_id(db: Session) -> int:
    """The last number that was given: what is written down later has a larger one."""
    return db.scalars(select(IdSequence.last).where(IdSequence.name == "id")).one()


def take_turn(db: Session) -> None:
    """The turn that the first number gives, without a number: for whoever locks or changes rows before they take one.

    All who write lock the sequence first and other rows after it, so that no two wait for each other in a circle.
    """
    _LOCK.rows(db)
