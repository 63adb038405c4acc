"""How many annotations lie where, and whose they are: what the database keeps is what one would count."""

import pytest
from sqlalchemy import func, select

from atrisys.store.tables import COUNTS_OF, UserAnnotation
from given.annotations import SQUARE
from undoing import ok, redo, undo


@pytest.fixture
def numbers(db):
    """Of drawn and of accepted annotations, all in all; each time counted by slice, person, image and project too."""

    def number(kind, counts):
        place = kind.slice_id, kind.user_id, kind.image_id, kind.project_id
        counted = db.execute(select(*place, func.count()).group_by(*place).order_by(*place)).all()
        own = counts.slice_id, counts.user_id, counts.image_id, counts.project_id
        kept = db.execute(select(*own, counts.number).where(counts.number != 0).order_by(*own)).all()
        assert list(map(tuple, kept)) == list(map(tuple, counted))
        return sum(row[-1] for row in kept)

    return lambda: tuple(number(kind, counts) for kind, counts in COUNTS_OF.items())


def test_they_follow_whatever_happens(given, alice, bob, numbers):
    project, other = given.project(alice, [bob]), given.project(alice)
    image, second = given.image(project, alice), given.image(project, alice)
    drawn = given.annotation(image, bob, SQUARE)
    many = alice.post("/api/annotation.json", json=[{"location": SQUARE, "image": image.id}] * 3)
    given.annotation(second, alice, SQUARE)
    assert many.status_code == 200
    assert numbers() == (5, 0)

    alice.post(f"/api/imageinstance/{image.id}/review.json")
    ok(alice.post(f"/api/annotation/{drawn.id}/review.json", json={}))
    assert numbers() == (5, 1)

    gone = ok(bob.delete(f"/api/annotation/{drawn.id}.json"))
    assert numbers() == (4, 1)
    ok(undo(bob, gone))
    assert numbers() == (5, 1)
    ok(redo(bob, gone))
    assert numbers() == (4, 1)

    moved = ok(alice.put(f"/api/imageinstance/{image.id}.json", json={"project": other.id}))
    assert numbers() == (4, 1)
    assert moved["imageinstance"]["numberOfAnnotations"] == 3

    ok(alice.delete(f"/api/imageinstance/{image.id}.json"))
    assert numbers() == (1, 0)


def test_an_images_numbers_go_with_it(given, alice, db):
    image = given.image(given.project(alice), alice)
    given.annotation(image, alice, SQUARE)
    kept = select(func.count()).where(COUNTS_OF[UserAnnotation].image_id == image.id)
    assert db.scalar(kept) == 1
    ok(alice.delete(f"/api/imageinstance/{image.id}.json"))
    assert db.scalar(kept) == 0


@pytest.mark.parametrize("what", [{}, {"reviewed": "true"}, {"users": "alice"}, {"users": "nobody"}])
@pytest.mark.parametrize("where", ["project", "image", "images", "slice"])
def test_a_listing_says_as_many_as_it_has(given, alice, bob, where, what):
    project = given.project(alice, [bob])
    image, second = given.image(project, alice), given.image(project, alice)
    for person, place in ((alice, image), (bob, image), (bob, second)):
        given.annotation(place, person, SQUARE)
    plane = ok(alice.get(f"/api/imageinstance/{image.id}/sliceinstance.json"))["collection"][0]["id"]
    named = {"project": project.id, "image": image.id, "images": f"{image.id},{second.id}", "slice": plane}
    people = {"alice": alice.id, "nobody": 0}
    asked = {name: people.get(value, value) for name, value in what.items()}
    rows = ok(alice.get("/api/annotation.json", params={where: named[where], **asked}))
    assert rows["size"] == len(rows["collection"])


def test_hidden_layers_are_not_counted(given, alice, bob, charlie):
    project = given.project(alice, [bob, charlie], hide_users_layers=True)
    image = given.image(project, alice)
    for person in (alice, bob, charlie):
        given.annotation(image, person, SQUARE)
    assert ok(alice.get(f"/api/annotation.json?image={image.id}"))["size"] == 3
    assert ok(bob.get(f"/api/annotation.json?image={image.id}"))["size"] == 2
    asked = f"/api/project/{project.id}/imageinstance.json?numberOfAnnotations[equals]="
    assert (ok(bob.get(asked + "2"))["size"], ok(bob.get(asked + "3"))["size"]) == (1, 0)
