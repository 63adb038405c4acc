import io
import zipfile

import pytest
from sqlalchemy import select

from atrisys.errors import PictureMissing
from atrisys.store.tables import AbstractImage, AbstractSlice, UploadedFile


@pytest.fixture
def record(given, alice):
    """What the official client posts: a record without bytes."""
    return {
        "originalFilename": "original",
        "filename": "filename",
        "size": 1,
        "ext": "ext",
        "contentType": "contentType",
        "storage": given.storage_of(alice).id,
        "user": alice.id,
    }


def test_a_record_is_added_shown_edited_listed_and_deleted(alice, record):
    body = alice.post("/api/uploadedfile.json", json=record).json()
    file = body["uploadedfile"]
    assert body["data"] == file
    assert {key: file[key] for key in record} == record
    assert (file["path"], file["status"], file["parent"], file["projects"]) == ("filename", 0, None, [])
    path = f"/api/uploadedfile/{file['id']}.json"
    edited = alice.put(path, json={**file, "filename": "filenamebis", "status": 41}).json()["uploadedfile"]
    assert (edited["filename"], edited["status"]) == ("filenamebis", 41)
    assert alice.get(path).json() == edited
    assert [row["id"] for row in alice.get("/api/uploadedfile.json").json()["collection"]] == [file["id"]]
    assert alice.delete(path).json()["uploadedfile"]["id"] == file["id"]
    assert alice.get(path).status_code == 404


def test_a_name_that_was_sent_is_shown_and_never_used(given, alice, record, store):
    real = given.uploaded_file(alice, b"another's bytes")
    for name in (real.filename, "../secret", "/etc/passwd", "."):
        file = alice.post("/api/uploadedfile.json", json={**record, "filename": name}).json()["uploadedfile"]
        assert file["filename"] == name
        answer = alice.get(f"/api/uploadedfile/{file['id']}/download")
        assert (answer.status_code, answer.json()["code"]) == (404, "picture_missing")
        assert alice.delete(f"/api/uploadedfile/{file['id']}.json").status_code == 200
    assert store.folder.path_of(real.filename).read_bytes() == b"another's bytes"


def test_what_is_known_from_the_bytes_is_not_told_by_anybody(given, alice):
    file = given.uploaded_file(alice, b"abc", content_type="SVS")
    path = f"/api/uploadedfile/{file.id}.json"
    sent = {**alice.get(path).json(), "originalFilename": "renamed", "size": 9, "status": 0, "filename": "x"}
    edited = alice.put(path, json={**sent, "contentType": "DICOM"}).json()["uploadedfile"]
    assert (edited["originalFilename"], edited["size"], edited["status"]) == ("renamed", 3, 100)
    assert (edited["contentType"], edited["filename"]) == ("SVS", file.filename)


def test_projects_come_as_number_text_or_list_and_must_be_seen(given, alice, charlie, record):
    project = given.project(alice)
    for sent in (project.id, str(project.id), [project.id]):
        body = alice.post("/api/uploadedfile.json", json={**record, "projects": sent}).json()
        assert body["uploadedfile"]["projects"] == [project.id]
    strange = given.project(charlie)
    assert alice.post("/api/uploadedfile.json", json={**record, "projects": strange.id}).status_code == 404


def test_files_are_sorted_cut_and_chosen_by_parent(given, alice):
    root = given.uploaded_file(alice, original_filename="b.zip")
    part = given.uploaded_file(alice, original_filename="a.svs", parent_id=root.id)

    def names(query):
        return [row["originalFilename"] for row in alice.get(f"/api/uploadedfile.json?{query}").json()["collection"]]

    assert names("") == ["a.svs", "b.zip"]
    assert names("sort=originalFilename&order=desc") == ["b.zip", "a.svs"]
    assert names("max=1&offset=1") == ["b.zip"]
    assert names("onlyRoots=true") == ["b.zip"]
    assert names(f"parent={root.id}") == ["a.svs"]
    rows = {row["id"]: row for row in alice.get("/api/uploadedfile.json?all=True").json()["collection"]}
    assert (rows[root.id]["nbChildren"], rows[part.id]["nbChildren"]) == (1, 0)


def test_a_file_goes_with_its_parts_slides_planes_and_bytes(given, alice, db, store, tmp_path):
    taken = given.slide(alice, folder=tmp_path)
    file = db.get(UploadedFile, taken.uploaded_file_id)
    path = store.folder.path_of(file.filename)
    assert path.is_file()
    assert alice.delete(f"/api/uploadedfile/{file.id}.json").status_code == 200
    assert not path.exists()
    db.expire_all()
    assert db.get(AbstractImage, taken.abstract_image_id) is None
    assert db.scalars(select(AbstractSlice).where(AbstractSlice.image_id == taken.abstract_image_id)).all() == []


def test_a_file_whose_slide_a_project_uses_stays_with_its_bytes(given, alice, db, store, tmp_path):
    taken = given.slide(alice, given.project(alice, name="in use"), folder=tmp_path)
    answer = alice.delete(f"/api/uploadedfile/{taken.uploaded_file_id}.json")
    assert answer.status_code == 403
    assert "in use" in answer.json()["errors"]
    assert store.folder.path_of(db.get(UploadedFile, taken.uploaded_file_id).filename).is_file()


def test_a_part_is_not_deleted_without_its_root(given, alice):
    root = given.uploaded_file(alice)
    part = given.uploaded_file(alice, b"part", parent_id=root.id)
    assert alice.delete(f"/api/uploadedfile/{part.id}.json").status_code == 403
    assert alice.delete(f"/api/uploadedfile/{root.id}.json").status_code == 200
    assert alice.get(f"/api/uploadedfile/{part.id}.json").status_code == 404


def test_a_file_moves_with_its_slide_to_another_storage_of_ours_alone(given, alice, bob, db, tmp_path):
    taken = given.slide(alice, folder=tmp_path)
    path = f"/api/uploadedfile/{taken.uploaded_file_id}.json"
    strange, shared, own = given.storage_of(bob), given.storage(bob), given.storage(alice)
    given.storage_member(shared, alice, permission=1)
    assert alice.put(path, json={"storage": strange.id}).status_code == 404
    assert alice.put(path, json={"storage": shared.id}).status_code == 403
    assert alice.put(path, json={"storage": own.id}).json()["uploadedfile"]["storage"] == own.id
    assert db.get(AbstractImage, taken.abstract_image_id).storage_id == own.id
    planes = db.scalars(select(AbstractSlice.storage_id).where(AbstractSlice.image_id == taken.abstract_image_id))
    assert set(planes) == {own.id}


def test_a_download_gives_the_bytes_and_the_name_back(given, alice, nobody):
    file = given.uploaded_file(alice, b"0123456789", original_filename='切片 "1".svs')
    path = f"/api/uploadedfile/{file.id}/download"
    answer = alice.get(path)
    assert answer.content == b"0123456789"
    assert "filename*=UTF-8''%E5%88%87%E7%89%87%20%221%22.svs" in answer.headers["content-disposition"]
    assert answer.headers["content-type"] == "application/octet-stream"
    assert alice.get(path, headers={"Range": "bytes=2-4"}).content == b"234"
    assert alice.head(path).headers["content-length"] == "10"
    bare = nobody
    bare.cookies = alice.cookies
    assert bare.get(path).content == b"0123456789"


def test_a_slide_of_several_files_is_downloaded_as_a_zip(given, alice, store, tmp_path):
    (tmp_path / "case" / "inner").mkdir(parents=True)
    (tmp_path / "case" / "a.dcm").write_bytes(b"a" * 600_000)
    (tmp_path / "case" / "inner" / "b.dcm").write_bytes(b"b")
    kept = store.folder.keep_tree(tmp_path / "case")
    file = given.uploaded_file(alice, original_filename="case", filename=kept.name)
    answer = alice.get(f"/api/uploadedfile/{file.id}/download")
    assert answer.headers["content-type"] == "application/zip"
    assert 'filename="case.zip"' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert {name: len(archive.read(name)) for name in archive.namelist()} == {"a.dcm": 600_000, "inner/b.dcm": 1}


def test_a_stranger_sees_no_file_and_a_guest_adds_none(given, alice, charlie, nobody, record):
    file = given.uploaded_file(alice, b"secret")
    path = f"/api/uploadedfile/{file.id}"
    assert charlie.get(f"{path}.json").status_code == 404
    assert charlie.get(f"{path}/download").status_code == 404
    assert charlie.put(f"{path}.json", json={"originalFilename": "x"}).status_code == 404
    assert charlie.delete(f"{path}.json").status_code == 404
    assert charlie.get("/api/uploadedfile.json").json()["size"] == 0
    assert charlie.get(f"/api/uploadedfile.json?storage={file.storage_id}").status_code == 404
    assert charlie.get(f"/api/uploadedfile.json?parent={file.id}").status_code == 404
    assert charlie.post("/api/uploadedfile.json", json=record).status_code == 404
    assert nobody.get(f"{path}/download").status_code == 401
    guest = given.person(role="ROLE_GUEST")
    assert guest.post("/api/uploadedfile.json", json=record).status_code == 403


def test_who_may_only_read_a_storage_changes_nothing_in_it(given, alice, bob, record):
    file = given.uploaded_file(alice, b"x")
    given.storage_member(given.storage_of(alice), bob, permission=1)
    path = f"/api/uploadedfile/{file.id}.json"
    assert bob.get(path).status_code == 200
    assert bob.put(path, json={"originalFilename": "x"}).status_code == 403
    assert bob.delete(path).status_code == 403
    assert bob.post("/api/uploadedfile.json", json=record).status_code == 403


def test_a_project_member_does_not_see_the_files_of_its_slides(given, alice, bob, tmp_path):
    taken = given.slide(alice, given.project(alice, [bob]), folder=tmp_path)
    assert bob.get(f"/api/imageinstance/{taken.image_instance_ids[0]}.json").status_code == 200
    assert bob.get(f"/api/uploadedfile/{taken.uploaded_file_id}.json").status_code == 404


def test_no_name_leads_out_of_the_files(store):
    with pytest.raises(PictureMissing):
        store.folder.path_of("")
    for name in (".", "..", "../secret", "/etc/passwd", "a/../.."):
        with pytest.raises(ValueError, match="not a kept file"):
            store.folder.path_of(name)


def test_files_are_filtered_by_storage_person_name_status_and_size(given, alice, charlie, record):
    other = given.storage(alice)
    made = [
        alice.post("/api/uploadedfile.json", json={**record, **more}).json()["uploadedfile"]["id"]
        for more in ({"size": 5}, {"storage": other.id, "originalFilename": "b%.svs"}, {"status": 41, "size": 9})
    ]
    for query, expected in (
        (f"storage[in]={other.id}", [1]),
        (f"storage[in]={other.id},{record['storage']}&size[lte]=5", [1, 0]),
        (f"user[in]={alice.id}", [2, 1, 0]),
        (f"user[in]={charlie.id}", []),
        ("originalFilename[ilike]=%25", [1]),
        ("status[equals]=41", [2]),
        ("size[gte]=5&sort=size", [0, 2]),
        ("contentType[in]=contentType", [2, 1, 0]),
        ("created[lte]=1", []),
        ("projects[equals]=1", [2, 1, 0]),
    ):
        rows = alice.get(f"/api/uploadedfile.json?{query}").json()["collection"]
        assert [made.index(row["id"]) for row in rows] == expected, query
    theirs = charlie.get(f"/api/uploadedfile.json?storage[in]={other.id}&user[in]={alice.id}").json()
    assert theirs["size"] == 0
