import pytest
from sqlalchemy import select, update

from atrisys.store.tables import SignInToken
from browser import Browser, signed_in

SESSION = "/api/atrisys/session.json"


def _token(person, username, **more):
    answer = person.post("/api/token.json", json={"username": username, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["token"]["tokenKey"]


def test_a_token_signs_its_owner_in_once(app, alice, db):
    told = alice.post("/api/token.json", json={"username": "alice", "validity": 5}).json()
    assert told["success"] is True
    assert told["token"]["user"] == alice.id
    kept = db.scalars(select(SignInToken)).one()
    assert told["token"]["tokenKey"] not in (kept.token_hash, "")
    assert told["token"]["expiryDate"] == kept.expires
    body = {"username": "Alice", "token": told["token"]["tokenKey"]}
    browser = Browser(app)
    assert browser.post(SESSION, json=body).json()["user"]["username"] == "alice"
    assert browser.get("/api/user/current.json").json()["id"] == alice.id
    assert Browser(app).post(SESSION, json=body).status_code == 401


def test_the_java_client_sends_no_quotes(alice):
    for body in (b"{username : alice, validity : 60}", b'{"username": "alice", "validity": "60"}'):
        answer = alice.post("/api/token.json", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 200, answer.text
    for body in (b"{username : alice, validity : 60,}", b"{username : {alice}}", b"{username}", b"{}"):
        answer = alice.post("/api/token.json", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400, body


def test_it_signs_in_nobody_else_and_not_for_ever(app, alice, bob, db):
    token = _token(alice, "alice")
    assert Browser(app).post(SESSION, json={"username": "bob", "token": token}).status_code == 401
    assert Browser(app).post(SESSION, json={"username": "alice", "token": f"{token}x"}).status_code == 401
    assert Browser(app).post(SESSION, json={"username": "alice"}).status_code == 400
    assert Browser(app).post(SESSION, json={"username": "alice", "token": token, "password": "x"}).status_code == 400
    db.execute(update(SignInToken).values(expires=0))
    db.commit()
    assert Browser(app).post(SESSION, json={"username": "alice", "token": token}).status_code == 401


@pytest.mark.parametrize("validity", [0, -1, 24 * 60 + 1, "long"])
def test_it_is_good_for_a_day_at_most(alice, validity):
    assert alice.post("/api/token.json", json={"username": "alice", "validity": validity}).status_code == 400


def test_only_administrators_make_it_for_others(app, ada, alice, charlie, nobody):
    assert charlie.post("/api/token.json", json={"username": "alice"}).status_code == 403
    assert charlie.post("/api/token.json", json={"username": "no one"}).status_code == 403
    assert nobody.post("/api/token.json", json={"username": "alice"}).status_code == 401
    assert ada.post("/api/token.json", json={"username": "no one"}).status_code == 404
    token = _token(ada, "alice")
    assert Browser(app).post(SESSION, json={"username": "alice", "token": token}).status_code == 200


@pytest.mark.parametrize("how", ["lock", "password"])
def test_it_is_void_once_the_account_is_locked_or_has_a_new_password(app, ada, alice, how):
    token = _token(alice, "alice")
    if how == "lock":
        ada.post(f"/api/user/{alice.id}/lock.json")
        ada.delete(f"/api/user/{alice.id}/lock.json")
    else:
        ada.put(f"/api/user/{alice.id}/password.json", json={"password": "another good one"})
    assert Browser(app).post(SESSION, json={"username": "alice", "token": token}).status_code == 401


def test_guessing_is_answered_slower(app, alice):
    for _ in range(5):
        assert Browser(app).post(SESSION, json={"username": "alice", "token": "guess"}).status_code == 401
    assert Browser(app).post(SESSION, json={"username": "alice", "token": "guess"}).status_code == 429


def test_no_page_of_another_site_makes_one(app, alice):
    browser = signed_in(app, "alice")
    assert browser.elsewhere().post("/api/token.json", json={"username": "alice"}).status_code == 403
    first, second = (
        alice.post("/api/token.json", json={"username": "alice"}, headers={"Idempotency-Key": "k"}) for _ in range(2)
    )
    assert first.json()["token"]["tokenKey"] != second.json()["token"]["tokenKey"]
