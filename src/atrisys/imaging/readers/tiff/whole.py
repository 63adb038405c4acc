"""A tiled TIFF read whole, with every codec. Runs in workers alone: codecs may crash, tables may lie."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atrisys.errors import NotFound, PictureFailed, SlideUnreadable, TooLarge
from atrisys.imaging.levels import check_asked, check_plane, downsample_of, on_white
from atrisys.imaging.reader import Box, ByteSource, Level, Pixels, Plane, SlideFacts
from atrisys.imaging.readers.tiff.jpeg import Decoder, NotPlain
from atrisys.imaging.readers.tiff.layout import lay_out
from atrisys.imaging.readers.tiff.pages import (
    JPEG,
    YCBCR,
    check_extents,
    check_readable,
    count_pages,
    file_name,
    kept_texts,
    page_at,
    read_table,
    samples_of,
)
from atrisys.imaging.readers.tiff.stored import assemble, broken_tile, read_whole
from atrisys.imaging.readers.tiff.tables import TileTable
from atrisys.imaging.source import SourceFile

if TYPE_CHECKING:
    from tifffile import TiffPage

_APERIO_YCBCR, _APERIO_RGB = 33003, 33005
_MOST_ASSOCIATED = 100_000_000
_CHECKED_PLANES = 1000


class WholeTiff:
    """An open TIFF. A `Slide`; and `table()` for those who read plain JPEG tiles themselves."""

    facts: SlideFacts

    def __init__(self, source: ByteSource) -> None:
        """Read the tables.

        Raises:
            SlideUnreadable: no TIFF, damaged, or of a kind that is not read.
        """
        import tifffile

        self._source = source
        self._name = file_name(source)
        self._lock = threading.Lock()
        self._tables: dict[tuple[int, Plane], TileTable] = {}
        with _tables_that_may_lie(self._name):
            count = count_pages(source, self._name)
            # Planes that the XML says lie in other files are not looked for: their names are a stranger's words.
            self._tif = tifffile.TiffFile(SourceFile(source), name=self._name, _multifile=False)  # type: ignore[arg-type]
            first = page_at(self._tif, 0)
            if not first.is_ome:
                check_readable(first, self._name)
            self._layout = lay_out(self._tif, count, self._name)
            self.facts = self._read_facts()

    @property
    def needs_openslide(self) -> bool:
        """Whether colours are such as codecs leave alone: YCbCr outside JPEG, old Aperio JPEG 2000."""
        page = self._page(0, Plane())
        return int(page.compression) == _APERIO_YCBCR or (
            int(page.photometric) == YCBCR and int(page.compression) not in (JPEG, _APERIO_RGB)
        )

    def check_whole(self) -> None:
        """Look whether the tiles of all planes and levels lie within the file.

        Raises:
            SlideUnreadable: the file is cut off, or a table is damaged.
        """
        planes = self.facts.channels * self.facts.depth * self.facts.duration
        for number in sorted({int(n) for n in np.linspace(0, planes - 1, min(planes, _CHECKED_PLANES))}):
            for level in range(len(self.facts.levels)):
                table = self.table(level, self._plane_of(number))
                check_extents(table.offsets, table.lengths, self._name, self._source.size)
        for ifd in self._layout.associated.values():
            page = page_at(self._tif, ifd)
            ends = [o + n for o, n in zip(page.dataoffsets, page.databytecounts, strict=False)]
            if ends and max(ends) > self._source.size:
                raise SlideUnreadable(
                    "{name} is cut off: parts of it lie beyond its end. Was it copied whole? Copy it again.",
                    name=self._name,
                )

    def table(self, level: int, plane: Plane) -> TileTable:
        """Where the tiles of a plane at a level lie; raises Invalid where there is no such plane."""
        check_plane(self.facts, plane)
        with self._lock:
            known = self._tables.get((level, plane))
            if known is None:
                if len(self._tables) > _CHECKED_PLANES:
                    self._tables.clear()
                known = self._tables[level, plane] = self._read_table(level, plane)
            return known

    def read_region(self, box: Box, level: int = 0, plane: Plane = Plane()) -> Pixels:
        """See `Slide.read_region`."""
        check_asked(self.facts, box, level, plane)
        table = self.table(level, plane)
        with self._lock:
            page = self._page(level, plane)

        def read_run(row: int, columns: range, _rows: int) -> Iterator[Pixels | None]:
            return (self._decode(page, table, column, row) for column in columns)

        return assemble(self.facts, box, level, lambda: read_run, parallel=False)

    def read_associated(self, name: str) -> Pixels:
        """See `Slide.read_associated`."""
        if name not in self._layout.associated:
            raise NotFound("This slide has no {name} picture", name=name)
        page = page_at(self._tif, self._layout.associated[name])
        if page.imagewidth * page.imagelength > _MOST_ASSOCIATED:
            raise TooLarge("The {name} picture is too large to be shown", name=name)
        try:
            pixels = page.asarray()
        except MemoryError:
            raise
        except Exception as reason:
            raise PictureFailed(
                "{name}: its {picture} picture is damaged ({reason})", name=self._name, picture=name, reason=str(reason)
            ) from reason
        if page.planarconfig == 2 and pixels.ndim == 3:
            pixels = np.moveaxis(pixels, 0, -1)
        if pixels.ndim == 2:
            pixels = pixels[..., None]
        pixels = _eight_bits(_light(page, pixels))
        return (
            np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))
            if pixels.shape[2] == 1
            else (on_white(pixels) if pixels.shape[2] == 4 else pixels[..., :3])
        )

    def close(self) -> None:
        self._tif.close()
        self._source.close()

    def _page(self, level: int, plane: Plane) -> "TiffPage":
        pages = self._layout.levels[level]
        number = (plane.t * self.facts.depth + plane.z) * self.facts.channels + plane.c
        return page_at(self._tif, pages.ifds[number], pages.sub)

    def _plane_of(self, number: int) -> Plane:
        rest, c = divmod(number, self.facts.channels)
        t, z = divmod(rest, self.facts.depth)
        return Plane(c, z, t)

    def _read_facts(self) -> SlideFacts:
        layout = self._layout
        pages = [page_at(self._tif, level.ifds[0], level.sub) for level in layout.levels]
        for page in pages:
            check_readable(page, self._name)
        first = pages[0]
        size = (first.imagewidth, first.imagelength)
        samples = samples_of(first)
        levels = tuple(
            Level(
                page.imagewidth, page.imagelength, downsample_of(size, (page.imagewidth, page.imagelength)),
                page.tilewidth, page.tilelength,
            )
            for page in pages
        )  # fmt: skip
        assert first.dtype is not None
        said: dict[str, Any] = layout.said | {"metadata": kept_texts(layout.said["metadata"])}
        return SlideFacts(
            format=layout.format, width=size[0], height=size[1], levels=levels,
            channels=layout.channels, depth=layout.depth, duration=layout.duration, samples=samples,
            bits=8 if samples == 3 else 8 * first.dtype.itemsize,
            colorspace="RGB" if samples == 3 else "GRAY",
            associated=tuple(sorted(layout.associated)), **said,
        )  # fmt: skip

    def _read_table(self, level: int, plane: Plane) -> TileTable:
        with _tables_that_may_lie(self._name):
            page, at = self._page(level, plane), self.facts.levels[level]
            check_readable(page, self._name)
        first = page_at(self._tif, self._layout.levels[0].ifds[0])
        alike = (page.imagewidth, page.imagelength, page.tilewidth, page.tilelength) == (
            at.width, at.height, at.tile_width, at.tile_height
        ) and (page.dtype, page.samplesperpixel) == (first.dtype, first.samplesperpixel)  # fmt: skip
        if not alike:
            raise SlideUnreadable("{name} has planes of different sizes or types", name=self._name)
        return read_table(page, self._name)

    def _decode(self, page: "TiffPage", table: TileTable, column: int, row: int) -> Pixels | None:
        try:
            if page.planarconfig == 2 and page.samplesperpixel > 1:
                parts = [self._decode_stored(page, table, column, row, sample) for sample in range(table.samples)]
                found = [part for part in parts if part is not None]
                pixels = np.concatenate(found, axis=2) if len(found) == table.samples else None
            else:
                pixels = self._decode_stored(page, table, column, row)
        except MemoryError:
            raise
        except Exception as reason:
            raise broken_tile(self._source.name, column, row, reason) from reason
        if pixels is None:
            return None
        pixels = _light(page, pixels)
        if self.facts.samples == 1:
            return pixels
        pixels = _eight_bits(pixels)
        return on_white(pixels) if pixels.shape[2] == 4 else pixels

    def _decode_stored(
        self, page: "TiffPage", table: TileTable, column: int, row: int, sample: int = 0
    ) -> Pixels | None:
        index = (sample * table.rows + row) * table.columns + column
        length = int(table.lengths[index])
        if not length:
            return None
        stored = read_whole(self._source, int(table.offsets[index]), length)
        if table.plain_jpeg:
            try:
                return Decoder(table).decode(stored)
            except NotPlain:
                pass  # a progressive JPEG, say: here any codec may try
        pixels = page.decode(stored, index, jpegtables=page.jpegtables)[0]
        return None if pixels is None else pixels[0]


@contextmanager
def _tables_that_may_lie(name: str) -> Iterator[None]:
    """Lies make the library stumble anywhere: then the file cannot be read, whatever it stumbled over."""
    try:
        yield
    except (SlideUnreadable, MemoryError):
        raise
    except Exception as reason:
        raise SlideUnreadable(
            "{name} looks like a TIFF, but its tables cannot be read ({reason})", name=name, reason=str(reason)
        ) from reason


def _light(page: "TiffPage", pixels: NDArray[Any]) -> NDArray[Any]:
    """Where 0 means white, turned round."""
    if int(page.photometric) != 0 or page.samplesperpixel != 1:
        return pixels
    bits = page.bitspersample
    return (1 << (bits[0] if isinstance(bits, tuple) else bits)) - 1 - pixels


def _eight_bits(pixels: NDArray[Any]) -> NDArray[Any]:
    return (pixels >> 8).astype(np.uint8) if pixels.dtype.itemsize == 2 else pixels
