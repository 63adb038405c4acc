"""Text on pages of a PDF: which font has a letter, how wide it is, where a line ends.

Chinese, Japanese and Korean are written with fonts that every reader of PDF brings along (Adobe's character
collections), so that no font of many megabytes is in the file or in the installation.
"""

import unicodedata
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

LATIN, BOLD = "Helvetica", "Helvetica-Bold"
_ASIAN = {
    "big5": "MSung-Light",
    "gbk": "STSong-Light",
    "shift_jis": "HeiseiMin-W3",
    "euc_kr": "HYSMyeongJo-Medium",
}
"""The font of each encoding, the first one foremost: its letters are those of the encoding, and more."""
UNKNOWN = "?"


def fit(text: str, width: float, size: float, most_lines: int = 1, latin: str = LATIN) -> list[str]:
    """Break a text into lines.

    Args:
        text: broken where a line is full, be it within a word: names of files and Chinese have no spaces.
        width: of a line, in points.
        size: of the letters, in points.
        most_lines: what does not fit ends with an ellipsis.
        latin: the font of Latin letters.

    Returns:
        One line or more, of letters that some font has.
    """
    lines, line, used = [], "", 0.0
    for letter in map(_known, " ".join(text.split())):
        wide = _width(letter, size, latin)
        if used + wide > width and line:
            if len(lines) + 1 == most_lines:
                return [*lines, _shortened(line, width, size, latin)]
            lines.append(line)
            line, used = "", 0.0
        line, used = line + letter, used + wide
    return [*lines, line]


def draw(canvas: "Canvas", x: float, y: float, line: str, size: float, latin: str = LATIN) -> None:
    """Write one line.

    Args:
        canvas: the page.
        x: where it begins, in points from the left.
        y: its base line, in points from the bottom.
        line: as `fit` gives it.
        size: of the letters, in points.
        latin: the font of Latin letters.
    """
    text = canvas.beginText(x, y)
    for font, run in _runs(line, latin):
        text.setFont(font, size)
        text.textOut(run)
    canvas.drawText(text)


def _shortened(line: str, width: float, size: float, latin: str) -> str:
    room = width - _width("…", size, latin)
    while line and sum(_width(letter, size, latin) for letter in line) > room:
        line = line[:-1]
    return f"{line}…"


def _runs(line: str, latin: str) -> Iterator[tuple[str, str]]:
    """Each stretch of letters of one font."""
    for font, letters in groupby(line, _font):
        yield font or latin, "".join(letters)


@cache
def _metrics() -> Callable[[str, str, float], float]:
    """How wide a text is in a font at a size. The fonts are made known first."""
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth

    for name in _ASIAN.values():
        font = UnicodeCIDFont(name)
        if name == "MSung-Light":
            # The library names the encoding of another collection there, in which these glyphs are others.
            font.encodingName = "UniCNS-UCS2-H"
        registerFont(font)
    return stringWidth


def _width(letter: str, size: float, latin: str) -> float:
    return _metrics()(letter, _font(letter) or latin, size)


@lru_cache(maxsize=4096)
def _font(letter: str) -> str | None:
    """The Asian font that has a letter; None where the Latin one does."""
    if _has("cp1252", letter):
        return None
    return next((font for encoding, font in _ASIAN.items() if _has(encoding, letter)), None)


@lru_cache(maxsize=4096)
def _known(letter: str) -> str:
    """The letter, or its bare form where no font has its accent."""
    for form in (letter, unicodedata.normalize("NFKD", letter)[:1]):
        if _has("cp1252", form) or _font(form) is not None:
            return form
    return UNKNOWN


def _has(encoding: str, letter: str) -> bool:
    try:
        letter.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
