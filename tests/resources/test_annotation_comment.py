"""Threads: `alice` manages the project and drew, `bob` works in it, `gustav` is a guest in it, `charlie` a stranger."""

import pytest
from sqlalchemy import func, select

from atrisys.store.tables import AnnotationComment
from undoing import ok, redo, undo


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def image(given, project, alice):
    return given.image(project, alice)


@pytest.fixture
def drawn(given, image, alice):
    return given.annotation(image, alice)


@pytest.fixture
def thread(drawn):
    return f"/api/atrisys/annotation/{drawn.id}/comment.json"


@pytest.fixture
def said(bob, thread):
    """By bob, about what alice drew."""
    return say(bob, thread, "Is this <b>mitosis</b>?")


def say(person, thread, words):
    return ok(person.post(thread, json={"comment": words}))["annotationcomment"]


def one(comment):
    return f"/api/atrisys/annotationcomment/{comment['id']}.json"


def rows(person, address, **query):
    return ok(person.get(address, params=query))["collection"]


def test_all_who_see_the_annotation_read_the_thread_oldest_first(alice, bob, drawn, thread, said):
    answer = say(alice, thread, "  No.  ")
    assert (said["comment"], said["user"], said["annotation"]) == ("Is this <b>mitosis</b>?", bob.id, drawn.id)
    assert (answer["comment"], answer["edited"]) == ("No.", None)
    assert said["fullName"]
    for person in (alice, bob):
        assert rows(person, thread) == [said, answer]
        assert ok(person.get(one(said))) == said
    assert rows(bob, thread, max=1, offset=1) == [answer]
    assert rows(bob, thread, **{"comment[ilike]": "mitosis"}) == [said]


def test_an_image_lists_what_was_said_on_it_newest_first(given, alice, bob, charlie, project, image, thread, said):
    other = given.annotation(image, bob)
    second = say(alice, f"/api/atrisys/annotation/{other.id}/comment.json", "And this?")
    path = f"/api/atrisys/imageinstance/{image.id}/comment.json"
    assert rows(bob, path) == [second, said]
    assert rows(bob, f"/api/atrisys/imageinstance/{given.image(project, alice).id}/comment.json") == []
    assert charlie.get(path).status_code == 404


def test_a_stranger_neither_reads_nor_writes(ada, charlie, nobody, thread, said):
    for person, status in ((charlie, 404), (nobody, 401)):
        assert person.get(thread).status_code == status
        assert person.post(thread, json={"comment": "x"}).status_code == status
        assert person.get(one(said)).status_code == status
        assert person.put(one(said), json={"comment": "x"}).status_code == status
        assert person.delete(one(said)).status_code == status
    assert ok(ada.get(one(said))) == said


def test_ones_own_words_are_changed_by_nobody_else(ada, alice, bob, thread, said):
    for person in (alice, ada):
        assert person.put(one(said), json={"comment": "x"}).status_code == 403
    edited = ok(bob.put(one(said), json={"comment": "Is this apoptosis?"}))
    assert edited["annotationcomment"]["edited"]
    [now] = rows(alice, thread)
    assert (now["comment"], now["created"]) == ("Is this apoptosis?", said["created"])
    assert undo(alice, edited).status_code == 403
    ok(undo(bob, edited))
    [now] = rows(alice, thread)
    assert (now["comment"], now["edited"]) == (said["comment"], None)


def test_the_version_that_somebody_saw_counts(bob, said):
    ok(bob.put(one(said), json={"comment": "second"}))
    late = bob.put(one(said), json={"comment": "third"}, headers={"if-match": '"1"'})
    assert (late.status_code, late.json()["current"]["comment"]) == (412, "second")


def test_it_is_taken_back_by_its_author_and_by_managers(given, alice, bob, project, thread, said):
    carol = given.person("carol")
    ok(alice.post(f"/api/project/{project.id}/user/{carol.id}.json"))
    assert carol.delete(one(said)).status_code == 403
    gone = ok(alice.delete(one(said)))
    assert rows(bob, thread) == []
    assert undo(carol, gone).status_code == 403
    ok(undo(alice, gone))
    assert [row["comment"] for row in rows(bob, thread)] == [said["comment"]]
    gone = ok(bob.delete(one(said)))
    assert bob.get(one(said)).status_code == 404
    ok(undo(bob, gone))
    ok(redo(bob, gone))
    assert rows(bob, thread) == []


@pytest.mark.parametrize(("mode", "status"), [("CLASSIC", 200), ("RESTRICTED", 200), ("READ_ONLY", 403)])
def test_contributors_speak_unless_the_project_is_read_only(alice, bob, project, thread, said, mode, status):
    flags = {"isReadOnly": mode == "READ_ONLY", "isRestricted": mode == "RESTRICTED"}
    ok(alice.put(f"/api/project/{project.id}.json", json=flags))
    assert bob.post(thread, json={"comment": "x"}).status_code == status
    assert bob.put(one(said), json={"comment": "x"}).status_code == status
    assert bob.delete(one(said)).status_code == status
    say(alice, thread, "A manager may.")


def test_a_guest_reads_but_does_not_write(given, alice, project, thread, said):
    guest = given.person("gustav", role="ROLE_GUEST")
    ok(alice.post(f"/api/project/{project.id}/user/{guest.id}.json"))
    assert rows(guest, thread) == [said]
    assert guest.post(thread, json={"comment": "x"}).status_code == 403


def test_who_sees_the_annotation_no_more_reads_nothing_of_it(alice, bob, project, image, thread, said):
    of_image = f"/api/atrisys/imageinstance/{image.id}/comment.json"
    assert "AnnotationComment" in bob.get("/api/atrisys/changes?since=0").text
    ok(alice.put(f"/api/project/{project.id}.json", json={"hideAdminsLayers": True}))
    assert [bob.get(path).status_code for path in (thread, one(said))] == [404, 404]
    assert rows(bob, of_image) == []
    assert "AnnotationComment" not in bob.get("/api/atrisys/changes?since=0").text
    assert bob.delete(one(said)).status_code == 404
    ok(alice.put(f"/api/project/{project.id}.json", json={"hideAdminsLayers": False}))
    assert rows(bob, of_image) == [said]


@pytest.mark.parametrize("wrong", [{}, {"comment": " \n "}, {"comment": None}, {"comment": "x" * 10_001}, []])
def test_what_says_nothing_or_too_much_is_refused(bob, thread, wrong):
    assert bob.post(thread, json=wrong).status_code == 400


def test_it_goes_with_the_annotation_comes_back_and_moves_with_the_image(given, alice, bob, image, drawn, thread, said):
    gone = ok(alice.delete(f"/api/annotation/{drawn.id}.json"))
    ok(undo(alice, gone))
    assert [row["id"] for row in rows(bob, thread)] == [said["id"]]
    other = given.project(alice, [])
    moved = ok(alice.put(f"/api/imageinstance/{image.id}.json", json={"project": other.id}))
    assert bob.get(thread).status_code == 404
    assert [(row["id"], row["edited"]) for row in rows(alice, thread)] == [(said["id"], None)]
    ok(undo(alice, moved))
    assert [row["id"] for row in rows(bob, thread)] == [said["id"]]


def test_it_outlives_its_author_and_goes_with_the_project(ada, alice, bob, db, project, thread, said):
    ok(ada.delete(f"/api/user/{bob.id}.json"))
    [left] = rows(alice, thread)
    assert (left["comment"], left["user"], left["fullName"]) == (said["comment"], None, None)
    ok(alice.delete(f"/api/project/{project.id}.json"))
    assert db.scalar(select(func.count()).select_from(AnnotationComment)) == 0


def test_letters_of_cytomines_clients_are_in_no_thread(given, alice, bob, drawn, thread):
    given.comment(drawn, alice, [bob])
    assert rows(bob, thread) == []
