"""Undo by what was done: each kind of object, with all that hangs on it; and what stands in the way."""

from dataclasses import replace

from sqlalchemy import select

from atrisys.access.undo_rights import RULES
from atrisys.store.tables import AnnotationTerm, UserAnnotation
from given.annotations import SQUARE
from undoing import OTHER, ok, redo, undo


def back_and_forth(person, deed, rows):
    """What somebody does is undone, done again and undone again; the world follows."""
    before = rows()
    answer = ok(deed())
    after = rows()
    assert after != before
    for step, wanted in ((undo, before), (redo, after), (undo, before)):
        ok(step(person, answer))
        assert rows() == wanted
    return answer


# --- with all that hangs on it ---------------------------------------------------------------------------------------


def test_a_term_comes_back_with_its_place_in_the_tree_and_where_it_was_given(desk, alice, rows):
    back_and_forth(alice, lambda: alice.delete(f"/api/term/{desk.term.id}.json"), rows)


def test_an_image_comes_back_with_its_planes_and_all_drawings(given, desk, alice, bob, rows):
    for _ in range(3):
        given.annotation(desk.image, alice, OTHER, [desk.term])
    back_and_forth(alice, lambda: alice.delete(f"/api/imageinstance/{desk.image.id}.json"), rows)


def test_an_ontology_comes_back_with_its_terms(given, alice, rows):
    ontology = given.ontology(alice)
    parent, child = given.term(ontology), given.term(ontology)
    ok(alice.post("/api/relation/parent/term.json", json={"term1": parent.id, "term2": child.id}))
    back_and_forth(alice, lambda: alice.delete(f"/api/ontology/{ontology.id}.json"), rows)


def test_a_project_comes_back_with_its_people_and_everything_in_it(desk, alice, bob, charlie, rows):
    path = f"/api/project/{desk.project.id}.json"
    before = rows()
    answer = ok(alice.delete(path))
    assert undo(bob, answer).status_code == undo(charlie, answer).status_code == 404
    ok(undo(alice, answer))
    assert rows() == before
    assert ok(bob.get(path))["numberOfAnnotations"] == 1
    ok(redo(alice, answer))
    assert bob.get(path).status_code == 404


def test_a_project_that_was_just_made_goes_with_its_members(desk, alice, bob, rows):
    body = {"name": "new", "ontology": desk.ontology.id, "users": [bob.id]}
    back_and_forth(alice, lambda: alice.post("/api/project.json", json=body), rows)


def test_an_image_added_goes_with_its_planes_unless_somebody_drew_on_it(given, desk, alice, bob, rows):
    base = given.abstract_image(alice)
    body = {"baseImage": base.id, "project": desk.project.id}
    answer = back_and_forth(alice, lambda: alice.post("/api/imageinstance.json", json=body), rows)
    image = ok(redo(alice, answer))["collection"][0]["imageinstance"]
    drawn = ok(bob.post("/api/annotation.json", json={"location": SQUARE, "image": image["id"]}))
    refused = undo(alice, answer)
    assert refused.status_code == 409
    assert {"class": "UserAnnotation", "id": drawn["data"]["id"]} in refused.json()["inTheWay"]


# --- edits -----------------------------------------------------------------------------------------------------------


def test_edits_of_term_ontology_project_and_image_are_undone(desk, alice, rows):
    for path, body in (
        (f"/api/term/{desk.term.id}.json", {"name": "renamed", "color": "#123456", "comment": "why"}),
        (f"/api/ontology/{desk.ontology.id}.json", {"name": "renamed"}),
        (f"/api/project/{desk.project.id}.json", {"name": "renamed", "isReadOnly": True, "blindMode": True}),
        (f"/api/imageinstance/{desk.image.id}.json", {"instanceFilename": "renamed.svs"}),
    ):
        back_and_forth(alice, lambda path=path, body=body: alice.put(path, json=body), rows)


def test_who_works_in_a_project_is_undone_whole(given, desk, alice, rows):
    dora = given.person("dora")
    body = {"users": [dora.id], "admins": [alice.id, dora.id]}
    back_and_forth(alice, lambda: alice.put(f"/api/project/{desk.project.id}.json", json=body), rows)


def test_a_member_who_was_taken_out_comes_back(desk, alice, bob):
    ok(alice.delete(f"/api/project/{desk.project.id}/user/{bob.id}.json"))
    assert bob.get(f"/api/project/{desk.project.id}.json").status_code == 404
    ok(undo(alice))
    ok(bob.get(f"/api/project/{desk.project.id}.json"))


def test_a_forced_change_of_ontology_gives_the_terms_back_unless_new_ones_were_given(given, desk, alice, bob, rows):
    ontology = given.ontology(alice)
    new = given.term(ontology)
    path, body = f"/api/project/{desk.project.id}.json", {"ontology": ontology.id, "forceOntologyUpdate": True}
    answer = back_and_forth(alice, lambda: alice.put(path, json=body), rows)
    ok(redo(alice, answer))
    ok(bob.post(f"/api/annotation/{desk.annotation.id}/term/{new.id}.json", json={}))
    assert undo(alice, answer).status_code == 409
    assert ok(alice.get(path))["ontology"] == ontology.id


def test_calibration_is_undone_and_everything_measured_again(desk, alice, bob, rows, db):
    answer = back_and_forth(
        alice, lambda: alice.put(f"/api/imageinstance/{desk.image.id}.json", json={"physicalSizeX": 0.5}), rows
    )
    ok(redo(alice, answer))
    drawn = ok(bob.post("/api/annotation.json", json={"location": SQUARE, "image": desk.image.id}))
    assert drawn["data"]["area"] == 100
    ok(undo(alice, answer))
    db.expire_all()
    areas = {row.area for row in db.scalars(select(UserAnnotation))}
    assert areas == {400}
    # Measuring again is no change of his work: it does not stand in his way.
    ok(undo(bob, drawn))


def test_a_shape_is_measured_by_the_pixel_size_of_now_when_it_comes_back(desk, alice, bob):
    path = f"/api/annotation/{desk.annotation.id}.json"
    assert ok(bob.get(path))["area"] == 400
    deleted = ok(bob.delete(path))
    ok(alice.put(f"/api/imageinstance/{desk.image.id}.json", json={"physicalSizeX": 0.5}))
    ok(undo(bob, deleted))
    shown = ok(bob.get(path))
    assert (shown["area"], shown["areaUnit"]) == (100, "micron²")


def test_a_move_is_undone_with_all_that_was_drawn_unless_somebody_drew_since(given, desk, alice, bob, rows):
    other = given.project(alice, [bob], desk.ontology)
    path, body = f"/api/imageinstance/{desk.image.id}.json", {"project": other.id}
    answer = back_and_forth(alice, lambda: alice.put(path, json=body), rows)
    ok(redo(alice, answer))
    drawn = ok(bob.post("/api/annotation.json", json={"location": SQUARE, "image": desk.image.id}))
    assert undo(alice, answer).status_code == 409
    ok(undo(bob, drawn))
    ok(undo(alice, answer))


def test_who_lost_the_project_that_an_image_came_from_cannot_put_it_back(given, desk, alice, bob):
    other = given.project(alice, [bob], desk.ontology)
    answer = ok(alice.put(f"/api/imageinstance/{desk.image.id}.json", json={"project": other.id}))
    ok(alice.post(f"/api/project/{desk.project.id}/user/{bob.id}/admin.json"))
    ok(alice.delete(f"/api/project/{desk.project.id}/user/{alice.id}.json"))
    assert undo(alice, answer).status_code == 404


# --- what stands in the way ------------------------------------------------------------------------------------------


def test_a_name_that_was_taken_since_is_told(given, desk, alice):
    answer = ok(alice.delete(f"/api/term/{desk.term.id}.json"))
    given.term(desk.ontology, "tissue")
    refused = undo(alice, answer)
    assert (refused.status_code, refused.json()["code"]) == (409, "duplicate")
    assert "tissue" in refused.json()["message"]


def test_what_it_stood_on_must_be_there(desk, alice, bob):
    drawn = ok(bob.delete(f"/api/annotation/{desk.annotation.id}.json"))
    image = ok(alice.delete(f"/api/imageinstance/{desk.image.id}.json"))
    refused = undo(bob, drawn)
    assert (refused.status_code, refused.json()["code"]) == (409, "in_the_way")
    assert refused.json()["params"]["parent"] in ("ImageInstance", "SliceInstance")
    ok(undo(alice, image))
    ok(undo(bob, drawn))


def test_a_term_leaves_out_the_shapes_that_are_gone(given, desk, alice, bob, db):
    kept = given.annotation(desk.image, bob, OTHER, [desk.term])
    answer = ok(alice.delete(f"/api/term/{desk.term.id}.json"))
    ok(bob.delete(f"/api/annotation/{desk.annotation.id}.json"))
    said = ok(undo(alice, answer))["collection"]
    assert {row["leftOut"] for row in said} == {1}
    assert db.scalars(select(AnnotationTerm.annotation_id)).all() == [kept.id]
    ok(redo(alice, answer))
    ok(undo(bob))
    assert ok(bob.get(f"/api/annotation/{desk.annotation.id}.json"))["term"] == [desk.child.id]


def test_what_is_left_out_elsewhere_is_not_counted(given, ada, alice, bob):
    ontology = given.ontology(alice)
    term = given.term(ontology)
    annotation = given.annotation(given.image(given.project(bob, [], ontology), bob), bob, terms=[term])
    answer = ok(alice.delete(f"/api/term/{term.id}.json"))
    ok(bob.delete(f"/api/annotation/{annotation.id}.json"))
    (said,) = ok(undo(alice, answer))["collection"]
    assert said["data"]["id"] == term.id
    assert "leftOut" not in said


def test_terms_given_elsewhere_come_back_with_their_class_and_are_not_shown(given, alice, bob):
    ontology = given.ontology(alice)
    term = given.term(ontology)
    annotation = given.annotation(given.image(given.project(bob, [], ontology), bob), bob, terms=[term])
    answer = ok(alice.delete(f"/api/term/{term.id}.json"))
    for step, left in ((undo, [term.id]), (redo, []), (undo, [term.id])):
        assert [row["data"]["id"] for row in ok(step(alice, answer))["collection"]] == [term.id]
        assert ok(bob.get(f"/api/annotation/{annotation.id}.json"))["term"] == left


def test_a_term_of_an_annotation_whose_project_has_another_ontology_now_does_not_come_back(given, desk, alice, bob):
    link = ok(bob.delete(f"/api/annotation/{desk.annotation.id}/term/{desk.term.id}.json"))
    body = {"ontology": given.ontology(alice).id, "forceOntologyUpdate": True}
    ok(alice.put(f"/api/project/{desk.project.id}.json", json=body))
    assert undo(bob, link).status_code == 409


def test_a_tree_stays_a_tree(given, desk, alice):
    link = ok(alice.delete(f"/api/relation/parent/term1/{desk.term.id}/term2/{desk.child.id}.json"))
    turned = {"term1": desk.child.id, "term2": desk.term.id}
    ok(alice.post("/api/relation/parent/term.json", json=turned))
    assert undo(alice, link).status_code == 409


def test_the_last_manager_stays(given, ada, bob):
    project = given.project(bob)
    ok(ada.post(f"/api/project/{project.id}/user/{ada.id}/admin.json"))
    ok(ada.post(f"/api/project/{project.id}/representative.json", json={"user": ada.id}))
    ok(bob.delete(f"/api/project/{project.id}/user/{bob.id}.json"))
    made = next(row for row in ok(ada.get("/api/commands"))["collection"] if row["class"] == "projectmember")
    refused = ada.get(f"/api/command/{made['id']}/undo.json")
    assert refused.status_code in (403, 409)
    assert ok(ada.get(f"/api/project/{project.id}/admin.json"))["size"] == 1


def test_what_may_belong_to_any_object_keeps_it(desk, bob, monkeypatch):
    """Columns without a foreign key, as what people say of objects has them."""
    rule = RULES[UserAnnotation]
    monkeypatch.setitem(RULES, UserAnnotation, replace(rule, goes_with=(*rule.goes_with, "parent_id")))
    first = ok(bob.post("/api/annotation.json", json={"location": SQUARE, "image": desk.image.id}))
    body = {"location": SQUARE, "image": desk.image.id, "parent": first["data"]["id"]}
    second = ok(bob.post("/api/annotation.json", json=body))
    refused = undo(bob, first)
    assert refused.status_code == 409
    assert refused.json()["inTheWay"] == [{"class": "UserAnnotation", "id": second["data"]["id"]}]
    ok(undo(bob, second))
    ok(undo(bob, first))


def test_too_many_are_refused_with_the_limit(desk, bob, monkeypatch):
    added = ok(bob.post("/api/annotation.json", json=[{"location": SQUARE, "image": desk.image.id}] * 5))
    monkeypatch.setattr("atrisys.actions.commands.MOST", 4)
    refused = undo(bob, added)
    assert (refused.status_code, refused.json()["params"]["limit"]) == (400, 4)


def test_the_last_command_is_looked_for_among_so_many_changes_alone(bob, monkeypatch):
    ok(bob.put("/api/user/current.json", json={"firstname": "Robert"}))
    ok(bob.put("/api/user/current.json", json={"password": "a new long one", "oldPassword": "correct horse"}))
    monkeypatch.setattr("atrisys.actions.undo.LOOK_AT", 0)
    assert ok(undo(bob))["collection"][0]["callback"] is None
    assert ok(bob.get("/api/user/current.json"))["firstname"] == "Robert"
    monkeypatch.setattr("atrisys.actions.undo.LOOK_AT", 1)
    ok(undo(bob))
    assert ok(bob.get("/api/user/current.json"))["firstname"] == "bob"
