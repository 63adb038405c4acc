"""Storages and the files in them."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from atrisys.store.table import Table

READ, WRITE, CREATE, DELETE, ADMINISTRATION = 1, 2, 4, 8, 16
"""Cytomine's permission masks."""
UPLOADED, ERROR_FORMAT, CONVERTING, ERROR_CONVERSION, ERROR_DEPLOYMENT = 0, 11, 30, 31, 41
DEPLOYED, CONVERTED, UNPACKED = 100, 104, 106
"""Cytomine's codes of what became of a file."""


class Storage(Table):
    __tablename__ = "storage"
    cytomine_class = "be.cytomine.domain.image.server.Storage"
    container_column = "id"

    name: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id"), index=True)


class StorageMember(Table):
    """Somebody beside the owner who may use a storage, up to `permission` (a mask)."""

    __tablename__ = "storage_member"
    __table_args__ = (UniqueConstraint("user_id", "storage_id"),)
    cytomine_class = "be.cytomine.domain.image.server.StorageMember"
    container_column = "storage_id"

    storage_id: Mapped[int] = mapped_column(ForeignKey("storage.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id"))
    permission: Mapped[int] = mapped_column(default=WRITE)


class UploadedFile(Table):
    __tablename__ = "uploaded_file"
    cytomine_class = "be.cytomine.domain.image.UploadedFile"
    container_column = "storage_id"

    original_filename: Mapped[str] = mapped_column(String(1024))
    filename: Mapped[str] = mapped_column(String(1024))
    """Where it lies below the data folder's files; a name that we made, never one that was sent. Empty: no bytes."""
    given_filename: Mapped[str | None] = mapped_column(String(1024), default=None)
    """What a client called it that made a record without bytes; shown, never used."""
    ext: Mapped[str] = mapped_column(String(64), default="")
    content_type: Mapped[str] = mapped_column(String(255), default="")
    size: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str | None] = mapped_column(String(64), default=None)
    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id"))
    storage_id: Mapped[int] = mapped_column(ForeignKey("storage.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("uploaded_file.id"), index=True, default=None)
    projects: Mapped[list[Any]] = mapped_column(JSON, default=list)
    status: Mapped[int] = mapped_column(default=UPLOADED)
    """UPLOADED, DEPLOYED, … above."""
    error: Mapped[str | None] = mapped_column(default=None)
    """Why it was refused, for people."""
