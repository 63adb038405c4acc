"""The change log: one append-only row for each object that was changed. And answers kept for retries."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from atrisys.store.table import Base, RowId, now_ms


class IdSequence(Base):
    """One row: the last number given. Objects and changes share it, so that an id alone names an object."""

    __tablename__ = "id_sequence"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    last: Mapped[int]


class Change(Base):
    """What was before and what is now, as JSON; a row without `after` is the tombstone of a deleted object."""

    __tablename__ = "change"
    __table_args__ = (Index(None, "object_id", "seq"), Index(None, "container_id", "seq"))

    seq: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    transaction_id: Mapped[int] = mapped_column(index=True)
    """The number of the first change of its transaction."""
    created: Mapped[int] = mapped_column(default=now_ms)
    user_id: Mapped[int | None]
    door: Mapped[str] = mapped_column(String(16))
    """web, api, command line or job."""
    request_id: Mapped[str | None] = mapped_column(String(64))
    class_name: Mapped[str] = mapped_column(String(64))
    object_id: Mapped[int]
    version: Mapped[int]
    container_id: Mapped[int | None]
    owner_id: Mapped[int | None]
    before: Mapped[str | None]
    after: Mapped[str | None]


class IdempotentAnswer(Base):
    """The answer to a request that carried an `Idempotency-Key`, given again when the request comes again."""

    __tablename__ = "idempotent_answer"

    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request: Mapped[str] = mapped_column(String(64))
    """Hash of method, address and body: the same key with another request is refused."""
    status: Mapped[int]
    body: Mapped[bytes]
    created: Mapped[int] = mapped_column(default=now_ms, index=True)
