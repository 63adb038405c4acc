"""Copy an annotation onto the slices that follow another one: the next in depth or time."""

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions.draw_annotations import Drawn, as_drawn, draw
from atrisys.errors import Invalid, Refusal
from atrisys.store.planes import slices_after
from atrisys.store.tables import AnnotationTerm, AnnotationTrack, SliceInstance, UserAnnotation


def repeat_annotation(
    db: Session, caller: Caller, annotation: UserAnnotation, plane: SliceInstance, times: int
) -> list[int]:
    """The copies lie on the caller's own layer, bear the same terms and follow the same tracks; gives their ids.

    Raises:
        Invalid: the slice is of another image.
        Refusal: what drawing one of them raises; then none is drawn.
    """
    if plane.image_id != annotation.image_id:
        raise Invalid("Slice {slice} is not of image {image}.", slice=plane.id, image=annotation.image_id)
    links = select(AnnotationTerm.term_id).where(AnnotationTerm.annotation_id == annotation.id)
    terms = tuple(dict.fromkeys(db.scalars(links.order_by(AnnotationTerm.id))))
    runs = select(AnnotationTrack.track_id).where(AnnotationTrack.annotation_id == annotation.id)
    tracks = tuple(db.scalars(runs.order_by(AnnotationTrack.id)))
    drawing = replace(
        as_drawn(db, annotation),
        terms=terms,
        tracks=tracks,
        source=annotation.source,
        geometry_compression=annotation.geometry_compression,
    )
    answers = draw(db, caller, [replace(drawing, slice_id=id) for id in slices_after(db, plane.id, times)])
    for answer in answers:
        if isinstance(answer, Refusal):
            raise answer
    return [answer.id for answer in answers if isinstance(answer, Drawn)]
