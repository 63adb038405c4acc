"""NDPI: what may name somebody in it, and a copy that holds its levels and numbers alone."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from atrisys.errors import SlideUnreadable
from atrisys.imaging.clean.findings import Finding, Sought
from atrisys.imaging.clean.ndpi_strips import Strip
from atrisys.imaging.clean.ndpi_writer import NdpiWriter
from atrisys.imaging.clean.tiff_map import Ifd, TiffMap
from atrisys.imaging.clean.tiff_texts import MOST_PLAIN, after_tables, seek_texts, tell_texts
from atrisys.imaging.clean.tiff_writer import ASCII, FLOAT, LONG, RATIONAL, SHORT, SLONG, Tags
from atrisys.imaging.clean.verify import Traces, check_traces, in_doubt
from atrisys.imaging.codestreams import NotPure
from atrisys.imaging.reader import ByteSource
from atrisys.imaging.source import FileSource

_FORMAT, _LENS, _FOCUS, _STARTS, _STARTS_UPPER = 65420, 65421, 65424, 65426, 65432
_OFFSET, _LENGTH, _MAKE = 273, 279, 271
_SAID = "Hamamatsu"
"""The only word of a copy: readers know the format by it."""
_WRITTEN = frozenset((254, 256, 257, 258, 259, 262, _MAKE, _OFFSET, 277, 278, _LENGTH, 282, 283, 284, 296, 530,
                      _FORMAT, _LENS, _FOCUS, _STARTS, _STARTS_UPPER))  # fmt: skip
_TABLES = frozenset((_OFFSET, _LENGTH, _STARTS, _STARTS_UPPER))
_SIGNED = {6: "<b", 8: "<h", 9: "<i", 11: "<f", 12: "<d"}
_JPEG = 7
_LARGEST_LENS, _FARTHEST_FOCUS_NM = 1000, 1_000_000
_MOST_OF_A_PICTURE = 64 << 20
_BESIDE: dict[float, str] = {-1: "macro", -2: "map of the focus"}


class NdpiCleaning:
    """An NDPI that is looked at, and copied without what may name somebody."""

    def __init__(self, path: Path) -> None:
        """Open it and read its tables.

        Raises:
            SlideUnreadable: they make no sense.
        """
        self._name = path.name
        self._source: ByteSource = FileSource(path)
        self._map = TiffMap(self._source, self._name, is_ndpi=True)
        self._levels: list[Ifd] = []
        self._beside: list[Ifd] = []
        for ifd in self._map.ifds:
            is_level = ifd.number is not None and 0 < self._signed(ifd, _LENS) < _LARGEST_LENS
            (self._levels if is_level else self._beside).append(ifd)

    def findings(self) -> Iterator[Finding]:
        """What is in it beside pixels and numbers."""
        for ifd in self._beside:
            kind = _BESIDE.get(self._signed(ifd, _LENS), "another picture")
            yield Finding("picture", f"page {ifd.number}, {kind}", self._number(ifd, _LENGTH))
        yield from tell_texts(self._map, _is_plain)
        for number, ifd in enumerate(self._levels):
            left_out = self._strip(ifd).left_out
            if left_out:
                yield Finding("comment", f"level {number}", left_out)
        for at, size in self._map.holes():
            yield Finding("hole", f"byte {at}", size)

    def sought(self, sought: Sought) -> None:
        """Add what a copy must not hold."""
        seek_texts(self._map, _is_plain, sought)
        for ifd in self._beside:
            size = min(self._number(ifd, _LENGTH), _MOST_OF_A_PICTURE)
            sought.add_picture(after_tables(self._source.read(self._number(ifd, _OFFSET), size)))

    def write(self, to: Path) -> str:
        """Write the copy; gives the words that it holds.

        Raises:
            SlideUnreadable: a level is none of those that can be copied.
        """
        written = 0
        with to.open("xb") as file, self._must_be_pure():
            out = NdpiWriter(file)
            for ifd in self._levels:
                tags = self._numbers(ifd)
                strip = self._strip(ifd)
                at = out.next_place()
                for piece in strip.pieces():
                    written += len(piece)
                    if written > self._source.size:
                        raise self._refusal("its levels lie over each other")
                    file.write(piece)
                tags[_OFFSET], tags[_LENGTH] = (LONG, [at]), (LONG, [file.tell() - at])
                out.add_table(tags | _table_of(strip))
        return _SAID

    def check(self, copy: Path, sought: Sought, said: str) -> None:
        """Look at the copy. Raises SlideUnreadable where it holds what it must not."""
        everywhere, beside_pixels = sought.patterns(said)
        source = FileSource(copy)
        try:
            _check(source, beside_pixels, self._name)
            check_traces(source, everywhere, self._name)
        finally:
            source.close()

    def close(self) -> None:
        self._source.close()

    def _numbers(self, ifd: Ifd) -> Tags:
        """The tags of a level that readers need: numbers that we understand, and one word of ours."""
        width, height = self._number(ifd, 256), self._number(ifd, 257)
        focus = self._signed(ifd, _FOCUS)
        bits, compression = self._all(ifd, 258), self._number(ifd, 259)
        samples, colours = self._number(ifd, 277), self._number(ifd, 262)
        if compression != _JPEG or set(bits) != {8} or (samples, colours) not in ((3, 6), (3, 2), (1, 1)):
            raise self._refusal("a level is no JPEG of 8 bits")
        if not 0 < width < 1 << 31 or not 0 < height < 1 << 31 or not abs(focus) <= _FARTHEST_FOCUS_NM:
            raise self._refusal("its tables make no sense")
        tags: Tags = {
            254: (LONG, [int(ifd is not self._levels[0])]), 256: (LONG, [width]), 257: (LONG, [height]),
            258: (SHORT, [8] * samples), 259: (SHORT, [_JPEG]), 262: (SHORT, [colours]),
            _MAKE: (ASCII, _SAID.encode() + b"\0"), 277: (SHORT, [samples]), 278: (LONG, [height]),
            284: (SHORT, [1]), _FORMAT: (LONG, [1]), _LENS: (FLOAT, [self._signed(ifd, _LENS)]),
            _FOCUS: (SLONG, [int(focus)]),
        }  # fmt: skip
        for tag, kind, count, most in ((282, RATIONAL, 2, 1 << 32), (283, RATIONAL, 2, 1 << 32), (296, SHORT, 1, 4),
                                       (530, SHORT, 2, 5)):  # fmt: skip
            values = self._rational(ifd, tag) if kind == RATIONAL else self._all(ifd, tag)
            if len(values) == count and max(values) < most:
                tags[tag] = (kind, values)
        return tags

    def _strip(self, ifd: Ifd) -> Strip:
        with self._must_be_pure():
            return Strip(self._source, self._number(ifd, _OFFSET), self._number(ifd, _LENGTH))

    @contextmanager
    def _must_be_pure(self) -> Iterator[None]:
        try:
            yield
        except NotPure as reason:
            raise self._refusal(str(reason)) from reason

    def _all(self, ifd: Ifd, tag: int) -> list[int]:
        """A tag's whole numbers; none where it has none, or more than such a tag may have."""
        entry = ifd.entries.get(tag)
        return [] if entry is None or entry.extent[1] > MOST_PLAIN else self._map.numbers(entry).tolist()

    def _number(self, ifd: Ifd, tag: int) -> int:
        return (self._all(ifd, tag) or [0])[0]

    def _rational(self, ifd: Ifd, tag: int) -> list[int]:
        entry = ifd.entries.get(tag)
        is_one = entry is not None and (entry.kind, entry.count) == (RATIONAL, 1)
        return list(struct.unpack("<2I", self._map.raw(entry))) if entry is not None and is_one else []

    def _signed(self, ifd: Ifd, tag: int) -> float:
        """A tag's only number of those that may be below zero; 0 where it has none."""
        entry = ifd.entries.get(tag)
        if entry is None or entry.count != 1 or entry.kind not in _SIGNED:
            return 0
        return struct.unpack(_SIGNED[entry.kind], self._map.raw(entry))[0]

    def _refusal(self, reason: str) -> SlideUnreadable:
        return SlideUnreadable("{name} cannot be cleaned: {reason}", name=self._name, reason=reason)


def _is_plain(tag: int, size: int) -> bool:
    return tag in _WRITTEN - {_MAKE} and (size <= MOST_PLAIN or tag in _TABLES)


def _table_of(strip: Strip) -> Tags:
    """Where the parts of a strip begin: found in it, not taken from what the original says of them."""
    starts = strip.starts()
    if len(starts) == 1:
        return {}
    tags: Tags = {_STARTS: (LONG, starts & np.uint64(0xFFFFFFFF))}
    if starts[-1] >> np.uint64(32):
        tags[_STARTS_UPPER] = (LONG, starts >> np.uint64(32))
    return tags


def _check(source: ByteSource, beside_pixels: list[bytes], name: str) -> None:
    """Whether a copy holds pages of pixels, the numbers of those, and not a byte more.

    Raises:
        SlideUnreadable: it does not.
    """
    tables, traces = TiffMap(source, name, is_ndpi=True), Traces(beside_pixels)
    if tables.holes():
        raise in_doubt(name, "it has bytes that nothing refers to")
    for ifd in tables.ifds:
        uppers = [entry.upper for tag, entry in ifd.entries.items() if tag not in (_OFFSET, _LENGTH)]
        if not _WRITTEN.issuperset(ifd.entries) or any(uppers):
            raise in_doubt(name, "it has a tag too many")
        entries = [entry for tag, entry in ifd.entries.items() if tag not in _TABLES]
        if tables.raw(ifd.entries[_MAKE]) != _SAID.encode() + b"\0" or any(
            traces.found_in(tables.raw(entry)) for entry in entries
        ):
            raise in_doubt(name, "something of what was to be left out is still in it")
        at, size = (int(tables.numbers(ifd.entries[tag])[0]) for tag in (_OFFSET, _LENGTH))
        try:
            strip = Strip(source, at, size)
            is_whole = not strip.left_out and sum(map(len, strip.pieces())) == size
        except NotPure as reason:
            raise in_doubt(name, "a level holds more than its pixels") from reason
        for tag, (_kind, starts) in _table_of(strip).items():
            is_whole &= tag in ifd.entries and np.array_equal(tables.numbers(ifd.entries[tag]), np.asarray(starts))
        if not is_whole or (len(strip.starts()) == 1 and _STARTS in ifd.entries):
            raise in_doubt(name, "a level holds more than its pixels")
