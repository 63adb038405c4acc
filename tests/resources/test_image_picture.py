import numpy as np
import pytest
from sqlalchemy import select

from atrisys.errors import PictureFailed
from atrisys.store.tables import ImageInstance, SliceInstance, UploadedFile
from given import slides
from looking import opened, pixels


@pytest.fixture
def image(given, alice, bob, tmp_path):
    """900 x 700 px, in a project of alice and bob."""
    return given.slide(alice, given.project(alice, [bob]), folder=tmp_path).image_instance_ids[0]


@pytest.fixture
def stack(given, alice, tmp_path):
    """Two channels, three focal planes, two times, 16 bits."""
    path = slides.ome(tmp_path / "stack.ome.tif")
    return given.slide(alice, given.project(alice), path=path).image_instance_ids[0]


def thumb(id, noun="imageinstance", kind="thumb", format="png", **asked):
    query = "&".join(f"{key}={value}" for key, value in asked.items())
    return f"/api/{noun}/{id}/{kind}.{format}?{query}"


def test_thumb_and_preview_have_the_longest_side_asked_for(bob, image):
    assert opened(bob.get(thumb(image))).size == (512, 398)
    assert opened(bob.get(thumb(image, maxSize=200))).size == (200, 156)
    assert opened(bob.get(thumb(image, kind="preview"))).size == (1024, 796)
    assert opened(bob.get(thumb(image, kind="preview", maxSize=90))).size == (90, 70)
    assert bob.get(thumb(image, maxSize=0)).status_code == 400


def test_every_noun_has_a_thumb(alice, db, image):
    base = db.get_one(ImageInstance, image).base_image_id
    piece = db.scalars(select(SliceInstance).where(SliceInstance.image_id == image)).one()
    wanted = pixels(alice.get(thumb(image)))
    for noun, id in (("abstractimage", base), ("sliceinstance", piece.id), ("abstractslice", piece.base_slice_id)):
        assert np.array_equal(pixels(alice.get(thumb(id, noun))), wanted)
        assert np.array_equal(pixels(alice.post(thumb(id, noun))), wanted)
    assert opened(alice.post(thumb(base, "abstractimage", "preview"))).size == (1024, 796)


def test_a_thumb_shows_the_slide(bob, image):
    shown = pixels(bob.get(thumb(image, maxSize=900))).astype(int)
    assert np.abs(shown - slides.tissue(900, 700)).mean() < 4


def test_other_formats_are_jpeg(bob, image):
    assert bob.get(thumb(image, format="gif")).headers["content-type"] == "image/jpeg"
    assert bob.get(thumb(image, format="webp")).headers["content-type"] == "image/webp"


def test_the_clients_dump_is_answered(bob, image):
    """`image.dump("x.png", max_size=200)`; nothings are sent as words by some."""
    asked = {"maxSize": 200, "bits": 8, "contrast": "None", "gamma": "null", "colormap": "", "inverse": "False"}
    assert opened(bob.get(thumb(image, **asked))).size == (200, 156)


def test_what_is_asked_may_come_in_a_body(bob, image):
    answer = bob.post(thumb(image), json={"maxSize": 90, "inverse": True})
    assert opened(answer).size == (90, 70)
    assert np.array_equal(pixels(answer), pixels(bob.get(thumb(image, maxSize=90, inverse="true"))))
    assert bob.post(thumb(image), json=[1]).status_code == 400


def test_an_image_is_shown_by_its_reference_slice(given, alice, stack):
    path = f"/api/imageinstance/{stack}"
    reference = alice.get(f"{path}/sliceinstance/reference.json").json()
    assert (reference["channel"], reference["zStack"], reference["time"]) == (1, 1, 1)
    found = pixels(alice.get(f"{path}/window-0-0-500-300.png?bits=max"))
    assert np.array_equal(found, slides.plane(1, 1, 1, 500, 300))
    for row in alice.get(f"{path}/sliceinstance.json").json()["collection"]:
        wanted = slides.plane(row["channel"], row["zStack"], row["time"], 500, 300)
        shown = alice.get(f"/api/sliceinstance/{row['id']}/window-0-0-500-300.png?bits=max")
        assert np.array_equal(pixels(shown), wanted)


def test_deep_slides_are_stretched_to_be_looked_at(alice, stack):
    shown = pixels(alice.get(thumb(stack)))
    counted = pixels(alice.get(thumb(stack, bits=8)))
    assert shown.dtype == counted.dtype == np.uint8
    assert counted.max() < 50, "processing keeps the proportion to the full range"
    assert shown.max() > 200


def test_a_stranger_finds_no_thumb(charlie, nobody, db, image):
    base = db.get_one(ImageInstance, image).base_image_id
    for path in (thumb(image), thumb(image, kind="preview"), thumb(base, "abstractimage")):
        assert charlie.get(path).status_code == 404
        assert charlie.post(path).status_code == 404
        assert nobody.get(path).status_code == 401


def test_a_file_that_is_gone_is_said_to_be_missing(bob, db, store, image):
    file = db.scalars(select(UploadedFile).order_by(UploadedFile.id.desc())).first()
    known = bob.get(thumb(image)).headers["etag"]
    path = store.folder.path_of(file.filename)
    path.unlink()
    answer = bob.get(thumb(image), headers={"If-None-Match": known})
    assert (answer.status_code, answer.json()["code"]) == (404, "picture_missing")
    assert path.name not in answer.text


def test_a_slide_that_breaks_is_said_to_be_broken_and_nothing_more(bob, db, store, image):
    file = db.scalars(select(UploadedFile).order_by(UploadedFile.id.desc())).first()
    path = store.folder.path_of(file.filename)
    path.write_bytes(b"II*\0" + b"\xff" * 5000)
    answer = bob.get(thumb(image))
    assert (answer.status_code, answer.json()["code"]) == (500, "picture_failed")
    assert f"image {db.get_one(ImageInstance, image).base_image_id}" in answer.json()["errors"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    for secret in (str(store.folder.root), path.name, "Traceback"):
        assert secret not in answer.text


def test_a_picture_that_fails_while_it_is_made_is_a_plain_refusal(bob, image, monkeypatch):
    def broken(*_, **__):
        raise PictureFailed("{name}: the decoder crashed ({reason})", name="abc.svs", reason="signal 11")

    monkeypatch.setattr("atrisys.resources.image_picture.pictures.thumb", broken)
    answer = bob.get(thumb(image))
    assert answer.status_code == 500
    assert "signal 11" in answer.json()["errors"]
    assert "abc.svs" not in answer.text
