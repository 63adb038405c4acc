"""Correct annotations with a drawn shape: add it to those that it touches, or cut it away from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.require import is_manager, require_annotation_editor
from atrisys.access.visible import get_annotation, visible
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
from atrisys.store.ids import take_turn
from atrisys.store.tables import TERMS_OF, AnnotationDomain, ReviewedAnnotation, UserAnnotation

Kind = TypeVar("Kind", bound=AnnotationDomain)

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
    review: bool
    """What was accepted in review is corrected, on whichever layer, if the shape touches any; else as without it."""


def correct(db: Session, caller: Caller, correction: Correction) -> AnnotationDomain:
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
    for row in touched:
        require_annotation_editor(db, caller, row)
    return _cut(db, caller, correction, touched) if correction.remove else _join(db, caller, correction, touched)


def _touched(db: Session, caller: Caller, correction: Correction, canvas: Canvas) -> list[AnnotationDomain]:
    """The areas, the largest first."""
    take_turn(db)
    rows: list[AnnotationDomain] = []
    if correction.annotation_id is not None:
        rows = [get_annotation(db, caller, correction.annotation_id, lock=True)]
        if rows[0].image_id != canvas.image_id:
            raise NotFound("{kind} {id} was not found.", kind="UserAnnotation", id=rows[0].id)
    elif correction.review:
        rows += db.scalars(_query(db, caller, correction, canvas, ReviewedAnnotation))
    if not rows:
        layers = [caller.id] if correction.layers is None else list(correction.layers)
        if not is_manager(db, caller, canvas.project_id):
            layers = [id for id in layers if id == caller.id]
        query = _query(db, caller, correction, canvas, UserAnnotation)
        rows += db.scalars(query.where(UserAnnotation.user_id.in_(layers)))
    if len(rows) > MOST:
        raise TooLarge("The shape touches more than {limit} annotations. Correct them part by part.", limit=MOST)
    return [row for row in rows if shapely.get_dimensions(shapely.from_wkb(row.shape)) == 2]


def _query(db: Session, caller: Caller, correction: Correction, canvas: Canvas, kind: type[Kind]) -> Select[Kind]:
    shape = correction.shape if correction.left_top else turn_over(correction.shape, canvas.height)
    query = select(kind).where(spatial.touching(db.connection(), [canvas.image_id], shape, kind=kind))
    return spatial.for_update(visible(caller, query).order_by(kind.area.desc(), kind.id).limit(MOST + 1))


def _terms_of(db: Session, rows: Sequence[AnnotationDomain]) -> set[frozenset[int]]:
    terms: dict[int, set[int]] = {row.id: set() for row in rows}
    link = TERMS_OF[type(rows[0])]
    for id, term in rows_for(db, select(link.annotation_id, link.term_id), link.annotation_id, terms):
        terms[id].add(term)
    return {frozenset(some) for some in terms.values()}


def _join(db: Session, caller: Caller, correction: Correction, touched: Sequence[AnnotationDomain]) -> AnnotationDomain:
    """Into the largest, which keeps its id and what is said of it."""
    largest, *others = touched
    joined = join([*(_shape(row, correction) for row in touched), correction.shape])
    for row in others:
        delete_annotation(db, caller, row)
    redraw(db, caller, largest, Drawing("", left_top=correction.left_top, shape=joined))
    return largest


def _cut(db: Session, caller: Caller, correction: Correction, touched: Sequence[AnnotationDomain]) -> AnnotationDomain:
    for row in touched:
        shape = _shape(row, correction)
        left = cut_away(shape, correction.shape)
        if left.is_empty:
            raise ShapeEmpty("Nothing would be left of annotation {id}. Delete it instead.", id=row.id)
        if left is not shape:
            redraw(db, caller, row, Drawing("", left_top=correction.left_top, shape=left))
    return touched[0]


def _shape(row: AnnotationDomain, correction: Correction) -> BaseGeometry:
    """In the frame of the correction."""
    return shapely.from_wkb(row.shape) if correction.left_top else read_wkt(row.location)
