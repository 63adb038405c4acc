"""tus, as its clients speak it. (What survives the death of a server stands in tests/cli/test_resumed_uploads.py.)"""

import base64
import hashlib

import pytest
from sqlalchemy import func, select, update

from atrisys.access.caller import Caller
from atrisys.actions import resume_upload
from atrisys.actions.resume_upload import Piece
from atrisys.errors import DiskRefuses
from atrisys.store.growing import UPLOADS, Growing
from atrisys.store.table import now_ms
from atrisys.store.tables import Change, Job, OpenUpload, UploadedFile

UPLOADS_PATH = "/api/atrisys/uploads"
CONTENT = bytes(range(256)) * 8
KIND = {"content-type": "application/offset+octet-stream"}


def caller_of(person):
    return Caller(person.id, "alice", frozenset({"ROLE_USER"}))


def encoded(text):
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def begin(alice):
    """Begins an upload; the path where it goes on."""

    def begin(length=len(CONTENT), person=alice, name="a slide.svs", **params):
        headers = {
            "upload-length": str(length),
            "upload-metadata": f"filename {encoded(name)}",
            "tus-resumable": "1.0.0",
        }
        answer = person.post(UPLOADS_PATH, params=params, headers={**headers, "tus-resumable": "1.0.0"})
        assert answer.status_code == 201, answer.text
        return answer.headers["location"].removeprefix("http://testserver")

    return begin


def patch(person, path, offset, content, **headers):
    return person.patch(path, content=content, headers={**KIND, "upload-offset": str(offset), **headers})


def offset_of(person, path):
    answer = person.head(path)
    assert answer.status_code == 200
    return int(answer.headers["upload-offset"])


@pytest.fixture
def growing(store):
    """What lies there that did not before."""
    folder = store.folder.files / UPLOADS
    before = set(folder.glob("*/*"))
    return lambda: sorted(set(folder.glob("*/*")) - before)


def test_what_is_spoken_here_is_told_to_anybody(nobody):
    answer = nobody.options(UPLOADS_PATH)
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == answer.headers["tus-resumable"] == "1.0.0"
    assert set(answer.headers["tus-extension"].split(",")) >= {"creation", "checksum", "expiration", "termination"}
    assert int(answer.headers["tus-max-size"]) == 64 << 30
    assert "sha1" in answer.headers["tus-checksum-algorithm"]


def test_pieces_become_a_file_with_a_job(given, alice, begin, db, store, growing):
    project = given.project(alice)
    path = begin(projects=project.id)
    assert offset_of(alice, path) == 0
    for start in range(0, len(CONTENT), 1000):
        answer = patch(alice, path, start, CONTENT[start : start + 1000])
        assert answer.status_code == 204, answer.text
        assert int(answer.headers["upload-offset"]) == min(start + 1000, len(CONTENT))
        assert answer.headers["tus-resumable"] == "1.0.0"
    seen = alice.get(f"{path}.json").json()
    assert (seen["offset"], seen["length"], offset_of(alice, path)) == (len(CONTENT),) * 3
    file = db.get_one(UploadedFile, seen["uploadedFile"])
    assert (file.original_filename, file.status, file.projects) == ("a slide.svs", 0, [project.id])
    assert file.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert store.folder.path_of(file.filename).read_bytes() == CONTENT
    job = db.get_one(Job, seen["job"])
    assert (job.name, job.arguments["uploaded_file"], job.project_id) == ("import_slide", file.id, project.id)
    assert db.scalar(select(func.count()).where(Change.object_id == file.id)) == 1
    assert growing() == []


def test_the_list_tells_by_what_a_client_knows_its_file_again(alice, charlie, begin):
    path = begin(name="colon 組織.svs")
    found = alice.get("/api/atrisys/uploads.json").json()["collection"]
    assert [(one["metadata"], one["offset"]) for one in found] == [({"filename": "colon 組織.svs"}, 0)]
    assert alice.get(f"{path}.json").json()["metadata"] == {"filename": "colon 組織.svs"}
    assert charlie.get("/api/atrisys/uploads.json").json()["collection"] == []


def test_the_first_piece_may_come_with_the_announcement(alice, db):
    headers = {**KIND, "upload-length": str(len(CONTENT)), "upload-metadata": f"filename {encoded('a.svs')},empty"}
    answer = alice.post(UPLOADS_PATH, content=CONTENT, headers=headers)
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, str(len(CONTENT)))
    assert db.scalars(select(UploadedFile.sha256)).all() == [hashlib.sha256(CONTENT).hexdigest()]


def test_storage_and_project_may_stand_in_the_metadata(given, alice, db):
    project, storage = given.project(alice), given.storage(alice)
    said = {
        "filename": "a.svs",
        "projects": str(project.id),
        "storage": str(storage.id),
        "keys": "stain",
        "values": "HE",
    }
    metadata = ",".join(f"{key} {encoded(value)}" for key, value in said.items())
    alice.post(UPLOADS_PATH, content=CONTENT, headers={**KIND, "upload-length": "2048", "upload-metadata": metadata})
    file = db.scalars(select(UploadedFile)).one()
    assert (file.projects, file.storage_id) == ([project.id], storage.id)
    assert db.scalars(select(Job)).one().arguments["properties"] == {"stain": "HE"}
    assert (
        alice.head(f"{UPLOADS_PATH}/{db.scalars(select(OpenUpload.id)).one()}").headers["upload-metadata"] == metadata
    )


def test_a_piece_that_does_not_go_on_where_it_stands_changes_nothing(alice, begin):
    path = begin()
    assert patch(alice, path, 0, CONTENT[:500]).status_code == 204
    for offset in (0, 499, 501, 2048):
        answer = patch(alice, path, offset, CONTENT[offset : offset + 10])
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_offset"), answer.text
        assert answer.headers["tus-resumable"] == "1.0.0"
    assert offset_of(alice, path) == 500


def test_more_than_was_announced_is_refused(alice, begin, db):
    path = begin(length=100)
    assert patch(alice, path, 0, bytes(101)).status_code == 400
    assert patch(alice, path, 0, iter([bytes(60), bytes(41)])).status_code == 400
    assert offset_of(alice, path) == 0
    assert db.scalars(select(UploadedFile)).all() == []


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5", "sha512"])
def test_a_damaged_piece_is_as_if_it_had_never_come(alice, begin, db, algorithm):
    path = begin()
    assert patch(alice, path, 0, CONTENT[:100]).status_code == 204
    right = base64.b64encode(hashlib.new(algorithm, CONTENT[100:]).digest()).decode()
    damaged = b"?" + CONTENT[101:]
    answer = patch(alice, path, 100, damaged, **{"upload-checksum": f"{algorithm} {right}"})
    assert (answer.status_code, answer.json()["code"]) == (460, "checksum_wrong")
    assert offset_of(alice, path) == 100
    assert patch(alice, path, 100, CONTENT[100:], **{"upload-checksum": f"{algorithm} {right}"}).status_code == 204
    assert db.scalars(select(UploadedFile.sha256)).one() == hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.parametrize("sent", ["crc9 AAAA", "sha1", "sha1 %%%", "sha1 é", ""])
def test_a_checksum_that_cannot_be_computed_is_refused(alice, begin, sent):
    path = begin()
    answer = patch(alice, path, 0, CONTENT, **{"upload-checksum": sent.encode()})
    assert answer.status_code in (400, 460)
    assert offset_of(alice, path) == 0


@pytest.mark.parametrize(
    "headers",
    [{}, {"upload-length": "-1"}, {"upload-length": "x"}, {"upload-length": "9" * 30}, {"upload-length": "0"},
     {"upload-length": str((64 << 30) + 1)}, {"upload-length": "²"}, {"upload-defer-length": "1"},
     {"upload-length": "5", "upload-metadata": "filename ???"}, {"upload-length": "5", "upload-metadata": "filename é"},
     {"upload-length": "5", "upload-metadata": "filename " + "A" * 9000}],
)  # fmt: skip
def test_an_announcement_that_makes_no_sense_is_refused(alice, db, headers):
    headers = {name: value.encode("utf-8") for name, value in headers.items()}
    assert alice.post(UPLOADS_PATH, headers=headers).status_code == 400
    assert db.scalars(select(OpenUpload)).all() == []


def test_another_version_of_tus_is_refused(alice, begin):
    path = begin()
    for answer in (
        alice.head(path, headers={"tus-resumable": "0.2.2"}),
        patch(alice, path, 0, CONTENT, **{"tus-resumable": "2.0.0"}),
        alice.post(UPLOADS_PATH, headers={"tus-resumable": "2.0.0", "upload-length": "5"}),
    ):
        assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")
    assert alice.patch(path, content=CONTENT, headers={"upload-offset": "0"}).status_code == 400
    assert offset_of(alice, path) == 0


def test_a_name_is_made_harmless_and_never_used(alice, begin, db, store):
    path = begin(name="../../evil\x00.svs")
    patch(alice, path, 0, CONTENT)
    file = db.scalars(select(UploadedFile)).one()
    assert file.original_filename == "evil.svs"
    assert "evil" not in file.filename


def test_two_at_once_are_not_let_in(alice, begin, db, store):
    path = begin()
    row = db.scalars(select(OpenUpload)).one()
    other = Growing(store.folder, row.kept_name)
    answer = patch(alice, path, 0, CONTENT)
    assert (answer.status_code, answer.json()["code"]) == (423, "being_written")
    assert alice.delete(path).status_code == 423
    other.close()
    assert patch(alice, path, 0, CONTENT).status_code == 204


def test_a_piece_that_another_one_forestalled_cuts_nothing_off(alice, begin, db, growing, monkeypatch):
    """It has seen where the upload stood; until the file is its own, that may no longer hold."""
    path = begin()
    row = db.scalars(select(OpenUpload)).one()

    class Late(Growing):
        def __init__(self, folder, name, *given):
            other = Growing(folder, name, *given)
            other.write(CONTENT[:100])
            other.close()
            db.execute(update(OpenUpload).where(OpenUpload.id == row.id).values(offset=100))
            super().__init__(folder, name, *given)

    monkeypatch.setattr(resume_upload, "Growing", Late)
    answer = patch(alice, path, 0, b"other bytes")
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_offset")
    monkeypatch.undo()
    assert [file.read_bytes() for file in growing()] == [CONTENT[:100]]
    assert patch(alice, path, 100, CONTENT[100:]).status_code == 204
    assert db.scalars(select(UploadedFile.sha256)).one() == hashlib.sha256(CONTENT).hexdigest()


def test_bytes_that_nobody_acknowledged_are_cut_off(alice, begin, db, store, growing):
    """A server that was killed leaves more on the disk than it has said."""
    path = begin()
    patch(alice, path, 0, CONTENT[:100])
    [file] = growing()
    file.write_bytes(CONTENT[:100] + b"torn")
    assert offset_of(alice, path) == 100
    assert patch(alice, path, 100, CONTENT[100:]).status_code == 204
    assert db.scalars(select(UploadedFile.sha256)).one() == hashlib.sha256(CONTENT).hexdigest()


def test_bytes_that_were_acknowledged_and_are_gone_are_not_made_up(alice, begin, growing):
    path = begin()
    patch(alice, path, 0, CONTENT[:100])
    growing()[0].write_bytes(b"")
    answer = patch(alice, path, 100, CONTENT[100:])
    assert (answer.status_code, answer.json()["code"]) == (404, "picture_missing")


def test_a_full_disk_is_not_the_files_fault_and_the_upload_goes_on_later(alice, begin, db, monkeypatch):
    path = begin()
    patch(alice, path, 0, CONTENT[:100])

    def full(_self, _piece):
        raise DiskRefuses("The server's disk has no room for this file. Tell its administrator.")

    with monkeypatch.context() as patched:
        patched.setattr(Growing, "write", full)
        answer = patch(alice, path, 100, CONTENT[100:])
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_refuses")
    assert offset_of(alice, path) == 100
    assert patch(alice, path, 100, CONTENT[100:]).status_code == 204
    assert db.scalars(select(UploadedFile.sha256)).one() == hashlib.sha256(CONTENT).hexdigest()


def test_a_file_larger_than_the_disk_is_refused_before_it_is_sent(alice, monkeypatch):
    monkeypatch.setattr(resume_upload, "free_bytes", lambda _folder: 10)
    answer = alice.post(UPLOADS_PATH, headers={"upload-length": "11"})
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_refuses")


def test_one_person_has_not_too_many_open(given, alice, begin, settings):
    paths = [begin(length=1) for _ in range(settings.max_open_uploads)]
    answer = alice.post(UPLOADS_PATH, headers={"upload-length": "1"})
    assert answer.status_code == 400
    assert str(settings.max_open_uploads) in answer.json()["message"]
    assert patch(alice, paths[0], 0, b"x").status_code == 204, "one that is whole is no longer open"
    begin(length=1)
    begin(length=1, person=given.person("bob"))


def test_an_upload_that_is_given_up_leaves_nothing(alice, begin, growing):
    path = begin()
    patch(alice, path, 0, CONTENT[:100])
    answer = alice.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert alice.head(path).status_code == alice.delete(path).status_code == 404
    assert patch(alice, path, 100, CONTENT[100:]).status_code == 404
    assert growing() == []


def test_what_came_of_a_whole_upload_stays_when_it_is_given_up(alice, begin, db, store):
    path = begin()
    patch(alice, path, 0, CONTENT)
    assert alice.delete(path).status_code == 204
    assert store.folder.path_of(db.scalars(select(UploadedFile.filename)).one()).read_bytes() == CONTENT


def test_an_expired_upload_is_gone_and_swept_away(alice, begin, db, store, growing):
    path, other = begin(), begin()
    for one in (path, other):
        answer = patch(alice, one, 0, CONTENT[:100])
        assert "GMT" in answer.headers["upload-expires"]
    id = int(path.rpartition("/")[2])
    with store.writing() as writing:
        writing.execute(update(OpenUpload).where(OpenUpload.id == id).values(expires=now_ms() - 1))
    assert alice.head(path).status_code == 404
    assert [row["id"] for row in alice.get(f"{UPLOADS_PATH}.json").json()["collection"]] == [
        int(other.rpartition("/")[2])
    ]
    resume_upload.sweep(store)
    assert len(growing()) == 1
    assert offset_of(alice, other) == 100


def test_an_upload_that_goes_on_while_expired_ones_are_swept_away_stays(alice, begin, db, store, growing, monkeypatch):
    path = begin()
    patch(alice, path, 0, CONTENT[:100])
    db.execute(update(OpenUpload).values(expires=now_ms() - 1))
    held = Growing.held

    def held_a_little_later(folder, name):
        # Meanwhile a piece that had begun in time was kept.
        db.execute(update(OpenUpload).values(expires=now_ms() + 60_000))
        return held(folder, name)

    monkeypatch.setattr(Growing, "held", held_a_little_later)
    resume_upload.sweep(store)
    assert len(growing()) == 1
    assert patch(alice, path, 100, CONTENT[100:]).status_code == 204


def test_a_server_that_stops_while_an_upload_is_put_down_leaves_it_whole(alice, begin, db, store):
    """What was being done for it is ended in a thread of its own, and broken off after that."""
    begin()
    row = db.scalars(select(OpenUpload)).one()
    piece = Piece(store, caller_of(alice), row.id, 0, None)
    piece.write(CONTENT)
    piece.finish()
    piece.break_off()
    piece.close()
    db.expire_all()
    assert (row.offset, row.uploaded_file_id is None) == (len(CONTENT), False)
    # Who asks once more is told the same, and cuts nothing off.
    again = Piece(store, caller_of(alice), row.id, len(CONTENT), None)
    assert again.finish().uploaded_file_id == row.uploaded_file_id
    again.close()


def test_another_persons_upload_does_not_exist_not_even_for_administrators(given, alice, ada, bob, charlie, begin):
    path = begin()
    for person in (charlie, bob, ada):
        for answer in (
            person.head(path),
            patch(person, path, 0, CONTENT),
            person.delete(path),
            person.get(f"{path}.json"),
        ):
            assert answer.status_code == 404
        assert person.get(f"{UPLOADS_PATH}.json").json()["collection"] == []
    assert offset_of(alice, path) == 0


def test_rights_are_asked_for_at_the_beginning(given, alice, bob, charlie, db):
    project = given.project(bob)
    storage = given.storage_of(bob)
    guest = given.person(role="ROLE_GUEST")
    headers = {"upload-length": "5"}
    for params in ({"projects": project.id}, {"storage": storage.id}, {"projects": "1,2"}):
        assert charlie.post(UPLOADS_PATH, params=params, headers=headers).status_code == 404
    assert guest.post(UPLOADS_PATH, headers=headers).status_code == 403
    assert db.scalars(select(OpenUpload)).all() == []


def test_and_again_at_the_end(given, alice, bob, begin, db, growing):
    project = given.project(bob, [alice])
    path = begin(projects=project.id)
    assert patch(alice, path, 0, CONTENT[:100]).status_code == 204
    assert bob.delete(f"/api/project/{project.id}/user/{alice.id}.json").status_code == 200
    assert patch(alice, path, 100, CONTENT[100:]).status_code == 404
    assert db.scalars(select(UploadedFile)).all() == []
    assert offset_of(alice, path) == 100
    assert len(growing()) == 1
    assert alice.delete(path).status_code == 204
    assert growing() == []


def test_bytes_that_lie_here_already_are_never_cut_by_an_upload_of_the_same(given, alice, bob, begin, db, store):
    patch(bob, begin(person=bob), 0, CONTENT)
    kept = store.folder.path_of(db.scalars(select(UploadedFile.filename)).one())
    project = given.project(bob, [alice])
    path = begin(projects=project.id)
    assert patch(alice, path, 0, CONTENT[:100]).status_code == 204
    assert bob.delete(f"/api/project/{project.id}/user/{alice.id}.json").status_code == 200
    assert patch(alice, path, 100, CONTENT[100:]).status_code == 404
    assert kept.read_bytes() == CONTENT
    assert patch(alice, path, 100, b"x" * 50).status_code == 204
    assert kept.read_bytes() == CONTENT
    assert alice.delete(path).status_code == 204
    assert kept.read_bytes() == CONTENT


def test_a_server_that_died_before_it_tidied_up_leaves_the_kept_file_whole(alice, begin, db, store, monkeypatch):
    path = begin()
    with monkeypatch.context() as dying:
        dying.setattr(Growing, "remove", lambda _growing: None)
        assert patch(alice, path, 0, CONTENT).status_code == 204
    kept = store.folder.path_of(db.scalars(select(UploadedFile.filename)).one())
    assert patch(alice, path, len(CONTENT), b"").status_code == 204
    assert len(db.scalars(select(UploadedFile)).all()) == 1, "whole once, and never again"
    assert alice.delete(path).status_code == 204
    assert kept.read_bytes() == CONTENT


def test_a_browsers_page_elsewhere_may_speak_tus_with_keys(alice, nobody):
    asked = {"origin": "https://viewer.example.org", "access-control-request-method": "PATCH"}
    answer = nobody.options(f"{UPLOADS_PATH}/1", headers=asked)
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert {"Tus-Resumable", "Upload-Offset"} <= set(answer.headers["access-control-allow-headers"].split(", "))
    answer = alice.post(UPLOADS_PATH, headers={"upload-length": "5", "origin": "https://viewer.example.org"})
    assert {"Location", "Upload-Offset"} <= set(answer.headers["access-control-expose-headers"].split(", "))


def test_a_piece_may_be_larger_than_other_bodies_but_only_there(alice, begin, settings):
    large = bytes((settings.max_body_mb << 20) + 1)
    path = begin(length=len(large))
    assert patch(alice, path, 0, large).status_code == 204
    assert alice.patch("/api/project/1.json", content=large, headers=KIND).status_code == 413


def test_whoever_deletes_their_account_leaves_no_uploads(given, ada, db):
    dora = given.person("dora")
    given.open_upload(dora)
    answer = ada.delete(f"/api/user/{dora.id}.json")
    assert answer.status_code == 200, answer.text
    assert db.scalars(select(OpenUpload)).all() == []
