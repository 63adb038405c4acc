"""Training data of a project: for each image its shapes, its mask and its picture, and a manifest that explains them.

Files are written one by one, each whole or not at all; annotations pass by in batches and are never all held. What one
may not see is not exported. One bad annotation never ends an export: it is named in the manifest.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.visible import get_row, visible
from atrisys.actions import find_annotations
from atrisys.actions.training_records import Sheet, open_sheet, read_records
from atrisys.errors import Invalid, NotFound, Refusal, TooLarge
from atrisys.exports.class_map import ClassMap, check_class_map, count_terms
from atrisys.exports.files import open_whole
from atrisys.exports.geojson import write_geojson
from atrisys.exports.manifest import ImageEntry, build_manifest, write_manifest
from atrisys.exports.masks import stream_mask_png, write_mask_png, write_mask_tiff
from atrisys.exports.pictures import write_picture_jpeg, write_picture_tiff
from atrisys.exports.records import AnnotationRecord, ImageRecord, Problem
from atrisys.geometry.frames import LEFT_TOP, Origin, check_origin
from atrisys.imaging.jpeg_bands import LONGEST_JPEG_SIDE
from atrisys.imaging.slides import open_slide
from atrisys.store import in_place
from atrisys.store.disk import make_writable
from atrisys.store.session import Store
from atrisys.store.tables import ImageInstance, Project, Term

LONGEST_FLAT_SIDE = LONGEST_JPEG_SIDE
"""Beyond it masks and pictures are tiled pyramidal TIFFs: JPEG ends there, and few programs hold such a mask whole."""

USUAL = ("geojson", "masks")
"""What is written where no kind is named."""

Report = Callable[[float, str], object]


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for."""

    kinds: tuple[str, ...] = USUAL
    """Which files of each image, by their names in KINDS."""
    images: tuple[int, ...] = ()
    """Image instances; none named: all of the project."""
    class_map: ClassMap | None = None
    """None: terms count from 1 by their id."""
    origin: Origin = LEFT_TOP
    """Where GeoJSON's coordinates begin; masks and pictures are always top down."""
    annotations: find_annotations.Wanted | None = None
    """Those alone, and the images that have some; None: all that the asker sees."""


@dataclass
class Exporting:
    """An export that was asked for, found allowed, and is being written."""

    store: Store
    wanted: Wanted
    project: tuple[int, str]
    classes: ClassMap
    terms: list[str]
    sheets: list[Sheet]
    entries: list[ImageEntry] = field(default_factory=list)

    def files(self, folder: Path, report: Report) -> Iterator[Path]:
        """Write the files into a folder, one by one; the manifest comes last."""
        kinds = [kind for name, kind in KINDS.items() if name in self.wanted.kinds]
        steps = max(1, len(self.sheets) * len(kinds))
        step = 0
        for sheet in self.sheets:
            entry = ImageEntry(sheet.record, sheet.annotations)
            self.entries.append(entry)
            for kind in kinds:
                share = _share(report, step, steps, f"{kind.file} of {sheet.record.name}")
                share(0.0)
                if path := _written(kind, Writing(self, sheet, entry, folder, share)):
                    entry.files[kind.file] = path.name
                    entry.origins[kind.file] = self.wanted.origin if kind.has_coordinates else LEFT_TOP
                    yield path
                step += 1
        path = folder / "manifest.json"
        write_manifest(path, self.manifest())
        report(1.0, "done")
        yield path

    def manifest(self) -> dict[str, Any]:
        """What manifest.json says, of the images that are done."""
        return build_manifest(self.project, self.classes, self.terms, self.wanted.origin, self.entries)


@dataclass
class Writing:
    """One file of one image, while it is written."""

    exporting: Exporting
    sheet: Sheet
    entry: ImageEntry
    folder: Path
    share: Callable[[float], None]
    """To be told the share that is done."""
    problems: list[Problem] = field(default_factory=list)

    def path(self, ending: str) -> Path:
        """`{image}_mask.png` of `_mask.png`."""
        return self.folder / f"{self.sheet.record.id}{ending}"

    @contextmanager
    def records(self) -> Iterator["_Counted"]:
        """The annotations, read while they are written; how many there were is kept for the manifest."""
        with self.exporting.store.reading() as db:
            counted = _Counted(read_records(db, self.sheet, self.exporting.classes), self.sheet.annotations)
            yield counted
        self.entry.annotations, self.entry.classes = counted.total, dict(counted.classes)


@dataclass(frozen=True)
class Kind:
    """A kind of file that can be written of each image."""

    file: str
    """What the manifest calls the file."""
    write: Callable[[Writing], Path]
    has_coordinates: bool = False
    """Whether the origin that is asked for is the file's; else its first row is the top one."""


def _written(kind: Kind, one: Writing) -> Path | None:
    """The file; None where it could not be made, which is said in the manifest."""
    try:
        return kind.write(one)
    except Refusal as refusal:
        one.problems.append(Problem(None, str(refusal)))
        return None
    finally:
        one.entry.problems += [(kind.file, problem) for problem in one.problems]


def wanted_from(said: Mapping[str, Any]) -> Wanted:
    """What a request or a job asks for: kinds by name (see `chosen`), images, classMap, origin.

    Raises Invalid for a class map or an origin that cannot be used.
    """
    numbers = said.get("classMap")
    return Wanted(
        kinds=chosen(said),
        images=tuple(said.get("images") or ()),
        class_map=None if numbers is None else check_class_map(numbers),
        origin=check_origin(said.get("origin") or LEFT_TOP),
    )


def chosen(said: Mapping[str, Any]) -> tuple[str, ...]:
    """The kinds whose names are said with yes; the usual ones where none is."""
    return tuple(name for name in KINDS if said.get(name)) or USUAL


def export_training_data(
    store: Store,
    caller: Caller,
    project_id: int,
    folder: Path,
    wanted: Wanted,
    report: Report = lambda _fraction, _words: None,
) -> dict[str, Any]:
    """Write everything that is wanted into a folder; gives back what manifest.json says.

    Raises:
        NotFound: no such project or image, or none that the caller may see.
        Invalid: more terms than a mask has numbers for, and no class map; or the folder cannot be written to.
    """
    exporting = begin(store, caller, project_id, wanted)
    make_writable(folder)
    for _ in exporting.files(folder, report):
        pass
    return exporting.manifest()


def begin(store: Store, caller: Caller, project_id: int, wanted: Wanted) -> Exporting:
    """Look up all that an export needs, before the first file is written. Raises as `export_training_data`."""
    with store.reading() as db:
        project = get_row(db, caller, Project, project_id)
        terms = _terms(db, project)
        classes = wanted.class_map or count_terms(terms, masks="masks" in wanted.kinds)
        sheets = _sheets(db, caller, project, wanted)
    return Exporting(store, wanted, (project.id, project.name), classes, [name for _, name in terms], sheets)


def _sheets(db: Session, caller: Caller, project: Project, wanted: Wanted) -> list[Sheet]:
    images = _images(db, caller, project, wanted.images)
    if wanted.annotations is None:
        return [open_sheet(db, caller, project, image) for image in images]
    kind = wanted.annotations.kind
    _, chosen = find_annotations.conditions(db, caller, wanted.annotations)
    some = set(db.scalars(select(kind.image_id).where(*chosen).distinct()))
    return [open_sheet(db, caller, project, image, kind, *chosen) for image in images if image.id in some]


def class_map_of(db: Session, project: Project, *, masks: bool) -> ClassMap:
    """Terms of the project's ontology, counted from 1 by their id. Raises Invalid beyond 254 of them for masks."""
    return count_terms(_terms(db, project), masks=masks)


def _terms(db: Session, project: Project) -> list[tuple[int, str]]:
    query = select(Term.id, Term.name).where(Term.ontology_id == project.ontology_id).order_by(Term.id)
    return [(id, name) for id, name in db.execute(query)]


def _images(db: Session, caller: Caller, project: Project, named: tuple[int, ...]) -> list[ImageInstance]:
    query = visible(caller, select(ImageInstance)).where(ImageInstance.project_id == project.id)
    rows = {row.id: row for row in db.scalars(query.order_by(ImageInstance.id))}
    for id in named:
        if id not in rows:
            raise NotFound("{kind} {id} was not found.", kind="ImageInstance", id=id)
    return [rows[id] for id in dict.fromkeys(named)] if named else list(rows.values())


class _Counted:
    """Records as they pass by, and how many of which class there were."""

    def __init__(self, records: Iterator[AnnotationRecord], expected: int) -> None:
        self._records, self.expected = records, max(1, expected)
        self.total = 0
        self.classes: Counter[str] = Counter()

    def __iter__(self) -> Iterator[AnnotationRecord]:
        for record in self._records:
            self.total += 1
            self.classes[record.class_name] += 1
            yield record


def _share(report: Report, step: int, steps: int, words: str) -> Callable[[float], None]:
    """The progress of one file as a part of that of all."""

    def share(fraction: float) -> None:
        report((step + min(fraction, 1.0)) / steps, words)

    return share


def _write_geojson(one: Writing) -> Path:
    path = one.path(".geojson")
    with one.records() as records, open_whole(path) as file:
        for piece in write_geojson(records, one.sheet.record, one.exporting.wanted.origin, one.problems):
            file.write(piece)
            one.share(records.total / records.expected)
    return path


def _write_mask(one: Writing) -> Path:
    record = one.sheet.record
    _require_size(record)
    size = record.width, record.height
    with one.records() as records:
        if max(size) <= LONGEST_FLAT_SIDE:
            path = one.path("_mask.png")
            write_mask_png(path, records, *size, one.problems, one.share)
        else:
            path = one.path("_mask.tif")
            write_mask_tiff(path, records, *size, one.problems, one.share, _mpp(record))
    return path


def stream_mask(db: Session, sheet: Sheet, classes: ClassMap, problems: list[Problem]) -> Iterator[bytes]:
    """The mask as PNG in pieces. Raises Invalid (TooLarge among it) before the first one."""
    record = sheet.record
    _require_size(record)
    if max(record.width, record.height) > LONGEST_FLAT_SIDE:
        raise TooLarge(
            "A mask of {width} x {height} px is too large for one PNG. The command atrisys export writes it as a TIFF.",
            width=record.width,
            height=record.height,
        )
    return stream_mask_png(read_records(db, sheet, classes), record.width, record.height, problems)


def _require_size(record: ImageRecord) -> None:
    if not record.width or not record.height:
        raise Invalid("The size of image {image} is not known.", image=record.id)


def _mpp(record: ImageRecord) -> tuple[float, float] | None:
    return (record.mpp_x, record.mpp_y or record.mpp_x) if record.mpp_x else None


def _write_picture(one: Writing) -> Path:
    sheet, record = one.sheet, one.sheet.record
    if sheet.file is None:
        raise NotFound("Image {image} has no file behind it.", image=record.id)
    slide = open_slide(
        in_place.path_of(one.exporting.store.folder, sheet.file.filename, sheet.file.in_place), sheet.format
    )
    if max(record.width, record.height) <= LONGEST_FLAT_SIDE:
        path = one.path(".jpg")
        write_picture_jpeg(path, slide, sheet.plane, one.share)
    else:
        path = one.path(".tif")
        write_picture_tiff(path, slide, sheet.plane, _mpp(record), one.share)
    # Again, since a slide that lies elsewhere may have changed meanwhile.
    in_place.path_of(one.exporting.store.folder, sheet.file.filename, sheet.file.in_place)
    return path


KINDS: dict[str, Kind] = {
    "geojson": Kind("geojson", _write_geojson, has_coordinates=True),
    "masks": Kind("mask", _write_mask),
    "pictures": Kind("picture", _write_picture),
}
"""By the names under which they are asked for, in the order in which they are written."""
