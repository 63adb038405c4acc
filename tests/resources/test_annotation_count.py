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
