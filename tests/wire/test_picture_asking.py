import pytest
import shapely

from atrisys.errors import Invalid, ShapeRefused
from atrisys.imaging.reader import SlideFacts
from atrisys.wire.picture_asking import MOST_IDS, PictureWords

FACTS = SlideFacts("SVS", 900, 700, ())


def asked(**said):
    return PictureWords(said)


@pytest.mark.parametrize("nothing", ["", " ", "None", "null", "undefined"])
def test_clients_say_nothing_in_several_words(nothing):
    words = asked(maxSize=nothing, bits=nothing, annotations=nothing, inverse=nothing, location=nothing)
    assert words.max_size is None
    assert words.ids("annotations") is None
    assert words.display == asked().display
    assert words.shape(FACTS) is None


def test_numbers_are_whole_or_refused():
    assert asked(maxSize="512").max_size == 512
    assert asked(maxSize="512.0").max_size == 512
    assert asked(zoom="3").zoom == 3
    for wrong in ("1.5", "x", "nan", "inf", "1e400", str(2**31), "9" * 5000):
        with pytest.raises(Invalid):
            _ = asked(maxSize=wrong).max_size


def test_ids_are_lists_with_commas():
    assert asked(terms="1, 2,3").ids("terms") == [1, 2, 3]
    assert asked(terms="[4]").ids("terms") == [4]
    for wrong in ("a", "1;2", "-1", "9" * 30, ",".join(["1"] * (MOST_IDS + 1))):
        with pytest.raises(Invalid):
            asked(terms=wrong).ids("terms")


def test_shapes_are_turned_once():
    box = "POLYGON ((0 0, 0 10, 20 10, 20 0, 0 0))"
    assert asked(location=box).shape(FACTS).equals(shapely.box(0, 690, 20, 700))
    assert asked(geometry=box, origin="left-top").shape(FACTS).equals(shapely.box(0, 0, 20, 10))


def test_shapes_beyond_the_slide_and_no_shapes_are_refused():
    with pytest.raises(Invalid, match="beyond the image"):
        asked(location="POINT (901 0)").shape(FACTS)
    with pytest.raises(ShapeRefused):
        asked(location="GEOMETRYCOLLECTION (POINT (1 1))").shape(FACTS)
    with pytest.raises(Invalid, match="origin"):
        asked(location="POINT (1 1)", origin="middle").shape(FACTS)


def test_booleans_are_spelled_as_python_and_javascript_do():
    assert asked(safe="True").safe
    assert asked(safe="true").safe
    assert not asked(safe="False").safe
    assert not asked().safe
