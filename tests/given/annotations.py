from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions.draw_annotations import draw_one
from atrisys.actions.drawing import Drawing
from atrisys.actions.share_annotation import share_annotation
from atrisys.store.tables import ImageInstance, SharedAnnotation, Term, UserAnnotation
from given.base import Base
from people import Person

SQUARE = "POLYGON ((10 10, 10 30, 30 30, 30 10, 10 10))"


class Annotations(Base):
    def annotation(
        self, image: ImageInstance, by: Person, location: str = SQUARE, terms: Iterable[Term] = (), **more: Any
    ) -> UserAnnotation:
        """A shape, in the frame of Cytomine's wire (origin bottom left)."""
        assert by.caller
        caller: Caller = by.caller
        with self.writing() as db:
            drawing = Drawing(location=location, image_id=image.id, terms=tuple(term.id for term in terms), **more)
            return _fetched(db, draw_one(db, caller, drawing).id)

    def comment(
        self, annotation: UserAnnotation, by: Person, receivers: Iterable[Person] = (), comment: str = "Look."
    ) -> SharedAnnotation:
        assert by.caller
        with self.writing() as db:
            drawn = db.get_one(UserAnnotation, annotation.id)
            return share_annotation(db, by.caller, drawn, comment, [person.id for person in receivers])


def _fetched(db: Session, id: int) -> UserAnnotation:
    return db.get_one(UserAnnotation, id)
