"""One integer sequence for all objects and all changes."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from atrisys.store.tables import IdSequence


def take_ids(db: Session, count: int = 1) -> range:
    """`count` fresh numbers.

    The row stays locked until the transaction ends, so numbers become visible in the order in which they were given:
    whoever reads the changes up to a number has missed none.
    """
    row = update(IdSequence).where(IdSequence.name == "id").values(last=IdSequence.last + count)
    last = db.execute(row.returning(IdSequence.last)).scalar_one()
    return range(last - count + 1, last + 1)
