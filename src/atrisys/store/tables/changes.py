"""The log: one append-only row for each object that was changed, one for each event, and the seals over both.

And answers kept for retries.
"""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, column_property, defer, mapped_column

from atrisys.store.table import Base, RowId, now_ms


class IdSequence(Base):
    """One row: the last number given. Objects and changes share it, so that an id alone names an object."""

    __tablename__ = "id_sequence"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    last: Mapped[int]


class Change(Base):
    """What was before and what is now, as JSON; a row without `after` is the tombstone of a deleted object."""

    __tablename__ = "change"
    __table_args__ = (
        Index(None, "object_id", "seq"),
        Index(None, "container_id", "seq"),
        # Transactions by who wrote them: so that somebody's last ones are found as well.
        Index(None, "user_id", "transaction_id"),
    )

    seq: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    transaction_id: Mapped[int]
    """The number of the first change of its transaction."""
    created: Mapped[int] = mapped_column(default=now_ms)
    user_id: Mapped[int | None]
    door: Mapped[str] = mapped_column(String(16))
    """web, api, command line, job or invitation (what came of one, in the name of who invited)."""
    request_id: Mapped[str | None] = mapped_column(String(64))
    class_name: Mapped[str] = mapped_column(String(64))
    object_id: Mapped[int]
    version: Mapped[int]
    container_id: Mapped[int | None]
    owner_id: Mapped[int | None]
    before: Mapped[str | None] = mapped_column()
    after: Mapped[str | None] = mapped_column()
    is_new: Mapped[bool] = column_property(before.is_(None))
    is_gone: Mapped[bool] = column_property(after.is_(None))


class Event(Base):
    """Something that somebody did and that changed no object: signed in, looked at a slide, took data out.

    Numbered with the changes; append-only as they are. It holds no secret, nor a name or key that somebody typed.
    """

    __tablename__ = "event"
    __table_args__ = (Index(None, "user_id", "seq"), Index(None, "object_id", "seq"))

    seq: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    created: Mapped[int]
    user_id: Mapped[int | None]
    """Who it was; None where nobody proved to be anybody."""
    door: Mapped[str] = mapped_column(String(16))
    request_id: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(32))
    class_name: Mapped[str | None] = mapped_column(String(64))
    object_id: Mapped[int | None]
    what: Mapped[str | None] = mapped_column(String(64))
    """More of it: by password or by keys, the original or a clean copy, as CSV."""
    address: Mapped[str | None] = mapped_column(String(64))
    """Where somebody signed in from, or tried to."""


class Seal(Base):
    """What proves that lines of the log are as they were; each stands on the one before it (actions/seal_log.py)."""

    __tablename__ = "seal"

    number: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    """From 1 on, without gaps: two who would seal the same lines cannot both."""
    created: Mapped[int]
    after_seq: Mapped[int]
    to_seq: Mapped[int]
    """It seals all lines whose number is greater than `after_seq` and not greater than this."""
    lines: Mapped[int]
    mac: Mapped[str] = mapped_column(String(64))


WITHOUT_STATES = (defer(Change.before, raiseload=True), defer(Change.after, raiseload=True))
"""For queries of many lines: a thousand of them may hold more than memory does."""


class Reversal(Base):
    """A transaction that took another one back: an undo, or a redo, which takes the undo back.

    The first command and its reversals are a chain: each takes back the one before it, so that their number tells
    whether the command holds at present.
    """

    __tablename__ = "reversal"
    __table_args__ = (Index(None, "user_id", "transaction_id"), Index(None, "root_id", "transaction_id"))

    transaction_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    undoes_id: Mapped[int] = mapped_column(unique=True)
    """The transaction that it took back: nothing is taken back twice."""
    root_id: Mapped[int]
    """The command at the head of the chain."""
    is_undo: Mapped[bool]
    """Whether the command is undone by it; else it is done again."""
    user_id: Mapped[int]


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
