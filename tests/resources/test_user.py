import pytest
from sqlalchemy import select, update

from atrisys.access import passwords
from atrisys.app import create_app
from atrisys.store import spatial
from atrisys.store.tables import (
    AbstractImage,
    AnnotationTerm,
    Change,
    FailedTries,
    ImageInstance,
    Job,
    LoginSession,
    Ontology,
    ProjectMember,
    SecUser,
    Storage,
    UserAnnotation,
)
from browser import Browser, signed_in
from counting import statements
from given import Given
from given.kept import kept_store

DORA = {
    "username": "dora",
    "firstname": "Dora",
    "lastname": "Dunn",
    "email": "dora@example.org",
    "password": "open sesame",
}


def names(answer):
    assert answer.status_code == 200, answer.text
    return [row["username"] for row in answer.json()["collection"]]


def test_an_account_is_made_shown_edited_and_deleted(ada):
    answer = ada.post("/api/user.json", json=DORA)
    assert answer.status_code == 200, answer.text
    body, user = answer.json(), answer.json()["user"]
    assert body["data"] == user
    assert body["message"].startswith(f"User {user['id']}")
    assert body["callback"] == {"method": "be.cytomine.AddUserCommand", "userID": str(user["id"])}
    assert (user["name"], user["fullName"], user["language"]) == ("Dora Dunn", "Dora Dunn (dora)", "EN")
    assert (user["class"], user["role"]) == ("be.cytomine.domain.security.User", "ROLE_USER")
    assert user["userId"] == ada.id
    assert "password" not in user
    assert user.get("privateKey") is None

    path = f"/api/user/{user['id']}.json"
    shown = ada.get(path).json()
    assert (shown["admin"], shown["user"], shown["guest"]) == (False, True, False)
    assert ada.get("/api/user/DORA.json").json() == shown
    edited = ada.put(path, json={**shown, "lastname": "Duck", "language": "FRENCH"}).json()["user"]
    assert (edited["lastname"], edited["language"], edited["email"]) == ("Duck", "FR", "dora@example.org")
    assert ada.delete(path).json()["user"]["id"] == user["id"]
    assert ada.get(path).status_code == 404


def test_a_new_account_has_keys_and_a_storage_and_can_sign_in(given, app, alice, db):
    made = alice.post("/api/user.json", json=DORA).json()["user"]
    assert Browser(app).sign_in("dora", "open sesame").status_code == 200
    assert db.scalars(select(Storage.name).where(Storage.user_id == made["id"])).all() == ["dora storage"]
    row = db.get_one(SecUser, made["id"])
    assert b"open sesame" not in (row.password_hash or "").encode()
    assert len(app.state.key_box.open(row.private_key, row.public_key)) == 36


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": ""},
        {"username": None},
        {"password": "7 signs"},
        {"password": "password1"},
        {"username": "dora.hu.hu", "password": "Dora.Hu.Hu"},
        {"password": None},
        {"language": "KLINGON"},
        {"email": None},
        {"role": "ROLE_KING"},
        {"username": "a\nb"},
        {"username": "12345"},
        {"username": "current"},
        {"username": "Current"},
        {"username": "."},
        {"username": ".."},
        {"username": "a/b"},
        {"username": "Émile"},
        {"username": "al\u200bice"},
        {"username": "\u202eecila"},
        {"username": "\u0430lice"},
    ],
)
def test_what_an_account_cannot_be_made_of_is_refused(ada, wrong):
    answer = ada.post("/api/user.json", json={**DORA, **wrong})
    assert answer.status_code == 400, answer.text
    assert names(ada.get("/api/user.json")) == ["ada"]


def test_a_name_is_taken_whatever_its_capitals_but_an_address_may_be_shared(ada):
    assert ada.post("/api/user.json", json=DORA).status_code == 200
    assert ada.post("/api/user.json", json={**DORA, "username": "DoRa"}).status_code == 409
    assert ada.post("/api/user.json", json={**DORA, "username": "emil"}).status_code == 200
    emil = ada.get("/api/user/emil.json").json()
    assert ada.put(f"/api/user/{emil['id']}.json", json={"username": "Dora"}).status_code == 409


def test_an_account_of_an_earlier_version_whose_name_has_other_capitals_signs_in_and_stays(app, db, alice):
    db.execute(update(SecUser).where(SecUser.id == alice.id).values(username="Émile"))
    db.commit()
    assert Browser(app).sign_in("Émile").status_code == 200
    shown = alice.get("/api/user/Émile.json").json()
    assert shown["id"] == alice.id
    assert alice.put("/api/user/current.json", json={**shown, "lastname": "Zola"}).status_code == 200
    assert alice.get("/api/user/Émile/keys.json").status_code == 200


def test_an_array_keeps_the_good_accounts_and_answers_each_bad_one(ada):
    sent = [DORA, {**DORA, "username": "emil", "password": "x"}, {**DORA, "username": "fritz"}, DORA]
    answer = ada.post("/api/user.json", json=sent)
    assert answer.status_code == 206
    assert [problem["data"]["username"] for problem in answer.json()["data"]["errors"]] == ["emil", "dora"]
    assert names(ada.get("/api/user.json")) == ["ada", "dora", "fritz"]
    assert ada.post("/api/user.json", json=[DORA] * 201).status_code == 400


def test_only_an_administrator_makes_administrators_and_a_guest_makes_nobody(given, alice):
    guest = given.person("greta", role="ROLE_GUEST")
    assert alice.post("/api/user.json", json={**DORA, "role": "ROLE_ADMIN"}).status_code == 403
    assert guest.post("/api/user.json", json=DORA).status_code == 403
    assert alice.post("/api/user.json", json={**DORA, "role": "ROLE_GUEST"}).json()["user"]["role"] == "ROLE_GUEST"


def test_addresses_and_keys_of_others_are_hidden_also_from_searches_and_orders(ada, alice, bob):
    ada.put(f"/api/user/{bob.id}.json", json={"email": "bob@secret.example"})
    seen = alice.get(f"/api/user/{bob.id}.json").json()
    assert seen["email"] is None
    assert "publicKey" not in seen
    assert bob.get(f"/api/user/{bob.id}.json").json()["email"] == "bob@secret.example"
    assert ada.get(f"/api/user/{bob.id}.json").json()["email"] == "bob@secret.example"
    rows = alice.get("/api/user.json").json()["collection"]
    assert {row["id"] for row in rows if row["email"] is not None} == {alice.id}
    assert names(alice.get("/api/user.json?fullName[ilike]=secret")) == []
    assert names(bob.get("/api/user.json?fullName[ilike]=secret")) == ["bob"]
    assert names(ada.get("/api/user.json?fullName[ilike]=secret")) == ["bob"]
    by_name = names(alice.get("/api/user.json"))
    assert names(alice.get("/api/user.json?sort=email&order=desc")) == names(alice.get("/api/user.json?sort=nothing"))
    assert by_name == ["ada", "alice", "bob"]
    assert names(ada.get("/api/user.json?sort=email&order=desc"))[0] == "bob"


def test_accounts_are_listed_by_name_filtered_and_with_their_roles(given, ada, alice, bob):
    given.person("greta", role="ROLE_GUEST")
    assert names(bob.get("/api/user.json")) == ["ada", "alice", "bob", "greta"]
    assert names(bob.get("/api/user.json?username[ilike]=AL")) == ["alice"]
    assert names(bob.get("/api/user.json?username%255Bilike%255D=a*a")) == ["ada"]
    assert names(bob.get("/api/user.json?username[ilike]=_")) == []
    assert bob.get("/api/user.json?enabled[equals]=perhaps").status_code == 400
    assert names(bob.get("/api/user.json?role[in]=ROLE_USER,ROLE_GUEST")) == ["alice", "bob", "greta"]
    assert names(bob.get(f"/api/user.json?publicKey={alice.public_key}")) == ["alice"]
    assert names(bob.get("/api/user.json?publicUser[equals]=true")) == []
    rows = bob.get("/api/user.json?withRoles=true&sort=username&order=desc").json()["collection"]
    assert [(row["username"], row["role"]) for row in rows] == [
        ("greta", "ROLE_GUEST"),
        ("bob", "ROLE_USER"),
        ("alice", "ROLE_USER"),
        ("ada", "ROLE_SUPER_ADMIN"),
    ]


def test_a_list_asks_the_same_number_of_questions_for_few_and_many(given, store, alice):
    with statements(store) as few:
        alice.get("/api/user.json?withRoles=true")
    for _ in range(5):
        given.person()
    with statements(store) as many:
        alice.get("/api/user.json?withRoles=true")
    assert len(many) == len(few)


def test_online_are_those_who_used_a_session_lately_and_whoever_asks(app, db, alice, bob, charlie):
    signed_in(app, "bob")
    signed_in(app, "charlie")
    db.query(LoginSession).filter_by(user_id=charlie.id).update({"last_used": LoginSession.last_used - 400_000})
    db.commit()
    assert names(alice.get("/api/user.json?online=true")) == ["alice", "bob"]


def test_one_changes_oneself_and_nobody_else(alice, bob, charlie):
    path = f"/api/user/{bob.id}.json"
    assert charlie.put(path, json={"firstname": "Hacked"}).status_code == 403
    assert charlie.put(path, json={"password": "hacked by charlie"}).status_code == 403
    assert bob.put(path, json={"firstname": "Robert", "role": "ROLE_ADMIN", "enabled": False}).status_code == 200
    shown = bob.get(path).json()
    assert (shown["firstname"], shown["role"], shown["enabled"]) == ("Robert", "ROLE_USER", True)
    assert charlie.put("/api/user/999999.json", json={}).status_code == 404


def test_a_stranger_neither_locks_nor_deletes(alice, charlie):
    for method, path in (("post", "lock.json"), ("delete", "lock.json")):
        assert getattr(charlie, method)(f"/api/user/{alice.id}/{path}").status_code == 403
    assert charlie.delete(f"/api/user/{alice.id}.json").status_code == 403
    assert charlie.post(f"/api/atrisys/user/{alice.id}/keys.json").status_code == 403
    assert alice.get("/api/user/current.json").status_code == 200


def test_a_new_password_ends_all_sessions_but_gives_the_asking_browser_a_fresh_one(app, alice):
    here, there = signed_in(app, "alice"), signed_in(app, "alice")
    old = here.cookies["atrisys_session"]
    answer = here.put("/api/user/current.json", json={"password": "a better one", "oldPassword": "correct horse"})
    assert answer.status_code == 200, answer.text
    assert there.get("/api/user/current.json").status_code == 401
    assert here.cookies["atrisys_session"] != old
    assert here.get("/api/user/current.json").status_code == 200
    assert Browser(app).sign_in("alice").status_code == 401
    assert Browser(app).sign_in("alice", "a better one").status_code == 200


@pytest.mark.parametrize("old", [None, "", "guess"])
def test_ones_own_password_is_changed_only_by_who_knows_the_present_one(app, db, ada, alice, old):
    new = {"password": "a better one", "oldPassword": old}
    browser = signed_in(app, "alice")
    for asking, path in (
        (alice, f"/api/user/{alice.id}.json"),
        (browser, "/api/user/current.json"),
        (ada, "/api/user/ada.json"),
    ):
        assert asking.put(path, json={**new, "firstname": "Thief"}).status_code == 403
    assert alice.get("/api/user/current.json").json()["firstname"] == "alice"
    tries = dict(db.execute(select(FailedTries.subject, FailedTries.count)).all())
    assert tries["account:alice"] == 2
    assert Browser(app).sign_in("alice").status_code == 200


def test_guessing_at_the_present_password_gets_slower(alice):
    answers = [alice.put("/api/user/current.json", json={"password": f"a better one {n}"}) for n in range(6)]
    assert [answer.status_code for answer in answers] == [403] * 5 + [429]


def test_an_administrator_gives_another_a_password_as_cytomines_clients_do(app, ada, alice):
    assert ada.put(f"/api/user/{alice.id}.json", json={"password": "password"}).status_code == 400
    assert ada.put(f"/api/user/{alice.id}.json", json={"password": "a better one"}).status_code == 200
    assert Browser(app).sign_in("alice", "a better one").status_code == 200


def test_a_model_that_comes_back_with_its_old_password_ends_no_session(app, alice):
    browser = signed_in(app, "alice")
    assert alice.put(f"/api/user/{alice.id}.json", json={"password": "correct horse"}).status_code == 200
    assert alice.put(f"/api/user/{alice.id}.json", json={"password": ""}).status_code == 200
    assert browser.get("/api/user/current.json").status_code == 200


@pytest.mark.parametrize("password", ["correct horse", "a better one"])
def test_others_write_while_a_password_is_looked_at_and_hashed(tmp_path, monkeypatch, password):
    """Both take long on purpose, and on SQLite there is one writer at a time."""
    monkeypatch.setattr(spatial, "BUSY_MS", 100)
    with kept_store(tmp_path / "data") as store:
        alice = Given(create_app(store.settings, store), store).person("alice")

        def while_others_write(does):
            def done(*arguments):
                with store.writing() as db:
                    db.execute(update(SecUser).values(version=SecUser.version))
                return does(*arguments)

            return done

        for name in ("is_right", "hash_password"):
            monkeypatch.setattr(passwords, name, while_others_write(getattr(passwords, name)))
        sent = {"password": password, "oldPassword": "correct horse"}
        assert alice.put("/api/user/current.json", json=sent).status_code == 200


def test_the_answer_to_a_client_that_saves_its_own_user_has_the_key_that_it_reads(alice):
    body = alice.put("/api/user/current.json", json={"firstname": "Alicia"}).json()
    assert body["currentuser"]["firstname"] == body["user"]["firstname"] == body["data"]["firstname"] == "Alicia"


def test_a_locked_account_opens_nothing_until_it_is_unlocked(app, ada, alice):
    browser = signed_in(app, "alice")
    assert ada.post(f"/api/user/{alice.id}/lock.json").json()["user"]["enabled"] is False
    assert ada.post(f"/api/user/{alice.id}/lock.json").status_code == 400
    assert alice.get("/api/user/current.json").status_code == 401
    assert alice.with_token().get("/api/user/current.json").status_code == 401
    assert browser.get("/api/user/current.json").status_code == 401
    assert Browser(app).sign_in("alice").status_code == 401
    assert ada.delete(f"/api/user/{alice.id}/lock.json").status_code == 200
    assert ada.delete(f"/api/user/{alice.id}/lock.json").status_code == 400
    assert alice.get("/api/user/current.json").status_code == 200
    assert browser.get("/api/user/current.json").status_code == 401


def test_the_last_administrator_stays_but_one_of_two_may_go(given, ada, alice):
    path = f"/api/user/{ada.id}"
    for answer in (ada.delete(f"{path}.json"), ada.post(f"{path}/lock.json")):
        assert answer.status_code == 403
        assert "last administrator" in answer.json()["errors"]
    second = given.person("second", role="ROLE_SUPER_ADMIN")
    assert second.post(f"{path}/lock.json").status_code == 200
    assert second.delete(f"/api/user/{second.id}.json").status_code == 403
    assert second.delete(f"{path}.json").status_code == 200


def test_an_administrator_replaces_keys_without_reading_them(ada, alice):
    answer = ada.post(f"/api/atrisys/user/{alice.id}/keys.json")
    assert answer.status_code == 200
    assert "Key" not in answer.text
    assert alice.get("/api/user/current.json").status_code == 401


def test_deleting_an_account_takes_its_own_work_along_and_passes_on_what_others_stand_on(given, db, ada, alice, bob):
    ontology = given.ontology(alice)
    term = given.term(ontology)
    project = given.project(bob, [alice], ontology)
    lonely, shared = (given.image(project, bob, given.abstract_image(alice)) for _ in range(2))
    bobs = given.annotation(shared, bob)
    alices = given.annotation(shared, alice)
    answer = bob.post(f"/api/annotation/{alices.id}/term/{term.id}.json")
    assert answer.status_code == 200, answer.text
    unused, slide, storage = given.ontology(bob), given.abstract_image(bob), given.storage_of(bob)

    answer = ada.delete(f"/api/user/{bob.id}.json")
    assert answer.status_code == 200, answer.text
    gone = [(SecUser, bob), (UserAnnotation, bobs), (ImageInstance, lonely), (Ontology, unused), (Storage, storage)]
    for kind, row in [*gone, (AbstractImage, slide)]:
        assert db.get(kind, row.id) is None
    assert db.get(UserAnnotation, alices.id) is not None
    assert db.scalars(select(AnnotationTerm.user_id)).all() == [alice.id]
    members = {member.user_id: member for member in db.scalars(select(ProjectMember))}
    assert set(members) == {ada.id, alice.id}
    assert members[db.get_one(ImageInstance, shared.id).user_id].is_representative
    last = db.scalars(select(Change).where(Change.object_id == bob.id).order_by(Change.seq.desc())).first()
    assert (last.class_name, last.user_id, last.after) == ("SecUser", ada.id, None)


def test_a_storage_that_others_use_keeps_its_owner_from_being_deleted(given, ada, alice, bob):
    given.image(given.project(alice), alice, given.abstract_image(bob))
    answer = ada.delete(f"/api/user/{bob.id}.json")
    assert answer.status_code == 403
    assert "is used in 1 projects" in answer.json()["errors"]
    assert ada.get(f"/api/user/{bob.id}.json").status_code == 200


def test_an_account_with_a_running_job_or_an_ontology_in_use_is_not_deleted(given, db, ada, alice, bob):
    project = given.project(alice, [], given.ontology(bob))
    answer = ada.delete(f"/api/user/{bob.id}.json")
    assert (answer.status_code, answer.json()["code"]) == (400, "in_use")
    assert db.get(SecUser, bob.id) is not None
    db.add(Job(id=10**9, name="x", user_id=alice.id, project_id=project.id, state="running"))
    db.commit()
    assert "Cancel" in ada.delete(f"/api/user/{alice.id}.json").json()["errors"]
    db.query(Job).update({"state": "done"})
    db.commit()
    assert ada.delete(f"/api/user/{alice.id}.json").status_code == 200


def test_nobody_gets_nothing(nobody, alice):
    for path in ("/api/user.json", f"/api/user/{alice.id}.json", "/api/user/current.json"):
        assert nobody.get(path).status_code == 401


def friends(person, whom, **query):
    answer = person.get(f"/api/user/{whom.id}/friends.json", params=query)
    assert answer.status_code == 200, answer.text
    return [row["username"] for row in answer.json()["collection"]]


def test_friends_work_in_a_project_with_somebody(given, ada, alice, bob, charlie):
    project, other = given.project(alice, [bob]), given.project(alice, [charlie])
    assert friends(alice, alice, offline=True) == ["bob", "charlie"]
    assert friends(alice, alice, offline=True, project=other.id) == ["charlie"]
    assert friends(alice, alice) == []
    given.connection(project, bob)
    assert friends(alice, alice) == ["bob"]
    assert friends(ada, bob, offline=True) == ["alice"]
    assert bob.get(f"/api/user/{alice.id}/friends.json").status_code == 403
    assert bob.get(f"/api/user/{bob.id}/friends.json", params={"project": other.id}).status_code == 404


def test_a_password_is_changed_at_an_address_of_its_own(alice, bob, app):
    address = f"/api/user/{alice.id}/password.json"
    body = {"password": "a long new password"}
    assert bob.put(address, json=body).status_code == 403
    assert alice.put(address, json=body).status_code == 403
    assert alice.put(address, json={**body, "oldPassword": "correct horse"}).status_code == 200
    assert Browser(app).sign_in("alice", "a long new password").status_code == 200
    assert alice.post("/api/user/current.json", json={}).status_code == 405
