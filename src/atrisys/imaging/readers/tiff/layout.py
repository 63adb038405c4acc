"""Which of the TIFF layouts a file has, and that of plain pyramids."""

import re
from typing import TYPE_CHECKING

from atrisys.imaging.readers.tiff import aperio, ome
from atrisys.imaging.readers.tiff.pages import (
    Layout,
    LevelPages,
    chain_levels,
    page_at,
    positive,
    sub_levels,
    text_tags,
)

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

FORMATS = ("SVS", "OMETIFF", "PYRTIFF")

_UM_PER_UNIT = {2: 25_400.0, 3: 10_000.0}
"""ResolutionUnit: inch, centimetre."""
_UM_PER_WORD = {"micron": 1.0, "um": 1.0, "µm": 1.0, "μm": 1.0, "\\u00B5m": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4}
_MICROSCOPIC = (0.01, 20.0)
"""µm per pixel that a microscope may have; what lies outside (72 dpi, 1 px/cm) is a writer's default."""
_MOST_PAGES_BESIDE = 32


def lay_out(tif: "TiffFile", count: int, name: str) -> Layout:
    """What the pages of a TIFF mean.

    Args:
        count: pages in the chain.

    Raises:
        SlideUnreadable: its OME-XML does not fit it.
    """
    first = page_at(tif, 0)
    if first.is_ome:
        return ome.lay_out(tif, count, name)
    return aperio.lay_out(tif, count) if first.is_svs else _plain(tif, count)


def _plain(tif: "TiffFile", count: int) -> Layout:
    """A pyramid as SubIFDs of the first page, or as pages that get smaller; or full resolution alone."""
    first = page_at(tif, 0)
    subs = sub_levels(tif, 0)
    chain = [] if subs else chain_levels(tif, count)
    levels = [LevelPages((0,)), *(LevelPages((0,), sub) for sub in subs), *(LevelPages((ifd,)) for ifd in chain)]
    return Layout(
        format="PYRTIFF",
        levels=levels,
        associated=_associated(tif, count, chain),
        said={
            "mpp_x": mpp_of(first, "XResolution"),
            "mpp_y": mpp_of(first, "YResolution"),
            "metadata": text_tags(first),
        },
    )


def mpp_of(page: "TiffPage", tag: str) -> float | None:
    """µm per pixel, where the page says it (`tag`: XResolution, YResolution) and a microscope can have it."""
    resolution = page.tags.valueof(tag)
    unit = _UM_PER_UNIT.get(int(page.tags.valueof("ResolutionUnit") or 0)) or _imagej_unit(page.description)
    if unit is None or not isinstance(resolution, tuple) or not resolution[1]:
        return None
    dots = positive(resolution[0] / resolution[1])
    return microscopic(unit / dots) if dots else None


def microscopic(mpp: float) -> float | None:
    """The same number where a microscope may have so many µm per pixel."""
    return mpp if _MICROSCOPIC[0] <= mpp <= _MICROSCOPIC[1] else None


def _imagej_unit(description: str) -> float | None:
    """ImageJ writes its unit into the description, and none into the tag."""
    said = re.search(r"^unit=(.*)$", description, re.MULTILINE) if description.startswith("ImageJ=") else None
    return _UM_PER_WORD.get(said[1].strip()) if said else None


def _associated(tif: "TiffFile", count: int, levels: list[int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for ifd in range(1, min(count, _MOST_PAGES_BESIDE)):
        page = page_at(tif, ifd)
        if ifd in levels or page.is_tiled:
            continue
        words = page.description.lower()
        for part, kind in (("label", "label"), ("macro", "macro"), ("overview", "macro"), ("thumb", "thumbnail")):
            if part in words:
                found.setdefault(kind, ifd)
                break
    return found
