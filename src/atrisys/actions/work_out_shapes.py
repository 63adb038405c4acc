"""What follows from an annotation's outline, for one that comes back: shape, box, place in the grid, measures."""

import base64
from collections.abc import Sequence
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.judge import State
from atrisys.actions.canvas import Canvas, canvas_of
from atrisys.actions.drawing import Drawing, shape_columns
from atrisys.errors import InTheWay, Refusal
from atrisys.geometry.check import Fitted
from atrisys.geometry.frames import turn_over
from atrisys.geometry.wkt import read_wkt

SAID = ("changes", "location", "geometry_compression")
"""What the log has itself."""


def columns_of_shapes(db: Session, caller: Caller, rows: Sequence[State]) -> list[dict[str, Any]]:
    """By the slide as it is now: its pixel size may be another one than it was.

    Raises InTheWay where a shape no longer fits its slide.
    """
    by_image: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        by_image.setdefault(row["image_id"], []).append(place)
    answers: list[dict[str, Any]] = [{} for _ in rows]
    for image_id, places in by_image.items():
        canvas = canvas_of(db, caller, image_id)
        drawn = [_drawn(canvas, rows[place]) for place in places]
        for place, columns in zip(places, shape_columns(canvas, drawn), strict=True):
            if isinstance(columns, Refusal) or columns["changes"]:
                raise InTheWay(
                    "Annotation {id} no longer fits image {image}, whose size is another one now.",
                    id=rows[place]["id"],
                    image=image_id,
                )
            answers[place] = {name: value for name, value in columns.items() if name not in SAID}
    return answers


def _drawn(canvas: Canvas, row: State) -> tuple[Drawing, Fitted]:
    shape = _shape(canvas, row)
    return Drawing(location="", left_top=True, shape=shape), Fitted(shape)


def _shape(canvas: Canvas, row: State) -> BaseGeometry:
    """In image order: as the log keeps it, else (in lines of earlier versions) turned over from the outline's text."""
    if "shape" in row:
        return shapely.from_wkb(base64.b64decode(row["shape"]))
    return turn_over(read_wkt(row["location"]), canvas.height)
