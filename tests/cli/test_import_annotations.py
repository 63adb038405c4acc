import json

import pytest
import shapely
from shapely.geometry import mapping

from given import slides


@pytest.fixture
def image(installation, tmp_path):
    project = installation.project("Skin", "Tumour")
    slides.svs(tmp_path / "a.svs", width=700, height=500)
    return installation.json("import", tmp_path / "a.svs", "--project", project)["imageInstance"]


def write(tmp_path, *features, **members):
    file = tmp_path / "shapes.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": list(features), **members}), encoding="utf-8")
    return file


def feature(shape, *terms):
    return {"type": "Feature", "properties": {"terms": list(terms)}, "geometry": mapping(shape)}


def test_a_file_without_an_origin_needs_the_option(installation, image, tmp_path):
    file = write(tmp_path, feature(shapely.box(1, 2, 30, 40), "Tumour"))
    refused = installation.run("annotations", "import", file, "--image", image, status=1)
    assert refused.stdout == ""
    assert "left-top" in refused.stderr
    said = installation.json("annotations", "import", file, "--image", image, "--origin", "left-top")
    assert said["added"] == 1


def test_problems_are_named_by_place_and_make_the_status_1(installation, image, tmp_path):
    outside = feature(shapely.box(5000, 5000, 5100, 5100))
    file = write(tmp_path, feature(shapely.box(1, 2, 30, 40)), outside, origin="left-top")
    said = installation.json("annotations", "import", file, "--image", image, status=1)
    assert said["added"] == 1
    assert [problem["number"] for problem in said["problems"]] == [2]


def test_unknown_terms_are_refused_added_or_left_out(installation, image, tmp_path):
    file = write(tmp_path, feature(shapely.box(1, 2, 30, 40), "Necrosis"), origin="left-top")
    words = ["annotations", "import", file, "--image", image]
    refused = installation.run(*words, status=1)
    assert "Necrosis" in refused.stderr
    assert "--unknown-terms add" in refused.stderr
    assert installation.json(*words, "--unknown-terms", "leave-out")["leftOutTerms"] == ["Necrosis"]
    assert installation.json(*words, "--unknown-terms", "add")["addedTerms"] == ["Necrosis"]
    assert installation.json(*words)["addedTerms"] == []


def test_an_unknown_image_and_a_file_that_is_no_json_are_refused(installation, image, tmp_path):
    file = write(tmp_path, origin="left-top")
    assert "was not found" in installation.run("annotations", "import", file, "--image", 999_999, status=1).stderr
    file.write_text("no JSON")
    assert installation.run("annotations", "import", file, "--image", image, status=1).stdout == ""


def test_the_layer_is_that_of_who_is_named(installation, image, tmp_path):
    from sqlalchemy import select

    from atrisys.store.tables import SecUser, UserAnnotation

    installation.run("user", "add", "bob")
    file = write(tmp_path, feature(shapely.box(1, 2, 30, 40)), origin="left-top")
    installation.run("annotations", "import", file, "--image", image, "--user", "bob")
    with installation.reading() as db:
        query = select(SecUser.username).join(UserAnnotation, UserAnnotation.user_id == SecUser.id)
        assert list(db.scalars(query)) == ["bob"]
