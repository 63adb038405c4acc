"""What every request and answer passes: proxies, prefixes, doubled slashes, limits, and headers for browsers."""

import asyncio
import gc
import time
import weakref

import pytest
from sqlalchemy import select
from starlette.responses import StreamingResponse
from starlette.testclient import TestClient

from atrisys.app import create_app
from atrisys.errors import Invalid
from atrisys.settings import Settings
from atrisys.store.tables import FailedTries, LoginSession, Ontology
from atrisys.wire.edge import _let_go
from browser import Browser, signed_in
from one_more_route import route_of
from people import Person

ME = "/api/user/current.json"
TERMS = "/api/term.json?max=1"
CSP_WORDS = ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'")


@pytest.fixture
def another_app(store, settings):
    def make(**changes):
        return create_app(Settings(**{"data": settings.data, "database_url": settings.database_url, **changes}), store)

    return make


def asking_from(app, address, person=None, **headers):
    """A client at an address of its own, with somebody's keys in its headers."""
    client = TestClient(app, raise_server_exceptions=False, client=(address, 1))
    if person is not None:
        headers = {"x-auth-token": person.public_key, "x-auth-secret": person.private_key, **headers}
    client.headers.update(headers)
    return client


def next_page(client, address=TERMS):
    return client.get(address).headers["link"]


@pytest.fixture
def two_terms(given, alice):
    ontology = given.ontology(alice)
    return given.term(ontology), given.term(ontology)


# The request's number


def test_every_answer_has_a_number_and_a_refusal_says_it(alice, nobody):
    answer = nobody.get(ME)
    assert answer.json()["requestId"] == answer.headers["x-request-id"]
    assert alice.get(ME).headers["x-request-id"] != alice.get(ME).headers["x-request-id"]


def test_a_number_that_came_with_the_request_is_kept(nobody):
    assert nobody.get(ME, headers={"x-request-id": "run-7.a_b"}).json()["requestId"] == "run-7.a_b"


@pytest.mark.parametrize("number", ["", "a b", "x" * 65, "<script>", 'a"b', "a\tb", b"a\xe9b"])
def test_a_number_that_could_do_harm_in_a_log_is_replaced(nobody, number):
    given = nobody.get(ME, headers={"x-request-id": number}).headers["x-request-id"]
    assert len(given) == 32
    assert given.isalnum()


# Proxies


def test_nobodys_word_is_believed_without_trusted_proxies(another_app, two_terms, alice):
    app = another_app()
    said = {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https", "x-forwarded-prefix": "/evil"}
    assert "http://testserver/api/term.json" in next_page(asking_from(app, "10.1.2.3", alice, **said))


def test_a_trusted_proxy_says_by_which_address_it_was_asked(another_app, two_terms, alice):
    app = another_app(trusted_proxies="10.0.0.0/8, 192.168.1.7")
    said = {"x-forwarded-host": "lab.example:8443", "x-forwarded-proto": "https"}
    expected = "<https://lab.example:8443/api/term.json?"
    for proxy in ("10.1.2.3", "192.168.1.7", "::ffff:10.1.2.3"):
        assert next_page(asking_from(app, proxy, alice, **said)).startswith(expected)
    for stranger in ("11.1.2.3", "192.168.1.8", "::1", "::ffff:11.1.2.3", "10.1.2.3.evil.example"):
        assert next_page(asking_from(app, stranger, alice, **said)).startswith("<http://testserver/api/term.json?")


def test_a_star_trusts_whoever_asks(another_app, two_terms, alice):
    client = asking_from(another_app(trusted_proxies="*"), "203.0.113.1", alice, **{"x-forwarded-host": "lab.example"})
    assert "http://lab.example/api/" in next_page(client)


def test_a_proxy_before_a_proxy_speaks_first(another_app, two_terms, alice):
    said = {"x-forwarded-host": "lab.example, inner:8000", "x-forwarded-proto": "https, http"}
    client = asking_from(another_app(trusted_proxies="10.0.0.0/8"), "10.1.2.3", alice, **said)
    assert next_page(client).startswith("<https://lab.example/api/term.json?")


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 10.9.9.9", "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9, 10.9.9.9, 10.8.8.8", "203.0.113.9"),
        ("10.9.9.9", "10.9.9.9"),
        ("garbage", "garbage"),
        ("", "10.1.2.3"),
    ],
)
def test_the_client_is_the_last_who_is_no_proxy_of_ours(another_app, db, alice, forwarded, address):
    """What stands before it in the list was written by the client itself, and may be a lie."""
    app = another_app(trusted_proxies="10.0.0.0/8")
    browser = Browser(app, client=("10.1.2.3", 1))
    browser.headers["x-forwarded-for"] = forwarded
    assert browser.sign_in("alice").status_code == 200
    assert db.scalars(select(LoginSession.address)).all() == [address]


def test_a_guess_counts_against_the_address_behind_the_proxy(another_app, db, alice):
    app = another_app(trusted_proxies="10.0.0.0/8")
    browser = Browser(app, client=("10.1.2.3", 1))
    browser.headers["x-forwarded-for"] = "203.0.113.9"
    browser.sign_in("alice", "guess")
    untrusted = Browser(another_app(), client=("10.1.2.3", 1))
    untrusted.headers["x-forwarded-for"] = "203.0.113.9"
    untrusted.sign_in("alice", "guess")
    subjects = set(db.scalars(select(FailedTries.subject)))
    addresses = ("203.0.113.9", "10.1.2.3")
    kinds = {f"address:{one}" for one in addresses} | {f"pair:{one}|alice" for one in addresses}
    assert subjects == {"account:alice", *kinds}


def test_behind_a_proxy_with_https_cookies_are_secure(another_app, alice):
    browser = Browser(another_app(trusted_proxies="10.0.0.0/8"), client=("10.1.2.3", 1))
    browser.headers["x-forwarded-proto"] = "https"
    answer = browser.sign_in("alice")
    assert answer.headers["set-cookie"].startswith("__Host-atrisys_session=")
    assert "secure" in answer.headers["set-cookie"].lower()
    assert "max-age=" in answer.headers["strict-transport-security"]


def test_a_proxy_that_cuts_a_prefix_says_which(another_app, two_terms, alice):
    app = another_app(trusted_proxies="10.0.0.0/8")
    said = {"x-forwarded-host": "lab.example", "x-forwarded-prefix": "/atrisys/"}
    client = asking_from(app, "10.1.2.3", alice, **said)
    for address in (TERMS, f"/atrisys{TERMS}"):
        assert next_page(client, address).startswith("<http://lab.example/atrisys/api/term.json?")


# The public address


@pytest.mark.parametrize("cut", [True, False])
def test_under_a_sub_path_routes_answer_and_models_tell_the_public_address(another_app, given, two_terms, alice, cut):
    """`cut`: the proxy keeps the sub-path to itself."""
    image = given.image(given.project(alice), alice)
    client = asking_from(another_app(public_url="https://lab.example/atrisys/"), "127.0.0.1", alice)
    sent = "" if cut else "/atrisys"
    shown = client.get(f"{sent}/api/imageinstance/{image.id}.json").json()
    assert shown["thumb"].startswith("https://lab.example/atrisys/api/")
    ping = client.get(f"{sent}/server/ping").json()
    assert (ping["serverURL"], ping["user"]) == ("https://lab.example/atrisys", alice.id)
    assert next_page(client, f"{sent}{TERMS}").startswith("<https://lab.example/atrisys/api/term.json?")


def test_a_path_that_only_begins_like_the_sub_path_is_another(another_app, alice):
    client = asking_from(another_app(public_url="https://lab.example/atrisys"), "127.0.0.1", alice)
    assert client.get(f"/atrisysx{ME}").status_code == 404
    assert client.get(f"/other{ME}").status_code == 404


def test_a_sub_path_that_is_the_beginning_of_a_route_cuts_no_route(another_app, alice):
    client = asking_from(another_app(public_url="https://lab.example/a"), "127.0.0.1", alice)
    for path in (ME, f"/a{ME}"):
        assert client.get(path).json()["id"] == alice.id


def test_without_a_public_address_models_tell_the_one_that_was_asked(given, alice):
    image = given.image(given.project(alice), alice)
    for host in ("lab.example", "192.168.1.5:8000", "[::1]:8000"):
        shown = alice.get(f"/api/imageinstance/{image.id}.json", headers={"host": host}).json()
        assert shown["thumb"].startswith(f"http://{host}/api/")


# Doubled slashes


@pytest.mark.parametrize("slashes", ["//", "///", "//////"])
def test_slashes_before_the_api_are_one(app, alice, slashes):
    client = alice.with_token()
    assert client.get(f"http://testserver{slashes}api/user/current.json").json()["id"] == alice.id
    assert client.get(f"http://testserver{slashes}server/ping").json()["user"] == alice.id


def test_a_doubled_slash_below_a_sub_path_is_one(another_app, alice):
    client = asking_from(another_app(public_url="https://lab.example/atrisys"), "127.0.0.1", alice)
    assert client.get(f"/atrisys/{ME}").status_code == 200


def test_other_slashes_are_left_alone(alice):
    assert alice.get("/api//user/current.json").status_code == 404
    assert alice.get(f"{ME}/").status_code == 404


# How much is read


@pytest.fixture
def narrow(another_app, alice):
    return asking_from(another_app(max_body_mb=1), "127.0.0.1", alice)


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(narrow):
    answer = narrow.post("/api/ontology.json", content=b'{"name": "' + b"x" * (1 << 20) + b'"}')
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert answer.json()["params"] == {"limit_mb": 1}
    assert answer.headers["connection"] == "close"
    assert answer.headers["x-request-id"] == answer.json()["requestId"]


def test_nobody_needs_to_sign_in_to_be_told_that_it_is_too_much(narrow):
    del narrow.headers["x-auth-token"], narrow.headers["x-auth-secret"]
    assert narrow.post("/api/ontology.json", content=b"x" * (2 << 20)).status_code == 413


def test_a_body_that_does_not_state_its_length_is_counted(narrow, db):
    answer = narrow.post("/api/ontology.json", content=(b" " * (1 << 16) for _ in range(40)))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    short = narrow.post("/api/ontology.json", content=(part for part in (b'{"name": ', b'"in parts"}')))
    assert short.status_code == 200
    assert db.scalars(select(Ontology.name)).all() == ["in parts"]


@pytest.mark.parametrize("length", ["9" * 30, "1048577"])
def test_a_stated_length_is_believed(narrow, length):
    assert narrow.post("/api/ontology.json", content=b"{}", headers={"content-length": length}).status_code == 413


def test_a_body_within_the_limit_passes(narrow):
    body = b'{"name": "whole"}'
    assert narrow.post("/api/ontology.json", content=body + b" " * ((1 << 20) - len(body))).status_code == 200


def test_files_have_a_limit_of_their_own_but_only_where_files_go(narrow, given, alice):
    form = {"files[]": ("a.txt", b"x" * (2 << 20))}
    answer = narrow.post(f"/upload?storage={given.storage_of(alice).id}&sync=true", files=form)
    assert answer.json()["code"] == "slide_unreadable"
    assert narrow.post("/api/ontology.json", files=form).status_code == 413


# Pages elsewhere


def test_a_page_elsewhere_may_send_keys_but_no_cookie(app, alice):
    answer = alice.get(ME, headers={"origin": "https://notebook.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    exposed = answer.headers["access-control-expose-headers"]
    assert all(name in exposed for name in ("ETag", "Link", "X-Total-Count", "Content-Disposition"))
    assert "access-control-allow-origin" not in alice.get(ME).headers


def test_refusals_are_readable_for_pages_elsewhere_too(nobody):
    for path in (ME, "/nowhere"):
        assert nobody.get(path, headers={"origin": "https://a.example"}).headers["access-control-allow-origin"] == "*"


def test_a_browser_that_asks_first_is_told_what_pages_elsewhere_may_send(nobody):
    asked = {
        "origin": "https://notebook.example",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "x-auth-token,x-auth-secret,content-type,if-match",
    }
    answer = nobody.options("/api/term/1.json", headers=asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert {"GET", "PUT", "POST", "DELETE"} <= set(answer.headers["access-control-allow-methods"].split(", "))
    allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
    assert set(asked["access-control-request-headers"].split(",")) | {"authorization", "idempotency-key"} <= set(
        allowed
    )
    assert "access-control-allow-credentials" not in answer.headers
    assert "set-cookie" not in answer.headers


def test_what_is_no_such_question_is_not_answered_so(nobody):
    assert nobody.options("/api/term/1.json").status_code in (401, 405)


# Headers that keep browsers safe


@pytest.mark.parametrize("path", [ME, "/nowhere", "/server/ping", "/", "/api/docs", "/api/openapi.json", "/style.css"])
def test_every_answer_is_safe_in_a_browser(nobody, path):
    headers = nobody.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert all(words in headers["content-security-policy"] for words in CSP_WORDS)
    assert "unsafe" not in headers["content-security-policy"]
    assert "strict-transport-security" not in headers


def test_json_is_kept_nowhere(alice, nobody):
    for answer in (alice.get(ME), nobody.get(ME), nobody.get("/server/ping"), alice.get("/nowhere")):
        assert answer.headers["cache-control"] == "no-store"
        assert {"authorization", "cookie", "x-auth-token"} <= set(answer.headers["vary"].lower().split(", "))


def test_pictures_are_kept_by_who_asked_alone(given, alice, tmp_path):
    image = given.slide(alice, given.project(alice), folder=tmp_path).image_instance_ids[0]
    answer = alice.get(f"/api/imageinstance/{image}/thumb.png")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_bug_is_answered_as_safely_as_anything(another_app, nobody):
    app = another_app()

    @route_of(app, "/api/broken.json")
    def broken():
        raise RuntimeError("secret of the house")

    answer = asking_from(app, "127.0.0.1").get("/api/broken.json", headers={"origin": "https://notebook.example"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text
    assert answer.json()["requestId"] in answer.json()["errors"]
    refused = nobody.get(ME, headers={"origin": "https://notebook.example"})
    assert set(answer.headers) == set(refused.headers)
    assert answer.headers["cache-control"] == "no-store"


def test_an_answer_that_breaks_off_is_not_answered_twice(another_app):
    app = another_app()

    def pieces():
        yield b"[1,"
        raise RuntimeError("secret of the house")

    @route_of(app, "/api/broken.json")
    def broken():
        return StreamingResponse(pieces(), media_type="application/json")

    with pytest.raises(RuntimeError, match="secret"):
        TestClient(app).get("/api/broken.json")
    answer = TestClient(app, raise_server_exceptions=False).get("/api/broken.json")
    assert (answer.status_code, answer.content) == (200, b"[1,")


def test_a_session_from_elsewhere_is_refused_whatever_cors_says(app, alice):
    elsewhere = signed_in(app, "alice").elsewhere()
    answer = elsewhere.post("/api/ontology.json", json={"name": "x"}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert Person(app).get(ME, headers={"origin": "https://evil.example"}).status_code == 401


def test_an_address_of_slashes_keeps_nobody_waiting(nobody):
    began = time.monotonic()
    assert nobody.get(f"http://testserver{'/' * 60_000}x").status_code in (401, 404)
    assert time.monotonic() - began < 1


def test_a_long_body_is_not_read_from_somebody_unknown(nobody, alice):
    long = {"username": "a" * 70_000, "password": "b"}
    assert nobody.post("/api/atrisys/session.json", json=long).status_code == 413
    assert nobody.post("/api/tag.json", json=long).status_code in (401, 404)
    assert nobody.post("/api/project.json", json=long).status_code == 401


def test_who_goes_away_while_they_send_is_not_taken_for_a_bug(app, bob, caplog):
    headers = {**bob.with_token().headers, "content-length": "1000", "content-type": "application/json"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/project.json",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    comes = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])
    sent = []

    async def receive():
        return next(comes)

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    assert sent == []
    assert not [one for one in caplog.records if one.levelname == "ERROR"]


def test_an_error_that_was_answered_holds_nothing_any_longer():
    held = []

    class Large:
        def __init__(self) -> None:
            held.append(weakref.ref(self))

    def refuse() -> None:
        _body = Large()
        error = Invalid("No.")
        raise error

    gc.disable()
    try:
        try:
            refuse()
        except Invalid as raised:
            assert held[0]() is not None
            _let_go(raised)
        assert held[0]() is None
    finally:
        gc.enable()
