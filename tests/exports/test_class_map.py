"""Which number stands for which term."""

from pathlib import Path

import pytest

from atrisys.errors import Invalid
from atrisys.exports.class_map import ClassMap, check_class_map, count_terms, load_class_map, read_class_map


def test_without_a_map_terms_count_from_one_by_their_id():
    classes = count_terms([(30, "stroma"), (7, "tumour"), (12, "necrosis")])
    assert classes.numbers == {"tumour": 1, "necrosis": 2, "stroma": 3}


def test_terms_of_one_name_share_a_number():
    assert count_terms([(1, "a"), (2, "b"), (3, "a"), (4, "c")]).numbers == {"a": 1, "b": 2, "c": 3}


def test_254_terms_are_counted_and_one_more_asks_for_a_map():
    assert max(count_terms((i, f"t{i}") for i in range(254)).numbers.values()) == 254
    with pytest.raises(Invalid, match="255 terms"):
        count_terms((i, f"t{i}") for i in range(255))


def test_without_masks_the_terms_beyond_254_have_no_number_of_their_own():
    classes = count_terms(((i, f"t{i}") for i in range(300)), masks=False)
    assert (classes.of(["t253"]), classes.of(["t254"])) == ((254, "t253"), (255, "t254"))


def test_the_first_term_decides_and_what_has_none_or_no_number_is_255():
    classes = ClassMap({"tumour": 1, "stroma": 0})
    assert classes.of(["tumour", "stroma"]) == (1, "tumour")
    assert classes.of(["stroma", "tumour"]) == (0, "stroma")
    assert classes.of(["fat", "tumour"]) == (255, "fat")
    assert classes.of([]) == (255, "Unlabeled")
    assert ClassMap({"Unlabeled": 9}).of([]) == (9, "Unlabeled")


def test_a_map_is_read_from_a_file(tmp_path: Path):
    path = tmp_path / "classes.json"
    path.write_text('{"tumour": 1, "Unlabeled": 254, "壞死": 0}', encoding="utf-8")
    classes = load_class_map(path)
    assert classes.numbers == {"tumour": 1, "Unlabeled": 254, "壞死": 0}
    assert classes.unnumbered(["tumour", "fat", "壞死"]) == ["fat"]
    assert classes.unused(["fat"]) == ["tumour", "壞死"]
    with pytest.raises(Invalid, match="gone"):
        load_class_map(tmp_path / "gone.json")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        "7",
        "null",
        '{"a": 256}',
        '{"a": -1}',
        '{"a": 1.0}',
        '{"a": true}',
        '{"a": "1"}',
        '{"": 1}',
        '{"a": 1, "a": 2}',
        '{"a": {"a": 1, "a": 2}}',
        b"\xff\xfe",
        "[" * 100_000,
    ],
)
def test_what_is_no_class_map_is_refused_with_its_form(text):
    with pytest.raises(Invalid):
        read_class_map(text)


def test_a_map_from_a_request_is_checked_in_the_same_way():
    assert check_class_map({"a": 255}).numbers == {"a": 255}
    for bad in ({1: 1}, {"a": None}, [("a", 1)], None):
        with pytest.raises(Invalid):
            check_class_map(bad)
