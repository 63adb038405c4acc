"""What the log tells: sign-ins and failures, rights, looks at slides, downloads, exports, deletions, what came back.

T31 of the security tests: each is done over HTTP and read by an administrator.
"""

import time
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from atrisys.access import passwords
from atrisys.access.events import ACTIONS
from atrisys.app import create_app
from atrisys.store.session import Store
from atrisys.store.tables import Event
from browser import Browser, signed_in
from events import about, events
from given import slides
from given.kept import kept_store
from people import Person
from undoing import ok, undo

AUDIT = "/api/atrisys/audit.json"


class Trail:
    """What an administrator reads in the log."""

    def __init__(self, store, ada: Person) -> None:
        self._store, self._ada = store, ada
        self.began = time.time() * 1000

    def rows(self, **asked: Any) -> list[dict[str, Any]]:
        """The newest first."""
        self._store.noted.write(self._store.writing)
        return ok(self._ada.get(AUDIT, params=asked))["collection"]

    def one(self, action: str, person: Person | None, kind: str, id: int | None, **asked: Any) -> dict[str, Any]:
        """The one line of that; it must tell who it was, when, by which door, in which request."""
        found = [row for row in self.rows(action=action, **asked) if (row["class"], row["id"]) == (kind, id)]
        assert len(found) == 1, found
        row = found[0]
        assert row["user"] == (person.id if person else None)
        assert self.began - 60_000 <= row["created"] <= time.time() * 1000 + 60_000
        assert row["requestId"]
        return row

    def states(self, row: dict[str, Any]) -> tuple[Any, Any]:
        """What was before, and after."""
        history = ok(self._ada.get(f"/api/atrisys/history/{row['class'].lower()}/{row['id']}.json"))["collection"]
        line = next(line for line in history if line["seq"] == row["seq"])
        return line["before"], line["after"]


@pytest.fixture
def trail(store, ada):
    return Trail(store, ada)


@pytest.fixture
def taken(given, alice, bob, tmp_path):
    project = given.project(alice, [bob])
    return given.slide(alice, project, path=slides.svs(tmp_path / "slide.svs"))


@pytest.fixture
def image(taken):
    return taken.image_instance_ids[0]


# --- signing in ------------------------------------------------------------------------------------------------------


def test_signing_in_and_out(app, trail, alice):
    browser = signed_in(app, "alice")
    row = trail.one("signed in", alice, "SecUser", alice.id)
    assert (row["door"], row["what"], row["address"]) == ("web", "password", "testclient")
    assert browser.delete("/api/atrisys/session.json").status_code == 200
    assert trail.one("signed out", alice, "SecUser", alice.id)["door"] == "web"


def test_other_browsers_that_are_signed_out(app, trail, alice):
    here = signed_in(app, "alice")
    ok(here.delete("/api/atrisys/sessions.json"))
    assert trail.one("signed out", alice, "SecUser", alice.id)["what"] == "other browsers"


def test_a_token_that_is_made_and_opens_a_session(app, trail, alice):
    token = ok(alice.post("/api/token.json", json={"username": "alice"}))["token"]["tokenKey"]
    trail.one("token made", alice, "SecUser", alice.id)
    ok(Browser(app).post("/api/atrisys/session.json", json={"username": "alice", "token": token}))
    assert trail.one("signed in", alice, "SecUser", alice.id, door="web")["what"] == "token"
    assert token not in str(trail.rows())


def test_wrong_passwords_one_by_one_also_when_somebody_must_wait(app, trail, db, alice):
    for _ in range(3):
        assert Browser(app).sign_in("Alice", "a wrong guess").status_code == 401
    for _ in range(12):
        passwords.note_try(db, "alice", "testclient")
    db.commit()
    assert Browser(app).sign_in("alice").status_code == 429
    found = trail.rows(action="sign-in failed")
    assert [row["what"] for row in found] == ["too many tries", *["password"] * 3]
    assert {(row["user"], row["class"], row["id"], row["address"]) for row in found} == {
        (None, "SecUser", alice.id, "testclient")
    }


def test_of_an_account_that_there_is_not_no_word_of_what_was_typed(app, trail):
    assert Browser(app).sign_in("my secret passphrase", "my secret passphrase").status_code == 401
    trail.one("sign-in failed", None, "SecUser", None)
    assert "passphrase" not in str(trail.rows())


def test_an_old_password_that_was_wrong(trail, app, alice):
    edited = {"password": "another long one", "oldPassword": "a wrong guess"}
    assert signed_in(app, "alice").put(f"/api/user/{alice.id}.json", json=edited).status_code == 403
    assert trail.one("sign-in failed", None, "SecUser", alice.id)["what"] == "password"


def test_keys_that_hold_once_an_hour_and_keys_that_do_not(app, trail, alice, store):
    for _ in range(3):
        ok(alice.get("/api/project.json"))
    assert trail.one("signed in", alice, "SecUser", alice.id)["what"] == "keys"
    wrong = Person(app, alice.caller, alice.public_key, "not-her-private-key")
    swapped = Person(app, alice.caller, alice.private_key, alice.public_key)
    for person in (wrong, wrong, swapped):
        assert person.get("/api/project.json").status_code == 401
        assert person.with_token().get("/api/project.json").status_code == 401
    found = trail.rows(action="sign-in failed")
    assert [(row["user"], row["id"], row["what"], row["door"]) for row in found] == [
        (None, None, "keys", "api"),
        (None, alice.id, "keys", "api"),
    ]
    said = str([vars(event) for event in events(store)])
    assert alice.private_key not in said
    assert "not-her-private-key" not in said


def test_the_many_addresses_of_one_network_do_not_fill_the_log(app, trail):
    def ask(address):
        keys = {"X-Auth-Token": "a", "X-Auth-Secret": "b"}
        assert TestClient(app, client=(address, 1)).get("/api/project.json", headers=keys).status_code == 401

    for host in range(1, 5):
        ask(f"2001:db8:0:1::{host}")
    ask("2001:db8:0:2::1")
    ask("192.0.2.1")
    ask("192.0.2.2")
    told = [row["address"] for row in trail.rows(action="sign-in failed")]
    assert told == ["192.0.2.2", "192.0.2.1", "2001:db8:0:2::1", "2001:db8:0:1::1"]


# --- rights ----------------------------------------------------------------------------------------------------------


def test_members_and_managers_come_and_go(trail, given, alice, charlie):
    project = given.project(alice)
    path = f"/api/project/{project.id}/user/{charlie.id}"
    ok(alice.post(f"{path}.json"))
    added = trail.rows(kind="ProjectMember", action="added", user=alice.id)[0]
    assert trail.states(added)[0] is None
    assert trail.states(added)[1]["user"] == charlie.id
    ok(alice.post(f"{path}/admin.json"))
    edited = trail.one("edited", alice, "ProjectMember", added["id"])
    before, after = trail.states(edited)
    assert (before["isManager"], after["isManager"]) == (False, True)
    ok(alice.delete(f"{path}.json"))
    before, after = trail.states(trail.one("deleted", alice, "ProjectMember", added["id"]))
    assert (before["user"], after) == (charlie.id, None)


def test_roles_locks_passwords_and_keys(trail, ada, bob):
    ok(ada.post(f"/api/user/{bob.id}/role.json", json={"role": "ROLE_ADMIN"}))
    given = trail.rows(kind="SecUserSecRole", action="added", user=ada.id)[0]
    assert trail.states(given)[1]["user"] == bob.id
    ok(ada.post(f"/api/user/{bob.id}/lock.json"))
    before, after = trail.states(trail.rows(kind="SecUser", action="edited", user=ada.id)[0])
    assert (before["enabled"], after["enabled"]) == (True, False)
    ok(ada.put(f"/api/user/{bob.id}.json", json={"password": "a quite new one"}))
    trail.one("password changed", ada, "SecUser", bob.id)
    ok(ada.post(f"/api/atrisys/user/{bob.id}/keys.json"))
    trail.one("keys renewed", ada, "SecUser", bob.id)
    edits = trail.rows(kind="SecUser", action="edited")
    assert "a quite new one" not in str([trail.states(row) for row in edits])


def test_an_administrators_session(trail, given):
    dora = given.person("dora", role="ROLE_ADMIN")
    for deed, action in (("open", "administration opened"), ("close", "administration closed")):
        ok(dora.get(f"/session/admin/{deed}.json"))
        trail.one(action, dora, "SecUser", dora.id)


def test_an_invitation_and_its_end(trail, given, alice):
    project = given.project(alice)
    made = ok(alice.post(f"/api/project/{project.id}/invitation.json", json={}))
    trail.one("invited", alice, "Project", project.id)
    ok(alice.delete(f"/api/project/{project.id}/invitation/{made['id']}.json"))
    trail.one("invitation withdrawn", alice, "Project", project.id)
    assert made["token"] not in str(trail.rows())


# --- looking ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/api/atrisys/imageinstance/{}/tile/0/0/0.jpg",
        "/api/imageinstance/{}/window-0-0-64-64.png",
        "/api/imageinstance/{}/crop.jpg?location=POLYGON((0 0,9 0,9 9,0 9,0 0))",
        "/api/atrisys/imageinstance/{}/iiif/full/64,/0/default.jpg",
        "/api/imageinstance/{}/thumb.png?maxSize=1025",
    ],
)
def test_a_look_at_a_slide_is_told_once_however_many_pictures_it_takes(trail, bob, image, path):
    for _ in range(3):
        assert bob.get(path.format(image)).status_code == 200
    assert trail.one("viewed", bob, "ImageInstance", image)["what"] is None


def test_looks_at_an_annotation_and_at_the_slide_outside_a_project(trail, given, alice, bob, image, taken, db, store):
    shape = "POLYGON((10 10,60 10,60 60,10 60,10 10))"
    made = ok(bob.post("/api/annotation.json", json={"image": image, "location": shape}))["annotation"]["id"]
    assert alice.get(f"/api/annotation/{made}/crop.jpg").status_code == 200
    assert alice.get(f"/api/abstractimage/{taken.abstract_image_id}/window-0-0-9-9.png").status_code == 200
    trail.one("viewed", alice, "ImageInstance", image)
    trail.one("viewed", alice, "AbstractImage", taken.abstract_image_id)


def test_lists_and_who_may_not_look_are_no_look(store, bob, charlie, nobody, image):
    assert bob.get(f"/api/imageinstance/{image}/thumb.png").status_code == 200
    assert bob.get(f"/api/imageinstance/{image}.json").status_code == 200
    for person, status in ((charlie, 404), (nobody, 401)):
        assert person.get(f"/api/imageinstance/{image}/window-0-0-64-64.png").status_code == status
    assert about(store, "viewed") == []


def test_labels_and_what_the_file_says_are_told_by_name(trail, alice, image, taken):
    assert alice.get(f"/api/imageinstance/{image}/associated/label.png").status_code == 200
    assert trail.one("viewed", alice, "ImageInstance", image)["what"] == "label"
    ok(alice.get(f"/api/imageinstance/{image}/metadata.json"))
    assert trail.one("viewed", alice, "AbstractImage", taken.abstract_image_id)["what"] == "metadata"


def test_a_picture_writes_nothing_to_the_database_itself(store, bob, image, monkeypatch):
    def refuse():
        raise AssertionError("a picture wrote")

    bob.get(f"/api/imageinstance/{image}/window-0-0-64-64.png")
    monkeypatch.setattr(store, "writing", refuse)
    for path in (f"/api/imageinstance/{image}/window-0-0-32-32.png", f"/api/imageinstance/{image}/crop.jpg?location="):
        bob.get(path)
    monkeypatch.undo()
    assert len(about(store, "viewed")) == 1


def test_what_was_noted_is_in_the_log_when_the_server_stops(kept_app):
    app, store = kept_app
    with TestClient(app) as client:
        assert client.get("/api/project.json", headers={"X-Auth-Token": "a", "X-Auth-Secret": "b"}).status_code == 401
    with store.reading() as db:
        assert db.execute(select(Event.action, Event.what, Event.object_id)).all() == [("sign-in failed", "keys", None)]


@pytest.fixture
def kept_app(tmp_path):
    with kept_store(tmp_path / "data") as store:
        # The server closes its own store when it stops.
        yield create_app(store.settings, Store(store.settings)), store


# --- taking data out -------------------------------------------------------------------------------------------------


def test_downloads_of_slides_and_files(trail, given, alice, bob, image, taken, db):
    assert alice.get(f"/api/imageinstance/{image}/download").status_code == 200
    row = trail.one("downloaded", alice, "AbstractImage", taken.abstract_image_id)
    assert row["what"] == "original"
    assert alice.get(f"/api/abstractimage/{taken.abstract_image_id}/download?clean=true").status_code == 200
    assert [one["what"] for one in trail.rows(action="downloaded")] == ["clean copy", "original"]
    file = given.attached_file(given.project(alice, [bob]))
    assert bob.get(f"/api/attachedfile/{file.id}/download").status_code == 200
    trail.one("downloaded", bob, "AttachedFile", file.id)


@pytest.fixture
def project(given, alice, bob, image, db):
    return ok(alice.get(f"/api/imageinstance/{image}.json"))["project"]


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/api/atrisys/project/{}/export.zip?geojson=true&pictures=true", "geojson, pictures"),
        ("/api/project/{}/annotation/download?format=csv", "annotations as csv"),
        ("/api/project/{}/annotations/export", "annotations as geojson"),
        ("/api/project/{}/user/download?format=xls", "members as xlsx"),
    ],
)
def test_exports_of_a_project(trail, bob, charlie, project, path, what):
    assert charlie.get(path.format(project)).status_code == 404
    assert bob.get(path.format(project)).status_code == 200
    assert trail.one("exported", bob, "Project", project)["what"] == what


def test_an_export_as_a_job_and_of_one_image(trail, bob, project, image):
    ok(bob.post(f"/api/atrisys/project/{project}/export.json", json={"masks": True}))
    assert trail.one("exported", bob, "Project", project)["what"] == "masks"
    for path in ("annotations.geojson", "mask.png"):
        assert bob.get(f"/api/atrisys/imageinstance/{image}/{path}").status_code == 200
    assert [row["what"] for row in trail.rows(action="exported", kind="imageinstance")] == ["masks", "geojson"]


def test_an_ontology_as_a_file(trail, given, alice):
    ontology = given.ontology(alice)
    assert alice.get(f"/api/ontology/{ontology.id}/export").status_code == 200
    trail.one("exported", alice, "Ontology", ontology.id)


# --- deletions, and what came back -----------------------------------------------------------------------------------


def test_a_deletion_and_what_came_back(trail, given, alice):
    term = given.term(given.ontology(alice), "mitosis")
    gone = ok(alice.delete(f"/api/term/{term.id}.json"))
    before, after = trail.states(trail.one("deleted", alice, "Term", term.id))
    assert (before["name"], after) == ("mitosis", None)
    ok(undo(alice, gone))
    before, after = trail.states(trail.one("restored", alice, "Term", term.id))
    assert (before, after["name"]) == (None, "mitosis")
    assert [row["action"] for row in trail.rows(kind="term")] == ["restored", "deleted", "added"]


def test_a_whole_project_leaves_a_line_for_each_object_in_it(trail, alice, project, image):
    ok(alice.delete(f"/api/project/{project}.json"))
    trail.one("deleted", alice, "Project", project)
    trail.one("deleted", alice, "ImageInstance", image)
    members = trail.rows(kind="ProjectMember", action="deleted")
    assert len(members) == 2
    assert trail.states(members[0])[0]["project"] == project


# --- who reads it ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ACTIONS)
def test_every_event_can_be_asked_for_by_administrators_alone(ada, alice, charlie, nobody, action):
    found = [person.get(AUDIT, params={"action": action}).status_code for person in (ada, alice, charlie, nobody)]
    assert found == [200, 403, 403, 401]


def test_events_are_filtered_and_paged_with_the_changes(trail, given, ada, alice, bob):
    given.tag(alice, "a")
    for person in (alice, bob):
        ok(person.get("/api/project.json"))
    # Ada's own keys are in the log from her first question on.
    trail.rows()
    everything = trail.rows()
    assert [row["seq"] for row in everything] == sorted((row["seq"] for row in everything), reverse=True)
    assert {"signed in", "added"} <= {row["action"] for row in everything}
    assert {row["user"] for row in trail.rows(user=bob.id, action="signed in")} == {bob.id}
    pages = [row for offset in range(len(everything)) for row in trail.rows(max=1, offset=offset)]
    assert pages == everything
    assert trail.rows(kind="tag", action="signed in") == []
    assert trail.rows(endDate=int(trail.began) - 60_000, action="signed in") == []
    assert {row["action"] for row in trail.rows(door="api", kind="secuser")} >= {"signed in"}
    assert ok(ada.get(AUDIT, params={"action": "signed in", "max": 1}))["size"] == 3
