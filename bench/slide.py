"""A tiled pyramid of 40,000 x 30,000 px, written in seconds: the same few hundred tiles over and over."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import tifffile

WIDTH, HEIGHT = 40_000, 30_000
TILE = 256
APERIO_JPEG_2000 = 33005
LEVELS = (1, 4, 16, 64)
TISSUE = 240
"""Different tiles with tissue; two of five places on the slide show glass instead."""


def write_slide(path: Path, width: int = WIDTH, height: int = HEIGHT) -> None:
    """Tissue tiles are about 12 kB of JPEG (quality 80, 4:2:0), as those of a scanned slide are."""
    options = {"photometric": "ycbcr", "compression": "jpeg", "subsampling": (2, 2)}
    _write(path, (width, height), encode, lambda _: None, options)


def write_svs(path: Path, width: int = WIDTH, height: int = HEIGHT, jpeg_2000: bool = False) -> None:
    """The same as Aperio writes it, with tiles of JPEG or of JPEG 2000."""
    options: dict[str, Any] = {"photometric": "ycbcr", "compression": "jpeg", "subsampling": (2, 2)}
    if jpeg_2000:
        options = {"photometric": "rgb", "compression": APERIO_JPEG_2000}

    def said(downsample: int) -> str:
        smaller = "" if downsample == 1 else f" -> {-(-width // downsample)}x{-(-height // downsample)}"
        size = f"{width}x{height} [0,0 {width}x{height}] ({TILE}x{TILE}){smaller}"
        return f"Aperio Image Library v12.0.15 \r\n{size} Q=80|AppMag = 40|MPP = 0.2500"

    _write(path, (width, height), encode_2000 if jpeg_2000 else encode, said, options)


def _write(
    path: Path,
    size: tuple[int, int],
    coded: Callable[[np.ndarray], bytes],
    said: Callable[[int], str | None],
    options: dict[str, Any],
) -> None:
    random = np.random.default_rng(4)
    tissue = [coded(texture(random)) for _ in range(TISSUE)]
    glass = coded(np.full((TILE, TILE, 3), 243, np.uint8))
    with tifffile.TiffWriter(path) as file:
        for downsample in LEVELS:
            shape = (-(-size[1] // downsample), -(-size[0] // downsample), 3)
            file.write(
                tiles(random, tissue, glass, shape),
                shape=shape,
                dtype=np.uint8,
                tile=(TILE, TILE),
                subfiletype=0 if downsample == 1 else 1,
                resolution=(1e4 / 0.25 / downsample, 1e4 / 0.25 / downsample),
                resolutionunit="CENTIMETER",
                description=said(downsample),
                metadata=None,
                **options,
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


def encode_2000(tile: np.ndarray) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(tile, level=38, codecformat="j2k", reversible=False, mct=True))


def tiles(
    random: np.random.Generator, tissue: list[bytes], glass: bytes, shape: tuple[int, int, int]
) -> Iterator[bytes]:
    rows, columns = -(-shape[0] // TILE), -(-shape[1] // TILE)
    for choice in random.integers(0, TISSUE * 5 // 3, rows * columns).tolist():
        yield tissue[choice] if choice < TISSUE else glass
