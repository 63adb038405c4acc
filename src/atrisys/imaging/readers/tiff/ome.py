"""OME-TIFF: what its XML says of channels, focal planes, times and sizes, and on which page each plane lies."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from atrisys.errors import SlideUnreadable
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
    from tifffile import TiffFile

Element = ElementTree.Element

_UM = {"pm": 1e-6, "\u00c5": 1e-4, "\u212b": 1e-4, "nm": 1e-3, "µm": 1.0, "μm": 1.0, "um": 1.0, "mm": 1e3, "cm": 1e4,
       "dm": 1e5, "m": 1e6, "in": 25_400.0}  # fmt: skip
_S = {"ns": 1e-9, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
_MOST_PAIRS = 500
_KEPT_NAME = 255
_MOST_PLANES = 200_000


@dataclass
class OmeImage:
    """One Image element."""

    name: str
    element: Element
    pixels: Element
    width: int
    height: int
    channels: int
    """Concrete ones: an RGB picture has 1."""
    depth: int
    duration: int
    ifds: list[int | None] = field(default_factory=list)
    """Place in the chain for each plane: channels fastest, then focal planes, then times."""
    named: int = 0
    """How often one of them is named."""


def lay_out(tif: "TiffFile", count: int, name: str) -> Layout:
    """The meaning of an OME-TIFF's pages: the largest image is the slide.

    Raises:
        SlideUnreadable: the XML cannot be read, or planes lie in other files.
    """
    root = _parse(page_at(tif, 0).description, name)
    images = _read_images(tif, root, count, name)
    images = [image for image in images if image.ifds and any(ifd is not None for ifd in image.ifds)]
    if not images:
        raise SlideUnreadable(
            "{name} holds none of the pictures that its OME-XML tells of: they lie in other files. "
            "Save the slide as one OME-TIFF.", name=name,
        )  # fmt: skip
    main = max(images, key=lambda image: image.width * image.height)
    ifds = _whole(main, tif, name)
    used = {ifd for image in images for ifd in image.ifds if ifd is not None}
    return Layout(
        format="OMETIFF",
        levels=_levels(tif, count, ifds, used),
        channels=main.channels,
        depth=main.depth,
        duration=main.duration,
        associated=_associated(images, main),
        said=_facts(root, main) | {"metadata": _metadata(root, main) | text_tags(page_at(tif, ifds[0]))},
    )


def _parse(text: str, name: str) -> Element:
    if "<!" in text.replace("<!--", "").replace("<![CDATA[", ""):
        raise SlideUnreadable("{name} has an OME-XML that declares entities, which is not read", name=name)
    try:
        return ElementTree.fromstring(text)  # noqa: S314  (entities are refused above)
    except ElementTree.ParseError as reason:
        raise SlideUnreadable(
            "{name} says that it is an OME-TIFF, but its OME-XML cannot be read ({reason})",
            name=name,
            reason=str(reason),
        ) from reason


def _whole(main: OmeImage, tif: "TiffFile", name: str) -> list[int]:
    """The pages of all planes; none may be missing, none of another size."""
    missing = sum(ifd is None for ifd in main.ifds)
    if missing:
        raise SlideUnreadable(
            "{name} lacks {missing} of its {count} planes: they lie in other files. Save the slide as one OME-TIFF.",
            name=name, missing=missing, count=len(main.ifds),
        )  # fmt: skip
    ifds = [ifd for ifd in main.ifds if ifd is not None]
    page = page_at(tif, ifds[0])
    if (page.imagewidth, page.imagelength) != (main.width, main.height):
        raise SlideUnreadable(
            "{name} says {width} x {height} px in its OME-XML, but its first plane has {page_width} x {page_height}",
            name=name, width=main.width, height=main.height, page_width=page.imagewidth, page_height=page.imagelength,
        )  # fmt: skip
    return ifds


def _levels(tif: "TiffFile", count: int, ifds: list[int], used: set[int]) -> list[LevelPages]:
    """Full resolution, then SubIFDs, or (as other writers have it) further pages behind all planes."""
    levels = [LevelPages(tuple(ifds))]
    subs = sub_levels(tif, ifds[0])
    if subs:
        return levels + [LevelPages(tuple(ifds), sub) for sub in subs]
    planes, after = len(ifds), max(used) + 1
    if (count - after) % planes == 0 and max(ifds) - min(ifds) == planes - 1:
        starts = chain_levels(tif, count, first=ifds[0], step=planes, after=after)
        levels += [LevelPages(tuple(start + ifd - min(ifds) for ifd in ifds)) for start in starts]
    return levels


def _read_images(tif: "TiffFile", root: Element, count: int, name: str) -> list[OmeImage]:
    """All of them; a text that names planes again and again, image by image, would keep us for hours."""
    images: list[OmeImage] = []
    own_uuid, seen = root.get("UUID") or _guess_uuid(root, name), 0
    for element in _children(root, "Image"):
        images.append(_read_image(element, tif, own_uuid, count, name))
        seen += len(images[-1].ifds) + images[-1].named
        if seen > 2 * _MOST_PLANES:
            raise _impossible_sizes(name)
    return images


def _read_image(element: Element, tif: "TiffFile", own_uuid: str, count: int, name: str) -> OmeImage:
    pixels = next(iter(_children(element, "Pixels")), None)
    if pixels is None:
        return OmeImage("", element, element, 0, 0, 0, 0, 0)
    try:
        sizes = {axis: int(pixels.get(f"Size{axis}", "1")) for axis in "XYCZT"}
    except ValueError as reason:
        raise SlideUnreadable("{name} has sizes in its OME-XML that are no numbers", name=name) from reason
    spp = _samples(pixels, tif, count)
    channels = max(1, sizes["C"] // spp)
    if min(sizes.values()) < 1 or channels * sizes["Z"] * sizes["T"] > _MOST_PLANES:
        raise _impossible_sizes(name)
    image = OmeImage(element.get("Name", ""), element, pixels, sizes["X"], sizes["Y"], channels, sizes["Z"], sizes["T"])
    _map_planes(image, own_uuid, count, name)
    return image


def _impossible_sizes(name: str) -> SlideUnreadable:
    return SlideUnreadable("{name} has sizes in its OME-XML that cannot be", name=name)


def _samples(pixels: Element, tif: "TiffFile", count: int) -> int:
    """Samples of a page: the file's tag decides; the XML leaves it out at times."""
    data = next(iter(_children(pixels, "TiffData")), None)
    ifd = int(data.get("IFD", "0")) if data is not None else 0
    return page_at(tif, ifd).samplesperpixel if 0 <= ifd < count else 1


def _map_planes(image: OmeImage, own_uuid: str, count: int, name: str) -> None:
    """Note on which page each plane lies; None where it is in another file or nowhere.

    Source: the OME-TIFF specification, defaults of TiffData.
    """
    sizes = {"C": image.channels, "Z": image.depth, "T": image.duration}
    total = image.channels * image.depth * image.duration
    order = [axis for axis in image.pixels.get("DimensionOrder", "XYCZT") if axis in sizes]
    image.ifds = [None] * total
    blocks = _children(image.pixels, "TiffData")
    for block in blocks or [Element("TiffData")]:
        if _in_another_file(block, own_uuid):
            continue
        first = {axis: int(block.get(f"First{axis}", "0")) for axis in "CZT"}
        planes = int(block.get("PlaneCount", "1" if block.get("IFD") is not None else str(total)))
        ifd, at = int(block.get("IFD", "0")), _place(first, sizes, order)
        planes = max(0, min(planes, total - at, count - ifd))
        image.named += planes
        if min(at, ifd) < 0 or image.named > _MOST_PLANES:
            raise _impossible_sizes(name)
        for step in range(planes):
            where = _unplace(at + step, sizes, order)
            image.ifds[(where["T"] * image.depth + where["Z"]) * image.channels + where["C"]] = ifd + step


def _in_another_file(block: Element, own_uuid: str) -> bool:
    uuid = next(iter(_children(block, "UUID")), None)
    return uuid is not None and (uuid.text or "").strip() != own_uuid


def _guess_uuid(root: Element, name: str) -> str:
    """The file's own identifier where the XML leaves it out: of the blocks in a file of its name, or the only one."""
    uuids = [element for element in root.iter() if _bare(element.tag) == "UUID"]
    own = [uuid for uuid in uuids if uuid.get("FileName") == name]
    texts = {(uuid.text or "").strip() for uuid in own or uuids}
    return texts.pop() if len(texts) == 1 else ""


def _place(at: dict[str, int], sizes: dict[str, int], order: list[str]) -> int:
    place, step = 0, 1
    for axis in order:
        place += at[axis] * step
        step *= sizes[axis]
    return place


def _unplace(place: int, sizes: dict[str, int], order: list[str]) -> dict[str, int]:
    at: dict[str, int] = {"C": 0, "Z": 0, "T": 0}
    for axis in order:
        place, at[axis] = divmod(place, sizes[axis])
    return at


def _associated(images: list[OmeImage], main: OmeImage) -> dict[str, int]:
    found: dict[str, int] = {}
    for image in images:
        if image is main or image.ifds[0] is None:
            continue
        words = image.name.lower()
        for part, kind in (("label", "label"), ("macro", "macro"), ("overview", "macro"), ("thumb", "thumbnail")):
            if part in words:
                found.setdefault(kind, image.ifds[0])
    return found


def _facts(root: Element, image: OmeImage) -> dict[str, object]:
    pixels = image.pixels
    channels = _children(pixels, "Channel")[: image.channels]
    step_s = _measure(pixels, "TimeIncrement", _S, "s")
    return {
        "mpp_x": _measure(pixels, "PhysicalSizeX", _UM, "µm"),
        "mpp_y": _measure(pixels, "PhysicalSizeY", _UM, "µm"),
        "mpp_z": _measure(pixels, "PhysicalSizeZ", _UM, "µm"),
        "fps": 1 / step_s if step_s else None,
        "magnification": _magnification(root, image),
        "channel_names": tuple((c.get("Name") or c.get("Fluor") or "")[:_KEPT_NAME] for c in channels),
        "channel_colors": tuple(_color(c.get("Color")) for c in channels),
    }


def _measure(pixels: Element, name: str, units: dict[str, float], usual: str) -> float | None:
    size, unit = positive(pixels.get(name)), units.get(pixels.get(f"{name}Unit", usual))
    return size * unit if size and unit else None


def _magnification(root: Element, image: OmeImage) -> float | None:
    settings = next(iter(_children(image.element, "ObjectiveSettings")), None)
    objectives = [o for instrument in _children(root, "Instrument") for o in _children(instrument, "Objective")]
    if settings is not None:
        objectives = [o for o in objectives if o.get("ID") == settings.get("ID")]
    if len(objectives) != 1:
        return None
    return positive(objectives[0].get("NominalMagnification")) or positive(objectives[0].get("CalibratedMagnification"))


def _color(number: str | None) -> str:
    """`#rrggbb` from the XML's signed RGBA number; white, as the specification says, where it names none."""
    try:
        return f"#{(int(number or '-1') & 0xFFFFFFFF) >> 8:06x}"
    except ValueError:
        return "#ffffff"


def _metadata(root: Element, image: OmeImage) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for prefix, element in (("", root), ("Image.", image.element), ("Pixels.", image.pixels)):
        pairs |= {f"ome.{prefix}{key}": value for key, value in element.attrib.items() if "}" not in key}
    for text in ("AcquisitionDate", "Description"):
        for element in _children(image.element, text):
            pairs[f"ome.Image.{text}"] = (element.text or "").strip()
    for instrument in _children(root, "Instrument"):
        for part in instrument:
            pairs |= {f"ome.{_bare(part.tag)}.{key}": value for key, value in part.attrib.items()}
    for annotations in _children(root, "StructuredAnnotations"):
        for entry in annotations.iter():
            if _bare(entry.tag) == "M" and entry.get("K") and len(pairs) < _MOST_PAIRS:
                pairs[f"ome.{entry.get('K')}"] = (entry.text or "").strip()
    return pairs


def _children(element: Element, name: str) -> list[Element]:
    """Children by name, whichever year's namespace the XML has."""
    return [child for child in element if _bare(child.tag) == name]


def _bare(tag: str) -> str:
    return tag.rpartition("}")[2]
