"""Slides that live in memory: the whole protocol over numpy pyramids, with a note of what was read."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from atrisys.errors import Invalid, NotFound
from atrisys.imaging.levels import downsample_of
from atrisys.imaging.reader import Box, Level, Pixels, Plane, SlideFacts


@dataclass(eq=False)
class MemorySlide:
    """An open slide whose levels are arrays (height, width, samples), one pyramid a plane."""

    facts: SlideFacts
    planes: dict[Plane, list[Pixels]]
    pictures: dict[str, Pixels] = field(default_factory=dict)
    reads: list[tuple[Box, int, Plane]] = field(default_factory=list)
    """Every region that was asked for, in order."""

    def read_region(self, box: Box, level: int = 0, plane: Plane = Plane()) -> Pixels:
        if plane not in self.planes or not 0 <= level < len(self.facts.levels):
            raise Invalid("No such plane or level")
        self.reads.append((box, level, plane))
        stored, step = self.planes[plane][level], self.facts.levels[level].downsample
        width, height = math.ceil(box.width / step), math.ceil(box.height / step)
        left, top = math.floor(box.x / step), math.floor(box.y / step)
        white = np.iinfo(stored.dtype).max if self.facts.samples == 3 else 0
        answer = np.full((height, width, stored.shape[2]), white, stored.dtype)
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + width, stored.shape[1]), min(top + height, stored.shape[0])
        if x0 < x1 and y0 < y1:
            answer[y0 - top : y1 - top, x0 - left : x1 - left] = stored[y0:y1, x0:x1]
        return answer

    def read_associated(self, name: str) -> Pixels:
        if name not in self.pictures:
            raise NotFound("This slide has no {name} picture", name=name)
        return self.pictures[name]

    def close(self) -> None:
        self.planes.clear()


def texture(width: int, height: int, samples: int = 3, seed: int = 0) -> Pixels:
    """Smooth waves with some noise, every pixel told from its neighbours."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [130 + 70 * np.sin(x / (11 + 5 * s)) + 40 * np.cos(y / (7 + 3 * s)) for s in range(samples)]
    noise = np.random.default_rng(seed).normal(0, 4, (height, width, samples))
    return (np.stack(waves, -1) + noise).clip(0, 255).astype(np.uint8)


def halved(pixels: Pixels, factor: int) -> Pixels:
    """The mean of each factor x factor square; squares at the edge hold what is left."""
    height, width, samples = pixels.shape
    rows, columns = math.ceil(height / factor), math.ceil(width / factor)
    total = np.zeros((rows, columns, samples))
    count = np.zeros((rows, columns, 1))
    for dy in range(factor):
        for dx in range(factor):
            part = pixels[dy::factor, dx::factor]
            total[: part.shape[0], : part.shape[1]] += part
            count[: part.shape[0], : part.shape[1]] += 1
    return np.floor(total / count + 0.5).astype(pixels.dtype)


def slide(
    width: int = 1000,
    height: int = 700,
    factors: Sequence[int] = (1,),
    pixels: Pixels | None = None,
    tile: int = 256,
    **facts: object,
) -> MemorySlide:
    """A slide of one plane with the levels asked for, e.g. `factors=(1, 4, 16)`."""
    pixels = texture(width, height) if pixels is None else pixels
    return planes({Plane(): pixels}, factors, tile, **facts)


def planes(
    pictures: dict[Plane, Pixels], factors: Sequence[int] = (1,), tile: int = 256, **facts: object
) -> MemorySlide:
    """A slide of several planes, each given whole at level 0."""
    pyramids = {plane: [halved(p, f) if f > 1 else p for f in factors] for plane, p in pictures.items()}
    first = next(iter(pyramids.values()))
    height, width, samples = first[0].shape
    levels = tuple(
        Level(p.shape[1], p.shape[0], downsample_of((width, height), (p.shape[1], p.shape[0])), tile, tile)
        for p in first
    )
    said: dict[str, object] = {
        "channels": max(p.c for p in pictures) + 1,
        "depth": max(p.z for p in pictures) + 1,
        "duration": max(p.t for p in pictures) + 1,
        "samples": samples,
        "bits": 8 * first[0].dtype.itemsize,
        "colorspace": "RGB" if samples == 3 else "GRAY",
    } | facts
    return MemorySlide(SlideFacts("MEMORY", width, height, levels, **said), pyramids)  # type: ignore[arg-type]
