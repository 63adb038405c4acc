"""Label masks of whole slides: one class number a pixel, equal to what Pillow draws on a picture held whole.

Annotations are drawn one over the other in the order given: of each polygon the outer ring with its class, then its
holes with 0 (also where something lay beneath). Points and lines draw nothing.
"""

from collections.abc import Callable, Iterable, Iterator

from isal import isal_zlib

from atrisys.errors import TooLarge
from atrisys.exports.files import Target, open_whole
from atrisys.exports.label_bands import Canvas, draw_bands
from atrisys.exports.label_rings import FARTHEST, Rings, gather_rings
from atrisys.exports.pyramid_tiff import save_pyramid, tile_side
from atrisys.exports.records import AnnotationRecord, Problem
from atrisys.imaging.png_bands import begin_png, png_chunk

Progress = Callable[[float], object]
"""Called with the share that is done, 0 to 1."""

_BAND_BYTES = 8 << 20


def write_mask_png(
    target: Target,
    records: Iterable[AnnotationRecord],
    width: int,
    height: int,
    problems: list[Problem],
    progress: Progress | None = None,
) -> None:
    """Write a slide's label mask as PNG, one band in memory.

    Args:
        target: a path, which then holds the whole file or what it held before; or a file open for writing.
        records: in drawing order, later ones on top; shapes in image order.
        width: of the slide at level 0, in pixels.
        height: of the slide at level 0, in pixels.
        problems: annotations that cannot be drawn are added to it.
        progress: told after each band.

    Raises:
        TooLarge: a side beyond 8,388,608 pixels.

    Source: scripts of Cytomine's users, which draw with Pillow's ImageDraw.polygon; equal to them pixel for pixel
    (tests/exports/script_drawing.py has their loops).
    """
    with open_whole(target) as file:
        for piece in stream_mask_png(records, width, height, problems, progress):
            file.write(piece)


def stream_mask_png(
    records: Iterable[AnnotationRecord],
    width: int,
    height: int,
    problems: list[Problem],
    progress: Progress | None = None,
) -> Iterator[bytes]:
    """Make a slide's label mask as PNG, piece by piece.

    Args:
        records: in drawing order, later ones on top; shapes in image order. They are read before the first piece.
        width: of the slide at level 0, in pixels.
        height: of the slide at level 0, in pixels.
        problems: annotations that cannot be drawn are added to it before the first piece.
        progress: told after each band.

    Returns:
        The bytes of an 8-bit grey PNG, (height, width), whose text chunk `origin` says left-top.

    Raises:
        TooLarge: a side beyond 8,388,608 pixels.
    """
    _check_size(width, height)
    rings = gather_rings(records, problems)
    return _png_pieces(rings, width, height, progress)


def write_mask_tiff(
    target: Target,
    records: Iterable[AnnotationRecord],
    width: int,
    height: int,
    problems: list[Problem],
    progress: Progress | None = None,
    mpp: tuple[float, float] | None = None,
) -> None:
    """Write a slide's label mask as a tiled pyramidal TIFF (Deflate), one band of each level in memory.

    Args:
        target: a path, which then holds the whole file or what it held before; or a file that can seek.
        records: in drawing order, later ones on top; shapes in image order.
        width: of the slide at level 0, in pixels.
        height: of the slide at level 0, in pixels.
        problems: annotations that cannot be drawn are added to it.
        progress: told after each band.
        mpp: µm per pixel along x and y, written as the file's resolution.

    The first page is the mask at full resolution, (height, width) uint8; each further page has every second pixel
    of every second row of the one before, so that no class is ever mixed with another.

    Raises:
        TooLarge: a side beyond 8,388,608 pixels.
    """
    _check_size(width, height)
    rings = gather_rings(records, problems)
    canvas = Canvas(width, tile_side(width))
    with open_whole(target) as file:
        save_pyramid(file, canvas.pixels, _told(draw_bands(rings, canvas, height), height, progress), height, mpp)
    if progress:
        progress(1.0)


def _check_size(width: int, height: int) -> None:
    if not (0 < width <= FARTHEST and 0 < height <= FARTHEST):
        raise TooLarge(
            "A mask of {width} x {height} pixels cannot be drawn; its sides may have 1 to {most}.",
            width=width,
            height=height,
            most=FARTHEST,
        )


def _told(
    bands: Iterator[tuple[int, int, bool]], height: int, progress: Progress | None
) -> Iterator[tuple[int, int, bool]]:
    for top, count, drawn in bands:
        yield top, count, drawn
        if progress:
            progress((top + count) / height)


def _png_pieces(rings: Rings, width: int, height: int, progress: Progress | None) -> Iterator[bytes]:
    canvas = Canvas(width, min(height, max(16, _BAND_BYTES // width)), lead=1)
    yield begin_png(width, height, bits=8, channels=1)
    yield png_chunk(b"tEXt", b"origin\0left-top")
    packer = isal_zlib.compressobj(1)
    for _, count, _ in _told(draw_bands(rings, canvas, height), height, progress):
        packed = packer.compress(canvas.lines[:count])
        if packed:
            yield png_chunk(b"IDAT", packed)
    yield png_chunk(b"IDAT", packer.flush())
    yield png_chunk(b"IEND", b"")
