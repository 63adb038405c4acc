"""Two dialects, one API: Cytomine's envelopes, or bare arrays for curl with keys in headers."""

from collections.abc import Generator

import orjson
import pytest
from starlette.requests import Request

from atrisys.errors import Invalid
from atrisys.wire import dialect
from browser import signed_in

TERMS = "/api/term.json"


@pytest.fixture
def terms(given, alice):
    ontology = given.ontology(alice)
    return [given.term(ontology, name).id for name in ("a", "b", "c")]


def request_of(app, query="", path="/api/term.json"):
    """A request as the server hands it on."""
    scope = {
        "type": "http", "method": "GET", "scheme": "http", "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": query.encode(), "headers": [(b"host", b"lab.example")], "app": app, "state": {},
    }  # fmt: skip
    return Request(scope)


def test_who_signs_and_who_has_a_session_get_the_envelope(app, alice, terms):
    for client in (alice, signed_in(app, "alice")):
        body = client.get(TERMS).json()
        assert {row["id"] for row in body["collection"]} == set(terms)
        assert (body["size"], body["offset"], body["perPage"], body["totalPages"]) == (3, 0, 3, 1)


def test_who_sends_both_keys_gets_a_bare_array(alice, terms):
    answer = alice.with_token().get(TERMS)
    assert {row["id"] for row in answer.json()} == set(terms)
    assert answer.headers["x-total-count"] == "3"


@pytest.mark.parametrize("said", ["true", "True", "1"])
def test_the_envelope_may_be_asked_for(alice, terms, said):
    assert alice.with_token().get(f"{TERMS}?envelope={said}").json()["size"] == 3


@pytest.mark.parametrize("said", ["false", "False", "0"])
def test_the_bare_array_may_be_asked_for(app, alice, terms, said):
    for client in (alice, signed_in(app, "alice")):
        assert len(client.get(f"{TERMS}?envelope={said}").json()) == 3


@pytest.mark.parametrize("said", ["", "null", "None"])
def test_nothing_said_of_the_envelope_changes_nothing(alice, terms, said):
    assert isinstance(alice.with_token().get(f"{TERMS}?envelope={said}").json(), list)
    assert isinstance(alice.get(f"{TERMS}?envelope={said}").json(), dict)


def test_a_single_object_an_answer_and_a_refusal_are_the_same_in_both(alice, terms):
    token = alice.with_token()
    path = f"/api/term/{terms[0]}.json"
    assert token.get(path).json() == alice.get(path).json()
    edited = [client.put(path, json={"color": "#010203"}).json() for client in (alice, token)]
    assert [set(answer) for answer in edited] == [set(edited[0])] * 2
    refused = [client.get("/api/term/1.json").json() for client in (alice, token)]
    assert [{**answer, "requestId": ""} for answer in refused] == [{**refused[0], "requestId": ""}] * 2


def test_the_next_page_is_found_by_its_link_in_either_dialect(alice, terms):
    for client in (alice, alice.with_token()):
        seen, address = [], f"{TERMS}?max=2&sort=name&order=asc"
        while address:
            answer = client.get(address)
            body = answer.json()
            seen += [row["name"] for row in (body["collection"] if isinstance(body, dict) else body)]
            address = answer.links.get("next", {}).get("url", "")
        assert seen == ["a", "b", "c"]


def test_a_link_keeps_what_was_asked_and_cannot_be_broken_out_of(app):
    request = request_of(app, "sort=name&x=%3E%3B%20rel%3D%22prev%22&x=%C3%A9&page=0&size=1&max=7&offset=3")
    link = dialect.collection(request, None, [1], total=9, offset=1, length=2).headers["link"]
    assert link == (
        '<http://lab.example/api/term.json?sort=name&x=%3E%3B+rel%3D%22prev%22&x=%C3%A9&max=2&offset=3>; rel="next"'
    )


@pytest.mark.parametrize(
    ("total", "offset", "length", "pages", "more"),
    [(0, 0, 0, 0, False), (0, 0, 5, 0, False), (5, 0, 5, 1, False), (6, 0, 5, 2, True), (6, 5, 5, 2, False),
     (11, 5, 5, 3, True), (7, 0, 0, 1, False), (3, 9, 5, 1, False)],
)  # fmt: skip
def test_pages_are_counted_and_the_last_has_no_next(app, total, offset, length, pages, more):
    rows = list(range(total))[offset:][: length or None]
    answer = dialect.collection(request_of(app), None, rows, total=total, offset=offset, length=length)
    assert orjson.loads(answer.body) == {
        "collection": rows, "offset": offset, "perPage": len(rows), "size": total, "totalPages": pages
    }  # fmt: skip
    assert ("link" in answer.headers) is more


@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("batches", [[], [[1]], [[1, 2], [3]], [[1], [2], [3, 4]]])
def test_a_streamed_list_is_the_same_as_one_at_once(app, bare, batches):
    rows = [row for batch in batches for row in batch]
    request = request_of(app, f"envelope={not bare}")
    pieces = (",".join(map(str, batch)).encode() for batch in batches)
    counts = {"total": len(rows), "offset": 0, "length": 0}
    streamed = dialect.streamed_collection(request, None, pieces, **counts)
    body = b"".join(streamed.pieces)
    whole = dialect.collection(request, None, rows, **counts)
    assert orjson.loads(body) == orjson.loads(whole.body)
    assert streamed.headers["x-total-count"] == whole.headers["x-total-count"]


def test_a_stream_that_is_given_up_closes_what_it_reads_from():
    closed = []

    def pieces():
        try:
            yield b"1"
            yield b"2"
        finally:
            closed.append(True)

    stream = dialect._joined(b"[", pieces(), b"]")
    assert isinstance(stream, Generator)
    assert next(stream) == b"[1"
    stream.close()
    assert closed == [True]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [("true", True), ("True", True), (" 1 ", True), ("yes", True), ("on", True), ("false", False), ("False", False),
     ("0", False), ("perhaps", False), ("", None), ("null", None), ("None", None), (None, None)],
)  # fmt: skip
def test_yes_and_no_are_spelled_in_many_ways(text, meaning):
    assert dialect.says_yes(text) is meaning


@pytest.mark.parametrize(
    ("said", "origin"),
    [("left-top", "left-top"), ("left-bottom", "left-bottom"), ("", "left-bottom"), (None, "left-bottom")],
)
def test_the_origin_is_cytomines_where_nothing_is_said(app, said, origin):
    assert dialect.read_origin(said) == origin
    assert dialect.origin_of(request_of(app, "" if said is None else f"origin={said}")) == origin


@pytest.mark.parametrize("said", ["top-left", "LEFT-TOP", "left_top", 1, ["left-top"], True])
def test_an_origin_that_is_none_is_refused_and_never_guessed(said):
    with pytest.raises(Invalid):
        dialect.read_origin(said)


def test_an_origin_that_is_none_is_refused_over_http(given, alice):
    image = given.image(given.project(alice), alice)
    answer = alice.get(f"/api/annotation.json?image={image.id}&origin=top")
    assert (answer.status_code, answer.json()["params"]) == (400, {"given": "'top'"})
