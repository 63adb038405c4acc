"""A view with more annotations than anybody can tell apart: how many lie where."""

import math
from dataclasses import dataclass
from typing import Any

from shapely.geometry import box
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from atrisys.actions.find_annotations import Wanted
from atrisys.geometry.frames import LEFT_TOP, turn_over
from atrisys.store import spatial
from atrisys.store.tables import AbstractImage, ImageInstance, SliceInstance

CROWD = 2_000
"""From so many on they are counted rather than listed."""
MOST_CELLS = 16
"""Along the view's longer side; there are half as many at least."""


@dataclass(frozen=True)
class Cluster:
    """What lies in one cell of the view."""

    count: int
    shape: BaseGeometry
    """The rectangle that their centroids fill, with a little margin: in image order."""


def one_image(db: Session, wanted: Wanted) -> AbstractImage | None:
    """The slide of the only image that a listing is about; None where it names none, or several."""
    sliced = select(SliceInstance.image_id).where(SliceInstance.id.in_(wanted.slices or []))
    named = ImageInstance.id.in_(wanted.images or []) | ImageInstance.id.in_(sliced)
    slide = select(AbstractImage).join(ImageInstance, ImageInstance.base_image_id == AbstractImage.id)
    several = db.scalars(slide.where(named).limit(2)).all()
    return several[0] if len(several) == 1 else None


def clusters(db: Session, wanted: Wanted, chosen: list[ColumnElement[bool]], slide: AbstractImage) -> list[Cluster]:
    """The cells of a view that hold annotations, the fullest first.

    The cells lie still while the view is moved, and are halved when it is: their side is a power of two.

    Args:
        wanted: with a `touching`, the view.
        chosen: the conditions that the annotations of the view meet.
    """
    assert wanted.touching is not None
    view = wanted.touching if wanted.origin == LEFT_TOP else turn_over(wanted.touching, slide.height or 0)
    left, top, right, bottom = view.bounds
    side = 2.0 ** math.ceil(math.log2(max(right - left, bottom - top, 1.0) / MOST_CELLS))
    row = wanted.kind
    places = [_within(row.centroid_x, left, right), _within(row.centroid_y, top, bottom)]
    cell = [spatial.cell(db.connection(), place, side) for place in places]
    ends = [end(place) for place in places for end in (func.min, func.max)]
    counted = func.count()
    found = db.execute(select(counted, *ends).where(*chosen).group_by(*cell).order_by(counted.desc(), *ends))
    return [Cluster(count, _around(ends, side / MOST_CELLS, slide)) for count, *ends in found]


def _within(place: Any, low: float, high: float) -> ColumnElement[float]:
    """What only reaches into the view counts at its border, so that there are no more cells than the view has."""
    return case((place < low, low), (place > high, high), else_=place)


def _around(ends: list[float], margin: float, slide: AbstractImage) -> BaseGeometry:
    left, right, top, bottom = ends
    return box(
        max(left - margin, 0), max(top - margin, 0),
        min(right + margin, slide.width or math.inf), min(bottom + margin, slide.height or math.inf),
    )  # fmt: skip
