"""Delete a storage."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.errors import InUse
from atrisys.store.tables import AbstractImage, Storage, StorageMember, UploadedFile


def delete_storage(db: Session, caller: Caller, storage: Storage) -> None:
    """With the rights of others on it. Raises InUse while files or slides lie in it."""
    files = db.scalar(select(func.count()).where(UploadedFile.storage_id == storage.id)) or 0
    images = db.scalar(select(func.count()).where(AbstractImage.storage_id == storage.id)) or 0
    if files or images:
        raise InUse(
            "Storage {storage} still holds {files} files and {images} slides. Delete or move them first.",
            storage=storage.id,
            files=files,
            images=images,
        )
    history.delete_where(db, caller, StorageMember, StorageMember.storage_id == storage.id)
    history.delete(db, caller, storage)
