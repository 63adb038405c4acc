from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.actions.draw_annotations import draw_one
from atrisys.actions.drawing import Drawing
from atrisys.actions.share_annotation import share_annotation
from atrisys.store.tables import (
    AnnotationComment,
    AnnotationGroup,
    AnnotationLink,
    ImageGroup,
    ImageInstance,
    SharedAnnotation,
    Term,
    UserAnnotation,
)
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

    def annotation_group(self, images: ImageGroup, annotations: Iterable[UserAnnotation] = ()) -> AnnotationGroup:
        """Annotations that mark the same on the images of a group."""
        home = {"project_id": images.project_id}
        with self.writing() as db:
            group = history.add(db, self.maker, AnnotationGroup(image_group_id=images.id, **home))
            for one in annotations:
                link = AnnotationLink(group_id=group.id, annotation_id=one.id, layer_id=one.user_id, **home)
                history.add(db, self.maker, link)
            return group

    def comment(
        self, annotation: UserAnnotation, by: Person, receivers: Iterable[Person] = (), comment: str = "Look."
    ) -> SharedAnnotation:
        assert by.caller
        with self.writing() as db:
            drawn = db.get_one(UserAnnotation, annotation.id)
            return share_annotation(db, by.caller, drawn, comment, [person.id for person in receivers])

    def said(self, annotation: UserAnnotation, by: Person, comment: str = "Look.") -> AnnotationComment:
        """In the annotation's thread."""
        assert by.caller
        home = {"project_id": annotation.project_id, "layer_id": annotation.user_id}
        with self.writing() as db:
            said = AnnotationComment(annotation_id=annotation.id, user_id=by.id, comment=comment, **home)
            return history.add(db, by.caller, said)


def _fetched(db: Session, id: int) -> UserAnnotation:
    return db.get_one(UserAnnotation, id)
