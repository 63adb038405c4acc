import numpy as np
import pytest
from sqlalchemy import select

from atrisys.store.tables import SliceInstance
from given import slides
from looking import opened, pixels

TRUE = slides.tissue(900, 700)


@pytest.fixture
def plane(given, alice, bob, db, tmp_path):
    path = slides.pyramid(tmp_path / "slide.tif", TRUE, compression="zlib")
    image = given.slide(alice, given.project(alice, [bob]), path=path).image_instance_ids[0]
    return db.scalars(select(SliceInstance).where(SliceInstance.image_id == image)).one()


def tile(id, z, x, y, format="png", noun="sliceinstance"):
    return f"/api/{noun}/{id}/normalized-tile/zoom/{z}/tx/{x}/ty/{y}.{format}"


def test_tiles_put_together_are_the_window(bob, plane):
    window = pixels(bob.get(f"/api/sliceinstance/{plane.id}/window-0-0-900-700.png"))
    rows = [np.concatenate([pixels(bob.get(tile(plane.id, 2, x, y))) for x in range(4)], axis=1) for y in range(3)]
    whole = np.concatenate(rows)
    assert np.array_equal(whole, window)
    assert np.array_equal(whole, TRUE)


def test_zoom_0_is_the_whole_slide_and_edges_are_not_padded(bob, plane):
    assert opened(bob.get(tile(plane.id, 0, 0, 0, "jpg"))).size == (225, 175)
    assert opened(bob.get(tile(plane.id, 1, 1, 1, "webp"))).size == (194, 94)
    assert opened(bob.get(tile(plane.base_slice_id, 2, 3, 2, noun="abstractslice"))).size == (132, 188)


def test_tiles_that_are_not_there_are_refused(bob, plane):
    for path in (tile(plane.id, 3, 0, 0), tile(plane.id, 2, 4, 0), tile(plane.id, 0, 0, 1)):
        assert bob.get(path).status_code == 400
    assert bob.get(tile(plane.id, 2, 0, 0) + "?filters=SOBEL").status_code == 404
    assert bob.get(tile(plane.id, 2, 0, 0) + "?zSlices=1").status_code == 400
    assert bob.get(tile(plane.id, 2, 0, 0) + "?zSlices=0,1").status_code == 400


def test_a_tile_is_shown_as_asked(bob, plane):
    wanted = TRUE[:256, :256]
    path = tile(plane.id, 2, 0, 0)
    assert np.array_equal(pixels(bob.get(path + "?channels=0&colormaps=RED"))[..., 0], wanted[..., 0])
    assert not pixels(bob.get(path + "?channels=0&colormaps=RED"))[..., 1:].any()
    stretched = pixels(bob.get(path + "?minIntensities=100&maxIntensities=200")).astype(float)
    assert np.abs(stretched - np.clip((wanted - 100.0) / 100 * 255, 0, 255)).max() <= 1
    assert bob.get(path + "?channels=7").status_code == 400


def test_a_tile_is_filtered_as_asked(bob, plane):
    path = tile(plane.id, 2, 0, 0)
    parted = pixels(bob.get(path + "?filters=otsu"))
    assert set(np.unique(parted)) == {0, 255}
    light = TRUE[:256, :256].astype(int) @ (299, 587, 114) // 1000
    assert light[parted == 255].min() >= light[parted == 0].max()
    assert pixels(bob.get(path + "?filters=HE-EOSIN")).shape == (256, 256, 3)


def test_channels_of_a_stack_are_laid_over_one_another(given, alice, db, tmp_path):
    path = slides.ome(tmp_path / "stack.ome.tif")
    image = given.slide(alice, given.project(alice), path=path).image_instance_ids[0]
    piece = db.scalars(select(SliceInstance).where(SliceInstance.image_id == image)).first()
    both = f"{tile(piece.id, 1, 0, 0)}?channels=0,1&minIntensities=0&maxIntensities=65535"
    assert pixels(alice.get(both)).shape == (256, 256, 3)
    assert pixels(alice.get(tile(piece.id, 1, 0, 0))).ndim == 2
    other = alice.get(tile(piece.id, 1, 0, 0) + "?zSlices=2&timepoints=1").headers["etag"]
    assert other != alice.get(tile(piece.id, 1, 0, 0)).headers["etag"]


def test_a_known_tile_is_not_sent_again(bob, plane, monkeypatch):
    etag = bob.get(tile(plane.id, 2, 0, 0)).headers["etag"]
    monkeypatch.setattr("atrisys.resources.slice_tile.pictures.tile", None)
    assert bob.get(tile(plane.id, 2, 0, 0), headers={"If-None-Match": etag}).status_code == 304


def test_a_stranger_finds_no_tile_and_the_cookie_opens_them(bob, charlie, nobody, plane):
    path = tile(plane.id, 2, 0, 0)
    assert charlie.get(path).status_code == 404
    assert charlie.get(tile(plane.base_slice_id, 2, 0, 0, noun="abstractslice")).status_code == 404
    assert nobody.get(path).status_code == 401
    assert bob.get(path).status_code == 200
    nobody.cookies = bob.cookies
    assert nobody.get(path).status_code == 200


@slides.needs_real
def test_tiles_of_a_real_slide_are_its_windows(given, alice, db):
    image = given.slide(alice, given.project(alice), path=slides.SVS).image_instance_ids[0]
    piece = db.scalars(select(SliceInstance).where(SliceInstance.image_id == image)).one()
    window = pixels(alice.get(f"/api/imageinstance/{image}/window-768-1024-512-256.png"))
    both = [pixels(alice.get(tile(piece.id, 4, x, 4))) for x in (3, 4)]
    assert np.array_equal(np.concatenate(both, axis=1), window)
