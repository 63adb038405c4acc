"""Annotations from a GeoJSON file onto an image: the way back of an export, and the way in for those of others.

The file's last shape is drawn first: masks lay older annotations over newer ones, so what lay on top in the file lies
on top again. Nothing is drawn before the whole file was read and all its terms are known.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.require import require_ontology_editor
from atrisys.access.visible import get_row, visible
from atrisys.actions import history
from atrisys.actions.canvas import canvas_of
from atrisys.actions.draw_annotations import draw
from atrisys.actions.drawing import Drawing
from atrisys.errors import Invalid, NotFound, Refusal
from atrisys.exports.geojson_reading import ReadAnnotation, read_geojson
from atrisys.exports.records import Problem
from atrisys.geometry.frames import Origin
from atrisys.imaging.reader import Plane
from atrisys.store.planes import slices_of
from atrisys.store.session import Store
from atrisys.store.tables import ImageInstance, Ontology, Project, Term, UserAnnotation
from atrisys.store.tables.ontologies import GREY

BATCH = 2_000
IMPORTED = "import"
"""The source of what others' files hold; our own come back as they were, also where nobody said a source."""
MOST_NAMED = 20

Report = Callable[[float, str], object]


@dataclass(frozen=True)
class Asked:
    """What is to be done with a file."""

    image_id: int
    origin: Origin | None = None
    """For a file that does not say it."""
    unknown_terms: str = "refuse"
    """Terms that the project lacks: refuse, add or leave-out."""


@dataclass
class Imported:
    """What became of it."""

    added: int = 0
    mended: int = 0
    """Shapes that crossed themselves."""
    clipped: int = 0
    """Shapes that reached beyond the picture."""
    added_terms: list[str] = field(default_factory=list)
    left_out_terms: list[str] = field(default_factory=list)
    lost_parents: int = 0
    """Shapes that correct one which is neither in the file nor in the project."""
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A feature, held as small as can be until it is drawn."""

    number: int
    wkb: bytes
    terms: tuple[str, ...]
    source: str | None
    parent: int | None
    plane: Plane
    annotation: int | None


@dataclass
class _Work:
    """What one import knows while it draws."""

    slices: dict[Plane, int]
    terms: dict[str, int]
    elsewhere: set[int]
    """Parents that are not in the file but in the project."""
    new_ids: dict[int, int] = field(default_factory=dict)
    """From the id that the file says to the one that was given."""
    waiting: list[tuple[int, int]] = field(default_factory=list)
    """(new id, the file's id of a parent that had not been drawn yet)."""


def project_of(db: Session, image_id: int) -> int:
    """Raises NotFound."""
    image = db.get(ImageInstance, image_id)
    if image is None:
        raise NotFound("{kind} {id} was not found.", kind="ImageInstance", id=image_id)
    return image.project_id


def import_annotations(
    store: Store, caller: Caller, file: Path, asked: Asked, report: Report = lambda _fraction, _words: None
) -> Imported:
    """Draw all shapes of a file that can be drawn; each other one is a problem with its place in the file.

    Raises:
        NotFound: no such image, or none that the caller may see.
        Invalid: no GeoJSON; no origin; or terms that the project lacks, where these are to be refused.
    """
    done = Imported()
    with store.reading() as db:
        canvas = canvas_of(db, caller, asked.image_id)
        slices = {Plane(c, z, t): id for id, c, z, t in slices_of(db, canvas.image_id)}
        project_id = canvas.project_id
    shapes = _read(file, canvas.height, asked.origin, done, report)
    with store.writing() as db:
        terms = _terms(db, caller, project_id, shapes, asked.unknown_terms, done)
        elsewhere = _parents_elsewhere(db, caller, project_id, shapes)
    work = _Work(slices, terms, elsewhere)
    shapes.reverse()
    for start in range(0, len(shapes), BATCH):
        with store.writing() as db:
            _draw(db, caller, work, shapes[start : start + BATCH], done)
        report(0.3 + 0.7 * min(1.0, (start + BATCH) / len(shapes)), "drawing")
    with store.writing() as db:
        _link_late(db, caller, work, done)
    done.problems.sort(key=lambda problem: problem.number or 0)
    return done


def _read(file: Path, height: int, origin: Origin | None, done: Imported, report: Report) -> list[_Shape]:
    found = read_geojson(file, height, origin)
    shapes: list[_Shape] = []
    for place, one in enumerate(found, 1):
        if isinstance(one, ReadAnnotation):
            wkb = shapely.to_wkb(one.shape)
            shapes.append(_Shape(one.number, wkb, one.terms, one.source, one.parent_id, one.plane, one.annotation_id))
        else:
            done.problems.append(one)
        if place % BATCH == 0:
            report(0.3 * place / len(found), "reading")
    return shapes


def _terms(
    db: Session, caller: Caller, project_id: int, shapes: Iterable[_Shape], unknown: str, done: Imported
) -> dict[str, int]:
    """Ids of the terms that the file names. Raises Invalid for terms that the project lacks, where none may lack."""
    project = db.get_one(Project, project_id)
    rows = db.scalars(select(Term).where(Term.ontology_id == project.ontology_id))
    terms = {term.name: term.id for term in rows}
    missing = list(dict.fromkeys(name for shape in shapes for name in shape.terms if name not in terms))
    if not missing:
        return terms
    if unknown == "leave-out":
        done.left_out_terms = missing
        return terms
    if unknown != "add":
        raise Invalid(
            "The file names {count} terms that the project's ontology lacks: {names}. Nothing was imported. Add them "
            "with --unknown-terms add, or import the shapes without them with --unknown-terms leave-out.",
            count=len(missing),
            names=", ".join(missing[:MOST_NAMED]) + (", …" if len(missing) > MOST_NAMED else ""),
        )
    if project.ontology_id is None:
        raise Invalid("Project {project} has no ontology that terms could be added to.", project=project_id)
    ontology = get_row(db, caller, Ontology, project.ontology_id)
    require_ontology_editor(db, caller, ontology)
    for name in missing:
        term = history.add(db, caller, Term(name=name[:255], ontology_id=ontology.id, color=GREY))
        terms[name] = term.id
    done.added_terms = missing
    return terms


def _parents_elsewhere(db: Session, caller: Caller, project_id: int, shapes: Iterable[_Shape]) -> set[int]:
    """Which of the parents that are not in the file are annotations of the project."""
    shapes = list(shapes)
    inside = {shape.annotation for shape in shapes}
    named = sorted({shape.parent for shape in shapes if shape.parent is not None} - inside)
    found: set[int] = set()
    query = visible(caller, select(UserAnnotation.id).where(UserAnnotation.project_id == project_id), UserAnnotation)
    for start in range(0, len(named), BATCH):
        found.update(db.scalars(query.where(UserAnnotation.id.in_(named[start : start + BATCH]))))
    return found


def _draw(db: Session, caller: Caller, work: _Work, shapes: list[_Shape], done: Imported) -> None:
    drawable: list[_Shape] = []
    for shape in shapes:
        if shape.plane in work.slices:
            drawable.append(shape)
        else:
            plane = shape.plane
            reason = f"The image has no plane at channel {plane.c}, z {plane.z}, time {plane.t}."
            done.problems.append(Problem(shape.annotation, reason, shape.number))
    read = shapely.from_wkb([shape.wkb for shape in drawable])
    drawings = [
        Drawing(
            "",
            slice_id=work.slices[shape.plane],
            terms=tuple(work.terms[name] for name in shape.terms if name in work.terms),
            left_top=True,
            source=shape.source if shape.annotation is not None else shape.source or IMPORTED,
            parent_id=_parent(work, shape),
            shape=geometry,
        )
        for shape, geometry in zip(drawable, read, strict=True)
    ]
    for shape, drawing, answer in zip(drawable, drawings, draw(db, caller, drawings), strict=True):
        if isinstance(answer, Refusal):
            done.problems.append(Problem(shape.annotation, str(answer), shape.number))
            continue
        done.added += 1
        done.mended += "mended" in answer.changes
        done.clipped += "clipped" in answer.changes
        if shape.annotation is not None:
            work.new_ids[shape.annotation] = answer.id
        if shape.parent is not None and drawing.parent_id is None:
            work.waiting.append((answer.id, shape.parent))


def _parent(work: _Work, shape: _Shape) -> int | None:
    if shape.parent is None:
        return None
    return work.new_ids.get(shape.parent) or (shape.parent if shape.parent in work.elsewhere else None)


def _link_late(db: Session, caller: Caller, work: _Work, done: Imported) -> None:
    """Shapes that correct one of their own batch, or one that stands further on top in the file."""
    for id, parent in work.waiting:
        if parent in work.new_ids:
            history.edit(db, caller, db.get_one(UserAnnotation, id), parent_id=work.new_ids[parent])
        else:
            done.lost_parents += 1
