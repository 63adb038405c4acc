"""CSV: read back it is what was given, and no spreadsheet finds a formula in it."""

import csv
import io

import pytest

from atrisys.exports.csv import write_csv


def read(head, rows, delimiter=";"):
    text = b"".join(write_csv(head, rows)).decode()
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_what_was_written_is_read_back():
    rows = [(1, 0.1 + 0.2, 'a "quoted"; text', "two\nlines"), (2, -1e-7, "腫瘤", None)]
    assert read(("id", "area", "a", "b"), rows) == [
        ["id", "area", "a", "b"],
        ["1", "0.30000000000000004", 'a "quoted"; text', "two\nlines"],
        ["2", "-1e-07", "腫瘤", ""],
    ]


def test_rows_are_read_some_at_a_time():
    taken = []

    def rows():
        for number in range(5_000):
            taken.append(number)
            yield (number, "x")

    pieces = write_csv(("id", "word"), rows())
    assert len(next(pieces).splitlines()) == 500
    assert len(taken) == 499


@pytest.mark.parametrize("sign", [*"=+-@\t\r", *"＝＋－＠"])
def test_no_cell_is_a_formula_wherever_a_spreadsheet_splits_the_line(sign):
    texts = [f"{sign}1+1", f" {sign}1", f"a,{sign}1+1", f"a;{sign}1+1", f"a\n{sign}1+1", f'a",{sign}1+1']
    for delimiter in ";,\t":
        for text in texts:
            cells = [cell for line in read(("id", "text"), [(1, text)], delimiter) for cell in line]
            assert not [cell for cell in cells if cell.lstrip(" ").startswith(sign)], (delimiter, text)


def test_control_characters_are_left_out_and_odd_numbers_are_words():
    assert read(("a", "b", "c"), [("a\x00b\x1b\ufffe", float("nan"), float("inf"))])[1] == ["ab", "nan", "inf"]
