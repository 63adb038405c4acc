import pytest
from sqlalchemy import func, select

from atrisys.store.tables import ImageGroup, ImageGroupImageInstance


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def images(given, project, alice):
    """Their names do not run as their ids do."""
    return [given.image(project, alice, original_filename=name) for name in ("b.svs", "c.svs", "a.svs")]


@pytest.fixture
def group(alice, project):
    answer = alice.post("/api/imagegroup.json", json={"name": "block 1", "project": project.id})
    assert answer.status_code == 200, answer.text
    return answer.json()["imagegroup"]


@pytest.fixture
def full(alice, group, images):
    """The group with all the images in it."""
    for image in images:
        assert alice.post(f"/api/imagegroup/{group['id']}/imageinstance/{image.id}.json").status_code == 200
    return group


def test_a_group_is_made_listed_renamed_and_deleted(alice, bob, project, group):
    assert group["class"] == "be.cytomine.domain.image.group.ImageGroup"
    said = [group[key] for key in ("name", "project", "imageInstances", "numberOfImages")]
    assert said == ["block 1", project.id, [], 0]
    address = f"/api/imagegroup/{group['id']}.json"
    assert bob.get(address).json() == group
    assert bob.get(f"/api/project/{project.id}/imagegroup.json").json()["collection"] == [group]
    assert alice.put(address, json={**group, "name": "block 2"}).json()["imagegroup"]["name"] == "block 2"
    assert alice.delete(address).json()["imagegroup"]["id"] == group["id"]
    assert alice.get(address).status_code == 404
    assert alice.post("/api/imagegroup.json", json={"name": "", "project": project.id}).status_code == 400


def test_images_are_put_in_and_taken_out(alice, bob, group, images):
    first, address = images[0], f"/api/imagegroup/{group['id']}/imageinstance/{images[0].id}.json"
    link = alice.post(address, json={"group": 1, "image": 2}).json()["imagegroupimageinstance"]
    said = [link[key] for key in ("group", "groupName", "image")]
    assert said == [group["id"], "block 1", first.id]
    assert bob.get(address).json() == link
    for path in (f"imagegroup/{group['id']}", f"imageinstance/{first.id}"):
        assert bob.get(f"/api/{path}/imagegroupimageinstance.json").json()["collection"] == [link]
    shown = bob.get(f"/api/imagegroup/{group['id']}.json").json()
    (inside,) = shown["imageInstances"]
    assert shown["numberOfImages"] == 1
    assert (inside["id"], inside["instanceFilename"], inside["width"], inside["height"]) == (
        first.id,
        "b.svs",
        2000,
        1000,
    )
    assert inside["thumb"].startswith("http://testserver/api/imageinstance/")
    assert alice.post(address).status_code == 409
    assert alice.delete(address).status_code == 200
    assert alice.get(address).status_code == 404


def test_an_image_of_another_project_does_not_fit(given, alice, group):
    other = given.image(given.project(alice), alice)
    assert alice.post(f"/api/imagegroup/{group['id']}/imageinstance/{other.id}.json").status_code == 400


def test_several_images_are_put_in_at_once(given, alice, bob, charlie, group, images):
    def put(person, *ids):
        links = [{"group": group["id"], "image": id} for id in ids]
        return person.post("/api/imagegroupimageinstance.json", json=links)

    inside = [image.id for image in images]
    other = given.image(given.project(alice), alice)
    assert put(charlie, *inside).status_code == 400
    assert put(bob, *inside[:2]).status_code == 200
    assert put(bob, inside[2], inside[0], other.id).status_code == 206
    listed = alice.get(f"/api/imagegroup/{group['id']}/imagegroupimageinstance.json").json()["collection"]
    assert sorted(link["image"] for link in listed) == sorted(inside)
    one = {"group": given.image_group(given.project(alice)).id, "image": other.id}
    assert alice.post("/api/imagegroupimageinstance.json", json=one).status_code == 400
    assert charlie.post("/api/imagegroupimageinstance.json", json=one).status_code == 404


def test_images_of_a_group_are_listed_by_name_and_filtered(alice, full, images, project, given):
    outside = given.image(project, alice, original_filename="z.svs")
    path = f"/api/imagegroup/{full['id']}/imageinstance.json"
    assert [one["instanceFilename"] for one in alice.get(path).json()["collection"]] == ["a.svs", "b.svs", "c.svs"]
    assert alice.get(f"{path}?max=1&offset=1").json()["collection"][0]["id"] == images[0].id
    listing = f"/api/project/{project.id}/imageinstance.json"
    assert alice.get(f"{listing}?imageGroup[in]={full['id']}").json()["size"] == 3
    left = alice.get(f"{listing}?excludeimagegroup={full['id']}&withImageGroup=true").json()["collection"]
    assert [(one["id"], one["imageGroup"]) for one in left] == [(outside.id, [])]
    named = alice.get(f"{listing}?imageGroup[in]={full['id']}&withImageGroup=true").json()["collection"]
    assert all([one["groupName"] for one in row["imageGroup"]] == ["block 1"] for row in named)


def _beside(person, group, image, way, **query):
    answer = person.get(f"/api/imagegroup/{group['id']}/imageinstance/{image.id}/{way}.json", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json().get("id")


def test_one_walks_through_a_group_by_name_and_round_it(alice, full, images):
    b, c, a = images
    assert [_beside(alice, full, one, "next") for one in (a, b, c)] == [b.id, c.id, a.id]
    assert [_beside(alice, full, one, "previous") for one in (c, b, a)] == [b.id, a.id, c.id]
    assert _beside(alice, full, c, "next", circular="false") is None
    assert _beside(alice, full, a, "previous", circular="false") is None


def test_alone_in_a_group_there_is_no_next_one(alice, group, images):
    alice.post(f"/api/imagegroup/{group['id']}/imageinstance/{images[0].id}.json")
    assert _beside(alice, group, images[0], "next") is None
    elsewhere = alice.get(f"/api/imagegroup/{group['id']}/imageinstance/{images[1].id}/next.json")
    assert elsewhere.status_code == 404


def test_a_blinded_project_tells_neither_names_nor_their_order(alice, bob, project, full, images):
    alice.put(f"/api/project/{project.id}.json", json={"blindMode": True})
    for path in (
        f"imagegroup/{full['id']}",
        f"project/{project.id}/imagegroup",
        f"imagegroup/{full['id']}/imageinstance",
    ):
        assert ".svs" not in bob.get(f"/api/{path}.json").text
        assert "a.svs" in alice.get(f"/api/{path}.json").text
    by_number = sorted(images, key=lambda image: str(image.base_image_id))
    listed = bob.get(f"/api/imagegroup/{full['id']}/imageinstance.json").json()["collection"]
    assert [one["id"] for one in listed] == [image.id for image in by_number]
    assert _beside(bob, full, by_number[0], "next") == by_number[1].id


def test_strangers_find_nothing(given, charlie, project, full, images):
    one = f"/api/imagegroup/{full['id']}"
    assert {charlie.get(f"{one}.json").status_code, charlie.delete(f"{one}.json").status_code} == {404}
    assert charlie.put(f"{one}.json", json={"name": "mine"}).status_code == 404
    assert charlie.post("/api/imagegroup.json", json={"name": "mine", "project": project.id}).status_code == 404
    assert charlie.get(f"/api/project/{project.id}/imagegroup.json").status_code == 404
    for method in ("get", "post", "delete"):
        assert getattr(charlie, method)(f"{one}/imageinstance/{images[0].id}.json").status_code == 404
    mine = given.image_group(given.project(charlie))
    answer = charlie.post(f"/api/imagegroup/{mine.id}/imageinstance/{images[0].id}.json")
    assert answer.status_code == 404


def _tries(person, project, group, image) -> set[int]:
    answers = [
        person.post("/api/imagegroup.json", json={"name": "another", "project": project.id}),
        person.put(f"/api/imagegroup/{group['id']}.json", json={"name": f"by {person.id}"}),
        person.post(f"/api/imagegroup/{group['id']}/imageinstance/{image.id}.json"),
        person.delete(f"/api/imagegroup/{group['id']}/imageinstance/{image.id}.json"),
    ]
    return {answer.status_code for answer in answers}


@pytest.mark.parametrize(("mode", "status"), [("CLASSIC", 200), ("RESTRICTED", 200), ("READ_ONLY", 403)])
def test_contributors_group_unless_the_project_is_read_only(given, alice, bob, project, group, images, mode, status):
    given.mode(project, mode)
    if status == 403:
        given.image_group(project, images)
        alice.post(f"/api/imagegroup/{group['id']}/imageinstance/{images[0].id}.json")
    assert _tries(bob, project, group, images[0]) == {status}


def test_guests_look_only(given, alice, project, full, images):
    guest = given.person("guest", role="ROLE_GUEST")
    given.member(project, guest)
    assert guest.get(f"/api/imagegroup/{full['id']}.json").status_code == 200
    assert _tries(guest, project, full, images[0]) == {403}


def test_what_was_done_is_undone(alice, full, images):
    one = f"/api/imagegroup/{full['id']}.json"
    alice.delete(one)
    assert alice.get("/api/command/undo.json").status_code == 200
    assert alice.get(one).json()["numberOfImages"] == 3
    alice.delete(f"/api/imagegroup/{full['id']}/imageinstance/{images[0].id}.json")
    assert alice.get("/api/command/undo.json").status_code == 200
    assert alice.get(one).json()["numberOfImages"] == 3


def test_an_image_takes_its_place_in_groups_along(alice, full, images, db, given, project):
    one = f"/api/imagegroup/{full['id']}.json"
    alice.delete(f"/api/imageinstance/{images[0].id}.json")
    assert alice.get(one).json()["numberOfImages"] == 2
    assert alice.get("/api/command/undo.json").status_code == 200
    assert alice.get(one).json()["numberOfImages"] == 3
    moved = alice.put(f"/api/imageinstance/{images[0].id}.json", json={"project": given.project(alice).id})
    assert moved.status_code == 200
    assert alice.get(one).json()["numberOfImages"] == 2
    assert alice.get("/api/command/undo.json").status_code == 200
    assert alice.get(one).json()["numberOfImages"] == 3
    assert alice.delete(f"/api/project/{project.id}.json").status_code == 200
    for kind in (ImageGroup, ImageGroupImageInstance):
        assert db.scalar(select(func.count()).select_from(kind)) == 0


def test_annotations_tell_the_group_of_their_image(alice, given, full, images, project):
    outside = given.image(project, alice)
    drawn, alone = given.annotation(images[0], alice), given.annotation(outside, alice)
    rows = alice.get(f"/api/annotation.json?project={project.id}&showImageGroup=true").json()["collection"]
    assert {row["id"]: row["imageGroup"] for row in rows} == {drawn.id: full["id"], alone.id: None}
