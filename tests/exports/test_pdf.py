"""PDF: titles, rows, words and pictures are on its pages, in every writing."""

import io
import subprocess
import sys

import pytest
from PIL import Image

from atrisys.exports.pdf import PdfColumn, PdfRow, write_pdf
from tables import pdf_of

COLUMNS = (PdfColumn("Id", 1), PdfColumn("Term", 3))


def jpeg(size=(40, 20)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (200, 80, 120)).save(file, "JPEG")
    return file.getvalue()


def written(tmp_path, rows, title="Annotations", words=(), columns=COLUMNS, pictures=False) -> bytes:
    write_pdf(tmp_path / "a.pdf", title, columns, rows, words, pictures=pictures)
    return (tmp_path / "a.pdf").read_bytes()


def test_title_words_head_rows_and_notes_stand_in_their_order(tmp_path):
    rows = [PdfRow((12, "tumour")), "no pictures from here on", PdfRow((13, None))]
    lines = pdf_of(written(tmp_path, rows, "大腸 colon", ["2 annotations"])).split()
    assert "".join(lines) == "1大腸colon2annotationsIdTerm12tumournopicturesfromhereon13"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("腫瘤 tumour", "腫瘤 tumour"),
        ("肿瘤 médullaire", "肿瘤 médullaire"),
        ("腫瘍 かな カナ", "腫瘍 かな カナ"),
        ("종양", "종양"),
        ("опухоль", "опухоль"),
        ("Dvořák", "Dvorák"),
        ("a\x00b\tc\u202ed", "ab c?d"),
        ("(a) \\ (b", "(a) \\ (b"),
        ("😀", "?"),
    ],
)
def test_names_can_be_read_in_every_writing(tmp_path, text, shown):
    assert shown in pdf_of(written(tmp_path, [PdfRow((1, text))]))


def test_traditional_chinese_is_drawn_with_its_own_encoding(tmp_path):
    assert b"/UniCNS-UCS2-H" in written(tmp_path, [PdfRow((1, "腫瘤"))])


def test_the_head_stands_on_each_page_with_its_number(tmp_path):
    text = pdf_of(written(tmp_path, (PdfRow((number, "x")) for number in range(100))))
    pages = text.count("Id\nTerm")
    assert pages > 2
    assert f"\n{pages}\n" in text or text.endswith(f"{pages}\nId")


def test_long_names_are_broken_and_cut_within_their_column(tmp_path):
    text = pdf_of(written(tmp_path, [PdfRow((1, "很長的名字" * 300))]))
    lines = [line for line in text.splitlines() if "很長" in line]
    assert len(lines) == 4
    assert lines[-1].endswith("…")
    assert not lines[0].endswith("…")


def test_pictures_are_in_it_as_they_came_and_links_lead_away(tmp_path):
    file = written(tmp_path, [PdfRow((1, "x"), jpeg(), "http://x/#/project/1"), PdfRow((2, "y"))], pictures=True)
    assert file.count(b"/Subtype /Image") == 1
    assert b"/DCTDecode" in file
    assert b"(http://x/#/project/1)" in file


def test_the_libraries_are_loaded_by_the_first_report_and_not_before():
    asked = (
        "import sys, atrisys.exports.pdf, atrisys.exports.xlsx; print({'reportlab', 'xlsxwriter'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
