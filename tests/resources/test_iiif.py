"""The IIIF Image API 3.0 as a client meets it."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from atrisys.errors import Invalid
from atrisys.imaging import iiif
from atrisys.imaging.reader import Box, Level, SlideFacts
from atrisys.store.tables import SliceInstance
from given import slides
from looking import opened, pixels

TRUE = slides.tissue(900, 700)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def image(given, alice, project, tmp_path):
    """900 x 700 px, lossless, tiles of 128 px."""
    path = slides.pyramid(tmp_path / "slide.tif", TRUE, compression="zlib")
    return given.slide(alice, project, path=path).image_instance_ids[0]


def at(id, rest="", noun="imageinstance"):
    return f"/api/atrisys/{noun}/{id}/iiif{rest}"


def size_of(client, image, region, size, status=200):
    answer = client.get(at(image, f"/{region}/{size}/0/default.jpg"))
    assert answer.status_code == status, answer.text
    return opened(answer).size if status == 200 else None


def test_the_description_says_what_can_be_asked(bob, image):
    answer = bob.get(at(image, "/info.json"))
    assert answer.headers["content-type"] == "application/json"
    said = answer.json()
    assert said["@context"] == "http://iiif.io/api/image/3/context.json"
    assert said["id"] == f"http://testserver{at(image)}"
    assert (said["type"], said["protocol"], said["profile"]) == (
        "ImageService3", "http://iiif.io/api/image", "level1",
    )  # fmt: skip
    assert (said["width"], said["height"]) == (900, 700)
    assert said["tiles"] == [{"width": 128, "height": 128, "scaleFactors": [1, 2, 4, 8]}]
    assert said["sizes"][-1] == {"width": 900, "height": 700}
    for size in said["sizes"]:
        assert size_of(bob, image, "full", f"{size['width']},{size['height']}") == (size["width"], size["height"])


def test_linked_data_is_answered_to_who_asks_for_it(bob, image):
    answer = bob.get(at(image, "/info.json"), headers={"accept": "application/ld+json"})
    assert answer.headers["content-type"].startswith('application/ld+json;profile="http://iiif.io/api/image/3/')
    assert answer.headers["cache-control"] == "no-store"


def test_the_bare_address_leads_to_the_description(bob, image):
    answer = bob.get(at(image), follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"http://testserver{at(image, '/info.json')}")


def test_other_sites_may_ask_with_keys(bob, image):
    answer = bob.get(at(image, "/info.json"), headers={"origin": "https://viewer.example"})
    assert answer.headers["access-control-allow-origin"] == "*"


def test_every_tile_that_the_description_implies_is_there(bob, image):
    said = bob.get(at(image, "/info.json")).json()
    side, width, height = 128, said["width"], said["height"]
    for scale in said["tiles"][0]["scaleFactors"]:
        rows = []
        for y in range(0, height, side * scale):
            row = []
            for x in range(0, width, side * scale):
                w, h = min(side * scale, width - x), min(side * scale, height - y)
                asked = f"/{x},{y},{w},{h}/{-(-w // scale)},{-(-h // scale)}/0/default.png"
                row.append(pixels(bob.get(at(image, asked))))
            rows.append(np.concatenate(row, axis=1))
        whole = np.concatenate(rows)
        assert whole.shape[:2] == (-(-height // scale), -(-width // scale))
        if scale == 1:
            assert np.array_equal(whole, TRUE)


@pytest.mark.skipif(not (ROOT / "web/node_modules/ol").exists(), reason="the web page's libraries are not there")
def test_openlayers_finds_the_whole_slide_at_every_scale(bob, image):
    """All that this client asks for is there, and put together it is the slide."""
    said = bob.get(at(image, "/info.json")).text
    script = Path(__file__).with_name("iiif_client.mjs")
    asking = ["sh", str(ROOT / "tools/npm.sh"), "exec", "--silent", "-c", f"node '{script}'"]
    levels = json.loads(subprocess.run(asking, input=said, capture_output=True, check=True, text=True).stdout)
    assert [level["scale"] for level in levels] == [8, 4, 2, 1]
    for level in levels:
        rows = [np.concatenate([pixels(bob.get(tile)) for tile in row], axis=1) for row in level["tiles"]]
        whole, scale = np.concatenate(rows), level["scale"]
        assert whole.shape[:2] == (-(-700 // scale), -(-900 // scale))
        # JPEG's loss, and that of mean colours.
        true = TRUE[: 700 // scale * scale, : 900 // scale * scale].astype(float)
        true = true.reshape(700 // scale, scale, 900 // scale, scale, 3).mean(axis=(1, 3))
        assert np.abs(whole[: true.shape[0], : true.shape[1]] - true).mean() < 12, scale


def test_inner_tiles_are_the_files_own_bytes(given, alice, project, tmp_path):
    image = given.slide(alice, project, folder=tmp_path).image_instance_ids[0]
    own = alice.get(f"/api/atrisys/imageinstance/{image}/tile/0/2/3.jpg")
    assert alice.get(at(image, "/256,384,128,128/128,128/0/default.jpg")).content == own.content
    assert alice.get(at(image, "/256,384,128,128/max/0/default.jpg")).content == own.content
    assert alice.get(at(image, "/0,0,512,512/128,/0/default.jpg")).content == (
        alice.get(f"/api/atrisys/imageinstance/{image}/tile/1/0/0.jpg").content
    )


@pytest.mark.parametrize(
    ("region", "size", "wanted"),
    [
        ("full", "max", (900, 700)),
        ("full", "450,", (450, 350)),
        ("full", ",70", (90, 70)),
        ("full", "90,10", (90, 10)),
        ("full", "!90,90", (90, 70)),
        ("full", "!2000,2000", (900, 700)),
        ("full", "pct:50", (450, 350)),
        ("full", "pct:0.01", (1, 1)),
        ("square", "max", (700, 700)),
        ("100,200,300,400", "max", (300, 400)),
        ("800,600,300,400", "max", (100, 100)),
        ("pct:50,50,50,50", "max", (450, 350)),
        ("pct:41.6,7.5,40,70", "max", (360, 490)),
    ],
)
def test_regions_and_sizes(bob, image, region, size, wanted):
    assert size_of(bob, image, region, size) == wanted


@pytest.mark.parametrize(
    "words",
    [
        "900,0,10,10/max/0/default.jpg",
        "0,0,0,10/max/0/default.jpg",
        "-1,0,10,10/max/0/default.jpg",
        "0,0,10/max/0/default.jpg",
        "0,0,1e9,10/max/0/default.jpg",
        "pct:101,0,10,10/max/0/default.jpg",
        "pct:1,2,3/max/0/default.jpg",
        f"{'9' * 30},0,10,10/max/0/default.jpg",
        "whole/max/0/default.jpg",
        "full/901,/0/default.jpg",
        "full/^max/0/default.jpg",
        "full/,/0/default.jpg",
        "full/0,/0/default.jpg",
        "full/,0/0/default.jpg",
        "full/!90,/0/default.jpg",
        "full/pct:0/0/default.jpg",
        "full/pct:101/0/default.jpg",
        "full/full/0/default.jpg",
        "full/max/90/default.jpg",
        "full/max/!0/default.jpg",
        "full/max/0/gray.jpg",
        "full/max/0/default.tif",
        "full/max/0/default.exe",
        "full/%D9%A1,/0/default.jpg",
    ],
)
def test_what_is_not_understood_is_refused(bob, image, words):
    answer = bob.get(at(image, f"/{words}"))
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "invalid"


def test_a_region_is_shown_as_it_lies_on_the_slide(bob, image):
    shown = pixels(bob.get(at(image, "/100,200,300,250/max/0/default.png")))
    assert np.array_equal(shown, TRUE[200:450, 100:400])
    assert opened(bob.get(at(image, "/full/90,/0/default.webp"))).size == (90, 70)


def test_a_picture_is_no_larger_than_the_limit_that_is_told():
    facts = SlideFacts("SVS", 60_000, 40_000, (Level(60_000, 40_000, 1.0, 256, 256),))
    said = iiif.describe(facts, "x")
    assert (said["maxWidth"], said["maxHeight"]) == (10_000, 10_000)
    assert max(size["width"] for size in said["sizes"]) <= 10_000
    whole = Box(0, 0, 60_000, 40_000)
    assert iiif.read_size(whole, "max") == (10_000, 6667)
    assert iiif.read_size(whole, "9000,") == (9000, 6000)
    with pytest.raises(Invalid):
        iiif.read_size(whole, "10001,")


def test_planes_are_images_of_their_own(given, alice, project, db, tmp_path):
    image = given.slide(alice, project, path=slides.ome(tmp_path / "stack.ome.tif")).image_instance_ids[0]
    planes = db.scalars(select(SliceInstance.id).where(SliceInstance.image_id == image)).all()
    said = alice.get(at(planes[3], "/info.json", "sliceinstance")).json()
    assert said["id"].endswith(f"/sliceinstance/{planes[3]}/iiif")
    assert alice.get(at(planes[3], "", "sliceinstance")).json() == said
    assert pixels(alice.get(at(planes[3], "/full/100,/0/default.png", "sliceinstance"))).shape == (60, 100)


@pytest.mark.parametrize("rest", ["", "/info.json", "/full/max/0/default.jpg"])
def test_a_stranger_finds_no_image(bob, charlie, nobody, db, image, rest):
    plane = db.scalars(select(SliceInstance.id).where(SliceInstance.image_id == image)).one()
    for noun, id in (("imageinstance", image), ("sliceinstance", plane)):
        assert bob.get(at(id, rest, noun)).status_code == 200
        assert charlie.get(at(id, rest, noun), follow_redirects=False).status_code == 404
        assert nobody.get(at(id, rest, noun), follow_redirects=False).status_code == 401
