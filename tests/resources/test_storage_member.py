import pytest


@pytest.fixture
def storage(given, alice):
    return given.storage(alice, "shared")


def rows(person, address, **query):
    answer = person.get(address, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["collection"]


def names(person, storage):
    return [row["username"] for row in rows(person, f"/api/storage/{storage.id}/user.json")]


def access(person, storage):
    return {row["id"]: row["permission"] for row in rows(person, "/api/storage/access.json")}.get(storage.id)


def test_a_storage_is_shared_up_to_a_right(alice, bob, storage):
    path = f"/api/storage/{storage.id}/user/{bob.id}.json"
    assert access(bob, storage) is None
    assert alice.post(path).status_code == 200
    assert (access(alice, storage), access(bob, storage)) == ("ADMINISTRATION", "WRITE")
    assert names(bob, storage) == ["alice", "bob"]
    assert alice.put(path, params={"permission": "READ"}).status_code == 200
    assert access(bob, storage) == "READ"
    assert alice.put(path, params={"permission": "ALL"}).status_code == 400
    assert alice.delete(path).status_code == 200
    assert access(bob, storage) is None
    assert alice.delete(path).status_code == 404


def test_the_owner_keeps_every_right(alice, bob, given, storage):
    given.storage_member(storage, bob, permission=16)
    path = f"/api/storage/{storage.id}/user/{alice.id}.json"
    for answer in (bob.delete(path), bob.put(path, params={"permission": "READ"}), alice.delete(path)):
        assert answer.status_code == 400


def test_files_of_who_leaves_are_the_owners(given, alice, bob, storage):
    given.storage_member(storage, bob)
    file = given.uploaded_file(bob, storage=storage, size=7)
    image = given.abstract_image(bob, uploaded_file_id=file.id)
    with given.writing() as db:
        db.merge(image).storage_id = storage.id
    stats = {row["username"]: row for row in rows(alice, f"/api/storage/{storage.id}/usersstats.json")}
    assert (stats["bob"]["numberOfFiles"], stats["bob"]["totalSize"], stats["bob"]["role"]) == (1, 7, "WRITE")
    assert (stats["alice"]["numberOfFiles"], stats["alice"]["role"]) == (0, "ADMINISTRATION")
    listed = rows(alice, f"/api/storage/{storage.id}/usersstats.json", sort="totalSize", order="desc", max=1)
    assert [row["username"] for row in listed] == ["bob"]
    assert bob.delete(f"/api/storage/{storage.id}/user/{bob.id}.json").status_code == 200
    assert alice.get(f"/api/uploadedfile/{file.id}.json").json()["user"] == alice.id
    assert alice.get(f"/api/abstractimage/{image.id}.json").json()["user"] == alice.id
    assert bob.get(f"/api/uploadedfile/{file.id}.json").status_code == 404


def test_several_at_once_as_far_as_possible(alice, bob, charlie, storage):
    path = f"/api/storage/{storage.id}/user.json"
    query = {"users": f"{bob.id},{charlie.id}", "permission": "READ"}
    assert alice.post(path, params=query).status_code == 200
    assert names(alice, storage) == ["alice", "bob", "charlie"]
    answer = alice.delete(path, params={"users": f"{bob.id},{alice.id}"})
    assert (answer.status_code, answer.json()["ids"]) == (206, [bob.id])
    assert names(alice, storage) == ["alice", "charlie"]
    assert alice.post(path, params={"users": "nobody"}).status_code == 400


@pytest.mark.parametrize("permission", [1, 2])
def test_who_may_not_administer_it_shares_nothing(given, alice, bob, charlie, storage, permission):
    given.storage_member(storage, bob, permission=permission)
    one = f"/api/storage/{storage.id}/user/{charlie.id}.json"
    assert {bob.post(one).status_code, bob.put(one).status_code, bob.delete(one).status_code} == {403}
    several = f"/api/storage/{storage.id}/user.json?users={charlie.id}"
    assert bob.post(several).status_code == 403
    assert bob.delete(several).status_code == 400
    own = f"/api/storage/{storage.id}/user/{bob.id}.json?permission=ADMINISTRATION"
    assert bob.put(own).status_code == 403
    assert access(bob, storage) == {1: "READ", 2: "WRITE"}[permission]


def test_a_stranger_finds_no_storage_to_share_or_to_look_into(bob, charlie, storage):
    path = f"/api/storage/{storage.id}"
    for name in ("user", "usersstats"):
        assert charlie.get(f"{path}/{name}.json").status_code == 404
    for method in ("post", "put", "delete"):
        assert getattr(charlie, method)(f"{path}/user/{charlie.id}.json").status_code == 404
    for method in ("post", "delete"):
        assert getattr(charlie, method)(f"{path}/user.json?users={charlie.id}").status_code == 404
    assert access(charlie, storage) is None


def test_sharing_is_undone(alice, bob, storage):
    alice.post(f"/api/storage/{storage.id}/user/{bob.id}.json")
    assert alice.get("/api/command/undo.json").status_code == 200
    assert access(bob, storage) is None
