import pytest
from sqlalchemy import func, select

from atrisys.imaging.filters import filter_name
from atrisys.store.tables import ImageFilterProject

PATH = "/api/imagefilterproject.json"


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def filters(charlie):
    return charlie.get("/api/imagefilter.json").json()["collection"]


def test_the_filters_are_those_that_pictures_take(filters):
    assert [row["method"] for row in filters[:5]] == ["binary", "isodata", "mean", "minimum", "otsu"]
    assert len({filter_name(row["method"]) for row in filters}) == 15  # binary is another name of one of them
    assert all(row["available"] and row["name"] for row in filters)


def test_managers_offer_filters_and_take_them_back(alice, bob, project, filters):
    of_project = f"/api/project/{project.id}/imagefilterproject.json"
    sent = {"imageFilter": filters[4]["id"], "project": project.id}
    link = alice.post(PATH, json=sent).json()["imagefilterproject"]
    assert (link["imageFilter"], link["project"], link["method"]) == (filters[4]["id"], project.id, "otsu")
    assert bob.get(of_project).json()["collection"] == [link]
    assert bob.get(f"{of_project}?method[equals]=yen").json()["size"] == 0
    assert alice.post(PATH, json=sent).status_code == 409
    assert alice.post(PATH, json={**sent, "imageFilter": 5}).status_code == 404
    assert alice.delete(f"/api/imagefilterproject/{link['id']}.json").status_code == 200
    assert bob.get(of_project).json()["collection"] == []
    assert alice.get("/api/command/undo.json").status_code == 200
    assert bob.get(of_project).json()["collection"][0]["id"] == link["id"]


def test_contributors_look_strangers_find_nothing(given, ada, alice, bob, charlie, project):
    link = given.image_filter(project)
    assert bob.post(PATH, json={"imageFilter": 11, "project": project.id}).status_code == 403
    assert bob.delete(f"/api/imagefilterproject/{link.id}.json").status_code == 403
    assert charlie.post(PATH, json={"imageFilter": 11, "project": project.id}).status_code == 404
    assert charlie.delete(f"/api/imagefilterproject/{link.id}.json").status_code == 404
    assert charlie.get(f"/api/project/{project.id}/imagefilterproject.json").status_code == 404
    assert [len(person.get(PATH).json()["collection"]) for person in (ada, bob, charlie)] == [1, 1, 0]


def test_they_go_with_the_project(given, alice, project, db):
    given.image_filter(project)
    assert alice.delete(f"/api/project/{project.id}.json").status_code == 200
    assert db.scalar(select(func.count()).select_from(ImageFilterProject)) == 0
