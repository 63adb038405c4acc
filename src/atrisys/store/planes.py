"""The slices of an image in its project, and the one that stands for it."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.orm import Session

from atrisys.store.tables import AbstractSlice, SliceInstance

PLACE = SliceInstance.id, AbstractSlice.channel, AbstractSlice.z_stack, AbstractSlice.time
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
