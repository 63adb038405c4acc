"""Training data over HTTP: for members, in image order, as a job, as a zip, or one image at once."""

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from atrisys.actions.export_training_data import KINDS
from atrisys.jobs.rooms import ROOMS
from atrisys.resources.export import Kinds
from atrisys.store.tables import Job

HOLED = "POLYGON ((20 20, 20 180, 180 180, 180 20, 20 20), (60 60, 60 100, 100 100, 100 60, 60 60))"


@pytest.fixture
def skin(given, alice, bob):
    class Skin:
        ontology = given.ontology(alice)
        tumour = given.term(ontology, "Tumour")
        project = given.project(alice, [bob], ontology=ontology, name="Skin / 2026")
        image = given.image(project, alice, width=400, height=300)
        holed = given.annotation(image, alice, HOLED, [tumour])
        loose = given.annotation(image, bob, "POLYGON ((200 10, 200 60, 260 60, 260 10, 200 10))")

    return Skin


def addresses(skin):
    image, project = skin.image.id, skin.project.id
    return [
        f"/api/atrisys/imageinstance/{image}/annotations.geojson",
        f"/api/atrisys/imageinstance/{image}/mask.png",
        f"/api/atrisys/project/{project}/export.zip",
    ]


def test_geojson_of_one_image_is_in_image_order_and_says_so(bob, skin):
    answer = bob.get(addresses(skin)[0])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["cache-control"] == "no-store"
    file = answer.json()
    assert file["origin"] == "left-top"
    assert [one["properties"]["annotation_id"] for one in file["features"]] == [skin.loose.id, skin.holed.id]
    assert file["features"][1]["geometry"]["coordinates"][0][0] == [20, 280]


def test_geojson_can_be_asked_for_in_cytomines_frame(bob, skin):
    file = bob.get(addresses(skin)[0], params={"origin": "left-bottom"}).json()
    assert file["origin"] == "left-bottom"
    assert file["features"][1]["geometry"]["coordinates"][0][0] == [20, 20]
    assert bob.get(addresses(skin)[0], params={"origin": "middle"}).status_code == 400


def test_the_mask_of_one_image_has_its_size_and_classes(bob, skin):
    answer = bob.get(addresses(skin)[1])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["x-left-out"] == "0"
    mask = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert mask.shape == (300, 400)
    assert (mask[300 - 30, 30], mask[300 - 80, 80], mask[300 - 30, 230], mask[5, 5]) == (1, 0, 255, 0)


def test_a_zip_holds_the_files_and_the_manifest(bob, skin):
    answer = bob.get(addresses(skin)[2], params={"masks": "true", "geojson": "true"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert 'filename="Skin _ 2026 training data.zip"' in answer.headers["content-disposition"]
    image = skin.image.id
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"{image}.geojson", f"{image}_mask.png", "manifest.json"]
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["images"][0]["annotations"] == 2


def test_a_zip_leaves_nothing_in_the_data_folder(bob, skin, store):
    before = sorted(store.folder.tmp.rglob("*"))
    bob.get(addresses(skin)[2])
    assert sorted(store.folder.tmp.rglob("*")) == before


def test_nobody_and_strangers_get_nothing(nobody, charlie, skin):
    for address in addresses(skin):
        assert nobody.get(address).status_code == 401, address
        assert charlie.get(address).status_code == 404, address
    start = f"/api/atrisys/project/{skin.project.id}/export.json"
    assert nobody.post(start, json={}).status_code == 401
    assert charlie.post(start, json={}).status_code == 404


def test_the_cookie_of_a_signed_request_opens_downloads(bob, skin, nobody):
    signed = bob.get("/api/user/current.json")
    cookies = dict(signed.cookies)
    assert cookies
    for address in addresses(skin):
        assert (
            nobody.get(address, headers={"cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())}).status_code
            == 200
        )


def test_an_export_is_a_job_that_says_what_it_was_asked_for(bob, skin, db):
    asked = {"masks": True, "images": [skin.image.id], "classMap": {"Tumour": 7}, "origin": "left-bottom"}
    answer = bob.post(f"/api/atrisys/project/{skin.project.id}/export.json", json=asked)
    assert answer.status_code == 200
    said = answer.json()
    assert (said["name"], said["state"], said["project"]) == ("export_training_data", "waiting", skin.project.id)
    job = db.get_one(Job, said["id"])
    assert job.name in ROOMS
    assert job.arguments["classMap"] == {"Tumour": 7}
    assert bob.get(f"/api/atrisys/job/{job.id}.json").json()["id"] == job.id


@pytest.mark.parametrize(
    "asked",
    [{"classMap": {"Tumour": 300}}, {"classMap": [1]}, {"origin": "middle"}, {"images": ["x"]}, {"images": 5}, "masks"],
    ids=str,
)
def test_a_job_that_cannot_be_done_is_refused_at_once(bob, skin, db, asked):
    answer = bob.post(f"/api/atrisys/project/{skin.project.id}/export.json", json=asked)
    assert answer.status_code == 400
    assert db.scalar(select(Job.id)) is None


def test_every_kind_of_file_can_be_asked_for():
    assert set(Kinds.model_fields) == set(KINDS)


def test_an_image_of_another_project_is_not_exported(given, bob, skin, alice, db):
    elsewhere = given.image(given.project(alice), alice, width=10, height=10)
    asked = {"images": [elsewhere.id]}
    assert bob.post(f"/api/atrisys/project/{skin.project.id}/export.json", json=asked).status_code == 404
    assert bob.get(addresses(skin)[2], params={"image": elsewhere.id}).status_code == 404
    assert db.scalar(select(Job.id)) is None


def test_a_mask_too_large_for_one_png_is_refused_with_the_way_beyond(given, alice):
    image = given.image(given.project(alice), alice, width=70_000, height=10)
    answer = alice.get(f"/api/atrisys/imageinstance/{image.id}/mask.png")
    assert answer.status_code == 400
    assert "atrisys export" in answer.json()["message"]
