"""Slides of scanners whose files OpenSlide reads for us. (Levels, tiles and seams: test_pixels.py.)"""

import numpy as np
import openslide
import pytest

from atrisys.imaging import slides
from atrisys.imaging.reader import Box
from given import ndpi, vendors
from given import slides as given

MAKERS = vendors.MAKERS | {"NDPI": lambda folder: ndpi.slide(folder / "a.ndpi", 512, 384, (1, 2))}
SCANNED = {"MRXS": given.tissue(256, 256), "PHILIPS": given.tissue(900, 700)}
"""What is in the files that are not of the usual 512 x 384 px."""


def corner(path):
    """Where the scanned area begins on the slide."""
    with openslide.OpenSlide(path) as slide:
        return [int(slide.properties.get(f"openslide.bounds-{axis}", 0)) for axis in "xy"]


@pytest.mark.parametrize("format", MAKERS)
def test_each_is_told_by_its_content_and_its_pixels_are_what_was_scanned(format, tmp_path):
    path = MAKERS[format](tmp_path)
    facts, slide = slides.inspect(path), slides.open_slide(path, format)
    assert facts.format == format
    (x, y), scanned = corner(path), SCANNED.get(format, given.tissue(512, 384))
    height, width = scanned.shape[:2]
    ours = slide.read_region(Box(x, y, width, height))
    # JPEG's loss, which colours at half the width add to.
    assert np.abs(ours.astype(int) - scanned).mean() < (6 if format == "MRXS" else 1.5)
    with openslide.OpenSlide(path) as theirs:
        np.testing.assert_array_equal(ours, np.asarray(theirs.read_region((x, y), 0, (width, height)))[..., :3])
