"""Views that hold more annotations than anybody can tell apart: `kmeans=true`."""

import pytest
import shapely

from atrisys.actions import crowded_view

HEIGHT = 1000
VIEW = "0,0,2000,1000"
"""The whole slide of 2000 x 1000 px: its cells are 128 px."""


def square(x, y):
    return f"POLYGON (({x} {y}, {x} {y + 10}, {x + 10} {y + 10}, {x + 10} {y}, {x} {y}))"


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def image(given, project, alice, bob, monkeypatch):
    """Three of alice's and one of bob's near the left bottom corner, one of alice's far to the right."""
    monkeypatch.setattr(crowded_view, "CROWD", 5)
    image = given.image(project, alice)
    for who, x, y in ((alice, 0, 0), (alice, 20, 0), (alice, 50, 40), (bob, 90, 90), (alice, 1500, 500)):
        given.annotation(image, who, square(x, y))
    return image


def ask(person, **query):
    return person.get("/api/annotation.json", params={"kmeans": True, "bbox": VIEW, "showWKT": True, **query})


def test_a_crowd_is_told_as_rectangles_with_how_many_lie_in_each(bob, image):
    body = ask(bob, image=image.id).json()
    assert [body[key] for key in ("size", "totalPages")] == [2, 1]
    told = [{key: value for key, value in row.items() if key != "location"} for row in body["collection"]]
    assert told == [{"id": 1, "count": 4, "ratio": 100.0}, {"id": 2, "count": 1, "ratio": 25.0}]
    many, one = (shapely.from_wkt(row["location"]) for row in body["collection"])
    # The centroids lie at 5…95 px; the margin is a sixteenth of a cell.
    assert many.bounds == (0, 0, 103, 103)
    assert one.bounds == (1497, 497, 1513, 513)


def test_image_order_turns_the_rectangles(bob, image):
    rows = ask(bob, image=image.id, origin="left-top").json()["collection"]
    assert [row["origin"] for row in rows] == ["left-top", "left-top"]
    assert shapely.from_wkt(rows[0]["location"]).bounds == (0, HEIGHT - 103, 103, HEIGHT)


def test_a_slice_and_a_search_say_the_same(bob, image, given, db):
    listed = ask(bob, image=image.id).json()["collection"]
    reference = bob.get(f"/api/imageinstance/{image.id}/sliceinstance/reference.json").json()["id"]
    assert ask(bob, slice=reference).json()["collection"] == listed
    said = {"kmeans": True, "bbox": VIEW, "image": image.id, "showWKT": True}
    assert bob.post("/api/annotation/search.json", json=said).json()["collection"] == listed


@pytest.mark.parametrize(
    "query", [{"kmeans": False}, {"bbox": ""}, {"bbox": "0,0,100,100"}], ids=["not asked", "no view", "few in the view"]
)
def test_otherwise_annotations_are_listed(bob, image, query):
    rows = ask(bob, image=image.id, **query).json()["collection"]
    assert len(rows) >= 4
    assert not any("count" in row for row in rows)


def test_several_images_have_no_view_in_common(bob, image, given, project, alice):
    other = given.image(project, alice)
    rows = ask(bob, images=f"{image.id},{other.id}").json()["collection"]
    assert len(rows) == 5


def test_the_cells_lie_still_while_the_view_is_moved(bob, image, monkeypatch):
    monkeypatch.setattr(crowded_view, "CROWD", 1)
    places = [
        ask(bob, image=image.id, bbox=view).json()["collection"][0]["location"]
        for view in ("0,0,1900,900", "0,0,1800,1000")
    ]
    assert places[0] == places[1]


def test_what_only_reaches_into_the_view_counts_at_its_border(bob, given, project, alice, image):
    for n in range(6):
        given.annotation(image, alice, f"POLYGON ((1000 300, 1010 300, {1300 + 50 * n} 900, 1000 300))")
    rows = ask(bob, image=image.id, bbox="1001,300,1002,301").json()["collection"]
    assert [row["count"] for row in rows] == [6]
    left, _, right, _ = shapely.from_wkt(rows[0]["location"]).bounds
    assert 1000 < left < right < 1003


def test_what_one_may_not_see_does_not_count(alice, bob, charlie, image, project, monkeypatch):
    monkeypatch.setattr(crowded_view, "CROWD", 1)
    assert ask(charlie, image=image.id).status_code == 404
    assert alice.put(f"/api/project/{project.id}.json", json={"hideAdminsLayers": True}).status_code == 200
    assert [row["count"] for row in ask(bob, image=image.id).json()["collection"]] == [1]
