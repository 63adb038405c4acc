"""The description that a clean TIFF gets: fixed words and numbers, by which readers know levels, sizes and planes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from atrisys.imaging.readers.tiff.pages import Layout

if TYPE_CHECKING:
    from tifffile import TiffPage

_UM = "\u00b5m"


def describe(layout: Layout, pages: "Sequence[TiffPage]") -> str:
    """What the first page says.

    Args:
        layout: of the original.
        pages: the first plane of each level.

    Returns:
        In Aperio's manner, as OME-XML, or nothing where neither is called for.
    """
    if layout.format == "SVS":
        return _aperio(layout, pages[0])
    return _ome(layout, pages[0]) if layout.format == "OMETIFF" else ""


def _aperio(layout: Layout, page: "TiffPage") -> str:
    width, height = page.imagewidth, page.imagelength
    words = f"Aperio Image Library clean copy \r\n{width}x{height} [0,0 {width}x{height}] "
    words += f"({page.tilewidth}x{page.tilelength})"
    for key, value in (("AppMag", layout.said.get("magnification")), ("MPP", layout.said.get("mpp_x"))):
        if value:
            words += f"|{key} = {_number(value)}"
    return words


def _ome(layout: Layout, page: "TiffPage") -> str:
    said, samples = layout.said, page.samplesperpixel
    channels = "".join(
        f'<Channel ID="Channel:0:{number}" SamplesPerPixel="{samples}" Color="{_color(color)}"/>'
        for number, color in enumerate(said.get("channel_colors") or ["#ffffff"] * layout.channels)
    )
    sizes = "".join(
        f' PhysicalSize{axis}="{_number(said[key])}" PhysicalSize{axis}Unit="{_UM}"'
        for axis, key in (("X", "mpp_x"), ("Y", "mpp_y"), ("Z", "mpp_z"))
        if said.get(key)
    )
    step = f' TimeIncrement="{_number(1 / said["fps"])}" TimeIncrementUnit="s"' if said.get("fps") else ""
    lens = f'<Objective ID="Objective:0" NominalMagnification="{_number(said["magnification"])}"/>' if said.get(
        "magnification"
    ) else ""  # fmt: skip
    instrument = f'<Instrument ID="Instrument:0">{lens}</Instrument>' if lens else ""
    settings = '<InstrumentRef ID="Instrument:0"/><ObjectiveSettings ID="Objective:0"/>' if lens else ""
    assert page.dtype is not None
    planes = layout.channels * layout.depth * layout.duration
    return (
        '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        f'{instrument}<Image ID="Image:0">{settings}'
        f'<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="{page.dtype.name}" '
        f'SizeX="{page.imagewidth}" SizeY="{page.imagelength}" SizeC="{layout.channels * samples}" '
        f'SizeZ="{layout.depth}" SizeT="{layout.duration}"{sizes}{step}>'
        f'{channels}<TiffData IFD="0" PlaneCount="{planes}"/></Pixels></Image></OME>'
    )


def _number(value: float) -> str:
    return f"{value:.12g}"


def _color(color: str) -> int:
    """OME's signed RGBA number of `#rrggbb`."""
    number = (int(color[1:], 16) << 8) | 0xFF
    return number - (1 << 32) if number >= 1 << 31 else number
