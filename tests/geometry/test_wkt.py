"""Shapes as text: what is read, what is refused and why, and that nothing is lost on the way back."""

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from atrisys.errors import ShapeEmpty, ShapeNotClosed, ShapeRefused, ShapeUnreadable
from atrisys.geometry import wkt
from atrisys.geometry.wkt import read_many, read_wkt, write_many, write_wkt

coordinate = st.floats(-1e9, 1e9, allow_nan=False)
point = st.tuples(coordinate, coordinate)


@pytest.mark.parametrize(
    "text",
    [
        "POINT (3 4)",
        "LINESTRING (0 0, 1.5 2)",
        "POLYGON ((0 0, 10 0, 10 10, 0 0))",
        "POLYGON ((0 0, 10 0, 10 10, 0 0), (6 1, 7 1, 7 2, 6 1))",
        "MULTIPOINT ((0 0), (1 1))",
        "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))",
        "MULTIPOLYGON (((0 0, 10 0, 10 10, 0 0)), ((20 20, 30 20, 30 30, 20 20)))",
    ],
)
def test_each_kind_is_written_as_it_was_read(text):
    assert write_wkt(read_wkt(text)) == text
    assert write_many(read_many([text, text])) == [text, text]


def test_spelling_without_blanks_and_in_small_letters_is_read():
    assert write_wkt(read_wkt("  polygon((0 0,10 0,10 10,0 0))")) == "POLYGON ((0 0, 10 0, 10 10, 0 0))"


def test_a_third_ordinate_is_dropped_with_or_without_its_letter():
    flat = "POLYGON ((0 0, 10 0, 10 10, 0 0))"
    sent = ["POLYGON Z ((0 0 1, 10 0 2, 10 10 3, 0 0 1))", "POLYGON((0 0 1,10 0 2,10 10 3,0 0 1))"]
    sent += ["POLYGON ZM ((0 0 1 5, 10 0 2 5, 10 10 3 5, 0 0 1 5))", "POLYGON M ((0 0 1, 10 0 2, 10 10 3, 0 0 1))"]
    for text in sent:
        shape = read_wkt(text)
        assert not shape.has_z
        assert not shape.has_m
        assert write_wkt(shape) == flat
    assert write_many(read_many(sent)) == [flat] * 4


@given(st.lists(point, min_size=3, max_size=12))
@settings(deadline=None)
def test_no_digit_is_lost_between_writing_and_reading(points):
    line = shapely.LineString(points)
    assert shapely.get_coordinates(read_wkt(write_wkt(line))).tolist() == shapely.get_coordinates(line).tolist()


@given(st.text(max_size=60) | st.binary(max_size=60) | st.none() | st.integers())
@settings(deadline=None)
def test_whatever_is_sent_is_read_or_refused_by_name(sent):
    [answer] = read_many([sent])
    assert isinstance(answer, ShapeRefused | shapely.Geometry)


@given(st.text("POLYGNMUTI()0123456789.,- eEnaf", max_size=80))
@settings(deadline=None)
def test_what_nearly_is_wkt_is_read_or_refused_by_name(ending):
    for text in (ending, "POLYGON ((" + ending, "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), " + ending):
        assert isinstance(read_many([text])[0], ShapeRefused | shapely.Geometry)


@pytest.mark.parametrize("text", ["POLYGON ((0 0, 10 0, 10 10))", "POLYGON ((0 0, 9 0, 9 9, 0 0), (1 1, 2 1, 2 2))"])
def test_a_ring_that_is_not_closed_is_told_so(text):
    with pytest.raises(ShapeNotClosed, match="closed"):
        read_wkt(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "POLYGON",
        "POLYGON ((0 0, 10 0, 10 10, 0 0)) and more",
        "POLYGON ((0 0, 10 0, 10 10, 0 0))\0",
        "POLYGON ((0 0, 10 0, 10, 0 0))",
        "POLYGON ((0 0, 0 0))",
        "LINESTRING (1 1)",
        "CIRCULARSTRING (0 0, 1 1, 2 0)",
        "LINEARRING (0 0, 1 0, 1 1, 0 0)",
        "SRID=4326;POINT (0 0)",
        "POINT (nan nan)",
        "POLYGON ((nan 0, 1 0, 1 1, nan 0))",
        "POLYGON ((inf 0, 1 0, 1 1, inf 0))",
        "POLYGON ((1e308 0, 1 0, 1 1, 1e308 0))",
        "POLYGON ((1e999 0, 1 0, 1 1, 1e999 0))",
        "POINT (0 1000000001)",
        None,
        17,
    ],
)
def test_what_cannot_be_read_is_refused_alone_and_among_others(text):
    with pytest.raises(ShapeUnreadable):
        read_wkt(text)
    before, refusal, after = read_many(["POINT (1 1)", text, "POINT (2 2)"])
    assert isinstance(refusal, ShapeUnreadable)
    assert write_many([before, after]) == ["POINT (1 1)", "POINT (2 2)"]


@pytest.mark.parametrize("text", ["POLYGON EMPTY", "POINT EMPTY", "MULTIPOLYGON EMPTY", "MULTIPOINT (EMPTY)"])
def test_an_empty_shape_is_refused_as_empty(text):
    with pytest.raises(ShapeEmpty):
        read_wkt(text)
    assert isinstance(read_many([text])[0], ShapeEmpty)


def test_collections_are_refused_with_what_to_do():
    with pytest.raises(ShapeRefused, match="one by one"):
        read_wkt("GEOMETRYCOLLECTION (POINT (0 0))")


def test_a_million_nested_collections_end_nothing():
    text = "GEOMETRYCOLLECTION(" * 1_000_000 + "POINT (0 0)" + ")" * 1_000_000
    assert isinstance(read_many([text])[0], ShapeRefused)


def test_too_many_points_are_refused_before_they_are_read(monkeypatch):
    monkeypatch.setattr(wkt, "MOST_POINTS", 4)
    enough = "LINESTRING (0 0, 1 1, 2 2, 3 3)"
    assert write_wkt(read_wkt(enough)) == enough
    with pytest.raises(ShapeRefused, match="more than 4 points"):
        read_wkt("LINESTRING (0 0, 1 1, 2 2, 3 3, 4 4)")


def test_ten_million_points_are_refused_at_once():
    text = "LINESTRING (" + "0 0, " * 10_000_000 + "1 1)"
    with pytest.raises(ShapeRefused, match="1000000 points"):
        read_wkt(text)


def test_no_text_of_a_user_is_taken_for_a_template():
    [refusal] = read_many(["{kinds} {0}"])
    assert isinstance(refusal, ShapeUnreadable)
    assert "{kinds} {0}" in refusal.message
