"""How intensities become what is shown: bits, contrast, gamma, colours, and channels laid over one another."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from atrisys.errors import Invalid
from atrisys.imaging.filters import filter_name

MOST_FILTERS = 4
"""One after the other on a picture."""
MOST_CHANNELS = 256
"""Laid over one another."""

BOUNDS = ("AUTO_IMAGE", "AUTO_PLANE", "STRETCH_IMAGE", "STRETCH_PLANE")
"""Bounds that are measured, over all planes of the channel or the one that is shown: STRETCH always, AUTO only where a
sample has more than 8 bits."""


@dataclass(frozen=True)
class Channel:
    """How one channel is shown."""

    index: int | None = None
    """Counted over the samples of all channels: 0, 1, 2 are red, green and blue of an RGB slide. None: the plane's own
    channel, with all its samples."""
    colormap: str = "DEFAULT"
    low: float | str = "AUTO_IMAGE"
    """The intensity shown darkest: a number, or AUTO_IMAGE, AUTO_PLANE, STRETCH_IMAGE, STRETCH_PLANE."""
    high: float | str = "AUTO_IMAGE"
    """The intensity shown brightest, likewise."""
    gamma: float = 1.0
    """0 to 10; 1 leaves all as it is, more darkens what is between."""

    def __post_init__(self) -> None:
        if not 0 <= self.gamma <= 10:
            raise Invalid("A gamma of {gamma} cannot be: it goes from 0 to 10, 1 is none", gamma=self.gamma)
        for bound in (self.low, self.high):
            if isinstance(bound, str) and bound not in BOUNDS:
                raise Invalid(
                    "The intensity {bound} is neither a number nor one of {known}",
                    bound=bound,
                    known=", ".join(BOUNDS),
                )
            if not isinstance(bound, str) and not math.isfinite(bound):
                raise Invalid("The intensity {bound} is not finite", bound=str(bound))


@dataclass(frozen=True)
class Display:
    """How a picture is shown; the default is what one wants to look at."""

    channels: tuple[Channel, ...] = (Channel(),)
    """Several are added, each in its colours."""
    bits: int | str | None = None
    """8, 16, 32 or `max` (the slide's own depth): intensities keep their proportion to the full range. None: 8 bits,
    intensities of deeper slides stretched from the darkest to the brightest."""
    inverse: bool = False
    contrast: float = 1.0
    """Factor about the middle of the range; 1 leaves all as it is."""
    filters: tuple[str, ...] = ()
    """What is done with the picture then, one after the other, as `filters.FILTERS` names it; in 8 bits."""

    def __post_init__(self) -> None:
        if self.bits not in (None, 8, 16, 32, "max"):
            raise Invalid("{bits} bits cannot be: choose 8, 16, 32 or max", bits=str(self.bits))
        if not (math.isfinite(self.contrast) and self.contrast >= 0):
            raise Invalid(
                "A contrast of {contrast} cannot be: 1 is none, more is stronger", contrast=str(self.contrast)
            )
        if not self.channels:
            raise Invalid("At least one channel must be shown")
        if len(self.filters) > MOST_FILTERS:
            raise Invalid("At most {limit} filters can be named at once", limit=MOST_FILTERS)


def read_display(
    bits: str | int | None = None,
    colormap: str | None = None,
    inverse: bool = False,
    gamma: str | float | None = None,
    contrast: float | None = None,
    channels: str | Sequence[int] | None = None,
    low: str | None = None,
    high: str | None = None,
    filters: str | None = None,
) -> Display:
    """Read what an address says of how a picture is to be shown.

    Args:
        bits: 8, 16, 32 or `max`.
        colormap: name, or a list with commas: one a channel; on RGB one map colours the brightness, three the samples.
        inverse: turns the colour maps round.
        gamma: number, or a list with commas: one a channel.
        contrast: factor, 1 is none.
        channels: indices, or a list with commas; None is the plane's own channel.
        low: the darkest intensity, or a list with commas, as `Channel.low`; Cytomine's minIntensities.
        high: the brightest intensity, likewise; Cytomine's maxIntensities.
        filters: name, or a list with commas, any case.

    Returns:
        What the picture functions take. A single value holds for all channels.

    Raises:
        Invalid: a value that cannot be used, or lists of different lengths.
        NotFound: a filter that is not known.
    """
    maps, gammas, lows, highs = _listed(colormap), _listed(gamma), _listed(low), _listed(high)
    indices: list[int | None] = [_whole(word) for word in _listed(channels)]
    if not indices:
        longest = max(len(maps), len(gammas), len(lows), len(highs))
        indices = list(range(longest)) if longest > 1 else [None]
    count = len(indices)
    if count > MOST_CHANNELS:
        raise Invalid("At most {limit} channels can be shown at once", limit=MOST_CHANNELS)
    shown = zip(
        indices,
        _one_each(maps, "DEFAULT", count),
        (_bound(word) for word in _one_each(lows, "AUTO_IMAGE", count)),
        (_bound(word) for word in _one_each(highs, "AUTO_IMAGE", count)),
        (_number(word) for word in _one_each(gammas, "1", count)),
        strict=True,
    )
    depth = bits if bits is None or str(bits).lower() == "max" else _whole(str(bits))
    return Display(
        tuple(Channel(*one) for one in shown),
        depth.lower() if isinstance(depth, str) else depth,
        inverse,
        1.0 if contrast is None else contrast,
        tuple(filter_name(word) for word in _listed(filters)),
    )


def _listed(value: object) -> list[str]:
    """The words of a list with commas; a list that is one already stays."""
    if value is None:
        return []
    words = value if isinstance(value, Sequence) and not isinstance(value, str) else str(value).split(",")
    return [str(word).strip() for word in words if str(word).strip()]


def _one_each(words: list[str], usual: str, count: int) -> list[str]:
    """One word for each channel: the only one for all, the usual one where none is said."""
    given = words or [usual]
    if len(given) not in (1, count):
        raise Invalid(
            "{given} values for {count} channels: give one for all or one for each", given=len(given), count=count
        )
    return given * count if len(given) == 1 else given


def _bound(word: str) -> float | str:
    return word.upper() if word.upper() in BOUNDS else _number(word)


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise Invalid("{word} is no number", word=word) from None


def _whole(word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise Invalid("{word} is no whole number", word=word) from None
