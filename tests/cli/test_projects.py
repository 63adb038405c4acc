import json

import pytest
from sqlalchemy import select

from atrisys.store.tables import Ontology, Project, ProjectMember, RelationTerm, SecUser, Term
from given import slides

TERMS = [
    {"name": "Tissue", "color": "#7f0055", "children": [{"name": "Tumour", "color": "#aa3377"}, {"name": "Stroma"}]},
    {"name": "Artefact", "color": "#000000"},
]


@pytest.fixture
def ontology(tmp_path):
    file = tmp_path / "terms.json"
    file.write_text(json.dumps({"name": "Skin", "terms": TERMS}), encoding="utf-8")
    return file


def people_of(db, project):
    query = select(SecUser.username, ProjectMember.is_manager, ProjectMember.is_representative)
    query = query.join(ProjectMember, ProjectMember.user_id == SecUser.id).where(ProjectMember.project_id == project)
    return {name: (manager, representative) for name, manager, representative in db.execute(query)}


def test_a_project_gets_its_members_and_its_tree_of_terms(installation, ontology):
    for name in ("ada", "bob", "alice"):
        installation.run("user", "add", name)
    members = ["--member", "bob:contributor", "--member", "alice:manager", "--member", "ada:manager"]
    made = installation.json("project", "add", "Breast Cancer Project", "--ontology", ontology, *members)
    with installation.reading() as db:
        assert db.get_one(Project, made["id"]).name == "Breast Cancer Project"
        assert people_of(db, made["id"]) == {
            "alice": (True, True),
            "ada": (True, False),
            "bob": (False, False),
        }
        row = db.get_one(Ontology, made["ontology"])
        assert db.get_one(SecUser, row.user_id).username == "alice"
        terms = {term.id: term for term in db.scalars(select(Term).where(Term.ontology_id == row.id))}
        assert {term.name: term.color for term in terms.values()}["Tumour"] == "#AA3377"
        links = db.scalars(select(RelationTerm).where(RelationTerm.ontology_id == row.id))
        tree = {(terms[link.term1_id].name, terms[link.term2_id].name) for link in links}
        assert tree == {("Tissue", "Tumour"), ("Tissue", "Stroma")}


def test_without_a_manager_the_first_administrator_becomes_one(installation):
    installation.run("user", "add", "bob")
    assert "needs a manager" in installation.run("project", "add", "Skin", status=1).stderr
    installation.run("user", "add", "ada", "--role", "admin")
    made = installation.json("project", "add", "Skin", "--member", "bob:contributor", "--member", "ada:contributor")
    with installation.reading() as db:
        assert people_of(db, made["id"]) == {"ada": (True, True), "bob": (False, False)}


def test_the_same_ontology_serves_several_projects(installation, ontology):
    installation.run("user", "add", "alice")
    words = ["--ontology", ontology, "--member", "alice:manager"]
    first, second = (installation.json("project", "add", name, *words) for name in ("A", "B"))
    assert first["ontology"] == second["ontology"]
    ontology.write_text(json.dumps({"name": "Skin", "terms": TERMS[:1]}), encoding="utf-8")
    assert "other terms" in installation.run("project", "add", "C", *words, status=1).stderr


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "[" * 100_000,
        '{"terms": []}',
        '{"name": "x", "terms": [{"color": "#112233"}]}',
        '{"name": "x", "terms": [{"name": "a", "color": "red"}]}',
    ],
)
def test_a_file_that_is_no_ontology_leaves_nothing_behind(installation, tmp_path, content):
    installation.run("user", "add", "alice")
    file = tmp_path / "bad.json"
    file.write_text(content)
    done = installation.run("project", "add", "A", "--ontology", file, "--member", "alice:manager", status=1)
    assert "Traceback" not in done.stderr
    with installation.reading() as db:
        assert db.scalars(select(Project)).all() == []
        assert db.scalars(select(Ontology)).all() == []


@pytest.mark.parametrize("member", ["alice", "alice:boss", ":manager", "nobody:manager"])
def test_a_member_that_cannot_be_is_refused(installation, member):
    installation.run("user", "add", "alice")
    installation.run("project", "add", "A", "--member", member, "--member", "alice:manager", status=1)


def test_an_ontology_file_that_holds_no_object_is_refused_with_an_example(installation, tmp_path):
    (tmp_path / "list.json").write_text("[]")
    done = installation.run("project", "add", "Skin", "--ontology", tmp_path / "list.json", status=1)
    assert '{"name": …, "terms": [{"name": …}, …]}' in done.stderr


def test_a_name_that_is_taken_is_refused_and_leaves_no_ontology(installation, ontology):
    installation.run("user", "add", "alice")
    installation.run("project", "add", "A", "--member", "alice:manager")
    done = installation.run("project", "add", "A", "--ontology", ontology, "--member", "alice:manager", status=1)
    assert "already" in done.stderr
    with installation.reading() as db:
        assert db.scalars(select(Ontology)).all() == []


def test_projects_are_listed_with_their_images_and_managers(installation, tmp_path):
    skin, lung = installation.project("skin", "Dermis"), installation.project("Lung")
    installation.run("import", slides.svs(tmp_path / "a.svs"), "--project", skin)
    first, second = installation.lines("project", "list")
    assert first == {"id": lung, "name": "Lung", "ontology": None, "images": 0, "members": 1, "managers": ["alice"]}
    assert (second["id"], second["images"]) == (skin, 1)
    assert second["ontology"] is not None
    assert installation.lines("project", "list", "--json") == [first, second]
