import pytest
import shapely

from atrisys.actions import edit_chosen
from atrisys.geometry import correct
from counting import statements
from given.annotations import SQUARE

DELETE, TERM = "/api/atrisys/annotation/delete.json", "/api/atrisys/annotation/term.json"
MERGE = "/api/atrisys/annotation/merge.json"
BESIDE = "POLYGON ((20 10, 20 30, 50 30, 50 10, 20 10))"


def ok(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def desk(given, alice, bob):
    """Alice's project, in which bob works; three shapes of hers, the first with a term."""

    class Desk:
        ontology = given.ontology(alice)
        term, other = given.term(ontology, "mitosis"), given.term(ontology, "necrosis")
        project = given.project(alice, [bob], ontology)
        image = given.image(project, alice)

        def draw(self, person, **more):
            body = {"location": SQUARE, "image": self.image.id, **more}
            return ok(person.post("/api/annotation.json", json=body))["data"]["id"]

        def terms(self, *ids):
            return [ok(alice.get(f"/api/annotation/{id}.json"))["term"] for id in ids]

        def left(self):
            rows = alice.get("/api/annotation.json", params={"image": self.image.id}).json()["collection"]
            return {row["id"] for row in rows}

    desk = Desk()
    desk.ids = [desk.draw(alice, term=[desk.term.id]), desk.draw(alice), desk.draw(alice)]
    return desk


def test_a_term_replaces_those_of_all_chosen_and_comes_off_in_one_step(desk, bob):
    said = ok(bob.post(TERM, json={"annotations": desk.ids[:2], "term": desk.other.id}))
    assert desk.terms(*desk.ids) == [[desk.other.id], [desk.other.id], []]
    ok(bob.get(f"/api/command/{said['command']}/undo.json"))
    assert desk.terms(*desk.ids) == [[desk.term.id], [], []]


def test_without_a_term_the_chosen_lose_theirs(desk, bob):
    ok(bob.post(TERM, json={"annotations": desk.ids}))
    assert desk.terms(*desk.ids) == [[], [], []]


def test_a_deletion_is_one_step(desk, bob):
    said = ok(bob.post(DELETE, json={"annotations": desk.ids[:2]}))
    assert desk.left() == {desk.ids[2]}
    ok(bob.get(f"/api/command/{said['command']}/undo.json"))
    assert desk.left() == set(desk.ids)
    assert desk.terms(desk.ids[0]) == [[desk.term.id]]


def test_one_that_may_not_be_changed_keeps_all(desk, alice, bob):
    own = desk.draw(bob)
    ok(alice.put(f"/api/project/{desk.project.id}.json", json={"isRestricted": True}))
    for path in (DELETE, TERM, MERGE):
        assert bob.post(path, json={"annotations": [own, desk.ids[0]]}).status_code == 403
    assert desk.left() == {own, *desk.ids}
    ok(bob.post(DELETE, json={"annotations": [own]}))
    assert desk.left() == set(desk.ids)


def test_a_stranger_and_a_number_of_nobody_find_nothing(desk, alice, charlie):
    for path in (DELETE, TERM, MERGE):
        assert charlie.post(path, json={"annotations": desk.ids}).status_code == 404
        assert alice.post(path, json={"annotations": [*desk.ids, 999_999_999]}).status_code == 404
    assert desk.left() == set(desk.ids)


def test_a_hidden_layer_cannot_be_chosen(desk, alice, bob):
    ok(alice.put(f"/api/project/{desk.project.id}.json", json={"hideAdminsLayers": True}))
    assert bob.post(DELETE, json={"annotations": desk.ids[:1]}).status_code == 404


def test_a_term_of_another_ontology_is_refused(given, desk, alice):
    elsewhere = given.term(given.ontology(alice), "elsewhere")
    assert alice.post(TERM, json={"annotations": desk.ids, "term": elsewhere.id}).status_code == 400
    assert desk.terms(desk.ids[0]) == [[desk.term.id]]


@pytest.mark.parametrize("chosen", [[], list(range(1, 1002)), "all", None])
def test_a_choice_of_none_or_of_too_many_is_refused(alice, chosen):
    assert alice.post(DELETE, json={"annotations": chosen}).status_code == 400


def test_several_become_the_first_and_come_apart_again_in_one_step(desk, alice, bob):
    other = desk.draw(bob, location=BESIDE, term=[desk.other.id])
    before = ok(alice.get(f"/api/annotation/{desk.ids[0]}.json"))["location"]
    said = ok(bob.post(MERGE, json={"annotations": [desk.ids[0], other]}))
    assert shapely.from_wkt(said["annotation"]["location"]).equals(shapely.box(10, 10, 50, 30))
    assert (said["annotation"]["id"], desk.terms(desk.ids[0])) == (desk.ids[0], [[desk.term.id]])
    assert desk.left() == set(desk.ids)
    ok(bob.get(f"/api/command/{said['command']}/undo.json"))
    assert desk.left() == {*desk.ids, other}
    assert ok(alice.get(f"/api/annotation/{desk.ids[0]}.json"))["location"] == before
    assert desk.terms(other) == [[desk.other.id]]


def test_shapes_that_are_too_large_together_are_refused_before_they_are_read(desk, alice, monkeypatch):
    def read(*_shapes):
        raise AssertionError("a shape was read")

    monkeypatch.setattr(correct, "LONGEST_POINT", 0)
    monkeypatch.setattr(edit_chosen, "_shape", read)
    assert alice.post(MERGE, json={"annotations": desk.ids}).json()["code"] == "shape_refused"
    assert desk.left() == set(desk.ids)


def test_who_chooses_reads_no_shapes(desk, alice, store):
    with statements(store) as seen:
        ok(alice.post(TERM, json={"annotations": desk.ids, "term": desk.other.id}))
    assert any("user_annotation" in statement for statement in seen)
    assert not [one for one in seen if "user_annotation.shape" in one or "user_annotation.location" in one]


def test_what_was_sent_in_image_order_is_merged_in_the_right_place(desk, alice):
    one = desk.draw(alice, location="POLYGON ((0 0, 0 5.5, 5 5.5, 5 0, 0 0))", origin="left-top")
    other = desk.draw(alice, location="POLYGON ((5 0, 5 5.5, 9 5.5, 9 0, 5 0))", origin="left-top")
    ok(alice.post(MERGE, json={"annotations": [one, other]}))
    whole = ok(alice.get(f"/api/annotation/{one}.json", params={"origin": "left-top"}))["location"]
    assert shapely.from_wkt(whole).equals(shapely.box(0, 0, 9, 5.5))


def test_a_point_one_alone_and_those_of_two_images_are_not_merged(given, desk, alice):
    point = desk.draw(alice, location="POINT (5 5)")
    elsewhere = given.annotation(given.image(desk.project, alice), alice).id
    for chosen in ([desk.ids[0], point], desk.ids[:1], [desk.ids[0]] * 2, [desk.ids[0], elsewhere]):
        assert alice.post(MERGE, json={"annotations": chosen}).status_code == 400
    assert desk.left() == {*desk.ids, point}
