"""Training data of a project: for each image its shapes, its mask and its picture, and a manifest that explains them.

Files are written one by one, each whole or not at all; annotations pass by in batches and are never all held. What one
may not see is not exported. One bad annotation never ends an export: it is named in the manifest.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.visible import get_row, visible
from atrisys.actions.training_records import Sheet, open_sheet, read_records
from atrisys.errors import Invalid, NotFound, Refusal, TooLarge
from atrisys.exports.class_map import ClassMap, check_class_map, count_terms
from atrisys.exports.files import open_whole
from atrisys.exports.geojson import write_geojson
from atrisys.exports.manifest import ImageEntry, build_manifest, write_manifest
from atrisys.exports.masks import stream_mask_png, write_mask_png, write_mask_tiff
from atrisys.exports.pictures import LONGEST_JPEG_SIDE, write_picture_jpeg, write_picture_tiff
from atrisys.exports.records import AnnotationRecord, ImageRecord, Problem
from atrisys.geometry.frames import LEFT_BOTTOM, LEFT_TOP, Origin, check_origin
from atrisys.imaging.slides import open_slide
from atrisys.store.session import Store
from atrisys.store.tables import ImageInstance, Project, Term

LONGEST_PNG_SIDE = 65_535
"""Beyond it a mask is a tiled pyramidal TIFF, since few programs hold such a picture whole."""

Report = Callable[[float, str], object]


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for."""

    masks: bool = True
    geojson: bool = True
    pictures: bool = False
    images: tuple[int, ...] = ()
    """Image instances; none named: all of the project."""
    class_map: ClassMap | None = None
    """None: terms count from 1 by their id."""
    left_top: bool = True
    """Where GeoJSON's coordinates begin; masks and pictures are always top down."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of the files of each image."""
        asked = {"geojson": self.geojson, "mask": self.masks, "picture": self.pictures}
        return tuple(kind for kind, yes in asked.items() if yes)

    @property
    def origin(self) -> Origin:
        return LEFT_TOP if self.left_top else LEFT_BOTTOM


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
        steps = max(1, len(self.sheets) * len(self.wanted.kinds))
        step = 0
        for sheet in self.sheets:
            entry = ImageEntry(sheet.record, sheet.annotations)
            self.entries.append(entry)
            for kind in self.wanted.kinds:
                share = _share(report, step, steps, f"{kind} of {sheet.record.name}")
                share(0.0)
                if path := self._write(kind, sheet, folder, entry, share):
                    entry.files[kind] = path.name
                    yield path
                step += 1
        path = folder / "manifest.json"
        write_manifest(path, self.manifest())
        report(1.0, "done")
        yield path

    def manifest(self) -> dict[str, Any]:
        """What manifest.json says, of the images that are done."""
        return build_manifest(self.project, self.classes, self.terms, self.wanted.origin, self.entries)

    def _write(
        self, kind: str, sheet: Sheet, folder: Path, entry: ImageEntry, share: Callable[[float], None]
    ) -> Path | None:
        """One file; None where it could not be made, which is said in the manifest."""
        problems: list[Problem] = []
        try:
            if kind == "picture":
                return _write_picture(self.store, sheet, folder, share)
            with self.store.reading() as db:
                counted = _Counted(read_records(db, sheet, self.classes), sheet.annotations)
                write = _write_mask if kind == "mask" else _write_geojson
                written = write(sheet, counted, folder, self.wanted, problems, share)
            entry.annotations, entry.classes = counted.total, dict(counted.classes)
            return written
        except Refusal as refusal:
            problems.append(Problem(None, str(refusal)))
            return None
        finally:
            entry.problems += [(kind, problem) for problem in problems]


def wanted_from(said: Mapping[str, Any]) -> Wanted:
    """What a request or a job asks for: masks, geojson, pictures (by default the first two), images, classMap, origin.

    Raises Invalid for a class map or an origin that cannot be used.
    """
    kinds = {kind: bool(said.get(kind)) for kind in ("masks", "geojson", "pictures")}
    if not any(kinds.values()):
        kinds = {"masks": True, "geojson": True, "pictures": False}
    numbers = said.get("classMap")
    return Wanted(
        **kinds,
        images=tuple(said.get("images") or ()),
        class_map=None if numbers is None else check_class_map(numbers),
        left_top=check_origin(said.get("origin") or LEFT_TOP) == LEFT_TOP,
    )


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
        Invalid: more terms than a mask has numbers for, and no class map.
    """
    exporting = begin(store, caller, project_id, wanted)
    folder.mkdir(parents=True, exist_ok=True)
    for _ in exporting.files(folder, report):
        pass
    return exporting.manifest()


def begin(store: Store, caller: Caller, project_id: int, wanted: Wanted) -> Exporting:
    """Look up all that an export needs, before the first file is written. Raises as `export_training_data`."""
    with store.reading() as db:
        project = get_row(db, caller, Project, project_id)
        terms = _terms(db, project)
        classes = wanted.class_map or count_terms(terms, masks=wanted.masks)
        sheets = [open_sheet(db, caller, project, image) for image in _images(db, caller, project, wanted.images)]
    return Exporting(store, wanted, (project.id, project.name), classes, [name for _, name in terms], sheets)


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


def _write_geojson(
    sheet: Sheet,
    records: _Counted,
    folder: Path,
    wanted: Wanted,
    problems: list[Problem],
    share: Callable[[float], None],
) -> Path:
    path = folder / f"{sheet.record.id}.geojson"
    with open_whole(path) as file:
        for piece in write_geojson(records, sheet.record, wanted.origin, problems):
            file.write(piece)
            share(records.total / records.expected)
    return path


def _write_mask(
    sheet: Sheet,
    records: _Counted,
    folder: Path,
    _wanted: Wanted,
    problems: list[Problem],
    share: Callable[[float], None],
) -> Path:
    record = sheet.record
    _require_size(record)
    other = folder / f"{record.id}_mask"
    if max(record.width, record.height) <= LONGEST_PNG_SIDE:
        path = other.with_name(f"{other.name}.png")
        write_mask_png(path, records, record.width, record.height, problems, share)
    else:
        path = other.with_name(f"{other.name}.tif")
        write_mask_tiff(path, records, record.width, record.height, problems, share, _mpp(record))
    return path


def stream_mask(db: Session, sheet: Sheet, classes: ClassMap, problems: list[Problem]) -> Iterator[bytes]:
    """The mask as PNG in pieces. Raises Invalid (TooLarge among it) before the first one."""
    record = sheet.record
    _require_size(record)
    if max(record.width, record.height) > LONGEST_PNG_SIDE:
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


def _write_picture(store: Store, sheet: Sheet, folder: Path, share: Callable[[float], None]) -> Path:
    record = sheet.record
    if sheet.file is None:
        raise NotFound("Image {image} has no file behind it.", image=record.id)
    slide = open_slide(store.folder.path_of(sheet.file), sheet.format)
    if max(record.width, record.height) <= LONGEST_JPEG_SIDE:
        path = folder / f"{record.id}.jpg"
        write_picture_jpeg(path, slide, sheet.plane, share)
    else:
        path = folder / f"{record.id}.tif"
        write_picture_tiff(path, slide, sheet.plane, _mpp(record), share)
    return path
