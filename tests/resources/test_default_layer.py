import pytest
from sqlalchemy import func, select

from atrisys.store.tables import ProjectDefaultLayer


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def path(project):
    return f"/api/project/{project.id}/defaultlayer"


@pytest.fixture
def layer(alice, bob, path):
    """bob's."""
    answer = alice.post(f"{path}.json", json={"user": bob.id, "project": 1, "hideByDefault": True})
    assert answer.status_code == 200, answer.text
    return answer.json()["projectdefaultlayer"]


def test_a_managers_choice_of_layers_is_kept_changed_and_deleted(alice, bob, project, path, layer):
    assert (layer["user"], layer["project"], layer["hideByDefault"]) == (bob.id, project.id, True)
    assert bob.get(f"{path}.json").json()["collection"] == [layer]
    one = f"{path}/{layer['id']}.json"
    assert bob.get(one).json() == layer
    edited = alice.put(one, json={**layer, "hideByDefault": False}).json()["projectdefaultlayer"]
    assert (edited["hideByDefault"], edited["user"]) == (False, bob.id)
    assert alice.delete(one).status_code == 200
    assert alice.get(one).status_code == 404
    assert bob.get(f"{path}.json").json()["size"] == 0


def test_each_member_has_one_and_nobody_else(alice, bob, charlie, path, layer):
    assert alice.post(f"{path}.json", json={"user": bob.id}).status_code == 409
    assert alice.post(f"{path}.json", json={"user": charlie.id}).status_code == 404
    assert alice.post(f"{path}.json", json={}).status_code == 400


def test_contributors_look_strangers_find_nothing(given, alice, bob, charlie, path, layer):
    one = f"{path}/{layer['id']}.json"
    assert bob.post(f"{path}.json", json={"user": bob.id}).status_code == 403
    assert bob.put(one, json={"hideByDefault": False}).status_code == 403
    assert bob.delete(one).status_code == 403
    for method in ("get", "delete"):
        assert getattr(charlie, method)(one).status_code == 404
    assert charlie.get(f"{path}.json").status_code == 404
    assert charlie.post(f"{path}.json", json={"user": charlie.id}).status_code == 404
    elsewhere = given.project(alice)
    assert alice.get(f"/api/project/{elsewhere.id}/defaultlayer/{layer['id']}.json").status_code == 404


def test_it_goes_with_the_member_and_comes_back_with_them(alice, bob, project, path, layer, db):
    assert alice.delete(f"/api/project/{project.id}/user/{bob.id}.json").status_code == 200
    assert alice.get(f"{path}.json").json()["size"] == 0
    assert alice.get("/api/command/undo.json").status_code == 200
    assert [one["id"] for one in alice.get(f"{path}.json").json()["collection"]] == [layer["id"]]
    assert alice.delete(f"/api/project/{project.id}.json").status_code == 200
    assert db.scalar(select(func.count()).select_from(ProjectDefaultLayer)) == 0


def test_the_choice_is_undone_and_done_again(alice, path, layer):
    alice.delete(f"{path}/{layer['id']}.json")
    assert alice.get("/api/command/undo.json").status_code == 200
    assert alice.get(f"{path}/{layer['id']}.json").status_code == 200
    assert alice.get("/api/command/redo.json").status_code == 200
    assert alice.get(f"{path}/{layer['id']}.json").status_code == 404


def test_it_goes_with_its_account(ada, alice, bob, path, layer):
    assert ada.delete(f"/api/user/{bob.id}.json").status_code == 200
    assert alice.get(f"{path}.json").json()["size"] == 0
