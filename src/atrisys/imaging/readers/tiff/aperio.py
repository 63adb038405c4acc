"""Aperio SVS: the first page and the other tiled ones are the levels; what is in strips is thumbnail, label, macro."""

from typing import TYPE_CHECKING

from atrisys.imaging.readers.tiff.pages import Layout, LevelPages, chain_levels, page_at, positive, text_tags

if TYPE_CHECKING:
    from tifffile import TiffFile

_MOST_PAGES_BESIDE = 64


def lay_out(tif: "TiffFile", count: int) -> Layout:
    """The meaning of an Aperio file's pages.

    Args:
        count: pages in the chain.

    Source: what Aperio files in the field look like; names of pictures as OpenSlide reads them, and by the subfile
    type where newer scanners (GT 450) write no name.
    """
    first = page_at(tif, 0)
    levels = [0, *chain_levels(tif, count)]
    pairs = read_pairs(first.description)
    mpp = positive(pairs.get("MPP"))
    return Layout(
        format="SVS",
        levels=[LevelPages((ifd,)) for ifd in levels],
        associated=_associated(tif, count, levels),
        said={
            "mpp_x": mpp,
            "mpp_y": mpp,
            "magnification": positive(pairs.get("AppMag")),
            "metadata": {f"aperio.{key}": value for key, value in pairs.items()} | text_tags(first),
        },
    )


def read_pairs(description: str) -> dict[str, str]:
    """The `key = value` pairs behind the first bar of an Aperio description."""
    pairs: dict[str, str] = {}
    for part in description.split("|")[1:]:
        key, equals, value = part.partition("=")
        if equals and key.strip():
            pairs[key.strip()] = value.strip()
    return pairs


def _associated(tif: "TiffFile", count: int, levels: list[int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for ifd in range(1, min(count, _MOST_PAGES_BESIDE)):
        page = page_at(tif, ifd)
        if ifd in levels or page.is_tiled:
            continue
        lines = page.description.splitlines()
        words = lines[1].split() if len(lines) > 1 else []
        if words and words[0].lower() in ("label", "macro"):
            name = words[0].lower()
        elif page.subfiletype in (1, 9):
            name = "label" if page.subfiletype == 1 else "macro"
        elif ifd == 1:
            name = "thumbnail"
        else:
            continue
        found.setdefault(name, ifd)
    return found
