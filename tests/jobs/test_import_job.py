"""Uploads whose sender does not wait, from the request to the image: real requests, a real runner, real children."""

import os
import time
import zipfile

import pytest
from sqlalchemy import select

from atrisys.actions import import_slide
from atrisys.app import create_app
from atrisys.errors import DiskRefuses, Refusal
from atrisys.jobs import import_slide as room
from atrisys.jobs.runner import Runner
from atrisys.store.session import Store
from atrisys.store.tables import AbstractImage, ImageInstance, Job, UploadedFile
from given import Given, flats, slides

PATIENCE_S = 90


@pytest.fixture
def given(kept):
    return Given(create_app(kept.settings, kept), kept)


@pytest.fixture
def alice(given):
    return given.person("alice")


@pytest.fixture
def running(kept):
    runner = Runner(kept).start()
    yield runner
    runner.stop()


@pytest.fixture
def send(given, alice):
    def send(name, content, *projects, person=alice, **more):
        query = {"storage": given.storage_of(alice).id, "projects": ",".join(str(project.id) for project in projects)}
        query |= more
        answer = person.post("/upload", params=query, files={"files[]": (name, content)})
        assert answer.status_code == 200, answer.text
        return answer.json()[0]

    return send


def ended(person, job):
    """The job as its starter sees it, once it has ended."""
    end = time.monotonic() + PATIENCE_S
    while (seen := person.get(f"/api/atrisys/job/{job}.json").json())["state"] not in ("done", "failed", "cancelled"):
        assert time.monotonic() < end, seen
        time.sleep(0.1)
    return seen


def files(kept):
    return [path for path in kept.folder.files.rglob("*") if path.is_file()]


def test_an_upload_becomes_an_image_while_nobody_waits(given, alice, send, running, kept, tmp_path):
    project = given.project(alice)
    path = slides.svs(tmp_path / "a.svs")
    sent = send("later.svs", path.read_bytes(), project)
    job = ended(alice, sent["job"])
    assert job["state"] == "done", job
    [made] = job["result"]["images"]
    [image] = alice.get(f"/api/project/{project.id}/imageinstance.json").json()["collection"]
    assert made["imageInstances"] == [image["id"]]
    assert (image["instanceFilename"], image["width"], image["user"]) == ("later.svs", 900, alice.id)
    file = alice.get(f"/api/uploadedfile/{sent['uploadedFile']['id']}.json").json()
    assert (file["status"], file["contentType"], file["image"]) == (100, "SVS", made["image"])
    assert "later.svs: imported" in job["log"]
    assert [path.stat().st_size for path in files(kept)] == [path.stat().st_size]


@pytest.mark.long
def test_a_huge_slide_has_its_overview_when_a_second_job_has_made_it(given, alice, send, running, tmp_path):
    project = given.project(alice)
    sent = send("huge.tif", slides.huge(tmp_path / "huge.tif").read_bytes(), project)
    assert ended(alice, sent["job"])["state"] == "done"
    [second] = [job for job in alice.get("/api/atrisys/jobs").json()["collection"] if job["id"] != sent["job"]]
    assert second["name"] == "make_levels"
    made = ended(alice, second["id"])
    assert (made["state"], made["result"]["levels"], made["project"]) == ("done", 5, project.id), made
    [image] = alice.get(f"/api/project/{project.id}/imageinstance.json").json()["collection"]
    grid = alice.get(f"/api/atrisys/imageinstance/{image['id']}/tiles.json").json()
    assert [level["width"] for level in grid["levels"]] == [8448, 2112, 1056, 528, 264, 132]
    tile = alice.get(grid["tiles"].format(level=5, column=0, row=0))
    assert (tile.status_code, tile.headers["content-type"]) == (200, "image/jpeg")


def test_what_is_no_slide_stays_in_the_list_with_its_reason_and_without_bytes(alice, send, running, kept):
    sent = send("photo.svs", b"\xff\xd8\xff\xe0" + bytes(200))
    job = ended(alice, sent["job"])
    file = alice.get(f"/api/uploadedfile/{sent['uploadedFile']['id']}.json").json()
    assert (job["state"], file["status"]) == ("failed", 11)
    assert job["message"] == file["error"]
    assert file["error"].startswith("photo.svs cannot be decoded")
    assert files(kept) == []
    assert alice.get(f"/api/uploadedfile/{file['id']}/download").status_code == 404


def test_a_flat_picture_becomes_a_pyramid_below_it(given, alice, send, running, kept, tmp_path):
    project = given.project(alice)
    content = flats.png(tmp_path / "a.png", slides.tissue(700, 520), mpp=0.5).read_bytes()
    sent = send("photo.png", content, project)
    job = ended(alice, sent["job"])
    assert (job["state"], "photo.png: imported" in job["log"]) == ("done", True), job
    root = alice.get(f"/api/uploadedfile/{sent['uploadedFile']['id']}.json").json()
    assert (root["status"], root["contentType"], root["error"], root["nbChildren"]) == (104, "PNG", None, 1)
    [child] = alice.get(f"/api/uploadedfile.json?parent={root['id']}").json()["collection"]
    assert (child["status"], child["contentType"], child["originalFilename"]) == (100, "PYRTIFF", "photo.tif")
    [image] = alice.get(f"/api/project/{project.id}/imageinstance.json").json()["collection"]
    assert (image["instanceFilename"], image["width"], image["physicalSizeX"]) == ("photo.png", 700, 0.5)
    base = alice.get(f"/api/abstractimage/{image['baseImage']}.json").json()
    assert (base["uploadedFile"], child["image"]) == (child["id"], base["id"])
    assert alice.get(f"/api/abstractimage/{base['id']}/download").content == content
    assert alice.get(f"/api/uploadedfile/{root['id']}/download").content == content
    assert alice.get(f"/api/uploadedfile/{child['id']}/download").content[:4] == b"II+\0"
    assert alice.get(f"/api/imageinstance/{image['id']}/thumb.jpg?maxSize=128").status_code == 200
    assert len(files(kept)) == 2
    assert alice.delete(f"/api/imageinstance/{image['id']}.json").status_code == 200
    assert alice.delete(f"/api/uploadedfile/{root['id']}.json").status_code == 200
    assert files(kept) == []


def test_a_conversion_that_failed_keeps_the_picture_and_is_tried_again(
    given, alice, bob_and_charlie, send, kept, tmp_path
):
    bob, charlie = bob_and_charlie
    given.storage_member(given.storage_of(alice), bob, permission=1)
    content = flats.png(tmp_path / "a.png", slides.tissue(700, 520)).read_bytes()
    sent = send("photo.png", content, keys="stain", values="H&E")
    path = f"/api/uploadedfile/{sent['uploadedFile']['id']}"
    retry = f"/api/atrisys/uploadedfile/{sent['uploadedFile']['id']}/retry.json"
    assert alice.post(retry).status_code == 400, "it waits still"
    job = run_to_the_end(kept, alice, sent["job"], convert_timeout_s=0.001)
    file = alice.get(f"{path}.json").json()
    assert (job["state"], file["status"]) == ("failed", 31)
    assert file["error"] == job["message"] == "photo.png: decoding took longer than 0.001 s and was ended"
    assert alice.get(f"{path}/download").content == content
    assert [charlie.post(retry).status_code, bob.post(retry).status_code] == [404, 403]
    again = alice.post(retry).json()
    assert (again["uploadedFile"]["status"], again["uploadedFile"]["error"]) == (0, None)
    job = run_to_the_end(kept, alice, again["job"])
    assert job["state"] == "done", job
    assert alice.get(f"{path}.json").json()["status"] == 104
    [made] = job["result"]["images"]
    kept_of = alice.get(f"/api/domain/be.cytomine.domain.image.AbstractImage/{made['image']}/property.json").json()
    assert [(row["key"], row["value"]) for row in kept_of["collection"]] == [("stain", "H&E")]
    assert alice.post(retry).status_code == 400


def run_to_the_end(kept, person, job, **settings):
    """With a runner of its own, of these settings."""
    runner = Runner(Store(kept.settings.model_copy(update=settings))).start()
    try:
        return ended(person, job)
    finally:
        runner.stop()


@slides.needs_real
def test_a_zip_becomes_its_slides_and_is_not_kept_itself(given, alice, send, running, kept, tmp_path):
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in slides.DICOM.iterdir():
            archive.write(file, f"dicom/{file.name}")
        archive.write(slides.svs(tmp_path / "one.svs"), "one.svs")
    project = given.project(alice)
    sent = send("two.zip", path.read_bytes(), project)
    assert ended(alice, sent["job"])["state"] == "done"
    listed = alice.get(f"/api/project/{project.id}/imageinstance.json").json()["collection"]
    assert {row["instanceFilename"] for row in listed} == {"one.svs", "dicom"}
    assert sorted(path.suffix for path in files(kept)) == [".dcm"] * 4 + [".svs"]
    file = alice.get(f"/api/uploadedfile/{sent['uploadedFile']['id']}.json").json()
    assert (file["status"], file["nbChildren"]) == (106, 2)
    assert alice.delete(f"/api/uploadedfile/{file['id']}.json").status_code == 403


def test_the_bytes_of_a_cancelled_import_are_their_owners_to_delete(given, alice, bob_and_charlie, send, kept):
    bob, charlie = bob_and_charlie
    project = given.project(bob, [alice])
    sent = send("a.svs", bytes(1000), project)
    path = f"/api/atrisys/job/{sent['job']}.json"
    assert charlie.delete(path).status_code == 404
    answer = bob.delete(path)
    assert (answer.status_code, answer.json()["job"]["state"]) == (200, "cancelling")
    runner = Runner(kept).start()
    try:
        assert ended(alice, sent["job"])["state"] == "cancelled"
    finally:
        runner.stop()
    file = alice.get(f"/api/uploadedfile/{sent['uploadedFile']['id']}.json").json()
    assert (file["status"], file["error"]) == (41, "The job was cancelled.")
    assert len(alice.get(f"/api/uploadedfile/{file['id']}/download").content) == 1000
    assert alice.delete(f"/api/uploadedfile/{file['id']}.json").status_code == 200
    assert files(kept) == []


@pytest.fixture
def bob_and_charlie(given):
    return given.person("bob"), given.person("charlie")


def test_who_lost_the_project_meanwhile_puts_nothing_into_it(given, alice, bob_and_charlie, send, kept, tmp_path):
    bob, _ = bob_and_charlie
    project = given.project(bob, [alice])
    sent = send("a.svs", slides.svs(tmp_path / "a.svs").read_bytes(), project)
    assert bob.delete(f"/api/project/{project.id}/user/{alice.id}.json").status_code == 200
    runner = Runner(kept).start()
    try:
        assert ended(bob, sent["job"])["state"] == "failed"
    finally:
        runner.stop()
    assert alice.get(f"/api/atrisys/job/{sent['job']}.json").status_code == 404
    file = alice.get(f"/api/uploadedfile/{sent['uploadedFile']['id']}.json").json()
    assert file["status"] == 41
    assert file["error"]
    assert bob.get(f"/api/project/{project.id}/imageinstance.json").json()["size"] == 0
    assert [path.stat().st_size for path in files(kept)] == [file["size"]], "it is still in their storage"


def test_a_failure_that_is_not_the_files_costs_nobody_their_slide(given, alice, send, kept, tmp_path):
    content = slides.svs(tmp_path / "a.svs").read_bytes()
    sent = send("a.svs", content)
    with kept.reading() as db:
        job = db.get_one(Job, sent["job"])
    room.given_up(kept, job, Refusal("The process that did this job ended unexpectedly."))
    file = alice.get(f"/api/uploadedfile/{sent['uploadedFile']['id']}.json").json()
    assert (file["status"], file["error"]) == (41, "The process that did this job ended unexpectedly.")
    assert alice.get(f"/api/uploadedfile/{file['id']}/download").content == content


def test_an_import_that_was_cancelled_is_done_anew_on_request(given, alice, send, kept, tmp_path):
    content = slides.svs(tmp_path / "a.svs").read_bytes()
    sent = send("a.svs", content, given.project(alice))
    path = f"/api/atrisys/job/{sent['job']}"
    alice.delete(f"{path}.json")
    runner = Runner(kept).start()
    try:
        assert ended(alice, sent["job"])["state"] == "cancelled"
        file = f"/api/uploadedfile/{sent['uploadedFile']['id']}.json"
        assert alice.get(file).json()["status"] == 41
        assert alice.post(f"{path}/retry.json").status_code == 200
        job = ended(alice, sent["job"])
        assert job["state"] == "done", job
        again = alice.get(file).json()
        assert (again["status"], again["error"]) == (100, None)
    finally:
        runner.stop()
    assert [path.read_bytes() for path in files(kept)] == [content]


def test_trying_what_is_no_slide_again_says_the_same_again(given, alice, send, running):
    sent = send("photo.svs", b"\xff\xd8\xff\xe0" + bytes(200))
    first = ended(alice, sent["job"])
    alice.post(f"/api/atrisys/job/{sent['job']}/retry.json")
    again = ended(alice, sent["job"])
    assert (again["state"], again["message"]) == ("failed", first["message"])


def test_a_full_disk_is_waited_for_and_is_not_the_files_fault(given, alice, send, kept, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "AGAIN_S", 0)
    project = given.project(alice)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(slides.svs(tmp_path / "a.svs"), "a.svs")
    sent = send("a.zip", (tmp_path / "a.zip").read_bytes(), project)
    id, tries = sent["uploadedFile"]["id"], []
    free = os.statvfs

    def full(path):
        if path != kept.folder.tiles:
            # What is kept of the slide for its first reader is another matter.
            tries.append(path)
        return free(path) if len(tries) > 3 else os.statvfs_result((4096, 4096, *[0] * 8))

    monkeypatch.setattr("atrisys.store.disk.os.statvfs", full)
    lines = []

    class Context:
        store, caller, arguments = kept, alice.caller, {"uploaded_file": id}
        progress = staticmethod(lambda *_: None)
        log = staticmethod(lines.append)

    assert room.run(Context)["images"][0]["imageInstances"]
    assert len(tries) == 4
    assert sum("no room" in line for line in lines) == 3
    file = alice.get(f"/api/uploadedfile/{id}.json").json()
    assert (file["status"], file["error"]) == (106 if file["nbChildren"] else 100, None)


def test_who_waited_for_a_full_disk_in_vain_keeps_the_bytes_and_may_try_again(given, alice, send, kept, tmp_path):
    content = slides.svs(tmp_path / "a.svs").read_bytes()
    sent = send("a.svs", content)
    id = sent["uploadedFile"]["id"]
    with kept.reading() as db:
        job = db.get_one(Job, sent["job"])
    room.given_up(kept, job, DiskRefuses("The server's disk has no room for this file. Tell its administrator."))
    file = alice.get(f"/api/uploadedfile/{id}.json").json()
    assert file["status"] == 41
    assert "no room" in file["error"]
    assert alice.get(f"/api/uploadedfile/{id}/download").content == content
    assert import_slide.take_up(kept, alice.caller, id)[0].abstract_image_id
    file = alice.get(f"/api/uploadedfile/{id}.json").json()
    assert (file["status"], file["error"]) == (100, None)


def test_a_second_run_after_a_sudden_death_makes_no_second_image(given, alice, send, kept, tmp_path):
    project = given.project(alice)
    sent = send("a.svs", slides.svs(tmp_path / "a.svs").read_bytes(), project)
    id = sent["uploadedFile"]["id"]
    first = import_slide.take_up(kept, alice.caller, id)
    assert import_slide.take_up(kept, alice.caller, id) == first
    with kept.reading() as db:
        assert len(db.scalars(select(AbstractImage)).all()) == len(db.scalars(select(ImageInstance)).all()) == 1
        job = db.get_one(Job, sent["job"])
    room.given_up(kept, job, Refusal("Too late."))
    with kept.reading() as db:
        row = db.get_one(UploadedFile, id)
        assert (row.status, row.error) == (100, None)
    assert len(files(kept)) == 1
