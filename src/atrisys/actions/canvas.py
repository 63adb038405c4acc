"""A slide that is drawn on, for whoever may see it."""

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.visible import somebody, visible
from atrisys.errors import Invalid, NotFound
from atrisys.store.fixed import Fixed
from atrisys.store.planes import PLACE, SlicePlace, reference_of
from atrisys.store.tables import AbstractImage, AbstractSlice, ImageInstance, Project, SliceInstance
from atrisys.store.tables.projects import editing_mode


@dataclass(frozen=True)
class Canvas:
    """A slide that is drawn on: what is needed of it for each of its shapes."""

    image_id: int
    width: int
    height: int
    mpp: float | None
    reference: int
    """Its reference slice, which a shape belongs to that names no slice."""
    project_id: int
    ontology_id: int | None
    mode: str
    """The project's editing mode."""


def canvas_of(db: Session, caller: Caller, image_id: int) -> Canvas:
    """Raises NotFound, or Invalid where nothing can be drawn: the slide's size is not known, or it has no slice."""
    rows = _canvas(caller.is_admin).rows(db, image=image_id, me=caller.id)
    if not rows:
        raise NotFound("{kind} {id} was not found.", kind="ImageInstance", id=image_id)
    own_mpp, width, height, base_mpp, project_id, ontology_id, is_read_only, is_restricted = rows[0][: -len(PLACE)]
    if not width or not height:
        raise Invalid("The size of image {image} is not known, so nothing can be drawn on it.", image=image_id)
    slices = [SlicePlace._make(row[-len(PLACE) :]) for row in rows]
    if slices[0].id is None:
        raise Invalid("Image {image} has no slice that could be drawn on.", image=image_id)
    return Canvas(
        image_id=image_id,
        width=width,
        height=height,
        mpp=own_mpp or base_mpp,
        reference=reference_of(slices).id,
        project_id=project_id,
        ontology_id=ontology_id,
        mode=editing_mode(is_read_only, is_restricted),
    )


@lru_cache(maxsize=2)
def _canvas(is_admin: bool) -> Fixed:
    """A row for each slice; one where there is none."""
    query = (
        select(
            ImageInstance.mpp_x,
            AbstractImage.width,
            AbstractImage.height,
            AbstractImage.mpp_x,
            Project.id,
            Project.ontology_id,
            Project.is_read_only,
            Project.is_restricted,
            *PLACE,
        )
        .join(AbstractImage, AbstractImage.id == ImageInstance.base_image_id)
        .join(Project, Project.id == ImageInstance.project_id)
        .outerjoin(SliceInstance, SliceInstance.image_id == ImageInstance.id)
        .outerjoin(AbstractSlice, AbstractSlice.id == SliceInstance.base_slice_id)
        .where(ImageInstance.id == bindparam("image", type_=BigInteger))
        .order_by(SliceInstance.id)
    )
    return Fixed(visible(somebody(is_admin=is_admin), query, ImageInstance))
