"""Give a huge slide the small levels that its file lacks."""

import secrets
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.slide_file import SlideFile, slide_file
from atrisys.access.visible import get_row
from atrisys.actions import history
from atrisys.errors import Invalid
from atrisys.imaging import make_levels as imaging
from atrisys.imaging.lacking import lacking
from atrisys.imaging.reader import Level, Plane, SlideFacts
from atrisys.imaging.slides import added_name, files_of
from atrisys.store import disk, queue
from atrisys.store.after_commit import after_commit, after_rollback
from atrisys.store.disk import disk_trouble_said
from atrisys.store.files import DataFolder
from atrisys.store.session import Store
from atrisys.store.tables import AbstractImage, Job

JOB = "make_levels"
SPARE_BYTES = 1 << 30
"""By so much the levels may be larger than the slide's own bytes."""


def ask_for_levels(db: Session, caller: Caller, base: AbstractImage, project_id: int | None = None) -> Job:
    """Ask for the job that makes them."""
    arguments = {"abstract_image": base.id}
    return queue.follow_up(db, user_id=caller.id, name=JOB, arguments=arguments, project_id=project_id)


def ask_anew(db: Session, caller: Caller, folder: DataFolder, base: AbstractImage) -> Job:
    """The same for a slide that is here already. Raises Invalid where its file lacks none, TooManyJobs."""
    if not lacking(_own(slide_file(db, folder, base).facts)):
        raise Invalid("The file of image {image} lacks no levels.", image=base.id)
    return queue.submit(db, user_id=caller.id, name=JOB, arguments={"abstract_image": base.id})


def make_levels(store: Store, caller: Caller, base_id: int, progress: Callable[[float], None]) -> dict[str, Any]:
    """Make the missing levels of all planes; they are told of, all together, when they lie on the disk.

    Nothing is done where they are there already: asking again and again costs nothing.

    Whoever is killed meanwhile leaves a folder that nobody knows of, and that the next making removes.

    Raises:
        NotFound, PictureMissing: the slide is gone.
        Invalid: its file lacks no levels.
        TooLarge: they would be larger than the slide.
    """
    with store.reading() as db:
        base = get_row(db, caller, AbstractImage, base_id)
        file_id, slide = base.uploaded_file_id, slide_file(db, store.folder, base)
    facts = _own(slide.facts)
    levels = lacking(facts)
    if not levels or file_id is None:
        raise Invalid("The file of image {image} lacks no levels.", image=base_id)
    if slide.added and all((slide.added.folder / added_name(plane)).exists() for plane in _planes(facts)):
        return {"abstractImage": base_id, "levels": 0, "bytes": 0}
    name = f"{file_id}/{secrets.token_hex(8)}"
    target = store.folder.levels / name
    with disk_trouble_said():
        target.mkdir(mode=0o700, parents=True)
    try:
        size = _write(store, slide, facts, levels, name, progress)
        disk.flush_folder(target)
        kept = tuple(replace(level, kept_in=name) for level in levels)
        with store.writing() as db:
            base = get_row(db, caller, AbstractImage, base_id, lock=True)
            after_rollback(db, lambda: disk.remove(target))
            history.edit(db, caller, base, facts=asdict(replace(facts, levels=facts.levels + kept)))
            after_commit(db, lambda: store.folder.drop_levels(file_id, but=target.name))
    except BaseException:
        disk.remove(target)
        raise
    return {"abstractImage": base_id, "levels": len(levels), "bytes": size}


def _write(
    store: Store,
    slide: SlideFile,
    facts: SlideFacts,
    levels: tuple[Level, ...],
    name: str,
    progress: Callable[[float], None],
) -> int:
    planes = _planes(facts)
    own_bytes = sum(file.stat().st_size for file in files_of(slide.path))
    room, written = min(own_bytes + SPARE_BYTES, disk.room_in(store.folder.levels)), 0
    with replace(slide, facts=facts, added=None).reading() as opened:
        for number, plane in enumerate(planes):
            target = store.folder.levels / name / added_name(plane)
            disk.require_room(target.parent, imaging.bytes_beside(facts, levels))
            with disk_trouble_said():
                written += imaging.make_levels(
                    opened, plane, levels, target, room - written,
                    lambda fraction, number=number: progress((number + fraction) / len(planes)),
                )  # fmt: skip
    return written


def _planes(facts: SlideFacts) -> list[Plane]:
    return [Plane(c, z, t) for t in range(facts.duration) for z in range(facts.depth) for c in range(facts.channels)]


def _own(facts: SlideFacts) -> SlideFacts:
    """The same of the file alone, without what was made."""
    return replace(facts, levels=tuple(level for level in facts.levels if not level.kept_in))
