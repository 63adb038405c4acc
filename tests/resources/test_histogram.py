import numpy as np
import pytest
from sqlalchemy import select

from atrisys.store.tables import AbstractSlice, SliceInstance
from given import slides

TRUE = slides.tissue(900, 700)


@pytest.fixture
def image(given, alice, bob, tmp_path):
    path = slides.pyramid(tmp_path / "slide.tif", TRUE, compression="zlib")
    return given.slide(alice, given.project(alice, [bob]), path=path).image_instance_ids[0]


@pytest.fixture
def stack(given, alice, bob, db, tmp_path):
    """One plane of an image of two channels, three focal planes, two times, 16 bits; and that plane's place."""
    image = given.slide(alice, given.project(alice, [bob]), path=slides.ome(tmp_path / "stack.ome.tif"))
    query = select(SliceInstance, AbstractSlice).join(AbstractSlice, AbstractSlice.id == SliceInstance.base_slice_id)
    query = query.where(SliceInstance.image_id == image.image_instance_ids[0])
    found = {(base.channel, base.z_stack, base.time): piece for piece, base in db.execute(query).all()}
    return found[1, 2, 1]


def test_an_image_has_a_histogram_and_its_bounds(bob, image):
    shown = bob.get(f"/api/imageinstance/{image}/histogram.json").json()
    darkest, brightest = int(TRUE.min()), int(TRUE.max())
    counts = np.bincount(TRUE.ravel(), minlength=256)
    assert shown == {
        "type": "COMPLETE", "minimum": darkest, "maximum": brightest, "firstBin": darkest, "lastBin": brightest,
        "nBins": 256, "histogram": counts[darkest : brightest + 1].tolist(),
    }  # fmt: skip
    bounds = bob.get(f"/api/imageinstance/{image}/histogram/bounds.json")
    assert bounds.json() == {"type": "COMPLETE", "minimum": darkest, "maximum": brightest}
    assert bounds.headers["cache-control"] == "no-store"


def test_bins_are_as_asked(bob, image):
    shown = bob.get(f"/api/imageinstance/{image}/histogram.json?nBins=16").json()
    assert shown["nBins"] == 16
    assert len(shown["histogram"]) == shown["lastBin"] - shown["firstBin"] + 1
    assert sum(shown["histogram"]) == TRUE.size
    for wrong in ("17", "0", "many", "131072"):
        assert bob.get(f"/api/imageinstance/{image}/histogram.json?nBins={wrong}").status_code == 400


def test_red_green_and_blue_are_three_channels(bob, image):
    rows = bob.get(f"/api/imageinstance/{image}/channelhistogram.json").json()["collection"]
    assert [(row["channel"], row["apparentChannel"], row["sample"], row["color"]) for row in rows] == [
        (0, 0, 0, "#ff0000"), (0, 1, 1, "#00ff00"), (0, 2, 2, "#0000ff"),
    ]  # fmt: skip
    for sample, row in enumerate(rows):
        own = TRUE[..., sample]
        assert (row["minimum"], row["maximum"]) == (own.min(), own.max())
        assert row["histogram"] == np.bincount(own.ravel())[own.min() :].tolist()
    bounds = bob.get(f"/api/imageinstance/{image}/channelhistogram/bounds.json?max=2&offset=1").json()
    assert (bounds["size"], [row["apparentChannel"] for row in bounds["collection"]]) == (3, [1, 2])
    assert "histogram" not in bounds["collection"][0]


def test_a_plane_has_its_own(bob, stack):
    own = slides.plane(1, 2, 1, 500, 300)
    shown = bob.get(f"/api/sliceinstance/{stack.id}/histogram.json?nBins=65536").json()
    assert (shown["minimum"], shown["maximum"]) == (own.min(), own.max())
    assert sum(shown["histogram"]) == own.size
    bounds = bob.get(f"/api/sliceinstance/{stack.id}/histogram/bounds.json").json()
    assert (bounds["minimum"], bounds["maximum"]) == (own.min(), own.max())
    for path in ("channelhistogram.json", "channelhistogram/bounds.json"):
        rows = bob.get(f"/api/sliceinstance/{stack.id}/{path}").json()["collection"]
        assert [(row["channel"], row["zSlice"], row["timepoint"]) for row in rows] == [(0, 2, 1), (1, 2, 1)]
        for row in rows:
            channel = slides.plane(row["channel"], 2, 1, 500, 300)
            assert (row["minimum"], row["maximum"]) == (channel.min(), channel.max())


def test_a_stranger_sees_none_and_the_cookie_opens_none(bob, charlie, nobody, image, stack):
    bob.get(f"/api/imageinstance/{image}/thumb.jpg")
    cookie = f"atrisys_pictures={bob.cookies['atrisys_pictures']}"
    for where in (f"imageinstance/{image}", f"sliceinstance/{stack.id}"):
        for what in ("histogram", "histogram/bounds", "channelhistogram", "channelhistogram/bounds"):
            path = f"/api/{where}/{what}.json"
            assert charlie.get(path).status_code == 404
            assert nobody.get(path).status_code == 401
            assert nobody.get(path, headers={"cookie": cookie}).status_code == 401
