"""What a worker can be asked about a slide. Runs in workers alone; `imaging/slides.py` asks."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from atrisys.errors import PictureFailed, PictureMissing, SlideUnreadable
from atrisys.imaging.dicom_frames import stored_table
from atrisys.imaging.find import entry_of
from atrisys.imaging.reader import Box, Level, Pixels, Plane, Slide
from atrisys.imaging.readers import openslide
from atrisys.imaging.readers.tiff import beside
from atrisys.imaging.readers.tiff.layout import FORMATS
from atrisys.imaging.readers.tiff.tables import TileTable
from atrisys.imaging.readers.tiff.whole import WholeTiff
from atrisys.imaging.recognise import SLIDE_KINDS, looks_like, refusal
from atrisys.imaging.source import FileSource

_MOST_OPEN = 8
_TIFF_VENDORS = (None, "aperio", "generic-tiff")
"""What OpenSlide says of TIFFs that we read ourselves."""
_MOST_SIDE = 1 << 31

_open: OrderedDict[tuple[str, int, int, str], Slide] = OrderedDict()


def inspect(path: str) -> dict[str, Any]:
    """The facts of a file or folder that may be a slide, after a trial of its tiles.

    Returns:
        `SlideFacts` as a dict.

    Raises:
        SlideUnreadable: it is none that can be read; says what it looks like and what to do.
    """
    entry = entry_of(Path(path))
    kind = looks_like(entry)
    if kind not in SLIDE_KINDS:
        raise refusal(entry, kind)
    slide = _open_anew(entry, "")
    try:
        _try(slide, entry.name)
        return asdict(slide.facts)
    finally:
        slide.close()


def open_slide(path: str, format: str) -> dict[str, Any]:
    """The facts of a slide that was inspected before, and whether its tiles are stored as plain JPEG.

    Args:
        path: the slide's entry file, here and below.
        format: `SlideFacts.format` as it was inspected.

    Returns:
        `facts`; `tables`: for each level the tile table of the first plane, None where no tiles are handed on.
    """
    slide = _opened(path, format)
    tables = None
    if isinstance(slide, WholeTiff):
        tables = [tile_table(path, format, level, 0, 0, 0) for level in range(len(slide.facts.levels))]
    elif slide.facts.format in beside.FORMATS:
        found = beside.stored_tables(FileSource(path), slide.facts)
        tables = found and [_plain(table) for table in found]
    elif slide.facts.format == "DICOM":
        first, *others = slide.facts.levels
        table = stored_table(Path(path), first)
        tables = table and [_plain(table), *map(_in_another_file, others)]
    return {"facts": asdict(slide.facts), "tables": tables}


def look_into(path: str, format: str) -> dict[str, Any]:
    """The same, once: the file is closed again, so that its disk can be unmounted."""
    try:
        return open_slide(path, format)
    finally:
        _close(path)


def tile_table(path: str, format: str, level: int, c: int, z: int, t: int) -> dict[str, Any]:
    """One `TileTable` as a dict; without the tiles' places where they are no plain JPEG."""
    slide = _opened(path, format)
    assert isinstance(slide, WholeTiff)
    return _plain(slide.table(level, Plane(c, z, t)))


def _in_another_file(level: Level) -> dict[str, Any]:
    """The table of a level whose tiles are not handed on."""
    nowhere = np.zeros(0, np.uint64)
    return TileTable(
        tile_width=level.tile_width, tile_height=level.tile_height, columns=0, rows=0, samples=3, plain_jpeg=False,
        ycbcr=False, jpeg_tables=b"", offsets=nowhere, lengths=nowhere,
    ).to_plain()  # fmt: skip


def _plain(table: TileTable) -> dict[str, Any]:
    plain = table.to_plain()
    if not plain["plain_jpeg"]:
        plain["offsets"] = plain["lengths"] = np.zeros(0, np.uint64)
    return plain


def read_region(path: str, format: str, box: list[int], level: int, plane: list[int]) -> Pixels:
    """See `Slide.read_region`."""
    return _reading(path, format, lambda slide: slide.read_region(Box(*box), level, Plane(*plane)))


def read_associated(path: str, format: str, name: str) -> Pixels:
    """See `Slide.read_associated`."""
    return _reading(path, format, lambda slide: slide.read_associated(name))


def _reading(path: str, format: str, read: Callable[[Slide], Pixels]) -> Pixels:
    try:
        return read(_opened(path, format))
    except (PictureFailed, MemoryError):
        # OpenSlide gives no more pixels of a slide once a read has failed: the next one opens it anew.
        _close(path)
        raise


def _opened(path: str, format: str) -> Slide:
    """The slide, kept open for the next time; opened anew when the file has changed."""
    entry = Path(path)
    try:
        stat = entry.stat()
    except OSError as reason:
        raise PictureMissing("The file of this slide is missing ({name})", name=entry.name) from reason
    key = (path, stat.st_mtime_ns, stat.st_size, format)
    slide = _open.get(key)
    if slide is None:
        _close(path)
        slide = _open_anew(entry, format)
        _open[key] = slide
        if len(_open) > _MOST_OPEN:
            _open.popitem(last=False)[1].close()
    _open.move_to_end(key)
    return slide


def _close(path: str) -> None:
    for key in [key for key in _open if key[0] == path]:
        _open.pop(key).close()


def _open_anew(entry: Path, format: str) -> Slide:
    """Open with the reader whose business it is.

    Args:
        format: as it was inspected; empty: to be found out.
    """
    for read in READERS:
        slide = read(entry, format)
        if slide is not None:
            return slide
    raise refusal(entry, looks_like(entry))


def _as_tiff(entry: Path, format: str) -> Slide | None:
    """SVS, OME-TIFF and plain pyramids, but for those whose colours OpenSlide alone knows."""
    if (format or "PYRTIFF") not in FORMATS or looks_like(entry) != "TIFF":
        return None
    if not format and openslide.detect(entry) not in _TIFF_VENDORS:
        return None
    tiff = WholeTiff(FileSource(entry))
    if not tiff.needs_openslide:
        return tiff
    tiff.close()
    return None


def _with_openslide(entry: Path, _format: str) -> Slide | None:
    """Whatever else there is."""
    return openslide.OpenSlideFile(entry)


READERS: tuple[Callable[[Path, str], Slide | None], ...] = (_as_tiff, _with_openslide)
"""Asked in this order with a slide's entry file and its format (empty where it is to be found out): the first that
opens the file reads it, None passes it on. OpenSlide comes last, since it takes whatever it knows."""


def _try(slide: Slide, name: str) -> None:
    """Read some tiles: a slide that opens may still hold pixels that no decoder here can read.

    Raises:
        SlideUnreadable: one of them cannot be read.
    """
    facts = slide.facts
    if not 0 < facts.width < _MOST_SIDE or not 0 < facts.height < _MOST_SIDE:
        raise SlideUnreadable(
            "{name} says that it is {width} x {height} px, which cannot be",
            name=name,
            width=facts.width,
            height=facts.height,
        )
    if isinstance(slide, WholeTiff):
        slide.check_whole()
    last = Plane(facts.channels - 1, facts.depth - 1, facts.duration - 1)
    for number, level in enumerate(facts.levels):
        step = level.downsample
        side_x, side_y = (min(level.tile_width, level.width, 1024), min(level.tile_height, level.height, 1024))
        size = (max(1, round(side_x * step)), max(1, round(side_y * step)))
        middle = (level.width // 2 // level.tile_width * level.tile_width,
                  level.height // 2 // level.tile_height * level.tile_height)  # fmt: skip
        for x, y in {(0, 0), middle}:
            box = Box(round(x * step), round(y * step), *size)
            for plane in {Plane(), last} if number == 0 else {Plane()}:
                slide.read_region(box, number, plane)
    for picture in facts.associated:
        slide.read_associated(picture)
