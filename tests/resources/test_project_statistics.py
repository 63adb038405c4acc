import pytest

from atrisys.wire.activity import DAY_MS
from counting import statements


@pytest.fixture
def ontology(given, alice):
    return given.ontology(alice)


@pytest.fixture
def terms(given, ontology, alice):
    """A parent with a child, and one more."""
    made = {name: given.term(ontology, name) for name in ("tissue", "nucleus", "fat")}
    ids = {"term1": made["tissue"].id, "term2": made["nucleus"].id}
    assert alice.post("/api/relation/parent/term.json", json=ids).status_code == 200
    return made


def make_project(given, alice, bob, ontology, terms, **settings):
    """bob drew a nucleus on each of two images and fat on one; alice drew a nucleus that bears no term as well."""
    project = given.project(alice, [bob], ontology, **settings)
    project.images = [given.image(project, alice) for _ in range(2)]
    first, second = project.images
    given.annotation(first, bob, terms=[terms["nucleus"]])
    given.annotation(second, bob, terms=[terms["nucleus"], terms["fat"]])
    given.annotation(second, alice)
    return project


@pytest.fixture
def project(given, alice, bob, ontology, terms):
    return make_project(given, alice, bob, ontology, terms)


def rows(person, project, name, **query):
    answer = person.get(f"/api/project/{project.id}/stats/{name}.json", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["collection"]


def values(found):
    return {row["key"]: row["value"] for row in found}


def test_annotations_are_counted_by_term(alice, project, terms):
    found = rows(alice, project, "term")
    assert values(found) == {"nucleus": 2, "fat": 1, None: 1}
    assert found[0]["id"] == terms["nucleus"].id
    assert found[0]["username"] == "nucleus"
    assert found[0]["color"] == terms["nucleus"].color
    assert values(rows(alice, project, "term", leafOnly=False)) == {"tissue": 0, "nucleus": 2, "fat": 1, None: 1}
    assert values(rows(alice, project, "term", startDate=2**42)) == {"nucleus": 0, "fat": 0, None: 0}


def test_the_row_without_a_term_is_the_last_one_of_the_last_page(alice, project):
    pages = [values(rows(alice, project, "term", max=2, offset=offset)) for offset in (0, 2, 3)]
    assert pages == [{"nucleus": 2, "fat": 1}, {None: 1}, {}]
    assert list(values(rows(alice, project, "term", sort="value"))) == ["fat", "nucleus", None]


def test_images_are_counted_by_term_and_by_user(alice, project):
    assert values(rows(alice, project, "termslide")) == {"tissue": 0, "nucleus": 2, "fat": 1, None: 1}
    assert values(rows(alice, project, "userslide")) == {"alice": 1, "bob": 2}


def test_annotations_are_counted_by_image_and_term(alice, project, terms):
    found = {(row["image"], row["term"]): row["countAnnotations"] for row in rows(alice, project, "termimage")}
    first, second = project.images
    assert found == {
        (first.id, terms["nucleus"].id): 1,
        (second.id, terms["nucleus"].id): 1,
        (second.id, terms["fat"].id): 1,
    }
    assert len(rows(alice, project, "termimage", max=2, offset=2)) == 1


def test_annotations_are_counted_by_user_and_term(alice, project):
    assert values(rows(alice, project, "user")) == {"alice": 1, "bob": 2}
    found = {
        row["key"]: {one["name"]: one["value"] for one in row["terms"]}
        for row in rows(alice, project, "userannotations")
    }
    assert found == {
        "alice": {"tissue": 0, "nucleus": 0, "fat": 0},
        "bob": {"tissue": 0, "nucleus": 2, "fat": 1},
    }


def test_annotations_are_counted_over_time(alice, project, terms):
    until = project.created + 2 * DAY_MS
    [last, first] = rows(alice, project, "annotationevolution", endDate=until)
    assert (first["date"], first["endDate"], first["size"]) == (project.created, project.created + DAY_MS, 3)
    assert (last["size"], last["date"]) == (3, project.created + DAY_MS)
    query = {"endDate": until, "accumulate": False, "reverseOrder": False, "term": terms["fat"].id}
    assert [row["size"] for row in rows(alice, project, "annotationevolution", **query)] == [1, 0]


def test_activity_is_counted_over_time(given, alice, bob, project):
    image, until = project.images[0], project.created + DAY_MS
    given.connection(project, bob)
    for _ in range(2):
        given.consultation(image, bob)
    given.action(image, bob)
    given.action(image, bob, action="open")
    for name, size in (("connections", 1), ("imageconsultations", 2), ("annotationactions", 2)):
        assert [row["size"] for row in rows(bob, project, f"{name}evolution", endDate=until)] == [size], name
    assert [row["size"] for row in rows(bob, project, "annotationactionsevolution", endDate=until, type="open")] == [1]


NAMES = ("term", "termslide", "termimage", "user", "userslide", "userannotations", "annotationevolution")


@pytest.mark.parametrize("name", NAMES)
def test_each_costs_a_few_statements_whatever_the_number_of_terms_and_members(
    given, alice, project, store, ontology, name
):
    def asked():
        with statements(store) as seen:
            rows(alice, project, name)
        return len(seen)

    before = asked()
    for _ in range(5):
        given.term(ontology)
        alice.post(f"/api/project/{project.id}/user/{given.person().id}.json")
    assert asked() == before


def test_hidden_layers_do_not_count(given, alice, bob, ontology, terms):
    project = make_project(given, alice, bob, ontology, terms, hide_admins_layers=True)
    assert values(rows(bob, project, "user")) == {"alice": 0, "bob": 2}
    assert values(rows(bob, project, "term"))[None] == 0
    assert rows(bob, project, "annotationevolution")[0]["size"] == 2
    assert values(rows(alice, project, "user")) == {"alice": 1, "bob": 2}


def test_a_stranger_is_told_no_numbers(charlie, alice, project):
    for name in (*NAMES, "connectionsevolution", "imageconsultationsevolution", "annotationactionsevolution"):
        assert charlie.get(f"/api/project/{project.id}/stats/{name}.json").status_code == 404
    query = {"daysRange": 0}
    assert alice.get(f"/api/project/{project.id}/stats/annotationevolution.json", params=query).status_code == 400
