"""A write that comes again under the same key is answered again, and done once."""

import base64
import hashlib

import pytest
from sqlalchemy import func, select, update

from atrisys.store.table import Base, now_ms
from atrisys.store.tables import Change, IdempotentAnswer, Ontology, SecUser
from atrisys.wire import retries
from browser import signed_in

PATH = "/api/ontology.json"
KEY = {"idempotency-key": "4f1c"}


def count(db, kind: type[Base] = Ontology):
    return db.scalar(select(func.count()).select_from(kind))


def test_a_write_that_comes_again_is_answered_again_and_not_done_again(alice, db):
    first = alice.post(PATH, json={"name": "once"}, headers=KEY)
    changes = count(db, Change)
    again = alice.post(PATH, json={"name": "once"}, headers=KEY)
    assert first.status_code == again.status_code == 200
    assert again.content == first.content
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert (count(db), count(db, Change)) == (1, changes)


def test_an_edit_and_a_delete_are_answered_again_as_well(given, alice):
    path = f"/api/ontology/{given.ontology(alice).id}.json"
    edits = [alice.put(path, json={"name": "new"}, headers={"idempotency-key": "e"}) for _ in range(2)]
    deletes = [alice.delete(path, headers={"idempotency-key": "d"}) for _ in range(2)]
    assert [answer.status_code for answer in edits + deletes] == [200] * 4
    assert edits[0].json() == edits[1].json()
    assert deletes[0].json() == deletes[1].json()
    assert alice.delete(path, headers={"idempotency-key": "another"}).status_code == 404


def test_an_array_of_which_some_were_refused_is_answered_again_with_the_same_ids(given, alice, db):
    body = [{"name": "a"}, {"name": ""}, {"name": "b"}]
    first, again = (alice.post(PATH, json=body, headers=KEY) for _ in range(2))
    assert (first.status_code, again.status_code) == (206, 206)
    assert again.json()["ids"] == first.json()["ids"]
    assert count(db) == 2


@pytest.mark.parametrize("other", ["body", "address", "query", "method"])
def test_a_key_belongs_to_one_request(given, alice, db, other):
    ontology = given.ontology(alice)
    path = f"/api/ontology/{ontology.id}.json"
    assert alice.put(path, json={"name": "x"}, headers=KEY).status_code == 200
    answer = {
        "body": lambda: alice.put(path, json={"name": "y"}, headers=KEY),
        "address": lambda: alice.put(f"/api/ontology/{given.ontology(alice).id}.json", json={"name": "x"}, headers=KEY),
        "query": lambda: alice.put(f"{path}?a=1", json={"name": "x"}, headers=KEY),
        "method": lambda: alice.delete(path, headers=KEY),
    }[other]()
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate")
    assert alice.get(path).json()["name"] == "x"


def test_the_keys_of_two_people_never_meet(alice, bob, db):
    assert alice.post(PATH, json={"name": "mine"}, headers=KEY).status_code == 200
    answer = bob.post(PATH, json={"name": "theirs"}, headers=KEY)
    assert answer.status_code == 200
    assert "idempotency-replayed" not in answer.headers
    assert count(db) == 2


def test_the_same_person_may_come_another_way_the_second_time(app, alice, db):
    first = alice.post(PATH, content=b'{"name": "x"}', headers=KEY)
    by_token = alice.with_token().post(PATH, content=b'{"name": "x"}', headers=KEY)
    browser = signed_in(app, "alice")
    by_session = browser.post(PATH, content=b'{"name": "x"}', headers={**KEY, "content-type": "application/json"})
    assert first.content == by_token.content == by_session.content
    assert count(db) == 1


def test_of_two_that_come_at_once_the_later_gets_the_answer_of_the_earlier(alice, db, monkeypatch):
    first = alice.post(PATH, json=[{"name": "a"}, {"name": ""}], headers=KEY)
    seen = retries.Retry._kept_answer
    looks = iter([None])
    monkeypatch.setattr(retries.Retry, "_kept_answer", lambda self, store: next(looks, seen(self, store)))
    again = alice.post(PATH, json=[{"name": "a"}, {"name": ""}], headers=KEY)
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    monkeypatch.setattr(retries.Retry, "_kept_answer", lambda self, store: next(looks, seen(self, store)))
    looks = iter([None])
    body = [{"name": ""}, {"name": "b"}]
    other = alice.post(PATH, json=body, headers=KEY)
    assert (other.status_code, other.json()["code"]) == (409, "duplicate")
    assert count(db) == 1


def test_what_was_refused_may_be_tried_again_under_the_same_key(given, alice, db):
    taken = given.ontology(alice, name="taken")
    assert alice.post(PATH, json={"name": "taken"}, headers=KEY).status_code == 409
    alice.delete(f"/api/ontology/{taken.id}.json")
    answer = alice.post(PATH, json={"name": "taken"}, headers=KEY)
    assert answer.status_code == 200
    assert "idempotency-replayed" not in answer.headers


def test_an_array_of_which_nothing_was_kept_leaves_nothing_behind(alice, db):
    first = alice.post(PATH, json=[{"name": ""}] * 3, headers=KEY)
    again = alice.post(PATH, json=[{"name": ""}] * 3, headers=KEY)
    assert (first.status_code, again.status_code) == (400, 400)
    assert count(db, IdempotentAnswer) == 0


def test_of_a_long_answer_the_ids_are_kept(alice, db, monkeypatch):
    monkeypatch.setattr(retries, "LONGEST_BODY", 2000)
    body = [{"name": "a"}, *({"name": ""} for _ in range(100)), {"name": "b"}]
    first, again = (alice.post(PATH, json=body, headers=KEY) for _ in range(2))
    assert (first.status_code, again.status_code, again.headers["idempotency-replayed"]) == (206, 206, "true")
    assert again.json()["ids"] == first.json()["ids"]
    assert len(again.content) < 2000 < len(first.content)
    single, replayed = (alice.post(PATH, json={"name": "x" * 255}, headers={"idempotency-key": "b"}) for _ in range(2))
    assert replayed.json()["ontology"]["id"] == single.json()["ontology"]["id"]


def test_a_key_opens_nothing_to_who_may_no_longer_sign_in(ada, alice, nobody):
    assert alice.post(PATH, json={"name": "x"}, headers=KEY).status_code == 200
    assert nobody.post(PATH, json={"name": "x"}, headers=KEY).status_code == 401
    ada.post(f"/api/user/{alice.id}/lock.json")
    assert alice.post(PATH, json={"name": "x"}, headers=KEY).status_code == 401


def test_reading_keeps_nothing(alice, db):
    assert alice.get("/api/user/current.json", headers=KEY).status_code == 200
    assert alice.head("/api/term.json", headers=KEY).status_code in (200, 405)
    assert count(db, IdempotentAnswer) == 0


def test_what_tells_a_secret_is_never_kept(alice, db):
    assert alice.post("/api/user/current/keys", headers=KEY).json()["secondaryKey"]
    assert count(db, IdempotentAnswer) == 0


def test_a_password_in_a_body_is_kept_in_no_form_that_could_be_guessed(ada, db):
    body = b'{"username": "zoe", "password": "a secret", "firstname": "Z", "lastname": "Z", "email": "z@lab.example"}'
    answer = ada.post("/api/user.json", content=body, headers=KEY)
    assert answer.status_code == 200, answer.text
    row = db.scalars(select(IdempotentAnswer)).one()
    assert b"a secret" not in row.body
    without_our_secret = hashlib.sha256(b"POST /api/user.json?\n" + body)
    for guess in (without_our_secret.hexdigest(), base64.urlsafe_b64encode(without_our_secret.digest()).decode()[:-1]):
        assert guess != row.request


@pytest.mark.parametrize(("key", "status"), [("x" * 255, 200), ("x" * 256, 400), ("", 200)])
def test_a_key_has_a_longest_length(alice, key, status):
    assert alice.post(PATH, json={"name": "x"}, headers={"idempotency-key": key}).status_code == status


def test_an_answer_is_kept_for_a_week(alice, db):
    alice.post(PATH, json={"name": "x"}, headers=KEY)
    old = now_ms() - retries.KEPT_MS
    for created, replayed in ((old + 60_000, True), (old - 60_000, False)):
        db.execute(update(IdempotentAnswer).values(created=created))
        db.commit()
        # Another write clears away what is too old.
        alice.post(PATH, json={"name": f"other {replayed}"}, headers={"idempotency-key": f"other {replayed}"})
        answer = alice.post(PATH, json={"name": "x"}, headers=KEY)
        assert ("idempotency-replayed" in answer.headers) is replayed
        assert answer.status_code == (200 if replayed else 409)


def test_the_kept_answers_of_a_deleted_account_are_gone(ada, alice, db):
    alice.post(PATH, json={"name": "x"}, headers=KEY)
    assert count(db, IdempotentAnswer) == 1
    ontology = db.scalars(select(Ontology.id)).one()
    assert ada.delete(f"/api/ontology/{ontology}.json").status_code == 200
    assert ada.delete(f"/api/user/{alice.id}.json").status_code == 200
    assert db.get(SecUser, alice.id) is None
    assert count(db, IdempotentAnswer) == 0
