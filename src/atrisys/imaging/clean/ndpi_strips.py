"""The JPEGs of NDPI's pages, which may be larger than memory: read piece by piece."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from atrisys.imaging.codestreams import EOI, SOI, NotPure, strip_jpeg
from atrisys.imaging.reader import ByteSource

MOST_STARTS = 1 << 22
_MOST_HEAD, _PIECE = 1 << 18, 1 << 20
_SOS = 0xDA
_NO_PIXELS = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
"""A mark that is neither an escaped byte nor one to begin again at."""


@dataclass
class Strip:
    """One JPEG of one scan, without what is no part of the picture."""

    source: ByteSource
    at: int
    size: int
    head: bytes = b""
    """All segments up to the pixels, without comments and application data."""
    left_out: int = 0
    """Bytes of those, once it was opened."""
    _restarts: list[NDArray[np.uint64]] = field(default_factory=list)
    _restarts_left: int = MOST_STARTS

    def __post_init__(self) -> None:
        """Read its head. Raises NotPure where there is none, or where it holds more than it should."""
        head = self.source.read(self.at, min(self.size, _MOST_HEAD))
        self._scan = _scan_at(head)
        self.head = strip_jpeg(head[: self._scan] + EOI)[: -len(EOI)]
        self.left_out = self._scan - len(self.head)

    def pieces(self) -> Iterator[bytes]:
        """The strip from its head to its end mark.

        Raises:
            NotPure: it has no end, or more than one scan.
        """
        yield self.head
        self._restarts, self._restarts_left = [], MOST_STARTS
        at, end, carried, known = self.at + self._scan, self.at + self.size, b"", len(self.head)
        while at < end:
            read = self.source.read(at, min(_PIECE, end - at))
            if not read:
                break
            at += len(read)
            piece = carried + read
            found = _NO_PIXELS.search(piece)
            if found is not None:
                if piece[found.start() : found.end()] != EOI:
                    raise NotPure("more than one scan")
                piece = piece[: found.end()]
            # A mark may lie across two pieces: its first half waits for the other.
            carried = piece[-1:] if found is None and piece.endswith(b"\xff") else b""
            piece = piece[: len(piece) - len(carried)]
            self._note_restarts(piece, known)
            known += len(piece)
            yield piece
            if found is not None:
                return
        raise NotPure("it has no end")

    def starts(self) -> NDArray[np.uint64]:
        """Where the parts begin that can be decoded by themselves, counted from the head; after all `pieces`."""
        return np.concatenate([np.array([len(self.head)], np.uint64), *self._restarts])

    def _note_restarts(self, piece: bytes, known: int) -> None:
        octets = np.frombuffer(piece, np.uint8)
        at = np.flatnonzero((octets[:-1] == 0xFF) & (octets[1:] & 0xF8 == 0xD0))
        self._restarts.append((at + known + 2).astype(np.uint64))
        self._restarts_left -= len(at)
        if self._restarts_left < 0:
            raise NotPure("too many parts")


def _scan_at(head: bytes) -> int:
    """Where the coded pixels begin. Raises NotPure."""
    if head[:2] != SOI:
        raise NotPure("no JPEG")
    at = 2
    while at + 4 <= len(head) and head[at] == 0xFF:
        if head[at + 1] == 0xFF:
            at += 1
            continue
        if 0xD0 <= head[at + 1] <= EOI[1]:
            break
        end = at + 2 + int.from_bytes(head[at + 2 : at + 4], "big")
        if head[at + 1] == _SOS and end <= len(head):
            return end
        at = max(end, at + 2)
    raise NotPure("no JPEG")
