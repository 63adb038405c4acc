"""Delete groups, with the places of images and annotations in them; these themselves stay."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.store.tables import AnnotationGroup, AnnotationLink, ImageGroup, ImageGroupImageInstance


def delete_annotation_group(db: Session, caller: Caller, group: AnnotationGroup) -> None:
    history.delete_where(db, caller, AnnotationLink, AnnotationLink.group_id == group.id)
    history.delete(db, caller, group)


def delete_image_group(db: Session, caller: Caller, group: ImageGroup) -> None:
    """The groups of annotations on its images go with it."""
    on_it = select(AnnotationGroup.id).where(AnnotationGroup.image_group_id == group.id)
    history.delete_where(db, caller, AnnotationLink, AnnotationLink.group_id.in_(on_it))
    history.delete_where(db, caller, AnnotationGroup, AnnotationGroup.image_group_id == group.id)
    history.delete_where(db, caller, ImageGroupImageInstance, ImageGroupImageInstance.group_id == group.id)
    history.delete(db, caller, group)
