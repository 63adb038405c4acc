"""The two cookies: a browser's session, and the one that is born of keys and opens pictures alone."""

import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import select, update

from atrisys.access import sign_in
from atrisys.app import create_app
from atrisys.store.table import now_ms
from atrisys.store.tables import Change, Job, SecUser
from browser import Browser, signed_in
from people import Person

COOKIE = "atrisys_pictures"


@pytest.fixture
def result(given, db, store, alice):
    """The address of a download that belongs to alice."""
    job = Job(id=10**9, created=now_ms(), name="x", user_id=alice.id, state="done", result={"file": "a.zip"})
    db.add(job)
    db.commit()
    folder = store.folder.result_folder(job.id)
    folder.mkdir(parents=True)
    (folder / "a.zip").write_bytes(b"training data")
    yield f"/api/atrisys/job/{job.id}/result"
    (folder / "a.zip").unlink()
    folder.rmdir()


@pytest.fixture
def bare(app, alice):
    """The client's bare requests after one signed request, as README.md's script fetches pictures."""
    alice.get("/api/user/current.json")
    client = Person(app)
    client.cookies = alice.cookies
    assert COOKIE in client.cookies
    return client


def test_a_signed_request_gives_a_cookie_that_opens_downloads(nobody, bare, result):
    assert nobody.get(result).status_code == 401
    assert bare.get(result).content == b"training data"
    assert bare.head(result).status_code == 200


def test_keys_in_headers_and_sessions_give_none(app, alice):
    assert "set-cookie" not in alice.with_token().get("/api/user/current.json").headers
    assert COOKIE not in signed_in(app, "alice").get("/api/user/current.json").headers.get("set-cookie", "")
    assert "set-cookie" not in Person(app).get("/server/ping").headers


def test_the_cookie_is_out_of_reach_of_scripts_and_secure_only_where_the_client_would_keep_it(app, alice):
    plain = alice.get("/api/user/current.json").headers["set-cookie"].lower()
    assert plain.startswith(f"{COOKIE}=")
    assert {"httponly", "samesite=lax", "path=/", "max-age=3600"} <= set(plain.split("; "))
    assert "secure" not in plain
    under_tls = alice.get("https://testserver/api/user/current.json").headers["set-cookie"]
    assert under_tls.startswith(f"__Host-{COOKIE}=")
    assert "secure" in under_tls.lower()


def test_a_refused_signature_gives_none(app, alice):
    alice.auth.private_key = "wrong"
    assert "set-cookie" not in alice.get("/api/user/current.json").headers


def test_it_signs_nobody_in(bare, result, db):
    before = db.scalars(select(Change.seq)).all()
    for method, path in [
        ("GET", "/api/user/current.json"), ("GET", "/api/user/current/keys"), ("GET", "/api/signature.json"),
        ("GET", "/session/admin/open.json"), ("GET", "/api/project.json"), ("POST", "/api/user/current/keys"),
        ("POST", "/api/ontology.json"), ("DELETE", "/api/atrisys/sessions.json"), ("PUT", "/api/user/current.json"),
    ]:  # fmt: skip
        assert bare.request(method, path).status_code == 401, (method, path)
    assert bare.get("/server/ping").json()["authenticated"] is False
    assert db.scalars(select(Change.seq)).all() == before


def test_every_route_that_it_opens_gives_files_and_no_json(app):
    for route in iter_route_contexts(app.routes):
        if hasattr(route.endpoint, "opens_to_picture_cookie"):
            assert not route.path.removesuffix("/download.json").endswith(".json"), route.path
            assert not hasattr(route.endpoint, "counts_as_unsafe")


def test_it_shows_no_more_than_its_owner_sees(app, charlie, result):
    charlie.get("/api/user/current.json")
    client = Person(app)
    client.cookies = charlie.cookies
    assert client.get(result).status_code == 404


def test_it_is_void_once_the_keys_are_renewed(alice, bare, result):
    alice.post("/api/user/current/keys")
    assert bare.get(result).status_code == 401


def test_it_is_void_while_the_account_is_locked(ada, alice, bare, result):
    ada.post(f"/api/user/{alice.id}/lock.json")
    assert bare.get(result).status_code == 401
    ada.delete(f"/api/user/{alice.id}/lock.json")
    assert bare.get(result).status_code == 200


def test_it_is_void_an_hour_after_the_last_signed_request(app, alice, result, settings):
    for late_s, status in ((10, 401), (-60, 200)):
        short = settings.model_copy(update={"picture_cookie_s": -late_s})
        client = Person(app)
        client.cookies.set(COOKIE, sign_in.picture_cookie(app.state.key_box, short, alice.id, alice.public_key))
        assert client.get(result).status_code == status


@pytest.mark.parametrize("change", ["user", "until", "signature", "nothing", "garbage"])
def test_a_forged_cookie_opens_nothing(app, bob, bare, result, change):
    user, until, signature = bare.cookies[COOKIE].split(".")
    forged = {
        "user": f"{bob.id}.{until}.{signature}",
        "until": f"{user}.{int(until) + 9999}.{signature}",
        "signature": f"{user}.{until}.{signature[:-2]}xx",
        "nothing": "..",
        "garbage": "9" * 400 + ".x.y",
    }[change]
    client = Person(app)
    client.cookies.set(COOKIE, forged)
    assert client.get(result).status_code == 401


def test_a_signed_request_renews_it_once_another_would_be_given(alice, bob, monkeypatch):
    def given(person, minute):
        monkeypatch.setattr(sign_in, "now_ms", lambda: minute * 60_000)
        return person.get("/api/term.json").headers.get("set-cookie", "")

    assert given(alice, 10**6).startswith(f"{COOKIE}={alice.id}.")
    assert given(alice, 10**6) == ""
    bob.cookies = alice.cookies
    assert given(bob, 10**6).startswith(f"{COOKIE}={bob.id}.")
    assert given(alice, 10**6 + 1).startswith(f"{COOKIE}={alice.id}.")


def test_the_cookie_is_no_session(app, bare):
    client = Person(app)
    client.cookies.set("atrisys_session", bare.cookies[COOKIE])
    assert client.get("/api/user/current.json").status_code == 401


OTHER_SITES = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": "cross-site", "x-requested-with": "XMLHttpRequest", "origin": "http://testserver"},
    {"origin": "http://evil.example"},
    {"origin": "http://testserver.evil.example"},
    {"origin": "https://testserver"},
    {"origin": "null"},
    {},
]


@pytest.mark.parametrize("headers", OTHER_SITES)
def test_a_session_changes_nothing_for_a_page_of_another_site(given, app, alice, headers):
    term = given.term(given.ontology(alice))
    browser = signed_in(app, "alice")
    del browser.headers["sec-fetch-site"]
    browser.headers.update(headers)
    path = f"/api/term/{term.id}.json"
    assert browser.put(path, json={"name": "hacked"}).status_code == 403
    assert browser.delete(path).status_code == 403
    assert browser.post("/api/ontology.json", json={"name": "hacked"}).status_code == 403
    assert browser.post("/api/user/current/keys").status_code == 403
    assert alice.get(path).json()["name"] == term.name


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin"},
        {"origin": "http://testserver"},
        {"x-requested-with": "XMLHttpRequest"},
    ],
)
def test_a_session_changes_what_our_own_pages_ask_for(given, app, alice, headers):
    term = given.term(given.ontology(alice))
    browser = signed_in(app, "alice")
    del browser.headers["sec-fetch-site"]
    answer = browser.put(f"/api/term/{term.id}.json", json={"name": "renamed"}, headers=headers)
    assert answer.status_code == 200, answer.text


def test_behind_a_proxy_the_public_address_is_our_own(store, settings, alice, app):
    public = settings.model_copy(update={"public_url": "https://lab.example/slides"})
    browser = Browser(create_app(public, store))
    browser.sign_in("alice")
    del browser.headers["sec-fetch-site"]
    sent = {"json": {"name": "mine"}}
    assert browser.post("/api/ontology.json", **sent, headers={"origin": "https://lab.example"}).status_code == 200
    assert browser.post("/api/ontology.json", **sent, headers={"origin": "https://evil.example"}).status_code == 403


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_session_sends_its_bodies_as_json(app, alice, kind):
    browser = signed_in(app, "alice")
    answer = browser.post("/api/ontology.json", content=b'{"name": "x"}', headers={"content-type": kind})
    assert answer.status_code == 400


def test_what_a_session_changes_is_told_from_what_keys_change(app, db, alice):
    browser = signed_in(app, "alice")
    browser.post("/api/ontology.json", json={"name": "by hand"})
    alice.post("/api/ontology.json", json={"name": "by program"})
    doors = db.scalars(select(Change.door).where(Change.class_name == "Ontology").order_by(Change.seq)).all()
    assert doors == ["web", "api"]


@pytest.mark.parametrize("value", ["", "x", "é", "a" * 5000])
def test_a_session_that_does_not_exist_opens_nothing(app, value):
    client = Person(app)
    cookie = f"atrisys_session={value}".encode("latin-1")
    assert client.get("/api/user/current.json", headers={"cookie": cookie}).status_code == 401


def test_a_plain_cookie_counts_for_nothing_under_https(app, alice):
    browser = signed_in(app, "alice")
    under_tls = Browser(app, base_url="https://testserver")
    under_tls.headers["cookie"] = f"atrisys_session={browser.cookies['atrisys_session']}"
    assert under_tls.get("/api/user/current.json").status_code == 401


def test_a_session_of_a_deleted_account_is_over(app, db, ada, alice):
    browser = signed_in(app, "alice")
    assert ada.delete(f"/api/user/{alice.id}.json").status_code == 200
    assert browser.get("/api/user/current.json").status_code == 401
    assert db.execute(update(SecUser).where(SecUser.id == alice.id).values(version=1)).rowcount == 0
