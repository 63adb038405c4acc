"""Crops that are answered before the router: the same answers, the same rights, and one question to the database."""

import asyncio
import os
import threading
import time

import pytest
from starlette.responses import Response

from atrisys.app import plan_app
from atrisys.imaging.ahead import IN_HAND
from atrisys.settings import Settings
from atrisys.store.tables import ImageInstance
from atrisys.wire import quick_crops
from browser import signed_in
from given import slides
from looking import opened
from tiles import asked, bare, file_of, ways

SQUARE = "POLYGON ((100 500, 100 600, 300 600, 300 500, 100 500))"
OTHER = "POLYGON ((400 500, 400 600, 600 600, 600 500, 400 500))"


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A machine that is busy with other things sends nobody onto the ordinary road."""
    monkeypatch.setattr(quick_crops, "WAIT_S", 10)


@pytest.fixture
def drawn(given, alice, db, image):
    return given.annotation(db.get_one(ImageInstance, image), alice, SQUARE)


@pytest.fixture
def other(given, alice, db, image):
    return given.annotation(db.get_one(ImageInstance, image), alice, OTHER)


def crop(annotation, noun="annotation", name="crop.jpg"):
    return f"/api/{noun}/{annotation.id}/{name}"


def _lasting(answer):
    """The headers, but for what is another each time: the request's number, and the moment in the cookie."""
    cookie, _, _ = answer.headers.get("set-cookie", "").partition("=")
    return {**answer.headers, "x-request-id": "", "set-cookie": cookie}


# --- what is answered ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["signature", "token", "session", "picture cookie"])
def test_after_the_first_crop_one_question_is_asked(app, store, bob, drawn, other, way):
    client = ways(app, bob, "bob")[way]
    first, questions = asked(store, client, crop(drawn))
    assert (first.status_code, questions > 1) == (200, True)
    again, questions = asked(store, client, crop(drawn))
    assert (again.content, questions) == (first.content, 1)
    assert _lasting(again) == _lasting(first)
    answer, questions = asked(store, client, crop(other))
    assert (answer.status_code, questions, answer.content != first.content) == (200, 1, True)


@pytest.mark.parametrize(
    ("noun", "name"),
    [
        ("annotation", "crop.png?maxSize=50&bits=8"),
        ("annotation", "crop.jpg?type=mask"),
        ("algoannotation", "crop.webp?draw=true&color=0xff0000"),
        ("userannotation", "mask.png?zoom=1"),
        ("userannotation", "alphamask.png?alpha=50"),
    ],
)
def test_every_picture_is_the_one_of_the_ordinary_road(store, bob, drawn, clock, noun, name):
    path, client = crop(drawn, noun, name), bob.with_token()
    first = client.get(path)
    again, questions = asked(store, client, path)
    assert (again.status_code, again.content, questions) == (200, first.content, 1)
    assert _lasting(again) == _lasting(first)
    head, questions = asked(store, client, path, method="HEAD")
    assert (head.content, head.headers["content-length"], questions) == (b"", first.headers["content-length"], 1)
    known, questions = asked(store, client, path, headers={"if-none-match": first.headers["etag"]})
    assert (known.status_code, known.content, questions) == (304, b"", 1)


@pytest.mark.parametrize(
    ("name", "is_made"),
    [
        ("crop.jpg?maxSize=x", False),
        ("crop.jpg?type=no", False),
        ("crop.jpg?jpegQuality=0", True),
        ("crop.tif?zoom=99", True),
    ],
)
def test_what_cannot_be_made_is_refused_in_the_same_words(store, bob, charlie, drawn, name, is_made):
    client, words = bob.with_token(), {"accept-language": "zh-TW"}
    first = client.get(crop(drawn, name=name), headers=words)
    assert client.get(crop(drawn)).status_code == 200
    again, questions = asked(store, client, crop(drawn, name=name), headers=words)
    assert (again.status_code, first.status_code, questions == 1) == (400, 400, is_made)
    assert again.json() | {"requestId": ""} == first.json() | {"requestId": ""}
    assert charlie.with_token().get(crop(drawn, name=name)).status_code == 404


def test_more_than_can_wait_go_the_ordinary_road(store, bob, drawn, monkeypatch):
    first = bob.get(crop(drawn))
    monkeypatch.setattr(quick_crops, "MOST_IN_HAND", 0)
    again, questions = asked(store, bob, crop(drawn))
    assert (again.content, questions > 1) == (first.content, True)


def test_who_waits_long_for_what_takes_long_goes_the_ordinary_road(monkeypatch):
    made, begun, end = Response(), threading.Semaphore(0), threading.Event()

    def take_long(*_: object) -> Response:
        begun.release()
        end.wait(10)
        return made

    async def ask_for_one_too_many() -> list[Response | None]:
        crops = quick_crops.QuickCrops(made)
        asking = [asyncio.create_task(crops._in_turn(*[None] * 3)) for _ in range(quick_crops.share_of_cores(1))]
        for _ in asking:
            assert await asyncio.to_thread(begun.acquire, timeout=10)
        assert IN_HAND.total() == len(asking)
        monkeypatch.setattr(quick_crops, "WAIT_S", 0.01)
        too_late = await crops._in_turn(*[None] * 3)
        assert crops._closed_until > time.monotonic()
        end.set()
        made_late = await asyncio.gather(*asking)
        assert crops._closed_until == 0
        assert IN_HAND.total() == 0
        return [too_late, *made_late]

    monkeypatch.setattr(quick_crops.QuickCrops, "_made", take_long)
    assert asyncio.run(ask_for_one_too_many()) == [None, *[made] * quick_crops.share_of_cores(1)]


def test_each_process_has_its_share_of_the_cores(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert [quick_crops.share_of_cores(processes) for processes in (1, 2, 4, 16)] == [4, 3, 1, 1]
    crops = plan_app(Settings(), 2)._doors.app.app
    assert isinstance(crops, quick_crops.QuickCrops)
    assert crops._threads._most == 3
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert quick_crops.share_of_cores(1) == 1


def test_what_brings_a_body_goes_the_ordinary_road(store, bob, drawn):
    client = bob.with_token()
    assert client.get(crop(drawn)).status_code == 200
    for method in ("GET", "POST"):
        answer, questions = asked(store, client, crop(drawn, name="crop.png"), method, json={"maxSize": 50})
        assert (answer.status_code, questions > 1) == (200, True)
        assert opened(answer).size == (50, 25)


def test_a_reviewed_annotation_is_answered_by_either_address(store, alice, drawn, image):
    assert alice.post(f"/api/imageinstance/{image}/review.json").status_code == 200
    reviewed = alice.post(f"/api/annotation/{drawn.id}/review.json").json()["reviewedannotation"]["id"]
    for noun, statements in (("reviewedannotation", 1), ("annotation", 2)):
        path = f"/api/{noun}/{reviewed}/crop.jpg"
        first = alice.get(path)
        again, questions = asked(store, alice, path)
        assert (first.status_code, again.content, questions) == (200, first.content, statements)
    assert alice.get(f"/api/userannotation/{reviewed}/crop.jpg").status_code == 404


def test_who_signs_is_given_the_cookie_that_another_client_of_theirs_sends(app, bob, drawn):
    one, other = ways(app, bob, "bob")["signature"], ways(app, bob, "bob")["signature"]
    cookie = one.get("/api/user/current.json").headers["set-cookie"].partition(";")[0]
    one.cookies.clear()
    assert one.get(crop(drawn), headers={"cookie": cookie}).status_code == 200
    other.cookies.clear()
    for _ in range(2):
        assert "set-cookie" in other.get(crop(drawn)).headers
        other.cookies.clear()


# --- who is answered -------------------------------------------------------------------------------------------------


def test_nobody_else_is_answered_what_one_may_see(app, store, bob, charlie, nobody, drawn):
    for client in ways(app, bob, "bob").values():
        assert client.get(crop(drawn)).status_code == 200
    for client in ways(app, charlie, "charlie").values():
        for noun in ("annotation", "userannotation", "reviewedannotation"):
            assert client.get(crop(drawn, noun)).status_code == 404
    assert nobody.get(crop(drawn)).status_code == 401


def test_a_stranger_who_is_known_for_a_project_of_their_own_sees_no_others(given, charlie, drawn, db, tmp_path, bob):
    own = given.slide(charlie, given.project(charlie), folder=tmp_path).image_instance_ids[0]
    theirs = given.annotation(db.get_one(ImageInstance, own), charlie, SQUARE)
    assert bob.get(crop(drawn)).status_code == 200
    for _ in range(2):
        assert charlie.get(crop(theirs)).status_code == 200
        assert charlie.get(crop(drawn)).status_code == 404
        assert charlie.get("/api/annotation/999999999/crop.jpg").status_code == 404


@pytest.mark.parametrize("change", [{"x-auth-secret": "no"}, {"x-auth-token": "no"}, {"x-auth-token": None}])
def test_half_a_credential_is_none(app, bob, drawn, change):
    client = bob.with_token()
    assert client.get(crop(drawn)).status_code == 200
    headers = {name: value for name, value in {**client.headers, **change}.items() if value is not None}
    assert bare(app, **headers).get(crop(drawn)).status_code == 401


def test_a_signature_is_judged_each_time(app, bob, drawn):
    assert bob.get(crop(drawn)).status_code == 200
    headers = {"date": "Mon, 23 Nov 2020 22:04:02 +0000", "authorization": f"CYTOMINE {bob.public_key}:no"}
    assert bare(app, **headers).get(crop(drawn)).status_code == 401


# --- how soon it ends ------------------------------------------------------------------------------------------------


def test_what_the_database_says_of_the_annotation_holds_at_once(store, alice, bob, project, drawn, other):
    old = bob.get(crop(drawn)).content
    moved = {"location": "POLYGON ((0 600, 0 610, 10 610, 10 600, 0 600))"}
    assert alice.put(f"/api/annotation/{drawn.id}.json", json=moved).status_code == 200
    new, questions = asked(store, bob, crop(drawn))
    assert (new.content != old, questions) == (True, 1)
    assert alice.delete(f"/api/annotation/{drawn.id}.json").status_code == 200
    assert bob.get(crop(drawn)).status_code == 404
    assert bob.get(crop(other)).status_code == 200
    alice.put(f"/api/project/{project.id}.json", json={"hideAdminsLayers": True})
    assert bob.get(crop(other)).status_code == 404


def test_a_member_who_left_sees_nothing_at_once(alice, bob, project, drawn):
    assert bob.get(crop(drawn)).status_code == 200
    assert alice.delete(f"/api/project/{project.id}/user/{bob.id}.json").status_code == 200
    assert bob.get(crop(drawn)).status_code == 404


@pytest.mark.parametrize("way", ["signature", "token", "session", "picture cookie"])
def test_a_locked_account_sees_nothing_after_five_seconds(app, ada, bob, drawn, clock, way):
    client = ways(app, bob, "bob")[way]
    assert client.get(crop(drawn)).status_code == 200
    assert ada.post(f"/api/user/{bob.id}/lock.json").status_code == 200
    clock.now += 5
    assert client.get(crop(drawn)).status_code == 401


def test_who_signed_out_sees_nothing_after_five_seconds(app, bob, drawn, clock):
    browser = signed_in(app, "bob")
    cookies = dict(browser.cookies)
    assert browser.get(crop(drawn)).status_code == 200
    again = bare(app, cookie="; ".join(f"{name}={value}" for name, value in cookies.items()))
    assert again.get(crop(drawn)).status_code == 200
    assert browser.delete("/api/atrisys/session.json", headers={"sec-fetch-site": "same-origin"}).status_code < 300
    clock.now += 5
    assert again.get(crop(drawn)).status_code == 401


def test_another_file_is_noticed_after_five_seconds(store, db, bob, drawn, image, clock, tmp_path):
    old = bob.get(crop(drawn))
    file_of(store, db, image).write_bytes(slides.svs(tmp_path / "other.svs", seed=7).read_bytes())
    clock.now += 5
    new = bob.get(crop(drawn))
    assert (new.content != old.content, new.headers["etag"] != old.headers["etag"]) == (True, True)
