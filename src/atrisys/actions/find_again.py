"""Slides that lie in the storage already, by bytes and name: found there instead of becoming a second image."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from atrisys.access.caller import Caller
from atrisys.access.visible import get_row
from atrisys.actions.add_image_instance import add_image_instance
from atrisys.actions.receive_slide import Arrival, Delivery
from atrisys.actions.record_slide import Place, Taken
from atrisys.errors import PictureMissing
from atrisys.store import in_place
from atrisys.store.disk import hold_the_same
from atrisys.store.files import DataFolder
from atrisys.store.ids import take_turn
from atrisys.store.in_place import InPlace
from atrisys.store.session import Store
from atrisys.store.tables import AbstractImage, ImageInstance, Project, UploadedFile
from atrisys.store.tables.files import CONVERTED

MOST_SAME = 3
"""So many earlier files are looked at: one whose bytes went bad is no reason to refuse good ones."""
Alike = Literal["bytes", "bytes and name"]
"""What makes two the same."""
Known = tuple[UploadedFile, AbstractImage]
"""A file that came earlier, and what was made of it."""


def find_again(store: Store, place: Place, delivery: Delivery, alike_in: Alike) -> list[Known] | None:
    """For each slide the newest file in the same storage that is the same; None unless all are known.

    To be called outside any transaction: bytes are compared.
    """
    found: list[Known] = []
    for arrival in delivery.arrivals:
        if arrival.facts is None:
            return None
        with store.reading() as db:
            alike = _alike(db, place, arrival, alike_in)
        known = next((one for one in alike if _is_the_same(store.folder, one[0], arrival)), None)
        if known is None:
            return None
        found.append(known)
    return found


def came_meanwhile(db: Session, place: Place, delivery: Delivery, alike_in: Alike, after_id: int) -> bool:
    """Whether somebody else has written down what seems to be the same, since `after_id` was the last number.

    From then on it is db's turn: nobody else does so before its transaction ends.
    """
    take_turn(db)
    slides = [arrival for arrival in delivery.arrivals if arrival.facts]
    return any(image.id > after_id for slide in slides for _, image in _alike(db, place, slide, alike_in))


def _alike(db: Session, place: Place, arrival: Arrival, alike_in: Alike) -> list[Known]:
    """What seems to be the same; of a converted picture the picture itself with the image of its pyramid."""
    came, held = arrival.original or arrival.received, aliased(UploadedFile)
    below = (held.parent_id == UploadedFile.id) & (UploadedFile.status == CONVERTED)
    query = (
        select(UploadedFile, AbstractImage)
        .join(held, or_(held.id == UploadedFile.id, below))
        .join(AbstractImage, AbstractImage.uploaded_file_id == held.id)
        .where(UploadedFile.storage_id == place.storage_id, UploadedFile.size == came.size)
        .where(UploadedFile.sha256 == (came.sha256 or None))
        .order_by(UploadedFile.id.desc())
    )
    if alike_in == "bytes and name":
        query = query.where(AbstractImage.original_filename == arrival.name)
    return [(file, image) for file, image in db.execute(query.limit(MOST_SAME))]


def _is_the_same(folder: DataFolder, file: UploadedFile, arrival: Arrival) -> bool:
    try:
        if arrival.in_place or file.in_place:
            return _lies_the_same(file.in_place, arrival.in_place)
        return folder.is_same(file.filename, arrival.original or arrival.received)
    except (PictureMissing, OSError):
        return False


def _lies_the_same(there: InPlace | None, here: InPlace | None) -> bool:
    """Of slides that stay where they lie: the same files, or others that are as they were and hold the same."""
    if there is None or here is None or there == here:
        return there == here
    if len(there["files"]) != len(here["files"]) or in_place.state_of(there) != in_place.WELL:
        return False
    pairs = zip(there["files"], here["files"], strict=True)
    return all(hold_the_same(Path(old[0]), Path(new[0])) for old, new in pairs)


def put_again(db: Session, caller: Caller, place: Place, known: Sequence[Known]) -> list[Taken] | None:
    """Their images, in those projects too that have them not yet; None where one has gone meanwhile."""
    taken: list[Taken] = []
    take_turn(db)
    for file, there in known:
        image = db.get(AbstractImage, there.id, with_for_update=True)
        if image is None:
            return None
        instances = _instances(db, caller, place, image)
        taken.append(Taken(image.original_filename, file.id, image.id, instances, was_there=True))
    return taken


def _instances(db: Session, caller: Caller, place: Place, image: AbstractImage) -> tuple[int, ...]:
    there = select(ImageInstance.project_id, ImageInstance.id).where(ImageInstance.base_image_id == image.id)
    known = {row.project_id: row.id for row in db.execute(there)}
    return tuple(
        known.get(id) or add_image_instance(db, caller, get_row(db, caller, Project, id), image).id
        for id in place.project_ids
    )
