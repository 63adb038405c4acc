"""Shapes that somebody searches with: a box of four numbers, or WKT."""

import shapely
from shapely.geometry.base import BaseGeometry

from atrisys.errors import Invalid, ShapeRefused
from atrisys.geometry.tangle import refuse_tangle
from atrisys.geometry.wkt import read_wkt

MOST_POINTS = 5_000
"""Of a shape that is searched with."""


def read_box(text: str) -> BaseGeometry:
    """`minX,minY,maxX,maxY`, or WKT."""
    parts = text.split(",")
    if len(parts) == 4:
        try:
            numbers = [float(part) for part in parts]
        except ValueError:
            return read_search_shape(text)
        if all(abs(number) < 1e9 for number in numbers) and numbers[0] <= numbers[2] and numbers[1] <= numbers[3]:
            return shapely.box(numbers[0], numbers[1], numbers[2], numbers[3])
        raise Invalid("bbox is minX,minY,maxX,maxY in pixels, or WKT, not {value}.", value=text[:80])
    return read_search_shape(text)


def read_search_shape(text: str) -> BaseGeometry:
    """A shape that others are compared with one by one, and that nobody has checked before."""
    shape = read_wkt(text)
    if shapely.get_num_coordinates(shape) > MOST_POINTS:
        raise ShapeRefused("A shape to search with has at most {most} points. Simplify it.", most=MOST_POINTS)
    refuse_tangle(shape)
    return shape
