"""What is said of objects goes with them and moves with them, whichever way they go."""

import orjson
import pytest
from sqlalchemy import func, select

from atrisys.actions import history
from atrisys.actions.clear_annotations import clear_annotations
from atrisys.store.tables import AttachedFile, Change, Property
from atrisys.store.tables.metadata import METADATA


@pytest.fixture
def say(given, ada):
    """Says all that can be said of an object; gives the ids of what was said."""

    def say(row):
        tag = given.tag(ada)
        rows = given.property(row), given.description(row), given.attached_file(row), given.tagged(row, tag)
        return [one.id for one in rows]

    return say


def left(db):
    return sum(db.scalar(select(func.count()).select_from(kind)) or 0 for kind in METADATA)


def tombstones(db, ids):
    query = select(Change.object_id).where(Change.object_id.in_(ids), Change.after.is_(None))
    return sorted(db.scalars(query))


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Project", "project"),
        ("ImageInstance", "imageinstance"),
        ("UserAnnotation", "annotation"),
        ("SliceInstance", "sliceinstance"),
        ("Term", "term"),
        ("Tag", "tag"),
        ("UploadedFile", "uploadedfile"),
    ],
)
def test_deleting_an_object_takes_what_is_said_of_it(given, db, alice, say, name, address):
    row = given.objects(alice)[name]
    said = say(row)
    others = say(given.project(alice))
    assert alice.delete(f"/api/{address}/{row.id}.json").status_code == 200
    assert tombstones(db, said) == sorted(said)
    assert (left(db), tombstones(db, others)) == (len(others), [])


def test_deleting_a_project_takes_what_is_said_of_all_that_is_in_it(given, db, alice, say):
    objects = given.objects(alice)
    inside = [objects[name] for name in ("Project", "ImageInstance", "SliceInstance", "UserAnnotation")]
    said = [id for row in [*inside, objects["AnnotationTerm"]] for id in say(row)]
    outside = say(objects["AbstractImage"])
    assert alice.delete(f"/api/project/{objects['Project'].id}.json").status_code == 200
    assert tombstones(db, said) == sorted(said)
    assert left(db) == len(outside)


def test_the_log_tells_what_was_said_before_the_object_itself_goes(given, db, alice, say):
    project = given.project(alice)
    said = say(project)
    alice.delete(f"/api/project/{project.id}.json")
    gone = db.scalars(select(Change).where(Change.after.is_(None)).order_by(Change.seq)).all()
    assert {change.object_id for change in gone[-5:-1]} == set(said)
    assert gone[-1].object_id == project.id
    assert len({change.transaction_id for change in gone}) == 1
    before = next(orjson.loads(change.before or "") for change in gone if change.class_name == "Property")
    assert (before["key"], before["value"]) == ("stain", "H&E")


def test_the_bytes_of_files_go_with_the_object(given, store, alice):
    project = given.project(alice)
    kept = store.folder.path_of(given.attached_file(project).kept_name)
    assert kept.is_file()
    alice.delete(f"/api/project/{project.id}.json")
    assert not kept.exists()


def test_bytes_stay_where_the_deletion_is_undone(given, store, alice):
    file = given.attached_file(given.project(alice))
    with store.session(writes=True) as db:
        history.delete(db, alice.caller, db.get_one(AttachedFile, file.id))
        db.rollback()
    assert store.folder.path_of(file.kept_name).is_file()


def test_many_annotations_go_with_all_that_is_said_of_them(given, store, db, alice):
    image = given.image(given.project(alice), alice)
    drawing = {"location": "POINT (5 5)", "image": image.id, "properties": {"a": "1", "b": "2"}}
    alice.post("/api/annotation.json", json=[drawing] * 50)
    assert left(db) == 100
    with store.writing() as writing:
        clear_annotations(writing, alice.caller, lambda kind: kind.image_id == image.id)
    assert left(db) == 0
    deleted = select(func.count()).where(Change.class_name == "Property", Change.after.is_(None))
    assert db.scalar(deleted) == 100


def test_what_is_said_is_filed_where_its_object_is_moved_to(given, db, alice, bob):
    first, second = given.project(alice), given.project(alice, [bob])
    image = given.image(first, alice)
    annotation = given.annotation(image, alice)
    said = {given.property(image).id, given.property(annotation).id}
    assert alice.put(f"/api/imageinstance/{image.id}.json", json={"project": second.id}).status_code == 200
    homes = db.execute(select(Property.container_id, Property.owner_id).where(Property.id.in_(said))).all()
    assert sorted(homes, key=str) == sorted([(second.id, None), (second.id, alice.id)], key=str)
    feed = bob.get("/api/atrisys/changes").json()["collection"]
    assert {change["id"] for change in feed if change["class"] == "Property"} == said
    assert bob.get(f"/api/imageinstance/{image.id}/property.json").json()["size"] == 1


def test_the_feed_tells_strangers_and_other_layers_nothing(given, alice, bob, charlie):
    project = given.project(alice, [bob], hide_admins_layers=True)
    annotation = given.annotation(given.image(project, alice), alice)
    hidden, seen = given.property(annotation), given.property(project)
    for person, expected in ((alice, {hidden.id, seen.id}), (bob, {seen.id}), (charlie, set())):
        feed = person.get("/api/atrisys/changes").json()["collection"]
        assert {change["id"] for change in feed if change["class"] == "Property"} == expected
