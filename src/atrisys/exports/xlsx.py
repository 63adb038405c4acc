"""Tables as Excel workbooks of one sheet. Texts are texts: none becomes a formula, a number or a link."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from atrisys.exports.cells import Cell, plain_cell

MOST_ROWS = 1_048_575
"""Of a sheet, beside its head."""
LONGEST_TEXT = 32_767
"""Of a cell; of longer texts the beginning is kept."""
_WIDTH = 18
"""Of a column, in characters."""


def write_xlsx(path: Path, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a table as a workbook.

    Args:
        path: a new file in a folder of its own, which also holds what is written on the way.
        head: the names of the columns; they stay in sight when one scrolls.
        rows: at most MOST_ROWS, read once; one is held at a time.
    """
    import xlsxwriter

    options = {"constant_memory": True, "tmpdir": str(path.parent)}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(head) - 1, _WIDTH)
        bold = book.add_format({"bold": True})
        for column, name in enumerate(head):
            sheet.write_string(0, column, name, bold)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(map(plain_cell, row)):
                if isinstance(cell, str):
                    sheet.write_string(number, column, cell[:LONGEST_TEXT])
                elif cell is not None:
                    sheet.write_number(number, column, cell)
