import numpy as np
import pytest
from sqlalchemy import select

from atrisys.store.tables import ImageInstance, SliceInstance
from given import slides
from looking import opened, pixels

TRUE = slides.tissue(900, 700)
RING = "POLYGON ((100 500, 100 600, 300 600, 300 500, 100 500), (120 520, 140 520, 140 540, 120 540, 120 520))"
"""In Cytomine's frame: columns 100 to 299, rows 100 to 199; a hole in columns 120 to 139, rows 160 to 179."""
DUMP = "bits=8&complete=True"
"""What the official client always sends."""


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def image(given, alice, project, db, tmp_path):
    path = slides.pyramid(tmp_path / "slide.tif", TRUE, compression="zlib")
    return db.get_one(ImageInstance, given.slide(alice, project, path=path).image_instance_ids[0])


@pytest.fixture
def drawn(given, alice, image):
    return given.annotation(image, alice, RING)


def wanted_mask():
    mask = np.full((100, 200), 255, np.uint8)
    mask[60:80, 20:40] = 0
    return mask


def test_crop_mask_and_alphamask_lie_where_the_annotation_is(bob, drawn):
    here = f"/api/userannotation/{drawn.id}"
    assert np.array_equal(pixels(bob.get(f"{here}/crop.png?{DUMP}")), TRUE[100:200, 100:300])
    assert np.array_equal(pixels(bob.get(f"{here}/mask.png?{DUMP}")), wanted_mask())
    veiled = pixels(bob.get(f"{here}/alphamask.png?{DUMP}"))
    assert np.array_equal(veiled[..., :3], TRUE[100:200, 100:300])
    assert np.array_equal(veiled[..., 3], wanted_mask())
    half = pixels(bob.get(f"{here}/alphamask.png?alpha=50"))
    assert set(np.unique(half[..., 3])) == {128, 255}


def test_the_addresses_that_listings_give_are_answered(bob, image, drawn):
    row = bob.get(f"/api/annotation.json?image={image.id}&showMeta=true").json()["collection"][0]
    crop = row["cropURL"].removeprefix("http://testserver")
    assert opened(bob.get(f"{crop}?{DUMP}")).size == (200, 100)
    assert opened(bob.get(crop.replace("crop.png", "crop.jpg"))).size == (200, 100)
    assert opened(bob.get(row["smallCropURL"].removeprefix("http://testserver"))).size == (256, 128)
    assert np.array_equal(pixels(bob.get(crop.replace("crop.png", "mask.png"))), wanted_mask())


def test_the_generic_address_crops_and_makes_masks_by_type(bob, drawn):
    here = f"/api/annotation/{drawn.id}/crop.png"
    assert np.array_equal(pixels(bob.get(here)), TRUE[100:200, 100:300])
    assert np.array_equal(pixels(bob.post(f"{here}?type=mask")), wanted_mask())
    assert np.array_equal(pixels(bob.get(f"{here}?alphaMask=true"))[..., 3], wanted_mask())


def test_size_area_and_format_are_as_asked(bob, drawn):
    here = f"/api/userannotation/{drawn.id}"
    assert opened(bob.get(f"{here}/crop.png?maxSize=50")).size == (50, 25)
    assert opened(bob.get(f"{here}/crop.png?zoom=1")).size == (100, 50)
    assert opened(bob.get(f"{here}/crop.png?increaseArea=1.5")).size == (300, 150)
    assert opened(bob.get(f"{here}/crop.png?square=true")).size == (200, 200)
    assert opened(bob.get(f"{here}/mask.png?increaseArea=1.5&maxSize=150")).size == (150, 75)
    for name, type in (("crop.tif", "tiff"), ("crop.bmp", "jpeg"), ("mask.jpg", "jpeg"), ("alphamask.jpg", "png")):
        answer = bob.get(f"{here}/{name}")
        assert answer.headers["content-type"] == f"image/{type}"
        assert opened(answer).size == (200, 100)


def test_a_point_has_a_picture_too(given, alice, bob, image):
    point = given.annotation(image, alice, "POINT (450.5 400.5)")
    here = f"/api/userannotation/{point.id}"
    assert np.array_equal(pixels(bob.get(f"{here}/crop.png")), TRUE[249:349, 400:500])
    assert np.argwhere(pixels(bob.get(f"{here}/mask.png"))).tolist() == [[50, 50]]


def test_an_annotation_is_cut_out_of_its_own_plane(given, alice, db, tmp_path):
    path = slides.ome(tmp_path / "stack.ome.tif")
    image = given.slide(alice, given.project(alice), path=path).image_instance_ids[0]
    planes = db.scalars(select(SliceInstance).where(SliceInstance.image_id == image).order_by(SliceInstance.id))
    shape = "POLYGON ((0 300, 0 280, 30 280, 30 300, 0 300))"
    for plane in planes:
        row = alice.get(f"/api/sliceinstance/{plane.id}.json").json()
        new = alice.post("/api/annotation.json", json={"location": shape, "slice": plane.id}).json()
        found = pixels(alice.get(f"/api/userannotation/{new['annotation']['id']}/crop.png?bits=max"))
        assert np.array_equal(found, slides.plane(row["channel"], row["zStack"], row["time"], 500, 300)[:20, :30])


def test_a_picture_is_sent_again_only_when_the_annotation_changed(alice, bob, drawn):
    path = f"/api/userannotation/{drawn.id}/mask.png"
    etag = bob.get(path).headers["etag"]
    assert bob.get(path, headers={"If-None-Match": etag}).status_code == 304
    new = {"location": "POLYGON ((0 600, 0 610, 10 610, 10 600, 0 600))"}
    assert alice.put(f"/api/annotation/{drawn.id}.json", json=new).status_code == 200
    again = bob.get(path, headers={"If-None-Match": etag})
    assert opened(again).size == (10, 10)
    assert again.headers["etag"] != etag


def test_the_cookie_opens_pictures_of_annotations(bob, nobody, drawn):
    path = f"/api/userannotation/{drawn.id}/crop.png"
    assert nobody.get(path).status_code == 401
    bob.get(path)
    nobody.cookies = bob.cookies
    assert nobody.get(path).status_code == 200
    assert nobody.head(path).status_code == 200


def test_a_stranger_finds_none_and_after_deletion_nobody(alice, bob, charlie, drawn):
    for name in ("crop", "mask", "alphamask"):
        path = f"/api/userannotation/{drawn.id}/{name}.png"
        assert bob.get(path).status_code == 200
        assert charlie.get(path).status_code == 404
        assert charlie.post(path).status_code == 404
    assert charlie.get(f"/api/annotation/{drawn.id}/crop.png").status_code == 404
    assert alice.delete(f"/api/annotation/{drawn.id}.json").status_code == 200
    assert bob.get(f"/api/userannotation/{drawn.id}/crop.png").status_code == 404


def test_annotations_on_hidden_layers_have_no_picture(given, alice, bob, drawn, project):
    path = f"/api/userannotation/{drawn.id}/crop.png"
    etag = bob.get(path).headers["etag"]
    alice.put(f"/api/project/{project.id}.json", json={"hideAdminsLayers": True})
    assert bob.get(path, headers={"If-None-Match": etag}).status_code == 404
    assert alice.get(path).status_code == 200
