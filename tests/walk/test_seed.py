"""Every step of the seed document, against a real server: curl, the official client's script, masks and pictures.

The seed document is the page by which users of such a server make training data: two lines of curl, and a script for
Cytomine's official client that writes masks, GeoJSON and pictures. README.md has the same steps in image order.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
import shapely
from numpy.typing import NDArray
from PIL import Image
from shapely.geometry import shape as read_shape

from walk.running import Answer, Running, ask_with_curl, ask_with_requests, new_server, run_client
from walk.structure import find_structure, overlap
from walk.world import Drawn, Scene, Walk, turn_over

JPEG_MEAN_TOLERANCE = 2.0
"""Levels (of 256), averaged over pixels and channels: what one JPEG encoding of quality 75 or better may change."""
JPEG_EDGE_TOLERANCE = 24
"""Levels that 999 of 1,000 values stay within; edges of nuclei in the halved colour planes lie furthest off."""
LIES_OVER = 0.95

Asker = Callable[[str, dict[str, str]], Answer]


@pytest.fixture(params=[ask_with_curl, ask_with_requests], ids=["curl", "requests"])
def ask(request: pytest.FixtureRequest) -> Asker:
    return request.param


# --- curl ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slash", ["", "/"], ids=["host", "host ending in a slash"])
def test_the_keys_in_two_headers_give_the_current_user(walk: Walk, ask: Asker, slash: str):
    answer = ask(f"{walk.running.address}{slash}/api/currentuser.json", walk.alice.headers)
    assert answer.status == 200
    user = answer.json()
    assert (user["id"], user["username"]) == (walk.alice.id, "alice")
    assert (user["publicKey"], user["privateKey"]) == (walk.alice.public_key, walk.alice.private_key)
    assert user == ask(f"{walk.running.address}/api/user/current.json", walk.alice.headers).json()


def test_projects_come_as_a_bare_array(walk: Walk, ask: Asker):
    answer = ask(f"{walk.running.address}/api/project.json", walk.alice.headers)
    assert answer.status == 200
    projects = answer.json()
    assert isinstance(projects, list)
    assert {"id": walk.project, "name": "Breast Cancer Project"}.items() <= projects[0].items()
    assert answer.headers["x-total-count"] == str(len(projects)) == "2"
    assert answer.headers["cache-control"] == "no-store"


def test_the_pages_of_a_bare_array_are_linked(walk: Walk, ask: Asker):
    seen, address = [], f"{walk.running.address}/api/project.json?max=1"
    while address:
        answer = ask(address, walk.alice.headers)
        assert answer.headers["x-total-count"] == "2"
        seen += [project["name"] for project in answer.json()]
        following = re.search(r'<([^>]+)>;\s*rel="next"', answer.headers.get("link", ""))
        address = following[1] if following else ""
    assert seen == ["Breast Cancer Project", "An older project"]


@pytest.mark.parametrize("path", ["/api/project.json", "/api/user.json"])
def test_the_envelope_can_be_asked_for(walk: Walk, ask: Asker, path: str):
    bare = ask(f"{walk.running.address}{path}", walk.alice.headers).json()
    answer = ask(f"{walk.running.address}{path}?envelope=true", walk.alice.headers).json()
    assert answer["collection"] == bare
    assert answer["size"] == len(bare)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Auth-Token": "nobody", "X-Auth-Secret": "nothing"},
        {"X-Auth-Token": "alice's", "X-Auth-Secret": "a guess"},
        {"X-Auth-Token": "alice's"},
    ],
    ids=["no keys", "unknown keys", "a wrong secret", "half a pair"],
)
def test_wrong_or_missing_keys_are_refused(walk: Walk, ask: Asker, headers: dict[str, str]):
    sent = {name: value.replace("alice's", walk.alice.public_key) for name, value in headers.items()}
    for path in ("/api/currentuser.json", "/api/project.json", f"/api/project/{walk.project}.json"):
        answer = ask(walk.running.address + path, sent)
        assert answer.status == 401
        said = answer.json()
        assert said["success"] is False
        assert isinstance(said["errors"], str)
        assert {"code", "params", "requestId"} <= said.keys()


def test_a_stranger_finds_nothing_of_the_project(walk: Walk, ask: Asker):
    scene, ontology = walk.scenes[0], walk.ontology
    charlie = walk.cast["charlie"].headers
    assert ask(f"{walk.running.address}/api/project.json", charlie).json() == []
    for path in (
        f"/api/project/{walk.project}.json",
        f"/api/project/{walk.project}/imageinstance.json",
        f"/api/ontology/{ontology}.json",
        f"/api/ontology/{ontology}/term.json",
        f"/api/imageinstance/{scene.id}.json",
        f"/api/imageinstance/{scene.id}/thumb.png",
        f"/api/imageinstance/{scene.id}/window-64-64-0-0.jpg?zoom=0",
        f"/api/annotation.json?image={scene.id}&showWKT=true",
    ):
        assert ask(walk.running.address + path, charlie).status == 404, path


# --- the script ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What one run of the script reported and wrote."""

    report: dict[str, Any]
    folder: Path

    def mask(self, scene: Scene) -> NDArray[np.uint8]:
        return read_mask(self.folder / f"{scene.id}_mask.png")

    def picture(self, scene: Scene) -> Image.Image:
        return Image.open(self.folder / f"{scene.id}.jpg")

    def geojson(self, scene: Scene) -> dict[str, Any]:
        return json.loads((self.folder / f"{scene.id}.geojson").read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=[1, 2], ids=["one worker", "two workers"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of its own: the seed's reader lists all that alice may see, and counts it."""
    with new_server(tmp_path_factory.mktemp("seed"), request.param) as server:
        yield server


def run_seed(walk: Walk, folder: Path, *frame: str) -> Told:
    keys = [walk.alice.public_key, walk.alice.private_key]
    words = [walk.running.address, *keys, str(walk.project), str(folder), str(folder), *frame]
    return Told(run_client("4.3.0", "seed_script.py", words, folder), folder)


@pytest.fixture(scope="module")
def as_printed(walk: Walk, drawn: Drawn, tmp_path_factory: pytest.TempPathFactory) -> Told:
    return run_seed(walk, tmp_path_factory.mktemp("printed"))


@pytest.fixture(scope="module")
def left_top(walk: Walk, drawn: Drawn, tmp_path_factory: pytest.TempPathFactory) -> Told:
    return run_seed(walk, tmp_path_factory.mktemp("left-top"), "left-top")


@pytest.fixture(scope="module")
def exported(walk: Walk, drawn: Drawn, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "training"
    walk.running.command("export", str(walk.project), str(folder), "--masks", "--geojson", "--pictures")
    return folder


def read_mask(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as mask:
        assert mask.mode == "L"
        return np.asarray(mask)


@pytest.fixture(params=["printed", "left-top"])
def told(request: pytest.FixtureRequest) -> Told:
    return request.getfixturevalue("as_printed" if request.param == "printed" else "left_top")


def test_the_client_connects_and_reads_project_ontology_and_terms(walk: Walk, told: Told):
    assert told.report["user"] == "alice"
    assert told.report["project"]["name"] == "Breast Cancer Project"
    assert isinstance(told.report["project"]["ontology"], int)
    assert told.report["terms"] == walk.terms
    assert set(told.report["terms"]) == {"Epidermis", "Basal layer", "Dermis"}


def test_the_client_lists_the_images_with_their_sizes(walk: Walk, told: Told):
    listed = {image["id"]: image for image in told.report["images"]}
    assert set(listed) == {scene.id for scene in walk.scenes}
    for scene in walk.scenes:
        assert (listed[scene.id]["width"], listed[scene.id]["height"]) == (scene.width, scene.height)
        assert listed[scene.id]["filename"]


def test_what_the_client_drew_came_back_as_it_was_sent(walk: Walk, drawn: Drawn):
    scene = walk.scenes[0]
    sent = shapely.to_wkt(turn_over(drawn.shapes[scene.id][0], scene.height), rounding_precision=-1)
    assert drawn.report["saved"] is True
    assert drawn.report["location"] == sent
    assert drawn.report["term"] == [walk.terms["Epidermis"]]


def test_the_script_writes_one_feature_for_each_annotation(walk: Walk, told: Told, drawn: Drawn):
    upright = told.folder.name.startswith("left-top")
    for scene in walk.scenes:
        features = told.geojson(scene)["features"]
        assert len(features) == len(drawn.shapes[scene.id])
        got = [read_shape(feature["geometry"]) for feature in features]
        for shape in drawn.shapes[scene.id]:
            wanted = shape if upright else turn_over(shape, scene.height)
            assert sum(found.equals(wanted) for found in got) == 1
        for feature in features:
            said = feature["properties"]
            assert said["image_id"] == scene.id
            assert said["class_id"] == told.report["classes"].get(said["class_name"], 255)
        assert {feature["properties"]["class_name"] for feature in features} == {*walk.terms, "Unlabeled"}


def test_mask_and_picture_of_the_script_lie_over_one_another(walk: Walk, left_top: Told):
    number = left_top.report["classes"]["Epidermis"]
    for scene in walk.scenes:
        seen = find_structure(np.asarray(left_top.picture(scene)))
        assert overlap(seen, left_top.mask(scene) == number) > LIES_OVER


def test_the_script_as_printed_draws_its_masks_upside_down(walk: Walk, as_printed: Told):
    number = as_printed.report["classes"]["Epidermis"]
    for scene in walk.scenes:
        seen = find_structure(np.asarray(as_printed.picture(scene)))
        mask = as_printed.mask(scene) == number
        assert overlap(seen, mask) < 0.6
        assert overlap(seen, mask[::-1]) > LIES_OVER


# --- the export ------------------------------------------------------------------------------------------------------


def test_the_exported_mask_lies_over_the_downloaded_picture(walk: Walk, exported: Path, left_top: Told):
    number = left_top.report["classes"]["Epidermis"]
    for scene in walk.scenes:
        seen = find_structure(np.asarray(left_top.picture(scene)))
        assert overlap(seen, read_mask(exported / f"{scene.id}_mask.png") == number) > LIES_OVER


def test_the_exported_mask_lies_over_the_exported_picture(walk: Walk, exported: Path, left_top: Told):
    number = left_top.report["classes"]["Epidermis"]
    for scene in walk.scenes:
        (path,) = (p for p in exported.glob(f"{scene.id}.*") if p.suffix in {".jpg", ".png", ".tif", ".tiff"})
        with Image.open(path) as picture:
            assert picture.size == (scene.width, scene.height)
            seen = find_structure(np.asarray(picture.convert("RGB")))
        assert overlap(seen, read_mask(exported / f"{scene.id}_mask.png") == number) > LIES_OVER


def test_exported_masks_equal_those_of_the_script_to_the_pixel(walk: Walk, exported: Path, left_top: Told):
    for scene in walk.scenes:
        mask = left_top.mask(scene)
        assert np.array_equal(read_mask(exported / f"{scene.id}_mask.png"), mask)
        assert set(np.unique(mask)) == {0, *left_top.report["classes"].values(), 255}


def test_exported_geojson_says_what_the_script_says_and_its_origin(walk: Walk, exported: Path, left_top: Told):
    for scene in walk.scenes:
        file = json.loads((exported / f"{scene.id}.geojson").read_text(encoding="utf-8"))
        assert file["type"] == "FeatureCollection"
        assert file["origin"] == "left-top"
        wanted = {feature["properties"]["annotation_id"]: feature for feature in left_top.geojson(scene)["features"]}
        assert [feature["properties"]["annotation_id"] for feature in file["features"]] == list(wanted)
        for feature in file["features"]:
            same = wanted[feature["properties"]["annotation_id"]]
            assert same["properties"].items() <= feature["properties"].items()
            assert read_shape(feature["geometry"]).equals_exact(read_shape(same["geometry"]), 0)


def test_the_manifest_names_classes_sizes_and_the_frame(walk: Walk, exported: Path, left_top: Told):
    manifest = json.loads((exported / "manifest.json").read_text(encoding="utf-8"))
    text = json.dumps(manifest)
    assert "left-top" in text
    for name, number in left_top.report["classes"].items():
        assert f'"{name}": {number}' in text
    for scene in walk.scenes:
        for number in (scene.id, scene.width, scene.height):
            assert re.search(rf"\b{number}\b", text)


# --- the picture -----------------------------------------------------------------------------------------------------


def test_the_window_of_the_script_is_the_whole_picture_as_openslide_reads_it(walk: Walk, left_top: Told):
    for scene in walk.scenes:
        assert left_top.report["windows"][str(scene.id)] == {"status": 200, "type": "image/jpeg"}
        with left_top.picture(scene) as picture:
            assert picture.format == "JPEG"
            assert picture.size == (scene.width, scene.height)
            pixels = np.asarray(picture.convert("RGB"))
        off = np.abs(pixels.astype(np.int16) - scene.pixels)
        assert off.mean() < JPEG_MEAN_TOLERANCE
        assert np.quantile(off, 0.999) <= JPEG_EDGE_TOLERANCE


def test_a_lossless_window_has_openslides_pixels(walk: Walk):
    x, y, width, height = 700, 900, 420, 310
    for scene in walk.scenes:
        path = f"/api/imageinstance/{scene.id}/window-{x}-{y}-{width}-{height}.png?zoom=0"
        answer = walk.running.ask(path, walk.alice)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/png"
        with Image.open(BytesIO(answer.content)) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        wanted = scene.pixels[y : y + height, x : x + width]
        assert pixels.shape == wanted.shape
        assert np.abs(pixels.astype(np.int16) - wanted).max() <= 2


@pytest.mark.slides
def test_the_real_aperio_file_and_the_real_dicom_folder_are_one_image_each(walk: Walk):
    if len(walk.scenes) < 2:
        pytest.skip("the real slides are not beside the checkout: ../shared/slides")
    for scene in walk.scenes:
        image = walk.running.ask(f"/api/imageinstance/{scene.id}.json", walk.alice).json()
        # The DICOM file names no objective, the Aperio file does.
        magnification = 20 if scene.path.is_file() else None
        assert (image["width"], image["height"], image["magnification"]) == (2220, 2967, magnification)
        assert image["physicalSizeX"] == pytest.approx(0.499, abs=1e-4)
        assert image["instanceFilename"] == scene.path.name


def whole_window(walk: Walk) -> str:
    scene = walk.scenes[0]
    return f"/api/imageinstance/{scene.id}/window-{scene.width}-{scene.height}-0-0.jpg?zoom=0"


def test_the_window_without_keys_or_cookie_is_refused(walk: Walk, ask: Asker):
    assert ask(walk.running.address + whole_window(walk), {}).status == 401


def test_the_window_opens_with_the_two_headers_too(walk: Walk, ask: Asker):
    answer = ask(walk.running.address + whole_window(walk), walk.alice.headers)
    assert answer.status == 200
    assert answer.body[:2] == b"\xff\xd8"
    assert answer.headers["etag"].startswith('"')
    assert answer.headers["cache-control"] == "private, no-cache"


def test_the_cookie_of_a_signed_request_opens_pictures_and_nothing_else(walk: Walk):
    session = requests.Session()
    signed = session.get(f"{walk.running.address}/api/user/current.json", headers=walk.alice.sign("GET"), timeout=60)
    assert signed.status_code == 200
    assert len(session.cookies) == 1
    address = walk.running.address
    assert session.get(address + whole_window(walk), timeout=60).status_code == 200
    assert session.get(f"{address}/api/imageinstance/{walk.scenes[0].id}/thumb.png", timeout=60).status_code == 200
    for path in ("/api/user/current.json", "/api/project.json", f"/api/imageinstance/{walk.scenes[0].id}.json"):
        assert session.get(address + path, timeout=60).status_code == 401
    drawing = {"image": walk.scenes[0].id, "location": "POLYGON ((0 0, 0 9, 9 9, 0 0))"}
    assert session.post(f"{address}/api/annotation.json", json=drawing, timeout=60).status_code == 401


def test_the_cookie_ends_with_the_keys_it_came_from(walk: Walk):
    dora = walk.running.add_user("dora")
    path = f"/api/project/{walk.project}/user/{dora.id}.json"
    assert walk.running.ask(path, walk.alice, method="POST").status_code == 200
    session = requests.Session()
    session.get(f"{walk.running.address}/api/user/current.json", headers=dora.sign("GET"), timeout=60)
    assert session.get(walk.running.address + whole_window(walk), timeout=60).status_code == 200
    renewed = walk.running.ask("/api/user/current/keys", dora, method="POST")
    assert renewed.status_code == 200
    assert session.get(walk.running.address + whole_window(walk), timeout=60).status_code == 401
    assert walk.running.ask("/api/currentuser.json", dora).status_code == 401
