"""Which of the TIFF layouts a file has, and that of plain pyramids."""

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
            "mpp_x": _mpp(first, "XResolution"),
            "mpp_y": _mpp(first, "YResolution"),
            "metadata": text_tags(first),
        },
    )


def _mpp(page: "TiffPage", tag: str) -> float | None:
    resolution = page.tags.valueof(tag)
    unit = _UM_PER_UNIT.get(int(page.tags.valueof("ResolutionUnit") or 0))
    if unit is None or not isinstance(resolution, tuple) or not resolution[1]:
        return None
    dots = positive(resolution[0] / resolution[1])
    return unit / dots if dots and _MICROSCOPIC[0] <= unit / dots <= _MICROSCOPIC[1] else None


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
