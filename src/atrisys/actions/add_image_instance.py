"""Put a slide into a project: the image instance, a slice instance for each of its planes, its properties.

Where the slide's file says no scale, it gets the one that the project has for such slides.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.actions.add_properties import copy_properties
from atrisys.errors import Duplicate
from atrisys.store.tables import AbstractImage, AbstractSlice, ImageInstance, Project, SliceInstance


def add_image_instance(
    db: Session, caller: Caller, project: Project, base: AbstractImage, **columns: Any
) -> ImageInstance:
    """The image as the project has it; `columns` are further columns of it (instance_filename, magnification, …).

    Raises:
        Duplicate: the project has this image already.
    """
    there = select(ImageInstance.id).where(
        ImageInstance.base_image_id == base.id, ImageInstance.project_id == project.id
    )
    if db.scalar(there) is not None:
        raise Duplicate("Image {image} is already in project {project}.", image=base.id, project=project.id)
    named = {"user_id": caller.id, "instance_filename": base.original_filename}
    values = {**named, **_scale_for(project, base), **columns}
    image = history.add(db, caller, ImageInstance(base_image_id=base.id, project_id=project.id, **values))
    planes = db.scalars(select(AbstractSlice.id).where(AbstractSlice.image_id == base.id).order_by(AbstractSlice.id))
    rows = [{"project_id": project.id, "image_id": image.id, "base_slice_id": plane} for plane in planes]
    history.add_many(db, caller, SliceInstance, rows)
    copy_properties(db, caller, base, image)
    return image


def _scale_for(project: Project, base: AbstractImage) -> dict[str, float | None]:
    """What the project says of slides that do not say how large a pixel is; the instance's own from then on."""
    if base.mpp_x:
        return {}
    size = project.unscaled_physical_size
    magnification = None if base.magnification else project.unscaled_magnification
    return {"mpp_x": size, "mpp_y": size, "magnification": magnification}
