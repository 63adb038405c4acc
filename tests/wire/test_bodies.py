import pytest


@pytest.fixture
def ontology(given, alice):
    return given.ontology(alice)


def term(ontology, name="t", color="#000000"):
    return {"name": name, "ontology": ontology.id, "color": color}


@pytest.mark.parametrize("body", [b"{", b"[1,", b"nonsense", b"\xff\xfe", b"{'name': 'x'}", b'{"name": NaN}'])
def test_what_is_no_json_is_refused_with_the_place(alice, body):
    answer = alice.post("/api/term.json", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["errors"].startswith("The body is not JSON")


@pytest.mark.parametrize("body", [b"", b"  ", b"null", b"1", b'"text"', b"true"])
def test_a_body_that_is_no_object_is_refused(alice, body):
    answer = alice.post("/api/term.json", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_what_is_wrong_is_named(alice, ontology):
    answer = alice.post("/api/term.json", json={"ontology": ontology.id, "color": "red"})
    assert "name: Field required" in answer.json()["errors"]
    assert "color" in answer.json()["errors"]


def test_all_kept_is_200_some_206_none_400_and_an_empty_array_200(alice, ontology):
    def post(*rows):
        return alice.post("/api/term.json", json=list(rows))

    good, again, bad = term(ontology, "a"), term(ontology, "a"), term(ontology, "b", "red")
    answer = post(good, term(ontology, "c"))
    assert answer.status_code == 200
    assert answer.json()["data"]["message"] == f"terms {','.join(map(str, answer.json()['ids']))} added"
    some = post(again, term(ontology, "d"), bad, "no object", None)
    assert (some.status_code, len(some.json()["ids"])) == (206, 1)
    problems = some.json()["data"]["errors"]
    assert [problem["data"] for problem in problems] == [again, bad, "no object", None]
    assert [problem["index"] for problem in problems] == [0, 2, 3, 4]
    assert all(problem["message"] for problem in problems)
    assert (some.json()["success"], some.json()["status"]) == (False, 206)
    none = post(again, bad)
    assert (none.status_code, none.json()["ids"]) == (400, [])
    assert post().status_code == 200
    names = [row["name"] for row in alice.get(f"/api/ontology/{ontology.id}/term.json").json()["collection"]]
    assert names == ["a", "c", "d"]


def test_of_a_large_element_that_is_refused_little_is_told_back(alice, ontology):
    large = {**term(ontology, "large", "red"), "comment": "x" * 100_000, **{f"more{n}": n for n in range(1000)}}
    answer = alice.post("/api/term.json", json=[large, "y" * 100_000, [1] * 100_000])
    problems = answer.json()["data"]["errors"]
    assert (problems[0]["data"]["name"], [problem["index"] for problem in problems]) == ("large", [0, 1, 2])
    assert len(answer.content) < 3000


def test_a_password_is_never_told_back(ada):
    answer = ada.post("/api/user.json", json=[{"username": "zoe", "password": "a secret word"}])
    assert (answer.status_code, "a secret word" in answer.text) == (400, False)


def test_one_bad_element_takes_nothing_of_its_own_along(alice, ontology, given):
    stranger = given.term(given.ontology(alice))
    answer = alice.post(
        "/api/term.json", json=[{**term(ontology, "child"), "parent": stranger.id}, term(ontology, "b")]
    )
    assert answer.status_code == 206
    names = [row["name"] for row in alice.get(f"/api/ontology/{ontology.id}/term.json").json()["collection"]]
    assert names == ["b"]


def test_a_stranger_adds_nothing_in_an_array_either(charlie, alice, ontology):
    answer = charlie.post("/api/term.json", json=[term(ontology, "x"), term(ontology, "y")])
    assert (answer.status_code, len(answer.json()["data"]["errors"])) == (400, 2)
    assert alice.get(f"/api/ontology/{ontology.id}/term.json").json()["size"] == 0


def test_a_body_of_a_million_lists_is_refused_before_it_is_read(alice):
    body = b"[" + b"[]," * 1_000_001 + b"[]]"
    answer = alice.post("/api/term.json", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert "in parts" in answer.json()["errors"]


def test_an_array_that_would_keep_other_writers_waiting_is_refused_whole(alice, ontology):
    answer = alice.post("/api/term.json", json=[term(ontology, f"t{number}") for number in range(1_001)])
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert alice.get(f"/api/ontology/{ontology.id}/term.json?envelope=true").json()["size"] == 0


def test_a_body_without_quotes_is_read_in_time_that_grows_with_its_length(alice):
    """A pattern that could be split in several ways would take years for this one."""
    body = b"{" + b":".join([b"aaaa"] * 10_000) + b"}"
    assert alice.post("/api/token.json", content=body, headers={"content-type": "application/json"}).status_code == 400
