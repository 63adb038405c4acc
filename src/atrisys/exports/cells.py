"""Cells of tables: numbers and texts, without what no file format can hold."""

import math
import re

Cell = str | int | float | None
"""None is an empty cell."""

_UNHEARD_OF = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What XML refuses, and what a page cannot show."""


def plain_cell(cell: Cell) -> Cell:
    """A cell that every format takes.

    Args:
        cell: a value as it was stored.

    Returns:
        Texts without control characters (line breaks and tabs stay), numbers that are none (NaN, infinite) as texts.
    """
    if isinstance(cell, str):
        return _UNHEARD_OF.sub("", cell)
    return str(cell) if isinstance(cell, float) and not math.isfinite(cell) else cell
