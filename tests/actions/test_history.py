import orjson
import pytest
from sqlalchemy import null, select

from atrisys.actions import history
from atrisys.errors import Duplicate, InUse
from atrisys.store.ids import take_ids
from atrisys.store.tables import AbstractImage, Change, Ontology, SecUser, Term


def changes(db, *ids):
    query = select(Change).where(Change.object_id.in_(ids)).order_by(Change.seq)
    return db.scalars(query).all()


def test_each_write_leaves_one_line_with_before_and_after(store, given, alice):
    ontology = given.ontology(alice)
    with store.writing() as db:
        term = history.add(db, alice.caller, Term(name="a", ontology_id=ontology.id, color="#000000"))
    with store.writing() as db:
        row = db.get_one(Term, term.id)
        history.edit(db, alice.caller, row, name="b", color="#000000")
        history.edit(db, alice.caller, row, name="b")
    with store.writing() as db:
        history.delete(db, alice.caller, db.get_one(Term, term.id))
    with store.reading() as db:
        added, edited, deleted = changes(db, term.id)
        assert (added.before, orjson.loads(added.after)["name"]) == (None, "a")
        assert (orjson.loads(edited.before)["name"], orjson.loads(edited.after)["name"]) == ("a", "b")
        assert (orjson.loads(deleted.before)["name"], deleted.after) == ("b", None)
        assert [row.version for row in (added, edited, deleted)] == [1, 2, 2]
        assert {row.container_id for row in (added, edited, deleted)} == {ontology.id}
        assert {row.user_id for row in (added, edited, deleted)} == {alice.id}


def test_what_one_transaction_does_is_one_step(store, given, alice):
    ontology = given.ontology(alice)
    rows = [{"name": f"t{n}", "ontology_id": ontology.id, "color": "#000000"} for n in range(3)]
    with store.writing() as db:
        first = history.add_many(db, alice.caller, Term, rows[:2])
        second = history.add_many(db, alice.caller, Term, rows[2:])
    with store.writing() as db:
        third = history.add(db, alice.caller, Term(name="x", ontology_id=ontology.id, color="#000000"))
    with store.reading() as db:
        steps = [row.transaction_id for row in changes(db, *first, *second, third.id)]
        assert steps[0] == steps[1] == steps[2] != steps[3]


def test_numbers_are_given_once_and_grow(store):
    with store.writing() as db:
        first, second = take_ids(db, 3), take_ids(db, 2)
    assert list(second) == [first[-1] + 1, first[-1] + 2]


def test_secrets_are_never_in_the_log(store, given, alice):
    with store.reading() as db:
        user = db.get_one(SecUser, alice.id)
        said = "".join((row.before or "") + (row.after or "") for row in changes(db, alice.id))
        assert user.username in said
        assert "password_hash" not in said
        assert "private_key" not in said
        assert alice.private_key not in said


def test_a_taken_name_is_refused_and_the_rest_of_the_transaction_stands(store, given, alice):
    ontology = given.ontology(alice)
    with store.writing() as db:
        history.add(db, alice.caller, Term(name="a", ontology_id=ontology.id, color="#000000"))
        with pytest.raises(Duplicate, match="named a"):
            history.add(db, alice.caller, Term(name="a", ontology_id=ontology.id, color="#000000"))
        history.add(db, alice.caller, Term(name="b", ontology_id=ontology.id, color="#000000"))
    with store.reading() as db:
        assert set(db.scalars(select(Term.name).where(Term.ontology_id == ontology.id))) == {"a", "b"}


def test_what_others_stand_on_cannot_be_deleted(store, given, alice):
    term = given.term(given.ontology(alice))
    with store.writing() as db, pytest.raises(InUse):
        history.delete(db, alice.caller, db.get_one(Ontology, term.ontology_id))


def test_many_are_edited_and_deleted_in_batches_each_with_its_line(store, given, alice, monkeypatch):
    monkeypatch.setattr(history, "BATCH", 3)
    ontology = given.ontology(alice)
    with store.writing() as db:
        rows = [{"name": f"t{n}", "ontology_id": ontology.id, "color": "#000000"} for n in range(8)]
        ids = history.add_many(db, alice.caller, Term, rows)
        here = Term.ontology_id == ontology.id
        assert history.edit_many(db, alice.caller, Term, here, lambda term: {"comment": term.name}) == 8
        assert history.edit_many(db, alice.caller, Term, here, lambda term: {"comment": term.name}) == 0
        assert history.delete_where(db, alice.caller, Term, here) == 8
    with store.reading() as db:
        assert len(changes(db, *ids)) == 24
        assert len({row.seq for row in changes(db, *ids)}) == 24


def test_a_savepoint_that_is_undone_does_not_name_the_transaction(store, given, alice):
    ontology = given.ontology(alice)
    row = {"name": "a", "ontology_id": ontology.id, "color": "#000000"}
    with store.writing() as db:
        undone = db.begin_nested()
        with db.begin_nested():
            history.add_many(db, alice.caller, Term, [{**row, "name": f"t{n}"} for n in range(5)])
        undone.rollback()
        kept = history.add_many(db, alice.caller, Term, [row])
        with db.begin_nested():
            kept += history.add_many(db, alice.caller, Term, [{**row, "name": "b"}])
    with store.reading() as db:
        first, second = changes(db, *kept)
        assert first.transaction_id == second.transaction_id == first.seq


def test_what_comes_back_has_its_id_and_counts_its_versions_on(store, given, alice):
    term = given.term(given.ontology(alice), "a")
    with store.writing() as db:
        history.delete(db, alice.caller, db.get_one(Term, term.id))
    with store.writing() as db:
        before = orjson.loads(changes(db, term.id)[-1].before)
        history.bring_back(db, alice.caller, Term, [before])
    with store.reading() as db:
        row = db.get_one(Term, term.id)
        assert (row.name, row.created, row.version) == ("a", term.created, term.version + 1)
        assert orjson.loads(changes(db, term.id)[-1].after)["name"] == "a"


def test_what_was_null_comes_back_as_null(store, given, alice):
    image = given.abstract_image(alice, planes=())
    is_null = select(AbstractImage.facts.is_(null())).where(AbstractImage.id == image.id)
    with store.writing() as db:
        assert db.scalar(is_null)
        history.delete(db, alice.caller, db.get_one(AbstractImage, image.id))
        history.bring_back(db, alice.caller, AbstractImage, [orjson.loads(changes(db, image.id)[-1].before)])
        assert db.scalar(is_null)


def test_lines_of_the_log_are_values_in_the_order_of_its_columns():
    """SQLite would take them in any other order as well."""
    about = ("seq", "transaction_id", "created", "user_id", "door", "request_id", "class_name", "object_id", "version")
    assert tuple(Change.__table__.columns.keys()) == (*about, "container_id", "owner_id", "before", "after")
