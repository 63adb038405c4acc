"""Reports read back: the cells of a workbook, the words of a PDF."""

import io
import re
import zipfile
import zlib
from xml.etree import ElementTree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
STREAM = re.compile(rb"<<\s*/Filter \[ /FlateDecode \] /Length (\d+)\s*>>\s*stream\r?\n")
SAID = re.compile(rb"/(F\d+) [\d.]+ Tf|\(((?:\\.|[^\\()])*)\) Tj", re.DOTALL)
ESCAPED = re.compile(rb"\\(\d{3}|.)", re.DOTALL)
SIGNS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def sheet_of(workbook: bytes) -> list[list[str | float | None]]:
    """The rows of its only sheet; a formula or a link fails."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        assert not [name for name in parts.namelist() if "sharedStrings" in name or "_rels/sheet" in name]
        sheet = ElementTree.fromstring(parts.read("xl/worksheets/sheet1.xml"))
    assert not [one.tag for one in sheet.iter() if one.tag in (f"{MAIN}f", f"{MAIN}hyperlink")]
    return [[_cell(cell) for cell in row.iter(f"{MAIN}c")] for row in sheet.iter(f"{MAIN}row")]


def _cell(cell: ElementTree.Element) -> str | float | None:
    if cell.get("t") == "inlineStr":
        return "".join(text.text or "" for text in cell.iter(f"{MAIN}t"))
    value = cell.find(f"{MAIN}v")
    return None if value is None else float(value.text or "")


def pdf_of(file: bytes) -> str:
    """The lines that its pages show; whatever their letters are drawn with."""
    assert file.startswith(b"%PDF-")
    assert file.rstrip().endswith(b"%%EOF")
    wide = set(re.findall(rb"/Encoding /Uni\w+-UCS2-H .*?/Name /(F\d+)", file, re.DOTALL))
    pages = [file[one.end() :][: int(one[1])] for one in STREAM.finditer(file)]
    return "\n".join(_words(zlib.decompress(page), wide) for page in pages)


def _words(page: bytes, wide: set[bytes]) -> str:
    lines, font = [], b""
    for block in page.split(b"ET"):
        line = ""
        for found in SAID.finditer(block):
            font = found[1] or font
            if found[2] is not None:
                raw = ESCAPED.sub(lambda sign: _unescaped(sign[1]), found[2])
                line += raw.decode("utf-16-be" if font in wide else "cp1252")
        lines.append(line)
    return "\n".join(lines)


def _unescaped(sign: bytes) -> bytes:
    return bytes([int(sign, 8)]) if sign.isdigit() else SIGNS.get(sign, sign)
