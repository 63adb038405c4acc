"""An export says of each image what a member sees of it, as the users' script would; a bad annotation never ends it."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
import tifffile
from PIL import Image
from shapely.geometry import shape as read_shape
from sqlalchemy import select, update

from atrisys.access.caller import caller_for
from atrisys.actions import history
from atrisys.actions.export_training_data import USUAL, Wanted, export_training_data, wanted_from
from atrisys.errors import Invalid, NotFound
from atrisys.exports.class_map import ClassMap
from atrisys.store.tables import AnnotationTerm, Project, SecUser, UserAnnotation
from exports.script_drawing import draw_as_the_script_does
from given import slides

HOLED = "POLYGON ((20 20, 20 180, 180 180, 180 20, 20 20), (60 60, 60 100, 100 100, 100 60, 60 60))"
OVERLAP = "POLYGON ((100.5 100.25, 100.5 250, 280 250, 280 100.25, 100.5 100.25))"
PARTS = "MULTIPOLYGON (((300 10, 300 50, 340 50, 340 10, 300 10)), ((350 60, 350 90, 390 90, 350 60)))"
POINT = "POINT (7 9)"


@pytest.fixture
def skin(given, alice, bob):
    """A project with two terms and an image of 400 x 300 px, seen by alice and bob."""

    class Skin:
        ontology = given.ontology(alice)
        tumour, stroma = given.term(ontology, "Tumour"), given.term(ontology, "Stroma")
        project = given.project(alice, [bob], ontology=ontology)
        image = given.image(project, alice, width=400, height=300, original_filename="case 7.svs")
        drawn = (
            given.annotation(image, alice, HOLED, [tumour]),
            given.annotation(image, bob, OVERLAP, [stroma, tumour]),
            given.annotation(image, alice, PARTS),
            given.annotation(image, alice, POINT, [stroma]),
        )

    return Skin


def turned(wkt: str, height: int = 300):
    return shapely.transform(shapely.from_wkt(wkt), lambda points: points * (1, -1) + (0, height))


def read_mask(path: Path):
    with Image.open(path) as mask:
        assert mask.mode == "L"
        return np.asarray(mask)


def test_masks_are_what_the_script_draws_from_the_listing_in_image_order(store, skin, alice, tmp_path):
    export_training_data(store, alice.caller, skin.project.id, tmp_path, Wanted())
    newest_first = [(turned(POINT), 2), (turned(PARTS), 255), (turned(OVERLAP), 2), (turned(HOLED), 1)]
    mask = read_mask(tmp_path / f"{skin.image.id}_mask.png")
    assert np.array_equal(mask, draw_as_the_script_does(newest_first, 400, 300))
    assert set(np.unique(mask)) == {0, 1, 2, 255}


def test_geojson_has_the_scripts_properties_in_the_listings_order(store, skin, alice, tmp_path):
    export_training_data(store, alice.caller, skin.project.id, tmp_path, Wanted())
    file = json.loads((tmp_path / f"{skin.image.id}.geojson").read_text(encoding="utf-8"))
    assert file["origin"] == "left-top"
    said = [
        [one["properties"][key] for key in ("image_id", "annotation_id", "class_id", "class_name")]
        for one in file["features"]
    ]
    image, (holed, overlap, parts, point) = skin.image.id, [row.id for row in skin.drawn]
    assert said == [
        [image, point, 2, "Stroma"],
        [image, parts, 255, "Unlabeled"],
        [image, overlap, 2, "Stroma"],
        [image, holed, 1, "Tumour"],
    ]
    assert file["features"][2]["properties"]["terms"] == ["Stroma", "Tumour"]
    assert read_shape(file["features"][3]["geometry"]).equals_exact(turned(HOLED), 0)


def test_the_manifest_says_what_there_is(store, skin, alice, tmp_path):
    said = export_training_data(store, alice.caller, skin.project.id, tmp_path, Wanted())
    written = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert {**said, "created": None} == {**written, "created": None}
    (image,) = written["images"]
    assert (image["name"], image["width"], image["height"], image["annotations"]) == ("case 7.svs", 400, 300, 4)
    assert image["classes"] == {"Stroma": 2, "Unlabeled": 1, "Tumour": 1}
    assert image["files"] == {"geojson": f"{image['id']}.geojson", "mask": f"{image['id']}_mask.png"}
    assert written["classMap"] == {"Tumour": 1, "Stroma": 2}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["manifest.json", *image["files"].values()])


def test_coordinates_begin_where_they_are_asked_to_and_masks_stay_upright(store, skin, alice, tmp_path):
    (tmp_path / "a").mkdir()
    export_training_data(store, alice.caller, skin.project.id, tmp_path / "a", Wanted())
    export_training_data(store, alice.caller, skin.project.id, tmp_path / "b", Wanted(origin="left-bottom"))
    name = f"{skin.image.id}.geojson"
    file = json.loads((tmp_path / "b" / name).read_text(encoding="utf-8"))
    assert file["origin"] == "left-bottom"
    assert read_shape(file["features"][3]["geometry"]).equals_exact(shapely.from_wkt(HOLED), 0)
    masks = [read_mask(tmp_path / folder / f"{skin.image.id}_mask.png") for folder in "ab"]
    assert np.array_equal(*masks)
    said = [json.loads((tmp_path / folder / "manifest.json").read_text(encoding="utf-8")) for folder in "ab"]
    assert [manifest["images"][0]["origins"] for manifest in said] == [
        {"geojson": "left-top", "mask": "left-top"},
        {"geojson": "left-bottom", "mask": "left-top"},
    ]


def test_a_class_map_decides_the_numbers_and_what_it_leaves_out_is_noted(store, skin, alice, tmp_path):
    wanted = Wanted(class_map=ClassMap({"Tumour": 9, "Necrosis": 3}))
    manifest = export_training_data(store, alice.caller, skin.project.id, tmp_path, wanted)
    assert set(np.unique(read_mask(tmp_path / f"{skin.image.id}_mask.png"))) == {0, 9, 255}
    assert any("Stroma" in note for note in manifest["notes"])
    assert any("Necrosis" in note for note in manifest["notes"])


def test_only_the_images_that_are_named_are_exported(store, given, skin, alice, tmp_path):
    other = given.image(skin.project, alice, width=50, height=40)
    export_training_data(store, alice.caller, skin.project.id, tmp_path, Wanted(images=(other.id,), kinds=("masks",)))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([f"{other.id}_mask.png", "manifest.json"])
    assert read_mask(tmp_path / f"{other.id}_mask.png").shape == (40, 50)


def test_a_stranger_exports_nothing(store, skin, charlie, tmp_path):
    with pytest.raises(NotFound):
        export_training_data(store, charlie.caller, skin.project.id, tmp_path / "out", Wanted())
    assert not (tmp_path / "out").exists()


def test_an_image_of_another_project_is_not_found(store, given, skin, alice, tmp_path):
    elsewhere = given.image(given.project(alice), alice, width=50, height=40)
    with pytest.raises(NotFound):
        export_training_data(store, alice.caller, skin.project.id, tmp_path, Wanted(images=(elsewhere.id,)))


def test_hidden_layers_are_not_exported_to_contributors(store, skin, alice, bob, tmp_path):
    with store.writing() as db:
        db.execute(update(Project).where(Project.id == skin.project.id).values(hide_admins_layers=True))
    export_training_data(store, bob.caller, skin.project.id, tmp_path, Wanted())
    file = json.loads((tmp_path / f"{skin.image.id}.geojson").read_text(encoding="utf-8"))
    assert [one["properties"]["annotation_id"] for one in file["features"]] == [skin.drawn[1].id]


def test_a_blind_project_tells_neither_names_nor_cases(store, skin, bob, tmp_path):
    with store.writing() as db:
        db.execute(update(Project).where(Project.id == skin.project.id).values(blind_mode=True))
    export_training_data(store, bob.caller, skin.project.id, tmp_path, Wanted())
    for path in tmp_path.iterdir():
        assert b"case 7" not in path.read_bytes()


def test_one_bad_annotation_is_named_and_the_rest_is_exported(store, skin, alice, tmp_path):
    bad = skin.drawn[1].id
    with store.writing() as db:
        db.execute(update(UserAnnotation).where(UserAnnotation.id == bad).values(shape=b"no WKB"))
    manifest = export_training_data(store, alice.caller, skin.project.id, tmp_path, Wanted())
    problems = manifest["images"][0]["problems"]
    assert [(one["annotation"], one["file"]) for one in problems] == [(bad, "geojson"), (bad, "mask")]
    file = json.loads((tmp_path / f"{skin.image.id}.geojson").read_text(encoding="utf-8"))
    assert len(file["features"]) == 3
    assert set(np.unique(read_mask(tmp_path / f"{skin.image.id}_mask.png"))) == {0, 1, 255}


def test_the_first_term_that_was_given_decides_the_class(store, skin, alice, tmp_path, db):
    user = db.get_one(SecUser, alice.id)
    with store.writing() as writing:
        caller = caller_for(writing, user, "token", "api")
        link = {"annotation_id": skin.drawn[2].id, "project_id": skin.project.id, "layer_id": alice.id}
        for term in (skin.stroma, skin.tumour):
            history.add(writing, caller, AnnotationTerm(term_id=term.id, user_id=alice.id, **link))
    export_training_data(store, alice.caller, skin.project.id, tmp_path, Wanted())
    assert read_mask(tmp_path / f"{skin.image.id}_mask.png")[300 - 30, 320] == 2


def test_a_picture_is_the_slide_at_full_resolution(store, given, alice, tmp_path):
    project = given.project(alice)
    source = slides.svs(tmp_path / "slide.svs", width=700, height=500)
    image_id = given.slide(alice, project, path=source).image_instance_ids[0]
    wanted = Wanted(kinds=("pictures",))
    manifest = export_training_data(store, alice.caller, project.id, tmp_path / "out", wanted)
    assert manifest["images"][0]["files"]["picture"] == f"{image_id}.jpg"
    assert manifest["images"][0]["mppX"] == pytest.approx(0.25)
    with Image.open(tmp_path / "out" / f"{image_id}.jpg") as picture:
        assert picture.size == (700, 500)
        pixels = np.asarray(picture).astype(int)
    with tifffile.TiffFile(source) as tif:
        original = tif.pages[0].asarray().astype(int)
    assert np.abs(pixels - original).mean() < 3


def test_a_picture_without_a_file_is_a_problem_and_not_the_end(store, skin, alice, tmp_path):
    manifest = export_training_data(store, alice.caller, skin.project.id, tmp_path, Wanted(kinds=(*USUAL, "pictures")))
    (image,) = manifest["images"]
    assert set(image["files"]) == {"geojson", "mask"}
    assert [(one["file"], one["annotation"]) for one in image["problems"]] == [("picture", None)]


def test_a_slide_too_large_for_png_gets_a_tiled_pyramid(store, given, alice, tmp_path):
    project = given.project(alice)
    image = given.image(project, alice, width=66_000, height=40)
    given.annotation(image, alice, "POLYGON ((65000 5, 65000 30, 65900 30, 65900 5, 65000 5))")
    manifest = export_training_data(store, alice.caller, project.id, tmp_path, Wanted())
    assert manifest["images"][0]["files"]["mask"] == f"{image.id}_mask.tif"
    with tifffile.TiffFile(tmp_path / f"{image.id}_mask.tif") as tif:
        assert tif.pages[0].is_tiled
        assert len(tif.pages) > 1
        assert tif.pages[0].asarray()[20, 65_500] == 255


def test_progress_goes_up_to_one(store, skin, alice, tmp_path):
    heard = []
    report = lambda part, _words: heard.append(part)  # noqa: E731
    export_training_data(store, alice.caller, skin.project.id, tmp_path, Wanted(), report)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_many_annotations_pass_by_in_batches_and_none_is_lost(store, given, alice, tmp_path, monkeypatch):
    monkeypatch.setattr("atrisys.actions.training_records.BATCH", 3)
    project = given.project(alice)
    image = given.image(project, alice, width=400, height=300)
    ids = [given.annotation(image, alice).id for _ in range(10)]
    export_training_data(store, alice.caller, project.id, tmp_path, Wanted(kinds=("geojson",)))
    file = json.loads((tmp_path / f"{image.id}.geojson").read_text(encoding="utf-8"))
    assert [one["properties"]["annotation_id"] for one in file["features"]] == ids[::-1]


@pytest.mark.parametrize(
    "said", [{"classMap": {"a": 256}}, {"classMap": []}, {"origin": "middle"}, {"classMap": {"a": "1"}}]
)
def test_a_request_that_cannot_be_met_is_refused(said):
    with pytest.raises(Invalid):
        wanted_from(said)


@pytest.fixture
def many_terms(given, alice):
    """A project with a term more than a mask has numbers for, drawn with the last one, on a slide without pixels."""
    ontology = given.ontology(alice)
    terms = [given.term(ontology, f"term {number}") for number in range(255)]
    project = given.project(alice, ontology=ontology)
    given.annotation(given.image(project, alice, width=100, height=100), alice, terms=terms[-1:])
    return project


def test_without_masks_there_may_be_any_number_of_terms(store, many_terms, alice, tmp_path):
    wanted = Wanted(kinds=("geojson",))
    manifest = export_training_data(store, alice.caller, many_terms.id, tmp_path, wanted)
    [image] = manifest["images"]
    assert image["classes"] == {"term 254": 1}
    assert manifest["notes"] == ["Terms without a number, drawn as 255: term 254."]
    address = f"/api/atrisys/imageinstance/{image['id']}"
    [feature] = alice.get(f"{address}/annotations.geojson").json()["features"]
    assert (feature["properties"]["class_id"], feature["properties"]["class_name"]) == (255, "term 254")
    assert alice.get(f"{address}/mask.png").status_code == 400


def test_more_terms_than_numbers_ask_for_a_class_map(store, many_terms, alice, tmp_path, db):
    with pytest.raises(Invalid, match="class map"):
        export_training_data(store, alice.caller, many_terms.id, tmp_path, Wanted())
    assert db.scalar(select(Project.id).where(Project.id == many_terms.id))
