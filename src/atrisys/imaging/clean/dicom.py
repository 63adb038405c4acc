"""DICOM slides: what may name somebody in them, and copies of their files that hold frames and numbers alone."""

import hashlib
import secrets
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import BinaryIO

from atrisys.errors import SlideUnreadable
from atrisys.imaging.clean.dicom_elements import (
    MAGIC,
    PIXELS,
    PREAMBLE,
    Element,
    Elements,
    Senseless,
    fragments,
    pack,
    pack_item,
)
from atrisys.imaging.clean.findings import Finding, Sought, text_of, texts_in
from atrisys.imaging.clean.verify import check_traces, in_doubt
from atrisys.imaging.codestreams import NotPure, strip_jpeg, strip_jpeg2000
from atrisys.imaging.dicom_tags import UNDEFINED, WHOLE_SLIDE, Tag, read_dicom
from atrisys.imaging.source import FileSource

_STRIPS: dict[str, Callable[[bytes], bytes]] = {
    "1.2.840.10008.1.2.4.50": strip_jpeg,
    "1.2.840.10008.1.2.4.51": strip_jpeg,
    "1.2.840.10008.1.2.4.90": strip_jpeg2000,
    "1.2.840.10008.1.2.4.91": strip_jpeg2000,
}
"""Encodings of frames of which one can tell where they end."""
_NOT_PACKED = "1.2.840.10008.1.2.1"
_KEPT: dict[Tag, bytes] = {
    (0x0008, 0x0008): b"CS", (0x0008, 0x0016): b"UI", (0x0008, 0x0018): b"UI", (0x0008, 0x0060): b"CS",
    (0x0018, 0x0050): b"DS", (0x0020, 0x000D): b"UI", (0x0020, 0x000E): b"UI", (0x0020, 0x0052): b"UI",
    (0x0020, 0x9157): b"UL", (0x0020, 0x9161): b"UI", (0x0020, 0x9162): b"US", (0x0020, 0x9163): b"US",
    (0x0020, 0x9164): b"UI", (0x0020, 0x9228): b"UL", (0x0020, 0x9311): b"CS",
    (0x0028, 0x0002): b"US", (0x0028, 0x0004): b"CS", (0x0028, 0x0006): b"US", (0x0028, 0x0008): b"IS",
    (0x0028, 0x0010): b"US", (0x0028, 0x0011): b"US", (0x0028, 0x0030): b"DS", (0x0028, 0x0100): b"US",
    (0x0028, 0x0101): b"US", (0x0028, 0x0102): b"US", (0x0028, 0x0103): b"US", (0x0028, 0x2110): b"CS",
    (0x0028, 0x2112): b"DS", (0x0028, 0x2114): b"CS",
    (0x0040, 0x072A): b"DS", (0x0040, 0x073A): b"DS", (0x0040, 0x074A): b"DS",
    (0x0048, 0x0001): b"FL", (0x0048, 0x0002): b"FL", (0x0048, 0x0003): b"FL", (0x0048, 0x0006): b"UL",
    (0x0048, 0x0007): b"UL", (0x0048, 0x0010): b"CS", (0x0048, 0x0012): b"CS", (0x0048, 0x0102): b"DS",
    (0x0048, 0x0112): b"DS", (0x0048, 0x021E): b"SL", (0x0048, 0x021F): b"SL", (0x0048, 0x0302): b"UL",
    (0x0048, 0x0303): b"UL",
    (0x0020, 0x9111): b"SQ", (0x0020, 0x9221): b"SQ", (0x0028, 0x9110): b"SQ", (0x0048, 0x0008): b"SQ",
    (0x0048, 0x0105): b"SQ", (0x0048, 0x021A): b"SQ", (0x5200, 0x9229): b"SQ", (0x5200, 0x9230): b"SQ",
}  # fmt: skip
"""Elements that describe pixels and where they lie, with the kind of value that they must have."""
_WORDS = frozenset(
    b"ORIGINAL DERIVED PRIMARY VOLUME RESAMPLED NONE SM TILED_FULL TILED_SPARSE 3D RGB YBR_FULL YBR_FULL_422 YBR_ICT "
    b"YBR_RCT MONOCHROME2 YES NO 00 01 ISO_10918_1 ISO_15444_1".split()
)
"""All that coded strings may say."""
_EMPTY: dict[Tag, bytes] = {
    (0x0008, 0x0020): b"DA", (0x0008, 0x0030): b"TM", (0x0008, 0x0050): b"SH", (0x0008, 0x0090): b"PN",
    (0x0010, 0x0010): b"PN", (0x0010, 0x0020): b"LO", (0x0010, 0x0030): b"DA", (0x0010, 0x0040): b"CS",
    (0x0020, 0x0010): b"SH",
}  # fmt: skip
"""Must be there, may be empty."""
_OURS = {(0x0012, 0x0062): (b"CS", b"YES"), (0x0012, 0x0063): (b"LO", b"ATrISys clean copy")}
_IMPLEMENTATION = "2.25.305828488182831875890203105390285383139"
_SAID = " ".join([f"ATrISys clean copy ATRISYS {_IMPLEMENTATION}", *sorted(word.decode() for word in _WORDS)])
_SYNTAX, _CLASS, _INSTANCE = (0x0002, 0x0010), (0x0002, 0x0002), (0x0002, 0x0003)
_OFFSETS, _LENGTHS = (0x7FE0, 0x0001), (0x7FE0, 0x0002)
_LARGEST_BASIC = 0xF0000000
_PUBLIC_UID = b"1.2.840.10008."


class DicomCleaning:
    """The files of one DICOM slide."""

    def __init__(self, files: tuple[Path, ...], name: str) -> None:
        """Look which of them hold the slide's own pixels."""
        self._name = name
        self._files = files
        told = [read_dicom(file) for file in files]
        self._volumes = [one.path for one in told if one.is_volume and one.sop_class == WHOLE_SLIDE]
        self._salt = secrets.token_bytes(16)

    def findings(self) -> Iterator[Finding]:
        """What is in them beside pixels and numbers."""
        for number, path in enumerate(self._files, 1):
            where = f"file {number}"
            yield Finding("name", where, len(path.name.encode()), path.name)
            if path not in self._volumes:
                kind = next((word for word in ("LABEL", "OVERVIEW") if word in read_dicom(path).image_type), "another")
                yield Finding("picture", f"{where}, {kind.lower()} picture", path.stat().st_size)
            with _opened(path) as data:
                if any(data[:PREAMBLE]):
                    yield Finding("data", f"{where}, preamble", PREAMBLE)
                for element, way in self._left_out(data):
                    text = text_of(element.value)
                    kind = "text" if text is not None else "data"
                    yield Finding(kind, f"{where}, {way}", len(element.value), text)

    def sought(self, sought: Sought) -> None:
        """Add what a copy must not hold."""
        for path in self._files:
            sought.add_text(path.name)
            with _opened(path) as data:
                for one in texts_in(data[:PREAMBLE]):
                    sought.add_text(one)
                for element, _way in self._left_out(data):
                    text = text_of(element.value)
                    for one in [text] if text is not None else texts_in(element.value):
                        sought.add_text(one)
                for element in Elements(data).read():
                    if element.kind == b"UI" and not element.value.startswith(_PUBLIC_UID):
                        sought.add_text(_text(element))
                    if element.tag == PIXELS and path not in self._volumes:
                        _add_pixels(data, element, sought)

    def write(self, to: Path) -> str:
        """Write the copies into a new folder; gives the words that they hold.

        Raises:
            SlideUnreadable: a file that cannot be cleaned.
        """
        if not self._volumes:
            raise self._refusal("none of its files holds pixels of a whole slide")
        to.mkdir()
        for number, path in enumerate(self._volumes, 1):
            with _opened(path) as data, (to / f"{number}.dcm").open("xb") as out:
                try:
                    self._copy(data, out)
                except (Senseless, NotPure) as reason:
                    raise self._refusal(str(reason)) from reason
        return _SAID

    def check(self, copy: Path, sought: Sought, said: str) -> None:
        """Look at the copies. Raises SlideUnreadable where one holds what it must not."""
        everywhere, _ = sought.patterns(said)
        for path in sorted(copy.iterdir()):
            with _opened(path) as data:
                left, end = list(self._left_out(data)), _end_of(data)
                if any(data[:PREAMBLE]) or end != len(data) or any(way not in _WRITTEN for _, way in left):
                    raise in_doubt(self._name, "it has an element too many")
            source = FileSource(path)
            try:
                check_traces(source, everywhere, self._name)
            finally:
                source.close()

    def close(self) -> None:
        """Nothing stays open."""

    def _copy(self, data: mmap, out: BinaryIO) -> None:
        every = {element.tag: element for element in Elements(data).read()}
        pixels = every.get(PIXELS)
        syntax = _text(every.get(_SYNTAX))
        if pixels is None or (syntax not in _STRIPS and syntax != _NOT_PACKED):
            raise Senseless("its frames are encoded in a way of which one cannot tell where they end")
        if int.from_bytes(every[0x0048, 0x0302].value if (0x0048, 0x0302) in every else b"\1", "little") != 1:
            raise Senseless("it has several optical paths")
        out.write(bytes(PREAMBLE) + MAGIC + self._head(every, syntax))
        body = {**_OURS, **{tag: (kind, b"") for tag, kind in _EMPTY.items()}}
        packed = {tag: pack(tag, kind, value) for tag, (kind, value) in body.items()}
        packed |= {tag: self._pack(one) for tag, one in every.items() if _is_kept(one)}
        out.write(b"".join(packed[tag] for tag in sorted(packed)))
        if syntax == _NOT_PACKED:
            self._copy_plain(data, pixels, every, out)
        else:
            self._copy_frames(data, pixels, int(_text(every.get((0x0028, 0x0008))) or "1"), _STRIPS[syntax], out)

    def _head(self, every: dict[Tag, Element], syntax: str) -> bytes:
        instance = self._uid(every[0x0008, 0x0018].value)
        inner = b"".join(
            (
                pack((0x0002, 0x0001), b"OB", b"\0\1"),
                pack(_CLASS, b"UI", WHOLE_SLIDE.encode()),
                pack(_INSTANCE, b"UI", instance),
                pack(_SYNTAX, b"UI", syntax.encode()),
                pack((0x0002, 0x0012), b"UI", _IMPLEMENTATION.encode()),
                pack((0x0002, 0x0013), b"SH", b"ATRISYS"),
            )
        )
        return pack((0x0002, 0x0000), b"UL", struct.pack("<I", len(inner))) + inner

    def _pack(self, element: Element) -> bytes:
        if element.kind == b"SQ":
            items = b"".join(
                pack_item(b"".join(self._pack(one) for one in item if _is_kept(one))) for item in element.items
            )
            return pack(element.tag, b"SQ", items)
        value = element.value
        if element.kind == b"UI" and not value.startswith(_PUBLIC_UID):
            value = self._uid(value)
        return pack(element.tag, element.kind, value)

    def _uid(self, uid: bytes) -> bytes:
        """Another one, the same for the same within this copy: who knows the old one cannot tell."""
        digest = hashlib.sha256(self._salt + uid.rstrip(b"\0 ")).digest()
        return f"2.25.{int.from_bytes(digest[:15], 'big')}".encode()

    @staticmethod
    def _copy_plain(data: mmap, pixels: Element, every: dict[Tag, Element], out: BinaryIO) -> None:
        numbers = [int.from_bytes(every[0x0028, tag].value, "little") for tag in (0x0002, 0x0010, 0x0011, 0x0100)]
        size = int(_text(every.get((0x0028, 0x0008))) or "1") * numbers[0] * numbers[1] * numbers[2] * numbers[3] // 8
        if pixels.length != size + size % 2 or size >= UNDEFINED or pixels.at + size > len(data):
            raise Senseless("its pixels have another size than it says")
        out.write(struct.pack("<HH", *PIXELS) + pixels.kind + struct.pack("<HI", 0, size + size % 2))
        for at in range(pixels.at, pixels.at + size, 1 << 20):
            out.write(data[at : min(at + (1 << 20), pixels.at + size)])
        out.write(bytes(size % 2))

    @staticmethod
    def _copy_frames(data: mmap, pixels: Element, count: int, strip: Callable[[bytes], bytes], out: BinaryIO) -> None:
        """Frame after frame, each one item; a table before them says where they lie."""
        places = [one for one in fragments(data, pixels.at) if one[1] >= 0][1:]
        if pixels.length != UNDEFINED or len(places) != count:
            raise Senseless("its frames are cut into pieces")
        is_large = len(data) > _LARGEST_BASIC
        tables_at = out.tell()
        if is_large:
            out.write(pack(_OFFSETS, b"OV", bytes(8 * count)) + pack(_LENGTHS, b"OV", bytes(8 * count)))
        out.write(struct.pack("<HH", *PIXELS) + b"OB" + struct.pack("<HI", 0, UNDEFINED))
        out.write(pack_item(bytes(0 if is_large else 4 * count)))
        begin, offsets, lengths = out.tell(), [], []
        for at, length in places:
            frame = strip(data[at : at + length])
            offsets.append(out.tell() - begin)
            lengths.append(len(frame))
            out.write(pack_item(frame + bytes(len(frame) % 2)))
        out.write(struct.pack("<HHI", 0xFFFE, 0xE0DD, 0))
        if is_large:
            out.seek(tables_at)
            out.write(pack(_OFFSETS, b"OV", struct.pack(f"<{count}Q", *offsets)))
            out.write(pack(_LENGTHS, b"OV", struct.pack(f"<{count}Q", *lengths)))
        else:
            out.seek(begin - 4 * count)
            out.write(struct.pack(f"<{count}I", *offsets))
        out.seek(0, 2)

    def _left_out(self, data: mmap) -> Iterator[tuple[Element, str]]:
        """Elements that a copy does not hold, with where they stand."""
        try:
            for element in Elements(data).read():
                yield from _not_kept(element, "")
        except Senseless as reason:
            raise self._refusal(str(reason)) from reason

    def _refusal(self, reason: str) -> SlideUnreadable:
        return SlideUnreadable("{name} cannot be cleaned: {reason}", name=self._name, reason=reason)


_OF_THE_FILE = frozenset(((0x0002, 0x0000), (0x0002, 0x0001), _SYNTAX))
_WRITTEN = frozenset(
    f"({group:04X},{number:04X})"
    for group, number in (_INSTANCE, (0x0002, 0x0012), (0x0002, 0x0013), *_OURS, _OFFSETS, _LENGTHS)
)
"""Where a copy says something of its own."""


def _is_kept(element: Element) -> bool:
    """Whether an element is one of pixels, and says nothing but what such an element may say."""
    if _KEPT.get(element.tag) != element.kind:
        return False
    if element.kind == b"CS":
        return all(word.strip(b"\0 ") in _WORDS for word in element.value.split(b"\\"))
    if element.kind in (b"DS", b"IS"):
        return len(element.value) <= 64 and not element.value.strip(b"0123456789+-.eE\\ \0")
    if element.kind == b"UI":
        return len(element.value) <= 64 and not element.value.strip(b"0123456789.\0")
    return element.kind == b"SQ" or len(element.value) <= 64


def _is_harmless(element: Element) -> bool:
    """Whether it says nothing, or only what the standard itself has words for."""
    value = element.value.strip(b"\0 ")
    is_public = element.kind == b"UI" and value.startswith(_PUBLIC_UID)
    words = element.kind == b"CS" and all(word in _WORDS for word in value.split(b"\\"))
    return not value or is_public or words or element.tag in _OF_THE_FILE


def _not_kept(element: Element, before: str) -> Iterator[tuple[Element, str]]:
    """Elements that are not kept, with those below; not those that say but public numbers and known words."""
    way = f"{before}({element.tag[0]:04X},{element.tag[1]:04X})"
    if element.items:
        for item in element.items:
            for one in item:
                yield from _not_kept(one, f"{way}.")
    elif not _is_kept(element) and not _is_harmless(element):
        yield element, way


def _add_pixels(data: mmap, pixels: Element, sought: Sought) -> None:
    if pixels.length != UNDEFINED:
        sought.add_picture(data[pixels.at : pixels.at + pixels.length])
        return
    for at, length in fragments(data, pixels.at):
        sought.add_picture(data[at : at + max(0, length)])


def _end_of(data: mmap) -> int:
    """Where a file's pixels end."""
    for element in Elements(data).read():
        if element.tag == PIXELS:
            if element.length != UNDEFINED:
                return element.at + element.length
            return list(fragments(data, element.at))[-1][0]
    return 0


def _text(element: Element | None) -> str:
    return "" if element is None else element.value.decode("ascii", "replace").strip("\0 ")


@contextmanager
def _opened(path: Path) -> Iterator[mmap]:
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        yield data
