"""Tiles that are answered before the router, asked for by those who may not see them, and in ways that nobody means."""

import os
import time

import pytest

from atrisys.access.keys import signature_of
from people import Person
from tiles import asked, bare, file_of, tile, ways

# --- who is answered -------------------------------------------------------------------------------------------------


def test_nobody_else_is_answered_what_one_may_see(app, store, alice, bob, charlie, nobody, image):
    for client in [alice, *ways(app, bob, "bob").values()]:
        assert client.get(tile(image)).status_code == 200
    strangers = ways(app, charlie, "charlie")
    for way, client in strangers.items():
        answer, questions = asked(store, client, tile(image))
        assert (answer.status_code, questions > 0) == (404, True), way
        assert answer.json() | {"requestId": ""} == client.get(tile(image)).json() | {"requestId": ""}
    assert asked(store, nobody, tile(image))[0].status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"x-auth-secret": "no"},
        {"x-auth-secret": ""},
        {"x-auth-token": "no"},
        {"authorization": "CYTOMINE no:no", "x-auth-token": None},
        {"x-auth-token": None},
    ],
)
def test_half_a_credential_is_none(app, bob, image, change):
    client = bob.with_token()
    assert client.get(tile(image)).status_code == 200
    headers = {name: value for name, value in {**client.headers, **change}.items() if value is not None}
    assert bare(app, **headers).get(tile(image)).status_code == 401
    assert client.get(tile(image)).status_code == 200


def test_a_signature_holds_for_what_it_signs_alone(app, store, bob, image):
    assert bob.get(tile(image)).status_code == 200
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())
    good = signature_of(bob.private_key, f"GET\n\n\n{date}")

    def answer(signature, **more):
        headers = {"date": date, "authorization": f"CYTOMINE {bob.public_key}:{signature}", **more}
        return asked(store, bare(app, **headers), tile(image))

    assert (answer(good)[0].status_code, answer(good)[1]) == (200, 0)
    assert answer("bm90IHRoZSBzaWduYXR1cmU=")[0].status_code == 401
    assert answer("")[0].status_code == 401
    assert answer(signature_of(bob.private_key, f"POST\n\n\n{date}"))[0].status_code == 401
    assert answer(good, **{"content-type": "text/plain"})[0].status_code == 200, "some clients sign no type"
    whole = signature_of(bob.private_key, f"GET\n\n\n{date}\n{tile(image)}")
    assert (answer(whole)[0].status_code, answer(whole)[1]) == (200, 0)
    other = signature_of(bob.private_key, f"GET\n\n\n{date}\n{tile(image, 0, 0, 0)}")
    assert answer(other)[0].status_code == 401
    old = "Mon, 23 Nov 2020 22:04:02 +0000"
    stale = {
        "date": old,
        "authorization": f"CYTOMINE {bob.public_key}:{signature_of(bob.private_key, f'GET{chr(10) * 3}{old}')}",
    }
    assert bare(app, **stale).get(tile(image)).status_code == 401


def test_keys_in_headers_go_before_a_cookie_that_is_known(app, bob, image):
    by_cookie = ways(app, bob, "bob")["picture cookie"]
    assert by_cookie.get(tile(image)).status_code == 200
    for wrong in ({"x-auth-token": bob.public_key}, {"authorization": f"CYTOMINE {bob.public_key}:no"}):
        assert by_cookie.get(tile(image), headers=wrong).status_code == 401
    assert by_cookie.get(tile(image), headers={"authorization": "Basic bm8="}).status_code == 200


def test_the_cookie_of_http_is_not_that_of_https(app, bob, image):
    by_cookie = ways(app, bob, "bob")["picture cookie"]
    assert by_cookie.get(tile(image)).status_code == 200
    assert by_cookie.get(f"https://testserver{tile(image)}").status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_only_reading_is_answered(alice, image, method):
    alice.get(tile(image))
    assert alice.request(method, tile(image)).status_code == 405


# --- odd addresses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/tile/2/0/0.jpg", 400),
        ("/tile/0/8/0.jpg", 400),
        ("/tile/0/0/6.jpg", 400),
        (f"/tile/{10**39}/0/0.jpg", 400),
        (f"/tile/0/{2**64}/0.jpg", 400),
        (f"/tile/0/0/{'9' * 41}.jpg", 404),
        ("/tile/0/0/-1.jpg", 404),
        ("/tile/0/0/0.png", 404),
        ("/tile/0/0/0.jpg/", 404),
        ("/tile/0/0/%D9%A1.jpg", 404),
        ("/tile/0/0", 404),
        ("/tile/../tile/0/0/0.jpg/..", 404),
        ("/tile/00/01/001.jpg", 200),
        ("/tile/0/1/1.jpg?x=1", 200),
    ],
)
def test_what_is_no_tile_is_refused_also_to_whom_is_known(alice, image, path, status):
    assert alice.get(tile(image)).status_code == 200
    for _ in range(2):
        answer = alice.get(f"/api/atrisys/imageinstance/{image}{path}")
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize("id", ["0", "00", str(2**63), "9" * 18, "9" * 40, "-1", "1.5", "x"])
def test_images_that_are_not_there_are_not_found(alice, charlie, image, id):
    alice.get(tile(image))
    for person in (alice, charlie):
        assert person.get(tile(id)).status_code == 404


def test_an_image_is_no_slice_of_the_same_number(alice, image):
    assert alice.get(tile(image)).status_code == 200
    assert alice.get(tile(image, noun="sliceinstance")).status_code == 404
    assert alice.get(tile(image, noun="abstractimage")).status_code == 404


def test_the_host_and_doubled_slashes_make_no_difference(app, store, bob, charlie, image):
    client = bob.with_token()
    client.get(tile(image))
    for path, headers in ((f"/{tile(image)}", {}), (tile(image), {"host": "evil.example"})):
        answer, questions = asked(store, client, f"http://testserver{path}", headers=headers)
        assert (answer.status_code, questions) == (200, 0)
        assert charlie.get(f"http://testserver{path}", headers=headers).status_code == 404
        assert Person(app).get(f"http://testserver{path}", headers=headers).status_code == 401
    assert client.get(f"http://testserver{tile(image).replace('/tile', '//tile')}").status_code == 404


def test_a_damaged_tile_costs_its_own_request_alone(store, db, alice, image, clock):
    alice.get(tile(image))
    path = file_of(store, db, image)
    os.truncate(path, path.stat().st_size // 8)
    for _ in range(2):
        statuses = {(c, r): alice.get(tile(image, 0, c, r)).status_code for c in range(7) for r in range(5)}
        assert set(statuses.values()) == {200, 500}
        clock.now += 0.1
    damaged = next(place for place, status in statuses.items() if status == 500)
    said = alice.get(tile(image, 0, *damaged)).json()
    assert said["code"] != "internal"
    assert str(path) not in said["message"]
    assert path.name not in said["message"]
