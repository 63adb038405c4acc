"""Makes small slides of scanners whose files OpenSlide alone reads here: each with its own pages and words.

path = vendors.MAKERS["SCN"](tmp_path)
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from given import mirax, mutants, slides

WIDTH, HEIGHT, TILE = 512, 384, 128


def trestle(folder: Path) -> Path:
    """Trestle's: its software and the overlaps of tiles (none) are told by tags."""
    words = "Background Color=ffffff;Objective Power=20;OverlapsXY= 0 0 0 0;"
    return _tiff(folder / "trestle.tif", [words, None], software="MedScan 1.0")


def leica(folder: Path) -> Path:
    """Leica's: XML says which page is which level, in a BigTIFF."""
    levels = "".join(f'<dimension sizeX="{WIDTH // f}" sizeY="{HEIGHT // f}" r="{r}" ifd="{r}"/>' for r, f in _LEVELS)
    lens = "<objectiveSettings><objective>20</objective></objectiveSettings>"
    light = "<illuminationSettings><illuminationSource>brightfield</illuminationSource></illuminationSettings>"
    xml = (
        '<?xml version="1.0"?><scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01"><collection name="a" '
        'sizeX="400000" sizeY="300000"><image name="b"><creationDate>2026-01-02T03:04:05</creationDate>'
        f'<pixels sizeX="{WIDTH}" sizeY="{HEIGHT}">{levels}</pixels>'
        f'<view sizeX="{WIDTH * 500}" sizeY="{HEIGHT * 500}" offsetX="10000" offsetY="20000" spacingZ="0"/>'
        f"<scanSettings>{lens}{light}</scanSettings></image></collection></scn>"
    )
    return _tiff(folder / "leica.scn", [xml, None], bigtiff=True)


def ventana(folder: Path) -> Path:
    """Ventana's: XML in XMP tells how tiles are joined, from the lower left corner on, in a BigTIFF."""
    columns, rows = WIDTH // TILE, HEIGHT // TILE
    number = lambda row, column: row * columns + (column if row % 2 == 0 else columns - 1 - column) + 1  # noqa: E731
    along = [(number(r, c), number(r, c + 1), "RIGHT") for r in range(rows) for c in range(columns - 1)]
    up = [(number(r, c), number(r + 1, c), "UP") for r in range(rows - 1) for c in range(columns)]
    joints = "".join(
        f'<TileJointInfo FlagJoined="1" Confidence="100" Direction="{way}" Tile1="{one}" Tile2="{two}" '
        'OverlapX="0" OverlapY="0"/>'
        for one, two, way in along + up
    )
    area = f'NumRows="{rows}" NumCols="{columns}" Width="{TILE}" Height="{TILE}" Pos-X="0" Pos-Y="0"'
    joined = (
        f'<?xml version="1.0"?><EncodeInfo Ver="2"><SlideInfo><AoiInfo XIMAGESIZE="{TILE}" YIMAGESIZE="{TILE}"/>'
        "</SlideInfo>"
        f'<SlideStitchInfo><ImageInfo AOIScanned="1" AOIIndex="0" {area}>{joints}</ImageInfo></SlideStitchInfo>'
        '<AoiOrigin><AOI0 OriginX="0" OriginY="0"/></AoiOrigin></EncodeInfo>'
    )
    scan = '<?xml version="1.0"?><iScan Magnification="20" ScanRes="0.5" UnitNumber="1" ScannerModel="made"/>'
    path = folder / "ventana.bif"
    with _writer(path, bigtiff=True) as tif:
        tif.write(slides.tissue(TILE, TILE, 3), description="Label Image", photometric="rgb", metadata=None,
                  tile=(TILE, TILE), extratags=[(700, 1, len(scan), scan.encode(), True)])  # fmt: skip
        _levels(tif, ["level=0 mag=20 quality=90", "level=1 mag=10 quality=90"],
                extratags=[(700, 1, len(joined), joined.encode(), True)])  # fmt: skip
    return path


def hamamatsu_folder(folder: Path) -> Path:
    """Hamamatsu's older kind: an index and JPEGs beside it."""
    mutants.hamamatsu(folder)
    return folder / "a.vms"


def mirax_folder(folder: Path) -> Path:
    """3DHISTECH's: an index in a folder."""
    for name, content in mirax.slide().items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return folder / "a.mrxs"


MAKERS: dict[str, Callable[[Path], Path]] = {
    "BIF": ventana,
    "MRXS": mirax_folder,
    "PHILIPS": lambda folder: slides.philips(folder / "philips.tif"),
    "SCN": leica,
    "TRESTLE": trestle,
    "VMS": hamamatsu_folder,
}
"""By the format that OpenSlide finds in them."""
_LEVELS = ((0, 1), (1, 2))


def _tiff(path: Path, descriptions: Sequence[str | None], bigtiff: bool = False, **options: Any) -> Path:
    with _writer(path, bigtiff) as tif:
        _levels(tif, descriptions, **options)
    return path


def _writer(path: Path, bigtiff: bool) -> Any:
    import tifffile

    return tifffile.TiffWriter(path, bigtiff=bigtiff)


def _levels(tif: Any, descriptions: Sequence[str | None], **options: Any) -> None:
    picture = slides.tissue(WIDTH, HEIGHT)
    for number, factor in _LEVELS:
        tif.write(slides.shrink(picture, factor), tile=(TILE, TILE), compression="jpeg", photometric="rgb",
                  description=descriptions[number], metadata=None, subfiletype=number, **options)  # fmt: skip
