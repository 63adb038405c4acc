"""Draw shapes on slides: one or ten thousand, from the web page, the API or a file.

Shapes are read and checked before the database is asked for anything, and written in two statements. What is sent is
stored exactly, unless it crosses itself (mended) or reaches beyond the picture (clipped).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import BigInteger, Select, bindparam, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.require import is_manager, require_not_read_only
from atrisys.access.visible import get_row, somebody, visible
from atrisys.actions import history
from atrisys.actions.add_properties import add_properties
from atrisys.actions.canvas import Canvas, canvas_of
from atrisys.actions.drawing import Drawing, make_whole, shape_columns
from atrisys.actions.follow_track import refuse_tracks
from atrisys.actions.link_annotation import refuse_groups
from atrisys.errors import Invalid, NotAllowed, NotFound, Refusal
from atrisys.geometry.check import Fitted
from atrisys.geometry.frames import LEFT_TOP, origin_sent
from atrisys.geometry.wkt import read_wkt
from atrisys.store.by_ids import rows_for
from atrisys.store.fixed import Fixed
from atrisys.store.ids import take_ids
from atrisys.store.planes import height_under
from atrisys.store.tables import (
    AnnotationDomain,
    AnnotationLink,
    AnnotationTerm,
    AnnotationTrack,
    OnAnnotation,
    ProjectMember,
    SliceInstance,
    Term,
    UserAnnotation,
)


@dataclass(frozen=True)
class Drawn:
    """What became of it."""

    id: int
    changes: tuple[str, ...] = ()
    """What had to be done to the shape: mended, clipped."""


@dataclass
class _Sheet:
    """The drawings of one call on the same slide, by their place in the call."""

    canvas: Canvas
    places: list[int] = field(default_factory=list)
    slices: list[int] = field(default_factory=list)


def draw(db: Session, caller: Caller, drawings: Sequence[Drawing]) -> list[Drawn | Refusal]:
    """Draw all that can be drawn; each of the others is answered with its refusal, in its place."""
    answers: list[Drawn | Refusal | None] = [None] * len(drawings)
    shapes = make_whole(drawings)
    sheets = _lay_out(db, caller, drawings, shapes, answers)
    terms = _terms(db, caller, drawings)
    rows: dict[int, dict[str, Any]] = {}
    for sheet in sheets:
        _check_layers(db, caller, sheet, drawings, answers)
        _check_terms(sheet, drawings, terms, answers)
        _check_parents(db, caller, sheet, drawings, answers)
        rows.update(_rows(caller, sheet, drawings, shapes, answers))
    tracks = {place: drawings[place].tracks for place in rows if drawings[place].tracks}
    groups = {place: id for place in rows if (id := drawings[place].group_id) is not None}
    refused = {**refuse_groups(db, caller, rows, groups), **refuse_tracks(db, caller, rows, tracks)}
    for place, refusal in refused.items():
        answers[place] = refusal
        del rows[place]
    _keep(db, caller, drawings, rows, answers)
    return [answer for answer in answers if answer is not None]


def _keep(
    db: Session,
    caller: Caller,
    drawings: Sequence[Drawing],
    rows: dict[int, dict[str, Any]],
    answers: list[Drawn | Refusal | None],
) -> None:
    """Write the annotations with the terms, tracks, groups and properties that they were given, and answer them."""
    if not rows:
        return
    count = sum(_count(drawings[place]) for place in rows)
    numbers = take_ids(db, 2 * count)
    ids = iter(numbers)
    for place, row in rows.items():
        row["id"] = next(ids)
        answers[place] = Drawn(row["id"], row.pop("changes"))
    added = {UserAnnotation: list(rows.values()), **_links(caller, drawings, rows, ids)}
    history.add_numbered(db, caller, added, numbers[count:])
    said = {place: drawings[place].properties for place in rows if drawings[place].properties}
    add_properties(db, caller, [(_named(rows[place]), properties) for place, properties in said.items()])


def _count(drawing: Drawing) -> int:
    """The annotation, and what hangs on it."""
    return 1 + len({*drawing.terms}) + len({*drawing.tracks}) + (drawing.group_id is not None)


def _links(
    caller: Caller, drawings: Sequence[Drawing], rows: dict[int, dict[str, Any]], ids: Iterator[int]
) -> dict[type[OnAnnotation], list[dict[str, Any]]]:
    """What hangs on annotations from the beginning."""
    terms: list[dict[str, Any]] = []
    tracks: list[dict[str, Any]] = []
    groups: list[dict[str, Any]] = []
    for place, row in rows.items():
        home = {"annotation_id": row["id"], "project_id": row["project_id"], "layer_id": row["user_id"]}
        for term in dict.fromkeys(drawings[place].terms):
            terms.append({"id": next(ids), **home, "term_id": term, "user_id": caller.id})
        for track in dict.fromkeys(drawings[place].tracks):
            tracks.append({"id": next(ids), **home, "track_id": track, "slice_id": row["slice_id"]})
        if drawings[place].group_id is not None:
            groups.append({"id": next(ids), **home, "group_id": drawings[place].group_id})
    return {AnnotationTerm: terms, AnnotationTrack: tracks, AnnotationLink: groups}


def _named(row: dict[str, Any]) -> UserAnnotation:
    """As much of a drawn annotation as says whose properties they are."""
    return UserAnnotation(id=row["id"], project_id=row["project_id"], user_id=row["user_id"])


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


def redraw(
    db: Session,
    caller: Caller,
    annotation: AnnotationDomain,
    drawing: Drawing,
    shape: Fitted | Refusal | None = None,
    **more: Any,
) -> tuple[str, ...]:
    """Give an annotation another shape. Says what had to be done to it; raises ShapeRefused.

    Args:
        shape: the drawing's, where it was made whole before the transaction began.
    """
    canvas = canvas_of(db, caller, annotation.image_id)
    columns = shape_columns(canvas, [(drawing, shape or make_whole([drawing])[0])])[0]
    if isinstance(columns, Refusal):
        raise columns
    changes = columns.pop("changes")
    history.edit(db, caller, annotation, **columns, **more)
    return changes


def as_drawn(db: Session, annotation: AnnotationDomain) -> Drawing:
    """The shape that it has, in the frame in which it was sent: turned there and back it would lose digits."""
    shape = shapely.from_wkb(annotation.shape)
    if origin_sent(shape, read_wkt(annotation.location), height_under(db, annotation)) == LEFT_TOP:
        return Drawing(location="", left_top=True, shape=shape)
    return Drawing(location=annotation.location)


def shape_of(drawing: Drawing) -> BaseGeometry:
    """Raises ShapeRefused where it cannot be read."""
    return drawing.shape if drawing.shape is not None else read_wkt(drawing.location)


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
    values = {f"term{number}": id for number, id in enumerate(named)}
    return dict(_terms_named(caller.is_admin, len(named)).rows(db, me=caller.id, **values))


@lru_cache(maxsize=64)
def _terms_named(is_admin: bool, count: int) -> Fixed:
    named = [bindparam(f"term{number}", type_=BigInteger) for number in range(count)]
    query = select(Term.id, Term.ontology_id).where(Term.id.in_(named))
    return Fixed(visible(somebody(is_admin=is_admin), query, Term))


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
    if not named:
        return
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
