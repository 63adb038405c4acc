"""Slides that stay where they lie: read there, noticed when they are another, back when their share is back."""

import os
import shutil
import time
import zipfile

import pytest
from sqlalchemy import select

from atrisys.actions.import_slide import take_in
from atrisys.errors import Invalid, SlideAway, SlideChanged, SlideUnreadable
from atrisys.store import in_place
from atrisys.store.tables import AbstractImage, UploadedFile
from given import slides


@pytest.fixture
def share(tmp_path):
    folder = tmp_path / "share"
    folder.mkdir()
    slides.svs(folder / "a.svs")
    return folder


@pytest.fixture
def linked(given, store, alice, share, db):
    """(the uploaded file, the image in a project)."""
    project = given.project(alice)
    [taken] = take_in(store, alice.caller, share / "a.svs", "a.svs", project_ids=[project.id], in_place=True)
    return db.get_one(UploadedFile, taken.uploaded_file_id), taken.image_instance_ids[0]


def tile(person, image):
    return person.get(f"/api/atrisys/imageinstance/{image}/tile/0/0/0.jpg")


def window(person, image):
    return person.get(f"/api/imageinstance/{image}/window-0-0-64-64.png")


def test_not_a_byte_is_copied_and_pictures_come_from_where_it_lies(store, alice, charlie, linked, share):
    file, image = linked
    assert (file.filename, file.sha256, file.size) == ("", None, (share / "a.svs").stat().st_size)
    assert tile(alice, image).status_code == window(alice, image).status_code == 200
    wire = alice.get(f"/api/uploadedfile/{file.id}.json").json()
    assert (wire["inPlace"], wire["placeState"], wire["status"]) == (True, "well", 100)
    assert str(share) not in str(wire)
    assert alice.get(f"/api/uploadedfile/{file.id}/download").content == (share / "a.svs").read_bytes()
    for path in (f"/api/uploadedfile/{file.id}.json", f"/api/uploadedfile/{file.id}/download"):
        assert charlie.get(path).status_code == 404
    assert tile(charlie, image).status_code == 404


def test_nothing_that_is_told_of_what_was_done_says_where_a_slide_lies(given, alice, linked, share):
    file, image = linked
    alice.put(f"/api/uploadedfile/{file.id}.json", json={"originalFilename": "b.svs"})
    ada = given.person("ada", role="ROLE_SUPER_ADMIN")
    asked = [
        *(f"/api/atrisys/history/uploadedfile/{file.id}.json", "/api/atrisys/audit.json", "/api/atrisys/changes"),
        *("/api/commandhistory.json", "/api/deletecommand.json", f"/api/atrisys/imageinstance/{image}/metadata.json"),
        *("/api/uploadedfile.json", f"/api/imageinstance/{image}.json"),
    ]
    alice.delete(f"/api/imageinstance/{image}.json")
    assert alice.delete(f"/api/uploadedfile/{file.id}.json").status_code == 200
    for person in (alice, ada):
        answers = {address: person.get(address) for address in asked}
        assert "b.svs" in answers[asked[0]].text
        assert not [address for address, answer in answers.items() if share.name in answer.text]


def test_a_share_that_is_away_is_said_and_all_is_well_when_it_is_back(alice, charlie, linked, share):
    file, image = linked
    assert tile(alice, image).status_code == 200
    share.rename(share.with_name("away"))
    for answer in (tile(alice, image), window(alice, image), alice.get(f"/api/uploadedfile/{file.id}/download")):
        assert (answer.status_code, answer.json()["code"]) == (503, "slide_away")
        assert str(share) not in answer.text
    assert alice.get(f"/api/uploadedfile/{file.id}.json").json()["placeState"] == "away"
    assert tile(charlie, image).status_code == 404
    share.with_name("away").rename(share)
    assert tile(alice, image).status_code == window(alice, image).status_code == 200


@pytest.mark.parametrize("in_the_same_file", [True, False])
def test_a_file_that_has_changed_is_never_passed_off_as_the_one_that_came(alice, linked, share, in_the_same_file):
    file, image = linked
    assert tile(alice, image).status_code == 200
    other = slides.svs(share.parent / "other.svs", seed=7)
    if in_the_same_file:
        (share / "a.svs").write_bytes(other.read_bytes())
    else:
        other.replace(share / "a.svs")
    for answer in (tile(alice, image), window(alice, image)):
        assert (answer.status_code, answer.json()["code"]) == (409, "slide_changed")
    assert alice.get(f"/api/uploadedfile/{file.id}.json").json()["placeState"] == "changed"


def test_a_file_that_changes_while_it_is_read_is_noticed(db, store, linked, share):
    from atrisys.access.slide_file import slide_file

    base = db.scalars(select(AbstractImage).where(AbstractImage.uploaded_file_id == linked[0].id)).one()
    slide = slide_file(db, store.folder, base)
    with pytest.raises(SlideChanged), slide.reading():
        os.utime(share / "a.svs", (1, 1))


def test_deleting_it_leaves_the_laboratorys_file_alone(store, alice, linked, share, db):
    file, image = linked
    store.tiles.keep("a.svs", "made", b"of it")
    assert "a.svs" not in " ".join(str(path) for path in store.folder.tiles.rglob("*"))
    assert alice.delete(f"/api/imageinstance/{image}.json").status_code == 200
    assert alice.delete(f"/api/uploadedfile/{file.id}.json").status_code == 200
    assert (share / "a.svs").exists()
    assert store.tiles.read_file("a.svs", "made") is None
    assert alice.get("/api/command/undo.json").status_code in (400, 409)
    assert db.scalars(select(UploadedFile).where(UploadedFile.id == file.id)).all() == []


def test_nobody_puts_a_place_into_a_record(alice, given, db, share):
    body = {"originalFilename": "x.svs", "storage": given.storage_of(alice).id, "inPlace": {"path": "/etc/passwd"}}
    id = alice.post("/api/uploadedfile.json", json=body).json()["uploadedfile"]["id"]
    alice.put(f"/api/uploadedfile/{id}.json", json={"inPlace": {"path": "/etc/passwd", "files": []}})
    assert db.get_one(UploadedFile, id).in_place is None


def test_archives_broken_and_missing_files_are_refused(store, alice, share, db):
    with zipfile.ZipFile(share / "a.zip", "w") as archive:
        archive.write(share / "a.svs", "a.svs")
    (share / "bad.svs").write_bytes(b"II*\0" + bytes(500))
    with pytest.raises(Invalid, match=r"unpack a\.zip"):
        take_in(store, alice.caller, share / "a.zip", "a.zip", in_place=True)
    for name in ("bad.svs", "missing.svs"):
        with pytest.raises(SlideUnreadable):
            take_in(store, alice.caller, share / name, name, in_place=True)
    assert db.scalars(select(UploadedFile)).all() == []


@slides.needs_real
def test_all_files_of_a_dicom_folder_are_minded_and_downloaded(store, alice, db, tmp_path):
    folder = shutil.copytree(slides.DICOM, tmp_path / "dicom")
    [taken] = take_in(store, alice.caller, folder, "dicom", in_place=True)
    file = db.get_one(UploadedFile, taken.uploaded_file_id)
    assert len(file.in_place["files"]) == len(list(folder.iterdir()))
    answer = alice.get(f"/api/uploadedfile/{file.id}/download")
    assert answer.headers["content-type"] == "application/zip"
    smallest = min(folder.iterdir(), key=lambda path: path.stat().st_size)
    os.utime(smallest, (1, 1))
    assert in_place.state_of(file.in_place) == "changed"


def test_a_share_that_never_answers_holds_nobody_up_for_long(monkeypatch, share):
    place = in_place.look([share / "a.svs"])
    monkeypatch.setattr(in_place, "PATIENCE_S", 0.05)
    looked = []

    def slow(files):
        looked.append(files)
        time.sleep(1)
        return place

    monkeypatch.setattr(in_place, "look", slow)
    for _ in range(3):
        with pytest.raises(SlideAway, match="does not answer"):
            in_place.require_as_it_was(place)
    assert len(looked) == 1, "others do not wait for it as well"
