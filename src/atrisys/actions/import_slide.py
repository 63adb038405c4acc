"""The one way in for a slide: uploads, jobs and the command line all come through here.

The bytes are kept under a name that we make, looked at in a killable child and converted there where they are a flat
picture, all outside any transaction; then, in one transaction, the uploaded file, its abstract image with all planes,
and the images in the asked projects are made.
Until that transaction there is nothing that anybody could see, and nothing is left when it does not come to it.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.require import require_not_read_only, require_storage, require_user
from atrisys.access.visible import get_row
from atrisys.actions import history
from atrisys.actions.convert_flat import Limits, convert_flat
from atrisys.actions.find_again import Alike, came_meanwhile, find_again, put_again
from atrisys.actions.receive_slide import RECORDED_AT, Delivery, Progress, Source, ext_of, ignore_progress, take_apart
from atrisys.actions.record_slide import Place, SlideRecord, Taken, settle
from atrisys.actions.store_once import stored_once
from atrisys.actions.take_in_place import take_in_place
from atrisys.errors import ConversionFailed, Invalid, Refusal, SlideUnreadable, TooLarge
from atrisys.store import queue
from atrisys.store.after_commit import after_commit
from atrisys.store.files import Received, plain_name
from atrisys.store.ids import last_id
from atrisys.store.session import Store
from atrisys.store.tables import AbstractImage, ImageInstance, Job, Project, Storage, UploadedFile
from atrisys.store.tables.files import (
    CONVERTED,
    CONVERTING,
    ERROR_CONVERSION,
    ERROR_DEPLOYMENT,
    ERROR_FORMAT,
    UNPACKED,
    UPLOADED,
    WRITE,
)

__all__ = ["Place", "Taken", "begin_again", "check_place", "put_down", "refuse", "take_in", "take_up", "upload_limit"]

JOB = "import_slide"
FAILED = (ERROR_CONVERSION, ERROR_DEPLOYMENT)
"""The bytes are still there: it may be tried again."""
TO_DO = (UPLOADED, CONVERTING, *FAILED)


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
    once: Alike | None = None,
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
        once: what came into the storage earlier, alike in this, is not taken in again: its image goes into the
            projects. Of several that come at the same time the first one to be written down came earlier.
        also: is done in the transaction in which the slide is written down.
        progress: told the fraction done and what is being done.

    Returns:
        One for each image; several for a zip with several slides, of which some may have an `error`.

    Raises:
        NotFound, NotAllowed: the storage or a project; before any byte is copied.
        SlideUnreadable, ConversionFailed, SlideChanged, TooLarge, Invalid: it cannot be taken in. Nothing is left then.
        DiskRefuses: not now.
    """
    with store.reading() as db:
        place = check_place(db, caller, storage_id, project_ids)
    name = plain_name(original_name)
    delivery = _delivered(store, source, name, in_place, progress)
    progress(RECORDED_AT, "Writing it down")
    taken: list[Taken] | None = None
    try:
        while taken is None:
            with store.reading() as db:
                before = last_id(db)
            known = find_again(store, place, delivery, once) if once else None
            with stored_once(store, delivery.kept()), store.writing() as db:
                check_place(db, caller, place.storage_id, place.project_ids)
                if once and came_meanwhile(db, place, delivery, once, before):
                    continue
                taken = put_again(db, caller, place, known) if known else None
                if taken:
                    after_commit(db, lambda: delivery.discard(store.folder))
                else:
                    taken = SlideRecord(db, caller, store.folder, place, properties).of(name, delivery)
                if also is not None:
                    also(db)
    except BaseException:
        delivery.discard(store.folder)
        raise
    delivery.prepare(store.folder, store.tiles)
    return taken


def _delivered(store: Store, source: Source, name: str, in_place: bool, progress: Progress) -> Delivery:
    """What has come, each slide inspected, flat pictures converted."""
    if in_place and isinstance(source, Path):
        return take_in_place(source, name, progress)
    delivery = take_apart(store.folder, source, name, upload_limit(store), progress)
    convert_flat(store.folder, delivery, Limits.of(store.settings), progress)
    return delivery


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
    with stored_once(store, [received]), store.writing() as db:
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
        job = _ask_for_job(db, caller, row, properties or {})
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
        if row.status not in TO_DO:
            return _taken_before(db, row)
    received = Received(row.filename, row.size, row.sha256 or "")
    name = row.original_filename
    delivery = take_apart(store.folder, received, name, upload_limit(store), progress)
    if delivery.flat:
        _say_converting(store, caller, uploaded_file_id)
    convert_flat(store.folder, delivery, Limits.of(store.settings), progress)
    progress(RECORDED_AT, "Writing it down")
    try:
        with stored_once(store, delivery.kept()), store.writing() as db:
            row = get_row(db, caller, UploadedFile, uploaded_file_id, lock=True)
            check_place(db, caller, place.storage_id, place.project_ids)
            if row.status not in TO_DO:
                delivery.discard(store.folder)
                return _taken_before(db, row)
            taken = SlideRecord(db, caller, store.folder, place, properties).of(name, delivery, row)
            if received.name != row.filename:
                after_commit(db, lambda: store.folder.drop(received.name))
    except BaseException:
        delivery.discard(store.folder)
        raise
    delivery.prepare(store.folder, store.tiles)
    return taken


def begin_again(store: Store, caller: Caller, uploaded_file_id: int) -> None:
    """Before `take_up`, after `refuse`: where the bytes were not at fault, they are there to be looked at anew."""
    with store.writing() as db:
        row = get_row(db, caller, UploadedFile, uploaded_file_id, lock=True)
        if row.status in FAILED and row.filename:
            history.edit(db, caller, row, status=UPLOADED, error=None)


def refuse(store: Store, caller: Caller, uploaded_file_id: int, reason: Refusal) -> None:
    """The file stays in the list with the reason, so that its owner sees it.

    The bytes go where they are at fault; else they stay, for their owner to fetch or to delete.
    """
    is_its_fault = isinstance(reason, SlideUnreadable | TooLarge | Invalid) and not isinstance(reason, ConversionFailed)
    with store.writing() as db:
        row = db.get(UploadedFile, uploaded_file_id)
        if row is None or row.status not in TO_DO:
            return
        name, error = row.filename, str(reason)
        if is_its_fault:
            history.edit(db, caller, row, status=ERROR_FORMAT, error=error, filename="")
            after_commit(db, lambda: store.folder.drop(name))
        else:
            status = ERROR_CONVERSION if row.status == CONVERTING else ERROR_DEPLOYMENT
            history.edit(db, caller, row, status=status, error=error)


def try_again(db: Session, caller: Caller, row: UploadedFile) -> Job:
    """Ask anew for the import of a file that failed for no fault of its bytes; who asks is who it is done for.

    Raises:
        NotAllowed: they may not write to its storage.
        Invalid: it did not fail, or its bytes were refused and are gone.
    """
    check_place(db, caller, row.storage_id, row.projects)
    if row.status not in FAILED or not row.filename:
        raise Invalid("File {file} did not fail in a way that another try could mend.", file=row.id)
    history.edit(db, caller, row, status=UPLOADED, error=None)
    asked = select(Job.arguments).where(Job.name == JOB, Job.arguments["uploaded_file"].as_integer() == row.id)
    before = db.scalar(asked.order_by(Job.id.desc()).limit(1)) or {}
    return _ask_for_job(db, caller, row, before.get("properties", {}))


def _ask_for_job(db: Session, caller: Caller, row: UploadedFile, properties: Mapping[str, str]) -> Job:
    return queue.submit(
        db,
        user_id=caller.id,
        name=JOB,
        arguments={"uploaded_file": row.id, "properties": dict(properties)},
        project_id=row.projects[0] if len(row.projects) == 1 else None,
    )


def _say_converting(store: Store, caller: Caller, uploaded_file_id: int) -> None:
    with store.writing() as db:
        row = get_row(db, caller, UploadedFile, uploaded_file_id, lock=True)
        if row.status in TO_DO:
            history.edit(db, caller, row, status=CONVERTING, error=None)


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


def upload_limit(store: Store) -> int:
    """Bytes."""
    return int(store.settings.max_upload_gb * (1 << 30))


def _taken_before(db: Session, row: UploadedFile) -> list[Taken]:
    """What a finished import has made. Raises SlideUnreadable where it was refused."""
    came = [UploadedFile.id == row.id, *([UploadedFile.parent_id == row.id] if row.status == UNPACKED else [])]
    files = db.scalars(select(UploadedFile).where(or_(*came)).order_by(UploadedFile.id)).all()
    found: list[Taken] = []
    for file in files:
        pyramid = select(UploadedFile.id).where(UploadedFile.parent_id == file.id).scalar_subquery()
        holder = pyramid if file.status == CONVERTED else file.id
        image = db.scalar(select(AbstractImage).where(AbstractImage.uploaded_file_id == holder))
        if image is not None:
            query = select(ImageInstance.id).where(ImageInstance.base_image_id == image.id).order_by(ImageInstance.id)
            found.append(Taken(image.original_filename, file.id, image.id, tuple(db.scalars(query))))
        elif file.error:
            found.append(Taken(file.original_filename, file.id, error=SlideUnreadable("{reason}", reason=file.error)))
    if len(files) == 1 and row.error:
        raise SlideUnreadable("{reason}", reason=row.error)
    return found
