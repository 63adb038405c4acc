"""Who may use a storage beside its owner, and up to which right."""

from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.actions.edit_members import require_people
from atrisys.errors import Invalid, NotFound
from atrisys.store.tables import AbstractImage, Storage, StorageMember, UploadedFile


def give_access(db: Session, caller: Caller, storage: Storage, user_id: int, permission: int) -> StorageMember:
    """Give somebody a right, or another one than they had. Raises NotFound, Invalid for the owner."""
    _require_not_owner(storage, user_id)
    require_people(db, [user_id])
    member = db.scalar(_of(storage, user_id))
    if member is None:
        row = StorageMember(storage_id=storage.id, user_id=user_id, permission=permission)
        return history.add(db, caller, row)
    return history.edit(db, caller, member, permission=permission)


def take_access(db: Session, caller: Caller, storage: Storage, user_id: int) -> None:
    """What lies there as theirs is the owner's from now on. Raises NotFound, Invalid for the owner."""
    _require_not_owner(storage, user_id)
    member = db.scalar(_of(storage, user_id))
    if member is None:
        raise NotFound("User {user} has no access to storage {storage}.", user=user_id, storage=storage.id)
    history.delete(db, caller, member)
    for kind in (UploadedFile, AbstractImage):
        theirs = and_(kind.storage_id == storage.id, kind.user_id == user_id)
        history.edit_many(db, caller, kind, theirs, lambda _row: {"user_id": storage.user_id})


def _require_not_owner(storage: Storage, user_id: int) -> None:
    if user_id == storage.user_id:
        raise Invalid("User {user} owns storage {storage} and keeps every right.", user=user_id, storage=storage.id)


def _of(storage: Storage, user_id: int) -> Any:
    return select(StorageMember).where(StorageMember.storage_id == storage.id, StorageMember.user_id == user_id)
