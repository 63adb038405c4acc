"""How every picture of a slide is made: read, shown, encoded; whole when small, band by band when large."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import shapely

from atrisys.errors import Invalid
from atrisys.imaging.ahead import read_ahead
from atrisys.imaging.crops import allowed_size
from atrisys.imaging.display import Display
from atrisys.imaging.encode import CONTENT_TYPES, MOST_BITS, encode, encode_bands
from atrisys.imaging.look import look_at
from atrisys.imaging.masks import Mask, with_alpha
from atrisys.imaging.patience import renewed
from atrisys.imaging.reader import Box, Pixels, Plane, Slide, SlideFacts
from atrisys.imaging.regions import band_rows, read_rows

HELD_PIXELS = 1024 * 1024
"""Pictures of at most so many pixels are held in memory at once, larger ones are made band by band."""

WHOLE_PIXELS = 2048 * 2048
"""Pictures of at most so many pixels are made before they are sent, larger ones meanwhile."""

SMALL_BAND_BYTES = 3 << 19
"""Of pictures that are made before they are sent, where they show the slide's own pixels."""


@dataclass(frozen=True)
class Picture:
    """A picture file."""

    content_type: str
    body: bytes | Iterator[bytes]
    """Whole, or in pieces that are made as they are asked for."""
    size: tuple[int, int]
    """(width, height) in pixels."""
    asked: tuple[int, int]
    """(width, height) that was asked for: larger than `size` where `safe` made the picture smaller."""


@dataclass(frozen=True)
class View:
    """What of a slide a picture shows, and how."""

    slide: Slide
    plane: Plane
    box: Box
    display: Display
    format: str
    quality: int
    beyond: str = "white"
    """As `read_scaled` takes it."""
    window: bool = False
    """A window may be larger than other pictures."""
    veiled: tuple[Sequence[shapely.Geometry], float] | None = None
    """Shapes outside of which the picture is transparent, and by how many percent."""


def picture_of(view: View, asked: tuple[int, int], safe: bool) -> Picture:
    """Make the picture of a view in the size asked for, or within the limits where that is `safe`."""
    size = allowed_size(asked, view.box, view.format, safe, view.window)
    return made(_bands(view, size), size, asked, view.format, view.quality)


def made(
    bands: Iterator[Pixels],
    size: tuple[int, int],
    asked: tuple[int, int],
    format: str,
    quality: int,
    flat: bool = False,
) -> Picture:
    """Encode a picture that comes in bands.

    Args:
        bands: (rows, width, channels) each, from top to bottom; one alone where the picture has no more than
            HELD_PIXELS pixels.
        size: (width, height) of the whole picture.
        asked: (width, height) that was asked for.
        format: one of CONTENT_TYPES.
        quality: of JPEG and WebP, 1 to 100.
        flat: the picture has large areas of one value, as masks have.

    Returns:
        The picture; a large JPEG or PNG in pieces, the first of which is made already, so that what cannot be read is
        refused here.

    Raises:
        Invalid: a quality beyond 1 to 100.
        PictureFailed: the slide cannot be read at the picture's beginning.
    """
    if not 1 <= quality <= 100:
        raise Invalid("A quality of {quality} cannot be: it goes from 1 to 100", quality=quality)
    pixels = size[0] * size[1]
    if pixels > WHOLE_PIXELS:
        pieces = encode_bands(read_ahead(renewed(bands)), size, format, quality, flat)
        body = _begun(pieces) if format in ("jpg", "png") else b"".join(pieces)
    elif pixels > HELD_PIXELS:
        body = b"".join(encode_bands(bands, size, format, quality, flat))
    else:
        body = encode(next(bands), format, quality, flat)
    return Picture(CONTENT_TYPES[format], body, size, asked)


def mask_bands(drawn: Mask) -> Iterator[Pixels]:
    """A mask as `made` takes it."""
    if drawn.width * drawn.height <= HELD_PIXELS:
        return iter([drawn.rows(0, drawn.height)[..., None]])
    return drawn.bands()


def cuts(facts: SlideFacts, box: Box, size: tuple[int, int], pixel_bytes: int) -> list[tuple[int, int]]:
    """Where a picture is cut into bands: (first row, row after the last) of each, from top to bottom.

    Args:
        box: what it shows, level-0 pixels.
        size: (width, height) of the picture.
        pixel_bytes: what a pixel takes while it is worked on.
    """
    pixels = size[0] * size[1]
    if pixels > WHOLE_PIXELS:
        return band_rows(facts, box, size, pixel_bytes)
    if pixels > HELD_PIXELS and (box.width, box.height) == size:
        return band_rows(facts, box, size, pixel_bytes, SMALL_BAND_BYTES)
    return [(0, size[1])]


def _bands(view: View, size: tuple[int, int]) -> Iterator[Pixels]:
    look = look_at(view.slide, view.plane, view.display, MOST_BITS[view.format])
    mask = Mask(view.veiled[0], view.box, size) if view.veiled else None
    for rows in cuts(view.slide.facts, view.box, size, look.pixel_bytes):
        read = [read_rows(view.slide, view.box, size, rows, plane, view.beyond) for plane in look.planes]
        pixels = look.render(read)
        del read
        yield with_alpha(pixels, mask.rows(*rows), view.veiled[1]) if mask and view.veiled else pixels
        # Not to be held while the next band is read.
        del pixels


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, the first one made now: what cannot be read is refused before anything is sent."""
    first = next(pieces)

    def all_of_them() -> Iterator[bytes]:
        yield first
        yield from pieces

    return all_of_them()
