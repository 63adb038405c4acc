"""Long tasks: a row each."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from atrisys.store.table import Table


class Job(Table):
    """Who asked for what, how far it is, what came of it."""

    __tablename__ = "job"
    __table_args__ = (Index(None, "state", "id"), Index(None, "user_id", "started"))
    cytomine_class = "atrisys.Job"
    container_column = "project_id"

    name: Mapped[str] = mapped_column(String(64))
    """Which room of jobs/ does it: `import_slide`, `export_training_data`."""
    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id"))
    project_id: Mapped[int | None] = mapped_column(default=None, index=True)
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    """waiting, running, cancelling, done, failed or cancelled."""
    progress: Mapped[float] = mapped_column(default=0.0)
    """0 to 1."""
    message: Mapped[str] = mapped_column(default="")
    log: Mapped[str] = mapped_column(default="")
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    started: Mapped[int | None] = mapped_column(default=None)
    ended: Mapped[int | None] = mapped_column(default=None)
    runner: Mapped[str | None] = mapped_column(String(64), default=None, info={"private": True})
    """Which server process runs it, and a number for this run of it: whoever holds another has lost the job."""
    seen: Mapped[int | None] = mapped_column(default=None, info={"private": True})
    """The runner's last sign of life."""
    tries: Mapped[int] = mapped_column(default=0)
    """How often it was begun: a job whose runner dies again and again is given up."""
