"""Pictures of slides, one function a kind: from an open slide to a file that can be sent.

Small pictures are bytes; large ones are made while they are sent, in memory that does not grow with the picture (JPEG,
PNG). The first piece is made before a function returns, so that a slide that cannot be read is still a clean refusal.
"""

from collections.abc import Sequence

import shapely

from atrisys.errors import Invalid
from atrisys.imaging.crops import allowed_size, crop_box, longest_side, output_size, window_box
from atrisys.imaging.display import Display
from atrisys.imaging.encode import JPEG_QUALITY, MASK_QUALITY, format_of
from atrisys.imaging.making import Picture, View, made, mask_bands, picture_of
from atrisys.imaging.masks import Mask
from atrisys.imaging.reader import Box, Plane, Slide, SlideFacts
from atrisys.imaging.resample import scale
from atrisys.imaging.tiles import tile_box

__all__ = ["Picture", "alphamask", "associated", "crop", "mask", "region", "thumb", "tile", "window"]


def thumb(
    slide: Slide,
    plane: Plane = Plane(),
    max_size: int = 512,
    format: str = "jpg",
    display: Display = Display(),
    quality: int = JPEG_QUALITY,
    safe: bool = False,
) -> Picture:
    """Make the picture of the whole slide, small.

    Args:
        plane: which plane is shown.
        max_size: the longest side in pixels; small slides are enlarged to it.
        format: an address' ending; JPEG where it is none of ours.
        display: how intensities are shown.
        quality: of JPEG and WebP, 1 to 100.
        safe: shrink to the limit of 10,000 px a side rather than refuse.

    Raises:
        TooLarge: beyond that limit.
        Invalid: a parameter that cannot be used.
        PictureFailed: the slide cannot be read.

    Source: Cytomine's thumb and preview (max_size 1024).
    """
    box = Box(0, 0, slide.facts.width, slide.facts.height)
    view = View(slide, plane, box, display, format_of(format, "jpg"), quality)
    return picture_of(view, output_size(box, slide.facts, max_size), safe)


def window(
    slide: Slide,
    box: Box,
    plane: Plane = Plane(),
    format: str = "png",
    max_size: int | None = None,
    zoom: int = 0,
    exterior: bool = False,
    display: Display = Display(),
    quality: int = JPEG_QUALITY,
    safe: bool = False,
) -> Picture:
    """Make the picture of a rectangle of the slide.

    Args:
        box: level-0 pixels, origin top left; cut to the slide.
        plane: which plane is shown.
        format: an address' ending; PNG where it is none of ours.
        max_size: the longest side in pixels; enlarges too; the zoom does not count then.
        zoom: number of halvings, 0 is full resolution.
        exterior: do not cut to the slide; what is beyond its edge is white.
        display: how intensities are shown.
        quality: of JPEG and WebP, 1 to 100.
        safe: shrink to the limit rather than refuse.

    Raises:
        TooLarge: beyond 65,535 px a side for JPEG, 10,000 px for any other format or an enlarged picture.
        Invalid: a parameter that cannot be used, or a window beside the slide.
        PictureFailed: the slide cannot be read there.

    Source: Cytomine's window; a JPEG may be as large as the format allows.
    """
    box = window_box(box, (slide.facts.width, slide.facts.height), exterior)
    view = View(slide, plane, box, display, format_of(format, "png"), quality, window=True)
    return picture_of(view, output_size(box, slide.facts, max_size, zoom), safe)


def crop(
    slide: Slide,
    shapes: Sequence[shapely.Geometry],
    box: Box | None = None,
    plane: Plane = Plane(),
    format: str = "jpg",
    max_size: int | None = None,
    zoom: int = 0,
    increase_area: float = 1,
    square: bool = False,
    display: Display = Display(),
    quality: int = JPEG_QUALITY,
    safe: bool = False,
) -> Picture:
    """Make the picture of the rectangle around a shape.

    Args:
        shapes: level-0 pixels, origin top left; usually one.
        box: the rectangle that is shown, where it is known: then shapes, increase and square do not count. None: the
            one around the shapes (`crop_box`).
        plane: which plane is shown.
        format: an address' ending; JPEG where it is none of ours.
        max_size: the longest side in pixels; enlarges too; the zoom does not count then.
        zoom: number of halvings, 0 is full resolution.
        increase_area: factor of the rectangle's width and height, about its centre.
        square: widens the rectangle's shorter side to the longer one.
        display: how intensities are shown.
        quality: of JPEG and WebP, 1 to 100.
        safe: shrink to the limit of 10,000 px a side rather than refuse.

    Raises:
        TooLarge: beyond that limit.
        Invalid: a parameter that cannot be used, or no shape.
        PictureFailed: the slide cannot be read there.

    Source: Cytomine's annotation crop.
    """
    box = box or crop_box(shapes, (slide.facts.width, slide.facts.height), increase_area, square)
    view = View(slide, plane, box, display, format_of(format, "jpg"), quality)
    return picture_of(view, output_size(box, slide.facts, max_size, zoom), safe)


def mask(
    facts: SlideFacts,
    shapes: Sequence[shapely.Geometry],
    box: Box | None = None,
    format: str = "jpg",
    max_size: int | None = None,
    zoom: int = 0,
    increase_area: float = 1,
    square: bool = False,
    quality: int = JPEG_QUALITY,
    safe: bool = False,
) -> Picture:
    """Make the mask of shapes: 8-bit grey, 255 where a pixel's centre is inside, else 0; holes are 0.

    Args:
        facts: of the slide that the shapes lie on.
        shapes: level-0 pixels, origin top left; what they cover adds up.
        box: the rectangle that is shown, as `window` cuts it; None: the one around the shapes, as `crop` shows it.
        format: an address' ending; JPEG where it is none of ours (its edges are not exact: PNG's are).
        max_size: the longest side in pixels; enlarges too; the zoom does not count then.
        zoom: number of halvings, 0 is full resolution.
        increase_area: factor of the rectangle's width and height, about its centre.
        square: widens the rectangle's shorter side to the longer one.
        quality: of JPEG; 95 at least.
        safe: shrink to the limit of 10,000 px a side rather than refuse.

    Raises:
        TooLarge: beyond that limit.
        Invalid: a parameter that cannot be used, or neither shape nor box.

    Source: Cytomine's annotation mask, and window with mask=true.
    """
    box = box or crop_box(shapes, (facts.width, facts.height), increase_area, square)
    kind, asked = format_of(format, "jpg"), output_size(box, facts, max_size, zoom)
    size = allowed_size(asked, box, kind, safe)
    bands = mask_bands(Mask(shapes, box, size))
    return made(bands, size, asked, kind, max(quality, MASK_QUALITY), flat=True)


def alphamask(
    slide: Slide,
    shapes: Sequence[shapely.Geometry],
    box: Box | None = None,
    plane: Plane = Plane(),
    format: str = "png",
    alpha: float = 100,
    max_size: int | None = None,
    zoom: int = 0,
    increase_area: float = 1,
    square: bool = False,
    display: Display = Display(),
    quality: int = JPEG_QUALITY,
    safe: bool = False,
) -> Picture:
    """Make the picture around shapes, transparent outside of them.

    Args:
        shapes: level-0 pixels, origin top left; what they cover adds up.
        box: the rectangle that is shown, as `window` cuts it; None: the one around the shapes, as `crop` shows it.
        plane: which plane is shown.
        format: an address' ending; PNG where it is none of ours, and for JPEG, which has no transparency.
        alpha: percent of transparency outside, 0 to 100.
        max_size: the longest side in pixels; enlarges too; the zoom does not count then.
        zoom: number of halvings, 0 is full resolution.
        increase_area: factor of the rectangle's width and height, about its centre.
        square: widens the rectangle's shorter side to the longer one.
        display: how intensities are shown.
        quality: of WebP, 1 to 100.
        safe: shrink to the limit of 10,000 px a side rather than refuse.

    Raises:
        TooLarge: beyond that limit.
        Invalid: a parameter that cannot be used, or neither shape nor box.
        PictureFailed: the slide cannot be read there.

    Source: Cytomine's annotation alphamask, and window with alphaMask=true.
    """
    if not 0 <= alpha <= 100:
        raise Invalid("An alpha of {alpha} percent cannot be: it goes from 0 to 100", alpha=alpha)
    box = box or crop_box(shapes, (slide.facts.width, slide.facts.height), increase_area, square)
    kind = format_of(format, "png", alpha=True)
    view = View(slide, plane, box, display, kind, quality, veiled=(shapes, alpha))
    return picture_of(view, output_size(box, slide.facts, max_size, zoom), safe)


def tile(
    slide: Slide,
    zoom: int,
    tx: int,
    ty: int,
    plane: Plane = Plane(),
    format: str = "jpg",
    display: Display = Display(),
    quality: int = JPEG_QUALITY,
) -> Picture:
    """Make one tile of the normalised pyramid.

    Args:
        zoom: 0 is the whole slide in one tile, the last is full resolution.
        tx: tile column, 0 at the left.
        ty: tile row, 0 at the top.
        plane: which plane is shown.
        format: an address' ending; JPEG where it is none of ours.
        display: how intensities are shown.
        quality: of JPEG and WebP, 1 to 100.

    Returns:
        256 px a side, smaller at the right and the bottom.

    Raises:
        Invalid: no such tile, or a parameter that cannot be used.
        PictureFailed: the slide cannot be read there.

    Source: Cytomine's normalized-tile.
    """
    box, size = tile_box(slide.facts, zoom, tx, ty)
    return region(slide, box, size, plane, format, display, quality)


def region(
    slide: Slide,
    box: Box,
    size: tuple[int, int],
    plane: Plane = Plane(),
    format: str = "jpg",
    display: Display = Display(),
    quality: int = JPEG_QUALITY,
) -> Picture:
    """Make the picture of a rectangle in just the size that is wanted: a tile of some grid.

    Args:
        box: level-0 pixels, origin top left; what reaches past the slide's edge is left out, so that the last pixels
            are the mean of what lies inside.
        size: (width, height) of the picture.
        plane: which plane is shown.
        format: an address' ending; JPEG where it is none of ours.
        display: how intensities are shown.
        quality: of JPEG and WebP, 1 to 100.

    Raises:
        TooLarge: beyond 10,000 px a side.
        Invalid: a parameter that cannot be used.
        PictureFailed: the slide cannot be read there.
    """
    view = View(slide, plane, box, display, format_of(format, "jpg"), quality, beyond="nearest")
    return picture_of(view, size, safe=False)


def associated(
    slide: Slide, name: str, max_size: int | None = 256, format: str = "jpg", quality: int = JPEG_QUALITY
) -> Picture:
    """Make the picture of the slide's label, of the whole glass or the scanner's own thumbnail.

    Args:
        name: `macro`, `label`, `thumbnail` or `thumb`, any case.
        max_size: the longest side in pixels; enlarges too; None: as it was recorded.
        format: an address' ending; JPEG where it is none of ours.
        quality: of JPEG and WebP, 1 to 100.

    Raises:
        NotFound: the slide has no such picture.
        TooLarge: beyond 10,000 px a side.
        Invalid: a parameter that cannot be used.
        PictureFailed: the picture cannot be read.

    Source: Cytomine's associated.
    """
    plain = name.lower()
    pixels = slide.read_associated("thumbnail" if plain == "thumb" else plain)
    height, width = pixels.shape[:2]
    box, kind = Box(0, 0, width, height), format_of(format, "jpg")
    size = allowed_size((width, height) if max_size is None else longest_side(box, max_size), box, kind)
    return made(iter([scale(pixels, size)]), size, size, kind, quality)
