"""Makes small slides on the spot: Aperio-like, plain pyramids, OME-TIFF of several planes; and names the real ones.

path = slides.svs(tmp_path / "a.svs")
path = slides.pyramid(tmp_path / "b.tif", compression="zlib")
path = slides.ome(tmp_path / "c.ome.tif", channels=2, depth=3)
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import pytest
from numpy.typing import NDArray

Picture = NDArray[Any]

REAL = Path(__file__).parents[3] / "shared" / "slides"
SVS = REAL / "cmu-1-small-region.svs"
DICOM = REAL / "cmu-1-small-region-dicom"


def needs_real(test: Any) -> Any:
    """Marks a test that is skipped where the real slides are not beside the checkout."""
    absent = pytest.mark.skipif(not SVS.exists(), reason="the real slides are not beside the checkout (shared/slides)")
    return pytest.mark.slides(absent(test))


TILE = 128


def tissue(width: int, height: int, seed: int = 0) -> Picture:
    """A smooth picture in the colours of H&E with dark nuclei, uint8 (height, width, 3); the same for the same seed."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = sum(np.sin(x / rng.uniform(20, 90) + y / rng.uniform(20, 90) + rng.uniform(0, 6)) for _ in range(3))
    picture = np.stack([220 + 8 * waves, 165 + 16 * waves, 205 + 9 * waves], axis=-1)
    for _ in range(max(3, width * height // 6000)):
        cx, cy, radius = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(4, 9)
        left, right, top, bottom = (int(max(0, v)) for v in (cx - 12, cx + 12, cy - 12, cy + 12))
        part = (slice(top, bottom), slice(left, right))
        inside = (x[part] - cx) ** 2 + (y[part] - cy) ** 2 < radius**2
        picture[part][inside] = (90, 55, 130)
    return np.clip(picture, 0, 255).astype(np.uint8)


def plane(c: int, z: int, t: int, width: int, height: int, bits: int = 16) -> Picture:
    """One plane of `ome`'s slides (height, width): a ramp whose height says which plane it is."""
    y, x = np.mgrid[0:height, 0:width]
    ramp = (x + 2 * y) % 100 + 10 * c + 40 * z + 130 * t
    return (ramp * (37 if bits == 16 else 1) % (1 << bits)).astype(np.uint16 if bits == 16 else np.uint8)


def shrink(picture: Picture, factor: int) -> Picture:
    """Every `factor`-th pixel, the rest at the edges dropped, as scanners' sizes are."""
    height, width = picture.shape[0] // factor, picture.shape[1] // factor
    return np.ascontiguousarray(picture[: height * factor : factor, : width * factor : factor])


def svs(
    path: Path,
    width: int = 900,
    height: int = 700,
    factors: Sequence[int] = (1, 4),
    tile: int = TILE,
    mpp: float = 0.25,
    magnification: int = 40,
    colours: str = "ycbcr",
    shared_tables: bool = False,
    sparse: bool = False,
    seed: int = 0,
) -> Path:
    """An Aperio-like file: JPEG tiles, thumbnail behind the first level, label (LZW) and macro at the end.

    Args:
        colours: `ycbcr`; or `rgb`: stored as RGB without a marker that says so, which only the photometric tag tells.
        shared_tables: quantisation and Huffman tables once for all tiles, as scanners do.
        sparse: the first tile was not scanned.
    """
    import tifffile

    picture = tissue(width, height, seed)
    head = f"Aperio Image Library v12.0.15 \r\n{width}x{height} [0,0 {width}x{height}] ({tile}x{tile}) JPEG/RGB Q=90"
    pairs = f"|AppMag = {magnification}|StripeWidth = 2040|ScanScope ID = GIVEN|MPP = {mpp:.4f}|Filename = made"
    with tifffile.TiffWriter(path) as tif:
        for factor in factors:
            level = shrink(picture, factor)
            size = "" if factor == 1 else f" -> {level.shape[1]}x{level.shape[0]}"
            options = _jpeg_tiles(level, tile, colours, shared_tables, sparse and factor == 1)
            tif.write(
                shape=level.shape,
                dtype=np.uint8,
                tile=(tile, tile),
                description=head + size + pairs,
                metadata=None,
                **options,
            )
            if factor == 1:
                small = shrink(picture, 4)
                tif.write(small, description=f"{head} -> {small.shape[1]}x{small.shape[0]} - {pairs}", metadata=None,
                          compression="jpeg", photometric="rgb", rowsperstrip=16)  # fmt: skip
        for name, kind, options in (
            ("label", 1, {"compression": "lzw", "predictor": 2}),
            ("macro", 9, {"compression": "jpeg"}),
        ):
            beside = tissue(200 if name == "label" else 320, 150, seed + kind)
            words = f"Aperio Image Library v12.0.15 \r\n{name} {beside.shape[1]}x{beside.shape[0]}"
            options = {"photometric": "rgb", "subfiletype": kind, "rowsperstrip": 16} | options
            tif.write(beside, description=words, metadata=None, **options)
    return path


def pyramid(
    path: Path,
    picture: Picture | None = None,
    factors: Sequence[int] = (1, 2, 4),
    tile: int = TILE,
    compression: str | int | None = "jpeg",
    subifds: bool = False,
    mpp: float | None = 0.5,
    **options: Any,
) -> Path:
    """A plain tiled pyramid, as one page after another or (`subifds`) below the first page.

    Args:
        picture: 900 x 700 px of `tissue` where none is given; lossless compressions give back exactly this.
        options: `bigtiff` and `byteorder` go to tifffile's `TiffWriter`, all others to its `write`.
    """
    import tifffile

    picture = tissue(900, 700) if picture is None else picture
    options.setdefault("photometric", "rgb" if picture.ndim == 3 else "minisblack")
    if mpp:
        options |= {"resolution": (10_000 / mpp, 10_000 / mpp), "resolutionunit": "CENTIMETER"}
    kind = {key: options.pop(key) for key in ("bigtiff", "byteorder") if key in options}
    with tifffile.TiffWriter(path, **kind) as tif:
        for number, factor in enumerate(factors):
            tif.write(shrink(picture, factor), tile=(tile, tile), compression=compression, metadata=None,
                      subfiletype=1 if number else 0, subifds=len(factors) - 1 if subifds and not number else None,
                      **options)  # fmt: skip
    return path


def philips(path: Path, picture: Picture | None = None, factors: Sequence[int] = (1, 2, 4), tile: int = TILE) -> Path:
    """A Philips-like TIFF, as OpenSlide knows it: each level is filled up with white to whole tiles."""
    import tifffile

    picture = tissue(900, 700) if picture is None else picture
    spacings = "".join(
        '<DataObject ObjectType="PixelDataRepresentation"><Attribute Name="DICOM_PIXEL_SPACING" Group="0x0028" '
        f'Element="0x0030" PMSVR="IDoubleArray">"{0.00025 * factor}" "{0.00025 * factor}"</Attribute></DataObject>'
        for factor in factors
    )
    xml = (
        '<?xml version="1.0" encoding="UTF-8" ?><DataObject ObjectType="DPUfsImport">'
        '<Attribute Name="DICOM_MANUFACTURER" Group="0x0008" Element="0x0070" PMSVR="IString">PHILIPS</Attribute>'
        '<Attribute Name="PIM_DP_SCANNED_IMAGES" Group="0x301D" Element="0x1003" PMSVR="IDataObjectArray"><Array>'
        '<DataObject ObjectType="DPScannedImage"><Attribute Name="PIM_DP_IMAGE_TYPE" Group="0x301D" Element="0x1004" '
        'PMSVR="IString">WSI</Attribute><Attribute Name="PIIM_PIXEL_DATA_REPRESENTATION_SEQUENCE" Group="0x1001" '
        f'Element="0x8B01" PMSVR="IDataObjectArray"><Array>{spacings}</Array></Attribute></DataObject></Array>'
        "</Attribute></DataObject>"
    )
    with tifffile.TiffWriter(path) as tif:
        for number, factor in enumerate(factors):
            level = shrink(picture, factor)
            right, below = -level.shape[1] % tile, -level.shape[0] % tile
            level = np.pad(level, ((0, below), (0, right), (0, 0)), constant_values=255)
            tif.write(level, tile=(tile, tile), compression="jpeg", photometric="rgb", metadata=None,
                      description=None if number else xml, software="Philips DP v1.0",
                      subfiletype=1 if number else 0)  # fmt: skip
    return path


def huge(path: Path, side: int = 8448) -> Path:
    """One level of more pixels than an overview may be made of; few bytes: all tiles are one, made once."""
    import imagecodecs
    import tifffile

    tile = imagecodecs.jpeg_encode(tissue(256, 256), 80)
    with tifffile.TiffWriter(path) as file:
        file.write(
            (tile for _ in range((side // 256) ** 2)), shape=(side, side, 3), dtype=np.uint8, tile=(256, 256),
            compression="jpeg", photometric="ycbcr", subsampling=(2, 2), metadata=None,
        )  # fmt: skip
    return path


def ome(
    path: Path,
    width: int = 500,
    height: int = 300,
    channels: int = 2,
    depth: int = 3,
    duration: int = 2,
    bits: int = 16,
    factors: Sequence[int] = (1, 2),
    order: str = "XYCZT",
    subifds: bool = True,
    compression: str | None = "zlib",
    tile: int = TILE,
    names: Sequence[str] = ("DAPI", "FITC", "Cy5"),
    colours: Sequence[int] = (0x0000FFFF, 0x00FF00FF, -16776961),
    elsewhere: str | None = None,
    more_xml: str = "",
) -> Path:
    """An OME-TIFF whose planes are `plane(c, z, t)`, one page a plane in the order that `order` gives.

    Args:
        subifds: levels below each page; else behind all planes.
        elsewhere: the XML says that the last plane lies in a file of this name.
        more_xml: elements after the image.
    """
    import tifffile

    sizes = {"C": channels, "Z": depth, "T": duration}
    places = _counted([(axis, sizes[axis]) for axis in order[2:]])
    planes = [plane(at["C"], at["Z"], at["T"], width, height, bits) for at in places]
    xml = _ome_xml(path, width, height, sizes, bits, order, names[:channels], colours, elsewhere, len(planes))
    xml = xml.replace("</OME>", f"{more_xml}</OME>")
    options: dict[str, Any] = {"compression": compression, "tile": (tile, tile), "photometric": "minisblack"}
    options["metadata"] = None
    with tifffile.TiffWriter(path, ome=False) as tif:
        for number, picture in enumerate(planes):
            text = xml.encode() if not number else None
            tif.write(
                shrink(picture, factors[0]), description=text, subifds=len(factors) - 1 if subifds else None, **options
            )
            for factor in factors[1:] if subifds else ():
                tif.write(shrink(picture, factor), subfiletype=1, **options)
        for factor in () if subifds else factors[1:]:
            for picture in planes:
                tif.write(shrink(picture, factor), subfiletype=1, **options)
    return path


def _counted(axes: list[tuple[str, int]]) -> list[dict[str, int]]:
    """All places, the first axis fastest."""
    places: list[dict[str, int]] = [{}]
    for axis, size in axes:
        places = [place | {axis: at} for at in range(size) for place in places]
    return places


def _ome_xml(
    path: Path, width: int, height: int, sizes: dict[str, int], bits: int, order: str,
    names: Sequence[str], colours: Sequence[int], elsewhere: str | None, planes: int,
) -> str:  # fmt: skip
    channels = "".join(
        f'<Channel ID="Channel:0:{n}" SamplesPerPixel="1" Name={quoteattr(name)} Color="{colours[n]}"/>'
        for n, name in enumerate(names)
    )
    data = f'<TiffData IFD="0" PlaneCount="{planes}"/>'
    if elsewhere:
        last = " ".join(f'First{axis}="{size - 1}"' for axis, size in sizes.items())
        data = f'<TiffData IFD="0" PlaneCount="{planes - 1}"/><TiffData {last} IFD="0" PlaneCount="1">'
        data += f"<UUID FileName={quoteattr(elsewhere)}>urn:uuid:other</UUID></TiffData>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:own" Creator="given">'
        '<Instrument ID="Instrument:0"><Objective ID="Objective:0" NominalMagnification="63.0" /></Instrument>'
        f'<Image ID="Image:0" Name={quoteattr(path.name)}><AcquisitionDate>2026-01-02T03:04:05</AcquisitionDate>'
        '<InstrumentRef ID="Instrument:0"/><ObjectiveSettings ID="Objective:0"/>'
        f'<Pixels ID="Pixels:0" DimensionOrder="{order}" Type="uint{bits}" SizeX="{width}" SizeY="{height}" '
        f'SizeC="{sizes["C"]}" SizeZ="{sizes["Z"]}" SizeT="{sizes["T"]}" PhysicalSizeX="325.0" PhysicalSizeXUnit="nm" '
        'PhysicalSizeY="0.325" PhysicalSizeZ="0.002" PhysicalSizeZUnit="mm" TimeIncrement="500" TimeIncrementUnit="ms">'
        f"{channels}{data}</Pixels></Image></OME>"
    )


def tiles_of(picture: Picture, tile: int) -> Iterator[Picture]:
    """Row by row, filled up at the edges."""
    for y in range(0, picture.shape[0], tile):
        for x in range(0, picture.shape[1], tile):
            part = picture[y : y + tile, x : x + tile]
            pad = ((0, tile - part.shape[0]), (0, tile - part.shape[1]), (0, 0))
            yield np.ascontiguousarray(np.pad(part, pad, mode="edge"))


def _jpeg_tiles(level: Picture, tile: int, colours: str, shared_tables: bool, sparse: bool) -> dict[str, Any]:
    """Tiles as they are to lie in the file, with what tifffile needs to know of them."""
    import imagecodecs

    if colours == "ycbcr":
        coded = [imagecodecs.jpeg8_encode(part, 90, subsampling="420") for part in tiles_of(level, tile)]
    else:
        coded = [
            imagecodecs.jpeg8_encode(part, 90, colorspace="RGB", outcolorspace="RGB") for part in tiles_of(level, tile)
        ]
    options: dict[str, Any] = {"compression": "jpeg", "photometric": "ycbcr" if colours == "ycbcr" else "rgb"}
    if colours == "ycbcr":
        options["subsampling"] = (2, 2)
    else:
        options["compressionargs"] = {"outcolorspace": "rgb"}
    # Without the marker of Adobe or JFIF, and with plain names of components, only the photometric tag tells colours.
    stripped = [_split(jpeg, shared_tables) for jpeg in coded]
    if shared_tables:
        options["jpegtables"] = stripped[0][0]
    tiles = [rest for _, rest in stripped]
    if sparse:
        tiles[0] = b""
    return options | {"data": iter(tiles)}


def _split(jpeg: bytes, shared_tables: bool) -> tuple[bytes, bytes]:
    """The tables of a JPEG as a stream of their own, and the rest; markers of applications are left out."""
    at, tables, rest = 2, b"", b"\xff\xd8"
    while True:
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        segment = jpeg[at : at + 2 + length]
        if marker in (0xDB, 0xC4) and shared_tables:
            tables += segment
        elif not 0xE0 <= marker <= 0xEF:
            rest += _nameless(segment) if marker in (0xC0, 0xDA) else segment
        at += 2 + length
        if marker == 0xDA:
            return b"\xff\xd8" + tables + b"\xff\xd9", rest + jpeg[at:]


def _nameless(segment: bytes) -> bytes:
    """A header of frame or scan whose components are called 1, 2, 3 instead of R, G, B."""
    first, step = (10, 3) if segment[1] == 0xC0 else (5, 2)
    names = bytearray(segment)
    for number, name in enumerate(b"RGB"):
        if names[first + number * step] == name:
            names[first + number * step] = number + 1
    return bytes(names)
