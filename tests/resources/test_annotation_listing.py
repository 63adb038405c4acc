import time

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, settings
from hypothesis import given as rule
from hypothesis import strategies as st

from atrisys.geometry.wkt import write_wkt

TRIANGLE = "POLYGON ((0 0, 0 20, 20 20, 0 0))"


@pytest.fixture
def work(given, alice, bob):
    """Two images of 2000 x 1000 px with four annotations on the first, one on the second."""

    class Work:
        ontology = given.ontology(alice)
        tumour, stroma = given.term(ontology, "tumour"), given.term(ontology, "stroma")
        project = given.project(alice, [bob], ontology)
        image = given.image(project, alice, mpp_x=0.5)
        second = given.image(project, alice)

    a = given.annotation(Work.image, alice, "POLYGON ((100 100, 100 200, 200 200, 200 100, 100 100))", [Work.tumour])
    b = given.annotation(Work.image, bob, "POLYGON ((150 150, 150 300, 300 300, 300 150, 150 150))", [Work.stroma])
    c = given.annotation(Work.image, bob, "POLYGON ((900 900, 900 950, 950 950, 900 900))", [Work.tumour, Work.stroma])
    d = given.annotation(Work.image, bob, "POINT (1500 500)")
    e = given.annotation(Work.second, alice, "LINESTRING (0 0, 500 500)")
    Work.a, Work.b, Work.c, Work.d, Work.e = a.id, b.id, c.id, d.id, e.id
    return Work


def ids(person, query):
    answer = person.get(f"/api/annotation.json?{query}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    found = [row["id"] for row in body["collection"]]
    assert body["size"] >= len(found)
    return found


def test_rows_come_newest_first_by_container(work, bob):
    assert ids(bob, f"image={work.image.id}") == [work.d, work.c, work.b, work.a]
    assert ids(bob, f"project={work.project.id}") == [work.e, work.d, work.c, work.b, work.a]
    assert ids(bob, f"images={work.image.id},{work.second.id}") == [work.e, work.d, work.c, work.b, work.a]


def test_slices_are_containers_too(work, given, bob, db):
    row = bob.get(f"/api/annotation/{work.e}.json").json()
    assert ids(bob, f"slice={row['slice']}") == [work.e]


def test_every_filter_filters(work, alice, bob):
    image = f"image={work.image.id}"
    for query, expected in (
        (f"user={alice.id}", [work.a]),
        (f"users={bob.id}", [work.d, work.c, work.b]),
        (f"users={bob.id},{alice.id}", [work.d, work.c, work.b, work.a]),
        ("users=", []),
        ("users=null", [work.d, work.c, work.b, work.a]),
        (f"term={work.tumour.id}", [work.c, work.a]),
        (f"terms={work.tumour.id},{work.stroma.id}", [work.c, work.b, work.a]),
        ("terms=", []),
        ("noTerm=True", [work.d]),
        (f"noTerm=true&terms={work.tumour.id}", [work.d, work.c, work.a]),
        ("multipleTerm=True", [work.c]),
        (f"usersForTerm={bob.id}", [work.c, work.b]),
        ("bbox=0,0,120,120", [work.a]),
        ("bbox=160,160,170,170", [work.b, work.a]),
        ("bbox=POLYGON((1499 499,1499 501,1501 501,1499 499))", [work.d]),
        (f"bboxAnnotation={work.a}", [work.b, work.a]),
        (f"bboxAnnotation={work.a}&excludedAnnotation={work.a}", [work.b]),
        ("baseAnnotation=POINT(1490 500)&maxDistanceBaseAnnotation=10", [work.d]),
        ("baseAnnotation=POINT(1490 500)&maxDistanceBaseAnnotation=9", []),
        ("minSize=100", [work.b, work.a]),
        ("minSize=150&bbox=160,160,170,170", [work.b]),
        ("minSize=150.5", []),
        ("reviewed=True", []),
        ("afterThan=99999999999999", []),
        ("beforeThan=99999999999999&max=1", [work.d]),
        ("max=2&offset=1", [work.c, work.b]),
    ):
        assert ids(bob, f"{image}&{query}") == expected, query


def test_image_order_turns_boxes_shapes_and_centroids(work, bob):
    query = f"image={work.image.id}&origin=left-top&showWKT=true&showGIS=true&bbox=90,790,210,910"
    rows = bob.get(f"/api/annotation.json?{query}").json()["collection"]
    assert [row["id"] for row in rows] == [work.b, work.a]
    assert shapely.from_wkt(rows[1]["location"]).bounds == (100, 800, 200, 900)
    assert rows[1]["centroid"] == {"x": 150, "y": 850}
    assert {row["origin"] for row in rows} == {"left-top"}


def test_column_groups_give_what_they_name(work, bob):
    base = f"/api/annotation.json?image={work.image.id}"
    default = bob.get(base).json()["collection"][1]
    assert default["term"] == [work.tumour.id, work.stroma.id]
    assert default["userByTerm"][0]["user"] == [bob.id]
    assert "location" not in default
    assert isinstance(default["created"], int)
    assert default["updated"] is None
    row = bob.get(f"{base}&showWKT=True&hideMeta=true").json()["collection"][1]
    assert row["location"] == "POLYGON ((900 900, 900 950, 950 950, 900 900))"
    assert "term" not in row
    assert row["id"] == work.c
    assert row["class"] == "be.cytomine.domain.ontology.UserAnnotation"
    whole = "&".join(
        f"show{g}=true" for g in ("Basic", "Meta", "WKT", "GIS", "Term", "Track", "User", "Image", "Slice")
    )
    row = bob.get(f"{base}&{whole}&showLink=true&showImageGroup=true").json()["collection"][1]
    assert (row["creator"], row["channel"], row["track"], row["group"]) == ("bob", 0, [], None)
    assert row["areaUnit"] == "micron²"
    assert row["centroid"]["y"] == pytest.approx(2800 / 3)
    assert row["instanceFilename"] == work.image.instance_filename
    assert bob.get(f"{base}&showBasic=true&hideBasic=true").status_code == 404


def test_a_search_takes_its_parameters_in_the_body(work, bob):
    body = {"image": work.image.id, "terms": [work.tumour.id], "showWKT": True, "max": 1, "offset": 1, "bbox": None}
    found = bob.post("/api/annotation/search.json", json=body).json()
    assert [row["id"] for row in found["collection"]] == [work.a]
    assert (found["size"], found["perPage"], found["offset"], found["totalPages"]) == (2, 1, 1, 2)


def test_included_gives_what_touches_a_shape(work, bob):
    for path in (
        f"/api/annotation/included.json?image={work.image.id}&annotation={work.a}",
        f"/api/imageinstance/{work.image.id}/annotation/included.json?annotation={work.a}",
    ):
        assert [row["id"] for row in bob.get(path).json()["collection"]] == [work.b]


def test_a_stranger_lists_nothing_and_learns_nothing(work, charlie, nobody):
    for query in (
        f"project={work.project.id}",
        f"image={work.image.id}",
        f"images={work.image.id}",
        f"slice={work.image.id + 1}",
    ):
        assert charlie.get(f"/api/annotation.json?{query}").status_code == 404
    assert charlie.get("/api/annotation.json").status_code == 400
    assert nobody.get(f"/api/annotation.json?image={work.image.id}").status_code == 401


def test_an_id_of_another_project_answers_as_if_it_did_not_exist(work, given, charlie):
    mine = given.image(given.project(charlie), charlie)
    base = f"/api/annotation.json?image={mine.id}"
    for query in (f"terms={work.tumour.id}", f"bboxAnnotation={work.a}", f"baseAnnotation={work.a}"):
        assert charlie.get(f"{base}&{query}").status_code == 404, query


def test_the_dialect_of_keys_in_headers_is_a_bare_array(work, bob):
    rows = bob.with_token().get(f"/api/annotation.json?image={work.image.id}&showWKT=true&showTerm=true").json()
    assert [row["id"] for row in rows] == [work.d, work.c, work.b, work.a]
    assert bob.with_token().get(f"/api/annotation.json?image={work.image.id}&terms=").json() == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@rule(
    boxes=st.lists(
        st.tuples(st.integers(0, 1900), st.integers(0, 900), st.integers(1, 1999), st.integers(1, 999)),
        min_size=1,
        max_size=12,
    ),
    window=st.tuples(st.integers(0, 1900), st.integers(0, 900), st.integers(1, 1999), st.integers(1, 999)),
)
def test_a_window_finds_exactly_the_shapes_that_touch_it(given, alice, boxes, window):
    image = given.image(given.project(alice), alice)
    shapes = {}
    for x, y, w, h in boxes:
        shape = shapely.box(x, y, min(x + w, 2000), min(y + h, 1000))
        shapes[given.annotation(image, alice, shape.wkt).id] = shape
    x, y, w, h = window
    asked = shapely.box(x, y, x + w, y + h)
    expected = {id for id, shape in shapes.items() if shapely.intersects(shape, asked)}
    assert set(ids(alice, f"image={image.id}&bbox={x},{y},{x + w},{y + h}")) == expected


def test_a_search_pages_by_the_same_rules_as_a_list(work, bob):
    for words in ({"max": -5}, {"offset": 2**40}, {"max": "many"}):
        assert bob.post("/api/annotation/search.json", json={"image": work.image.id, **words}).status_code == 400
    answer = bob.post("/api/annotation/search.json", json={"image": work.image.id, "baseAnnotation": "²"})
    assert answer.status_code == 400


@pytest.mark.parametrize("name", ["bbox", "baseAnnotation"])
@pytest.mark.parametrize(
    ("points", "reason"),
    [(2_000, "too entangled"), (5_000, "has at most 5000 points"), (40_000, "at most 5000 points")],
)
def test_a_shape_to_search_with_is_neither_huge_nor_a_tangle(work, bob, name, points, reason):
    ring = np.random.default_rng(1).integers(0, 1000, (points, 2))
    body = {"image": work.image.id, name: write_wkt(shapely.Polygon(ring))}
    began = time.monotonic()
    answer = bob.post("/api/annotation/search.json", json=body)
    assert answer.status_code == 400
    assert reason in answer.json()["message"]
    assert time.monotonic() - began < 3


def test_a_place_in_slides_of_many_heights_is_asked_for_in_image_order(given, alice):
    project = given.project(alice)
    for height in range(100, 142):
        given.annotation(given.image(project, alice, height=height), alice)
    base = f"/api/annotation.json?project={project.id}&bbox=0,0,2000,1000"
    assert alice.get(base).status_code == 400
    assert alice.get(f"{base}&origin=left-top").json()["size"] == 42


@pytest.mark.parametrize("container", ["project", "image", "slice"])
def test_a_blind_project_names_its_images_to_managers_alone(given, alice, bob, container):
    image = given.image(given.project(alice, [bob], blind_mode=True), alice, original_filename="Mrs Brown.svs")
    drawn = given.annotation(image, bob)
    named = {"project": image.project_id, "image": image.id, "slice": drawn.slice_id}[container]
    path = f"/api/annotation.json?{container}={named}&showBasic=true&showImage=true"
    (theirs,), (hers,) = (person.get(path).json()["collection"] for person in (bob, alice))
    assert (theirs["originalFilename"], theirs["instanceFilename"]) == (str(image.base_image_id), None)
    assert hers["originalFilename"] == "Mrs Brown.svs"


def density(person, image, query):
    answer = person.get(f"/api/atrisys/imageinstance/{image.id}/density.json?{query}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["total"] == sum(number for _, _, number in body["cells"])
    return sorted(map(tuple, body["cells"]))


def test_annotations_are_counted_by_cell_from_the_top_left(work, alice, bob):
    # The wire's y of 150 in an image that is 1000 px high: 850 from the top.
    assert density(bob, work.image, "cell=100") == [(1, 8, 1), (2, 7, 1), (9, 0, 1), (15, 5, 1)]
    assert density(bob, work.image, "cell=2000") == [(0, 0, 4)]
    assert len(density(bob, work.image, "")) == 4
    assert density(bob, work.image, f"cell=100&users={alice.id}") == [(1, 8, 1)]
    assert density(bob, work.image, f"cell=100&terms={work.stroma.id}") == [(2, 7, 1), (9, 0, 1)]
    assert density(bob, work.image, "cell=100&bbox=0,0,160,160") == [(1, 8, 1), (2, 7, 1)]
    assert density(bob, work.image, "reviewed=true") == []


def test_a_stranger_learns_no_density_and_cells_are_not_too_small(work, bob, charlie):
    address = f"/api/atrisys/imageinstance/{work.image.id}/density.json"
    assert charlie.get(address).status_code == 404
    for cell in ("1", "0", "-5", str(2**31), "1e9", ""):
        assert bob.get(f"{address}?cell={cell}").status_code == 400, cell


def test_an_annotation_has_a_place_in_the_list_of_its_image(work, alice, bob, charlie):
    def place(person, id, query=""):
        address = f"/api/atrisys/imageinstance/{work.image.id}/annotation/{id}/place.json"
        answer = person.get(f"{address}?{query}")
        return answer.json() if answer.status_code == 200 else answer.status_code

    listed = ids(bob, f"image={work.image.id}")
    assert [place(bob, id) for id in listed] == [{"place": at, "total": 4} for at in (1, 2, 3, 4)]
    assert place(bob, work.a, f"terms={work.tumour.id}") == {"place": 2, "total": 2}
    assert place(bob, work.a, f"users={alice.id}") == {"place": 1, "total": 1}
    assert place(bob, work.d, f"terms={work.tumour.id}") == 404
    assert place(bob, work.e) == 404
    assert place(charlie, work.a) == 404
