"""From a row that shows a slide to the file with its pixels, ready to be opened outside any transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.orm import Session

from atrisys.errors import PictureFailed, PictureMissing, SlideUnreadable
from atrisys.imaging import deidentify
from atrisys.imaging.deidentify import Finding
from atrisys.imaging.reader import Plane, SlideFacts
from atrisys.imaging.slides import Added, SharedSlide, facts_from, open_slide
from atrisys.store import in_place
from atrisys.store.files import DataFolder
from atrisys.store.in_place import InPlace
from atrisys.store.planes import reference_of, slices_of
from atrisys.store.tables import (
    AbstractImage,
    AbstractSlice,
    AnnotationDomain,
    ImageInstance,
    SliceInstance,
    UploadedFile,
)

Shows = AbstractImage | AbstractSlice | ImageInstance | SliceInstance | AnnotationDomain
"""What a picture can be asked of; an annotation shows the plane that it lies on."""


@dataclass(frozen=True)
class SlideFile:
    """A slide's file, and the plane of it that is meant."""

    base_id: int
    """Of the abstract image."""
    path: Path
    facts: SlideFacts
    plane: Plane
    mark: str
    """Another one whenever the pixels may be others."""
    image_id: int | None = None
    """Of the image in a project, where it was asked there."""
    slice_id: int | None = None
    """Of the plane in a project; None where the image has but one."""
    in_place: InPlace | None = None
    """Of a slide that is not ours: how its files were."""
    added: Added | None = None
    """The levels that its file lacks and that we made."""

    @contextmanager
    def reading(self) -> Iterator[SharedSlide]:
        """The open slide.

        Raises:
            PictureMissing: its file is gone.
            PictureFailed: it cannot be read; the words name the image, never our file.
            SlideAway, SlideChanged: it lies elsewhere, and was taken away or changed until it was read.
        """
        try:
            yield open_slide(self.path, self.facts.format, self.added)
        except SlideUnreadable as failure:
            self._require_as_it_was()
            raise self._by_its_number(failure) from failure
        except PictureMissing as missing:
            self._require_as_it_was()
            raise _missing(self.base_id) from missing
        except OSError:
            self._require_as_it_was()
            raise
        self._require_as_it_was()

    def _require_as_it_was(self) -> None:
        if self.in_place is not None:
            in_place.require_as_it_was(self.in_place)

    def survey(self, name: str) -> list[Finding]:
        """What there is in it that may name somebody; `name` is the one that people know it by.

        Raises SlideUnreadable where it cannot be looked through.
        """
        try:
            return deidentify.survey(self.path, self.facts.format, name)
        except SlideUnreadable as failure:
            raise self._by_its_number(failure, SlideUnreadable) from failure

    def write_clean_copy(self, name: str, to: Path) -> None:
        """A copy without all that. Raises SlideUnreadable where there can be none."""
        try:
            deidentify.make_clean_copy(self.path, self.facts.format, name, to)
        except SlideUnreadable as failure:
            raise self._by_its_number(failure, SlideUnreadable) from failure

    def _by_its_number(self, failure: SlideUnreadable, kind: type[SlideUnreadable] = PictureFailed) -> SlideUnreadable:
        """Readers know the file by the name that we made, or by its own in its folder, and may say where it lies."""
        number = f"image {self.base_id}"
        params = {"reason": failure.message, **failure.params, "name": number}
        inside = [file.name for file in self.path.rglob("*")] if self.path.is_dir() else []
        for where in (self.path, self.path.resolve(), self.path.parent, self.path.name, *inside):
            params = {
                key: value.replace(str(where), number) if isinstance(value, str) else value
                for key, value in params.items()
            }
        template = failure.template if failure.params else "{name} cannot be read ({reason})"
        return kind(template, **params)


def slide_file(db: Session, folder: DataFolder, row: Shows) -> SlideFile:
    """The file behind a row that the asker is known to see. Nothing is opened yet.

    An image is shown by its reference slice: the one at the median channel, z and time.

    Raises:
        PictureMissing: the record has no file, or the file is gone.
        SlideAway, SlideChanged: it lies elsewhere, and cannot be reached or is another.
    """
    behind = _behind(db, row)
    base_id = behind.base_id
    if behind.facts is None or behind.filename is None:
        raise PictureMissing("There is no file behind image {image}.", image=base_id)
    if behind.slice_file_id not in (None, behind.file_id):
        raise PictureMissing("Slice {slice} is in another file than its image.", slice=behind.slice_id)
    path = in_place.path_of(folder, behind.filename, behind.in_place)
    try:
        stat = path.stat()
    except OSError as reason:
        raise _missing(base_id) from reason
    facts = facts_from(behind.facts)
    plane, slice_id = _plane(db, row, behind, facts)
    made = tuple(level for level in facts.levels if level.kept_in)
    added = Added(folder.levels / made[0].kept_in, made) if made else None
    marks = [base_id, behind.file_id, behind.sha256, stat.st_size, stat.st_mtime_ns, plane]
    marks += [level.kept_in for level in made[:1]]
    return SlideFile(
        base_id=base_id,
        path=path,
        facts=facts,
        plane=plane,
        mark=" ".join(str(one) for one in marks),
        image_id=_image_id(row),
        slice_id=slice_id,
        in_place=behind.in_place,
        added=added,
    )


def _image_id(row: Shows) -> int | None:
    if isinstance(row, SliceInstance | AnnotationDomain):
        return row.image_id
    return row.id if isinstance(row, ImageInstance) else None


def _slice_id(row: Shows) -> int | None:
    if isinstance(row, AnnotationDomain):
        return row.slice_id
    return row.id if isinstance(row, SliceInstance) else None


def _missing(base_id: int) -> PictureMissing:
    return PictureMissing("The file of image {image} is missing. Tell the server's administrator.", image=base_id)


class _Behind(NamedTuple):
    """What lies behind a row; the columns of `_OF_BASE`, then of `_OF_SLICE`."""

    base_id: int
    facts: dict[str, Any] | None
    file_id: int | None
    """None where no bytes ever came."""
    filename: str | None
    sha256: str | None
    in_place: InPlace | None
    slice_id: int | None = None
    slice_file_id: int | None = None
    channel: int = 0
    z_stack: int = 0
    time: int = 0


_ID = bindparam("id", type_=BigInteger)
_OF_BASE = (
    select(
        AbstractImage.id,
        AbstractImage.facts,
        UploadedFile.id,
        UploadedFile.filename,
        UploadedFile.sha256,
        UploadedFile.in_place,
    )
    .select_from(AbstractImage)
    .outerjoin(UploadedFile, UploadedFile.id == AbstractImage.uploaded_file_id)
)
_OF_SLICE = _OF_BASE.join(AbstractSlice, AbstractSlice.image_id == AbstractImage.id).add_columns(
    AbstractSlice.id,
    AbstractSlice.uploaded_file_id,
    AbstractSlice.channel,
    AbstractSlice.z_stack,
    AbstractSlice.time,
)
_BY_BASE = _OF_BASE.where(AbstractImage.id == _ID)
_BY_SLICE = _OF_SLICE.where(AbstractSlice.id == _ID)
_BY_INSTANCE = _OF_SLICE.join(SliceInstance, SliceInstance.base_slice_id == AbstractSlice.id).where(
    SliceInstance.id == _ID
)
"""Made once: building a query takes several times as long as running it."""


def _behind(db: Session, row: Shows) -> _Behind:
    match row:
        case AbstractImage():
            query, id = _BY_BASE, row.id
        case ImageInstance():
            query, id = _BY_BASE, row.base_image_id
        case AbstractSlice():
            query, id = _BY_SLICE, row.id
        case SliceInstance():
            query, id = _BY_SLICE, row.base_slice_id
        case _:
            query, id = _BY_INSTANCE, row.slice_id
    return _Behind(*db.connection().execute(query, {"id": id}).one())


def _plane(db: Session, row: Shows, behind: _Behind, facts: SlideFacts) -> tuple[Plane, int | None]:
    """Which plane, and the slice of the project that it is."""
    if behind.slice_id is not None:
        return Plane(behind.channel, behind.z_stack, behind.time), _slice_id(row)
    if facts.channels * facts.depth * facts.duration == 1:
        return Plane(), None
    if isinstance(row, ImageInstance):
        return _reference(db, row)
    return Plane(facts.channels // 2, facts.depth // 2, facts.duration // 2), None


def _reference(db: Session, image: ImageInstance) -> tuple[Plane, int]:
    """As `reference.json` has it: a project may have fewer planes than the slide."""
    slices = slices_of(db, image.id)
    if not slices:
        raise PictureMissing("Image {image} has no slice in its project.", image=image.id)
    id, c, z, t = reference_of(slices)
    return Plane(c, z, t), id
