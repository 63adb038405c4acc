"""The one way in for a slide: uploads, jobs and the command line all come through here.

The bytes are kept under a name that we make and looked at in a killable child, both outside any transaction; then, in
one transaction, the uploaded file, its abstract image with all planes, and the images in the asked projects are made.
Until that transaction there is nothing that anybody could see, and nothing is left when it does not come to it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.require import require_not_read_only, require_storage, require_user
from atrisys.access.visible import get_row
from atrisys.actions import history
from atrisys.actions.receive_slide import Progress, Source, ext_of, ignore_progress, take_apart
from atrisys.actions.record_slide import Place, SlideRecord, Taken, settle
from atrisys.actions.take_in_place import take_in_place
from atrisys.errors import Invalid, Refusal, SlideUnreadable, TooLarge
from atrisys.store import queue
from atrisys.store.after_commit import after_commit
from atrisys.store.files import Received, plain_name
from atrisys.store.session import Store
from atrisys.store.tables import AbstractImage, ImageInstance, Job, Project, Storage, UploadedFile
from atrisys.store.tables.files import ERROR_DEPLOYMENT, ERROR_FORMAT, UPLOADED, WRITE

__all__ = ["Place", "Taken", "begin_again", "check_place", "put_down", "refuse", "take_in", "take_up", "upload_limit"]

JOB = "import_slide"
RECORDED_AT = 0.95
WAITS = (UPLOADED, ERROR_DEPLOYMENT)
"""Not taken up yet, or given up for a reason that is not the file's: it may be tried (again)."""
MOST_SAME = 3
"""So many kept files are compared with one that seems to be the same; one whose bytes went bad is no reason to stop."""


def do_nothing(_db: Session, _file: UploadedFile, _job: Job) -> None:
    """Nothing else is to be written."""


def take_in(
    store: Store,
    caller: Caller,
    source: Source,
    original_name: str,
    *,
    storage_id: int | None = None,
    project_ids: Sequence[int] = (),
    properties: Mapping[str, str] | None = None,
    in_place: bool = False,
    progress: Progress = ignore_progress,
    also: Callable[[Session], None] | None = None,
) -> list[Taken]:
    """Import a slide, or the slides of a zip, from beginning to end. For those who can wait.

    To be called outside any transaction: it opens short ones of its own.

    Args:
        source: a file (copied), a folder that is one slide (DICOM, MRXS), a zip, a stream, or a `Received` file.
        original_name: what people call it: any text.
        storage_id: None for the caller's own.
        project_ids: the image is added to each of them.
        properties: kept with the image.
        in_place: the slide (a path then, no zip) is read where it lies from now on; nothing is copied.
        also: is done in the transaction in which the slide is written down.
        progress: told the fraction done and what is being done.

    Returns:
        One for each image; several for a zip with several slides, of which some may have an `error`.

    Raises:
        NotFound, NotAllowed: the storage or a project; before any byte is copied.
        SlideUnreadable, SlideChanged, TooLarge, Invalid: it cannot be taken in. Nothing is left then.
        DiskRefuses: not now.
    """
    with store.reading() as db:
        place = check_place(db, caller, storage_id, project_ids)
    name = plain_name(original_name)
    limit = upload_limit(store)
    if in_place and isinstance(source, Path):
        delivery = take_in_place(source, name, progress)
    else:
        delivery = take_apart(store.folder, source, name, limit, progress)
    progress(RECORDED_AT, "Writing it down")
    try:
        store_once(store, delivery.kept())
        with store.writing() as db:
            check_place(db, caller, place.storage_id, place.project_ids)
            taken = SlideRecord(db, caller, store.folder, place, properties).of(name, delivery)
            if also is not None:
                also(db)
    except BaseException:
        delivery.discard(store.folder)
        raise
    return taken


def put_down(
    store: Store,
    caller: Caller,
    received: Received,
    original_name: str,
    place: Place,
    properties: Mapping[str, str] | None = None,
    also: Callable[[Session, UploadedFile, Job], None] = do_nothing,
) -> tuple[UploadedFile, Job]:
    """Keep a received file as it is and ask for a job that looks at it (`take_up`). For those who cannot wait.

    `also` is done in the same transaction.
    """
    name = plain_name(original_name)
    store_once(store, [received])
    project_id = place.project_ids[0] if len(place.project_ids) == 1 else None
    with store.writing() as db:
        check_place(db, caller, place.storage_id, place.project_ids)
        row = UploadedFile(
            original_filename=name,
            filename=store.folder.settled_name(received.name),
            ext=ext_of(name)[:64],
            size=received.size,
            sha256=received.sha256,
            user_id=caller.id,
            storage_id=place.storage_id,
            projects=list(place.project_ids),
            status=UPLOADED,
        )
        history.add(db, caller, row)
        job = queue.submit(
            db,
            user_id=caller.id,
            name=JOB,
            arguments={"uploaded_file": row.id, "properties": dict(properties or {})},
            project_id=project_id,
        )
        also(db, row, job)
        settle(db, store.folder, received.name)
    return row, job


def take_up(
    store: Store,
    caller: Caller,
    uploaded_file_id: int,
    properties: Mapping[str, str] | None = None,
    progress: Progress = ignore_progress,
) -> list[Taken]:
    """Import a file that was put down before. Doing it a second time changes nothing and says what came of the first.

    Raises: as `take_in`; then call `refuse`.
    """
    with store.reading() as db:
        row = get_row(db, caller, UploadedFile, uploaded_file_id)
        place = check_place(db, caller, row.storage_id, row.projects)
        if row.status not in WAITS:
            return _taken_before(db, row)
    received = Received(row.filename, row.size, row.sha256 or "")
    name = row.original_filename
    delivery = take_apart(store.folder, received, name, upload_limit(store), progress)
    progress(RECORDED_AT, "Writing it down")
    try:
        store_once(store, delivery.kept())
        with store.writing() as db:
            row = get_row(db, caller, UploadedFile, uploaded_file_id, lock=True)
            check_place(db, caller, place.storage_id, place.project_ids)
            if row.status not in WAITS:
                delivery.discard(store.folder)
                return _taken_before(db, row)
            taken = SlideRecord(db, caller, store.folder, place, properties).of(name, delivery, row)
            if received.name != row.filename:
                after_commit(db, lambda: store.folder.drop(received.name))
    except BaseException:
        delivery.discard(store.folder)
        raise
    return taken


def begin_again(store: Store, caller: Caller, uploaded_file_id: int) -> None:
    """Before `take_up`, after `refuse`: where the bytes were not at fault, they are there to be looked at anew."""
    with store.writing() as db:
        row = get_row(db, caller, UploadedFile, uploaded_file_id, lock=True)
        if row.status == ERROR_DEPLOYMENT and row.filename:
            history.edit(db, caller, row, status=UPLOADED, error=None)


def refuse(store: Store, caller: Caller, uploaded_file_id: int, reason: Refusal) -> None:
    """The file stays in the list with the reason, so that its owner sees it.

    The bytes go where they are at fault; else they stay, for their owner to fetch or to delete.
    """
    is_its_fault = isinstance(reason, SlideUnreadable | TooLarge | Invalid)
    with store.writing() as db:
        row = db.get(UploadedFile, uploaded_file_id)
        if row is None or row.status not in WAITS:
            return
        name, error = row.filename, str(reason)
        if is_its_fault:
            history.edit(db, caller, row, status=ERROR_FORMAT, error=error, filename="")
            after_commit(db, lambda: store.folder.drop(name))
        else:
            history.edit(db, caller, row, status=ERROR_DEPLOYMENT, error=error)


def check_place(db: Session, caller: Caller, storage_id: int | None, project_ids: Sequence[int]) -> Place:
    """Where the caller may put a slide. Raises NotFound, NotAllowed; Invalid where they have no storage."""
    require_user(caller)
    if storage_id is None:
        own = select(Storage.id).where(Storage.user_id == caller.id).order_by(Storage.id).limit(1)
        storage_id = db.scalar(own)
        if storage_id is None:
            raise Invalid("{user} has no storage of their own. Name one.", user=caller.username)
    storage = get_row(db, caller, Storage, storage_id)
    require_storage(db, caller, storage, WRITE)
    projects = [get_row(db, caller, Project, id) for id in dict.fromkeys(project_ids)]
    for project in projects:
        require_not_read_only(db, caller, project.id, project.mode)
    return Place(storage.id, tuple(project.id for project in projects))


def store_once(store: Store, several: Iterable[Received]) -> None:
    """Bytes that lie here already become second names of these. Who may see those is nobody's business here."""
    for received in several:
        with store.reading() as db:
            same = select(UploadedFile.filename).where(
                UploadedFile.sha256 == received.sha256,
                UploadedFile.size == received.size,
                UploadedFile.filename != "",
            )
            kept = db.scalars(same.order_by(UploadedFile.id.desc()).limit(MOST_SAME)).all()
        any(store.folder.store_once(name, received) for name in kept)


def upload_limit(store: Store) -> int:
    """Bytes."""
    return int(store.settings.max_upload_gb * (1 << 30))


def _taken_before(db: Session, row: UploadedFile) -> list[Taken]:
    """What a finished import has made. Raises SlideUnreadable where it was refused."""
    files = db.scalars(
        select(UploadedFile)
        .where(or_(UploadedFile.id == row.id, UploadedFile.parent_id == row.id))
        .order_by(UploadedFile.id)
    ).all()
    found: list[Taken] = []
    for file in files:
        image = db.scalar(select(AbstractImage).where(AbstractImage.uploaded_file_id == file.id))
        if image is not None:
            query = select(ImageInstance.id).where(ImageInstance.base_image_id == image.id).order_by(ImageInstance.id)
            found.append(Taken(image.original_filename, file.id, image.id, tuple(db.scalars(query))))
        elif file.error:
            found.append(Taken(file.original_filename, file.id, error=SlideUnreadable("{reason}", reason=file.error)))
    if len(files) == 1 and row.error:
        raise SlideUnreadable("{reason}", reason=row.error)
    return found
