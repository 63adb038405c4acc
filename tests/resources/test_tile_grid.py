"""The grid of the file's own tiles, and the same as a Deep Zoom image."""

from xml.etree import ElementTree

import imagecodecs
import numpy as np
import openslide
import pytest
from openslide.deepzoom import DeepZoomGenerator
from sqlalchemy import select
from starlette.testclient import TestClient

from atrisys.app import create_app
from atrisys.settings import Settings
from atrisys.store.tables import SliceInstance
from given import slides
from looking import opened, pixels

TRUE = slides.tissue(900, 700)
NAMESPACE = "{http://schemas.microsoft.com/deepzoom/2008}"


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def image(given, alice, project, tmp_path):
    """900 x 700 px, levels 1 and 4, JPEG tiles of 128 px."""
    return given.slide(alice, project, folder=tmp_path).image_instance_ids[0]


@pytest.fixture
def plane(db, image):
    return db.scalars(select(SliceInstance.id).where(SliceInstance.image_id == image)).one()


def at(id, rest, noun="imageinstance"):
    return f"/api/atrisys/{noun}/{id}/{rest}"


def test_the_grid_is_the_files_own(bob, image):
    grid = bob.get(at(image, "tiles.json")).json()
    assert (grid["image"], grid["slice"], grid["width"], grid["height"]) == (image, None, 900, 700)
    assert grid["levels"] == [
        {"level": 0, "width": 900, "height": 700, "downsample": 1.0, "tileWidth": 128, "tileHeight": 128,
         "columns": 8, "rows": 6},
        {"level": 1, "width": 225, "height": 175, "downsample": 4.0, "tileWidth": 128, "tileHeight": 128,
         "columns": 2, "rows": 2},
    ]  # fmt: skip
    address = f"http://testserver/api/atrisys/imageinstance/{image}"
    assert grid["tiles"] == f"{address}/tile/{{level}}/{{column}}/{{row}}.jpg"
    assert bob.get(grid["deepZoom"]).status_code == 200
    assert bob.get(grid["iiif"]).status_code == 200
    assert bob.get(at(image, "tiles.json")).headers["cache-control"] == "no-store"


def test_every_tile_that_the_grid_tells_of_is_there_and_together_they_are_the_slide(bob, image):
    grid = bob.get(at(image, "tiles.json")).json()
    for level in grid["levels"]:
        rows = []
        for row in range(level["rows"]):
            asked = [grid["tiles"].format(level=level["level"], column=c, row=row) for c in range(level["columns"])]
            rows.append(np.concatenate([pixels(bob.get(address)) for address in asked], axis=1))
        whole = np.concatenate(rows)[: level["height"], : level["width"]].astype(int)
        assert np.abs(whole - slides.shrink(TRUE, round(level["downsample"]))).mean() < 2


@pytest.mark.parametrize("factors", [(1, 3, 7), (1, 2), (1,)])
def test_levels_may_have_any_step(given, alice, project, tmp_path, factors):
    path = slides.pyramid(tmp_path / "odd.tif", TRUE, factors=factors, tile=144)
    image = given.slide(alice, project, path=path).image_instance_ids[0]
    grid = alice.get(at(image, "tiles.json")).json()
    assert [round(level["downsample"]) for level in grid["levels"]] == list(factors)
    last = grid["levels"][-1]
    address = grid["tiles"].format(level=last["level"], column=last["columns"] - 1, row=last["rows"] - 1)
    assert opened(alice.get(address)).size == (144, 144)


def test_planes_have_grids_of_their_own(given, alice, project, db, tmp_path):
    path = slides.ome(tmp_path / "stack.ome.tif", bits=8, compression="jpeg")
    image = given.slide(alice, project, path=path).image_instance_ids[0]
    planes = db.scalars(select(SliceInstance.id).where(SliceInstance.image_id == image)).all()
    for id in planes[:2]:
        grid = alice.get(at(id, "tiles.json", "sliceinstance")).json()
        assert (grid["image"], grid["slice"]) == (image, id)
        assert f"/sliceinstance/{id}/tile/" in grid["tiles"]
        assert pixels(alice.get(grid["tiles"].format(level=1, column=0, row=0))).shape == (128, 128)
    assert alice.get(at(image, "tiles.json")).json()["slice"] in planes


def test_channels_are_laid_over_one_another_each_in_its_window_and_colour(given, alice, charlie, project, db, tmp_path):
    path = slides.ome(tmp_path / "stack.ome.tif", width=200, height=150)
    image = given.slide(alice, project, path=path).image_instance_ids[0]
    id = db.scalar(select(SliceInstance.id).where(SliceInstance.image_id == image).order_by(SliceInstance.id))
    address = at(id, "tile/0/1/1.jpg", "sliceinstance")
    windows = "minIntensities=500,0&maxIntensities=3000,4100"
    both = pixels(alice.get(f"{address}?channels=0,1&colormaps=%23ff0000,%2300ff00&{windows}")).astype(float)
    assert both.shape == (128, 128, 3)
    for channel, (low, high) in enumerate(((500, 3000), (0, 4100))):
        true = slides.plane(channel, 0, 0, 200, 150)[128:, 128:].astype(float)
        meant = np.clip((true - low) / (high - low), 0, 1) * 255
        assert np.abs(both[: 150 - 128, : 200 - 128, channel] - meant).mean() < 12, channel
    assert alice.get(f"{address}?channels=0,9").status_code in (400, 404)
    assert alice.get(f"{address}?channels=0,1&minIntensities=x").status_code == 400
    assert charlie.get(f"{address}?channels=0,1").status_code == 404


def test_the_public_address_stands_before_the_template(settings, store, bob, image):
    public = {"public_url": "https://slides.example.org/atrisys"}
    app = create_app(Settings(data=settings.data, database_url=settings.database_url, **public), store)
    client = TestClient(app, headers=bob.with_token().headers)
    tiles = client.get(at(image, "tiles.json")).json()["tiles"]
    assert tiles.startswith("https://slides.example.org/atrisys/api/atrisys/imageinstance/")


@pytest.mark.parametrize(
    "rest", ["tiles.json", "tile/0/0/0.jpg", "image.dzi", "image_files/10/0_0.jpg", "image_files/0/0_0.jpg"]
)
def test_a_stranger_finds_none_of_it(bob, charlie, nobody, image, plane, rest):
    for noun, id in (("imageinstance", image), ("sliceinstance", plane)):
        assert bob.get(at(id, rest, noun)).status_code == 200
        assert charlie.get(at(id, rest, noun)).status_code == 404
        assert nobody.get(at(id, rest, noun)).status_code == 401


def test_the_key_born_cookie_opens_tiles_but_tells_of_no_grid(app, bob, nobody, image):
    bob.get(at(image, "tiles.json"))
    nobody.cookies = bob.cookies
    assert nobody.get(at(image, "tile/0/0/0.jpg")).status_code == 200
    assert nobody.get(at(image, "image_files/10/0_0.jpg")).status_code == 200
    assert nobody.get(at(image, "tiles.json")).status_code == 401


# --- Deep Zoom -------------------------------------------------------------------------------------------------------


def test_the_descriptor_tells_size_and_tiles(bob, image):
    answer = bob.get(at(image, "image.dzi"))
    assert answer.headers["content-type"].startswith("application/xml")
    root = ElementTree.fromstring(answer.text)
    assert root.tag == f"{NAMESPACE}Image"
    assert root.attrib == {"TileSize": "128", "Overlap": "0", "Format": "jpg"}
    size = root.find(f"{NAMESPACE}Size")
    assert size is not None
    assert size.attrib == {"Width": "900", "Height": "700"}


def test_every_level_of_the_deep_zoom_image_is_half_of_the_next(bob, image):
    for level in range(11):
        step = 1 << (10 - level)
        width, height = -(-900 // step), -(-700 // step)
        rows = []
        for row in range(-(-height // 128)):
            columns = range(-(-width // 128))
            tiles = [pixels(bob.get(at(image, f"image_files/{level}/{column}_{row}.jpg"))) for column in columns]
            rows.append(np.concatenate(tiles, axis=1))
        whole = np.concatenate(rows).astype(int)
        assert whole.shape == (height, width, 3), level
        if step <= 4:
            assert np.abs(whole - TRUE[step // 2 :: step, step // 2 :: step][:height, :width]).mean() < 12, level


def test_levels_and_tiles_are_those_that_openslides_generator_makes_of_the_slide(bob, image, tmp_path):
    """What every client of this format was written for."""
    with openslide.OpenSlide(next(tmp_path.glob("*.svs"))) as slide:
        theirs = DeepZoomGenerator(slide, tile_size=128, overlap=0)
        descriptors = bob.get(at(image, "image.dzi")).text, theirs.get_dzi("jpg")
        ours, said = (ElementTree.fromstring(text).attrib for text in descriptors)
        assert ours == said
        for level, (columns, rows) in enumerate(theirs.level_tiles):
            last = opened(bob.get(at(image, f"image_files/{level}/{columns - 1}_{rows - 1}.jpg")))
            assert last.size == theirs.get_tile_dimensions(level, (columns - 1, rows - 1))
            for beyond in (f"{columns}_0", f"0_{rows}"):
                assert bob.get(at(image, f"image_files/{level}/{beyond}.jpg")).status_code == 400
        assert bob.get(at(image, f"image_files/{theirs.level_count}/0_0.jpg")).status_code == 400


def test_inner_tiles_of_the_deep_zoom_image_are_the_files_own_bytes(bob, image):
    own, other = bob.get(at(image, "tile/0/3/2.jpg")), bob.get(at(image, "image_files/10/3_2.jpg"))
    assert own.content == other.content
    assert bob.get(at(image, "tile/1/0/0.jpg")).content == bob.get(at(image, "image_files/8/0_0.jpg")).content
    edge = bob.get(at(image, "image_files/10/7_5.jpg"))
    assert opened(edge).size == (4, 60)


@pytest.mark.parametrize("place", ["11/0_0", "10/8_0", "10/0_6", "0/1_0", f"{10**20}/0_0", f"10/{10**30}_0"])
def test_deep_zoom_tiles_that_are_not_there_are_refused(bob, image, place):
    assert bob.get(at(image, f"image_files/{place}.jpg")).status_code == 400


def test_tiles_of_unusual_shape_are_not_the_deep_zoom_images(given, alice, project, tmp_path):
    path = slides.pyramid(tmp_path / "small.tif", TRUE, factors=(1,), tile=16)
    image = given.slide(alice, project, path=path).image_instance_ids[0]
    assert 'TileSize="256"' in alice.get(at(image, "image.dzi")).text


# --- Cytomine's tiles ------------------------------------------------------------------------------------------------


def test_normalised_tiles_are_the_files_own_bytes_where_the_grids_agree(given, alice, project, db, tmp_path):
    path = slides.pyramid(tmp_path / "a.tif", TRUE, factors=(1, 2), tile=256)
    image = given.slide(alice, project, path=path).image_instance_ids[0]
    plane = db.scalars(select(SliceInstance.id).where(SliceInstance.image_id == image)).one()
    address = f"/api/sliceinstance/{plane}/normalized-tile/zoom/{{}}/tx/{{}}/ty/{{}}.{{}}"
    for zoom, level, x, y in ((2, 0, 1, 1), (1, 1, 0, 0)):
        normal, own = alice.get(address.format(zoom, x, y, "jpg")), alice.get(at(image, f"tile/{level}/{x}/{y}.jpg"))
        assert normal.content == own.content
        for asked in ("?gammas=2", "?jpegQuality=80", "?minIntensities=10"):
            changed = alice.get(address.format(zoom, x, y, "jpg") + asked)
            assert changed.status_code == 200
            assert changed.content != own.content
        shown = pixels(alice.get(address.format(zoom, x, y, "png")))
        assert np.abs(imagecodecs.jpeg8_decode(own.content) - shown.astype(int)).max() == 0
    assert opened(alice.get(address.format(2, 3, 2, "jpg"))).size == (132, 188)
