"""GeoJSON: what a script of Cytomine's users would write, in either frame, and one bad annotation that ends nothing."""

import json

import pytest
import shapely

from atrisys.errors import Invalid
from atrisys.exports.geojson import write_geojson
from atrisys.exports.records import AnnotationRecord, ImageRecord, Problem
from atrisys.imaging.reader import Plane

IMAGE = ImageRecord(12, "slide.svs", 1000, 800, 0.25, 0.25, 40.0, "case 7")
TRIANGLE = shapely.Polygon([(0, 0), (10.5, 0), (10, 20)], [[(9, 1), (9.5, 1), (9.5, 2)]])


def written(records, origin="left-top", problems=None):
    return json.loads(b"".join(write_geojson(records, IMAGE, origin, [] if problems is None else problems)))


def test_features_have_the_properties_of_the_users_script_and_more():
    record = AnnotationRecord(5, 12, TRIANGLE, 3, "tumour", ("tumour", "necrosis"), "model 1.0", 4, Plane(0, 2, 0))
    read = written([record])
    assert read["type"] == "FeatureCollection"
    assert read["origin"] == "left-top"
    assert read["image"] == {
        "id": 12,
        "name": "slide.svs",
        "width": 1000,
        "height": 800,
        "mpp_x": 0.25,
        "mpp_y": 0.25,
        "magnification": 40.0,
        "case": "case 7",
    }
    [feature] = read["features"]
    assert feature["type"] == "Feature"
    assert feature["geometry"] == json.loads(json.dumps(shapely.geometry.mapping(TRIANGLE)))
    assert feature["properties"] == {
        "image_id": 12,
        "annotation_id": 5,
        "class_id": 3,
        "class_name": "tumour",
        "origin": "left-top",
        "terms": ["tumour", "necrosis"],
        "source": "model 1.0",
        "parent_id": 4,
        "plane": {"c": 0, "z": 2, "t": 0},
    }


def test_a_plain_annotation_has_no_empty_keys():
    [feature] = written([AnnotationRecord(5, 12, shapely.Point(1, 2))])["features"]
    assert feature["properties"] == {
        "image_id": 12,
        "annotation_id": 5,
        "class_id": 255,
        "class_name": "Unlabeled",
        "origin": "left-top",
        "terms": [],
    }


def test_left_bottom_counts_y_upwards_and_says_so():
    read = written([AnnotationRecord(5, 12, shapely.to_wkb(TRIANGLE))], "left-bottom")
    [feature] = read["features"]
    assert (read["origin"], feature["properties"]["origin"]) == ("left-bottom", "left-bottom")
    outer, hole = feature["geometry"]["coordinates"]
    assert outer == [[0, 800], [10.5, 800], [10, 780], [0, 800]]
    assert hole == [[9, 799], [9.5, 799], [9.5, 798], [9, 799]]


def test_left_bottom_keeps_every_decimal():
    text = b"".join(write_geojson([AnnotationRecord(1, 12, shapely.Point(0.1, 1e-30))], IMAGE, "left-bottom", []))
    assert b"[0.1,799." + b"9" * 30 + b"]" in text


def test_no_annotations_make_an_empty_collection():
    assert written([])["features"] == []


def test_thousands_of_annotations_keep_their_order():
    records = (AnnotationRecord(i, 12, shapely.Point(i, 1)) for i in range(5000, 0, -1))
    features = written(records)["features"]
    assert [feature["properties"]["annotation_id"] for feature in features] == list(range(5000, 0, -1))
    assert features[3]["geometry"]["coordinates"] == [4997, 1]


@pytest.mark.parametrize("origin", ["left-top", "left-bottom"])
def test_what_cannot_be_written_is_named_and_the_rest_is_written(origin):
    records = [
        AnnotationRecord(1, 12, b"no WKB"),
        AnnotationRecord(2, 12, shapely.Point(1, 2)),
        AnnotationRecord(3, 12, shapely.Polygon()),
        AnnotationRecord(4, 12, shapely.LineString([(0, 0), (float("inf"), 1)])),
        AnnotationRecord(5, 12, shapely.Point(1, 2), terms=("\ud800",)),
        AnnotationRecord(6, 12, shapely.Point(3, 4)),
    ]
    problems: list[Problem] = []
    features = written(records, origin, problems)["features"]
    assert [feature["properties"]["annotation_id"] for feature in features] == [2, 6]
    assert [problem.annotation_id for problem in problems] == [1, 3, 4, 5]
    assert all(problem.reason for problem in problems)


def test_a_third_ordinate_is_left_out():
    [feature] = written([AnnotationRecord(1, 12, shapely.Point(1, 2, 3))])["features"]
    assert feature["geometry"]["coordinates"] == [1, 2]


def test_an_unknown_origin_is_refused_before_anything_is_written():
    with pytest.raises(Invalid, match="left-bottom"):
        write_geojson([], IMAGE, "top", [])  # pyright: ignore[reportArgumentType]
