import pytest


@pytest.fixture
def image(given, alice, bob):
    """Of a project of alice and bob: two annotations of hers, one of his."""
    image = given.image(given.project(alice, [bob]), alice)
    for person in (alice, alice, bob):
        given.annotation(image, person)
    return image


def total(person, path):
    return person.get(path).json()["total"]


def test_a_manager_counts_what_others_drew_and_everybody_their_own(image, alice, bob):
    project = f"project={image.project_id}"
    assert total(alice, f"/api/user/{bob.id}/userannotation/count.json?{project}") == 1
    assert total(bob, f"/api/user/{bob.id}/userannotation/count.json") == 1
    assert bob.get(f"/api/user/{alice.id}/userannotation/count.json?{project}").status_code == 403
    assert bob.get(f"/api/user/{alice.id}/userannotation/count.json").status_code == 403


def test_a_project_counts_its_annotations_between_two_moments(image, bob, charlie):
    path = f"/api/project/{image.project_id}/userannotation/count.json"
    assert total(bob, path) == 3
    assert total(bob, f"{path}?startDate=1&endDate=9999999999999") == 3
    assert total(bob, f"{path}?startDate=9999999999999") == total(bob, f"{path}?endDate=1") == 0
    assert charlie.get(path).status_code == 404


def test_administrators_alone_list_the_ids_of_all(image, ada, alice):
    answer = ada.get("/api/userannotation.json?max=2").json()
    assert answer["size"] == 3
    assert [row["container"] for row in answer["collection"]] == [image.project_id] * 2
    assert alice.get("/api/userannotation.json").status_code == 403


def by_term(person, image, **query):
    answer = person.get(f"/api/atrisys/imageinstance/{image.id}/terms.json", params=query)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return {row["term"]: row["number"] for row in body["terms"]}, body["withoutTerm"], body["total"]


def test_annotations_are_counted_by_term_as_far_as_one_sees_and_asks(given, alice, bob, charlie):
    ontology = given.ontology(alice)
    tumour, stroma = given.term(ontology, "tumour"), given.term(ontology, "stroma")
    image = given.image(given.project(alice, [bob], ontology), alice)
    for person, terms in ((alice, [tumour]), (bob, [tumour, stroma]), (bob, [])):
        given.annotation(image, person, terms=terms)
    assert by_term(bob, image) == ({tumour.id: 2, stroma.id: 1}, 1, 3)
    assert by_term(bob, image, users=bob.id) == ({tumour.id: 1, stroma.id: 1}, 1, 2)
    assert by_term(bob, image, terms=stroma.id) == ({tumour.id: 1, stroma.id: 1}, 0, 1)
    assert by_term(bob, image, reviewed="true") == ({}, 0, 0)
    assert charlie.get(f"/api/atrisys/imageinstance/{image.id}/terms.json").status_code == 404
    assert alice.put(f"/api/project/{image.project_id}.json", json={"hideAdminsLayers": True}).status_code == 200
    assert by_term(bob, image) == ({tumour.id: 1, stroma.id: 1}, 1, 2)


def test_a_term_that_two_people_gave_counts_once(given, alice, bob):
    ontology = given.ontology(alice)
    term = given.term(ontology)
    image = given.image(given.project(alice, [bob], ontology), alice)
    drawn = given.annotation(image, alice, terms=[term])
    assert bob.post(f"/api/annotation/{drawn.id}/term/{term.id}.json").status_code == 200
    assert by_term(alice, image) == ({term.id: 1}, 0, 1)
