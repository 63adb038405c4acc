"""Tables as CSV: semicolons between cells, as Cytomine's reports have them, UTF-8, each line ended by CR and LF.

Spreadsheets run what looks like a formula, so no text may: whoever names a term `=HYPERLINK(…)` would reach into the
computer of whoever opens the report.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from atrisys.exports.batches import batches
from atrisys.exports.cells import Cell, plain_cell

_BATCH = 500
_FORMULA = re.compile(r"(^|[;,|\t\r\n])(\s*[=+\-@\t\r＝＋－＠])")
"""At a text's beginning, and behind what another computer may take for the end of a cell: Excel splits at commas or at
semicolons as its language has it. Where Chinese is written, the wide signs count as well."""


def write_csv(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """Write a table as CSV, piece by piece.

    Args:
        head: the names of the columns.
        rows: read once, some hundred at a time; numbers are written with all their digits.

    Returns:
        UTF-8 text in pieces, without a byte order mark. A text that begins as a formula does has a `'` before it.
    """
    for lines in batches(chain([head], rows), _BATCH):
        out = io.StringIO()
        csv.writer(out, delimiter=";").writerows([_written(cell) for cell in line] for line in lines)
        yield out.getvalue().encode()


def _written(cell: Cell) -> Cell:
    cell = plain_cell(cell)
    return _FORMULA.sub(r"\1'\2", cell) if isinstance(cell, str) else cell
