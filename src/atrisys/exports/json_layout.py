"""Where the features lie in a GeoJSON file, found without holding the file in memory or trusting it."""

import re
from array import array
from dataclasses import dataclass, field
from typing import BinaryIO

from atrisys.errors import Invalid

_CHUNK = 1 << 20
_DEEPEST = 100
_MOST_MEMBERS = 1000
_LONGEST_KEY = 1000
_NOT_BLANK = re.compile(rb"[^ \t\r\n]")
_END_OF_WORD = re.compile(rb"[,\]}\s]")
_QUOTE = re.compile(rb'["\\]')
# Balanced brackets of the value's own kind are enough to find its end; whether it is JSON is judged when it is read.
_OBJECT = re.compile(rb'["{}]')
_ARRAY = re.compile(rb'["\[\]]')


@dataclass
class Layout:
    """Byte offsets of the parts of a file."""

    members: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Members of the outermost object but `features`: first byte, and one after the last."""
    starts: "array[int]" = field(default_factory=lambda: array("q"))
    """First byte of each feature."""
    ends: "array[int]" = field(default_factory=lambda: array("q"))
    """One after the last byte of each feature."""
    has_features: bool = False


def find_layout(file: BinaryIO) -> Layout:
    """Find the members and features of a JSON file: an object with `features`, or a bare list of features.

    Args:
        file: open for reading, at its beginning; UTF-8, with or without a byte order mark.

    Returns:
        Offsets, 16 bytes a feature; a megabyte of the file is held at a time.

    Raises:
        Invalid: no JSON object or list, cut off, nested more than 100 deep, or with something after its end.
    """
    cursor = _Cursor(file)
    layout = Layout()
    first = cursor.peek()
    if first == b"{":
        _scan_members(cursor, layout)
    elif first == b"[":
        _scan_features(cursor, layout)
    else:
        raise Invalid("The file is no JSON object or list. Send a GeoJSON FeatureCollection.")
    if cursor.peek():
        raise cursor.broken()
    return layout


def _scan_members(cursor: "_Cursor", layout: Layout) -> None:
    cursor.take(b"{")
    if cursor.peek() == b"}":
        cursor.take(b"}")
        return
    while True:
        name = cursor.key()
        cursor.take(b":")
        if name == "features" and cursor.peek() == b"[":
            if layout.has_features:
                raise Invalid("The file has two lists of features. Keep one.")
            _scan_features(cursor, layout)
        else:
            layout.members[name] = cursor.skip()
        if len(layout.members) > _MOST_MEMBERS:
            raise Invalid("The file has more than {most} members beside its features.", most=_MOST_MEMBERS)
        if cursor.take_one_of(b",}") == b"}":
            return


def _scan_features(cursor: "_Cursor", layout: Layout) -> None:
    layout.has_features = True
    cursor.take(b"[")
    if cursor.peek() == b"]":
        cursor.take(b"]")
        return
    while True:
        start, end = cursor.skip()
        layout.starts.append(start)
        layout.ends.append(end)
        if cursor.take_one_of(b",]") == b"]":
            return


class _Cursor:
    """A place in a file that moves on."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._buffer = b""
        self._at = 0
        self._before = 0
        self._more()
        if self._buffer.startswith(b"\xef\xbb\xbf"):
            self._at = 3

    def _more(self) -> bool:
        """Read on; what lies before the cursor is let go."""
        chunk = self._file.read(_CHUNK)
        self._before += self._at
        self._buffer = self._buffer[self._at :] + chunk
        self._at = 0
        return bool(chunk)

    def broken(self) -> Invalid:
        return Invalid("The file is no JSON that can be read: see byte {place}.", place=self._before + self._at)

    def peek(self) -> bytes:
        """The next byte that is not blank; none at the end of the file."""
        while not (found := _NOT_BLANK.search(self._buffer, self._at)):
            self._at = len(self._buffer)
            if not self._more():
                return b""
        self._at = found.start()
        return found.group()

    def take_one_of(self, wanted: bytes) -> bytes:
        byte = self.peek()
        if not byte or byte not in wanted:
            raise self.broken()
        self._at += 1
        return byte

    def take(self, wanted: bytes) -> None:
        self.take_one_of(wanted)

    def key(self) -> str:
        """The name of a member, as it is written."""
        if self.peek() != b'"':
            raise self.broken()
        if len(self._buffer) - self._at < _LONGEST_KEY + 2:
            self._more()
        start = self._before + self._at
        held, at = self._buffer, self._at
        self._skip_string()
        length = self._before + self._at - start
        if length > _LONGEST_KEY:
            raise self.broken()
        return held[at + 1 : at + length - 1].decode(errors="replace")

    def skip(self) -> tuple[int, int]:
        """Move behind the next value; its first byte, and one after its last."""
        first = self.peek()
        start = self._before + self._at
        if first == b'"':
            self._skip_string()
        elif first == b"{":
            self._skip_nested(_OBJECT, b"{")
        elif first == b"[":
            self._skip_nested(_ARRAY, b"[")
        elif first and first not in b",:]}":
            self._search(_END_OF_WORD)
        else:
            raise self.broken()
        return start, self._before + self._at

    def _search(self, pattern: "re.Pattern[bytes]") -> bytes:
        """Move to the next match and say what it is."""
        while not (found := pattern.search(self._buffer, self._at)):
            self._at = len(self._buffer)
            if not self._more():
                raise self.broken()
        self._at = found.start()
        return found.group()

    def _skip_string(self) -> None:
        self._at += 1
        while self._search(_QUOTE) == b"\\":
            self._at += 1
            if self._at == len(self._buffer) and not self._more():
                raise self.broken()
            self._at += 1
        self._at += 1

    def _skip_nested(self, pattern: "re.Pattern[bytes]", opening: bytes) -> None:
        depth = 0
        while True:
            byte = self._search(pattern)
            if byte == b'"':
                self._skip_string()
                continue
            self._at += 1
            depth += 1 if byte == opening else -1
            if depth == 0:
                return
            if depth > _DEEPEST:
                raise Invalid("The file is nested more than {most} deep.", most=_DEEPEST)
