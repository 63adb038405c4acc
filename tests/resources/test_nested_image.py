import pytest
from sqlalchemy import select

from atrisys.store.tables import ImageInstance, NestedImageInstance


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def parent(given, alice, project):
    return given.image(project, alice)


@pytest.fixture
def part(given, alice, project):
    return given.image(project, alice, width=100, height=50)


def _add(person, parent, base_id, **more):
    body = {"baseImage": base_id, "x": 10, "y": "20", **more}
    return person.post(f"/api/imageinstance/{parent.id}/nested.json", json=body)


def _here(nested):
    return f"/api/imageinstance/{nested['parent']}/nested/{nested['id']}.json"


def test_an_image_is_nested_shown_listed_moved_and_taken_out(alice, bob, parent, part):
    answer = _add(alice, parent, part.base_image_id)
    assert answer.status_code == 200, answer.text
    one = answer.json()["nestedimageinstance"]
    assert one["class"] == "be.cytomine.domain.image.NestedImageInstance"
    told = [one[key] for key in ("parent", "image", "baseImage", "x", "y", "width", "user", "project")]
    assert told == [parent.id, part.id, part.base_image_id, 10, 20, 100, alice.id, parent.project_id]
    assert one["thumb"].endswith(f"/api/imageinstance/{part.id}/thumb.png?maxSize=512")
    assert bob.get(_here(one)).json() == one
    assert bob.get(f"/api/imageinstance/{parent.id}/nested.json").json()["collection"] == [one]
    moved = bob.put(_here(one), json={**one, "x": -5}).json()["nestedimageinstance"]
    assert (moved["x"], moved["y"]) == (-5, 20)
    assert alice.put(_here(one), json={"x": 1}, headers={"If-Match": '"1"'}).status_code == 412
    assert alice.delete(_here(one)).json()["nestedimageinstance"]["id"] == one["id"]
    assert alice.get(_here(one)).status_code == 404
    assert alice.get(f"/api/imageinstance/{part.id}.json").status_code == 200
    assert alice.get("/api/command/undo.json").status_code == 200
    assert alice.get(_here(one)).json()["x"] == -5


def test_a_slide_that_the_project_lacks_comes_into_it_by_who_may_put_it_there(given, alice, bob, project, parent, db):
    base = given.abstract_image(alice)
    assert _add(bob, parent, base.id).status_code == 404
    assert _add(alice, parent, base.id).status_code == 200
    there = select(ImageInstance.project_id).where(ImageInstance.base_image_id == base.id)
    assert db.scalars(there).all() == [project.id]
    hers = given.image(given.project(given.person("dora"), [bob]), alice)
    assert _add(bob, parent, hers.base_image_id).status_code == 403


def test_what_is_wrong_is_refused(alice, parent, part):
    assert _add(alice, parent, parent.base_image_id).status_code == 400
    assert _add(alice, parent, 999_999).status_code == 404
    assert _add(alice, parent, part.base_image_id, x=2**31).status_code == 400
    assert _add(alice, parent, part.base_image_id, y=None).status_code == 400


def test_an_address_names_both_images(given, alice, parent, part):
    nested = given.nested_image(part, parent, alice)
    assert alice.get(f"/api/imageinstance/{part.id}/nested/{nested.id}.json").status_code == 404


@pytest.mark.parametrize("what", ["parent", "part", "project"])
def test_it_goes_with_either_image_and_comes_back(given, alice, project, parent, part, what):
    nested = given.nested_image(part, parent, alice)
    path = {
        "parent": f"imageinstance/{parent.id}",
        "part": f"imageinstance/{part.id}",
        "project": f"project/{project.id}",
    }
    assert alice.delete(f"/api/{path[what]}.json").status_code == 200
    here = f"/api/imageinstance/{parent.id}/nested/{nested.id}.json"
    assert alice.get(here).status_code == 404
    assert alice.get("/api/command/undo.json").status_code == 200
    assert alice.get(here).json()["image"] == part.id


def test_an_image_that_moves_to_another_project_leaves_it(given, alice, parent, part, db):
    given.nested_image(part, parent, alice)
    other = given.project(alice)
    assert alice.put(f"/api/imageinstance/{part.id}.json", json={"project": other.id}).status_code == 200
    assert db.scalars(select(NestedImageInstance.id)).all() == []
    assert alice.get("/api/command/undo.json").status_code == 200
    assert alice.get(f"/api/imageinstance/{parent.id}/nested.json").json()["size"] == 1


def test_names_of_a_blinded_project_are_not_told(given, alice, bob, project, parent, part):
    given.nested_image(part, parent, alice)
    alice.put(f"/api/project/{project.id}.json", json={"blindMode": True})
    path = f"/api/imageinstance/{parent.id}/nested.json"
    assert bob.get(path).json()["collection"][0]["instanceFilename"] is None
    assert alice.get(path).json()["collection"][0]["instanceFilename"] == part.instance_filename


@pytest.mark.parametrize(
    ("mode", "own", "others"), [("CLASSIC", 200, 200), ("RESTRICTED", 200, 403), ("READ_ONLY", 403, 403)]
)
def test_contributors_nest_as_the_mode_of_the_project_says(given, alice, bob, project, parent, part, mode, own, others):
    mine, hers = (given.nested_image(part, parent, person) for person in (bob, alice))
    given.mode(project, mode)
    base = f"/api/imageinstance/{parent.id}/nested"
    assert _add(bob, parent, part.base_image_id).status_code == own
    assert bob.put(f"{base}/{mine.id}.json", json={"x": 1}).status_code == own
    assert bob.put(f"{base}/{hers.id}.json", json={"x": 1}).status_code == others
    assert bob.delete(f"{base}/{hers.id}.json").status_code == others


def test_strangers_find_nothing_and_guests_change_nothing(given, alice, charlie, project, parent, part):
    nested = given.nested_image(part, parent, alice)
    here = f"/api/imageinstance/{parent.id}/nested/{nested.id}.json"
    assert {charlie.get(here).status_code, charlie.delete(here).status_code} == {404}
    assert charlie.put(here, json={"x": 1}).status_code == 404
    assert _add(charlie, parent, part.base_image_id).status_code == 404
    assert charlie.get(f"/api/imageinstance/{parent.id}/nested.json").status_code == 404
    guest = given.person("greta", role="ROLE_GUEST")
    given.member(project, guest)
    assert guest.get(here).status_code == 200
    assert guest.delete(here).status_code == _add(guest, parent, part.base_image_id).status_code == 403


def test_it_outlives_the_account_that_laid_it_there(given, ada, bob, alice, parent, part):
    nested = given.nested_image(part, parent, bob)
    assert ada.delete(f"/api/user/{bob.id}.json").status_code == 200
    assert alice.get(f"/api/imageinstance/{parent.id}/nested/{nested.id}.json").json()["user"] is None
