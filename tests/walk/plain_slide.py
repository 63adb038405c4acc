"""A small tiled slide made on the spot, where the real ones are absent: pale tissue, one dark structure."""

from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, ImageDraw

SIZE = (1500, 1900)
GLASS, TISSUE, EPITHELIUM = (244, 243, 245), (226, 160, 190), (92, 48, 120)


def write_plain_slide(path: Path) -> Path:
    """A JPEG-tiled pyramidal TIFF of 1500 x 1900 px; its structure lies well off both axes of symmetry."""
    picture = Image.new("RGB", SIZE, GLASS)
    drawer = ImageDraw.Draw(picture)
    drawer.ellipse((320, 250, 1380, 1860), fill=TISSUE)
    drawer.polygon([(500, 420), (700, 380), (760, 900), (1200, 980), (1180, 1150), (560, 1080)], fill=EPITHELIUM)
    drawer.ellipse((600, 930, 680, 1010), fill=TISSUE)
    pixels = np.asarray(picture)
    noise = np.random.default_rng(7).integers(-6, 7, pixels.shape)
    pixels = np.clip(pixels + noise, 0, 255).astype(np.uint8)
    with tifffile.TiffWriter(path) as file:
        for step in (1, 2, 4):
            file.write(
                pixels[::step, ::step],
                tile=(256, 256),
                photometric="ycbcr",
                compression="jpeg",
                compressionargs={"level": 90},
                subfiletype=0 if step == 1 else 1,
                metadata=None,
            )
    return path
