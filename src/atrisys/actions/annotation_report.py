"""What a report on annotations tells: a line for each, read in batches and never all held, and its picture."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, String, cast, func, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.require import is_manager
from atrisys.access.slide_file import SlideFile, slide_file
from atrisys.actions import find_annotations
from atrisys.actions.find_annotations import Wanted
from atrisys.actions.training_records import terms_of
from atrisys.errors import Refusal
from atrisys.imaging.crops import crop_box
from atrisys.imaging.outlines import outlined
from atrisys.imaging.patience import Patience, within
from atrisys.store import spatial
from atrisys.store.session import Store
from atrisys.store.tables import AbstractImage, AnnotationDomain, ImageInstance, SecUser, SliceInstance

log = logging.getLogger(__name__)

BATCH = 1_000
PICTURE_SIDE = 160
"""Pixels of the longer side."""
AROUND = 1.4
"""A picture shows more than the annotation alone."""
COLOUR, THICKNESS = "#0050ff", 2
ONE_PICTURE_S = 5.0


@dataclass(frozen=True)
class Line:
    """One annotation."""

    id: int
    image_id: int
    slice_id: int
    area: float
    area_unit: str
    perimeter: float
    perimeter_unit: str
    x: float
    """Of the centroid, in image order."""
    y: float
    height: int
    """Of the image, in pixels."""
    image: str
    """Its name; in a project that is blinded to the asker the slide's number."""
    user: str
    created: int
    """Epoch milliseconds."""
    terms: tuple[str, ...]


@dataclass(frozen=True)
class AnnotationReport:
    """A report that was asked for and found allowed."""

    kind: type[AnnotationDomain]
    project_id: int
    project_name: str
    chosen: tuple[ColumnElement[bool], ...]
    """Which annotations; those that the asker does not see are not among them."""
    is_blind: bool
    total: int


def open_report(db: Session, caller: Caller, wanted: Wanted) -> AnnotationReport:
    """Look up all that a report needs. Raises as `find_annotations.conditions`."""
    project, chosen = find_annotations.conditions(db, caller, wanted)
    return AnnotationReport(
        kind=wanted.kind,
        project_id=project.id,
        project_name=project.name,
        chosen=tuple(chosen),
        is_blind=project.blind_mode and not is_manager(db, caller, project.id),
        total=find_annotations.count(db, caller, wanted, project, chosen),
    )


def read_lines(db: Session, report: AnnotationReport, most: int | None = None) -> Iterator[Line]:
    """The annotations in the listing's order, newest first; `most`: no more than so many."""
    row = report.kind
    name: Any = cast(AbstractImage.id, String) if report.is_blind else ImageInstance.instance_filename
    query = (
        select(
            row.id, row.image_id, row.slice_id, row.area, row.area_unit, row.perimeter, row.perimeter_unit,
            row.centroid_x, row.centroid_y, func.coalesce(AbstractImage.height, 0), name, SecUser.username, row.created,
        )
        .join(ImageInstance, ImageInstance.id == row.image_id)
        .join(AbstractImage, AbstractImage.id == ImageInstance.base_image_id)
        .join(SecUser, SecUser.id == row.user_id)
        .where(*report.chosen)
        .order_by(row.id.desc())
        .limit(most)
    )  # fmt: skip
    for batch in db.connection().execute(spatial.streamed(query, BATCH)).partitions(BATCH):
        terms = terms_of(db, row, [one[0] for one in batch])
        for one in batch:
            yield Line(*one, terms=terms.get(one[0], ()))


class Pictures:
    """Pictures of annotations with their outlines, as many as there is time for; each is read when it is asked for."""

    def __init__(self, store: Store, report: AnnotationReport, most: int, limit_s: float) -> None:
        self._store, self._report, self._left = store, report, most
        self._until = time.monotonic() + limit_s
        self._slides: dict[int, SlideFile] = {}

    @property
    def is_over(self) -> bool:
        """No more are made."""
        return self._left < 1 or time.monotonic() > self._until

    def of(self, line: Line) -> bytes | None:
        """A JPEG; None where it cannot be made, or no more are."""
        if self.is_over:
            return None
        self._left -= 1
        try:
            found = self._find(line)
            if found is None:
                return None
            with within(Patience(min(ONE_PICTURE_S, max(0.1, self._until - time.monotonic())))):
                return _picture(*found)
        except (Refusal, OSError) as reason:
            log.info("no picture of annotation %s in a report: %s", line.id, reason)
            return None

    def _find(self, line: Line) -> tuple[SlideFile, BaseGeometry] | None:
        """The slide and the shape, which may be gone since the line was read."""
        with self._store.reading() as db:
            kind = self._report.kind
            shape = db.scalar(select(kind.shape).where(kind.id == line.id, *self._report.chosen))
            plane = db.get(SliceInstance, line.slice_id)
            if shape is None or plane is None:
                return None
            if plane.id not in self._slides:
                self._slides[plane.id] = slide_file(db, self._store.folder, plane)
        return self._slides[plane.id], shapely.from_wkb(shape)


def _picture(slide: SlideFile, shape: BaseGeometry) -> bytes:
    box = crop_box([shape], (slide.facts.width, slide.facts.height), AROUND)
    with slide.reading() as opened:
        picture = outlined(opened, [shape], box, slide.plane, "jpg", COLOUR, THICKNESS, max_size=PICTURE_SIDE)
    return picture.body if isinstance(picture.body, bytes) else b"".join(picture.body)
