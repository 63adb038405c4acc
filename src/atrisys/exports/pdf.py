"""Tables as PDF, to be read and printed: A4 across, the head again on each page, small pictures beside the rows."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from atrisys.exports.cells import Cell, plain_cell
from atrisys.exports.pdf_fonts import BOLD, LATIN, draw, fit

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_WIDTH, _HEIGHT = (mm * 72 / 25.4 for mm in (297, 210))
"""A4 across, in points."""
_MARGIN, _GAP = 36.0, 6.0
_TITLE, _WORDS, _TEXT = 14.0, 9.0, 8.0
_LEADING = 1.25
_MOST_LINES = 4
"""Of a cell."""
PICTURE = 60.0
"""Points a side of the square that a picture has."""


@dataclass(frozen=True, slots=True)
class PdfColumn:
    """A column of a table."""

    name: str
    share: float
    """Of the width, beside the other columns' shares."""


@dataclass(frozen=True, slots=True)
class PdfRow:
    """A row of a table."""

    cells: Sequence[Cell]
    picture: bytes | None = None
    """A JPEG."""
    link: str | None = None
    """Where a click on the row leads."""


def write_pdf(
    path: Path,
    title: str,
    columns: Sequence[PdfColumn],
    rows: Iterable[PdfRow | str],
    words: Sequence[str] = (),
    *,
    pictures: bool = False,
) -> None:
    """Write a table as PDF.

    Args:
        path: a new file.
        title: stands above the table.
        columns: whose widths share the page.
        rows: read once, and drawn one by one; a text is a line across the table. The pages and their pictures are held
            until the file is written.
        words: lines between the title and the table.
        pictures: whether there is room for them at the left.
    """
    canvas = _canvas(path)
    canvas.setTitle(str(plain_cell(title)))
    page = _Page(canvas, columns, PICTURE + _GAP if pictures else 0.0)
    page.begin()
    page.say(title, _TITLE, BOLD)
    for line in words:
        page.say(line, _WORDS, LATIN)
    page.head()
    for row in rows:
        page.row(row) if isinstance(row, PdfRow) else page.note(row)
    canvas.showPage()
    canvas.save()


def _canvas(path: Path) -> "Canvas":
    from reportlab import rl_config
    from reportlab.pdfgen.canvas import Canvas

    # Bytes as they are: written as text they would be a quarter longer.
    rl_config.useA85 = 0
    return Canvas(str(path), pagesize=(_WIDTH, _HEIGHT), pageCompression=1)


class _Page:
    """The page that is being drawn, and how far down it is."""

    def __init__(self, canvas: "Canvas", columns: Sequence[PdfColumn], left: float) -> None:
        self._canvas, self._columns, self._left = canvas, columns, _MARGIN + left
        room = _WIDTH - _MARGIN - self._left
        whole = sum(column.share for column in columns)
        self._widths = [room * column.share / whole for column in columns]
        self._y = 0.0
        self._number = 0

    def begin(self) -> None:
        self._number += 1
        self._y = _HEIGHT - _MARGIN
        draw(self._canvas, _WIDTH - _MARGIN, _MARGIN / 2, str(self._number), _TEXT)

    def say(self, text: str, size: float, latin: str) -> None:
        """A line across the page."""
        for line in fit(str(plain_cell(text)), _WIDTH - 2 * _MARGIN, size, 2, latin):
            self._y -= size * _LEADING
            draw(self._canvas, _MARGIN, self._y, line, size, latin)

    def head(self) -> None:
        self._y -= _GAP
        self._cells([column.name for column in self._columns], BOLD)
        self._canvas.line(_MARGIN, self._y, _WIDTH - _MARGIN, self._y)

    def note(self, text: str) -> None:
        """A line between rows."""
        self._make_room(2 * _WORDS * _LEADING + _GAP)
        self.say(text, _WORDS, BOLD)
        self._y -= _GAP

    def row(self, row: PdfRow) -> None:
        height = max(self._height(row.cells), PICTURE + _GAP if row.picture else 0.0)
        self._make_room(height)
        top = self._y
        if row.picture is not None:
            self._picture(row.picture)
        self._cells(row.cells, LATIN)
        self._y = top - height
        if row.link is not None:
            self._canvas.linkURL(row.link, (_MARGIN, self._y, _WIDTH - _MARGIN, top))

    def _make_room(self, height: float) -> None:
        if self._y - height < _MARGIN:
            self._canvas.showPage()
            self.begin()
            self.head()

    def _picture(self, jpeg: bytes) -> None:
        from reportlab.lib.utils import ImageReader

        corner = _MARGIN, self._y - PICTURE - _GAP / 2
        self._canvas.drawImage(
            ImageReader(io.BytesIO(jpeg)), *corner, PICTURE, PICTURE, preserveAspectRatio=True, anchor="n"
        )

    def _cells(self, cells: Sequence[Cell], latin: str) -> None:
        x, below = self._left, self._y - self._height(cells, latin)
        for cell, width in zip(cells, self._widths, strict=True):
            y = self._y
            for line in _lines(cell, width, latin):
                y -= _TEXT * _LEADING
                draw(self._canvas, x, y, line, _TEXT, latin)
            x += width
        self._y = below

    def _height(self, cells: Sequence[Cell], latin: str = LATIN) -> float:
        most = max(len(_lines(cell, width, latin)) for cell, width in zip(cells, self._widths, strict=True))
        return most * _TEXT * _LEADING + _GAP


def _lines(cell: Cell, width: float, latin: str) -> list[str]:
    cell = plain_cell(cell)
    text = "" if cell is None else f"{cell:,.2f}" if isinstance(cell, float) else str(cell)
    return fit(text, width - _GAP, _TEXT, _MOST_LINES, latin)
