"""What an export reads of an image: its facts, and its annotations as plain records, in the listing's order."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, null, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.visible import layers_in
from atrisys.exports.class_map import ClassMap
from atrisys.exports.records import AnnotationRecord, ImageRecord
from atrisys.imaging.reader import Plane
from atrisys.store.planes import reference_of, slices_of
from atrisys.store.tables import (
    TERMS_OF,
    AbstractImage,
    AnnotationDomain,
    ImageInstance,
    Project,
    Term,
    UploadedFile,
    UserAnnotation,
)

BATCH = 2_000


@dataclass(frozen=True)
class Sheet:
    """One image of an export, and what is needed to read its annotations and pixels."""

    record: ImageRecord
    annotations: int
    seen: ColumnElement[bool]
    """Which annotations the caller sees."""
    slices: dict[int, Plane]
    plane: Plane
    """The reference slice's: the one that a picture shows."""
    file: UploadedFile | None
    format: str
    kind: type[AnnotationDomain] = UserAnnotation


def open_sheet(
    db: Session,
    caller: Caller,
    project: Project,
    image: ImageInstance,
    kind: type[AnnotationDomain] = UserAnnotation,
    *chosen: ColumnElement[bool],
) -> Sheet:
    """What an export needs to know of one image. `chosen`: which of its annotations are wanted, where not all are."""
    base = db.get_one(AbstractImage, image.base_image_id)
    seen = and_(kind.image_id == image.id, layers_in(db, caller, project, kind=kind), *chosen)
    # In a blind project nobody shall know whose slide it is.
    blind = project.blind_mode
    record = ImageRecord(
        id=image.id,
        name=str(base.id) if blind else image.instance_filename,
        width=base.width or 0,
        height=base.height or 0,
        mpp_x=image.mpp_x or base.mpp_x,
        mpp_y=image.mpp_y or base.mpp_y,
        magnification=image.magnification or base.magnification,
        case=None if blind else base.case_key,
    )
    slices = slices_of(db, image.id)
    planes = {id: Plane(c, z, t) for id, c, z, t in slices}
    return Sheet(
        record=record,
        annotations=db.scalar(select(func.count(kind.id)).where(seen)) or 0,
        seen=seen,
        slices=planes,
        plane=planes[reference_of(slices).id] if slices else Plane(),
        file=db.scalar(select(UploadedFile).where(UploadedFile.id == base.uploaded_file_id)),
        format=base.format or "",
        kind=kind,
    )


def read_records(db: Session, sheet: Sheet, classes: ClassMap) -> Iterator[AnnotationRecord]:
    """The annotations of one image in the listing's order (newest first), some thousand held at a time."""
    row: Any = sheet.kind
    source = UserAnnotation.source if row is UserAnnotation else null()
    columns = select(row.id, row.shape, row.slice_id, source, row.parent_id).where(sheet.seen)
    connection, last = db.connection(), None
    while True:
        query = columns if last is None else columns.where(row.id < last)
        batch = connection.execute(query.order_by(row.id.desc()).limit(BATCH)).all()
        if not batch:
            return
        last = batch[-1][0]
        terms = terms_of(db, row, [one[0] for one in batch])
        for id, shape, slice_id, source, parent in batch:
            names = terms.get(id, ())
            number, name = classes.of(names)
            yield AnnotationRecord(
                id=id,
                image_id=sheet.record.id,
                shape=shape,
                class_id=number,
                class_name=name,
                terms=names,
                source=source,
                parent_id=parent,
                plane=sheet.slices.get(slice_id, Plane()),
            )


def terms_of(db: Session, kind: type[AnnotationDomain], ids: list[int]) -> dict[int, tuple[str, ...]]:
    """Names of the terms of some annotations of one kind, in the order in which they were given."""
    link = TERMS_OF[kind]
    query = select(link.annotation_id, Term.name).join(Term, Term.id == link.term_id)
    found: dict[int, list[str]] = {}
    for id, name in db.connection().execute(query.where(link.annotation_id.in_(ids)).order_by(link.id)):
        names = found.setdefault(id, [])
        if name not in names:
            names.append(name)
    return {id: tuple(names) for id, names in found.items()}
