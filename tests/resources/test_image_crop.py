import numpy as np
import pytest
from sqlalchemy import select

from atrisys.store.tables import ImageInstance, SliceInstance
from given import slides
from looking import opened, pixels

TRUE = slides.tissue(900, 700)
SQUARE = "POLYGON ((100 500, 100 600, 300 600, 300 500, 100 500))"
"""In Cytomine's frame: columns 100 to 299, rows 100 to 199."""


@pytest.fixture
def image(given, alice, bob, tmp_path):
    path = slides.pyramid(tmp_path / "slide.tif", TRUE, compression="zlib")
    return given.slide(alice, given.project(alice, [bob]), path=path).image_instance_ids[0]


def crop(id, format="png", noun="imageinstance", **asked):
    query = "&".join(f"{key}={value}" for key, value in asked.items())
    return f"/api/{noun}/{id}/crop.{format}?{query}"


def test_a_crop_is_the_rectangle_around_the_shape(bob, image):
    full = pixels(bob.get(crop(image, location=SQUARE, zoom=0)))
    assert np.array_equal(full, TRUE[100:200, 100:300])
    assert opened(bob.get(crop(image, location=SQUARE))).size == (256, 128)
    assert opened(bob.get(crop(image, geometry=SQUARE, maxSize=100))).size == (100, 50)
    assert opened(bob.get(crop(image, location=SQUARE, zoom=1))).size == (100, 50)


def test_the_frame_may_be_that_of_pictures(bob, image):
    shape = "POLYGON ((100 100, 100 200, 300 200, 300 100, 100 100))"
    found = pixels(bob.get(crop(image, location=shape, origin="left-top", zoom=0)))
    assert np.array_equal(found, TRUE[100:200, 100:300])


def test_every_noun_crops_and_post_takes_long_shapes(alice, db, image):
    base = db.get_one(ImageInstance, image).base_image_id
    piece = db.scalars(select(SliceInstance).where(SliceInstance.image_id == image)).one()
    many = ", ".join(f"{100 + n / 50:g} 600" for n in range(10_000))
    long = f"POLYGON ((100 500, {many}, 300 600, 300 500, 100 500))"
    for noun, id in (
        ("imageinstance", image),
        ("abstractimage", base),
        ("sliceinstance", piece.id),
        ("abstractslice", piece.base_slice_id),
    ):
        answer = alice.post(crop(id, noun=noun), json={"location": long, "zoom": 0})
        assert np.array_equal(pixels(answer), TRUE[100:200, 100:300])


def test_mask_alphamask_and_outline_lie_over_the_crop(bob, image):
    corner = "POLYGON ((100 500, 100 600, 300 600, 100 500))"
    asked = {"location": corner, "zoom": 0}
    mask = pixels(bob.get(crop(image, **asked, mask="true")))
    assert mask.shape == (100, 200)
    assert mask[5, 180] == 255
    assert mask[95, 180] == 0
    assert np.array_equal(pixels(bob.get(crop(image, **asked, type="mask"))), mask)
    veiled = pixels(bob.get(crop(image, "jpg", **asked, type="alphaMask")))
    assert np.array_equal(veiled[..., 3], mask)
    assert np.array_equal(veiled[..., :3], TRUE[100:200, 100:300])
    drawn = pixels(bob.get(crop(image, **asked, type="draw", color="%23ff0000", thickness=2)))
    red = (drawn == (255, 0, 0)).all(axis=2)
    assert red[50, 98:103].any()
    assert not red[5:40, 10:110].any()


def test_a_shape_that_cannot_be_is_refused(bob, image):
    for asked in (
        {},
        {"location": "POLYGON ((0 0, 1"},
        {"location": "POLYGON ((2000 0, 2000 10, 2010 10, 2010 0, 2000 0))"},
        {"location": SQUARE, "type": "sketch"},
        {"location": SQUARE, "increaseArea": 0},
        {"location": SQUARE, "increaseArea": "nan"},
        {"location": SQUARE, "alpha": 101, "type": "alphaMask"},
        {"location": SQUARE, "color": "nocolour", "draw": "true"},
        {"location": SQUARE, "maxSize": 10_001},
    ):
        answer = bob.get(crop(image, **asked))
        assert answer.status_code == 400, asked
        assert answer.json()["errors"]


def test_a_stranger_crops_nothing(charlie, nobody, image):
    assert charlie.get(crop(image, location=SQUARE)).status_code == 404
    assert charlie.post(crop(image), json={"location": SQUARE}).status_code == 404
    assert nobody.get(crop(image, location=SQUARE)).status_code == 401
