"""From a row that shows a slide to the file with its pixels, ready to be opened outside any transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.errors import PictureFailed, PictureMissing, SlideUnreadable
from atrisys.imaging.reader import Plane, SlideFacts
from atrisys.imaging.slides import SharedSlide, facts_from, open_slide
from atrisys.store import in_place
from atrisys.store.files import DataFolder
from atrisys.store.in_place import InPlace
from atrisys.store.planes import reference_of, slices_of
from atrisys.store.tables import AbstractImage, AbstractSlice, ImageInstance, SliceInstance, UploadedFile

Shows = AbstractImage | AbstractSlice | ImageInstance | SliceInstance
"""What a picture can be asked of."""


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

    @contextmanager
    def reading(self) -> Iterator[SharedSlide]:
        """The open slide.

        Raises:
            PictureMissing: its file is gone.
            PictureFailed: it cannot be read; the words name the image, never our file.
            SlideAway, SlideChanged: it lies elsewhere, and was taken away or changed until it was read.
        """
        try:
            yield open_slide(self.path, self.facts.format)
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

    def _by_its_number(self, failure: SlideUnreadable) -> PictureFailed:
        """Readers know the file by the name that we made, and may say where it lies."""
        number = f"image {self.base_id}"
        params = {"reason": failure.message, **failure.params, "name": number}
        for where in (self.path, self.path.resolve(), self.path.parent, self.path.name):
            params = {
                key: value.replace(str(where), number) if isinstance(value, str) else value
                for key, value in params.items()
            }
        template = failure.template if failure.params else "{name} cannot be read ({reason})"
        return PictureFailed(template, **params)


def slide_file(db: Session, folder: DataFolder, row: Shows) -> SlideFile:
    """The file behind a row that the asker is known to see. Nothing is opened yet.

    An image is shown by its reference slice: the one at the median channel, z and time.

    Raises:
        PictureMissing: the record has no file, or the file is gone.
        SlideAway, SlideChanged: it lies elsewhere, and cannot be reached or is another.
    """
    piece = db.get_one(AbstractSlice, row.base_slice_id) if isinstance(row, SliceInstance) else row
    base, file = _base_of(db, piece)
    if base.facts is None or file is None:
        raise PictureMissing("There is no file behind image {image}.", image=base.id)
    if isinstance(piece, AbstractSlice) and piece.uploaded_file_id not in (None, file.id):
        raise PictureMissing("Slice {slice} is in another file than its image.", slice=piece.id)
    path = in_place.path_of(folder, file)
    try:
        stat = path.stat()
    except OSError as reason:
        raise _missing(base.id) from reason
    facts = facts_from(base.facts)
    plane, slice_id = _plane(db, row, piece, facts)
    return SlideFile(
        base_id=base.id,
        path=path,
        facts=facts,
        plane=plane,
        mark=f"{base.id} {file.id} {file.sha256} {stat.st_size} {stat.st_mtime_ns} {plane}",
        image_id=_image_id(row),
        slice_id=slice_id,
        in_place=file.in_place,
    )


def _image_id(row: Shows) -> int | None:
    if isinstance(row, SliceInstance):
        return row.image_id
    return row.id if isinstance(row, ImageInstance) else None


def _missing(base_id: int) -> PictureMissing:
    return PictureMissing("The file of image {image} is missing. Tell the server's administrator.", image=base_id)


def _base_of(db: Session, row: AbstractImage | AbstractSlice | ImageInstance) -> tuple[AbstractImage, UploadedFile]:
    """The slide and the file that it lies in (None where no bytes ever came)."""
    if isinstance(row, ImageInstance):
        id = row.base_image_id
    else:
        id = row.image_id if isinstance(row, AbstractSlice) else row.id
    query = select(AbstractImage, UploadedFile).outerjoin(
        UploadedFile, UploadedFile.id == AbstractImage.uploaded_file_id
    )
    base, file = db.execute(query.where(AbstractImage.id == id)).one()
    return base, file


def _plane(
    db: Session, row: Shows, piece: AbstractImage | AbstractSlice | ImageInstance, facts: SlideFacts
) -> tuple[Plane, int | None]:
    """Which plane, and the slice of the project that it is."""
    if isinstance(piece, AbstractSlice):
        return Plane(piece.channel, piece.z_stack, piece.time), row.id if isinstance(row, SliceInstance) else None
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
