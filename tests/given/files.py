from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import select

from atrisys.actions import history
from atrisys.actions.import_slide import Taken, check_place, take_in
from atrisys.actions.resume_upload import begin
from atrisys.store import queue
from atrisys.store.tables import (
    AbstractImage,
    CompanionFile,
    Job,
    OpenUpload,
    Project,
    Storage,
    StorageMember,
    UploadedFile,
)
from atrisys.store.tables.files import DEPLOYED, WRITE
from given import slides
from given.base import Base
from people import Person

LARGEST = 1 << 30


class Files(Base):
    def storage(self, owner: Person, name: str = "") -> Storage:
        """One more, beside the owner's own."""
        with self.writing() as db:
            return history.add(db, self.maker, Storage(name=name or f"storage {self.number()}", user_id=owner.id))

    def storage_member(self, storage: Storage, person: Person, permission: int = WRITE) -> StorageMember:
        """Gives somebody a right on another's storage, or another one than they had."""
        with self.writing() as db:
            known = db.scalars(
                select(StorageMember).where(StorageMember.storage_id == storage.id, StorageMember.user_id == person.id)
            ).first()
            if known:
                return history.edit(db, self.maker, known, permission=permission)
            row = StorageMember(storage_id=storage.id, user_id=person.id, permission=permission)
            return history.add(db, self.maker, row)

    def uploaded_file(
        self, owner: Person, content: bytes | None = None, storage: Storage | None = None, **columns: Any
    ) -> UploadedFile:
        """A file's record; with `content` also its bytes."""
        columns.setdefault("original_filename", f"file {self.number()}.svs")
        with self.writing() as db:
            if storage is None:
                storage = db.scalars(select(Storage).where(Storage.user_id == owner.id).order_by(Storage.id)).first()
                assert storage
            if content is not None:
                kept = self.store.folder.keep(BytesIO(content), "svs", LARGEST)
                columns |= {"filename": kept.name, "size": kept.size, "sha256": kept.sha256, "status": DEPLOYED}
            row = UploadedFile(**{"filename": "", "user_id": owner.id, "storage_id": storage.id, **columns})
            return history.add(db, self.maker, row)

    def companion_file(
        self, owner: Person, image: AbstractImage, content: bytes | None = None, **columns: Any
    ) -> CompanionFile:
        """A file beside a slide; with `content` also its bytes."""
        columns.setdefault("original_filename", f"companion {self.number()}.h5")
        file = self.uploaded_file(owner, content, original_filename=columns["original_filename"])
        with self.writing() as db:
            row = CompanionFile(image_id=image.id, uploaded_file_id=file.id, storage_id=image.storage_id)
            for name, value in {"filename": columns["original_filename"], "type": "HDF5", **columns}.items():
                setattr(row, name, value)
            return history.add(db, self.maker, row)

    def open_upload(self, owner: Person, name: str = "", length: int = 1000) -> OpenUpload:
        """An upload of which nothing has come yet."""
        assert owner.caller
        with self.store.reading() as db:
            place = check_place(db, owner.caller, None, [])
        return begin(self.store, owner.caller, place, name or f"upload {self.number()}.svs", length)

    def slide(self, owner: Person, *projects: Project, path: Path | None = None, folder: Path | None = None) -> Taken:
        """A slide that was imported, with pixels: the file at `path`, or a small one that is made in `folder`."""
        if path is None:
            assert folder
            path = slides.svs(folder / f"slide {self.number()}.svs")
        assert owner.caller
        ids = [project.id for project in projects]
        return take_in(self.store, owner.caller, path, path.name, project_ids=ids)[0]

    def job(self, owner: Person, project: Project | None = None, name: str = "import_slide", **columns: Any) -> Job:
        """A job that waits; `columns` say otherwise."""
        with self.writing() as db:
            job = queue.submit(
                db, user_id=owner.id, name=name, arguments={}, project_id=project.id if project else None
            )
            for column, value in columns.items():
                setattr(job, column, value)
            return job
