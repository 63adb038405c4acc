import pytest
from sqlalchemy import func, select

from atrisys.store.tables import AnnotationFilter

PATH = "/api/annotationfilter.json"


@pytest.fixture
def ontology(given, alice):
    return given.ontology(alice)


@pytest.fixture
def term(given, ontology):
    return given.term(ontology)


@pytest.fixture
def project(given, alice, bob, ontology):
    return given.project(alice, [bob], ontology)


@pytest.fixture
def kept(bob, project, term):
    """bob's."""
    answer = bob.post(PATH, json={"name": "mine", "project": project.id, "users": [bob.id], "terms": [term.id]})
    assert answer.status_code == 200, answer.text
    return answer.json()["annotationfilter"]


def one(kept):
    return f"/api/annotationfilter/{kept['id']}.json"


def test_members_keep_a_choice_that_all_members_see(alice, bob, project, term, kept):
    assert (kept["name"], kept["users"], kept["terms"]) == ("mine", [bob.id], [term.id])
    assert (kept["project"], kept["user"]) == (project.id, bob.id)
    assert alice.get(one(kept)).json() == kept
    assert alice.get(f"{PATH}?project={project.id}").json()["collection"] == [kept]
    edited = bob.put(one(kept), json={**kept, "name": "ours", "terms": []}).json()["annotationfilter"]
    assert (edited["name"], edited["terms"], edited["users"]) == ("ours", [], [bob.id])
    assert bob.delete(one(kept)).status_code == 200
    assert bob.get(one(kept)).status_code == 404
    assert bob.get("/api/command/undo.json").status_code == 200
    assert bob.get(one(kept)).json()["name"] == "ours"


def test_only_its_maker_and_managers_change_it(given, alice, bob, kept, project):
    others = given.annotation_filter(project, alice)
    assert bob.put(f"/api/annotationfilter/{others.id}.json", json={"name": "no"}).status_code == 403
    assert bob.delete(f"/api/annotationfilter/{others.id}.json").status_code == 403
    assert alice.put(one(kept), json={"name": "yes"}).status_code == 200


def test_strangers_find_nothing(charlie, project, kept):
    assert charlie.get(PATH).json()["size"] == 0
    assert charlie.get(f"{PATH}?project={project.id}").status_code == 404
    assert charlie.post(PATH, json={"name": "x", "project": project.id}).status_code == 404
    assert charlie.get(one(kept)).status_code == charlie.delete(one(kept)).status_code == 404
    assert charlie.put(one(kept), json={"name": "x"}).status_code == 404


def test_it_names_members_and_terms_of_the_project_alone(given, bob, charlie, project, kept):
    foreign = given.term(given.ontology(charlie))
    for wrong in ({"users": [charlie.id]}, {"terms": [foreign.id]}, {"terms": [2**62]}):
        assert bob.post(PATH, json={"name": "x", "project": project.id, **wrong}).status_code == 404
        assert bob.put(one(kept), json=wrong).status_code == 404
    assert bob.post(PATH, json={"name": "x", "project": project.id, "terms": [1] * 1_001}).status_code == 400
    assert bob.post(PATH, json={"name": "x", "project": project.id, "terms": None}).status_code == 200


def test_who_left_and_what_is_gone_are_not_named_any_more(alice, bob, project, term, kept):
    assert alice.delete(f"/api/term/{term.id}.json").status_code == 200
    assert alice.delete(f"/api/project/{project.id}/user/{bob.id}.json").status_code == 200
    left = alice.get(one(kept)).json()
    assert (left["users"], left["terms"], left["user"]) == ([], [], bob.id)


def test_it_outlives_its_maker_and_goes_with_the_project(ada, alice, bob, project, kept, db):
    assert ada.delete(f"/api/user/{bob.id}.json").status_code == 200
    assert alice.get(one(kept)).json()["user"] is None
    assert alice.delete(f"/api/project/{project.id}.json").status_code == 200
    assert db.scalar(select(func.count()).select_from(AnnotationFilter)) == 0
