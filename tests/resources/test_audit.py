import re
from pathlib import Path
from typing import get_args

import pytest

from atrisys.access.caller import Door
from atrisys.access.events import ACTIONS
from atrisys.store.tables import KINDS

AUDIT = "/api/atrisys/audit.json"


def rows(person, **asked):
    answer = person.get(AUDIT, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["collection"]


@pytest.fixture
def term(given, alice, bob):
    """Alice adds and renames it, and deletes it in the end."""
    term = given.term(given.ontology(alice), "a")
    alice.put(f"/api/term/{term.id}.json", json={"name": "b"})
    alice.delete(f"/api/term/{term.id}.json")
    bob.put("/api/user/current.json", json={"firstname": "Robert"})
    return term


def test_an_administrator_reads_all_changes_the_newest_first(ada, alice, bob, term):
    found = rows(ada)
    assert [row["seq"] for row in found] == sorted((row["seq"] for row in found), reverse=True)
    assert [(row["class"], row["action"], row["user"]) for row in found[:3]] == [
        ("SecUser", "edited", bob.id),
        ("Term", "deleted", alice.id),
        ("Term", "edited", alice.id),
    ]
    assert not {"before", "after"} & found[0].keys()


def test_nobody_else_reads_it(given, alice, charlie, nobody, term):
    for path in (AUDIT, "/api/atrisys/audit/kinds.json"):
        assert [person.get(path).status_code for person in (alice, charlie, nobody)] == [403, 403, 401]


def test_it_is_filtered_by_who_what_when_and_door(ada, alice, bob, term):
    assert {row["user"] for row in rows(ada, user=bob.id)} == {bob.id}
    of_terms = rows(ada, kind="term")
    assert [(row["id"], row["action"]) for row in of_terms] == [
        (term.id, one) for one in ("deleted", "edited", "added")
    ]
    for action in ("added", "edited", "deleted"):
        assert [row["action"] for row in rows(ada, kind="term", action=action)] == [action]
    doors = [row["door"] for row in of_terms]
    assert [row["door"] for row in rows(ada, kind="term", door=doors[0])] == [doors[0]] * doors.count(doors[0])
    newest = of_terms[0]["created"]
    assert rows(ada, kind="term", startDate=newest + 1) == []
    assert len(rows(ada, kind="term", startDate=newest - 60_000, endDate=newest)) == 3


@pytest.mark.parametrize("door", get_args(Door))
def test_every_door_can_be_asked_for(ada, door):
    assert ada.get(AUDIT, params={"door": door}).status_code == 200


def test_what_came_of_an_invitation_is_found_by_that_door(given, ada, alice, nobody):
    project = given.project(alice)
    token = alice.post(f"/api/project/{project.id}/invitation.json", json={}).json()["token"]
    account = {"token": token, "username": "dora", "password": "a long new password"}
    made = nobody.post("/api/atrisys/invitation/accept.json", json=account)
    assert made.status_code == 200, made.text
    found = rows(ada, door="invitation")
    assert made.json()["user"] in {row["id"] for row in found if row["class"] == "SecUser"}
    assert {(row["door"], row["user"]) for row in found} == {("invitation", alice.id)}


def test_it_is_paged(ada, term):
    first, second = (ada.get(AUDIT, params={"kind": "term", "max": 2, "offset": n}).json() for n in (0, 2))
    assert [len(page["collection"]) for page in (first, second)] == [2, 1]
    assert first["size"] == second["size"] == 3


@pytest.mark.parametrize("asked", [{"action": "seen"}, {"door": "window"}, {"startDate": "yesterday"}, {"user": "bob"}])
def test_a_filter_that_makes_no_sense_is_refused(ada, asked):
    assert ada.get(AUDIT, params=asked).status_code == 400


def test_a_class_that_there_is_not_is_not_found(ada):
    assert ada.get(AUDIT, params={"kind": "secret"}).status_code == 404
    kinds = [row["kind"] for row in ada.get("/api/atrisys/audit/kinds.json").json()["collection"]]
    assert {"Project", "UserAnnotation"} <= set(kinds)


@pytest.mark.parametrize("language", ["en", "zhHant"])
def test_the_page_has_a_word_for_every_class_and_every_deed(language):
    words = (Path(__file__).parents[2] / "web" / "src" / "words" / f"{language}.ts").read_text()
    for part, said in (("actions", {"added", "restored", "edited", "deleted", *ACTIONS}), ("kinds", set(KINDS))):
        inside = re.search(rf"^    {part}: {{\n(.*?)^    }},$", words, re.MULTILINE | re.DOTALL)
        assert inside is not None
        assert set(re.findall(r'^      "?([^":]+)"?: ', inside[1], re.MULTILINE)) == said, part
