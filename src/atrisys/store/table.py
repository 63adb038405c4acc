"""What every table has: an id from the one sequence, times, a version; and where the change log files its rows."""

import time
from functools import cache
from typing import Any, ClassVar

from sqlalchemy import BigInteger, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def now_ms() -> int:
    """Epoch milliseconds, UTC."""
    return time.time_ns() // 1_000_000


class RowId(BigInteger):
    """The number that a row is found by (each database has its own word for it: store/spatial.py)."""


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {int: BigInteger}  # noqa: RUF012 (SQLAlchemy reads it from the class)


class Numbered(Base):
    """What is found by a number from the one sequence. On its own: written once, and in no change log."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    created: Mapped[int] = mapped_column(BigInteger, default=now_ms)

    cytomine_class: ClassVar[str] = ""
    """The value of `class` on the wire, e.g. `be.cytomine.domain.ontology.Term`."""


class Table(Numbered):
    """A kind of object with Cytomine's noun for a name."""

    __abstract__ = True

    updated: Mapped[int | None] = mapped_column(BigInteger, default=None)
    version: Mapped[int] = mapped_column(BigInteger, default=1)

    container_column: ClassVar[str | None] = None
    """Which column names the project, ontology or storage whose readers may know of this object's changes."""
    owner_column: ClassVar[str | None] = None
    """Which column names the person whose layer it lies on, where layers can be hidden."""
    exact_columns: ClassVar[tuple[str, ...]] = ()
    """Worked out from others, but not to the last digit: the log keeps them of what is edited or deleted."""


@cache
def kept_columns(cls: type[Table]) -> tuple[str, ...]:
    """The columns that the change log keeps: all but secrets and what follows from others (`info={"log": False}`)."""
    return tuple(name for name, column in cls.__mapper__.columns.items() if column.info.get("log", True))


def kept_values(row: Table) -> dict[str, Any]:
    return {name: getattr(row, name) for name in kept_columns(type(row))}
