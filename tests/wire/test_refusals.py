"""Whatever goes wrong is answered in one shape, with one status for each kind of refusal."""

import logging

import pytest
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, TimeoutError
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from atrisys import errors
from atrisys.app import create_app
from atrisys.store.tables import Ontology
from atrisys.wire import refusals
from one_more_route import route_of
from people import Person

KEYS = {"success", "errors", "message", "errorValues", "code", "params", "requestId"}
KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.Refusal)]
STATUS = {
    "Refusal": 400,
    "NotFound": 404,
    "NotSignedIn": 401,
    "TooManyTries": 429,
    "NotAllowed": 403,
    "Invalid": 400,
    "ShapeRefused": 400,
    "ShapeUnreadable": 400,
    "ShapeNotClosed": 400,
    "ShapeEmpty": 400,
    "TooLarge": 400,
    "BodyTooLarge": 413,
    "WrongOffset": 409,
    "ChecksumWrong": 460,
    "InUse": 400,
    "NotUndoable": 400,
    "Duplicate": 409,
    "Stale": 412,
    "InTheWay": 409,
    "Busy": 503,
    "TooManyJobs": 429,
    "SlideUnreadable": 400,
    "SlideFlat": 400,
    "ConversionFailed": 400,
    "PictureFailed": 500,
    "PictureMissing": 404,
    "SlideChanged": 409,
    "BeingWritten": 423,
    "Unavailable": 503,
    "DiskRefuses": 507,
    "LevelsMissing": 503,
    "CopyMissing": 503,
    "SlideAway": 503,
    "Misconfigured": 500,
}


def assert_refused(answer, status, code):
    body = answer.json()
    assert answer.status_code == status, answer.text
    assert set(body) >= KEYS
    assert (body["success"], body["code"], body["errorValues"]) == (False, code, {})
    assert isinstance(body["errors"], str)
    assert body["errors"] == body["message"]
    assert body["requestId"] == answer.headers["x-request-id"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    return body


@pytest.fixture
def raising(settings, store):
    """A client of an application with one more route, which raises what it is given."""
    app = create_app(settings, store)
    client = TestClient(app, raise_server_exceptions=False)
    raised = []

    @route_of(app, "/raise")
    def _raise():
        raise raised[-1]

    def get(error, **headers):
        raised.append(error)
        return client.get("/raise", headers=headers)

    return get


def made(kind):
    params = {"wait_s": 7} if kind in (errors.TooManyTries, errors.Busy) else {}
    return kind("Term {term} is refused.", term="mitosis", **params)


def test_every_kind_of_refusal_has_its_status_and_no_other_is_named():
    assert {kind.__name__: status for kind, status in refusals.STATUS.items()} == STATUS
    assert set(refusals.STATUS) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_is_answered_in_the_same_shape(raising, kind):
    body = assert_refused(raising(made(kind)), STATUS[kind.__name__], kind.code)
    assert body["errors"] == "Term mitosis is refused."
    assert body["params"]["term"] == "mitosis"


def test_every_kind_has_a_code_of_its_own():
    assert len({kind.code for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if STATUS[kind.__name__] in (503, 507)])
def test_what_will_do_later_says_when_to_try_again(raising, kind):
    wait_s = "7" if kind is errors.Busy else "30"
    assert raising(made(kind)).headers["retry-after"] == wait_s


def test_who_must_wait_is_told_how_long(raising):
    assert raising(made(errors.TooManyTries)).headers["retry-after"] == "7"


def test_what_is_no_plain_value_stays_inside(raising):
    said = errors.Invalid("No {thing}, {word}.", thing=["a", object()], word=None)
    assert raising(said).json()["params"] == {"word": None}


def test_text_of_a_user_is_told_as_it_is(raising):
    body = raising(errors.Invalid("Not {word}.", word="{code} <b> 細胞")).json()
    assert body["errors"] == "Not {code} <b> 細胞."
    assert raising(errors.Invalid("Braces {stay} here")).json()["errors"] == "Braces {stay} here"


@pytest.mark.parametrize("path", ["/nowhere", "/api/nowhere.json", "/api/term/x.json", "/api", "/api/term/1", "//"])
def test_an_address_that_does_not_exist_is_refused_alike_for_everybody(alice, nobody, path):
    for client in (alice, nobody):
        body = assert_refused(client.get(f"http://testserver{path}"), 404, "not_found")
        assert path.lstrip("/") in body["errors"]


@pytest.mark.parametrize(("method", "path"), [("PATCH", "/api/term/1.json"), ("DELETE", "/server/ping")])
def test_a_method_that_an_address_does_not_know_is_refused(alice, method, path):
    answer = alice.request(method, path)
    body = assert_refused(answer, 405, "refused")
    assert body["params"] == {"method": method, "path": path}
    assert "GET" in answer.headers["allow"]


def test_who_has_not_signed_in_and_who_may_not_are_refused_alike(given, nobody, charlie):
    assert_refused(nobody.get("/api/user/current.json"), 401, "not_signed_in")
    assert_refused(charlie.get("/api/term/1.json"), 404, "not_found")
    guest = given.person("greta", role="ROLE_GUEST")
    assert_refused(guest.post("/api/ontology.json", json={"name": "x"}), 403, "not_allowed")


@pytest.mark.parametrize(
    "body", ["{", '{"name": }', "{'name': 'x'}", '{"name": "x"} x', "\ufeff{", "NaN", '{"name": "\\ud800"}']
)
def test_a_body_that_is_no_json_is_refused(alice, db, body):
    answer = alice.post("/api/ontology.json", content=body.encode(), headers={"content-type": "application/json"})
    assert_refused(answer, 400, "invalid")
    assert db.query(Ontology).count() == 0


def test_a_body_that_is_no_utf_8_is_refused(alice):
    answer = alice.post("/api/ontology.json", content=b'{"name": "\xff"}')
    assert_refused(answer, 400, "invalid")


@pytest.mark.parametrize(
    "body", ['{"name": "a\\u0000b"}', '[{"name": "a\\u0000b"}]', '{"x": {"y": "\\u0000"}, "name": "a"}']
)
def test_a_nul_character_is_refused(alice, db, body):
    assert_refused(alice.post("/api/ontology.json", content=body.encode()), 400, "invalid")
    assert db.query(Ontology).count() == 0


def test_a_nul_character_in_an_address_is_refused_or_finds_nothing(alice):
    for path in ("/api/user/a%00b.json", "/api/term.json?name%5Bilike%5D=a%00b", "/api/a%00b"):
        assert alice.get(path).status_code in (200, 400, 404)


def test_nesting_without_end_is_refused(alice):
    assert_refused(alice.post("/api/ontology.json", content=b"[" * 100_000), 400, "invalid")


@pytest.mark.parametrize("body", [b"", b"null", b'"x"', b"7", b"true"])
def test_a_body_that_is_no_object_is_refused(alice, body):
    assert_refused(alice.post("/api/ontology.json", content=body), 400, "invalid")


def test_fields_that_are_not_as_they_should_be_are_named(given, alice):
    body = {"name": "", "ontology": "x", "color": "green"}
    said = assert_refused(alice.post("/api/term.json", json=body), 400, "invalid")["errors"]
    assert all(name in said for name in ("name", "ontology", "color"))


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**30])
def test_a_number_beyond_64_bits_is_refused_or_finds_nothing(given, alice, number):
    body = {"name": "x", "ontology": number, "color": "#000000"}
    assert alice.post("/api/term.json", json=body).status_code in (400, 404)
    assert alice.get(f"/api/term/{number}.json").status_code in (400, 404)


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("name", ["image", "slice", "term"])
def test_so_it_is_where_a_shape_is_drawn(given, alice, name, many):
    image = given.image(given.project(alice), alice)
    body = {"image": image.id, "location": "POINT (5 5)", name: 2**63}
    answer = alice.post("/api/annotation.json", json=[body] if many else body)
    assert answer.status_code in (400, 404), answer.text


@pytest.mark.parametrize("asked", ["max=x", "max=-1", "offset=1.5", "max=99999999999"])
def test_a_page_that_cannot_be_is_refused(alice, asked):
    assert_refused(alice.get(f"/api/term.json?{asked}"), 400, "invalid")


def test_the_database_refusing_a_double_is_no_bug(raising):
    body = assert_refused(raising(IntegrityError("INSERT", {}, Exception("UNIQUE"))), 409, "duplicate")
    assert "INSERT" not in str(body)


def test_a_busy_database_says_that_nothing_was_changed_and_to_try_again(raising, caplog):
    answer = raising(OperationalError("UPDATE secrets", {}, Exception("database is locked")))
    body = assert_refused(answer, 503, "refused")
    assert answer.headers["retry-after"] == "2"
    assert "secrets" not in str(body)
    assert "locked" in caplog.text


def test_who_finds_all_connections_in_use_is_told_to_try_again(raising):
    answer = raising(TimeoutError("QueuePool limit of size 20 overflow 30 reached"))
    body = assert_refused(answer, 503, "refused")
    assert answer.headers["retry-after"] == "2"
    assert "QueuePool" not in str(body)


@pytest.mark.parametrize(
    "error",
    [DataError("x", {}, Exception("out of range")), OverflowError("int too large to convert to SQLite INTEGER")],
)
def test_a_number_that_the_database_does_not_take_is_no_bug(raising, error):
    assert_refused(raising(error), 400, "invalid")


@pytest.mark.parametrize(
    "error",
    [RuntimeError("private"), OverflowError("private"), KeyError("private"), ExceptionGroup("private", [ValueError()])],
)
def test_a_bug_is_logged_whole_and_tells_only_its_number(raising, caplog, error):
    with caplog.at_level(logging.ERROR, "atrisys"):
        answer = raising(error)
    body = assert_refused(answer, 500, "internal")
    assert "private" not in answer.text
    assert body["requestId"] in body["errors"]
    assert "private" in caplog.text
    assert body["requestId"] in caplog.text


def test_an_expected_refusal_is_not_logged_as_a_failure(raising, caplog):
    with caplog.at_level(logging.WARNING):
        raising(errors.NotFound("There is nothing."))
    assert caplog.records == []


def test_other_answers_of_the_framework_have_the_same_shape(raising):
    answer = raising(HTTPException(418, detail="A teapot {with} braces", headers={"x-kind": "tea"}))
    assert assert_refused(answer, 418, "refused")["errors"] == "A teapot {with} braces"
    assert answer.headers["x-kind"] == "tea"


def test_a_stale_write_shows_the_object_as_it_stands(given, alice):
    term = given.term(given.ontology(alice))
    path = f"/api/term/{term.id}.json"
    alice.put(path, json={"name": "second"})
    answer = alice.put(path, json={"name": "third"}, headers={"if-match": '"1"'})
    body = assert_refused(answer, 412, "stale")
    assert body["current"] == alice.get(path).json()
    assert answer.headers["etag"] == '"2"'
    assert alice.delete(path, headers={"if-match": 'W/"1"'}).status_code == 412
    assert alice.delete(path, headers={"if-match": '"1", "2"'}).status_code == 200


def test_an_array_answers_each_element_in_the_same_words(given, alice):
    answer = alice.post("/api/term.json", json=[7, {"name": "x", "ontology": 4711, "color": "#000000"}])
    problems = answer.json()["data"]["errors"]
    assert answer.status_code == 400
    assert problems[0]["data"] == 7
    assert problems[1]["message"] == "Ontology 4711 was not found."
    assert answer.json()["errors"] == problems[0]["message"]


def test_a_refused_write_leaves_nothing_behind(given, app, alice, db):
    ontology = given.ontology(alice, name="taken")
    answer = alice.post("/api/ontology.json", json={"name": "taken"})
    assert_refused(answer, 409, "duplicate")
    assert db.query(Ontology).count() == 1
    assert Person(app).delete(f"/api/ontology/{ontology.id}.json").status_code == 401
    assert db.query(Ontology).count() == 1
