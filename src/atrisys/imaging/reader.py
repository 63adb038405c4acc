"""What every reader of slides has in common: what is known of a slide, and how its pixels are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.generic]
"""(height, width, channels): uint8 with 3 channels for RGB, else uint8 or uint16 with 1."""


@dataclass(frozen=True)
class Box:
    """A rectangle in level-0 pixels, origin top left, y down; it may reach past the slide's edge."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Plane:
    """One plane of a slide: channel, focal plane and time, each from 0."""

    c: int = 0
    z: int = 0
    t: int = 0


@dataclass(frozen=True)
class Level:
    """One resolution: level 0 is the slide as scanned."""

    width: int
    height: int
    downsample: float
    """Level-0 pixels for one pixel of this level, ≥ 1."""
    tile_width: int
    tile_height: int
    kept_in: str = ""
    """Of a level that the file lacks and that we made: the name below `levels/` of the data folder; else empty."""


@dataclass(frozen=True)
class SlideFacts:
    """What a slide says of itself. Picklable, JSON-able (`dataclasses.asdict`): it crosses process borders."""

    format: str
    """Format id as Cytomine names it where it has one: SVS, PYRTIFF, OMETIFF, DICOM, NDPI, MRXS, …"""
    width: int
    height: int
    levels: tuple[Level, ...]
    channels: int = 1
    """Concrete channels: an RGB picture has 1 (of 3 samples)."""
    depth: int = 1
    duration: int = 1
    samples: int = 3
    """Samples of one channel: 3 for RGB, 1 for grey."""
    bits: int = 8
    colorspace: str = "RGB"
    mpp_x: float | None = None
    """µm per pixel."""
    mpp_y: float | None = None
    mpp_z: float | None = None
    fps: float | None = None
    magnification: float | None = None
    """Of the objective."""
    channel_names: tuple[str, ...] = ()
    channel_colors: tuple[str, ...] = ()
    associated: tuple[str, ...] = ()
    """Which of macro, label, thumbnail the file holds."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """The vendor's own key and value pairs, keys with their namespace: `aperio.AppMag`."""


class ByteSource(Protocol):
    """Where a file's bytes come from: a file, a linked share or an object store are the same to a reader."""

    name: str
    size: int

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset` on, fewer only at the end. Safe to call from several threads."""
        ...

    def read_at_once(self, offset: int, length: int) -> bytes | None:
        """The same bytes where they are in memory already; None where one would have to wait, or they are not whole."""
        ...

    def close(self) -> None: ...


class Slide(Protocol):
    """An open slide. Safe to read from several threads at once."""

    facts: SlideFacts

    def read_region(self, box: Box, level: int = 0, plane: Plane = Plane()) -> Pixels:
        """Read the rectangle `box` (level-0 pixels) at `level`.

        Returns:
            (ceil(box.height / downsample), ceil(box.width / downsample), samples) of the level's pixels; white
            (or 0 for what is no RGB) beyond the edge.

        Raises:
            PictureFailed: these pixels cannot be read (broken tile, decoder crashed or took too long).
            Invalid: no such level or plane.
        """
        ...

    def read_associated(self, name: str) -> Pixels:
        """The macro, label or thumbnail picture, RGB uint8. Raises NotFound where the file has none."""
        ...

    def close(self) -> None: ...
