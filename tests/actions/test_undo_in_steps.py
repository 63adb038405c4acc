"""Thousands of objects that are taken back at once: others write meanwhile, and it is one command, done or not."""

import contextlib

import pytest
from sqlalchemy import func, select

from atrisys.actions import commands, history
from atrisys.app import create_app
from atrisys.store.tables import AnnotationTerm, Change, UserAnnotation
from given import Given
from given.annotations import SQUARE
from given.kept import kept_store

STEP, DRAWN = 4, 11


class Died(Exception):
    pass


@pytest.fixture
def store(tmp_path):
    with kept_store(tmp_path / "data") as store:
        yield store


@pytest.fixture
def given(store):
    return Given(create_app(store.settings, store), store)


@pytest.fixture
def alice(given):
    return given.person("alice")


@pytest.fixture
def bob(given):
    return given.person("bob")


@pytest.fixture
def desk(given, alice, bob):
    class Desk:
        ontology = given.ontology(alice)
        term = given.term(ontology)
        project = given.project(alice, [bob], ontology)
        image = given.image(project, alice)

    return Desk


@pytest.fixture
def drawn(alice, desk):
    """(the command, the annotations) of many that were drawn at once."""
    body = [{"image": desk.image.id, "location": SQUARE, "term": [desk.term.id]} for _ in range(DRAWN)]
    answer = alice.post("/api/annotation.json", json=body).json()
    return answer["command"], answer["ids"]


@pytest.fixture
def between(monkeypatch):
    """What happens between two steps, one thing after the other; the first pauses are those of looking."""
    happens = []
    monkeypatch.setattr(history, "BATCH", STEP)
    monkeypatch.setattr(commands, "AT_ONCE", STEP)
    monkeypatch.setattr(history.time, "sleep", lambda _s: happens.pop(0)() if happens else None)
    return happens


@pytest.fixture
def count(store):
    def count(kind):
        with store.reading() as db:
            return db.scalar(select(func.count()).select_from(kind))

    return count


LOOKING = 4
"""Pauses before anything is changed: eleven annotations and eleven terms, four at a time."""


def nothing():
    pass


def test_others_write_between_two_steps_and_all_is_one_command(given, alice, bob, desk, drawn, between, count):
    seen = []

    def write():
        given.project(bob)
        seen.append((count(UserAnnotation), count(AnnotationTerm)))

    between += [write] * (LOOKING + 4)
    undone = alice.get(f"/api/command/{drawn[0]}/undo.json")
    assert undone.status_code == 200, undone.text
    assert seen[0] == (DRAWN, DRAWN)
    assert len(set(seen)) > 3
    assert (count(UserAnnotation), count(AnnotationTerm)) == (0, 0)
    redone = alice.get(f"/api/command/{drawn[0]}/redo.json")
    assert redone.status_code == 200, redone.text
    assert (count(UserAnnotation), count(AnnotationTerm)) == (DRAWN, DRAWN)
    assert alice.get("/api/command/undo.json").status_code == 200
    assert (count(UserAnnotation), count(AnnotationTerm)) == (0, 0)


@pytest.mark.parametrize("after", [0, LOOKING - 1, LOOKING + 1])
def test_what_is_refused_at_a_later_step_leaves_nothing_behind(alice, bob, desk, drawn, between, count, after):
    """The first that was drawn goes last; somebody changes it while the others go."""
    command, ids = drawn
    place = f"/api/annotation/{ids[0]}.json"
    between += [nothing] * after
    between.append(lambda: alice.put(f"/api/project/{desk.project.id}.json", json={"isRestricted": False}))
    between.append(lambda: bob.put(place, json={"location": "POLYGON((1 1,40 1,40 40,1 1))"}))
    refused = alice.get(f"/api/command/{command}/undo.json")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_the_way"), refused.text
    assert (count(UserAnnotation), count(AnnotationTerm)) == (DRAWN, DRAWN)
    assert {row["id"] for row in alice.get(f"/api/annotation.json?image={desk.image.id}").json()["collection"]} == {
        *ids
    }


def test_what_was_done_when_the_server_died_is_a_command_to_undo_before_it_is_asked_for_again(
    store, alice, drawn, between, count
):
    def die():
        raise Died

    between += [nothing] * (LOOKING + 2) + [die]
    with contextlib.suppress(Died):
        alice.get(f"/api/command/{drawn[0]}/undo.json")
    assert 0 < count(UserAnnotation) < DRAWN
    again = alice.get(f"/api/command/{drawn[0]}/undo.json")
    assert (again.status_code, again.json()["inTheWay"][0]["user"]) == (409, alice.id)
    assert "Undo that first" in again.json()["message"]
    assert alice.get("/api/command/undo.json").status_code == 200
    assert (count(UserAnnotation), count(AnnotationTerm)) == (DRAWN, DRAWN)
    assert alice.get(f"/api/command/{drawn[0]}/undo.json").status_code == 200
    assert (count(UserAnnotation), count(AnnotationTerm)) == (0, 0)


def test_of_two_who_undo_the_same_at_once_one_is_refused(alice, drawn, between, count):
    answers = []
    between += [nothing] * 2
    between.append(lambda: answers.append(alice.get(f"/api/command/{drawn[0]}/undo.json").status_code))
    refused = alice.get(f"/api/command/{drawn[0]}/undo.json")
    assert (answers, refused.status_code) == ([200], 409)
    assert (count(UserAnnotation), count(AnnotationTerm)) == (0, 0)


def test_an_undo_that_is_undone_before_it_is_done_ends_there(alice, drawn, between, count):
    between += [nothing] * (LOOKING + 1)
    between.append(lambda: alice.get("/api/command/undo.json"))
    answer = alice.get(f"/api/command/{drawn[0]}/undo.json")
    assert (answer.status_code, answer.json()["code"]) == (409, "in_the_way")
    assert (count(UserAnnotation), count(AnnotationTerm)) == (DRAWN, DRAWN)


def test_a_stranger_takes_nothing_back(given, drawn, between, count):
    assert given.person("charlie").get(f"/api/command/{drawn[0]}/undo.json").status_code == 404
    assert count(UserAnnotation) == DRAWN


def test_what_was_deleted_comes_back_in_steps(store, alice, desk, drawn, between, count):
    assert alice.delete(f"/api/imageinstance/{desk.image.id}.json").status_code == 200
    seen = []
    between += [lambda: seen.append(count(UserAnnotation))] * 30
    back = alice.post(f"/api/atrisys/undelete/imageinstance/{desk.image.id}.json")
    assert back.status_code == 200, back.text
    assert len({*seen}) > 2
    assert (count(UserAnnotation), count(AnnotationTerm)) == (DRAWN, DRAWN)
    with store.reading() as db:
        assert db.scalar(select(func.count()).where(Change.after.is_(None))) > DRAWN
