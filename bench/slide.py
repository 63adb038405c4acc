"""A tiled pyramid of 40,000 x 30,000 px, written in seconds: the same few hundred tiles over and over."""

from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile

WIDTH, HEIGHT = 40_000, 30_000
TILE = 256
LEVELS = (1, 4, 16, 64)
TISSUE = 240
"""Different tiles with tissue; two of five places on the slide show glass instead."""


def write_slide(path: Path, width: int = WIDTH, height: int = HEIGHT) -> None:
    """Tissue tiles are about 12 kB of JPEG (quality 80, 4:2:0), as those of a scanned slide are."""
    random = np.random.default_rng(4)
    tissue = [encode(texture(random)) for _ in range(TISSUE)]
    glass = encode(np.full((TILE, TILE, 3), 243, np.uint8))
    with tifffile.TiffWriter(path) as file:
        for downsample in LEVELS:
            shape = (-(-height // downsample), -(-width // downsample), 3)
            file.write(
                tiles(random, tissue, glass, shape),
                shape=shape,
                dtype=np.uint8,
                tile=(TILE, TILE),
                photometric="ycbcr",
                compression="jpeg",
                subsampling=(2, 2),
                subfiletype=0 if downsample == 1 else 1,
                resolution=(1e4 / 0.25 / downsample, 1e4 / 0.25 / downsample),
                resolutionunit="CENTIMETER",
                metadata=None,
            )


def texture(random: np.random.Generator) -> np.ndarray:
    """Pink and violet blobs with some noise: what JPEG finds about as hard as a stained section."""
    coarse = random.normal(size=(20, 20)).repeat(16, 0).repeat(16, 1)
    kernel = np.hanning(15) / np.hanning(15).sum()
    smooth = np.apply_along_axis(np.convolve, 0, coarse, kernel, "same")
    smooth = np.apply_along_axis(np.convolve, 1, smooth, kernel, "same")[32 : 32 + TILE, 32 : 32 + TILE]
    blend = 1 / (1 + np.exp(-4 * smooth))[..., None]
    colour = blend * np.array([120, 80, 150.0]) + (1 - blend) * np.array([226, 170, 200.0])
    return np.clip(colour + random.normal(0, 5, (TILE, TILE, 1)), 0, 255).astype(np.uint8)


def encode(tile: np.ndarray) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(tile, level=80, colorspace="rgb", outcolorspace="ycbcr", subsampling="420"))


def tiles(
    random: np.random.Generator, tissue: list[bytes], glass: bytes, shape: tuple[int, int, int]
) -> Iterator[bytes]:
    rows, columns = -(-shape[0] // TILE), -(-shape[1] // TILE)
    for choice in random.integers(0, TISSUE * 5 // 3, rows * columns).tolist():
        yield tissue[choice] if choice < TISSUE else glass
