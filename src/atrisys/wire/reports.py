"""Tables that are handed out as files: CSV while it is read, workbooks and PDFs by way of a file that goes again."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast

from starlette.responses import Response

from atrisys.errors import Invalid, TooLarge
from atrisys.exports.cells import Cell
from atrisys.exports.csv import write_csv
from atrisys.exports.pdf import PdfColumn, PdfRow, write_pdf
from atrisys.exports.xlsx import MOST_ROWS, write_xlsx
from atrisys.store.files import DataFolder
from atrisys.wire.downloads import attachment
from atrisys.wire.streaming import PIECE, Stream

Format = Literal["csv", "xlsx", "pdf"]
MEDIA_TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
WORDS = {"": "pdf", "xls": "xlsx", **{format: format for format in MEDIA_TYPES}}
"""Cytomine's clients say xls, and get what every program takes that opens such files; who says nothing gets a PDF."""


def read_format(word: str | None) -> Format:
    """The format that a request names. Raises Invalid for another word."""
    format = WORDS.get((word or "").lower())
    if format is None:
        raise Invalid("There is no report as {format}: say csv, xls or pdf.", format=str(word)[:80])
    return cast(Format, format)


def dated(name: str) -> str:
    """The name of a file, with the day before it."""
    return f"{datetime.now(UTC):%Y-%m-%d}_{name}"


def as_moment(epoch_ms: int) -> str:
    """A moment as reports write it: UTC, to the second."""
    return f"{datetime.fromtimestamp(epoch_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def csv_answer(name: str, pieces: Iterable[bytes]) -> Response:
    """`name`: of the file, without its ending."""
    return Stream(pieces, media_type=MEDIA_TYPES["csv"], headers=attachment(f"{name}.csv"))


def csv_table(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """The same from rows."""
    return csv_answer(name, write_csv(head, rows))


def xlsx_answer(
    folder: DataFolder, name: str, head: Sequence[str], rows: Callable[[], Iterable[Sequence[Cell]]], total: int
) -> Response:
    """A workbook. Raises TooLarge where a sheet has no room for all rows.

    Args:
        rows: called when they are written.
        total: how many there are.
    """
    if total > MOST_ROWS:
        raise TooLarge(
            "A sheet holds {most} rows, and these are {count}. Ask for format=csv, or for fewer.",
            most=MOST_ROWS,
            count=total,
        )
    return file_answer(folder, name, "xlsx", lambda path: write_xlsx(path, head, rows()))


def file_answer(folder: DataFolder, name: str, format: Format, write: Callable[[Path], None]) -> Response:
    """A file that is written when it is sent, and removed then."""
    pieces = _written(folder, f"report.{format}", write)
    return Stream(pieces, media_type=MEDIA_TYPES[format], headers=attachment(f"{name}.{format}"))


def table_answer(
    folder: DataFolder,
    format: Format,
    name: str,
    title: str,
    columns: Sequence[PdfColumn],
    rows: Sequence[Sequence[Cell]],
) -> Response:
    """A short table in any of the formats; a PDF has the title above it."""
    head = [column.name for column in columns]
    if format == "csv":
        return csv_table(name, head, rows)
    if format == "xlsx":
        return xlsx_answer(folder, name, head, lambda: rows, len(rows))
    return file_answer(folder, name, "pdf", lambda path: write_pdf(path, title, columns, map(PdfRow, rows)))


def _written(folder: DataFolder, file: str, write: Callable[[Path], None]) -> Iterator[bytes]:
    with folder.scratch() as scratch:
        path = scratch / file
        write(path)
        with path.open("rb") as written:
            while piece := written.read(PIECE):
                yield piece
