from atrisys.store.tables import Storage


def test_a_storage_is_added_shown_renamed_listed_and_deleted(alice):
    body = alice.post("/api/storage.json", json={"name": "cold", "userId": alice.id}).json()
    storage = body["storage"]
    assert (storage["name"], storage["user"], storage["userId"]) == ("cold", alice.id, alice.id)
    assert storage["class"] == "be.cytomine.domain.image.server.Storage"
    path = f"/api/storage/{storage['id']}.json"
    assert alice.get(path).json() == storage
    assert alice.put(path, json={**storage, "name": "warm"}).json()["storage"]["name"] == "warm"
    names = [row["name"] for row in alice.get("/api/storage.json").json()["collection"]]
    assert names == ["alice storage", "warm"]
    assert [row["name"] for row in alice.get("/api/storage.json?searchString=WAR").json()["collection"]] == ["warm"]
    assert alice.delete(path).status_code == 200
    assert alice.get(path).status_code == 404


def test_only_an_administrator_makes_or_gives_a_storage_to_another(ada, alice, bob):
    sent = {"name": "gift", "user": bob.id}
    assert alice.post("/api/storage.json", json=sent).status_code == 403
    gift = ada.post("/api/storage.json", json=sent).json()["storage"]
    assert gift["user"] == bob.id
    path = f"/api/storage/{gift['id']}.json"
    assert bob.put(path, json={"user": alice.id}).status_code == 403
    assert ada.put(path, json={"user": alice.id}).json()["storage"]["user"] == alice.id
    assert bob.get(path).status_code == 404


def test_a_stranger_sees_no_storage_and_a_guest_makes_none(given, alice, charlie, nobody):
    storage = given.storage(alice)
    path = f"/api/storage/{storage.id}.json"
    for method, body in (("get", None), ("put", {"name": "mine"}), ("delete", None)):
        sent = {"json": body} if body else {}
        assert getattr(charlie, method)(path, **sent).status_code == 404
    assert [row["user"] for row in charlie.get("/api/storage.json").json()["collection"]] == [charlie.id]
    assert nobody.get(path).status_code == 401
    guest = given.person(role="ROLE_GUEST")
    assert guest.post("/api/storage.json", json={"name": "g"}).status_code == 403
    assert guest.get("/api/storage.json").json()["size"] == 0


def test_who_may_only_write_to_a_storage_does_not_rename_take_or_delete_it(given, db, alice, bob):
    storage = given.storage(alice)
    given.storage_member(storage, bob)
    path = f"/api/storage/{storage.id}.json"
    assert bob.get(path).status_code == 200
    assert bob.put(path, json={"name": "mine"}).status_code == 403
    assert bob.delete(path).status_code == 403
    given.storage_member(storage, bob, permission=16)
    assert bob.put(path, json={"user": bob.id}).status_code == 403
    assert db.get(Storage, storage.id).user_id == alice.id
    assert bob.put(path, json={"name": "ours"}).status_code == 200


def test_a_storage_with_files_is_not_deleted(given, alice):
    storage = given.storage(alice)
    file = given.uploaded_file(alice, storage=storage)
    path = f"/api/storage/{storage.id}.json"
    answer = alice.delete(path)
    assert (answer.status_code, answer.json()["code"]) == (400, "in_use")
    assert "1 files" in answer.json()["errors"]
    alice.delete(f"/api/uploadedfile/{file.id}.json")
    assert alice.delete(path).status_code == 200


def test_a_storage_with_members_is_deleted_with_their_rights(given, alice, bob):
    storage = given.storage(alice)
    given.storage_member(storage, bob)
    assert alice.delete(f"/api/storage/{storage.id}.json").status_code == 200
