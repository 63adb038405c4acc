import pytest

from given.annotations import SQUARE


@pytest.fixture
def image(given, alice, bob):
    """alice has drawn two annotations, one of which was accepted, bob one."""
    image = given.image(given.project(alice, [bob]), alice)
    drawn = [given.annotation(image, person, SQUARE) for person in (alice, alice, bob)]
    alice.post(f"/api/imageinstance/{image.id}/review.json")
    assert alice.post(f"/api/annotation/{drawn[0].id}/review.json", json={}).status_code == 200
    return image


def _slice_of(person, image):
    return person.get(f"/api/imageinstance/{image.id}/sliceinstance.json").json()["collection"][0]["id"]


def _counts(rows):
    return {row["user"]: (row["countAnnotation"], row["countReviewedAnnotation"]) for row in rows["collection"]}


def test_annotations_are_counted_by_slice_and_layer(alice, bob, image):
    plane = _slice_of(alice, image)
    for path in (f"imageinstance/{image.id}", f"sliceinstance/{plane}"):
        rows = bob.get(f"/api/{path}/annotationindex.json").json()
        assert _counts(rows) == {alice.id: (2, 1), bob.id: (1, 0)}
        assert {row["slice"] for row in rows["collection"]} == {plane}
    page = alice.get(f"/api/imageinstance/{image.id}/annotationindex.json?max=1&offset=1").json()
    assert (len(page["collection"]), page["size"]) == (1, 2)


def test_each_slice_has_its_own_numbers(given, alice):
    base = given.abstract_image(alice, planes=[(0, 0, 0), (0, 1, 0)], depth=2)
    image = given.image(given.project(alice), alice, base)
    planes = [row["id"] for row in alice.get(f"/api/imageinstance/{image.id}/sliceinstance.json").json()["collection"]]
    for plane in (planes[0], planes[0], planes[1]):
        assert alice.post("/api/annotation.json", json={"location": SQUARE, "slice": plane}).status_code == 200
    rows = alice.get(f"/api/imageinstance/{image.id}/annotationindex.json").json()["collection"]
    assert [(row["slice"], row["countAnnotation"]) for row in rows] == [(planes[0], 2), (planes[1], 1)]
    assert _counts(alice.get(f"/api/sliceinstance/{planes[1]}/annotationindex.json").json()) == {alice.id: (1, 0)}


def test_hidden_layers_do_not_count(alice, bob, image):
    alice.put(f"/api/project/{image.project_id}.json", json={"hideAdminsLayers": True})
    assert _counts(bob.get(f"/api/imageinstance/{image.id}/annotationindex.json").json()) == {bob.id: (1, 0)}


def test_a_stranger_finds_nothing_to_count(alice, charlie, nobody, image):
    for path in (f"imageinstance/{image.id}", f"sliceinstance/{_slice_of(alice, image)}"):
        assert charlie.get(f"/api/{path}/annotationindex.json").status_code == 404
        assert nobody.get(f"/api/{path}/annotationindex.json").status_code == 401
