"""The way back: our own files without loss, those of others as far as they say what they mean."""

import io
import json
from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from atrisys.errors import Invalid
from atrisys.exports import geojson_reading
from atrisys.exports.geojson import write_geojson
from atrisys.exports.geojson_reading import ReadAnnotation, read_geojson
from atrisys.exports.records import AnnotationRecord, ImageRecord, Problem
from atrisys.imaging.reader import Plane

H = 800
coordinate = st.one_of(st.floats(0, H), st.integers(0, H), st.floats(0, 1), st.integers(0, 8000).map(lambda n: n / 10))
point = st.tuples(coordinate, coordinate)
ring = st.lists(point, min_size=3, max_size=6)
polygon = st.lists(ring, min_size=1, max_size=3).map(lambda rings: shapely.Polygon(rings[0], rings[1:]))
shape = st.one_of(
    polygon,
    st.lists(polygon, min_size=1, max_size=2).map(shapely.MultiPolygon),
    point.map(shapely.Point),
    st.lists(point, min_size=1, max_size=3).map(shapely.MultiPoint),
    st.lists(point, min_size=2, max_size=4).map(shapely.LineString),
    st.lists(st.lists(point, min_size=2, max_size=3), min_size=1, max_size=2).map(shapely.MultiLineString),
)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
plane = st.builds(Plane, st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))
record = st.builds(
    AnnotationRecord,
    id=st.integers(1, 2**53),
    image_id=st.just(12),
    shape=shape,
    class_id=st.integers(0, 255),
    class_name=text,
    terms=st.lists(text, max_size=3).map(tuple),
    source=st.none() | text,
    parent_id=st.none() | st.integers(1, 2**53),
    plane=plane,
)


def image(height=H):
    return ImageRecord(12, "slide.svs", 1000, height)


def file_of(value):
    return io.BytesIO(value if isinstance(value, bytes) else json.dumps(value).encode())


def feature(geometry=None, **properties):
    geometry = {"type": "Point", "coordinates": [3, 4]} if geometry is None else geometry
    return {"type": "Feature", "geometry": geometry, "properties": properties}


@given(st.lists(record, max_size=4), st.sampled_from(["left-top", "left-bottom"]), st.integers(1, 3))
@settings(deadline=None, max_examples=150)
def test_what_was_written_is_read_without_loss(records, origin, chunk):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("atrisys.exports.json_layout._CHUNK", chunk * 7)
        file = read_geojson(io.BytesIO(b"".join(write_geojson(records, image(), origin, []))), H)
    assert file.image["name"] == "slide.svs"
    read = list(file)
    assert len(file) == len(read) == len(records)
    for number, (one, back) in enumerate(zip(records, read, strict=True), 1):
        assert isinstance(back, ReadAnnotation)
        assert file.origin == origin
        assert back.number == number
        assert back.shape.geom_type == one.shape.geom_type
        assert shapely.get_coordinates(back.shape).tolist() == shapely.get_coordinates(one.shape).tolist()
        assert shapely.equals_exact(back.shape, one.shape, 0)
        assert (back.annotation_id, back.image_id) == (one.id, 12)
        assert back.terms == one.terms
        assert (back.source, back.parent_id, back.plane) == (one.source, one.parent_id, one.plane)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | text | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["type", "features", "geometry", "coordinates", "properties", "origin", "plane", "terms"]
                )
                | text,
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
@settings(deadline=None, max_examples=200)
def test_any_json_is_read_or_refused_by_name(value):
    for origin in ("left-top", "left-bottom"):
        for whole in (
            value,
            [value],
            {"features": [value]},
            [feature(value)],
            [feature({"type": "Polygon", "coordinates": value})],
        ):
            try:
                file = read_geojson(file_of(whole), H, origin)
            except Invalid:
                continue
            assert all(isinstance(one, ReadAnnotation | Problem) for one in file)


@given(st.binary(max_size=60) | st.text('{}[]":,\\ \n1efatures', max_size=60).map(str.encode))
@settings(deadline=None, max_examples=300)
def test_any_bytes_are_read_or_refused_by_name(data):
    for start in (b"", b"[", b'{"features":[', b'{"features":[{"type":"Feature"'):
        try:
            list(read_geojson(io.BytesIO(start + data), H, "left-top"))
        except Invalid:
            continue


def test_a_file_that_does_not_say_its_origin_is_refused_unless_it_is_given():
    with pytest.raises(Invalid, match="left-top"):
        read_geojson(file_of([feature()]), H)
    for origin, y in (("left-top", 4), ("left-bottom", H - 4)):
        [one] = read_geojson(file_of([feature()]), H, origin)
        assert (one.shape.x, one.shape.y) == (3, y)


def test_the_origin_may_stand_after_the_features_or_in_the_features_alone():
    behind = file_of({"type": "FeatureCollection", "features": [feature()], "origin": "left-bottom"})
    [one] = read_geojson(behind, H)
    assert one.shape.y == H - 4
    inside = file_of([feature(origin="left-bottom"), feature(), feature(origin="left-top")])
    assert [one.shape.y for one in read_geojson(inside, H)] == [H - 4, H - 4, 4]


def test_a_given_origin_that_the_file_contradicts_is_refused():
    with pytest.raises(Invalid, match="Leave the origin out"):
        read_geojson(file_of({"features": [], "origin": "left-top"}), H, "left-bottom")
    first, second = read_geojson(file_of([feature(), feature(origin="left-top")]), H, "left-bottom")
    assert first.shape.y == H - 4
    assert (second.number, "left-top" in second.reason) == (2, True)
    with pytest.raises(Invalid, match="not known"):
        read_geojson(file_of({"features": [], "origin": "top"}), H)


def test_left_bottom_coordinates_of_a_picture_of_another_height_are_refused():
    data = b"".join(write_geojson([AnnotationRecord(1, 12, shapely.Point(1, 2))], image(), "left-bottom", []))
    with pytest.raises(Invalid, match="801"):
        read_geojson(io.BytesIO(data), 801)
    same = b"".join(write_geojson([AnnotationRecord(1, 12, shapely.Point(1, 2))], image(), "left-top", []))
    [one] = read_geojson(io.BytesIO(same), 801)
    assert one.shape.y == 2


def test_the_bare_list_of_qupath_is_read_with_its_classes():
    polygon = {"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 0]]], "plane": {"c": -1, "z": 2, "t": 0}}
    features = [
        {
            "type": "Feature",
            "id": "d9a6",
            "geometry": polygon,
            "properties": {"objectType": "annotation", "classification": {"name": "Tumor", "color": [200, 0, 0]}},
        },
        feature(classification={"names": ["Tumor", "Positive"]}),
        feature(classification="Stroma"),
        feature(class_name="mitosis", class_id=3),
        feature(class_name="Unlabeled", class_id=255),
        feature(),
    ]
    read = list(read_geojson(file_of(features), H, "left-top"))
    terms = [("Tumor",), ("Tumor: Positive",), ("Stroma",), ("mitosis",), (), ()]
    assert [one.terms for one in read] == terms
    assert read[0].plane == Plane(0, 2, 0)
    assert read[0].shape.wkt == "POLYGON ((0 0, 9 0, 9 9, 0 0))"


def test_a_single_feature_and_a_byte_order_mark_are_read():
    [one] = read_geojson(io.BytesIO(b"\xef\xbb\xbf" + json.dumps(feature(origin="left-bottom")).encode()), H)
    assert one.shape.y == H - 4
    [one] = read_geojson(io.BytesIO(b"\xef\xbb\xbf" + json.dumps([feature()]).encode()), H, "left-top")
    assert one.shape.y == 4


def test_one_bad_feature_is_named_by_its_number_and_the_rest_is_kept():
    bad = [
        feature({"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9]]]}),
        feature({"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [1, 1]]]}),
        feature({"type": "GeometryCollection", "geometries": []}),
        feature({"type": "Point", "coordinates": []}),
        feature({"type": "Point", "coordinates": [1e300, 5]}),
        feature({"type": "Point", "coordinates": ["1", 5]}),
        feature({"type": "Point"}),
        {"type": "Feature", "geometry": None, "properties": {}},
        {"type": "Point", "coordinates": [1, 2]},
        7,
        None,
        [],
    ]
    for origin in ("left-top", "left-bottom"):
        for one in bad:
            first, problem, last = read_geojson(file_of([feature(), one, feature()]), H, origin)
            assert isinstance(problem, Problem), one
            assert problem.number == 2
            assert problem.reason
            assert first.shape == last.shape
    broken = b'[{"type":"Feature" 5}, ' + json.dumps(feature()).encode() + b"]"
    problem, good = read_geojson(io.BytesIO(broken), H, "left-top")
    assert (problem.number, good.number) == (1, 2)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"hello",
        b"7",
        b'"text"',
        b"{}",
        b'{"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 0]]]}',
        b'{"type": "FeatureCollection"}',
        b'{"features": {}}',
        b'{"features": [',
        b'{"features": [{"type": "Feature"',
        b'{"features": ["abc',
        b'{"features": [] ',
        b'{"features": []} {}',
        b'{"features": []}]',
        b'{"features": [], "features": []}',
        b'{"features" []}',
        b"[,]",
        b"[1,]",
        b"{1: 2}",
        b'{"origin": nonsense, "features": []}',
    ],
)
def test_what_is_no_geojson_is_refused(data):
    with pytest.raises(Invalid):
        read_geojson(io.BytesIO(data), H, "left-top")


def test_deep_nesting_is_refused_and_ends_nothing():
    depth = 2_000_000
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"1}")):
        deep = opening * depth + closing * depth
        with pytest.raises(Invalid, match="deep"):
            read_geojson(io.BytesIO(b"[" + deep + b"]"), H, "left-top")
    nested = b"[" * depth + b"1,1" + b"]" * depth
    text = b'[{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":' + nested + b"}}]"
    for origin in ("left-top", "left-bottom"):
        [problem] = read_geojson(io.BytesIO(text), H, origin)
        assert isinstance(problem, Problem)
    collection = b'{"type":"GeometryCollection","geometries":[' * 90 + b"]}" * 90
    [problem] = read_geojson(io.BytesIO(b'[{"type":"Feature","geometry":' + collection + b"}]"), H, "left-top")
    assert "GeometryCollection" in problem.reason
    many = b"[" * 900 + b"1,1" + b"]" * 900
    text = b'[{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":' + many + b"}}]"
    for origin in ("left-top", "left-bottom"):
        [problem] = read_geojson(io.BytesIO(text), H, origin)
        assert isinstance(problem, Problem)


def test_a_feature_that_is_too_large_is_not_read(monkeypatch):
    monkeypatch.setattr(geojson_reading, "LARGEST_FEATURE", 300)
    file = read_geojson(file_of([feature(), feature(note="x" * 400)]), H, "left-top")
    _, problem = file
    assert "300 bytes" in problem.reason


def test_escapes_and_brackets_in_texts_do_not_mislead(tmp_path: Path):
    path = tmp_path / "shapes.geojson"
    name = 'a "quoted" \\ {[ \\" ]} name'
    text = json.dumps(
        {
            "type": "FeatureCollection",
            "features": [feature(class_name=name), feature()],
            "origin": "left-top",
            "note": name,
        }
    )
    path.write_text(text)
    file = read_geojson(path, H)
    assert [one.terms for one in file] == [(name,), ()]
    assert [one.terms for one in file] == [(name,), ()]


def test_numbers_of_absurd_length_end_nothing():
    for number in ("1e999999999", "-1e999999999", "1e-999999999", "9" * 100_000, "0." + "3" * 100_000):
        text = json.dumps([feature({"type": "Point", "coordinates": [1, 2]})]).replace("2]", number + "]")
        for origin in ("left-top", "left-bottom"):
            [one] = read_geojson(io.BytesIO(text.encode()), H, origin)
            assert isinstance(one, Problem) or 0 <= one.shape.y <= H
