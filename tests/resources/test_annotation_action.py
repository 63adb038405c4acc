import pytest


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def image(given, project, alice):
    return given.image(project, alice)


def act(person, annotation, action="select"):
    body = {"annotationIdent": annotation.id, "action": action}
    answer = person.post("/api/annotation_action.json", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def rows(person, address, **query):
    answer = person.get(address, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["collection"]


def test_an_action_says_who_did_what_with_whose_annotation(given, alice, bob, image, project):
    annotation = given.annotation(image, alice)
    said = act(bob, annotation)
    assert (said["user"], said["image"], said["project"], said["action"]) == (bob.id, image.id, project.id, "select")
    assert (said["annotationIdent"], said["annotationCreator"]) == (annotation.id, alice.id)
    assert said["annotationClassName"] == "be.cytomine.domain.ontology.UserAnnotation"
    assert said["slice"] == annotation.slice_id
    assert rows(alice, f"/api/imageinstance/{image.id}/annotation_action.json") == [said]
    assert rows(alice, f"/api/sliceinstance/{annotation.slice_id}/annotation_action.json") == [said]
    assert alice.get(f"/api/annotation_action/{said['id']}.json").json() == said


def test_lists_go_from_the_first_on_and_are_cut_by_person_and_time(given, alice, bob, image, project):
    old, young = given.action(image, bob, ago_s=60, action="open"), given.action(image, alice, ago_s=5)
    address = f"/api/imageinstance/{image.id}/annotation_action.json"
    assert [one["id"] for one in rows(alice, address)] == [old.id, young.id]
    assert [one["id"] for one in rows(alice, address, user=bob.id)] == [old.id]
    assert [one["id"] for one in rows(alice, address, afterThan=old.created)] == [young.id]
    assert [one["id"] for one in rows(alice, address, beforeThan=young.created)] == [old.id]
    count = f"/api/project/{project.id}/annotation_action/count.json"
    assert bob.get(count).json() == {"total": 2}
    assert bob.get(count, params={"type": "open"}).json() == {"total": 1}
    assert bob.get(count, params={"startDate": old.created}).json() == {"total": 1}


def test_contributors_see_their_own(given, alice, bob, image):
    mine, theirs = given.action(image, bob), given.action(image, alice)
    assert [one["id"] for one in rows(bob, f"/api/imageinstance/{image.id}/annotation_action.json")] == [mine.id]
    assert bob.get(f"/api/annotation_action/{theirs.id}.json").status_code == 404


def test_nobody_acts_on_a_hidden_layer_or_as_a_stranger(given, alice, bob, charlie):
    project = given.project(alice, [bob], hide_admins_layers=True)
    image = given.image(project, alice)
    body = {"annotationIdent": given.annotation(image, alice).id, "action": "select"}
    for person in (bob, charlie):
        assert person.post("/api/annotation_action.json", json=body).status_code == 404
    assert charlie.get(f"/api/imageinstance/{image.id}/annotation_action.json").status_code == 404
    assert charlie.get(f"/api/project/{project.id}/annotation_action/count.json").status_code == 404


def test_what_was_done_stays_when_the_annotation_is_gone(given, alice, image):
    annotation = given.annotation(image, alice)
    said = act(alice, annotation)
    assert alice.delete(f"/api/annotation/{annotation.id}.json").status_code == 200
    assert alice.get(f"/api/annotation_action/{said['id']}.json").json() == said


@pytest.mark.parametrize("wrong", [{"action": ""}, {"action": "x" * 256}, {"action": None}])
def test_what_is_no_action_is_refused(given, alice, image, wrong):
    body = {"annotationIdent": given.annotation(image, alice).id, "action": "select", **wrong}
    assert alice.post("/api/annotation_action.json", json=body).status_code == 400
