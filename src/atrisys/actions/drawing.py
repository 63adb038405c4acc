"""From a shape as somebody sends it to the columns of an annotation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from atrisys.actions.canvas import Canvas
from atrisys.errors import Refusal
from atrisys.geometry import grid
from atrisys.geometry.check import Fitted, mend_many, place_many
from atrisys.geometry.frames import turn_over
from atrisys.geometry.measure import centroids, measure_many
from atrisys.geometry.simplify import simplify
from atrisys.geometry.wkt import as_array, read_many, write_many

PLAIN_WKT = re.compile(r"[A-Za-z0-9 .,()+-]*")
"""A text that may stand in JSON and on the wire as it is."""


@dataclass(slots=True)
class Drawing:
    """One shape as somebody sends it. (Frozen it would take five times as long to make.)"""

    location: str
    """WKT in the frame that `left_top` tells."""
    image_id: int | None = None
    slice_id: int | None = None
    """One of the two: an image stands for its reference slice."""
    terms: tuple[int, ...] = ()
    tracks: tuple[int, ...] = ()
    group_id: int | None = None
    """The annotation group that it goes into."""
    user_id: int | None = None
    """Whose layer; the caller's own by default."""
    left_top: bool = False
    simplify_to: tuple[int | None, int | None] = (None, None)
    """minPoint and maxPoint, where the sender wants fewer points."""
    geometry_compression: float = 0.0
    source: str | None = None
    parent_id: int | None = None
    properties: tuple[tuple[str, str], ...] = ()
    """Keys and values."""
    shape: BaseGeometry | None = None
    """The shape itself, where it was read already (files); then `location` is not read."""


def make_whole(drawings: Sequence[Drawing]) -> list[Fitted | Refusal]:
    """The shapes, read and whole: all that may take long and needs no database, whose other writers would wait."""
    if all(drawing.shape is None for drawing in drawings):
        read = read_many([drawing.location for drawing in drawings])
    else:
        read = [
            drawing.shape if drawing.shape is not None else read_many([drawing.location])[0] for drawing in drawings
        ]
    mended = iter(mend_many(as_array([shape for shape in read if not isinstance(shape, Refusal)])))
    return [shape if isinstance(shape, Refusal) else next(mended) for shape in read]


def shape_columns(canvas: Canvas, drawn: Sequence[tuple[Drawing, Fitted | Refusal]]) -> list[dict[str, Any] | Refusal]:
    """The columns of annotations that follow from their shapes, and under `changes` what had to be done to them.

    Shapes are in the frame in which they were sent; both frames have the picture at [0, width] x [0, height].
    """
    answers: list[dict[str, Any] | Refusal] = []
    rows: list[dict[str, Any]] = []
    shapes: list[BaseGeometry] = []
    left_top: list[bool] = []
    inside = place_many([shape for _, shape in drawn], canvas.width, canvas.height)
    for (drawing, _), fitted in zip(drawn, inside, strict=True):
        if isinstance(fitted, Refusal):
            answers.append(fitted)
            continue
        shape, compression = fitted.shape, drawing.geometry_compression
        if any(drawing.simplify_to):
            try:
                shape, compression = simplify(shape, *drawing.simplify_to)
            except Refusal as refusal:
                answers.append(refusal)
                continue
        row = {"changes": fitted.changes, "geometry_compression": compression}
        as_sent = shape is fitted.shape and not fitted.changes
        if as_sent and drawing.shape is None and not drawing.left_top and PLAIN_WKT.fullmatch(drawing.location):
            row["location"] = drawing.location
        answers.append(row)
        rows.append(row)
        shapes.append(shape)
        left_top.append(drawing.left_top)
    _fill(canvas, left_top, shapes, rows)
    return answers


def _fill(canvas: Canvas, left_top: list[bool], shapes: list[BaseGeometry], rows: list[dict[str, Any]]) -> None:
    """Both frames, boxes, measures and places in the grid, for all shapes at once."""
    if not shapes:
        return
    sent = as_array(shapes)
    turned = turn_over(sent, canvas.height)
    image_order, wire = turned, sent
    if any(left_top):
        is_image_order = np.array(left_top)
        image_order, wire = np.where(is_image_order, sent, turned), np.where(is_image_order, turned, sent)
    untold = [number for number, row in enumerate(rows) if "location" not in row]
    for number, text in zip(untold, write_many(wire[untold]) if untold else (), strict=True):
        rows[number]["location"] = text
    boxes = shapely.bounds(image_order)
    follows = zip(
        shapely.to_wkb(image_order).tolist(),
        boxes.tolist(),
        grid.places(np.maximum(boxes, 0)).tolist(),
        measure_many(image_order, canvas.mpp),
        centroids(image_order),
        strict=True,
    )
    for row, (wkb, box, cell, measures, middle) in zip(rows, follows, strict=True):
        row["shape"] = wkb
        row["min_x"], row["min_y"], row["max_x"], row["max_y"] = box
        row["grid_level"], row["grid_x"], row["grid_y"] = cell
        row["area"], row["area_unit"], row["perimeter"], row["perimeter_unit"] = measures
        row["centroid_x"], row["centroid_y"] = middle
