"""Delete an uploaded file, or move it to another storage, with all that was made from it."""

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.actions.delete_image import delete_abstract_image
from atrisys.errors import NotAllowed
from atrisys.store.after_commit import after_commit
from atrisys.store.files import DataFolder
from atrisys.store.tables import AbstractImage, AbstractSlice, CompanionFile, Storage, UploadedFile


def delete_uploaded_file(db: Session, caller: Caller, folder: DataFolder, file: UploadedFile) -> None:
    """Its parts, slides and planes go with it, and the bytes once that is kept.

    Raises:
        NotAllowed: it is part of another file, or projects use its slides.
    """
    _require_root(file)
    for part in reversed(_with_parts(db, file)):
        for image in db.scalars(select(AbstractImage).where(AbstractImage.uploaded_file_id == part.id)).all():
            delete_abstract_image(db, caller, image)
        history.delete_where(db, caller, CompanionFile, CompanionFile.uploaded_file_id == part.id)
        _delete(db, caller, folder, part)


def delete_companion_file(db: Session, caller: Caller, folder: DataFolder, companion: CompanionFile) -> None:
    """Its file goes with it where it came with the slide and serves nothing else; nobody could delete it any more."""
    history.delete(db, caller, companion)
    file = db.get_one(UploadedFile, companion.uploaded_file_id)
    users = (select(kind.id).where(kind.uploaded_file_id == file.id) for kind in (AbstractImage, CompanionFile))
    if file.parent_id is not None and file.filename and all(db.scalar(query.limit(1)) is None for query in users):
        _delete(db, caller, folder, file)


def _delete(db: Session, caller: Caller, folder: DataFolder, file: UploadedFile) -> None:
    """The bytes go once that is kept."""
    history.delete(db, caller, file)
    after_commit(db, lambda id=file.id: folder.drop_levels(id))
    if name := file.filename:
        after_commit(db, lambda: folder.drop(name))
    elif place := file.in_place:
        after_commit(db, lambda: folder.forget_tiles(Path(place["path"])))


def move_uploaded_file(db: Session, caller: Caller, file: UploadedFile, storage: Storage) -> None:
    """Its parts, slides and planes go with it. Raises NotAllowed for a part of another file."""
    _require_root(file)
    for part in _with_parts(db, file):
        history.edit(db, caller, part, storage_id=storage.id)
        for image in db.scalars(select(AbstractImage).where(AbstractImage.uploaded_file_id == part.id)).all():
            history.edit(db, caller, image, storage_id=storage.id)
            for kind in (AbstractSlice, CompanionFile):
                history.edit_many(db, caller, kind, kind.image_id == image.id, lambda _row: {"storage_id": storage.id})


def _require_root(file: UploadedFile) -> None:
    if file.parent_id is not None:
        raise NotAllowed("File {file} came in file {parent} and goes with it.", file=file.id, parent=file.parent_id)


def _with_parts(db: Session, file: UploadedFile) -> list[UploadedFile]:
    """The file and what came in it, parents before their parts."""
    found, wave = [file], [file.id]
    while wave:
        parts = db.scalars(select(UploadedFile).where(UploadedFile.parent_id.in_(wave)).order_by(UploadedFile.id)).all()
        found += parts
        wave = [part.id for part in parts]
    return found
