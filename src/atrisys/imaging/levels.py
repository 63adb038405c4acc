"""From level-0 pixels to those of a level: every reader counts alike, so that their regions lie alike."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atrisys.errors import Invalid, TooLarge
from atrisys.imaging.reader import Box, Level, Pixels, Plane, SlideFacts

MOST_BYTES = 1 << 30
"""One region in memory; who wants more reads in bands."""


def downsample_of(whole: tuple[int, int], reduced: tuple[int, int]) -> float:
    """How much smaller a level is than the slide.

    Scanners divide by a whole number and drop (or round up) the rest. Where a whole number explains both sides to the
    pixel it is that number; else the mean of the two ratios.

    Args:
        whole: (width, height) of level 0, in pixels.
        reduced: (width, height) of the level, in its own pixels, each ≥ 1.

    Returns:
        Level-0 pixels for one pixel of the level, ≥ 1.

    Source: the mean is OpenSlide's level_downsamples.
    """
    mean = (whole[0] / reduced[0] + whole[1] / reduced[1]) / 2
    step = max(1, round(mean))
    explained = all(abs(small - large / step) < 1.01 for large, small in zip(whole, reduced, strict=True))
    return float(step) if explained else max(1.0, mean)


def window_at(box: Box, level: Level) -> tuple[int, int, int, int]:
    """Where a rectangle lies in a level.

    Args:
        box: level-0 pixels, origin top left; may reach past the edge.
        level: one of the slide's.

    Returns:
        left, top, width, height in the level's own pixels; left and top rounded down (below 0 where the box begins
        beyond the edge), width and height up.
    """
    step = level.downsample
    return (
        math.floor(box.x / step),
        math.floor(box.y / step),
        max(0, math.ceil(box.width / step)),
        max(0, math.ceil(box.height / step)),
    )


def check_asked(facts: SlideFacts, box: Box, level: int, plane: Plane) -> Level:
    """Whether a region can be read; every reader asks this first.

    Args:
        facts: of the slide.
        box: level-0 pixels, origin top left; may reach past the edge.
        level: 0 is full resolution.
        plane: channel, focal plane and time, each from 0.

    Returns:
        The level asked for.

    Raises:
        Invalid: the slide has no such level or plane.
        TooLarge: the region would not fit in `MOST_BYTES`.
    """
    if not 0 <= level < len(facts.levels):
        raise Invalid("The slide has {count} levels, none of them is {level}", count=len(facts.levels), level=level)
    check_plane(facts, plane)
    _, _, width, height = window_at(box, facts.levels[level])
    if width * height * facts.samples * (facts.bits // 8) > MOST_BYTES:
        raise TooLarge(
            "{width} x {height} pixels are too many to be read at once; read in parts", width=width, height=height
        )
    return facts.levels[level]


def check_plane(facts: SlideFacts, plane: Plane) -> None:
    """Raises Invalid where the slide has no such plane."""
    there = (facts.channels, facts.depth, facts.duration)
    if not all(0 <= at < count for at, count in zip((plane.c, plane.z, plane.t), there, strict=True)):
        raise Invalid(
            "The slide has {channels} channels, {depth} focal planes and {duration} times: no c={c}, z={z}, t={t}",
            channels=facts.channels, depth=facts.depth, duration=facts.duration, c=plane.c, z=plane.z, t=plane.t,
        )  # fmt: skip


def blank(facts: SlideFacts, width: int, height: int) -> Pixels:
    """Pixels where nothing was scanned.

    Args:
        facts: of the slide.
        width: in pixels.
        height: in pixels.

    Returns:
        (height, width, 3) of 255 for RGB; else (height, width, 1) of 0 in the slide's sample type.
    """
    if facts.samples == 3:
        return np.full((height, width, 3), 255, np.uint8)
    return np.zeros((height, width, 1), sample_type(facts))


def sample_type(facts: SlideFacts) -> type[np.uint8] | type[np.uint16]:
    """The type of a slide's samples.

    Args:
        facts: of the slide.

    Returns:
        uint16 for more than 8 bits a sample, else uint8.
    """
    return np.uint16 if facts.bits > 8 else np.uint8


def on_white(rgba: NDArray[Any]) -> NDArray[np.uint8]:
    """An RGBA picture (height, width, 4), alpha not multiplied in, laid on white: uint8 (height, width, 3)."""
    alpha = rgba[..., 3]
    if alpha.min(initial=255) == 255:
        return np.ascontiguousarray(rgba[..., :3])
    opacity = alpha[..., None].astype(np.uint16)
    mixed = rgba[..., :3] * opacity + 255 * (255 - opacity) + 127
    return (mixed // 255).astype(np.uint8)
