"""Workbooks: every cell is what was given, and texts stay texts."""

from atrisys.exports.xlsx import LONGEST_TEXT, write_xlsx
from tables import sheet_of


def written(tmp_path, head, rows):
    write_xlsx(tmp_path / "a.xlsx", head, rows)
    return sheet_of((tmp_path / "a.xlsx").read_bytes())


def test_what_was_written_is_read_back(tmp_path):
    rows = [(1, -0.5, "腫瘤 & <b>", ""), (2**53 - 1, 0.1 + 0.2, "two\nlines", None)]
    head, *found = written(tmp_path, ("Id", "Area", "Term", "None"), rows)
    assert head == ["Id", "Area", "Term", "None"]
    assert [row[:3] for row in found] == [[1, -0.5, "腫瘤 & <b>"], [float(f"{2**53 - 1:.16G}"), 0.3, "two\nlines"]]


def test_formulas_links_and_numbers_that_are_texts_stay_texts(tmp_path):
    texts = ["=1+1", "+1", "-1", "@SUM(1)", "{=1}", "http://x", "mailto:a@b", "12"]
    assert written(tmp_path, ("text",), [(text,) for text in texts]) == [["text"], *([text] for text in texts)]


def test_what_no_workbook_can_hold_is_left_out(tmp_path):
    rows = [("a\x01b\ufffe_x0041_", float("nan"), "漢" * (LONGEST_TEXT + 5))]
    assert written(tmp_path, ("a", "b", "c"), rows)[1][1:] == ["nan", "漢" * LONGEST_TEXT]


def test_nothing_but_the_workbook_is_left_in_its_folder(tmp_path):
    written(tmp_path, ("a",), ((number,) for number in range(100)))
    assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]
