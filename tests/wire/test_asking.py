import pytest
from sqlalchemy import update

from atrisys.store.tables import SecUser


@pytest.fixture
def terms(given, alice):
    ontology = given.ontology(alice)
    return [given.term(ontology, name) for name in ("b", "d", "a", "c", "e")]


def names(answer):
    assert answer.status_code == 200, answer.text
    return "".join(row["name"] for row in answer.json()["collection"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "bdace"),
        ("max=0&offset=0", "bdace"),
        ("max=2", "bd"),
        ("max=2&offset=2", "ac"),
        ("max=2&offset=4", "e"),
        ("max=2&offset=50", ""),
        ("offset=3", "ce"),
        ("size=2&page=1", "ac"),
        ("max=&offset=", "bdace"),
        ("max=null", "bdace"),
        ("sort=name", "abcde"),
        ("sort=name&order=desc", "edcba"),
        ("sort=name,desc&size=2", "ed"),
        ("sort=name&order=DESC&max=2&offset=1", "dc"),
        ("sort=nothing", "bdace"),
    ],
)
def test_a_list_comes_in_parts_and_orders(alice, terms, query, expected):
    assert names(alice.get(f"/api/term.json?{query}")) == expected


@pytest.mark.parametrize(
    ("query", "counts"),
    [("", (5, 5, 0, 1)), ("max=2", (5, 2, 0, 3)), ("max=2&offset=4", (5, 1, 4, 3)), ("max=5", (5, 5, 0, 1))],
)
def test_the_envelope_counts_all_of_them(alice, terms, query, counts):
    body = alice.get(f"/api/term.json?{query}").json()
    assert (body["size"], body["perPage"], body["offset"], body["totalPages"]) == counts


def test_an_empty_list_has_no_pages(charlie):
    body = charlie.get("/api/term.json").json()
    assert body == {"collection": [], "offset": 0, "perPage": 0, "size": 0, "totalPages": 0}


@pytest.mark.parametrize("query", ["max=x", "max=-1", "offset=1.5", "offset=99999999999999999999", "page=-3"])
def test_a_part_that_cannot_be_is_refused(alice, query):
    answer = alice.get(f"/api/term.json?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_the_next_part_is_linked_until_the_last(alice, terms):
    token = alice.with_token()
    seen, address = "", "/api/term.json?max=2&sort=name&a%20b=%C3%A9"
    while address:
        answer = token.get(address)
        seen += "".join(row["name"] for row in answer.json())
        address = answer.headers.get("link", "").partition(">")[0].removeprefix("<")
        assert answer.headers["x-total-count"] == "5"
        assert not address or "a+b=%C3%A9" in address
    assert seen == "abcde"


def test_what_rows_keep_to_themselves_cannot_be_read_from_their_order(db, alice, bob, charlie):
    for number, person in enumerate((charlie, alice, bob)):
        db.execute(update(SecUser).where(SecUser.id == person.id).values(email=str(number)))
    db.commit()
    for column in ("email", "publicKey", "passwordHash", "privateKey", "passwordExpired", "adminUntil"):
        for order in ("asc", "desc"):
            rows = bob.get(f"/api/user.json?sort={column}&order={order}").json()["collection"]
            assert [row["username"] for row in rows] == ["alice", "bob", "charlie"], column


@pytest.mark.parametrize(
    ("expected", "status"),
    [('"1"', 200), ("*", 200), ('W/"1"', 200), ('"7", "1"', 200), ('"2"', 412), ("nonsense", 412)],
)
def test_a_change_is_held_to_the_version_that_it_names(alice, terms, expected, status):
    path = f"/api/term/{terms[0].id}.json"
    answer = alice.put(path, json={"name": "renamed"}, headers={"If-Match": expected})
    assert answer.status_code == status
    if status == 412:
        assert (answer.json()["code"], answer.json()["current"]["name"]) == ("stale", "b")
        assert answer.headers["etag"] == '"1"'
    assert alice.get(path, headers={"If-Match": '"99"'}).status_code == 200


def test_a_stranger_learns_no_version(charlie, terms):
    path = f"/api/term/{terms[0].id}.json"
    assert charlie.put(path, json={"name": "x"}, headers={"If-Match": '"99"'}).status_code == 404
    assert charlie.delete(path, headers={"If-Match": '"99"'}).status_code == 404


LONG = "9" * 5000


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", f"/api/project/{LONG}.json", None, 404),
        ("GET", f"/api/annotation.json?baseAnnotation={LONG}", None, 400),
        ("GET", f"/api/project.json?max={LONG}", None, 400),
        ("POST", "/api/project/{project}/user.json?users=" + LONG, {}, 400),
        ("POST", "/api/user/{user}/role.json", {"role": LONG}, 404),
    ],
)
def test_a_number_of_thousands_of_digits_is_no_bug(given, ada, method, path, body, status):
    project = given.project(ada)
    answer = ada.request(method, path.replace("{project}", str(project.id)).replace("{user}", str(ada.id)), json=body)
    assert answer.status_code == status, answer.text[:300]
