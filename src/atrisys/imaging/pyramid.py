"""The normalised pyramid that viewers are given, and which of a slide's own levels serves a wanted scale."""

from dataclasses import dataclass

from atrisys.imaging.reader import SlideFacts

TILE = 256
"""Pixels a side of a normalised tile."""

_NEARLY = 1.01
"""A level may be finer than wanted by any factor, coarser by one in a hundred: sizes are rounded to whole pixels."""


@dataclass(frozen=True)
class Tier:
    """One resolution of the normalised pyramid."""

    zoom: int
    """0 is the whole slide in one tile."""
    width: int
    height: int
    downsample: int
    """Level-0 pixels for one pixel of this tier: a power of two."""

    @property
    def columns(self) -> int:
        """Tiles from left to right."""
        return -(-self.width // TILE)

    @property
    def rows(self) -> int:
        """Tiles from top to bottom."""
        return -(-self.height // TILE)


def tiers(facts: SlideFacts) -> tuple[Tier, ...]:
    """The tiers of the normalised pyramid, the smallest (zoom 0) first.

    Each tier is half of the one below it, rounded up, until both sides fit one tile of 256 px.

    Returns:
        Sizes in that tier's own pixels; the last one is the slide at full resolution.

    Source: Cytomine's normalised pyramid.
    """
    last = zoom_of(facts)
    return tuple(Tier(zoom, *_halved(facts, last - zoom), 1 << (last - zoom)) for zoom in range(last + 1))


def zoom_of(facts: SlideFacts) -> int:
    """The zoom at which the normalised pyramid shows full resolution.

    Args:
        facts: of the slide.

    Returns:
        How often the slide is halved until it fits in one tile of 256 px; 0 for a slide that fits.

    Source: Cytomine's `zoom` of an image.
    """
    return max(0, (max(facts.width, facts.height) - 1).bit_length() - (TILE - 1).bit_length())


def best_level(facts: SlideFacts, downsample: float) -> int:
    """The level to read from for a wanted scale.

    Args:
        downsample: level-0 pixels for one wanted pixel; below 1 where the picture is to be enlarged.

    Returns:
        Index of the coarsest level that is no coarser than wanted; 0 where none is.
    """
    fitting = [
        (level.downsample, index)
        for index, level in enumerate(facts.levels)
        if level.downsample <= downsample * _NEARLY
    ]
    return max(fitting)[1] if fitting else 0


def _halved(facts: SlideFacts, times: int) -> tuple[int, int]:
    """Halving and rounding up again and again is dividing and rounding up once."""
    return -(-facts.width >> times), -(-facts.height >> times)
