import numpy as np
import pytest
from sqlalchemy import select

from atrisys.store.tables import ImageInstance, SliceInstance
from given import slides
from looking import pixels

TRUE = slides.tissue(300, 200)


@pytest.fixture
def nouns(given, alice, bob, db, tmp_path):
    """Every row that shows the slide."""
    path = slides.pyramid(tmp_path / "slide.tif", TRUE, factors=(1,), compression="zlib")
    image = given.slide(alice, given.project(alice, [bob]), path=path).image_instance_ids[0]
    piece = db.scalars(select(SliceInstance).where(SliceInstance.image_id == image)).one()
    base = db.get_one(ImageInstance, image).base_image_id
    ids = {"abstractimage": base, "abstractslice": piece.base_slice_id, "imageinstance": image}
    return {**ids, "sliceinstance": piece.id}


def test_the_address_that_is_told_shows_the_window(alice, nouns):
    for noun, id in nouns.items():
        for way in ("window", "camera"):
            asked = f"/api/{noun}/{id}/{way}_url-10-20-50-40.png?withExterior=true"
            for told in (alice.get(asked), alice.post(asked)):
                url = told.json()["url"]
                assert url == f"http://testserver/api/{noun}/{id}/{way}-10-20-50-40.png?withExterior=true"
                assert np.array_equal(pixels(alice.get(url)), TRUE[20:60, 10:60])


def test_a_stranger_is_told_no_address(charlie, nobody, nouns):
    for noun, id in nouns.items():
        assert charlie.get(f"/api/{noun}/{id}/window_url-0-0-5-5.jpg").status_code == 404
        assert nobody.get(f"/api/{noun}/{id}/camera_url-0-0-5-5.jpg").status_code == 401
