import pytest
from sqlalchemy import select, update

from atrisys.access import passwords
from atrisys.store.table import now_ms
from atrisys.store.tables import FailedTries, LoginSession, SecUser
from browser import PASSWORD, Browser, signed_in


@pytest.fixture
def browser(app):
    return Browser(app)


def test_a_browser_signs_in_is_known_and_signs_out(browser, alice):
    answer = browser.sign_in("alice")
    assert answer.status_code == 200
    assert (answer.json()["user"]["id"], answer.json()["user"]["userByNow"]) == (alice.id, True)
    shown = browser.get("/api/atrisys/session.json").json()
    assert shown["user"] == answer.json()["user"]
    assert shown["session"]["id"] == answer.json()["session"]["id"]
    assert shown["session"]["ends"] > now_ms()
    assert browser.get("/api/user/current.json").json()["username"] == "alice"
    cookie = browser.cookies["atrisys_session"]
    assert browser.delete("/api/atrisys/session.json").status_code == 200
    assert "atrisys_session" not in browser.cookies
    browser.cookies.set("atrisys_session", cookie)
    assert browser.get("/api/user/current.json").status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(browser, alice):
    said = browser.sign_in("ALICE").headers["set-cookie"]
    assert said.startswith("atrisys_session=")
    attributes = said.lower().split("; ")[1:]
    assert {"httponly", "samesite=lax", "path=/"} <= set(attributes)
    assert "secure" not in attributes


def test_under_https_the_cookie_is_held_to_its_host(app, alice):
    browser = Browser(app, base_url="https://testserver")
    said = browser.sign_in("alice").headers["set-cookie"]
    assert said.startswith("__Host-atrisys_session=")
    assert "secure" in said.lower()
    assert browser.get("/api/user/current.json").status_code == 200


def test_each_sign_in_makes_a_new_session_and_ends_the_one_that_the_browser_came_with(browser, app, db, alice):
    browser.sign_in("alice")
    first = browser.cookies["atrisys_session"]
    browser.sign_in("alice")
    assert browser.cookies["atrisys_session"] != first
    stranger = Browser(app)
    stranger.cookies.set("atrisys_session", first)
    assert stranger.get("/api/user/current.json").status_code == 401
    assert first not in repr(db.execute(select(LoginSession.__table__)).all())


@pytest.mark.parametrize(("name", "password"), [("alice", "wrong"), ("zoe", PASSWORD), ("alice", PASSWORD + " ")])
def test_a_wrong_name_and_a_wrong_password_are_answered_alike(browser, alice, name, password):
    answer = browser.sign_in(name, password)
    assert (answer.status_code, answer.json()["errors"]) == (401, "The user name or the password is wrong.")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("body", [{}, {"username": "alice"}, {"username": "alice", "password": ""}, [], "alice"])
def test_a_body_without_name_and_password_is_refused(browser, alice, body):
    assert browser.post("/api/atrisys/session.json", json=body).status_code == 400


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_what_a_form_of_another_site_could_send_is_refused(browser, alice, kind):
    body = b'{"username": "alice", "password": "correct horse"}'
    answer = browser.post("/api/atrisys/session.json", content=body, headers={"content-type": kind})
    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
    ],
)
def test_a_page_of_another_site_signs_nobody_in(app, alice, headers):
    browser = Browser(app)
    del browser.headers["sec-fetch-site"]
    browser.headers.update(headers)
    assert browser.sign_in("alice").status_code == 403
    assert len(browser.cookies) == 0


@pytest.mark.parametrize("change", [{"password_hash": passwords.hash_password("another horse")}, {"enabled": False}])
def test_a_password_that_was_changed_while_it_was_looked_at_opens_no_session(browser, db, alice, monkeypatch, change):
    look = passwords.is_right

    def look_and_change(stored_hash, password):
        right = look(stored_hash, password)
        db.execute(update(SecUser).where(SecUser.id == alice.id).values(**change))
        db.commit()
        return right

    monkeypatch.setattr(passwords, "is_right", look_and_change)
    answer = browser.sign_in("alice")
    assert (answer.status_code, answer.json()["errors"]) == (401, "The user name or the password is wrong.")
    assert db.scalars(select(LoginSession)).all() == []


def test_a_script_that_says_nothing_of_its_page_may_sign_in(app, alice):
    script = Browser(app)
    del script.headers["sec-fetch-site"]
    assert script.sign_in("alice").status_code == 200


def test_after_five_wrong_passwords_an_account_waits_longer_and_longer_whoever_asks(app, db, alice, bob):
    browser = Browser(app)
    for _ in range(5):
        assert browser.sign_in("alice", "guess").status_code == 401
    answer = browser.sign_in("ALICE")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_tries")
    assert 0 < int(answer.headers["retry-after"]) <= 2
    assert browser.sign_in("bob").status_code == 200
    wait(db, seconds=2)
    assert browser.sign_in("alice", "guess").status_code == 401
    assert 2 < int(browser.sign_in("alice").headers["retry-after"]) <= 4
    wait(db, seconds=4)
    assert browser.sign_in("alice").status_code == 200
    assert browser.sign_in("alice", "guess").status_code == 401


def wait(db, seconds):
    db.execute(update(FailedTries).values(last=FailedTries.last - seconds * 1000))
    db.commit()


def test_an_address_that_tries_many_accounts_waits_as_well(app, db, alice):
    browser = Browser(app, client=("203.0.113.9", 1))
    for number in range(20):
        assert browser.sign_in(f"user{number}", "guess").status_code == 401
    assert browser.sign_in("alice").status_code == 429
    assert Browser(app, client=("203.0.113.10", 1)).sign_in("alice").status_code == 200


def test_good_sign_ins_and_bad_keys_never_count_against_an_address(app, given, alice):
    for number in range(25):
        alice.get("/api/user/current.json", headers={"x-auth-token": "wrong", "x-auth-secret": "wrong"})
        given.person(f"person{number}")
        assert Browser(app).sign_in(f"person{number}").status_code == 200
    assert Browser(app).sign_in("alice").status_code == 200


def test_a_try_counts_before_its_password_is_looked_at_so_that_many_at_once_are_slowed(browser, db, alice, monkeypatch):
    seen, look = [], passwords.is_right

    def watched(stored, password):
        seen.append(db.scalars(select(FailedTries.count)).all())
        return look(stored, password)

    monkeypatch.setattr(passwords, "is_right", watched)
    assert browser.sign_in("alice").status_code == 200
    assert seen == [[1, 1]]
    assert db.scalars(select(FailedTries)).all() == []


def test_an_ipv6_network_counts_as_one_address(db):
    passwords.note_address(db, "2001:db8::1")
    passwords.note_address(db, "2001:db8::ffff:2")
    passwords.note_address(db, "2001:db8:0:1::2")
    assert sorted(map(tuple, db.execute(select(FailedTries.subject, FailedTries.count)))) == [
        ("address:2001:db8:0:1::/64", 1),
        ("address:2001:db8::/64", 2),
    ]


def test_sessions_are_listed_and_ended_one_by_one_or_all_others(app, alice, charlie):
    here, there, third = (signed_in(app, "alice") for _ in range(3))
    rows = here.get("/api/atrisys/sessions.json").json()["collection"]
    assert [row["current"] for row in rows].count(True) == 1
    assert {row["agent"] for row in rows} == {"testclient"}
    mine = next(row["id"] for row in rows if row["current"])
    theirs = there.get("/api/atrisys/session.json").json()["session"]["id"]
    assert signed_in(app, "charlie").delete(f"/api/atrisys/sessions/{mine}.json").status_code == 404
    assert here.delete(f"/api/atrisys/sessions/{theirs}.json").status_code == 200
    assert there.get("/api/atrisys/session.json").status_code == 401
    assert here.delete("/api/atrisys/sessions.json").status_code == 200
    assert third.get("/api/atrisys/session.json").status_code == 401
    assert here.get("/api/atrisys/sessions.json").json()["size"] == 1


def test_whoever_comes_with_keys_sees_and_ends_all_sessions(app, alice):
    browser = signed_in(app, "alice")
    assert alice.get("/api/atrisys/session.json").json()["session"] is None
    assert [row["current"] for row in alice.get("/api/atrisys/sessions.json").json()["collection"]] == [False]
    assert alice.delete("/api/atrisys/sessions.json").status_code == 200
    assert browser.get("/api/atrisys/session.json").status_code == 401


@pytest.mark.parametrize("column", ["last_used", "created"])
def test_a_session_ends_when_it_is_not_used_and_after_a_week_in_any_case(app, db, settings, alice, column):
    browser = signed_in(app, "alice")
    limit = {"last_used": settings.session_idle_min * 60_000, "created": settings.session_max_h * 3_600_000}[column]
    for spare, status in ((60_000, 200), (-1000, 401)):
        db.execute(update(LoginSession).values({column: now_ms() - limit + spare}))
        db.commit()
        assert browser.get("/api/user/current.json").status_code == status
    signed_in(app, "alice")
    assert len(db.scalars(select(LoginSession)).all()) == 1


def test_using_a_session_keeps_it_alive(app, db, alice):
    browser = signed_in(app, "alice")
    db.execute(update(LoginSession).values(last_used=now_ms() - 3_600_000))
    db.commit()
    assert browser.get("/api/user/current.json").status_code == 200
    assert now_ms() - db.scalars(select(LoginSession.last_used)).one() < 60_000


def test_a_stranger_has_no_session(charlie, nobody):
    for method, path in [
        ("get", "session.json"), ("delete", "session.json"), ("get", "sessions.json"), ("delete", "sessions.json")
    ]:  # fmt: skip
        assert getattr(nobody, method)(f"/api/atrisys/{path}").status_code == 401
    assert charlie.delete("/api/atrisys/sessions/0123456789abcdef.json").status_code == 404
