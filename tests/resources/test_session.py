import pytest
from sqlalchemy import select, update

from atrisys.store.table import now_ms
from atrisys.store.tables import Change, SecUser
from browser import signed_in


@pytest.fixture
def adam(given):
    """An administrator whose admin session is closed."""
    return given.person("adam", role="ROLE_ADMIN")


CLOSED = {"admin": True, "user": False, "guest": False, "adminByNow": False, "userByNow": True, "guestByNow": False}
OPEN = {**CLOSED, "adminByNow": True, "userByNow": False}


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_an_administrator_is_one_while_the_admin_session_is_open(given, adam, alice, prefix):
    path = f"/api/project/{given.project(alice).id}.json"
    assert adam.get(path).status_code == 404
    assert adam.get(f"{prefix}/session/admin/info.json").json() == CLOSED
    assert adam.get(f"{prefix}/session/admin/open.json").json() == OPEN
    assert adam.get(path).status_code == 200
    assert adam.get("/api/user/current.json").json()["adminByNow"] is True
    assert adam.get(f"{prefix}/session/admin/info.json").json() == OPEN
    assert adam.get(f"{prefix}/session/admin/close.json").json() == CLOSED
    assert adam.get(path).status_code == 404


def test_it_closes_by_itself_after_two_hours(given, db, adam, alice):
    path = f"/api/project/{given.project(alice).id}.json"
    adam.get("/session/admin/open.json")
    until = db.scalars(select(SecUser.admin_until).where(SecUser.id == adam.id)).one()
    assert 0 <= now_ms() + 120 * 60_000 - until < 60_000
    db.execute(update(SecUser).where(SecUser.id == adam.id).values(admin_until=now_ms() - 1))
    db.commit()
    assert adam.get(path).status_code == 404


def test_a_super_administrator_always_is_one(ada):
    expected = {**OPEN}
    assert ada.get("/session/admin/info.json").json() == expected
    assert ada.get("/session/admin/close.json").json() == expected


def test_who_is_no_administrator_opens_nothing(given, alice, charlie, nobody):
    guest = given.person("greta", role="ROLE_GUEST")
    for person in (alice, charlie, guest):
        assert person.get("/session/admin/open.json").status_code == 403
        assert person.get("/session/admin/close.json").json()["adminByNow"] is False
    assert guest.get("/session/admin/info.json").json()["guestByNow"] is True
    assert nobody.get("/session/admin/open.json").status_code == 401


def test_what_needs_an_administrator_says_how_to_become_one(given, adam, alice):
    answer = adam.post(f"/api/user/{alice.id}/lock.json")
    assert answer.status_code == 403
    assert "/session/admin/open.json" in answer.json()["errors"]


def test_no_page_of_another_site_opens_the_admin_session(app, db, adam):
    browser = signed_in(app, "adam")
    before = db.scalars(select(Change.seq)).all()
    for verb in ("open", "close", "info"):
        assert browser.elsewhere().get(f"/session/admin/{verb}.json").status_code == 403
    assert browser.get("/session/admin/info.json").json() == CLOSED
    assert db.scalars(select(Change.seq)).all() == before
    assert browser.get("/session/admin/open.json").json() == OPEN
