"""Delete slides: from a project, or altogether."""

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.visible import visible
from atrisys.actions import history
from atrisys.actions.clear_annotations import clear_annotations, read_again
from atrisys.errors import NotAllowed
from atrisys.store.tables import (
    AbstractImage,
    AbstractSlice,
    CompanionFile,
    ImageGroupImageInstance,
    ImageInstance,
    NestedImageInstance,
    Project,
    SliceInstance,
    Track,
)


def delete_image_instance(db: Session, caller: Caller, image: ImageInstance, *, in_steps: bool = False) -> None:
    """Take a slide out of its project with its annotations, tracks and places in groups; its storage keeps it.

    `in_steps`: thousands of annotations go in steps, so that nobody waits for all of them. Raises NotFound then where
    somebody else has deleted it meanwhile.
    """
    clear_annotations(db, caller, lambda kind: kind.image_id == image.id, in_steps=in_steps)
    read_again(db, image)
    unnest(db, caller, image)
    for kind in (Track, ImageGroupImageInstance, SliceInstance):
        history.delete_where(db, caller, kind, kind.image_id == image.id)
    history.delete(db, caller, image)


def unnest(db: Session, caller: Caller, image: ImageInstance) -> None:
    """It lies in no other image any more, and no other one in it."""
    nested = NestedImageInstance
    history.delete_where(db, caller, nested, or_(nested.image_id == image.id, nested.parent_id == image.id))


def delete_slice_instance(db: Session, caller: Caller, plane: SliceInstance) -> None:
    """Take one plane of a slide out of its project with all that was drawn on it."""
    clear_annotations(db, caller, lambda kind: (kind.image_id == plane.image_id) & (kind.slice_id == plane.id))
    history.delete(db, caller, plane)


def delete_abstract_image(db: Session, caller: Caller, base: AbstractImage) -> None:
    """Delete a slide's record, its planes and what lies beside it; the file is the business of whoever deletes that.

    Raises:
        NotAllowed: projects use it; those that the caller may see are named.
    """
    count = db.scalar(select(func.count()).where(ImageInstance.base_image_id == base.id)) or 0
    if count:
        using = select(ImageInstance.instance_filename, Project.name, Project.blind_mode)
        using = using.join(Project, Project.id == ImageInstance.project_id).where(
            ImageInstance.base_image_id == base.id
        )
        rows = db.execute(visible(caller, using, Project).order_by(Project.name).limit(10)).all()
        raise NotAllowed(
            "Image {image} is used in {count} projects ({projectNames}). Take it out of them first.",
            image=base.id,
            count=count,
            projectNames=", ".join(row.name for row in rows) or "…",
            imageNames=", ".join(str(base.id) if row.blind_mode else row.instance_filename for row in rows) or "…",
        )
    for kind in (CompanionFile, AbstractSlice):
        history.delete_where(db, caller, kind, kind.image_id == base.id)
    history.delete(db, caller, base)
