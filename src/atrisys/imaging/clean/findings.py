"""What is found in a slide beside its pixels, and the strings that a clean copy must not hold."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

MOST_FINDINGS = 2_000
MOST_VALUE = 4_000
"""Signs of a value that are told."""
MOST_SOUGHT = 20_000
SHORTEST_WORD, SHORTEST_IN_PIXELS = 4, 6
"""Bytes; shorter strings occur in compressed pixels by chance."""
_WORDS = re.compile(r"[^\W_]{4,}(?:[-'.][^\W_]+)*")
_WIDE = "utf-16-le", "utf-16-be"
SHORTEST_NUMBER = 7
"""Digits; shorter numbers occur in sizes and places."""
_OF_FORMATS = frozenset(("Adobe", "JFIF", "Exif", "JPEG", "DICM"))
"""Words that coded pictures hold of themselves."""


@dataclass(frozen=True)
class Finding:
    """One thing that may name somebody, or may hide something that does."""

    kind: str
    """`picture`, `text`, `data`, `comment`, `name` or `hole`."""
    where: str
    """Never a word of the file's own."""
    size: int
    """Bytes."""
    value: str | None = None
    """For those alone who may know."""


@dataclass
class Sought:
    """The bytes that a clean copy must not hold anywhere."""

    texts: set[str] = field(default_factory=set)
    pieces: set[bytes] = field(default_factory=set)
    """Of pictures."""

    def add_text(self, text: str) -> None:
        """A text as a whole, its lines, and each of its words."""
        for part in (text, *text.splitlines(), *_WORDS.findall(text[: 1 << 20])):
            part = part.strip("\0 \t\r\n")
            is_short_number = part.isdecimal() and len(part) < SHORTEST_NUMBER
            if len(part) >= SHORTEST_WORD and not is_short_number and len(self.texts) < MOST_SOUGHT:
                self.texts.add(part)

    def add_picture(self, stored: bytes) -> None:
        """Two places in a picture's stored bytes, where it is more than a blank."""
        for at in (len(stored) // 2, len(stored) * 7 // 8):
            piece = stored[at : at + 32]
            if len(piece) == 32 and len(set(piece)) >= 12:
                self.pieces.add(piece)

    def patterns(self, own_words: str) -> tuple[list[bytes], list[bytes]]:
        """What is sought everywhere, and what is sought only where no pixels are.

        Args:
            own_words: all that the copy itself says: words that are in there name nobody.
        """
        known = set(_WORDS.findall(own_words)) | set(own_words.split()) | _OF_FORMATS
        every = {code for text in self.texts - known if text not in own_words for code in _codes(text)}
        long = {code for code in every if len(code) >= SHORTEST_IN_PIXELS} | self.pieces
        return sorted(long), sorted(every - long)


def _codes(text: str) -> Iterator[bytes]:
    for encoding in ("utf-8", "latin-1", *_WIDE):
        try:
            yield text.encode(encoding)
        except UnicodeEncodeError:
            continue


def text_of(raw: bytes) -> str | None:
    """Bytes as the text that they seem to be; None where they are none."""
    plain = raw.rstrip(b"\0")
    for encoding in ("utf-8", _WIDE[0]) if plain[1:2] != b"\0" else (_WIDE[0],):
        try:
            text = (plain + b"\0" * (len(plain) % 2 if encoding == _WIDE[0] else 0)).decode(encoding)
        except UnicodeDecodeError:
            continue
        if all(sign.isprintable() or sign in "\r\n\t" for sign in text) and not (
            encoding == _WIDE[0] and not any(sign.isascii() for sign in text)
        ):
            return text
    text = plain.decode("latin-1")
    return text if all(sign.isprintable() or sign in "\r\n\t" for sign in text) else None


def texts_in(raw: bytes) -> Iterator[str]:
    """What can be read in bytes that are no text: profiles, XMP, whatever vendors keep."""
    for found in re.findall(rb"[\x20-\x7e\xa0-\xff]{6,}", raw):
        yield found.decode("latin-1")
    for found in re.findall(rb"(?:[\x20-\x7e]\0){4,}", raw):
        yield found.decode("utf-16-le")


def told(findings: Iterable[Finding]) -> list[Finding]:
    """Not too many, none too long."""
    kept: list[Finding] = []
    for one in findings:
        if len(kept) == MOST_FINDINGS:
            break
        value = None if one.value is None else one.value[:MOST_VALUE]
        kept.append(Finding(one.kind, one.where, one.size, value))
    return kept
