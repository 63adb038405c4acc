"""Split an annotation along a drawn line."""

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions.draw_annotations import Drawn, as_drawn, draw, redraw, shape_of
from atrisys.actions.drawing import Drawing
from atrisys.errors import Invalid, Refusal
from atrisys.geometry.correct import divide
from atrisys.geometry.frames import turn_over
from atrisys.store.planes import height_under
from atrisys.store.tables import AnnotationTerm, UserAnnotation


def split_annotation(
    db: Session, caller: Caller, annotation: UserAnnotation, along: BaseGeometry, *, left_top: bool
) -> list[int]:
    """The largest piece stays the annotation that it was; the others bear its terms, on its layer. Gives their ids.

    Args:
        along: lines, or areas, which are cut along their outlines; in the frame that `left_top` tells.

    Raises:
        Invalid: the annotation is no area, or the line does not cut it through.
        ShapeRefused: what `divide` raises.
    """
    whole = as_drawn(db, annotation)
    shape = shape_of(whole)
    if shapely.get_dimensions(shape) != 2 or shapely.get_dimensions(along) == 0:
        raise Invalid("Only an area is split, along a line or an outline.")
    if left_top != whole.left_top:
        along = turn_over(along, height_under(db, annotation))
    largest, *others = divide(shape, along)
    if not others:
        raise Invalid("The line does not cut annotation {id} through.", id=annotation.id)
    redraw(db, caller, annotation, Drawing("", left_top=whole.left_top, shape=largest))
    links = select(AnnotationTerm.term_id).where(AnnotationTerm.annotation_id == annotation.id)
    terms = tuple(dict.fromkeys(db.scalars(links.order_by(AnnotationTerm.id))))
    answers = draw(
        db,
        caller,
        [
            Drawing(
                "",
                slice_id=annotation.slice_id,
                terms=terms,
                user_id=annotation.user_id,
                left_top=whole.left_top,
                source=annotation.source,
                shape=piece,
            )
            for piece in others
        ],
    )
    for answer in answers:
        if isinstance(answer, Refusal):
            raise answer
    return [answer.id for answer in answers if isinstance(answer, Drawn)]
