"""Paint a synthetic slide, strip by strip, and write it as a pyramid that every slide viewer opens."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from atrisys.imaging.ahead import make_ahead
from atrisys.imaging.reader import Box
from atrisys.imaging.synthetic import MPP, Nuclei, Plan
from atrisys.imaging.write_pyramid import TILE, Looks, WrittenLevel, write_pyramid

QUALITY = 82
COARSE = 8
"""Colours of regions are painted at an eighth of the size and drawn up smoothly: tissue has no sharp edge."""
STEP = 4
"""From one level of the pyramid to the next."""

GLASS = (243, 241, 244)
INK = {
    "Tissue": (233, 182, 206),
    "Stroma": (236, 176, 200),
    "Tumour": (203, 150, 196),
    "Lymphoid aggregate": (206, 172, 206),
}
NUCLEUS_INK = ((98, 58, 138), (66, 40, 112), (120, 70, 140))
"""By the kinds of imaging.synthetic.KINDS."""

Bytes = NDArray[np.uint8]


def write_slide(path: Path, plan: Plan, progress: Callable[[float], object] = lambda _fraction: None) -> None:
    """Write the slide as a tiled, JPEG-compressed pyramid in Aperio's layout (20x, 0.5 µm per pixel).

    Args:
        path: the file to write, replaced when it is there.
        plan: what is on it, level-0 pixels, origin top left.
        progress: called with the part of the slide that is done, 0 to 1.

    Source: TIFF 6.0 with Aperio's description and order of pages (base, thumbnail, lower levels).
    """
    with path.open("wb") as file:
        write_pyramid(file, _levels(plan, progress), Looks(_description(plan), quality=QUALITY), thumbnail_after=1)


def _levels(plan: Plan, progress: Callable[[float], object]) -> Iterator[WrittenLevel]:
    lower: list[Bytes] = []
    yield WrittenLevel(plan.width, plan.height, _noting(_strips(plan), lower, plan.height, progress))
    level = np.concatenate(lower)
    every = max(1, math.ceil(max(level.shape) / 1024))
    thumbnail = np.ascontiguousarray(level[::every, ::every])
    yield WrittenLevel(thumbnail.shape[1], thumbnail.shape[0], [thumbnail])
    yield WrittenLevel(level.shape[1], level.shape[0], [level])
    while max(level.shape[:2]) > 2 * TILE * STEP:
        level = _shrunk(level)
        yield WrittenLevel(level.shape[1], level.shape[0], [level])


def _description(plan: Plan) -> str:
    size = f"{plan.width}x{plan.height}"
    return (
        f"Aperio layout, synthetic slide {plan.seed} of ATrISys\r\n"
        f"{size} [0,0 {size}] ({TILE}x{TILE}) JPEG/RGB Q={QUALITY}|AppMag = 20|MPP = {MPP:.4f}"
    )


def _noting(
    strips: Iterator[Bytes], lower: list[Bytes], height: int, progress: Callable[[float], object]
) -> Iterator[Bytes]:
    """The same strips; on the way each leaves its part of the next level."""
    done = 0
    for strip in strips:
        lower.append(_shrunk(strip))
        done += len(strip)
        progress(done / height)
        yield strip


def _shrunk(pixels: Bytes) -> Bytes:
    """A quarter of the size, each pixel the mean of those it covers."""
    below, right = -len(pixels) % STEP, -pixels.shape[1] % STEP
    whole = np.pad(pixels, ((0, below), (0, right), (0, 0)), mode="edge") if below or right else pixels
    height, width = len(whole) // STEP, whole.shape[1] // STEP
    sums = whole.reshape(height, STEP, width, STEP, 3).sum(axis=(1, 3), dtype=np.uint16)
    return ((sums + STEP * STEP // 2) // (STEP * STEP)).astype(np.uint8)


def _strips(plan: Plan) -> Iterator[Bytes]:
    painter = _Painter(plan)
    return make_ahead(painter.paint, range(0, plan.height, TILE), 4)


class _Painter:
    """Paints any strip of a plan by itself, so that several threads may."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.coarse = _coarse_colours(plan)
        random = np.random.default_rng(plan.seed)
        self.grain = _grain(random, 1024)
        self.shade = random.uniform(0.82, 1.1, len(plan.nuclei)).astype(np.float32)
        self.reach = np.ceil(plan.nuclei.long * 1.1 + 2)
        self.order = np.argsort(plan.nuclei.y, kind="stable")
        self.sorted_y = plan.nuclei.y[self.order]

    def paint(self, top: int) -> Bytes:
        """Rows `top` to `top` + TILE (fewer at the end), uint8 (rows, width, 3)."""
        rows = min(TILE, self.plan.height - top)
        canvas = self._ground(top, rows)
        largest = self.reach.max(initial=0)
        first, last = np.searchsorted(self.sorted_y, (top - largest, top + rows + largest))
        for number in self.order[first:last]:
            self._stain(canvas, top, int(number))
        return canvas

    def _ground(self, top: int, rows: int) -> Bytes:
        """Glass and tissue, drawn up from the coarse picture, with grain where there is tissue."""
        canvas = np.empty((rows, self.plan.width, 3), np.uint8)
        y, down = _between(np.arange(top, top + rows), len(self.coarse))
        low, high = self.coarse[y], self.coarse[np.minimum(y + 1, len(self.coarse) - 1)]
        band = low + (high - low) * down[:, None, None]
        side = len(self.grain)
        lines = self.grain[np.arange(top, top + rows) % side]
        for left in range(0, self.plan.width, side):
            columns = np.arange(left, min(left + side, self.plan.width))
            x, across = _between(columns, self.coarse.shape[1])
            before, after = band[:, x], band[:, np.minimum(x + 1, self.coarse.shape[1] - 1)]
            colour = before + (after - before) * across[:, None]
            grain = lines[:, : len(columns)] * colour[..., 3]
            canvas[:, columns] = np.clip(colour[..., :3] + grain[..., None], 0, 255)
        return canvas

    def _stain(self, canvas: Bytes, top: int, number: int) -> None:
        nuclei, reach = self.plan.nuclei, int(self.reach[number])
        middle_x, middle_y = nuclei.x[number], nuclei.y[number]
        box = Box(int(middle_x) - reach, int(middle_y) - reach, 2 * reach + 1, 2 * reach + 1)
        x0, x1 = max(box.x, 0), min(box.x + box.width, canvas.shape[1])
        y0, y1 = max(box.y, top), min(box.y + box.height, top + len(canvas))
        if x0 >= x1 or y0 >= y1:
            return
        inside = _cover(nuclei, number, np.arange(x0, x1), np.arange(y0, y1))[..., None]
        under = canvas[y0 - top : y1 - top, x0:x1]
        spot = self.grain[y0 % 512 : y0 % 512 + y1 - y0, x0 % 512 : x0 % 512 + x1 - x0, None] * 0.9
        ink = np.array(NUCLEUS_INK[nuclei.kind[number]], np.float32) * self.shade[number] + spot
        under[:] = np.clip(under + (ink - under) * inside, 0, 255).astype(np.uint8)


def _cover(nuclei: Nuclei, number: int, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.float32]:
    """How much of each pixel a nucleus covers, 0 to 1: its edge is a pixel wide."""
    x = (columns + 0.5 - nuclei.x[number])[None, :]
    y = (rows + 0.5 - nuclei.y[number])[:, None]
    cosine, sine = math.cos(nuclei.angle[number]), math.sin(nuclei.angle[number])
    across = (x * cosine + y * sine) / nuclei.long[number]
    along = (y * cosine - x * sine) / nuclei.short[number]
    reach = 1 + nuclei.wobble[number] * np.sin(3 * np.arctan2(along, across) + nuclei.phase[number])
    off = (reach - np.hypot(across, along)) * nuclei.short[number]
    return np.clip(off + 0.5, 0, 1).astype(np.float32)


def _between(places: NDArray[np.intp], length: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """For pixels of the slide: the coarse pixel before each, and how far it lies on the way to the next."""
    exact = np.clip((places + 0.5) / COARSE - 0.5, 0, length - 1)
    before = np.floor(exact).astype(np.intp)
    return before, (exact - before).astype(np.float32)


def _coarse_colours(plan: Plan) -> NDArray[np.float32]:
    """(height / 8, width / 8, 4): the colour of regions, and how much grain they have."""
    from PIL import Image, ImageDraw, ImageFilter

    size = (-(-plan.width // COARSE), -(-plan.height // COARSE))
    colours = Image.new("RGB", size, GLASS)
    grainy = Image.new("L", size, 8)
    for region in plan.regions:
        cover = Image.new("L", size, 0)
        pen = ImageDraw.Draw(cover)
        pen.polygon([(x / COARSE, y / COARSE) for x, y in region.shape.exterior.coords], fill=255)
        for hole in region.shape.interiors:
            pen.polygon([(x / COARSE, y / COARSE) for x, y in hole.coords], fill=0)
        colours.paste(INK[region.name], mask=cover)
        grainy.paste(90 if region.name == "Stroma" else 55, mask=cover)
    for tumour in plan.named("Tumour"):
        pen_colours, pen_grain = ImageDraw.Draw(colours), ImageDraw.Draw(grainy)
        for hole in tumour.interiors:
            spots = [(x / COARSE, y / COARSE) for x, y in hole.coords]
            pen_colours.polygon(spots, fill=GLASS)
            pen_grain.polygon(spots, fill=8)
    smooth = ImageFilter.GaussianBlur(1)
    soft_colours, soft_grain = colours.filter(smooth), grainy.filter(smooth)
    return np.dstack([np.asarray(soft_colours, np.float32), np.asarray(soft_grain, np.float32) / np.float32(90)])


def _grain(random: np.random.Generator, side: int) -> NDArray[np.float32]:
    """Noise (side, side) that tiles: fibres that run slantwise over fine grain, some ±25 levels."""
    fine = random.normal(0, 5, (side, side))
    fibres = random.normal(0, 1, (side, side))
    spectrum = np.fft.rfft2(fibres)
    down, across = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :]
    along, over = (across + 0.4 * down) / 0.012, (down - 0.4 * across) / 0.05
    smooth = np.fft.irfft2(spectrum * np.exp(-(along**2) - over**2), (side, side))
    return np.asarray(fine + smooth / smooth.std() * 9, np.float32)
