"""Whole slides as one picture file each, in memory that does not grow with the slide."""

from collections.abc import Callable, Iterator

from atrisys.exports.files import Target, open_whole
from atrisys.imaging.ahead import read_ahead
from atrisys.imaging.display import Display
from atrisys.imaging.encode import encode_bands
from atrisys.imaging.look import look_at
from atrisys.imaging.reader import Box, Pixels, Plane, Slide
from atrisys.imaging.regions import band_rows, read_rows
from atrisys.imaging.write_pyramid import TILE, Looks, WrittenLevel, write_pyramid

QUALITY = 90
"""Of JPEG: a model is trained on these pixels."""

Progress = Callable[[float], object]


def write_picture_jpeg(target: Target, slide: Slide, plane: Plane, progress: Progress | None = None) -> None:
    """Write one plane of a slide at full resolution as a JPEG.

    Args:
        target: a path, which then holds the whole file or what it held before; or a file open for writing.
        slide: at most 65,535 pixels a side.
        plane: which one; 16-bit intensities are stretched as they are shown.
        progress: told the share that is done after each band.

    Raises:
        TooLarge: a side beyond 65,535 pixels.
        PictureFailed: the slide cannot be read.
    """
    size = slide.facts.width, slide.facts.height
    with open_whole(target) as file:
        for piece in encode_bands(read_ahead(_bands(slide, plane, size, progress)), size, "jpg", QUALITY):
            file.write(piece)


def write_picture_tiff(
    target: Target,
    slide: Slide,
    plane: Plane,
    mpp: tuple[float, float] | None = None,
    progress: Progress | None = None,
) -> None:
    """Write one plane of a slide as a tiled pyramidal TIFF (JPEG), each level half as large as the one before.

    Args:
        target: a path, which then holds the whole file or what it held before; or a file that can seek.
        slide: of any size.
        plane: which one; 16-bit intensities are stretched as they are shown.
        mpp: µm per pixel along x and y, written as the file's resolution.
        progress: told the share of the full resolution that is done.

    Raises:
        PictureFailed: the slide cannot be read.
    """
    looks = Looks("ATrISys picture, origin left-top", mpp, QUALITY)
    with open_whole(target) as file:
        write_pyramid(file, _levels(slide, plane, progress), looks)


def _levels(slide: Slide, plane: Plane, progress: Progress | None) -> Iterator[WrittenLevel]:
    width, height = slide.facts.width, slide.facts.height
    yield WrittenLevel(width, height, read_ahead(_bands(slide, plane, (width, height), progress)))
    while max(width, height) > 2 * TILE:
        width, height = (width + 1) // 2, (height + 1) // 2
        yield WrittenLevel(width, height, read_ahead(_bands(slide, plane, (width, height), None)))


def _bands(slide: Slide, plane: Plane, size: tuple[int, int], progress: Progress | None) -> Iterator[Pixels]:
    """The whole slide in a size, from top to bottom, 8 bits a sample."""
    box = Box(0, 0, slide.facts.width, slide.facts.height)
    look = look_at(slide, plane, Display(), 8)
    for rows in band_rows(slide.facts, box, size, look.pixel_bytes):
        yield look.render([read_rows(slide, box, size, rows, one) for one in look.planes])
        if progress:
            progress(rows[1] / size[1])
