"""Give a slide another pixel size or magnification, and measure again what was drawn on it."""

from collections.abc import Mapping
from typing import Any

import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.geometry.measure import measure
from atrisys.store.tables import TERMS_OF, AbstractImage, AnnotationDomain, ImageInstance

OWN_VALUES = ("mpp_x", "mpp_y", "mpp_z", "fps", "magnification")
"""What an image instance may have otherwise than its base image; None: as the base image has it."""


def edit_image_instance(db: Session, caller: Caller, image: ImageInstance, **values: Any) -> ImageInstance:
    """New values of a slide in a project. 0, or the base image's own value, goes back to the base image's."""
    base = db.get_one(AbstractImage, image.base_image_id)
    for name in OWN_VALUES:
        if name in values and (not values[name] or values[name] == getattr(base, name)):
            values[name] = None
    old = image.mpp_x or base.mpp_x
    history.edit(db, caller, image, **values)
    if (image.mpp_x or base.mpp_x) != old:
        remeasure(db, caller, image.id, image.mpp_x or base.mpp_x)
    return image


def edit_abstract_image(db: Session, caller: Caller, base: AbstractImage, **values: Any) -> AbstractImage:
    """New values of a slide. What its instances took over from it changes with it, in all projects."""
    for name in OWN_VALUES:
        if name in values and not values[name]:
            values[name] = None
    before = {name: getattr(base, name) for name in OWN_VALUES}
    history.edit(db, caller, base, **values)
    for image in db.scalars(select(ImageInstance).where(ImageInstance.base_image_id == base.id)):
        followed = {name: None for name, value in before.items() if value and getattr(image, name) == value}
        old = image.mpp_x or before["mpp_x"]
        history.edit(db, caller, image, **followed)
        if (image.mpp_x or base.mpp_x) != old:
            remeasure(db, caller, image.id, image.mpp_x or base.mpp_x)
    return base


def remeasure(db: Session, caller: Caller, image_id: int, mpp: float | None) -> int:
    """Areas and perimeters of all annotations of an image, from their shapes; says how many changed."""

    def measured(row: AnnotationDomain) -> Mapping[str, Any]:
        return measure(shapely.from_wkb(row.shape), mpp)._asdict()

    return sum(history.edit_many(db, caller, kind, kind.image_id == image_id, measured) for kind in TERMS_OF)
