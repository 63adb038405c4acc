"""A display made ready for one slide: its rules become tables from intensity to colour."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock
from typing import cast
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from atrisys.errors import Invalid
from atrisys.imaging.colormaps import css_colour, ramp
from atrisys.imaging.display import Channel, Display
from atrisys.imaging.filters import THRESHOLDS, Filter, brightness, stain_filter, threshold_filter
from atrisys.imaging.intensities import channel_range, overview, plane_range
from atrisys.imaging.levels import sample_type
from atrisys.imaging.reader import Pixels, Plane, Slide, SlideFacts

Samples = NDArray[np.unsignedinteger]

_CHANNEL_COLOURS = ("RED", "LIME", "BLUE", "CYAN", "MAGENTA", "YELLOW")
"""Of channels that name none; the first three are those of an RGB slide's samples."""

FILTER_BYTES = 40
"""What a filter takes for each pixel while it works."""

_MOST_KNOWN = 64
_known: WeakKeyDictionary[Slide, dict[tuple[Plane, Display], tuple[Filter, ...]]] = WeakKeyDictionary()
_lock = Lock()

_PLAIN = ("DEFAULT", "NONE")
_GREY = (*_PLAIN, "GRAY", "GREY", "GRAYS", "GREYS")


@dataclass(frozen=True)
class _Part:
    """What one channel adds to the picture."""

    plane: int
    """Which of the planes that were read."""
    sample: int | None
    """One sample of it; None: all."""
    table: Samples | None
    """(levels): for each sample by itself; (levels, 3): colours; None: intensities stay as they are."""

    def render(self, read: Sequence[Samples]) -> Samples:
        pixels = read[self.plane]
        if self.table is None:
            return pixels
        if self.table.ndim == 1:
            return self.table[pixels]
        if self.sample is not None:
            return self.table[pixels[..., self.sample]]
        return self.table[brightness(pixels) if pixels.shape[2] == 3 else pixels[..., 0]]


@dataclass(frozen=True)
class Look:
    """Which planes are read for a picture, and how their pixels become its own."""

    planes: tuple[Plane, ...]
    parts: tuple[_Part, ...]
    samples: int
    """Channels of the picture: 1 or 3."""
    bits: int
    """8, 16 or 32 a sample."""
    filters: tuple[Filter, ...] = ()
    """What is done with the picture then."""

    @property
    def pixel_bytes(self) -> int:
        """What a pixel of the picture takes while it is made."""
        sum_of_parts = 3 * (8 + self.bits // 8) if len(self.parts) > 1 else 0
        return self.samples * self.bits // 8 + sum_of_parts + (FILTER_BYTES if self.filters else 0)

    def render(self, read: Sequence[Pixels]) -> Pixels:
        """Turn the pixels of the planes, in their order, into the picture's.

        Args:
            read: (height, width, samples) of each plane, in the slide's own type.

        Returns:
            (height, width, 1 or 3), uint8, uint16 or uint32.
        """
        pixels = self._laid_over(cast(Sequence[Samples], read))
        for change in self.filters:
            pixels = change(pixels)
        return pixels

    def _laid_over(self, read: Sequence[Samples]) -> Pixels:
        if len(self.parts) == 1:
            return self.parts[0].render(read)
        total = np.zeros((*read[0].shape[:2], 3), np.uint64)
        for part in self.parts:
            total += part.render(read)
        return np.minimum(total, (1 << self.bits) - 1, out=total).astype(f"u{self.bits // 8}")


def look_at(slide: Slide, plane: Plane, display: Display, most_bits: int) -> Look:
    """Make a display ready for one plane of a slide.

    Args:
        plane: whose focal plane and time are shown; and whose channel, where the display names none.
        most_bits: what the picture's format can keep.

    Raises:
        Invalid: a channel that the slide has not, or one that is named twice, or an unknown colour map.
        PictureFailed: the slide cannot be read where intensities have to be measured.
    """
    facts = slide.facts
    _check_channels(facts, display.channels)
    bits = 8 if display.filters else min(_bits(facts, display), most_bits)
    planes: list[Plane] = []
    parts: list[_Part] = []
    alone = len(display.channels) == 1
    for number, channel in enumerate(display.channels):
        where, sample = _place(facts, plane, channel)
        if where not in planes:
            planes.append(where)
        name, turned = _name(channel.colormap)
        if name in _PLAIN and not (alone and sample is None):
            name = _colour(facts, where, sample, number) if name == "DEFAULT" else "GRAY"
        plain = name in (_GREY if facts.samples == 1 else _PLAIN) and alone and sample is None
        low, high = _range(slide, where, channel, display, bits)
        rule = _Rule(
            np.dtype(sample_type(facts)).itemsize, low, high, display.contrast, channel.gamma, display.inverse ^ turned
        )
        parts.append(_Part(planes.index(where), sample, _table(rule, None if plain else name, bits)))
    coloured = facts.samples == 3 or any(part.table is not None and part.table.ndim == 2 for part in parts)
    look = Look(tuple(planes), tuple(parts), 3 if coloured else 1, bits)
    return _filtered(slide, look, plane, display) if display.filters else look


def _filtered(slide: Slide, look: Look, plane: Plane, display: Display) -> Look:
    """With the display's filters, which are made once for all tiles of a slide."""
    with _lock:
        known = _known.setdefault(slide, {})
    filters = known.get((plane, display))
    if filters is None:
        filters = _filters(slide, look, display.filters)
        if len(known) >= _MOST_KNOWN:
            known.clear()
        known[plane, display] = filters
    return replace(look, filters=filters, samples=1 if THRESHOLDS.keys() & display.filters else look.samples)


def _filters(slide: Slide, look: Look, names: Sequence[str]) -> tuple[Filter, ...]:
    """One after the other: a threshold is found on what those before it leave."""
    for name in names:
        if name in THRESHOLDS:
            change = threshold_filter(name, look.render([overview(slide, plane) for plane in look.planes]))
            look = replace(look, filters=(*look.filters, change), samples=1)
        elif look.samples == 3:
            look = replace(look, filters=(*look.filters, stain_filter(name)))
        else:
            raise Invalid("Stains can be told apart in pictures of three colours only")
    return look.filters


@dataclass(frozen=True)
class _Rule:
    """What happens to an intensity before it is given a colour."""

    sample_bytes: int
    low: float
    high: float
    contrast: float
    gamma: float
    inverse: bool


@lru_cache(maxsize=32)
def _table(rule: _Rule, name: str | None, bits: int) -> Samples | None:
    """For every intensity what stands for it: a colour of the map, or a grey where it has no name; None: itself."""
    table = _laid_out(rule, name, bits)
    if table.ndim == 1 and table.itemsize == rule.sample_bytes and (table == np.arange(len(table))).all():
        return None
    return table


def _laid_out(rule: _Rule, name: str | None, bits: int) -> Samples:
    intensity = np.arange(1 << 8 * rule.sample_bytes, dtype=np.float64)
    share = np.clip((intensity - rule.low) / (rule.high - rule.low), 0, 1)
    share = np.clip((share - 0.5) * rule.contrast + 0.5, 0, 1) ** rule.gamma
    share = 1 - share if rule.inverse else share
    full = (1 << bits) - 1
    if name is None:
        return np.floor(share * full + 0.5).astype(f"u{bits // 8}")
    colours = ramp(name, 256 if bits == 8 else 65536)
    at = np.floor(share * (len(colours) - 1) + 0.5).astype(np.intp)
    return np.floor(colours[at] * full + 0.5).astype(f"u{bits // 8}")


def _bits(facts: SlideFacts, display: Display) -> int:
    if display.bits == "max":
        return 8 if facts.bits <= 8 else 16 if facts.bits <= 16 else 32
    return 8 if display.bits is None else int(display.bits)


def _name(colormap: str) -> tuple[str, bool]:
    """A colour map's name and whether it is turned round by exclamation marks."""
    name = colormap.strip().upper()
    plain = name.lstrip("!")
    return plain, (len(name) - len(plain)) % 2 == 1


def _check_channels(facts: SlideFacts, channels: Sequence[Channel]) -> None:
    """Before anything is read or measured for one of them."""
    count = facts.channels * facts.samples
    seen: set[int] = set()
    for index in (channel.index for channel in channels if channel.index is not None):
        if not 0 <= index < count:
            raise Invalid("There is no channel {channel}: this slide has 0 to {last}", channel=index, last=count - 1)
        if index in seen:
            raise Invalid("Channel {channel} is named twice: name each one once", channel=index)
        seen.add(index)


def _place(facts: SlideFacts, plane: Plane, channel: Channel) -> tuple[Plane, int | None]:
    """The plane that holds a channel, and which of its samples it is."""
    if channel.index is None:
        return plane, None
    concrete, sample = divmod(channel.index, facts.samples)
    return Plane(concrete, plane.z, plane.t), sample if facts.samples > 1 else None


def _colour(facts: SlideFacts, plane: Plane, sample: int | None, number: int) -> str:
    """The colour of a channel that is shown among others."""
    if sample is not None:
        return _CHANNEL_COLOURS[sample % 3]
    own = facts.channel_colors[plane.c] if plane.c < len(facts.channel_colors) else ""
    return own if own and css_colour(own) else _CHANNEL_COLOURS[number % len(_CHANNEL_COLOURS)]


def _range(slide: Slide, plane: Plane, channel: Channel, display: Display, bits: int) -> tuple[float, float]:
    """The intensities that are shown darkest and brightest."""
    facts = slide.facts
    processing = display.bits is not None
    # Nothing is scaled where the picture keeps as many bits as the slide: what is counted must be what was recorded.
    full = (1 << (8 * np.dtype(sample_type(facts)).itemsize if bits >= 16 else facts.bits)) - 1

    def bound(asked: float | str, which: int) -> float:
        if not isinstance(asked, str):
            return asked
        kind, over = asked.split("_")
        deep = facts.bits > 8 and facts.samples == 1 and not (processing and asked == "AUTO_IMAGE")
        if kind == "AUTO" and not deep:
            return float((0, full)[which])
        return float((plane_range(slide, plane) if over == "PLANE" else channel_range(slide, plane.c))[which])

    low, high = bound(channel.low, 0), bound(channel.high, 1)
    return (low, high) if high > low else (low, low + 1)
