import pytest

from atrisys.store.tables import CompanionFile, UploadedFile
from browser import signed_in


@pytest.fixture
def image(given, alice):
    return given.abstract_image(alice)


def _send(person, image, content=b"\x89HDF", name="profile.h5", **query):
    path = f"/api/atrisys/abstractimage/{image.id}/companionfile.json"
    return person.post(path, files={"files[]": (name, content)}, params=query)


def _body(image, file, **more):
    names = {"originalFilename": "profile.h5", "filename": "profile.h5", "type": "HDF5"}
    return {"image": image.id, "uploadedFile": file.id, **names, **more}


def test_a_companion_file_is_added_shown_listed_edited_and_deleted(given, alice, image):
    file = given.uploaded_file(alice)
    answer = alice.post("/api/companionfile.json", json=_body(image, file, progress="10"))
    assert answer.status_code == 200, answer.text
    one = answer.json()["companionfile"]
    assert one["class"] == "be.cytomine.domain.image.CompanionFile"
    told = [one[key] for key in ("image", "uploadedFile", "originalFilename", "type", "progress", "status", "path")]
    assert told == [image.id, file.id, "profile.h5", "HDF5", 10, 0, ""]
    path = f"/api/companionfile/{one['id']}.json"
    assert alice.get(path).json() == one
    for where in (f"abstractimage/{image.id}", f"uploadedfile/{file.id}"):
        assert alice.get(f"/api/{where}/companionfile.json").json()["collection"] == [one]
    assert alice.get(f"/api/companionfile/{one['id']}/user.json").json()["id"] == alice.id
    edited = alice.put(path, json={**one, "progress": 100, "status": 3}).json()["companionfile"]
    assert (edited["progress"], edited["status"], edited["type"]) == (100, 3, "HDF5")
    assert alice.put(path, json={"progress": 5}, headers={"If-Match": '"1"'}).status_code == 412
    assert alice.delete(path).json()["companionfile"]["id"] == one["id"]
    assert alice.get(path).status_code == 404
    assert alice.get(f"/api/uploadedfile/{file.id}.json").status_code == 200
    assert alice.get("/api/command/undo.json").status_code == 200
    assert alice.get(path).json()["originalFilename"] == "profile.h5"


def test_what_is_wrong_is_refused_and_of_an_array_the_good_ones_are_kept(given, alice, image):
    good = _body(image, given.uploaded_file(alice))
    for word in ("type", "filename", "originalFilename", "image", "uploadedFile"):
        assert alice.post("/api/companionfile.json", json={**good, word: None}).status_code == 400, word
    assert alice.post("/api/companionfile.json", json={**good, "uploadedFile": 999_999}).status_code == 404
    partly = alice.post("/api/companionfile.json", json=[good, {**good, "progress": 101}])
    assert (partly.status_code, len(partly.json()["ids"])) == (206, 1)


def test_bytes_are_sent_laid_beside_the_slide_and_downloaded(given, app, alice, image, store):
    answer = _send(alice, image)
    assert answer.status_code == 200, answer.text
    one = answer.json()["companionfile"]
    assert (one["type"], one["originalFilename"], one["progress"]) == ("H5", "profile.h5", 100)
    assert _send(alice, image, type="HDF5").json()["companionfile"]["type"] == "HDF5"
    got = alice.get(f"/api/companionfile/{one['id']}/download")
    assert (got.content, got.headers["content-type"]) == (b"\x89HDF", "application/octet-stream")
    assert 'filename="profile.h5"' in got.headers["content-disposition"]
    assert alice.get(f"/api/companionfile/{one['id']}/download", headers={"range": "bytes=1-2"}).content == b"HD"
    assert signed_in(app, "alice").get(f"/api/companionfile/{one['id']}/download").status_code == 200


def test_a_file_that_came_with_the_slide_goes_with_it_and_with_its_companion(given, alice, store, db):
    whole = given.uploaded_file(alice, b"slide")
    image = given.abstract_image(alice, uploaded_file_id=whole.id)
    first, second = (_send(alice, image).json()["companionfile"] for _ in range(2))
    files = [db.get_one(UploadedFile, one["uploadedFile"]) for one in (first, second)]
    assert [file.parent_id for file in files] == [whole.id, whole.id]
    paths = [store.folder.path_of(file.filename) for file in files]
    assert alice.delete(f"/api/companionfile/{first['id']}.json").status_code == 200
    assert [path.exists() for path in paths] == [False, True]
    assert alice.get(f"/api/uploadedfile/{first['uploadedFile']}.json").status_code == 404
    assert alice.delete(f"/api/uploadedfile/{whole.id}.json").status_code == 200
    assert not paths[1].exists()
    assert alice.get(f"/api/companionfile/{second['id']}.json").status_code == 404


def test_it_goes_with_the_slides_record_and_comes_back(given, alice, image):
    one = given.companion_file(alice, image)
    assert alice.delete(f"/api/abstractimage/{image.id}.json").status_code == 200
    assert alice.get(f"/api/companionfile/{one.id}.json").status_code == 404
    assert alice.get("/api/command/undo.json").status_code == 200
    assert alice.get(f"/api/companionfile/{one.id}.json").json()["image"] == image.id


def test_it_moves_to_another_storage_with_its_slide(given, alice, db):
    whole = given.uploaded_file(alice)
    image = given.abstract_image(alice, uploaded_file_id=whole.id)
    one, other = given.companion_file(alice, image), given.storage(alice)
    assert alice.put(f"/api/uploadedfile/{whole.id}.json", json={"storage": other.id}).status_code == 200
    assert db.get_one(CompanionFile, one.id).storage_id == other.id


def test_a_slide_is_no_companion_of_another(given, alice, db, image):
    slide = given.uploaded_file(alice, b"names inside")
    given.abstract_image(alice, uploaded_file_id=slide.id)
    assert alice.post("/api/companionfile.json", json=_body(image, slide)).status_code == 400
    later = given.companion_file(alice, image, b"not yet a slide")
    given.abstract_image(alice, uploaded_file_id=later.uploaded_file_id)
    assert alice.get(f"/api/companionfile/{later.id}/download").status_code == 403


def test_members_of_a_project_have_it_but_not_those_of_a_blinded_one(given, alice, bob, charlie, image):
    project = given.project(alice, [bob])
    given.image(project, alice, image)
    one = given.companion_file(alice, image, b"numbers", original_filename="jane doe.h5")
    path = f"/api/companionfile/{one.id}"
    assert (bob.get(f"{path}.json").status_code, bob.get(f"{path}/download").content) == (200, b"numbers")
    assert bob.get(f"/api/abstractimage/{image.id}/companionfile.json").json()["size"] == 1
    assert bob.delete(f"{path}.json").status_code == bob.put(f"{path}.json", json={"progress": 1}).status_code == 403
    assert _send(bob, image).status_code == 403
    alice.put(f"/api/project/{project.id}.json", json={"blindMode": True})
    assert bob.get(f"{path}.json").status_code == bob.get(f"{path}/download").status_code == 404
    assert bob.get(f"/api/abstractimage/{image.id}/companionfile.json").json()["size"] == 0
    assert alice.get(f"{path}/download").status_code == 200
    for way in (path + ".json", path + "/download", path + "/user.json"):
        assert charlie.get(way).status_code == 404
    assert charlie.delete(f"{path}.json").status_code == _send(charlie, image).status_code == 404


def test_nobody_hands_out_the_file_of_somebody_else(given, alice, bob, charlie):
    theirs, mine = given.uploaded_file(bob, b"bob's notes"), given.abstract_image(charlie)
    assert charlie.post("/api/companionfile.json", json=_body(mine, theirs)).status_code == 404
    shared = given.storage(alice)
    given.storage_member(shared, charlie)
    notes = given.uploaded_file(alice, b"alice's notes", storage=shared)
    assert charlie.post("/api/companionfile.json", json=_body(mine, notes)).status_code == 403


def test_guests_make_none(given, alice):
    guest = given.person("greta", role="ROLE_GUEST")
    image, file = given.abstract_image(alice), given.uploaded_file(alice)
    given.storage_member(given.storage_of(alice), guest)
    assert guest.post("/api/companionfile.json", json=_body(image, file)).status_code == 403


def test_lists_page_sort_and_filter_in_the_database(given, alice, image):
    made = [given.companion_file(alice, image, original_filename=name) for name in ("b.h5", "a.h5", "c.txt")]
    path = f"/api/abstractimage/{image.id}/companionfile.json"
    rows = alice.get(f"{path}?sort=originalFilename&order=asc&max=1&offset=1").json()
    assert ([row["id"] for row in rows["collection"]], rows["size"]) == ([made[0].id], 3)
    assert alice.get(f"{path}?originalFilename[ilike]=H5").json()["size"] == 2
