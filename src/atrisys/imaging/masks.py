"""Masks of shapes: 255 inside, 0 outside, and 0 in holes."""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
import shapely

from atrisys.imaging.reader import Box, Pixels
from atrisys.imaging.scan_lines import Bytes, Edges, edges_of, fill_rows, scaled, single_parts
from atrisys.imaging.strokes import strokes_of

BAND_BYTES = 8 << 20
"""A mask that is handed on in bands has bands of about this size."""


class Mask:
    """The mask of shapes in a rectangle of a slide, at any scale.

    A pixel is inside when its centre is inside a polygon, after the polygon is scaled to the picture; a centre that
    lies exactly on a side belongs to what is on the side's right or below it, so that polygons that share sides leave
    no gap and never overlap. Polygons that overlap add up. A point marks the pixel that it lies in, a line those that
    it passes through.

    Source: the rule of Cytomine's masks (pixel centres, as GDAL rasterises).
    """

    def __init__(self, shapes: Iterable[shapely.Geometry], box: Box, size: tuple[int, int]) -> None:
        """Prepare the mask; rows are drawn when they are asked for.

        Args:
            shapes: in level-0 pixels, origin top left, y down.
            box: the rectangle that the picture shows, in level-0 pixels.
            size: (width, height) of the picture.

        Raises:
            TooLarge: the lines among them are too long to be drawn.
        """
        shapes = list(shapes)
        self.width, self.height = size
        self._edges: Edges = edges_of(shapes, box, size)
        parts = single_parts(shapes)
        kinds = shapely.get_type_id(parts)
        self._points = np.floor(scaled(shapely.get_coordinates(parts[kinds == 0]), box, size))
        self._strokes = strokes_of(parts[(kinds == 1) | (kinds == 2)], box, size)

    def rows(self, first: int, after: int) -> Bytes:
        """The rows from `first` to the one before `after`: uint8 (rows, width), 0 or 255."""
        picture = fill_rows(self._edges, (first, after), self.width)
        seen = ((self._points >= (0, first)) & (self._points < (self.width, after))).all(axis=1)
        for marked in chain([self._points[seen].astype(np.int64)], self._strokes.pixels((first, after), self.width)):
            picture[marked[:, 1] - first, marked[:, 0]] = 1
        return np.multiply(picture, 255, out=picture)

    def bands(self) -> Iterator[Pixels]:
        """The whole mask from top to bottom: uint8 (rows, width, 1) each, of bounded size."""
        rows = max(1, BAND_BYTES // self.width)
        for first in range(0, self.height, rows):
            yield self.rows(first, min(first + rows, self.height))[..., None]


def draw_mask(shapes: Iterable[shapely.Geometry], box: Box, size: tuple[int, int]) -> Bytes:
    """Draw the mask of shapes in a rectangle of a slide, whole.

    Args:
        shapes: in level-0 pixels, origin top left, y down.
        box: the rectangle that the picture shows, in level-0 pixels.
        size: (width, height) of the picture.

    Returns:
        uint8 (height, width), 255 where a pixel's centre is inside, else 0.
    """
    return Mask(shapes, box, size).rows(0, size[1])


def with_alpha(pixels: Pixels, mask: Bytes, alpha: float = 100) -> Pixels:
    """Make transparent what lies outside of a mask.

    Args:
        pixels: uint8 or uint16 (height, width, 1 or 3).
        mask: uint8 (height, width), 255 inside.
        alpha: percent of transparency outside, 0 to 100.

    Returns:
        The same type with one more channel: full inside, (1 − alpha / 100) of full outside.
    """
    full = (1 << 8 * pixels.dtype.itemsize) - 1
    outside = round(full * (1 - min(max(alpha, 0), 100) / 100))
    veil = np.where(mask > 0, full, outside).astype(pixels.dtype)
    return np.concatenate([pixels, veil[..., None]], axis=2)
