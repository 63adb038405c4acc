import base64
import hashlib
import hmac

import pytest
from sqlalchemy import select

from atrisys.store.table import Base
from atrisys.store.tables import Change, IdempotentAnswer
from browser import signed_in

TELLING = [
    "/api/user/current/keys",
    "/api/signature.json",
]


def test_it_says_who_asks_twice_the_same_with_roles_and_keys(alice):
    first = alice.get("/api/user/current.json")
    user = first.json()
    assert (user["id"], user["username"], user["email"]) == (alice.id, "alice", "")
    assert (user["publicKey"], user["privateKey"]) == (alice.public_key, alice.private_key)
    assert (user["user"], user["userByNow"], user["admin"], user["adminByNow"]) == (True, True, False, False)
    assert (user["guest"], user["isSwitched"], user["realUser"]) == (False, False, None)
    assert alice.get("/api/user/current.json").json() == user
    assert alice.get("/api/currentuser.json").json() == user
    assert first.headers["etag"] == '"1"'


def test_curl_with_keys_in_headers_reads_the_same(alice):
    user = alice.with_token().get("http://testserver//api/currentuser.json").json()
    assert user == alice.get("/api/user/current.json").json()


def test_the_private_key_goes_only_to_who_has_it_or_asks_from_our_own_page(app, alice):
    browser = signed_in(app, "alice")
    assert browser.get("/api/user/current.json").json()["privateKey"] == alice.private_key
    for site in ("cross-site", "same-site", "none"):
        answer = browser.get("/api/user/current.json", headers={"sec-fetch-site": site})
        assert answer.status_code == 200
        assert alice.private_key not in answer.text


@pytest.mark.parametrize("spelling", ["id", "username", "capitals", "current"])
def test_one_reads_ones_own_keys_by_id_name_or_public_key(alice, spelling):
    name = {"id": str(alice.id), "username": "alice", "capitals": "ALICE", "current": "current"}[spelling]
    pair = {"publicKey": alice.public_key, "privateKey": alice.private_key}
    assert alice.get(f"/api/user/{name}/keys.json").json() == pair
    assert alice.get(f"/api/userkey/{alice.public_key}/keys.json").json() == pair
    assert alice.get("/api/user/current/keys").json() == {
        "primaryKey": alice.public_key,
        "secondaryKey": alice.private_key,
    }


def test_nobody_reads_the_keys_of_another_not_even_an_administrator(ada, alice, charlie):
    for person in (ada, charlie):
        for name in (alice.id, "alice"):
            answer = person.get(f"/api/user/{name}/keys.json")
            assert answer.status_code == 403
            assert alice.private_key not in answer.text
        assert person.get(f"/api/userkey/{alice.public_key}/keys.json").status_code == 404
        assert person.get("/api/user/999999/keys.json").status_code == 404
        assert alice.private_key not in person.get(f"/api/user/{alice.id}.json").text
        assert alice.private_key not in person.get("/api/user.json").text


def test_renewed_keys_void_the_old_pair_at_once(app, alice):
    renewed = alice.post("/api/user/current/keys").json()
    assert renewed["primaryKey"] != alice.public_key
    assert alice.get("/api/user/current.json").status_code == 401
    alice.auth.public_key, alice.auth.private_key = renewed["primaryKey"], renewed["secondaryKey"]
    assert alice.get("/api/user/current.json").json()["privateKey"] == renewed["secondaryKey"]


def test_renewed_keys_are_kept_nowhere_in_clear_even_when_a_retry_is_asked_for(app, db, alice):
    renewed = alice.post("/api/user/current/keys", headers={"Idempotency-Key": "again"}).json()
    assert db.scalars(select(IdempotentAnswer)).all() == []
    assert len(db.scalars(select(Change)).all()) > 0
    for table in Base.metadata.sorted_tables:
        for row in db.execute(select(table)):
            assert renewed["secondaryKey"] not in repr(tuple(row))


def test_a_page_gets_its_request_signed_without_holding_the_key(alice):
    query = {"method": "POST", "content-type": "multipart/form-data", "date": "2026-01-01T00:00:00Z"}
    answer = alice.get("/api/signature.json", params=query).json()
    message = "POST\n\nmultipart/form-data\n2026-01-01T00:00:00Z"
    assert answer == {"publicKey": alice.public_key, "signature": signed(alice, message)}
    with_address = {**query, "forwardURI": "/upload", "queryString": "storage=1"}
    answer = alice.get("/api/signature.json", params=with_address).json()
    assert answer["signature"] == signed(alice, f"{message}\n/upload?storage=1")
    other_spelling = {"method": "GET", "content-Type": "text/plain", "content-MD5": "x", "date": "d"}
    answer = alice.get("/api/signature.json", params=other_spelling).json()
    assert answer["signature"] == signed(alice, "GET\nx\ntext/plain\nd")
    assert alice.get("/api/signature.json").json()["signature"] == signed(alice, "\n\n\n")


def signed(person, message):
    digest = hmac.new(person.private_key.encode(), message.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


@pytest.mark.parametrize("path", [*TELLING, "/api/user/alice/keys.json", "/api/userkey/{key}/keys.json"])
def test_what_tells_secrets_is_refused_to_pages_of_other_sites(app, alice, path):
    path = path.format(key=alice.public_key)
    browser = signed_in(app, "alice")
    assert browser.get(path).status_code == 200
    for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "none"}):
        assert browser.get(path, headers=headers).status_code == 403
    del browser.headers["sec-fetch-site"]
    assert browser.get(path).status_code == 403
    assert browser.get(path, headers={"origin": "http://evil.example"}).status_code == 403
    assert browser.get(path, headers={"origin": "http://testserver"}).status_code == 200
    assert browser.get(path, headers={"x-requested-with": "XMLHttpRequest"}).status_code == 200


def test_the_current_account_is_not_deleted_this_way(alice):
    assert alice.delete("/api/user/current.json").status_code == 405
    assert alice.post("/api/user/current.json", json={}).status_code == 405


def test_a_stranger_learns_only_of_themself(charlie, alice, nobody):
    user = charlie.get("/api/user/current.json").json()
    assert (user["id"], user["privateKey"]) == (charlie.id, charlie.private_key)
    for path in ("/api/user/current.json", "/api/currentuser.json", *TELLING):
        assert nobody.get(path).status_code == 401
