import pytest
from sqlalchemy import select, update

from atrisys.store.tables import Change, Invitation, SecUser
from browser import Browser

PASSWORD = "a long new password"


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


def _invite(person, project, **body):
    return person.post(f"/api/project/{project.id}/invitation.json", json=body)


def _token(person, project, **body):
    answer = _invite(person, project, **body)
    assert answer.status_code == 200, answer.text
    return answer.json()["token"]


def _look(nobody, token):
    return nobody.post("/api/atrisys/invitation.json", json={"token": token})


def _accept(nobody, token, username="dora", password=PASSWORD, **more):
    body = {"token": token, "username": username, "password": password, **more}
    return nobody.post("/api/atrisys/invitation/accept.json", json=body)


def test_a_link_makes_an_account_that_is_a_member_once(given, app, alice, project, nobody, db):
    told = _invite(alice, project, name="dora", firstname="Dora", lastname="Diaz", mail="dora@example.org").json()
    assert told["link"] == f"http://testserver/invitation#{told['token']}"
    shown = _look(nobody, told["token"]).json()
    assert (shown["projectName"], shown["username"], shown["email"]) == (project.name, "dora", "dora@example.org")
    assert _accept(nobody, told["token"], "Dora2", firstname="Dora", lastname="Diaz").json()["project"] == project.id
    browser = Browser(app)
    assert browser.sign_in("dora2", PASSWORD).status_code == 200
    assert [one["id"] for one in browser.get("/api/project.json").json()["collection"]] == [project.id]
    me = browser.get("/api/user/current.json").json()
    assert (me["firstname"], me["userByNow"], me["adminByNow"]) == ("Dora", True, False)
    members = alice.get(f"/api/project/{project.id}/user.json").json()["collection"]
    assert {one["username"]: one["role"] for one in members}["Dora2"] == "contributor"
    assert _accept(nobody, told["token"], "eve").status_code == _look(nobody, told["token"]).status_code == 404
    made = db.scalars(select(Change).where(Change.object_id == me["id"])).one()
    assert (made.user_id, made.door) == (alice.id, "invitation")


def test_the_secret_is_kept_nowhere_and_told_once(alice, project, db):
    token = _token(alice, project)
    kept = db.scalars(select(Invitation)).one()
    assert token not in str(vars(kept))
    listed = alice.get(f"/api/project/{project.id}/invitation.json")
    assert listed.json()["size"] == 1
    assert token not in listed.text
    assert kept.token_hash not in listed.text
    again = [
        alice.post(f"/api/project/{project.id}/invitation.json", json={}, headers={"Idempotency-Key": "k"}).json()
        for _ in range(2)
    ]
    assert again[0]["token"] != again[1]["token"]


def test_it_ends_after_its_days(alice, project, nobody, db):
    token = _token(alice, project, days=1)
    db.execute(update(Invitation).values(expires=1))
    db.commit()
    assert _look(nobody, token).status_code == _accept(nobody, token).status_code == 404
    assert alice.get(f"/api/project/{project.id}/invitation.json").json()["collection"][0]["holds"] is False
    for days in (0, 31):
        assert _invite(alice, project, days=days).status_code == 400


@pytest.mark.parametrize("how", ["is a contributor now", "has left", "is locked", "is a guest now"])
def test_it_is_locked_while_who_invited_may_not(given, ada, alice, bob, project, nobody, how):
    ada.post(f"/api/project/{project.id}/user/{bob.id}/admin.json")
    token = _token(bob, project)
    assert _look(nobody, token).status_code == 200
    if how == "is a contributor now":
        undone = ada.delete(f"/api/project/{project.id}/user/{bob.id}/admin.json")
    elif how == "has left":
        undone = ada.delete(f"/api/project/{project.id}/user/{bob.id}.json")
    elif how == "is locked":
        undone = ada.post(f"/api/user/{bob.id}/lock.json")
    else:
        guest = next(r for r in ada.get("/api/role.json").json()["collection"] if r["authority"] == "ROLE_GUEST")
        undone = ada.put(f"/api/user/{bob.id}/role/{guest['id']}/define.json")
    assert undone.status_code == 200, undone.text
    assert _look(nobody, token).status_code == _accept(nobody, token).status_code == 404
    listed = alice.get(f"/api/project/{project.id}/invitation.json").json()["collection"]
    assert [one["holds"] for one in listed] == [False]
    if how == "is locked":
        ada.delete(f"/api/user/{bob.id}/lock.json")
        assert _accept(nobody, token).status_code == 200


@pytest.mark.parametrize("what", ["project", "inviter", "invitation"])
def test_it_goes_with_the_project_and_with_who_invited_and_is_withdrawn(given, ada, bob, project, nobody, db, what):
    ada.post(f"/api/project/{project.id}/user/{bob.id}/admin.json")
    made = _invite(bob, project).json()
    path = {
        "project": f"project/{project.id}.json",
        "inviter": f"user/{bob.id}.json",
        "invitation": f"project/{project.id}/invitation/{made['id']}.json",
    }
    assert ada.delete(f"/api/{path[what]}").status_code == 200
    assert db.scalars(select(Invitation)).all() == []
    assert _accept(nobody, made["token"]).status_code == 404


def test_what_is_wrong_is_said_and_the_invitation_holds_on(alice, project, nobody, db):
    token = _token(alice, project)
    assert _accept(nobody, token, "alice").status_code == 409
    assert _accept(nobody, token, "two words").status_code == 400
    assert _accept(nobody, token, password="short").status_code == 400
    assert _accept(nobody, token, password="dora dora", username="dora dora").status_code == 400
    assert _accept(nobody, token).status_code == 200
    assert db.scalar(select(SecUser.creator_id).where(SecUser.username == "dora")) == alice.id


def test_who_guesses_waits(alice, project, nobody):
    token = _token(alice, project)
    answers = [_look(nobody, f"guess {number}").status_code for number in range(20)]
    assert set(answers) == {404}
    assert _look(nobody, "one more").status_code == _accept(nobody, token).status_code == 429


def test_only_managers_invite_see_and_withdraw(given, alice, bob, charlie, nobody, project):
    made = _invite(alice, project).json()
    here = f"/api/project/{project.id}/invitation"
    for person, status in ((bob, 403), (charlie, 404), (nobody, 401)):
        assert _invite(person, project).status_code == status
        assert person.get(f"{here}.json").status_code == status
        assert person.delete(f"{here}/{made['id']}.json").status_code == status
    mine = given.project(charlie)
    assert charlie.delete(f"/api/project/{mine.id}/invitation/{made['id']}.json").status_code == 404
    guest = given.person("greta", role="ROLE_GUEST")
    assert _invite(guest, given.project(guest)).status_code == 403


def test_a_page_of_another_site_accepts_none(app, alice, project):
    token = _token(alice, project)
    assert _accept(Browser(app, site="cross-site"), token).status_code == 403
    assert _accept(Browser(app), token).status_code == 200


def test_a_project_has_so_many_open_ones(monkeypatch, alice, project):
    monkeypatch.setattr("atrisys.resources.invitation.MOST", 1)
    assert [_invite(alice, project).status_code for _ in range(2)] == [200, 400]


def test_the_project_of_an_invitation_is_deleted_and_brought_back(alice, project):
    _token(alice, project)
    assert alice.delete(f"/api/project/{project.id}.json").status_code == 200
    assert alice.get("/api/command/undo.json").status_code == 200
    assert alice.get(f"/api/project/{project.id}/invitation.json").json()["size"] == 0
