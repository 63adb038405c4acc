"""The slices of an image in its project, and the one that stands for it; how high its picture is."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Select, bindparam, select
from sqlalchemy.orm import Session

from atrisys.store.tables import AbstractImage, AbstractSlice, AnnotationDomain, ImageInstance, SliceInstance

PLACE = SliceInstance.id, AbstractSlice.channel, AbstractSlice.z_stack, AbstractSlice.time
RANK = AbstractSlice.channel + AbstractImage.channels * (
    AbstractSlice.z_stack + AbstractImage.depth * AbstractSlice.time
)
"""Where a slice stands in the order channel, z, time (the channel fastest)."""
_OF_IMAGE = (
    select(*PLACE)
    .join(AbstractSlice, AbstractSlice.id == SliceInstance.base_slice_id)
    .where(SliceInstance.image_id == bindparam("image", type_=BigInteger))
    .order_by(SliceInstance.id)
)


class SlicePlace(NamedTuple):
    """Where a slice lies in its image; the columns of PLACE."""

    id: int
    channel: int
    z_stack: int
    time: int


def slices_of(db: Session, image_id: int) -> list[SlicePlace]:
    """By their ids."""
    return [SlicePlace(*row) for row in db.connection().execute(_OF_IMAGE, {"image": image_id})]


def reference_of(slices: Sequence[SlicePlace]) -> SlicePlace:
    """The slice at the median channel, z and time; the first where a project lacks that one."""
    if len(slices) == 1:
        return slices[0]
    each = [sorted({one[axis] for one in slices}) for axis in (1, 2, 3)]
    middle = tuple(values[len(values) // 2] for values in each)
    return next((one for one in slices if one[1:] == middle), slices[0])


def ranks(*columns: Any) -> Select[*tuple[Any, ...]]:
    """Columns of slices, from what tells their places."""
    base = AbstractSlice
    query = select(*columns).select_from(SliceInstance).join(base, base.id == SliceInstance.base_slice_id)
    return query.join(AbstractImage, AbstractImage.id == base.image_id)


def slices_after(db: Session, plane_id: int, most: int) -> list[int]:
    """The next slices of the same image, as their ranks count."""
    ranked = ranks(SliceInstance.id, RANK.label("rank"))
    here = ranked.where(SliceInstance.id == plane_id).subquery()
    image_id = select(SliceInstance.image_id).where(SliceInstance.id == plane_id).scalar_subquery()
    later = ranked.where(SliceInstance.image_id == image_id, select(here.c.rank).scalar_subquery() < RANK)
    return list(db.scalars(later.order_by(RANK).limit(most)))


def height_under(db: Session, annotation: AnnotationDomain) -> int:
    """Of the picture that an annotation lies on."""
    heights = select(AbstractImage.height).join(ImageInstance, ImageInstance.base_image_id == AbstractImage.id)
    return db.scalars(heights.where(ImageInstance.id == annotation.image_id)).one() or 0
