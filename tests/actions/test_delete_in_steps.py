"""Thousands of annotations that go at once: others write meanwhile, and whatever happens in between stays whole."""

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from atrisys.actions import delete_image, history
from atrisys.app import create_app
from atrisys.store.tables import AnnotationTerm, Change, ImageInstance, Project, UserAnnotation
from given import Given
from given.annotations import SQUARE
from given.kept import kept_store

STEP, DRAWN = 4, 11
LONG_ENOUGH_S = 0.5
"""For somebody else to come as far as they can."""


class Died(Exception):
    pass


@pytest.fixture
def store(tmp_path) -> Iterator:
    with kept_store(tmp_path / "data") as store:
        yield store


@pytest.fixture
def given(store):
    return Given(create_app(store.settings, store), store)


@pytest.fixture
def alice(given):
    return given.person("alice")


@pytest.fixture
def ontology(given, alice):
    return given.ontology(alice)


@pytest.fixture
def project(given, alice, ontology):
    return given.project(alice, ontology=ontology)


@pytest.fixture
def image(given, alice, project, ontology):
    image, term = given.image(project, alice), given.term(ontology)
    for _ in range(DRAWN):
        given.annotation(image, alice, SQUARE, [term])
    return image


@pytest.fixture
def between(monkeypatch):
    """What happens between two steps, one thing after the other."""
    happens = []
    monkeypatch.setattr(history, "BATCH", STEP)
    monkeypatch.setattr(history.time, "sleep", lambda _s: happens.pop(0)() if happens else None)
    return happens


@pytest.fixture
def count(store):
    def count(kind):
        with store.reading() as db:
            return db.scalar(select(func.count()).select_from(kind))

    return count


def test_others_write_between_two_steps_and_all_is_one_command(given, alice, project, image, between, count):
    other = given.person("bob")
    seen = []

    def write():
        given.project(other)
        seen.append(count(UserAnnotation))

    between += [write, write]
    deleted = alice.delete(f"/api/imageinstance/{image.id}.json")
    assert deleted.status_code == 200, deleted.text
    assert seen == [DRAWN - STEP, DRAWN - 2 * STEP]
    assert (count(UserAnnotation), count(AnnotationTerm), count(ImageInstance)) == (0, 0, 0)
    undone = alice.get(f"/api/command/{deleted.json()['command']}/undo.json")
    assert undone.status_code == 200, undone.text
    assert (count(UserAnnotation), count(AnnotationTerm), count(ImageInstance)) == (DRAWN, DRAWN, 1)


def test_what_was_done_when_the_server_died_is_undone_whole_or_done_to_its_end(
    store, alice, project, image, between, count
):
    def die():
        raise Died

    between += [lambda: None, die]
    with contextlib.suppress(Died):
        alice.delete(f"/api/project/{project.id}.json")
    assert (count(UserAnnotation), count(AnnotationTerm), count(ImageInstance)) == (DRAWN - 2 * STEP,) * 2 + (1,)
    with store.reading() as db:
        [command] = set(db.scalars(select(Change.transaction_id).where(Change.after.is_(None))))
    assert alice.get(f"/api/command/{command}/undo.json").status_code == 200
    assert (count(UserAnnotation), count(AnnotationTerm)) == (DRAWN, DRAWN)
    between += [lambda: None, die]
    with contextlib.suppress(Died):
        alice.delete(f"/api/project/{project.id}.json")
    assert alice.delete(f"/api/project/{project.id}.json").status_code == 200
    assert (count(UserAnnotation), count(Project)) == (0, 0)


def test_a_deletion_that_is_undone_before_it_is_done_ends_there(alice, project, image, between, count):
    between.append(lambda: alice.get("/api/command/undo.json"))
    answer = alice.delete(f"/api/project/{project.id}.json")
    assert (answer.status_code, answer.json()["code"]) == (409, "in_the_way")
    assert (count(UserAnnotation), count(AnnotationTerm), count(Project)) == (DRAWN, DRAWN, 1)


def test_of_two_who_delete_the_same_one_finds_it_gone(alice, image, between, count):
    again = []
    between.append(lambda: again.append(alice.delete(f"/api/imageinstance/{image.id}.json").status_code))
    assert alice.delete(f"/api/imageinstance/{image.id}.json").status_code == 404
    assert again == [200]
    assert count(UserAnnotation) == 0


@pytest.fixture
def stopping(monkeypatch):
    """The deletion of an image stops when it has locked the image, until somebody else has begun to draw."""
    locked, begun = threading.Event(), threading.Event()
    unnest = delete_image.unnest

    def stop(db, caller, image):
        locked.set()
        begun.wait(30)
        time.sleep(LONG_ENOUGH_S)
        unnest(db, caller, image)

    monkeypatch.setattr(delete_image, "unnest", stop)
    return locked, begun


def test_drawing_into_what_is_being_deleted_is_refused_and_neither_waits_for_ever(
    given, alice, project, stopping, count
):
    (locked, begun), answers = stopping, []
    image = given.image(project, alice)
    deleting = threading.Thread(
        target=lambda: answers.append(alice.delete(f"/api/imageinstance/{image.id}.json").status_code)
    )
    deleting.start()
    assert locked.wait(30)
    begun.set()
    drawn = alice.post("/api/annotation.json", json={"image": image.id, "location": SQUARE})
    deleting.join(60)
    assert answers == [200]
    assert drawn.status_code in (400, 404, 409), drawn.text
    assert (count(UserAnnotation), count(ImageInstance)) == (0, 0)
