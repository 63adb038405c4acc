"""Which small levels a huge slide's file lacks: without them its overview would be made of all its pixels."""

import math

from atrisys.imaging.pyramid import TILE
from atrisys.imaging.reader import Box, Level, SlideFacts

MOST_PIXELS = 64 << 20
"""Of the coarsest level: so many are read for one overview, in a second or so. Whose file has more lacks levels."""
MOST_OF_PLANE, MOST_ALL = 100_000_000_000, 400_000_000_000
"""Of one plane, and of all: who claims more gets no levels, which would take a day."""
MOST_SHRUNK = 16
"""Pixels a side for one."""
STEP = 4
"""The first level that is made has at most about so many pixels a side for one of it."""


def lacking(facts: SlideFacts) -> tuple[Level, ...]:
    """The levels that are to be made: each half of the one before, until the slide fits into one tile.

    Args:
        facts: of the slide, with the levels that were made already, if any.

    Returns:
        Their downsamples are powers of two, as those of the grids that viewers are given. None where the file's own
        levels do, or the slide is larger than any that was ever scanned.
    """
    coarsest = min(facts.levels, key=lambda level: level.width * level.height)
    planes = facts.channels * facts.depth * facts.duration
    of_plane = facts.width * facts.height
    if coarsest.width * coarsest.height <= MOST_PIXELS or of_plane > MOST_OF_PLANE or of_plane * planes > MOST_ALL:
        return ()
    step = 1 << math.ceil(math.log2(coarsest.downsample * STEP * 0.99))
    made: list[Level] = []
    while not made or max(made[-1].width, made[-1].height) > TILE:
        made.append(Level(-(-facts.width // step), -(-facts.height // step), float(step), TILE, TILE))
        step *= 2
    return tuple(made)


def takes_all(facts: SlideFacts, level: int, box: Box, scale: float) -> bool:
    """Whether a picture would be made of so many pixels only because the slide lacks levels.

    Args:
        facts: of the slide.
        level: that it would be read from.
        box: what it shows, level-0 pixels.
        scale: level-0 pixels for one of the picture's.
    """
    step = facts.levels[level].downsample
    pixels = min(box.width, facts.width) * min(box.height, facts.height) / step**2
    return pixels > MOST_PIXELS and scale >= MOST_SHRUNK * step and bool(lacking(facts))
