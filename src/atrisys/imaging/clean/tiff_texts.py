"""What a TIFF's tables and pictures say beside pixels and numbers about them."""

from collections.abc import Callable, Iterator

from atrisys.imaging.clean.findings import Finding, Sought, text_of, texts_in
from atrisys.imaging.clean.tiff_map import TiffMap
from atrisys.imaging.codestreams import NotPure, strip_jpeg

MOST_PLAIN = 64
"""Bytes of a tag that holds numbers; more are as good a place for words as any (tables of tiles apart)."""
_NAMED = {270: "ImageDescription", 271: "Make", 272: "Model", 269: "DocumentName", 285: "PageName", 305: "Software",
          306: "DateTime", 315: "Artist", 316: "HostComputer", 700: "XMP", 33432: "Copyright", 33723: "IPTC",
          34377: "Photoshop", 34675: "ICC profile"}  # fmt: skip

IsPlain = Callable[[int, int], bool]
"""A tag and the size of its value in bytes → whether it can hold nothing but numbers about pixels."""


def tell_texts(tables: TiffMap, is_plain: IsPlain) -> Iterator[Finding]:
    """Every tag that is not plain."""
    for number, ifd in enumerate(tables.ifds):
        where = f"page {ifd.number}" if ifd.number is not None else f"table {number}"
        for tag, entry in sorted(ifd.entries.items()):
            if not is_plain(tag, entry.extent[1]):
                text = text_of(tables.raw(entry))
                named = f" {_NAMED[tag]}" if tag in _NAMED else ""
                kind = "text" if text is not None else "data"
                yield Finding(kind, f"{where}, tag {tag}{named}", entry.extent[1], text)


def seek_texts(tables: TiffMap, is_plain: IsPlain, sought: Sought) -> None:
    """Add what those tags say to what a copy must not hold."""
    for ifd in tables.ifds:
        for tag, entry in ifd.entries.items():
            if is_plain(tag, entry.extent[1]):
                continue
            raw = tables.raw(entry)
            text = text_of(raw)
            for one in [text] if text is not None else texts_in(raw):
                sought.add_text(one)


def comment_bytes(head: bytes) -> int:
    """How much a JPEG's head says beside what is needed for its pixels."""
    end = head.find(b"\xff\xda")
    if end < 0:
        return 0
    try:
        return end + 2 - len(strip_jpeg(head[:end] + b"\xff\xd9"))
    except NotPure:
        return end


def after_tables(stored: bytes) -> bytes:
    """The pixels of a coded strip: the tables of two JPEGs are often the same."""
    return stored[stored.find(b"\xff\xda") + 2 :] if stored[:2] == b"\xff\xd8" else stored
