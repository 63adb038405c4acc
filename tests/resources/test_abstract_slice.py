import pytest

from atrisys.store.tables import UploadedFile
from counting import statements


def place(row):
    return row["channel"], row["zStack"], row["time"]


def test_a_plane_is_added_shown_edited_and_deleted(given, alice):
    image = given.abstract_image(alice, planes=[])
    body = {"image": image.id, "channel": 1, "zStack": "2", "time": 0, "mime": "image/pyrtiff", "channelName": "DAPI"}
    answer = alice.post("/api/abstractslice.json", json=body)
    assert answer.status_code == 200, answer.text
    plane = answer.json()["abstractslice"]
    assert (plane["image"], plane["uploadedFile"], plane["channelName"]) == (image.id, None, "DAPI")
    assert place(plane) == (1, 2, 0)
    path = f"/api/abstractslice/{plane['id']}.json"
    assert alice.get(path).json() == plane
    edited = alice.put(path, json={**plane, "zStack": 5, "channelName": None}).json()["abstractslice"]
    assert (place(edited), edited["channelName"]) == ((1, 5, 0), None)
    assert alice.put(path, json={"time": 1}, headers={"If-Match": '"1"'}).status_code == 412
    assert alice.delete(path).json()["abstractslice"]["id"] == plane["id"]
    assert alice.get(path).status_code == 404


def test_a_place_holds_one_plane(given, alice):
    image = given.abstract_image(alice)
    body = {"image": image.id, "channel": 0, "zStack": 0, "time": 0}
    assert alice.post("/api/abstractslice.json", json=body).status_code == 409
    assert alice.post("/api/abstractslice.json", json={**body, "time": -1}).status_code == 400
    assert alice.post("/api/abstractslice.json", json={"image": image.id}).status_code == 400
    assert alice.post("/api/abstractslice.json", json={**body, "image": 999999}).status_code == 404
    partly = alice.post("/api/abstractslice.json", json=[body, {**body, "time": 1}])
    assert (partly.status_code, len(partly.json()["ids"])) == (206, 1)


def test_planes_are_listed_by_channel_z_and_time_with_their_rank(given, alice):
    places = [(1, 0, 0), (0, 1, 1), (0, 0, 1), (0, 1, 0), (0, 0, 0)]
    image = given.abstract_image(alice, planes=places, channels=2, depth=2, duration=2)
    rows = alice.get(f"/api/abstractimage/{image.id}/abstractslice.json").json()["collection"]
    assert [place(row) for row in rows] == sorted(places)
    assert [row["rank"] for row in rows] == [0, 4, 2, 6, 1]
    page = alice.get(f"/api/abstractimage/{image.id}/abstractslice.json?max=2&offset=3").json()
    assert ([place(row) for row in page["collection"]], page["size"]) == ([(0, 1, 1), (1, 0, 0)], 5)
    assert place(alice.get(f"/api/abstractimage/{image.id}/0/1/0/abstractslice.json").json()) == (0, 1, 0)
    assert alice.get(f"/api/abstractimage/{image.id}/7/0/0/abstractslice.json").status_code == 404
    assert alice.get(f"/api/abstractimage/{image.id}/99999999999/0/0/abstractslice.json").status_code == 400


def test_planes_of_a_file_and_their_uploader(given, alice, db):
    file = UploadedFile(
        id=900_001, original_filename="a", filename="f", user_id=alice.id, storage_id=given.storage_of(alice).id
    )
    db.add(file)
    db.commit()
    image = given.abstract_image(alice, uploaded_file_id=file.id, planes=[])
    plane = alice.post("/api/abstractslice.json", json={"image": image.id, "channel": 0, "zStack": 0, "time": 0}).json()
    plane = plane["abstractslice"]
    assert (plane["uploadedFile"], plane["path"]) == (file.id, "f")
    rows = alice.get(f"/api/uploadedfile/{file.id}/abstractslice.json").json()["collection"]
    assert [row["id"] for row in rows] == [plane["id"]]
    assert alice.get(f"/api/abstractslice/{plane['id']}/user.json").json()["username"] == "alice"


def test_a_stranger_sees_no_plane_and_a_member_changes_none(given, alice, bob, charlie, nobody):
    image = given.abstract_image(alice)
    instance = given.image(given.project(alice, [bob]), alice, image)
    id = alice.get(f"/api/abstractimage/{image.id}/abstractslice.json").json()["collection"][0]["id"]
    path = f"/api/abstractslice/{id}.json"
    body = {"image": image.id, "channel": 5, "zStack": 0, "time": 0}
    for address in (
        path,
        f"/api/abstractslice/{id}/user.json",
        f"/api/abstractimage/{image.id}/0/0/0/abstractslice.json",
    ):
        assert charlie.get(address).status_code == 404
    assert charlie.put(path, json={"time": 3}).status_code == charlie.delete(path).status_code == 404
    assert charlie.post("/api/abstractslice.json", json=body).status_code == 404
    assert bob.get(path).status_code == 200
    assert bob.post("/api/abstractslice.json", json=body).status_code == 403
    assert bob.put(path, json={"time": 3}).status_code == bob.delete(path).status_code == 403
    assert nobody.get(path).status_code == 401
    assert alice.delete(path).status_code == 400, instance.id


@pytest.mark.parametrize("length", [2, 15])
def test_a_page_of_planes_costs_a_fixed_number_of_statements(given, alice, store, length):
    image = given.abstract_image(alice, planes=[(0, z, 0) for z in range(length)])
    with statements(store) as asked:
        assert alice.get(f"/api/abstractimage/{image.id}/abstractslice.json").json()["size"] == length
    assert len(asked) <= 8, asked
