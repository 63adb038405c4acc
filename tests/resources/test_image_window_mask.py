import numpy as np
import pytest

from given import slides
from looking import pixels
from windows import TRUE, row_of, true_slide, window


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def image(given, alice, project, tmp_path):
    return given.slide(alice, project, path=true_slide(tmp_path)).image_instance_ids[0]


def test_the_mask_of_a_window_shows_the_annotations_where_they_are(given, alice, bob, db, image):
    row = row_of(db, image)
    given.annotation(row, alice, "POLYGON ((110 500, 110 620, 200 620, 200 500, 110 500))")
    given.annotation(row, bob, "POLYGON ((300 500, 300 620, 400 620, 400 500, 300 500))")
    mask = pixels(bob.get(window(100, 50, 250, 200, image) + "?mask=true"))
    wanted = np.zeros((200, 250), np.uint8)
    # y is turned once: 700 − 620 = 80 from the top, 30 below the window's edge.
    wanted[30:150, 10:100] = 255
    wanted[30:150, 200:250] = 255
    assert np.array_equal(mask, wanted)
    veiled = pixels(bob.get(window(100, 50, 250, 200, image) + "?alphaMask=true"))
    assert np.array_equal(veiled[..., 3], wanted)
    assert np.array_equal(veiled[..., :3], TRUE[50:250, 100:350])


def test_a_windows_mask_is_cut_down_to_who_and_what_is_asked_for(given, alice, bob, db, image):
    row = row_of(db, image)
    ontology = given.ontology(alice)
    term = given.term(ontology=ontology)
    row_project = row.project_id
    alice.put(f"/api/project/{row_project}.json", json={"ontology": ontology.id})
    one = given.annotation(row, alice, "POLYGON ((0 690, 0 700, 10 700, 10 690, 0 690))", terms=[term])
    two = given.annotation(row, bob, "POLYGON ((20 690, 20 700, 30 700, 30 690, 20 690))")
    first, second = (np.zeros((10, 30), np.uint8) for _ in range(2))
    first[:, :10], second[:, 20:] = 255, 255
    path = window(0, 0, 30, 10, image) + "?mask=true&"
    for asked, wanted in (
        (f"annotations={one.id}", first),
        (f"annotations={one.id},{two.id}", first + second),
        (f"terms={term.id}", first),
        (f"users={bob.id}", second),
        (f"terms={term.id}&users={bob.id}", 0 * first),
        ("reviewed=True", 0 * first),
        ("reviewed=False", first + second),
    ):
        assert np.array_equal(pixels(bob.get(path + asked)), wanted), asked


def test_a_mask_names_no_annotation_that_one_may_not_see(given, alice, bob, db, image, tmp_path):
    row = row_of(db, image)
    strange = given.project(alice)
    elsewhere = given.slide(alice, strange, folder=tmp_path).image_instance_ids[0]
    other = given.annotation(row_of(db, elsewhere), alice)
    path = window(0, 0, 30, 10, image) + "?mask=true&"
    hidden = bob.get(f"{path}annotations={other.id}")
    unknown = bob.get(f"{path}annotations=999999")
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.json()["errors"].replace(str(other.id), "999999") == unknown.json()["errors"]
    assert bob.get(f"{path}terms=999999").status_code == 404
    assert bob.get(f"{path}annotations=one").status_code == 400
    mine = given.annotation(row, alice, "POLYGON ((0 690, 0 700, 10 700, 10 690, 0 690))")
    assert pixels(bob.get(f"{path}annotations={mine.id}")).any()


def test_a_mask_shows_nothing_of_hidden_layers(given, alice, bob, db, tmp_path):
    hiding = given.project(alice, [bob], hide_admins_layers=True)
    image = given.slide(alice, hiding, path=true_slide(tmp_path)).image_instance_ids[0]
    of_alice = given.annotation(row_of(db, image), alice, "POLYGON ((0 690, 0 700, 10 700, 10 690, 0 690))")
    asked = window(0, 0, 30, 10, image) + "?mask=true"
    assert pixels(alice.get(asked)).any()
    assert not pixels(bob.get(asked)).any()
    assert bob.get(f"{asked}&annotations={of_alice.id}").status_code == 404


def test_a_changed_annotation_changes_the_etag_of_its_mask(given, alice, db, image):
    path = window(0, 0, 30, 10, image) + "?mask=true"
    drawn = given.annotation(row_of(db, image), alice, "POLYGON ((0 690, 0 700, 10 700, 10 690, 0 690))")
    etag = alice.get(path).headers["etag"]
    assert alice.get(path, headers={"If-None-Match": etag}).status_code == 304
    new = {"location": "POLYGON ((0 690, 0 700, 20 700, 20 690, 0 690))"}
    assert alice.put(f"/api/annotation/{drawn.id}.json", json=new).status_code == 200
    again = alice.get(path, headers={"If-None-Match": etag})
    assert (pixels(again) > 0).sum() == 200


def test_outlines_of_annotations_are_drawn_on_a_window(given, alice, db, image):
    given.annotation(row_of(db, image), alice, "POLYGON ((100 500, 100 600, 200 600, 200 500, 100 500))")
    drawn = pixels(alice.get(window(80, 80, 150, 150, image) + "?draw=true&color=0x00FF00"))
    green = (drawn == (0, 255, 0)).all(axis=2)
    assert green[19:21, 60].any()
    assert green[60, 19:21].any()
    assert np.array_equal(drawn[30:110, 30:110], TRUE[110:190, 110:190])


def test_a_mask_of_a_slide_outside_of_projects_needs_a_shape(alice, db, image):
    base = row_of(db, image).base_image_id
    path = window(0, 0, 30, 10, base, noun="abstractimage") + "?mask=true"
    assert alice.get(path).status_code == 400
    shape = "POLYGON ((0 690, 0 700, 10 700, 10 690, 0 690))"
    assert (pixels(alice.get(f"{path}&location={shape}")) > 0).sum() == 100
    assert (pixels(alice.post(path, json={"location": shape})) > 0).sum() == 100
    top = "POLYGON ((0 0, 0 5, 10 5, 10 0, 0 0))"
    assert (pixels(alice.get(f"{path}&location={top}&origin=left-top"))[:5, :10] == 255).all()
    assert alice.get(f"{path}&location=POLYGON((0 0, 1").status_code == 400


def test_a_mask_of_one_plane_shows_what_was_drawn_there(given, alice, project, tmp_path):
    image = given.slide(alice, project, path=slides.ome(tmp_path / "stack.ome.tif")).image_instance_ids[0]
    pieces = [row["id"] for row in alice.get(f"/api/imageinstance/{image}/sliceinstance.json").json()["collection"]]
    reference = alice.get(f"/api/imageinstance/{image}/sliceinstance/reference.json").json()["id"]
    elsewhere = next(id for id in pieces if id != reference)
    shape = "POLYGON ((0 290, 0 300, 10 300, 10 290, 0 290))"
    drawn = alice.post("/api/annotation.json", json={"location": shape, "slice": elsewhere}).json()["annotation"]["id"]
    masks = {id: window(0, 0, 30, 10, id, noun="sliceinstance") + "?mask=true" for id in (reference, elsewhere)}
    assert not pixels(alice.get(masks[reference])).any()
    assert pixels(alice.get(masks[elsewhere])).any()
    assert not pixels(alice.get(window(0, 0, 30, 10, image) + "?mask=true")).any()
    assert pixels(alice.get(window(0, 0, 30, 10, image) + f"?mask=true&annotations={drawn}")).any()
    assert alice.get(window(0, 0, 30, 10, image) + "?projection=max").status_code == 400
