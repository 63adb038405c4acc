import pytest
from sqlalchemy import select

from atrisys.access.visible import get_row
from atrisys.actions.place_term import place_term
from atrisys.store.tables import Change, RelationTerm, Term
from counting import statements


def ids(answer):
    return [row["id"] for row in answer.json()["collection"]]


@pytest.fixture
def nested(given, alice):
    """An ontology with the terms tumour > (gland, stroma) and mitosis."""
    ontology = given.ontology(alice, "H&E")
    tumour, gland, stroma, _ = (given.term(ontology, name) for name in ("tumour", "gland", "stroma", "mitosis"))
    with given.writing() as db:
        for child in (gland, stroma):
            place_term(db, given.maker, get_row(db, given.maker, Term, tumour.id), child)
    return ontology


def test_an_ontology_is_added_shown_renamed_listed_and_deleted(alice):
    answer = alice.post("/api/ontology.json", json={"name": "Colon"})
    assert answer.status_code == 200, answer.text
    ontology = answer.json()["ontology"]
    assert (ontology["name"], ontology["title"], ontology["data"]) == ("Colon", "Colon", "Colon")
    assert (ontology["user"], ontology["key"], ontology["isFolder"]) == (alice.id, ontology["id"], True)
    assert (ontology["children"], ontology["projects"]) == ([], [])
    path = f"/api/ontology/{ontology['id']}.json"
    assert alice.put(path, json={**ontology, "name": "Rectum"}).json()["ontology"]["name"] == "Rectum"
    assert alice.get(path).headers["etag"] == '"2"'
    assert alice.put(path, json={"name": "Stale"}, headers={"If-Match": '"1"'}).status_code == 412
    assert ids(alice.get("/api/ontology.json")) == [ontology["id"]]
    assert alice.delete(path).json()["ontology"]["name"] == "Rectum"
    assert alice.get(path).status_code == 404


def test_the_tree_of_terms_comes_with_it(nested, alice):
    ontology = alice.get(f"/api/ontology/{nested.id}.json").json()
    tumour, mitosis = ontology["children"]
    assert [child["name"] for child in tumour["children"]] == ["gland", "stroma"]
    assert {child["parent"] for child in tumour["children"]} == {tumour["id"]}
    assert (tumour["isFolder"], mitosis["isFolder"], mitosis["children"]) == (True, False, [])
    assert (tumour["title"], tumour["checked"], tumour["class"]) == (
        "tumour",
        False,
        "be.cytomine.domain.ontology.Term",
    )
    parents = {term["name"]: term["parent"] for term in ontology["terms"]}
    assert parents == {"tumour": None, "mitosis": None, "gland": tumour["id"], "stroma": tumour["id"]}


def test_terms_in_a_circle_do_not_hang_the_tree(nested, alice, db):
    links = db.scalars(select(RelationTerm)).all()
    for link in links:
        link.term1_id, link.term2_id = link.term2_id, link.term1_id
    tumour = links[0].term2_id
    db.add(
        RelationTerm(
            id=999_999,
            relation_id=links[0].relation_id,
            term1_id=tumour,
            term2_id=links[0].term1_id,
            ontology_id=nested.id,
        )
    )
    db.commit()
    assert alice.get(f"/api/ontology/{nested.id}.json").status_code == 200


def test_an_array_of_ontologies_keeps_the_good_ones(alice):
    answer = alice.post("/api/ontology.json", json=[{"name": "a"}, {"name": "a"}, {"name": ""}])
    assert (answer.status_code, len(answer.json()["ids"])) == (206, 1)
    assert alice.post("/api/ontology.json", json=[]).status_code == 200
    assert alice.post("/api/ontology.json", json={"name": "a"}).status_code == 409


def test_a_stranger_sees_no_ontology(nested, charlie, nobody):
    path = f"/api/ontology/{nested.id}"
    answers = [
        charlie.get(f"{path}.json"),
        charlie.put(f"{path}.json", json={"name": "x"}),
        charlie.delete(f"{path}.json"),
    ]
    answers += [charlie.get(f"{path}/user.json"), charlie.get(f"{path}/export"), charlie.get(f"{path}/project.json")]
    assert {answer.status_code for answer in answers} == {404}
    assert charlie.get("/api/ontology.json").json()["size"] == 0
    assert charlie.get("/api/ontology_light.json").json()["size"] == 0
    assert nobody.get(f"{path}.json").status_code == 401


def test_members_read_it_and_managers_edit_it_but_guests_add_none(given, ada, alice, bob):
    ontology = given.ontology(ada)
    given.project(alice, [bob], ontology)
    path = f"/api/ontology/{ontology.id}.json"
    assert bob.get(path).status_code == 200
    assert bob.put(path, json={"name": "mine"}).status_code == 403
    assert bob.delete(path).status_code == 403
    assert alice.put(path, json={"name": "ours"}).status_code == 200
    guest = given.person("greta", role="ROLE_GUEST")
    assert guest.post("/api/ontology.json", json={"name": "x"}).status_code == 403


def test_a_contributor_cannot_make_themselves_editor_with_a_project_of_their_own(given, alice, bob):
    """What a review found: Bob's own project with Alice's ontology let him delete her labels."""
    ontology = given.ontology(alice)
    term = given.term(ontology, "tumour")
    given.project(alice, [bob], ontology)
    own = given.project(bob)
    made = bob.post("/api/project.json", json={"name": "mine", "ontology": ontology.id})
    changed = bob.put(f"/api/project/{own.id}.json", json={"ontology": ontology.id})
    assert (made.status_code, changed.status_code) == (403, 403)
    assert bob.put(f"/api/term/{term.id}.json", json={"name": "x"}).status_code == 403
    assert bob.delete(f"/api/term/{term.id}.json").status_code == 403


def test_a_manager_of_one_of_its_projects_gives_it_to_another_but_edits_it_only_as_manager_of_all(given, alice, bob):
    ontology = given.ontology(given.person("olga"))
    term = given.term(ontology, "tumour")
    given.project(alice, [], ontology)
    given.project(bob, [], ontology)
    made = bob.post("/api/project.json", json={"name": "another", "ontology": ontology.id})
    assert made.status_code == 200, made.text
    assert bob.put(f"/api/term/{term.id}.json", json={"name": "x"}).status_code == 403
    assert bob.delete(f"/api/term/{term.id}.json").status_code == 403
    more = {"name": "y", "color": "#ffffff", "ontology": ontology.id}
    assert bob.post("/api/term.json", json=more).status_code == 403


def test_a_project_says_who_may_edit_its_ontology(given, alice, bob, charlie):
    """Its creator, who only works in the project, and who manages all that use it."""
    ontology = given.ontology(bob)
    project = given.project(alice, [bob], ontology)
    path = f"/api/project/{project.id}.json"
    assert [person.get(path).json()["mayEditOntology"] for person in (alice, bob)] == [True, True]
    assert alice.put(path, json=alice.get(path).json()).status_code == 200
    given.project(charlie, [], ontology)
    assert [person.get(path).json()["mayEditOntology"] for person in (alice, bob)] == [False, True]
    bare = given.project(alice)
    assert alice.get(f"/api/project/{bare.id}.json").json()["mayEditOntology"] is False
    assert charlie.get(path).status_code == 404


def test_the_projects_that_use_it_are_told_as_far_as_they_may_be_seen(given, alice, bob, charlie):
    ontology = given.ontology(alice)
    seen = given.project(alice, [bob], ontology)
    hidden = given.project(charlie, [], ontology)
    path = f"/api/ontology/{ontology.id}"
    assert alice.get(f"{path}.json").json()["projects"] == [{"id": seen.id, "name": seen.name}]
    assert [row["username"] for row in alice.get(f"{path}/user.json").json()["collection"]] == ["alice", "bob"]
    refused = alice.delete(f"{path}.json")
    assert refused.status_code == 400
    assert seen.name in refused.json()["errors"]
    assert hidden.name not in refused.text
    assert refused.json()["params"]["count"] == 2


def test_its_terms_and_their_tree_go_with_it(nested, alice, db):
    assert alice.delete(f"/api/ontology/{nested.id}.json").status_code == 200
    assert db.scalars(select(Term)).all() == []
    gone = db.scalars(select(Change.class_name).where(Change.after.is_(None))).all()
    assert sorted(gone) == ["Ontology"] + ["RelationTerm"] * 2 + ["Term"] * 4


def test_light_lists_hold_ids_and_names_alone(given, alice):
    first, second = given.ontology(alice, "a"), given.ontology(alice, "b")
    rows = [{"id": first.id, "name": "a"}, {"id": second.id, "name": "b"}]
    assert alice.get("/api/ontology.json?light=true&sort=name").json()["collection"] == rows
    assert alice.get("/api/ontology_light.json?sort=name&size=1&page=1").json()["collection"] == rows[1:]
    assert ids(alice.get("/api/ontology.json?sort=name&order=desc&max=1")) == [second.id]


def test_the_exported_file_holds_the_tree(nested, alice):
    answer = alice.get(f"/api/ontology/{nested.id}/export")
    assert "attachment" in answer.headers["content-disposition"]
    assert "H%26E.json" in answer.headers["content-disposition"]
    tumour = {"name": "tumour", "color": "#FF0000"}
    leaves = [{"name": name, "color": "#FF0000", "children": []} for name in ("gland", "stroma", "mitosis")]
    assert answer.json() == {"name": "H&E", "terms": [{**tumour, "children": leaves[:2]}, leaves[2]]}


@pytest.mark.parametrize("length", [2, 8])
def test_a_page_of_ontologies_costs_a_fixed_number_of_statements(given, alice, store, length):
    for _ in range(length):
        given.term(given.ontology(alice))
    with statements(store) as asked:
        assert alice.get("/api/ontology.json").json()["size"] == length
    assert len(asked) <= 7, asked
