import json

import pytest

from atrisys.store.tables import SecUser
from given.annotations import SQUARE


def ok(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob], given.ontology(alice))


@pytest.fixture
def image(given, project, alice):
    return given.image(project, alice)


# --- one object ------------------------------------------------------------------------------------------------------


def test_the_history_of_an_object_tells_what_it_was_and_outlives_it(given, alice):
    term = given.term(given.ontology(alice), "a")
    path = f"/api/term/{term.id}.json"
    edited = ok(alice.put(path, json={"name": "b"}))
    ok(alice.delete(path))
    said = ok(alice.get(f"/api/atrisys/history/term/{term.id}.json"))
    assert said["size"] == 3
    deleted, changed, added = said["collection"]
    assert [row["action"] for row in said["collection"]] == ["deleted", "edited", "added"]
    assert (changed["before"]["name"], changed["after"]["name"]) == ("a", "b")
    assert (added["before"], deleted["after"]) == (None, None)
    assert changed["transaction"] == edited["command"]
    assert changed["user"] == alice.id
    page = alice.get(f"/api/atrisys/history/term/{term.id}.json?max=1&offset=1").json()
    assert [row["action"] for row in page["collection"]] == ["edited"]
    assert page["size"] == 3


def test_a_stranger_finds_no_history_and_an_unknown_class_has_none(given, alice, bob, charlie, nobody):
    term = given.term(given.ontology(alice))
    path = f"/api/atrisys/history/term/{term.id}.json"
    refused, unknown = charlie.get(path), charlie.get("/api/atrisys/history/term/999999999.json")
    assert refused.status_code == unknown.status_code == bob.get(path).status_code == 404
    assert refused.json()["message"] == unknown.json()["message"].replace("999999999", str(term.id))
    assert nobody.get(path).status_code == 401
    assert alice.get(f"/api/atrisys/history/ontology/{term.id}.json").status_code == 404
    assert alice.get(f"/api/atrisys/history/secret/{term.id}.json").status_code == 404
    assert alice.get(f"/api/atrisys/history/term/{2**70}.json").status_code == 404


def test_the_history_of_a_hidden_layer_is_hidden(given, alice, bob):
    project = given.project(alice, [bob], hide_admins_layers=True)
    hers = given.annotation(given.image(project, alice), alice)
    path = f"/api/atrisys/history/annotation/{hers.id}.json"
    assert ok(alice.get(path))["collection"][0]["after"]["location"] == SQUARE
    assert bob.get(path).status_code == 404


def test_no_secret_is_in_any_history(ada, bob, db):
    ok(bob.put("/api/user/current.json", json={"password": "a new long one", "oldPassword": "correct horse"}))
    ok(bob.post("/api/user/current/keys"))
    user = db.get_one(SecUser, bob.id)
    db.refresh(user)
    for path in (f"/api/atrisys/history/user/{bob.id}.json", "/api/deletecommand.json"):
        text = json.dumps(ok(ada.get(path)))
        for secret in (user.password_hash, user.public_key, bob.public_key, bob.private_key, "privateKey", "password"):
            assert secret not in text
    assert ok(ada.get(f"/api/atrisys/history/user/{bob.id}.json"))["collection"][-1]["after"]["username"] == "bob"


def test_the_shape_itself_and_a_slides_metadata_stay_in_the_log(image, given, alice, bob):
    annotation = given.annotation(image, bob)
    ok(bob.delete(f"/api/annotation/{annotation.id}.json"))
    (deleted, _) = ok(bob.get(f"/api/atrisys/history/userannotation/{annotation.id}.json"))["collection"]
    assert deleted["before"]["location"] == SQUARE
    assert "shape" not in deleted["before"]
    (added,) = ok(alice.get(f"/api/atrisys/history/abstractimage/{image.base_image_id}.json"))["collection"]
    assert added["after"]["width"] == 2000
    assert "facts" not in added["after"]


def test_a_blinded_projects_history_tells_contributors_no_file_names(given, alice, bob):
    project = given.project(alice, [bob], blind_mode=True)
    image = given.image(project, alice, original_filename="patient.svs")
    path = f"/api/atrisys/history/imageinstance/{image.id}.json"
    assert ok(alice.get(path))["collection"][0]["after"]["instanceFilename"] == "patient.svs"
    assert "patient" not in json.dumps(ok(bob.get(path)))
    commands = f"/api/project/{project.id}/commandhistory.json?fullData=true"
    assert "patient" not in json.dumps(ok(bob.get(commands)))
    assert "patient" in json.dumps(ok(alice.get(commands)))


def test_what_is_said_of_a_blinded_image_is_told_by_no_history(given, alice, bob):
    project = given.project(alice, [bob], blind_mode=True)
    image = given.image(project, alice)
    said = {
        "property": given.property(image, "case", "patient"),
        "description": given.description(image, "patient"),
        "attachedfile": given.attached_file(image, filename="patient.pdf"),
        "tagdomainassociation": given.tagged(image, given.tag(alice)),
    }
    for kind, row in said.items():
        path = f"/api/atrisys/history/{kind}/{row.id}.json"
        hidden, told = (ok(who.get(path))["collection"][0]["after"] for who in (bob, alice))
        assert hidden["domainIdent"] == image.id
        assert not {"key", "value", "data", "filename", "size", "sha256", "tag"} & hidden.keys()
        assert len(told) > len(hidden)
    ok(alice.delete(f"/api/domain/imageinstance/{image.id}/description.json"))
    commands = f"/api/project/{project.id}/commandhistory.json?fullData=true"
    assert "patient" not in json.dumps(ok(bob.get(commands)))
    assert json.dumps(ok(alice.get(commands))).count("patient") == 4
    shape = given.property(given.annotation(image, alice), "grade", "patient")
    assert "patient" in json.dumps(ok(bob.get(f"/api/atrisys/history/property/{shape.id}.json")))


def test_one_answer_tells_no_more_states_than_it_has_room_for(bob, monkeypatch):
    path = f"/api/domain/user/{bob.id}/description.json"
    id = ok(bob.post(path, json={"data": "0" * 900}))["description"]["id"]
    for number in range(1, 4):
        ok(bob.put(path, json={"data": str(number) * 900}))
    monkeypatch.setattr("atrisys.wire.past.LONGEST_STATES", 5000)
    told = ok(bob.get(f"/api/atrisys/history/description/{id}.json"))
    assert [row["after"] and row["after"]["data"][0] for row in told["collection"]] == ["3", "2", None, None]
    assert [row.get("tooLong", False) for row in told["collection"]] == [False, False, True, True]
    assert told["size"] == 4
    rest = ok(bob.get(f"/api/atrisys/history/description/{id}.json?offset=2"))["collection"]
    assert [row["after"]["data"][0] for row in rest] == ["1", "0"]
    monkeypatch.setattr("atrisys.wire.past.LONGEST_STATES", 10)
    (last,) = ok(bob.get(f"/api/atrisys/history/description/{id}.json?max=1"))["collection"]
    assert last["after"]["data"][0] == "3"


def test_lists_of_commands_and_changes_read_no_states(project, image, given, alice, monkeypatch):
    given.property(given.annotation(image, alice))
    ok(alice.put(f"/api/project/{project.id}.json", json={"name": "named"}))
    monkeypatch.setattr("atrisys.wire.past.WITH_NAMES", frozenset())
    read: list[str] = []
    monkeypatch.setattr("atrisys.wire.past.orjson.loads", read.append)
    for path in ("commands", f"project/{project.id}/commandhistory", "commandhistory", "atrisys/changes"):
        ok(alice.get(f"/api/{path}{'' if path.endswith('changes') else '.json'}"))
    assert read == []


def test_who_deleted_a_project_sees_what_they_deleted_and_nobody_else_does(project, image, given, alice, bob):
    annotation = given.annotation(image, bob)
    ok(alice.delete(f"/api/project/{project.id}.json"))
    for path in (f"project/{project.id}", f"annotation/{annotation.id}"):
        assert ok(alice.get(f"/api/atrisys/history/{path}.json"))["collection"][0]["action"] == "deleted"
        assert bob.get(f"/api/atrisys/history/{path}.json").status_code == 404


# --- commands --------------------------------------------------------------------------------------------------------


def test_the_commands_of_a_project_are_told_with_undo_and_redo(project, image, alice, bob, charlie):
    path = f"/api/project/{project.id}/commandhistory.json"
    body = [{"location": SQUARE, "image": image.id}] * 3
    drawn = ok(bob.post("/api/annotation.json", json=body))
    ok(bob.get("/api/command/undo.json"))
    ok(bob.get("/api/command/redo.json"))
    rows = ok(alice.get(path))
    assert isinstance(rows, list)
    assert [row["prefixAction"] for row in rows[:3]] == ["REDO", "UNDO", ""]
    assert rows[2]["id"] == drawn["command"]
    assert rows[2]["message"] == f"UserAnnotation {drawn['ids'][0]} added. And 2 more."
    assert rows[1]["message"].endswith("deleted. And 2 more.")
    assert {row["project"] for row in rows} == {project.id}
    assert [row["id"] for row in ok(alice.get(f"{path}?max=1&offset=2"))] == [drawn["command"]]
    assert {row["user"] for row in ok(alice.get(f"{path}?user={bob.id}"))} == {bob.id}
    assert ok(alice.get(f"{path}?endDate=1")) == []
    assert len(ok(alice.get(f"{path}?startDate=1"))) == len(rows)
    assert charlie.get(path).status_code == 404
    assert ok(charlie.get("/api/commandhistory.json")) == []
    assert ok(bob.get("/api/commandhistory.json")) == rows


def test_full_data_tells_the_object_that_a_command_was_about(project, image, given, bob):
    annotation = given.annotation(image, bob)
    ok(bob.delete(f"/api/annotation/{annotation.id}.json"))
    first = ok(bob.get(f"/api/project/{project.id}/commandhistory.json?fullData=true"))[0]
    assert json.loads(first["data"])["location"] == SQUARE
    assert first["className"] == "be.cytomine.domain.ontology.UserAnnotation"
    assert first["serviceName"] == "userAnnotationService"
    assert first["message"] == first["action"] == f"UserAnnotation {annotation.id} deleted."


def test_a_command_tells_a_contributor_nothing_of_hidden_layers(given, alice, bob):
    project = given.project(alice, [bob], hide_admins_layers=True)
    image = given.image(project, alice)
    ok(alice.post("/api/annotation.json", json=[{"location": SQUARE, "image": image.id}] * 2))
    path = f"/api/project/{project.id}/commandhistory.json"
    assert any(row["message"].startswith("UserAnnotation") for row in ok(alice.get(path)))
    assert not any("Annotation" in row["message"] for row in ok(bob.get(path)))


def test_a_command_in_several_projects_is_told_in_each(given, alice, bob):
    ontology = given.ontology(alice)
    term = given.term(ontology)
    projects = [given.project(alice, [bob], ontology) for _ in range(2)]
    for project in projects:
        given.annotation(given.image(project, alice), bob, terms=[term])
    command = ok(alice.delete(f"/api/term/{term.id}.json"))["command"]
    for project in projects:
        assert ok(alice.get(f"/api/project/{project.id}/commandhistory.json"))[0]["id"] == command


def test_ones_own_commands_say_whether_they_are_undone(project, image, alice, bob):
    for _ in range(3):
        ok(bob.post("/api/annotation.json", json={"location": SQUARE, "image": image.id}))
    ok(bob.get("/api/command/undo.json"))
    said = ok(bob.get("/api/commands"))
    assert said["size"] == 3
    assert [row["undone"] for row in said["collection"]] == [True, False, False]
    assert {row["command"] for row in said["collection"]} == {"be.cytomine.AddUserAnnotationCommand"}
    mine = {row["id"] for row in ok(alice.get("/api/commands"))["collection"]}
    assert mine.isdisjoint(row["id"] for row in said["collection"])


def test_deletions_are_told_to_administrators_by_class_and_time(given, ada, alice, bob):
    ontology = given.ontology(alice)
    term = given.term(ontology, "gone")
    ok(alice.delete(f"/api/term/{term.id}.json"))
    said = ok(ada.get("/api/deletecommand.json?domain=term"))
    assert said["size"] == 1
    (row,) = said["collection"]
    assert (row["type"], row["user"], row["CLASSNAME"]) == ("DELETE", alice.id, "be.cytomine.domain.ontology.Term")
    assert json.loads(row["data"])["name"] == "gone"
    assert ok(ada.get("/api/deletecommand?domain=uploadedFile"))["size"] == 0
    assert ok(ada.get(f"/api/deletecommand.json?domain=term&after={row['created']}"))["size"] == 0
    assert bob.get("/api/deletecommand.json").status_code == 403
