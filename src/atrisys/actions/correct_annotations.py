"""Correct annotations with a drawn shape: add it to those that it touches, or cut it away from them."""

from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.require import is_manager, require_editor
from atrisys.access.visible import get_row, visible
from atrisys.actions.canvas import Canvas, canvas_of
from atrisys.actions.delete_annotation import delete_annotation
from atrisys.actions.draw_annotations import redraw
from atrisys.actions.drawing import Drawing
from atrisys.errors import Invalid, NotFound, ShapeEmpty, TooLarge
from atrisys.geometry.correct import cut_away, join
from atrisys.geometry.frames import turn_over
from atrisys.geometry.wkt import read_wkt
from atrisys.store import spatial
from atrisys.store.by_ids import rows_for
from atrisys.store.tables import AnnotationTerm, Project, UserAnnotation

MOST = 1_000
"""Annotations that one correction changes."""


@dataclass(frozen=True)
class Correction:
    image_id: int
    shape: BaseGeometry
    """Whole, in the frame that `left_top` tells."""
    left_top: bool
    layers: Sequence[int] | None
    """Whose annotations; the caller's own where nobody is named. Who manages nothing corrects their own alone."""
    annotation_id: int | None
    """This one alone, whosever it is."""
    remove: bool


def correct(db: Session, caller: Caller, correction: Correction) -> UserAnnotation:
    """Gives the annotation that was corrected, of several the one that the others went into or the first.

    Raises:
        NotFound: no such image or annotation.
        NotAllowed: somebody else's.
        Invalid: no area, touches none, touches those of several people or terms, nothing would be left.
    """
    if shapely.get_dimensions(correction.shape) != 2:
        raise Invalid("Correct annotations with an area, not with a point or a line.")
    canvas = canvas_of(db, caller, correction.image_id)
    touched = _touched(db, caller, correction, canvas)
    if not touched:
        raise Invalid("The shape touches no annotation of these layers.")
    if len({row.user_id for row in touched}) > 1:
        raise Invalid("The shape touches annotations of several people. Correct one layer at a time.")
    if len(_terms_of(db, touched)) > 1:
        raise Invalid("The shape touches annotations of different terms. Correct those of one at a time.")
    require_editor(db, caller, db.get_one(Project, canvas.project_id), touched[0].user_id)
    return _cut(db, caller, correction, touched) if correction.remove else _join(db, caller, correction, touched)


def _touched(db: Session, caller: Caller, correction: Correction, canvas: Canvas) -> list[UserAnnotation]:
    """The areas, the largest first."""
    if correction.annotation_id is not None:
        row = get_row(db, caller, UserAnnotation, correction.annotation_id, lock=True)
        if row.image_id != canvas.image_id:
            raise NotFound("{kind} {id} was not found.", kind="UserAnnotation", id=row.id)
        rows = [row]
    else:
        rows = list(db.scalars(_query(db, caller, correction, canvas).limit(MOST + 1)))
    if len(rows) > MOST:
        raise TooLarge("The shape touches more than {limit} annotations. Correct them part by part.", limit=MOST)
    return [row for row in rows if shapely.get_dimensions(shapely.from_wkb(row.shape)) == 2]


def _query(db: Session, caller: Caller, correction: Correction, canvas: Canvas) -> Select[UserAnnotation]:
    layers = [caller.id] if correction.layers is None else list(correction.layers)
    if not is_manager(db, caller, canvas.project_id):
        layers = [id for id in layers if id == caller.id]
    shape = correction.shape if correction.left_top else turn_over(correction.shape, canvas.height)
    query = select(UserAnnotation).where(
        UserAnnotation.user_id.in_(layers), spatial.touching(db.connection(), [canvas.image_id], shape)
    )
    query = visible(caller, query).order_by(UserAnnotation.area.desc(), UserAnnotation.id)
    return spatial.for_update(query)


def _terms_of(db: Session, rows: Sequence[UserAnnotation]) -> set[frozenset[int]]:
    terms: dict[int, set[int]] = {row.id: set() for row in rows}
    links = select(AnnotationTerm.annotation_id, AnnotationTerm.term_id)
    for id, term in rows_for(db, links, AnnotationTerm.annotation_id, terms):
        terms[id].add(term)
    return {frozenset(some) for some in terms.values()}


def _join(db: Session, caller: Caller, correction: Correction, touched: Sequence[UserAnnotation]) -> UserAnnotation:
    """Into the largest, which keeps its id and what is said of it."""
    largest, *others = touched
    joined = join([*(_shape(row, correction) for row in touched), correction.shape])
    for row in others:
        delete_annotation(db, caller, row)
    redraw(db, caller, largest, Drawing("", left_top=correction.left_top, shape=joined))
    return largest


def _cut(db: Session, caller: Caller, correction: Correction, touched: Sequence[UserAnnotation]) -> UserAnnotation:
    for row in touched:
        shape = _shape(row, correction)
        left = cut_away(shape, correction.shape)
        if left.is_empty:
            raise ShapeEmpty("Nothing would be left of annotation {id}. Delete it instead.", id=row.id)
        if left is not shape:
            redraw(db, caller, row, Drawing("", left_top=correction.left_top, shape=left))
    return touched[0]


def _shape(row: UserAnnotation, correction: Correction) -> BaseGeometry:
    """In the frame of the correction."""
    return shapely.from_wkb(row.shape) if correction.left_top else read_wkt(row.location)
