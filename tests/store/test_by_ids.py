from sqlalchemy import select

from atrisys.store.by_ids import AT_ONCE, objects_for, pairs_for, rows_for
from atrisys.store.tables import Ontology


def test_more_ids_than_one_query_takes_are_asked_for_in_parts(given, alice, db):
    first, second = given.ontology(alice, "a"), given.ontology(alice, "b")
    many = [first.id, *range(10**9, 10**9 + 4 * AT_ONCE), second.id, None]
    assert sorted(row[0] for row in rows_for(db, select(Ontology.id), Ontology.id, many)) == [first.id, second.id]
    assert pairs_for(db, select(Ontology.id, Ontology.name), Ontology.id, many) == {first.id: "a", second.id: "b"}
    assert set(objects_for(db, Ontology, many)) == {first.id, second.id}


def test_no_ids_ask_nothing(db):
    assert objects_for(db, Ontology, [None]) == {}
