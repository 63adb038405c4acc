"""The darkest and the brightest intensity of a plane or a channel, measured on a small picture of it."""

from itertools import product
from threading import Lock
from weakref import WeakKeyDictionary

from atrisys.imaging.reader import Box, Pixels, Plane, Slide
from atrisys.imaging.regions import read_scaled

MEASURED_SIDE = 1024
"""The picture that is measured has so many pixels a side at the most."""

MEASURED_PLANES = 3
"""Along the focal planes and along time so many are measured at the most, at even distances."""

Range = tuple[int, int]

_known: WeakKeyDictionary[Slide, dict[Plane, Range]] = WeakKeyDictionary()
_lock = Lock()


def plane_range(slide: Slide, plane: Plane) -> Range:
    """Measure the darkest and the brightest intensity of one plane.

    Returns:
        (darkest, brightest) over all samples of a picture of at most 1,024 px a side; kept as long as the slide is.

    Raises:
        PictureFailed: the slide cannot be read.
    """
    with _lock:
        known = _known.setdefault(slide, {})
    if plane not in known:
        pixels = overview(slide, plane)
        known[plane] = int(pixels.min()), int(pixels.max())
    return known[plane]


def overview(slide: Slide, plane: Plane) -> Pixels:
    """The picture of a plane that is measured: all of the slide, at most 1,024 px a side, in its own sample type.

    Raises:
        Invalid: no such plane.
        PictureFailed: the slide cannot be read.
    """
    facts = slide.facts
    shrunk = max(1.0, max(facts.width, facts.height) / MEASURED_SIDE)
    size = max(1, round(facts.width / shrunk)), max(1, round(facts.height / shrunk))
    return read_scaled(slide, Box(0, 0, facts.width, facts.height), size, plane)


def channel_range(slide: Slide, channel: int) -> Range:
    """Measure the darkest and the brightest intensity of a channel, over planes of all its stack and film.

    Returns:
        (darkest, brightest) over at most three focal planes times three moments, the first and the last among them.

    Raises:
        PictureFailed: the slide cannot be read.
    """
    depths, moments = spread(slide.facts.depth), spread(slide.facts.duration)
    ranges = [plane_range(slide, Plane(channel, z, t)) for z, t in product(depths, moments)]
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def spread(count: int, most: int = MEASURED_PLANES) -> list[int]:
    """At most so many of the numbers from 0 to below `count`, at even distances, the first and the last among them."""
    some = min(count, most)
    return sorted({round(step * (count - 1) / max(1, some - 1)) for step in range(some)})
