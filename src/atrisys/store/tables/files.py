"""Storages and the files in them."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from atrisys.store.table import Numbered, Table

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
    __table_args__ = (Index(None, "sha256"),)
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
    in_place: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    """Of a slide that is read where it lies: its files as they were (store/in_place.py); they are never ours to remove.
    """
    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id"))
    storage_id: Mapped[int] = mapped_column(ForeignKey("storage.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("uploaded_file.id"), index=True, default=None)
    projects: Mapped[list[Any]] = mapped_column(JSON, default=list)
    status: Mapped[int] = mapped_column(default=UPLOADED)
    """UPLOADED, DEPLOYED, … above."""
    error: Mapped[str | None] = mapped_column(default=None)
    """Why it was refused, for people."""


class OpenUpload(Table):
    """A file that comes piece by piece, perhaps over days (tus).

    Not in the change log, as little as jobs are: it is its sender's business alone, and the uploaded file that comes
    of it stands there.
    """

    __tablename__ = "open_upload"
    cytomine_class = "atrisys.OpenUpload"

    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    sent_metadata: Mapped[str] = mapped_column(default="")
    """`Upload-Metadata` as it was sent."""
    length: Mapped[int]
    offset: Mapped[int] = mapped_column(default=0)
    """So many bytes are on the disk for good. It is the whole length only together with `uploaded_file_id`."""
    kept_name: Mapped[str] = mapped_column(String(255))
    """Where the bytes lie (store/growing.py)."""
    expires: Mapped[int] = mapped_column(index=True)
    storage_id: Mapped[int]
    projects: Mapped[list[Any]] = mapped_column(JSON, default=list)
    properties: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    uploaded_file_id: Mapped[int | None] = mapped_column(default=None)
    job_id: Mapped[int | None] = mapped_column(default=None)


class WatchedFile(Numbered):
    """A slide that `atrisys watch` has dealt with: it is not taken in twice."""

    __tablename__ = "watched_file"
    __table_args__ = (UniqueConstraint("project_id", "stamp"),)
    cytomine_class = "atrisys.WatchedFile"

    project_id: Mapped[int]
    place: Mapped[str] = mapped_column(String(4096))
    stamp: Mapped[str] = mapped_column(String(64))
    """A digest of its files' places, sizes and times."""
