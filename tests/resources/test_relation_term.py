import pytest
from sqlalchemy import select

from atrisys.store.tables import Relation


@pytest.fixture
def ontology(given, alice):
    return given.ontology(alice)


@pytest.fixture
def terms(given, ontology):
    return [given.term(ontology, name) for name in ("tumour", "gland", "lumen")]


def link(person, parent, child, address="relation/parent/term"):
    return person.post(f"/api/{address}.json", json={"term1": parent.id, "term2": child.id})


def path(parent, child, relation="parent"):
    return f"/api/relation/{relation}/term1/{parent.id}/term2/{child.id}.json"


def test_a_link_is_made_read_and_taken_away_as_the_clients_do(terms, alice):
    parent, child, _ = terms
    answer = link(alice, parent, child)
    assert answer.status_code == 200, answer.text
    row = answer.json()["relationterm"]
    assert (row["term1"], row["term2"], row["term1Id"]) == (parent.id, child.id, parent.id)
    assert alice.get(path(parent, child)).json() == row
    assert alice.get(f"/api/term/{child.id}.json").json()["parent"] == parent.id
    assert alice.delete(path(parent, child)).json()["relationterm"]["id"] == row["id"]
    assert alice.get(path(parent, child)).status_code == 404
    assert alice.get(f"/api/term/{child.id}.json").json()["parent"] is None


def test_a_tree_has_no_circles_no_second_parents_and_one_ontology(given, terms, alice):
    a, b, c = terms
    foreign = given.term(given.ontology(alice))
    assert link(alice, a, b).status_code == 200
    assert link(alice, b, c).status_code == 200
    assert link(alice, a, b).status_code == 409
    assert link(alice, a, c).status_code == 409
    assert link(alice, c, a).status_code == 400
    assert link(alice, a, a).status_code == 400
    assert link(alice, a, foreign).status_code == 400
    assert alice.post("/api/relation/parent/term.json", json={"term1": a.id}).status_code == 400
    assert alice.post("/api/relation/parent/term.json", json={"term1": a.id, "term2": 999999}).status_code == 404


def test_a_term_may_be_added_below_its_parent_at_once(terms, alice):
    body = {"name": "cell", "ontology": terms[0].ontology_id, "color": "#000000", "parent": terms[0].id}
    assert alice.post("/api/term.json", json=body).json()["term"]["parent"] == terms[0].id


def test_the_same_with_the_relations_id(terms, alice, db):
    relation = db.scalars(select(Relation).where(Relation.name == "parent")).one().id
    parent, child, _ = terms
    assert link(alice, parent, child, f"relation/{relation}/term").status_code == 200
    assert alice.get(path(parent, child, relation)).status_code == 200
    assert alice.delete(path(parent, child, relation)).status_code == 200
    assert link(alice, parent, child, "relation/term").status_code == 200
    assert alice.get(path(parent, child, 999999)).status_code == 404
    assert link(alice, child, parent, "relation/999999/term").status_code == 404


def test_links_by_their_own_id_and_by_their_terms(terms, alice):
    a, b, c = terms
    first, second = (link(alice, *pair).json()["relationterm"]["id"] for pair in ((a, b), (b, c)))
    assert alice.get(f"/api/relation/term/{first}.json").json()["term2"] == b.id
    listed = alice.get(f"/api/relation/term/{b.id}.json").json()["collection"]
    assert [row["id"] for row in listed] == [first, second]
    for side, expected in ((1, [second]), (2, [first])):
        rows = alice.get(f"/api/relation/term/{side}/{b.id}.json").json()["collection"]
        assert [row["id"] for row in rows] == expected
    assert alice.get(f"/api/relation/term/3/{b.id}.json").status_code == 400
    assert alice.delete(f"/api/relation/term/{second}.json").status_code == 200
    assert alice.get(f"/api/relation/term/{second}.json").status_code == 404


def test_a_link_can_be_turned_round_but_not_into_a_circle(terms, alice):
    a, b, c = terms
    id = link(alice, a, b).json()["relationterm"]["id"]
    link(alice, b, c)
    turned = alice.put(f"/api/relation/term/{id}.json", json={"term1Id": b.id, "term2Id": a.id})
    assert (turned.json()["relationterm"]["id"], turned.json()["relationterm"]["term1"]) == (id, b.id)
    assert alice.put(f"/api/relation/term/{id}.json", json={"term1": c.id, "term2": b.id}).status_code == 400
    stale = alice.put(f"/api/relation/term/{id}.json", json={"term1": a.id, "term2": b.id}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412


def test_a_stranger_sees_no_link_and_a_contributor_changes_none(given, ontology, terms, ada, alice, bob, charlie):
    parent, child, last = terms
    id = link(alice, parent, child).json()["relationterm"]["id"]
    for address in (path(parent, child), f"/api/relation/term/{id}.json", f"/api/relation/term/1/{parent.id}.json"):
        assert charlie.get(address).status_code == 404
    assert charlie.delete(path(parent, child)).status_code == 404
    assert link(charlie, child, last).status_code == 404
    given.project(ada, [bob], ontology)
    assert bob.get(path(parent, child)).status_code == 200
    assert bob.delete(path(parent, child)).status_code == 403
    assert link(bob, child, last).status_code == 403
    assert bob.put(f"/api/relation/term/{id}.json", json={"term1": child.id, "term2": last.id}).status_code == 403
