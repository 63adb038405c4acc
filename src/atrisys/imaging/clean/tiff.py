"""SVS, OME-TIFF and plain pyramids: what may name somebody in them, and a copy that holds tiles and numbers alone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from atrisys.errors import SlideUnreadable
from atrisys.imaging.clean.describe import describe
from atrisys.imaging.clean.findings import Finding, Sought
from atrisys.imaging.clean.tiff_map import DATA_LENGTHS, DATA_OFFSETS, EXIF, GPS, SUB_IFDS, TiffMap
from atrisys.imaging.clean.tiff_texts import MOST_PLAIN, after_tables, comment_bytes, seek_texts, tell_texts
from atrisys.imaging.clean.tiff_writer import ASCII, LONG, LONG8, RATIONAL, SHORT, UNDEFINED, Tags, TiffWriter
from atrisys.imaging.clean.verify import WRITTEN_TAGS, check_tiff, check_traces
from atrisys.imaging.codestreams import BY_TIFF_COMPRESSION, NotPure, strip_jpeg
from atrisys.imaging.reader import ByteSource
from atrisys.imaging.readers.tiff.layout import lay_out
from atrisys.imaging.readers.tiff.pages import Layout, LevelPages, check_extents, count_pages, page_at, tile_extents
from atrisys.imaging.source import FileSource, SourceFile

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

_PLAIN_TAGS = (WRITTEN_TAGS - {270}) | {255, 266, 273, 278, 279, 280, 281, 32996, 32997, 32998, SUB_IFDS, EXIF, GPS}
"""Tags that hold numbers about pixels, or lead to other tables; those are looked at themselves."""
_TABLES = frozenset((*DATA_OFFSETS, *DATA_LENGTHS, 347, SUB_IFDS))
_JPEG, _HEAD_BYTES = 7, 2048
_LARGEST_CLASSIC = 0xF0000000


class TiffCleaning:
    """A TIFF that is looked at, and copied without what may name somebody."""

    def __init__(self, path: Path) -> None:
        """Open it and read its tables.

        Raises:
            SlideUnreadable: they make no sense.
        """
        import tifffile

        self._name = path.name
        self._source: ByteSource = FileSource(path)
        self._map = TiffMap(self._source, self._name)
        count = count_pages(self._source, self._name)
        self._tif: TiffFile = tifffile.TiffFile(SourceFile(self._source), name=self._name, _multifile=False)  # type: ignore[arg-type]
        self._layout: Layout = lay_out(self._tif, count, self._name)
        self._chain = [level for level in self._layout.levels if level.sub is None]
        self._below = [level for level in self._layout.levels if level.sub is not None]

    def findings(self) -> Iterator[Finding]:
        """What is in it beside pixels and numbers."""
        yield from self._pictures()
        yield from tell_texts(self._map, is_plain)
        yield from self._comments()
        for at, size in self._map.holes():
            yield Finding("hole", f"byte {at}", size)

    def sought(self, sought: Sought) -> None:
        """Add what a copy must not hold."""
        seek_texts(self._map, is_plain, sought)
        for page in self._pages_beside():
            for stored in self._stored_of(page):
                sought.add_picture(after_tables(stored))

    def write(self, to: Path) -> str:
        """Write the copy; gives the words that it holds.

        Raises:
            SlideUnreadable: tiles of which nobody can say where they end.
        """
        said = describe(self._layout, [self._page(level, 0) for level in self._layout.levels])
        with to.open("xb") as file:
            out = TiffWriter(file, self._map.order, self._source.size > _LARGEST_CLASSIC)
            tiles = _Tiles(self._source, out, self._name)
            first = True
            for level in self._chain:
                for plane in range(len(level.ifds)):
                    tags = self._copy(tiles, self._page(level, plane), level is not self._chain[0])
                    if first and said:
                        tags[270] = (ASCII, said.encode() + b"\0")
                    first = False
                    below = self._below if level is self._chain[0] else []
                    out.add_page(tags, [self._copy(tiles, self._page(sub, plane), True) for sub in below])
            out.finish()
        return said

    def check(self, copy: Path, sought: Sought, said: str) -> None:
        """Look at the copy. Raises SlideUnreadable where it holds what it must not."""
        everywhere, beside_pixels = sought.patterns(said)
        source = FileSource(copy)
        try:
            check_tiff(source, beside_pixels, self._name)
            check_traces(source, everywhere, self._name)
        finally:
            source.close()

    def close(self) -> None:
        self._tif.close()
        self._source.close()

    def _page(self, level: LevelPages, plane: int) -> "TiffPage":
        return page_at(self._tif, level.ifds[plane], level.sub)

    def _pages_beside(self) -> Iterator["TiffPage"]:
        used = {ifd for level in self._layout.levels for ifd in level.ifds}
        for number in range(len(self._tif.pages)):
            if number not in used:
                yield page_at(self._tif, number)

    def _pictures(self) -> Iterator[Finding]:
        names = {ifd: name for name, ifd in self._layout.associated.items()}
        for page in self._pages_beside():
            kind = names.get(page.index, "another picture") if isinstance(page.index, int) else "another picture"
            yield Finding("picture", f"page {page.index}, {kind}", sum(int(size) for size in page.databytecounts))

    def _comments(self) -> Iterator[Finding]:
        """What JPEG tiles say in their heads."""
        for level in range(len(self._layout.levels)):
            pages = self._layout.levels[level]
            for plane in range(len(pages.ifds)):
                page = self._page(pages, plane)
                if int(page.compression) != _JPEG:
                    continue
                heads = (self._source.read(at, min(size, _HEAD_BYTES)) for at, size in self._extents(page) if size)
                sizes = [size for size in map(comment_bytes, heads) if size]
                if sizes:
                    yield Finding("comment", f"level {level}, {len(sizes)} tiles", sum(sizes))

    def _extents(self, page: "TiffPage") -> list[tuple[int, int]]:
        offsets, lengths = tile_extents(page, self._name)
        check_extents(offsets, lengths, self._name, self._source.size)
        return list(zip(offsets.tolist(), lengths.tolist(), strict=True))

    def _stored_of(self, page: "TiffPage") -> Iterator[bytes]:
        for at, size in zip(page.dataoffsets, page.databytecounts, strict=False):
            if at + size <= self._source.size:
                yield self._source.read(at, size)

    def _copy(self, tiles: "_Tiles", page: "TiffPage", is_smaller: bool) -> Tags:
        """Write a page's tiles; gives its tags."""
        strip = BY_TIFF_COMPRESSION.get(int(page.compression))
        bits = _as_tuple(page.bitspersample) * (1 if isinstance(page.bitspersample, tuple) else page.samplesperpixel)
        if strip is None or len(set(bits)) != 1:
            raise SlideUnreadable(
                "{name} cannot be cleaned: of its tiles ({compression}) one cannot tell where they end",
                name=self._name, compression=int(page.compression),
            )  # fmt: skip
        samples = page.samplesperpixel if page.planarconfig == 1 else 1
        size = page.tilewidth * page.tilelength * samples * bits[0] // 8
        offsets, lengths = tiles.copy(self._extents(page), lambda stored: strip(stored, size))
        where = LONG8 if tiles.is_big else LONG
        tags: Tags = {
            254: (LONG, [int(is_smaller)]),
            256: (LONG, [page.imagewidth]), 257: (LONG, [page.imagelength]), 258: (SHORT, bits),
            259: (SHORT, [int(page.compression)]), 262: (SHORT, [int(page.photometric)]),
            277: (SHORT, [page.samplesperpixel]), 284: (SHORT, [int(page.planarconfig)]),
            322: (LONG, [page.tilewidth]), 323: (LONG, [page.tilelength]),
            324: (where, offsets), 325: (where, lengths),
        }  # fmt: skip
        if page.jpegtables:
            tags[347] = (UNDEFINED, _pure(strip_jpeg, bytes(page.jpegtables), self._name))
        return tags | _numbers(page)


class _Tiles:
    """Copies tiles, each once."""

    def __init__(self, source: ByteSource, out: TiffWriter, name: str) -> None:
        self._source, self._out, self._name = source, out, name
        self.is_big = out.is_big
        self._known: dict[tuple[int, int], tuple[int, int]] = {}
        self._written = 0

    def copy(self, extents: list[tuple[int, int]], strip: Callable[[bytes], bytes]) -> tuple[Any, Any]:
        """Where the tiles lie now, and how long they are."""
        places = np.zeros((len(extents), 2), np.uint64)
        for number, (at, size) in enumerate(extents):
            if not size:
                continue
            if (at, size) not in self._known:
                self._known[at, size] = self._copy(at, size, strip)
            places[number] = self._known[at, size]
        return places[:, 0], places[:, 1]

    def _copy(self, at: int, size: int, strip: Callable[[bytes], bytes]) -> tuple[int, int]:
        self._written += size
        if self._written > self._source.size:
            raise SlideUnreadable("{name} cannot be cleaned: its tiles lie over each other", name=self._name)
        tile = _pure(strip, self._source.read(at, size), self._name)
        return self._out.put(tile), len(tile)


def _pure(strip: Callable[[bytes], bytes], stored: bytes, name: str) -> bytes:
    try:
        return strip(stored)
    except NotPure as reason:
        raise SlideUnreadable(
            "{name} cannot be cleaned: of a tile nobody can say what is picture and what is not ({reason})",
            name=name, reason=str(reason),
        ) from reason  # fmt: skip


def _numbers(page: "TiffPage") -> Tags:
    """Numbers that readers need to make sense of the tiles, where the page has them."""
    tags: Tags = {}
    for tag, most in ((338, 8), (339, 8), (530, 2), (317, 1), (296, 1)):
        values = _as_tuple(page.tags.valueof(tag))
        if 0 < len(values) <= most and all(isinstance(value, int) and 0 <= value < 1 << 16 for value in values):
            tags[tag] = (SHORT, [int(value) for value in values])
    for tag, count in ((282, 2), (283, 2), (532, 12)):
        values = _as_tuple(page.tags.valueof(tag))
        if len(values) == count and all(isinstance(value, int) and 0 <= value < 1 << 32 for value in values):
            tags[tag] = (RATIONAL, [int(value) for value in values])
    return tags


def is_plain(tag: int, size: int) -> bool:
    """Whether a tag of so many bytes can hold nothing but numbers about pixels."""
    return tag in _PLAIN_TAGS and (size <= MOST_PLAIN or tag in _TABLES)


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)
