"""Drawing label masks in bands of full width, so that only one band of the picture is ever in memory.

Pillow computes where an edge crosses a row as `(y - y0) * dx + x0` in 32-bit floats of whole pixels. A shift along y
changes nothing in that, a shift along x does; so bands equal the whole picture to the pixel, and tiles are cut from
bands, never drawn.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from atrisys.exports.label_rings import Rings


class Canvas:
    """A band of pixels that Pillow draws into and numpy reads, without a copy between them."""

    def __init__(self, width: int, rows: int, lead: int = 0) -> None:
        """
        Args:
            width: pixels of a row.
            rows: height of the band.
            lead: bytes before each row that are no pixels (the filter byte of a PNG).
        """
        stride = width + lead
        self._memory = np.zeros(rows * stride + lead, np.uint8)
        self.lines: NDArray[np.uint8] = self._memory[: rows * stride].reshape(rows, stride)
        """(rows, lead + width): the rows as they lie in memory."""
        self.pixels: NDArray[np.uint8] = self.lines[:, lead:]
        """(rows, width)."""
        self._image = Image.frombuffer("L", (width, rows), self._memory[lead:], "raw", "L", stride, 1)
        self._image.readonly = 0
        self._draw = ImageDraw.Draw(self._image)
        self._shared = self._is_shared()
        self._clean = True

    def draw(self, rings: Rings, numbers: NDArray[np.int64], top: int) -> None:
        """Draw rings, as far as they reach into the band.

        Args:
            rings: in image order.
            numbers: which of them, in drawing order.
            top: the picture's row that is the band's first.
        """
        self._clean = False
        for ring in numbers.tolist():
            points = rings.points(ring).astype(np.float32)
            points[:, 1] -= top
            self._draw.polygon(points, fill=int(rings.value[ring]))  # pyright: ignore[reportArgumentType]
        if not self._shared:
            self.pixels[:] = np.asarray(self._image)

    def clear(self) -> None:
        """Make the band empty (0) again."""
        if not self._clean:
            self._memory.fill(0)
            if not self._shared:
                self._image.paste(0, (0, 0, *self._image.size))
            self._clean = True

    def _is_shared(self) -> bool:
        # A later Pillow might draw into a copy of the buffer; then every mask would be blank without this look.
        self._draw.point((0, 0), fill=1)
        shared = bool(self.pixels[0, 0] == 1)
        self._draw.point((0, 0), fill=0)
        return shared


def draw_bands(rings: Rings, canvas: Canvas, height: int) -> Iterator[tuple[int, int, bool]]:
    """Draw a picture band by band from the top.

    Args:
        rings: in image order, in drawing order.
        canvas: as wide as the picture; its height is the bands'.
        height: of the picture in pixels.

    Returns:
        For each band (first row, number of rows, whether anything was drawn); its pixels are in the canvas until the
        next one is asked for. In a last, lower band the canvas' other rows are empty.
    """
    rows = len(canvas.lines)
    order = np.argsort(rings.top, kind="stable")
    tops = rings.top[order]
    begun = 0
    active = np.zeros(0, np.int64)
    for top in range(0, height, rows):
        below = int(np.searchsorted(tops, top + rows))
        active = np.concatenate([active, order[begun:below]])
        active = np.sort(active[rings.bottom[active] >= top])
        begun = below
        canvas.clear()
        count = min(rows, height - top)
        if len(active):
            canvas.draw(rings, active, top)
            canvas.pixels[count:] = 0
        yield top, count, len(active) > 0
