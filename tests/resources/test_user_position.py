import pytest
from sqlalchemy import func, select

from atrisys.store.tables import Change, Follower, UserPosition
from browser import signed_in
from counting import statements

VIEW = {
    "topLeftX": 100,
    "topLeftY": 900,
    "topRightX": 300,
    "topRightY": 900,
    "bottomRightX": 300,
    "bottomRightY": 800,
    "bottomLeftX": 100,
    "bottomLeftY": 800,
    "zoom": 4,
    "rotation": 0.5,
    "broadcast": False,
}


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def image(given, project, alice):
    """1000 pixels high."""
    return given.image(project, alice)


def look(person, image, **more):
    answer = person.post(f"/api/imageinstance/{image.id}/position.json", json=VIEW | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def rows(person, address, **query):
    answer = person.get(address, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["collection"]


def test_a_position_is_kept_and_told_as_the_viewer_said_it(alice, image, project):
    said = look(alice, image)
    assert (said["user"], said["image"], said["project"]) == (alice.id, image.id, project.id)
    assert (said["x"], said["y"], said["zoom"], said["rotation"]) == (200, 850, 4, 0.5)
    assert said["location"] == "POLYGON ((100 900, 300 900, 300 800, 100 800, 100 900))"
    [listed] = rows(alice, f"/api/imageinstance/{image.id}/positions.json")
    assert listed == said
    assert alice.get(f"/api/position/{said['id']}.json").json() == said


def test_inside_and_on_demand_it_is_in_image_order(alice, image, db):
    said = look(alice, image)
    row = db.get_one(UserPosition, said["id"])
    assert (row.x, row.y) == (200, 150)
    turned = alice.get(f"/api/position/{said['id']}.json?origin=left-top").json()
    assert (turned["y"], turned["origin"]) == (150, "left-top")
    assert turned["location"] == "POLYGON ((100 100, 300 100, 300 200, 100 200, 100 100))"
    again = look(alice, image, origin="left-top")
    assert db.get_one(UserPosition, again["id"]).y == 850


def test_a_position_costs_one_number_and_one_insert_and_no_line_in_the_log(alice, image, store, db):
    before = db.scalar(select(func.count()).select_from(Change))
    with statements(store) as seen:
        look(alice, image)
    written = [one.split()[:3] for one in seen if not one.startswith("SELECT")]
    assert [one[0] for one in written] == ["UPDATE", "INSERT"]
    assert len(seen) <= 4
    assert db.scalar(select(func.count()).select_from(Change)) == before


def test_on_a_slice(alice, image):
    [plane] = rows(alice, f"/api/imageinstance/{image.id}/sliceinstance.json")
    said = alice.post(f"/api/sliceinstance/{plane['id']}/position.json", json=VIEW).json()
    assert (said["slice"], said["image"]) == (plane["id"], image.id)
    assert look(alice, image)["slice"] == plane["id"]
    assert len(rows(alice, f"/api/sliceinstance/{plane['id']}/positions.json", user=alice.id)) == 2
    assert len(rows(alice, f"/api/imageinstance/{image.id}/positions.json", slice=plane["id"])) == 2


def test_lists_are_cut_by_person_time_and_page(given, alice, bob, image):
    old, young = given.position(image, alice, ago_s=100), given.position(image, bob, ago_s=1)
    path = f"/api/imageinstance/{image.id}/position.json"
    assert [one["id"] for one in rows(alice, path)] == [young.id, old.id]
    assert [one["id"] for one in rows(alice, path, user=bob.id)] == [young.id]
    assert [one["id"] for one in rows(alice, path, afterThan=old.created)] == [young.id]
    assert [one["id"] for one in rows(alice, path, beforeThan=young.created)] == [old.id]
    assert [one["id"] for one in rows(alice, path, max=1, offset=1)] == [old.id]
    assert alice.get(path, params={"afterThan": "yesterday"}).status_code == 400


def test_without_details_equal_views_are_counted(alice, image):
    for zoom in (4, 4, 5):
        look(alice, image, zoom=zoom)
    found = rows(alice, f"/api/imageinstance/{image.id}/positions.json", showDetails=False)
    assert [(one["zoom"], one["frequency"], one["image"]) for one in found] == [(4, 2, image.id), (5, 1, image.id)]
    assert found[0]["location"] == "POLYGON ((100 900, 300 900, 300 800, 100 800, 100 900))"


def test_contributors_see_their_own_and_follow_who_broadcasts(alice, bob, image, db):
    mine, theirs = look(bob, image), look(alice, image)
    path = f"/api/imageinstance/{image.id}"
    assert [one["id"] for one in rows(bob, f"{path}/positions.json")] == [mine["id"]]
    assert bob.get(f"/api/position/{theirs['id']}.json").status_code == 404
    assert bob.get(f"{path}/position/{alice.id}.json").json() == {}
    assert bob.get(f"{path}/online.json").json() == {"users": [bob.id]}
    assert alice.get(f"{path}/position/{bob.id}.json").json()["id"] == mine["id"]
    assert alice.get(f"{path}/position/{bob.id}.json?broadcast=true").json() == {}
    assert alice.get(f"{path}/online.json").json() == {"users": sorted((alice.id, bob.id))}

    shared = look(alice, image, broadcast=True)
    assert bob.get(f"{path}/position/{alice.id}.json").json()["id"] == shared["id"]
    assert bob.get(f"{path}/online.json").json() == {"users": sorted((alice.id, bob.id))}
    assert bob.get(f"{path}/online.json?broadcast=true").json() == {"users": [alice.id]}
    # Who broadcasts no more is followed no further, and seen by managers alone.
    look(alice, image)
    assert bob.get(f"{path}/position/{alice.id}.json").json() == {}
    assert [one["user"] for one in rows(bob, f"/api/atrisys/imageinstance/{image.id}/present.json")] == [bob.id]
    # Followed is not listed: whose position it was stays the managers' to look back on.
    assert bob.get(f"/api/position/{shared['id']}.json").status_code == 404


def test_who_follows_is_noted_for_the_followed_and_for_managers(alice, bob, image, store):
    look(alice, image, broadcast=True)
    path = f"/api/imageinstance/{image.id}"
    with statements(store) as first:
        bob.get(f"{path}/position/{alice.id}.json")
    with statements(store) as second:
        bob.get(f"{path}/position/{alice.id}.json")
    assert any("INTO follower" in one for one in first)
    assert not [one for one in second if not one.startswith("SELECT")]
    assert rows(alice, f"{path}/followers/{alice.id}.json") == [str(bob.id)]
    assert rows(alice, f"{path}/followers/{bob.id}.json") == []
    assert bob.get(f"{path}/followers/{alice.id}.json").status_code == 403
    with store.reading() as db:
        assert db.scalar(select(func.count()).select_from(Follower)) == 1


def test_who_is_present_is_told_with_where_they_look_last(alice, bob, charlie, image, store):
    mine, theirs = look(bob, image), look(alice, image)
    path = f"/api/atrisys/imageinstance/{image.id}/present.json"
    assert charlie.get(path).status_code == 404
    assert [one["id"] for one in rows(bob, path)] == [mine["id"]]
    last = look(bob, image, topLeftX=50)
    with statements(store) as seen:
        found = rows(alice, path)
    assert len(seen) <= 6
    assert [one["id"] for one in found] == [theirs["id"], last["id"]]
    assert [one["location"] for one in found] == [theirs["location"], last["location"]]
    assert all(one["fullName"] for one in found)
    assert not any(one["followsMe"] for one in found)
    shared = look(alice, image, broadcast=True)
    assert bob.get(f"/api/imageinstance/{image.id}/position/{alice.id}.json").json()["id"] == shared["id"]
    assert {one["user"]: one["followsMe"] for one in rows(alice, path)} == {alice.id: False, bob.id: True}
    assert {one["user"]: one["followsMe"] for one in rows(bob, path)} == {alice.id: False, bob.id: False}
    assert [one["y"] for one in rows(bob, path, origin="left-top", max=1)] == [150]


def test_old_positions_are_nobodys_present(given, alice, bob, image):
    given.position(image, bob, ago_s=31, broadcast=True)
    path = f"/api/imageinstance/{image.id}"
    assert alice.get(f"{path}/position/{bob.id}.json").json() == {}
    assert alice.get(f"{path}/online.json").json() == {"users": []}
    assert rows(alice, f"/api/atrisys/imageinstance/{image.id}/present.json") == []


def test_a_stranger_neither_says_nor_sees_where_anybody_is(alice, charlie, image):
    said = look(alice, image, broadcast=True)
    path = f"/api/imageinstance/{image.id}"
    assert charlie.post(f"{path}/position.json", json=VIEW).status_code == 404
    assert charlie.post(f"/api/sliceinstance/{said['slice']}/position.json", json=VIEW).status_code == 404
    for name in ("positions", f"position/{alice.id}", f"followers/{alice.id}", "online"):
        assert charlie.get(f"{path}/{name}.json").status_code == 404
    assert charlie.get(f"/api/position/{said['id']}.json").status_code == 404


def test_who_leaves_loses_sight_of_their_own(alice, bob, image, project):
    said = look(bob, image)
    alice.delete(f"/api/project/{project.id}/user/{bob.id}.json")
    assert bob.get(f"/api/position/{said['id']}.json").status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"topLeftX": None}, {"topLeftX": 1e300}, {"zoom": 1e9}, {"rotation": 1e99}, {"origin": "middle"}]
)
def test_what_is_no_position_is_refused(alice, image, wrong):
    assert alice.post(f"/api/imageinstance/{image.id}/position.json", json=VIEW | wrong).status_code == 400


def test_positions_go_with_their_image_and_their_person(ada, alice, bob, image, db, project):
    look(bob, image)
    look(alice, image)
    assert ada.delete(f"/api/user/{bob.id}.json").status_code == 200
    assert db.scalars(select(UserPosition.user_id)).all() == [alice.id]
    assert alice.delete(f"/api/imageinstance/{image.id}.json").status_code == 200
    assert db.scalar(select(func.count()).select_from(UserPosition)) == 0


def test_following_from_another_site_is_refused(app, alice, image):
    look(alice, image)
    browser = signed_in(app, "alice")
    address = f"/api/imageinstance/{image.id}/position/{alice.id}.json"
    assert browser.get(address, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert browser.get(address, headers={"sec-fetch-site": "same-origin"}).status_code == 200
