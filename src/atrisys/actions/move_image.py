"""Move a slide with all that was drawn on it into another project."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.actions.delete_image import unnest
from atrisys.errors import Duplicate, Invalid
from atrisys.store.tables import (
    HANGING_ON,
    TERMS_OF,
    AnnotationLink,
    ImageGroupImageInstance,
    ImageInstance,
    Project,
    SliceInstance,
    Term,
    Track,
    UserAnnotation,
)


def move_image(db: Session, caller: Caller, image: ImageInstance, project: Project) -> None:
    """It leaves its groups, nests and what lies in it, and its annotations their groups: these stay in their project.

    Rights are the door's business.

    Raises:
        Duplicate: the project has this slide already.
        Invalid: annotations have terms that the project's ontology does not hold.
    """
    there = select(ImageInstance.id).where(
        ImageInstance.base_image_id == image.base_image_id, ImageInstance.project_id == project.id
    )
    if db.scalar(there) is not None:
        raise Duplicate("Image {image} is already in project {project}.", image=image.base_image_id, project=project.id)
    for kind, link in TERMS_OF.items():
        named = link.annotation_id.in_(select(kind.id).where(kind.image_id == image.id))
        foreign = select(link.id).join(Term, Term.id == link.term_id)
        if db.scalar(foreign.where(named, Term.ontology_id.is_distinct_from(project.ontology_id)).limit(1)) is not None:
            raise Invalid(
                "Annotations of image {image} have terms that the ontology of project {project} does not hold.",
                image=image.id,
                project=project.id,
            )
    unnest(db, caller, image)
    drawn = select(UserAnnotation.id).where(UserAnnotation.image_id == image.id)
    history.delete_where(db, caller, AnnotationLink, AnnotationLink.annotation_id.in_(drawn))
    history.delete_where(db, caller, ImageGroupImageInstance, ImageGroupImageInstance.image_id == image.id)
    home = {"project_id": project.id}
    for kind, links in HANGING_ON.items():
        named = select(kind.id).where(kind.image_id == image.id)
        for link in links:
            history.edit_many(db, caller, link, link.annotation_id.in_(named), lambda _row: home)
        history.edit_many(db, caller, kind, kind.image_id == image.id, lambda _row: home)
    for part in (Track, SliceInstance):
        history.edit_many(db, caller, part, part.image_id == image.id, lambda _row: home)
    history.edit(db, caller, image, project_id=project.id)
