"""Draw shapes on slides: one or ten thousand, from the web page, the API or a file.

Shapes are read and checked before the database is asked for anything, and written in two statements. What is sent is
stored exactly, unless it crosses itself (mended) or reaches beyond the picture (clipped).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import BigInteger, Select, bindparam, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.require import is_manager, require_not_read_only
from atrisys.access.visible import get_row, somebody, visible
from atrisys.actions import history
from atrisys.actions.add_properties import add_properties
from atrisys.errors import Invalid, NotAllowed, NotFound, Refusal
from atrisys.geometry import grid
from atrisys.geometry.check import Fitted, mend_many, place_many
from atrisys.geometry.frames import turn_over
from atrisys.geometry.measure import centroids, measure_many
from atrisys.geometry.simplify import simplify
from atrisys.geometry.wkt import as_array, read_many, write_many
from atrisys.store.by_ids import rows_for
from atrisys.store.tables import (
    AbstractImage,
    AbstractSlice,
    AnnotationTerm,
    ImageInstance,
    Project,
    ProjectMember,
    SliceInstance,
    Term,
    UserAnnotation,
)
from atrisys.store.tables.projects import editing_mode

PLAIN_WKT = re.compile(r"[A-Za-z0-9 .,()+-]*")
"""A text that may stand in JSON and on the wire as it is."""


@dataclass(frozen=True)
class Drawing:
    """One shape as somebody sends it."""

    location: str
    """WKT in the frame that `left_top` tells."""
    image_id: int | None = None
    slice_id: int | None = None
    """One of the two: an image stands for its reference slice."""
    terms: tuple[int, ...] = ()
    user_id: int | None = None
    """Whose layer; the caller's own by default."""
    left_top: bool = False
    simplify_to: tuple[int | None, int | None] = (None, None)
    """minPoint and maxPoint, where the sender wants fewer points."""
    geometry_compression: float = 0.0
    source: str | None = None
    parent_id: int | None = None
    properties: tuple[tuple[str, str], ...] = ()
    """Keys and values."""
    shape: BaseGeometry | None = None
    """The shape itself, where it was read already (files); then `location` is not read."""


@dataclass(frozen=True)
class Drawn:
    """What became of it."""

    id: int
    changes: tuple[str, ...] = ()
    """What had to be done to the shape: mended, clipped."""


@dataclass(frozen=True)
class Canvas:
    """A slide that is drawn on: what is needed of it for each of its shapes."""

    image_id: int
    width: int
    height: int
    mpp: float | None
    reference: int
    """Its reference slice, which a shape belongs to that names no slice."""
    project_id: int
    ontology_id: int | None
    mode: str
    """The project's editing mode."""


@dataclass
class _Sheet:
    """The drawings of one call on the same slide, by their place in the call."""

    canvas: Canvas
    places: list[int] = field(default_factory=list)
    slices: list[int] = field(default_factory=list)


def draw(db: Session, caller: Caller, drawings: Sequence[Drawing]) -> list[Drawn | Refusal]:
    """Draw all that can be drawn; each of the others is answered with its refusal, in its place."""
    answers: list[Drawn | Refusal | None] = [None] * len(drawings)
    shapes = _read(drawings)
    sheets = _lay_out(db, caller, drawings, shapes, answers)
    terms = _terms(db, caller, drawings)
    rows: dict[int, dict[str, Any]] = {}
    for sheet in sheets:
        _check_layers(db, caller, sheet, drawings, answers)
        _check_terms(sheet, drawings, terms, answers)
        _check_parents(db, caller, sheet, drawings, answers)
        rows.update(_rows(caller, sheet, drawings, shapes, answers))
    changes = {place: row.pop("changes") for place, row in rows.items()}
    ids = history.add_many(db, caller, UserAnnotation, list(rows.values()))
    drawn = [(id, drawings[place], row) for id, (place, row) in zip(ids, rows.items(), strict=True)]
    links = [
        {
            "annotation_id": id,
            "term_id": term,
            "user_id": caller.id,
            "project_id": row["project_id"],
            "layer_id": row["user_id"],
        }
        for id, drawing, row in drawn
        for term in dict.fromkeys(drawing.terms)
    ]
    history.add_many(db, caller, AnnotationTerm, links)
    said = [(_named(id, row), drawing.properties) for id, drawing, row in drawn if drawing.properties]
    add_properties(db, caller, said)
    for id, place in zip(ids, rows, strict=True):
        answers[place] = Drawn(id, changes[place])
    return [answer for answer in answers if answer is not None]


def _named(id: int, row: Mapping[str, Any]) -> UserAnnotation:
    """As much of a drawn annotation as says whose properties they are."""
    return UserAnnotation(id=id, project_id=row["project_id"], user_id=row["user_id"])


def _rows(
    caller: Caller,
    sheet: _Sheet,
    drawings: Sequence[Drawing],
    shapes: Sequence[Fitted | Refusal],
    answers: list[Drawn | Refusal | None],
) -> dict[int, dict[str, Any]]:
    """The rows of one slide's annotations, by their place in the call; refused shapes are answered."""
    kept = {
        place: slice_id for place, slice_id in zip(sheet.places, sheet.slices, strict=True) if answers[place] is None
    }
    made = shape_columns(sheet.canvas, [(drawings[place], shapes[place]) for place in kept])
    rows = {}
    for (place, slice_id), columns in zip(kept.items(), made, strict=True):
        if isinstance(columns, Refusal):
            answers[place] = columns
            continue
        drawing = drawings[place]
        columns["project_id"], columns["image_id"] = sheet.canvas.project_id, sheet.canvas.image_id
        columns["slice_id"], columns["user_id"] = slice_id, drawing.user_id or caller.id
        columns["source"], columns["parent_id"] = drawing.source, drawing.parent_id
        rows[place] = columns
    return rows


def draw_one(db: Session, caller: Caller, drawing: Drawing) -> Drawn:
    """The same for a single shape; raises its refusal."""
    answer = draw(db, caller, [drawing])[0]
    if isinstance(answer, Refusal):
        raise answer
    return answer


def redraw(db: Session, caller: Caller, annotation: UserAnnotation, drawing: Drawing, **more: Any) -> tuple[str, ...]:
    """Give an annotation another shape. Says what had to be done to it; raises ShapeRefused."""
    canvas = canvas_of(db, caller, annotation.image_id)
    shape = _read([drawing])[0]
    columns = shape_columns(canvas, [(drawing, shape)])[0]
    if isinstance(columns, Refusal):
        raise columns
    changes = columns.pop("changes")
    history.edit(db, caller, annotation, **columns, **more)
    return changes


def canvas_of(db: Session, caller: Caller, image_id: int) -> Canvas:
    """Raises NotFound, or Invalid where the slide's size is not known."""
    # Past the mapper: asked for by each array of a bulk load, objects cost four times as much as these columns.
    row = db.connection().execute(_canvas(caller.is_admin), {"image": image_id, "me": caller.id}).one_or_none()
    if row is None:
        raise NotFound("{kind} {id} was not found.", kind="ImageInstance", id=image_id)
    own_mpp, width, height, base_mpp, project_id, ontology_id, is_read_only, is_restricted = row
    if not width or not height:
        raise Invalid("The size of image {image} is not known, so nothing can be drawn on it.", image=image_id)
    return Canvas(
        image_id=image_id,
        width=width,
        height=height,
        mpp=own_mpp or base_mpp,
        reference=reference_slice(db, image_id),
        project_id=project_id,
        ontology_id=ontology_id,
        mode=editing_mode(is_read_only, is_restricted),
    )


@lru_cache(maxsize=2)
def _canvas(is_admin: bool) -> Select[*tuple[Any, ...]]:
    query = (
        select(
            ImageInstance.mpp_x,
            AbstractImage.width,
            AbstractImage.height,
            AbstractImage.mpp_x,
            Project.id,
            Project.ontology_id,
            Project.is_read_only,
            Project.is_restricted,
        )
        .join(AbstractImage, AbstractImage.id == ImageInstance.base_image_id)
        .join(Project, Project.id == ImageInstance.project_id)
        .where(ImageInstance.id == bindparam("image", type_=BigInteger))
    )
    return visible(somebody(is_admin=is_admin), query, ImageInstance)


_SLICES = (
    select(SliceInstance.id, AbstractSlice.channel, AbstractSlice.z_stack, AbstractSlice.time)
    .join(AbstractSlice, AbstractSlice.id == SliceInstance.base_slice_id)
    .where(SliceInstance.image_id == bindparam("image", type_=BigInteger))
)


def reference_slice(db: Session, image_id: int) -> int:
    """The slice at the median channel, z and time. Raises Invalid where an image has none."""
    rows = db.connection().execute(_SLICES, {"image": image_id}).all()
    if not rows:
        raise Invalid("Image {image} has no slice that could be drawn on.", image=image_id)
    middle = tuple(sorted({row[axis] for row in rows})[len({row[axis] for row in rows}) // 2] for axis in (1, 2, 3))
    return next((row[0] for row in rows if tuple(row[1:]) == middle), rows[0][0])


def _read(drawings: Sequence[Drawing]) -> list[Fitted | Refusal]:
    """The shapes, read and whole: all that may take long and needs no database, whose other writers would wait."""
    if all(drawing.shape is None for drawing in drawings):
        read = read_many([drawing.location for drawing in drawings])
    else:
        read = [
            drawing.shape if drawing.shape is not None else read_many([drawing.location])[0] for drawing in drawings
        ]
    mended = iter(mend_many(as_array([shape for shape in read if not isinstance(shape, Refusal)])))
    return [shape if isinstance(shape, Refusal) else next(mended) for shape in read]


def _lay_out(
    db: Session,
    caller: Caller,
    drawings: Sequence[Drawing],
    shapes: Sequence[Fitted | Refusal],
    answers: list[Drawn | Refusal | None],
) -> list[_Sheet]:
    """Which drawing goes on which slide; who may not draw there is answered at once."""
    sheets: dict[int, _Sheet | Refusal] = {}
    slides: dict[int, int | Refusal] = {}
    for place, (drawing, shape) in enumerate(zip(drawings, shapes, strict=True)):
        if isinstance(shape, Refusal):
            answers[place] = shape
            continue
        image_id = drawing.image_id
        try:
            if drawing.slice_id is not None:
                if drawing.slice_id not in slides:
                    slides[drawing.slice_id] = _image_of_slice(db, caller, drawing.slice_id)
                image_id = _or_raise(slides[drawing.slice_id])
            elif image_id is None:
                raise Invalid("Name the image or the slice that the annotation belongs to.")
            if image_id not in sheets:
                sheets[image_id] = _sheet(db, caller, image_id)
            sheet = _or_raise(sheets[image_id])
        except Refusal as refusal:
            answers[place] = refusal
            continue
        sheet.places.append(place)
        sheet.slices.append(drawing.slice_id if drawing.slice_id is not None else sheet.canvas.reference)
    return [sheet for sheet in sheets.values() if isinstance(sheet, _Sheet)]


def _or_raise(value: Any) -> Any:
    if isinstance(value, Refusal):
        raise value
    return value


def _image_of_slice(db: Session, caller: Caller, slice_id: int) -> int | Refusal:
    try:
        return get_row(db, caller, SliceInstance, slice_id).image_id
    except Refusal as refusal:
        return refusal


def _sheet(db: Session, caller: Caller, image_id: int) -> _Sheet | Refusal:
    try:
        canvas = canvas_of(db, caller, image_id)
        require_not_read_only(db, caller, canvas.project_id, canvas.mode)
        return _Sheet(canvas)
    except Refusal as refusal:
        return refusal


def _check_layers(
    db: Session, caller: Caller, sheet: _Sheet, drawings: Sequence[Drawing], answers: list[Drawn | Refusal | None]
) -> None:
    """Another's layer: for managers, and for members of a project in classic mode."""
    others = {drawings[place].user_id for place in sheet.places} - {None, caller.id}
    if not others:
        return
    project_id = sheet.canvas.project_id
    free = sheet.canvas.mode == "CLASSIC" or is_manager(db, caller, project_id)
    members = set(db.scalars(select(ProjectMember.user_id).where(ProjectMember.project_id == project_id)))
    for place in sheet.places:
        other = drawings[place].user_id
        if other in (None, caller.id) or answers[place]:
            continue
        if not free:
            answers[place] = NotAllowed("In project {project} one draws on one's own layer only.", project=project_id)
        elif other not in members:
            answers[place] = Invalid("User {user} is no member of project {project}.", user=other, project=project_id)


def _terms(db: Session, caller: Caller, drawings: Sequence[Drawing]) -> dict[int, int]:
    """The ontology of each term that is named and may be seen."""
    named = sorted({term for drawing in drawings for term in drawing.terms})
    if not named:
        return {}
    rows = db.connection().execute(_terms_named(caller.is_admin), {"named": named, "me": caller.id})
    return {id: ontology for id, ontology in rows}  # noqa: C416 (rows are no pairs to the type checker)


@lru_cache(maxsize=2)
def _terms_named(is_admin: bool) -> Select[*tuple[Any, ...]]:
    query = select(Term.id, Term.ontology_id).where(Term.id.in_(bindparam("named", expanding=True)))
    return visible(somebody(is_admin=is_admin), query, Term)


def _check_terms(
    sheet: _Sheet, drawings: Sequence[Drawing], terms: dict[int, int], answers: list[Drawn | Refusal | None]
) -> None:
    ontology = sheet.canvas.ontology_id
    for place in sheet.places:
        for term in drawings[place].terms:
            if term not in terms:
                answers[place] = NotFound("{kind} {id} was not found.", kind="Term", id=term)
            elif terms[term] != ontology:
                answers[place] = Invalid("Term {term} is not of the ontology of the project.", term=term)


def _check_parents(
    db: Session, caller: Caller, sheet: _Sheet, drawings: Sequence[Drawing], answers: list[Drawn | Refusal | None]
) -> None:
    named = {drawings[place].parent_id for place in sheet.places} - {None}
    seen = {row[0] for row in rows_for(db, _parents(caller, sheet.canvas.project_id), UserAnnotation.id, named)}
    for place in sheet.places:
        parent_id = drawings[place].parent_id
        if parent_id is not None and parent_id not in seen:
            answers[place] = NotFound("{kind} {id} was not found.", kind="UserAnnotation", id=parent_id)


def require_parent(db: Session, caller: Caller, parent_id: int, project_id: int) -> None:
    """What a shape corrects lies in its project, where the caller sees it. Raises NotFound."""
    if db.scalar(_parents(caller, project_id).where(UserAnnotation.id == parent_id)) is None:
        raise NotFound("{kind} {id} was not found.", kind="UserAnnotation", id=parent_id)


def _parents(caller: Caller, project_id: int) -> Select[int]:
    return visible(caller, select(UserAnnotation.id).where(UserAnnotation.project_id == project_id), UserAnnotation)


def shape_columns(canvas: Canvas, drawn: Sequence[tuple[Drawing, Fitted | Refusal]]) -> list[dict[str, Any] | Refusal]:
    """The columns of annotations that follow from their shapes, and under `changes` what had to be done to them.

    Shapes are in the frame in which they were sent; both frames have the picture at [0, width] x [0, height].
    """
    answers: list[dict[str, Any] | Refusal] = [shape if isinstance(shape, Refusal) else {} for _, shape in drawn]
    good = [place for place, answer in enumerate(answers) if not isinstance(answer, Refusal)]
    inside = place_many([cast(Fitted, drawn[place][1]) for place in good], canvas.width, canvas.height)
    columns: dict[int, dict[str, Any]] = {}
    shapes: dict[int, BaseGeometry] = {}
    for place, fitted in zip(good, inside, strict=True):
        if isinstance(fitted, Refusal):
            answers[place] = fitted
            continue
        drawing = drawn[place][0]
        shape, compression = fitted.shape, drawing.geometry_compression
        if any(drawing.simplify_to):
            try:
                shape, compression = simplify(shape, *drawing.simplify_to)
            except Refusal as refusal:
                answers[place] = refusal
                continue
        columns[place] = {"changes": fitted.changes, "geometry_compression": compression}
        shapes[place] = shape
        as_sent = shape is fitted.shape and not fitted.changes
        if as_sent and drawing.shape is None and not drawing.left_top and PLAIN_WKT.fullmatch(drawing.location):
            columns[place]["location"] = drawing.location
    _fill(canvas, {place: drawn[place][0].left_top for place in shapes}, shapes, columns)
    for place, values in columns.items():
        answers[place] = values
    return answers


def _fill(
    canvas: Canvas, left_top: dict[int, bool], shapes: dict[int, BaseGeometry], columns: dict[int, dict[str, Any]]
) -> None:
    """Both frames, boxes, measures and places in the grid, for all shapes at once."""
    if not shapes:
        return
    places = list(shapes)
    sent = as_array([shapes[place] for place in places])
    turned = turn_over(sent, canvas.height)
    is_image_order = np.array([left_top[place] for place in places])
    image_order = np.where(is_image_order, sent, turned)
    untold = [number for number, place in enumerate(places) if "location" not in columns[place]]
    wire = np.where(is_image_order, turned, sent)
    texts = dict(zip(untold, write_many(wire[untold]), strict=True)) if untold else {}
    boxes = shapely.bounds(image_order)
    cells = grid.places(np.clip(boxes, 0, None))
    for number, (place, wkb, box, cell, measures, middle) in enumerate(
        zip(
            places,
            shapely.to_wkb(image_order).tolist(),
            boxes.tolist(),
            cells.tolist(),
            measure_many(image_order, canvas.mpp),
            centroids(image_order),
            strict=True,
        )
    ):
        row = columns[place]
        row.setdefault("location", texts.get(number))
        row["shape"] = wkb
        row["min_x"], row["min_y"], row["max_x"], row["max_y"] = box
        row["grid_level"], row["grid_x"], row["grid_y"] = cell
        row["area"], row["area_unit"], row["perimeter"], row["perimeter_unit"] = measures
        row["centroid_x"], row["centroid_y"] = middle
