import csv
import io

import pytest

from atrisys.store.tables import ImageConsultation


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def image(given, project, alice):
    return given.image(project, alice, original_filename="colon.svs")


@pytest.fixture
def other(given, project, alice):
    return given.image(project, alice, original_filename="lung.svs")


def open_image(person, image, mode="view"):
    answer = person.post(f"/api/imageinstance/{image.id}/consultation.json", json={"mode": mode, "image": image.id})
    assert answer.status_code == 200, answer.text
    return answer.json()


def rows(person, address, **query):
    answer = person.get(address, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["collection"]


def consulted(person, project, whom, **query):
    return rows(person, f"/api/project/{project.id}/user/{whom.id}/imageconsultation.json", **query)


def test_opening_an_image_is_recorded_with_the_connection_that_it_belongs_to(given, bob, project, image):
    connection = given.connection(project, bob)
    said = open_image(bob, image)
    assert (said["user"], said["image"], said["project"], said["mode"]) == (bob.id, image.id, project.id, "view")
    assert (said["imageName"], said["projectConnection"]) == ("colon.svs", connection.id)
    assert said["imageThumb"] == f"http://testserver/api/imageinstance/{image.id}/thumb.png?maxSize=256"
    assert said["time"] is None
    assert consulted(bob, project, bob) == [said]


def test_opening_the_next_one_counts_the_time_and_the_annotations_of_the_last(given, bob, project, image, other, db):
    first = given.consultation(image, bob, ago_s=100)
    for ago_s in (90, 80, 70, 30, 25):  # 40 seconds without a sign: away.
        given.position(image, bob, ago_s=ago_s)
    given.position(image, bob, ago_s=200)
    given.annotation(image, bob)
    open_image(bob, other)
    db.expire_all()
    row = db.get_one(ImageConsultation, first.id)
    assert row.time_ms == pytest.approx(25_000, abs=500)
    assert row.count_created_annotations == 1
    [now, before] = consulted(bob, project, bob)
    assert (now["image"], now["time"]) == (other.id, None)
    assert (before["image"], before["time"]) == (image.id, row.time_ms)


def test_each_image_once(given, alice, bob, project, image, other):
    for one in (image, other, image):
        open_image(bob, one)
    assert [one["image"] for one in consulted(alice, project, bob)] == [image.id, other.id, image.id]
    assert [one["image"] for one in consulted(alice, project, bob, distinctImages=True)] == [image.id, other.id]
    assert [one["image"] for one in consulted(alice, project, bob, max=1, offset=1)] == [other.id]


def test_they_are_counted_and_summed_up(given, alice, bob, project, image, other):
    given.consultation(image, bob, ago_s=50, time_ms=1_000, count_created_annotations=2)
    last = given.consultation(image, bob, ago_s=40, time_ms=500, count_created_annotations=1)
    given.consultation(other, alice, ago_s=30, time_ms=7)
    address = f"/api/project/{project.id}/imageconsultation/count.json"
    assert bob.get(address).json() == {"total": 3}
    assert bob.get(address, params={"startDate": last.created}).json() == {"total": 1}
    [line] = rows(alice, "/api/imageconsultation/resume.json", user=bob.id, project=project.id)
    assert (line["image"], line["imageName"], line["time"], line["frequency"]) == (image.id, "colon.svs", 1500, 2)
    assert (line["countCreatedAnnotations"], line["last"]) == (3, last.created)
    assert rows(bob, "/api/imageconsultation/resume.json", project=project.id) == [line]
    assert bob.get("/api/imageconsultation/resume.json", params={"user": bob.id}).status_code == 400


def test_the_summary_as_a_file_holds_no_formula(given, bob, project, alice):
    image = given.image(project, alice, original_filename="=cmd|'/c calc'!A1")
    given.consultation(image, bob, time_ms=5)
    query = {"user": bob.id, "project": project.id, "export": "csv"}
    answer = bob.get("/api/imageconsultation/resume.json", params=query)
    assert answer.headers["content-disposition"].startswith("attachment")
    [line] = csv.DictReader(io.StringIO(answer.text), delimiter=";")
    assert line["imageName"] == "'=cmd|'/c calc'!A1"
    assert (line["time"], line["frequency"]) == ("5", "1")


def test_the_last_images_of_all_are_for_managers(given, alice, bob, project, image):
    given.consultation(image, bob)
    address = f"/api/project/{project.id}/lastImages.json"
    found = {one["user"]: one["image"] for one in rows(alice, address)}
    assert found == {alice.id: None, bob.id: image.id}
    assert bob.get(address).status_code == 403


def test_the_images_that_one_opened_last_come_first_and_five_at_most(given, bob, alice, project):
    images = [given.image(project, alice) for _ in range(7)]
    for ago_s, one in enumerate(images):
        given.consultation(one, bob, ago_s=ago_s)
        given.consultation(one, bob, ago_s=100 + ago_s)
    address = "/api/imageinstance/method/lastopened.json"
    assert [one["id"] for one in rows(bob, address)] == [one.id for one in images[:5]]
    assert [one["id"] for one in rows(bob, address, max=2, offset=5)] == [one.id for one in images[5:]]
    assert rows(alice, address) == []
    assert rows(bob, address)[0]["instanceFilename"] == images[0].instance_filename


def test_a_contributor_asks_only_about_themselves(given, alice, bob, project, image):
    given.consultation(image, alice)
    assert bob.get(f"/api/project/{project.id}/user/{alice.id}/imageconsultation.json").status_code == 403
    query = {"user": alice.id, "project": project.id}
    assert bob.get("/api/imageconsultation/resume.json", params=query).status_code == 403


def test_a_stranger_opens_nothing_and_hears_of_nothing(given, alice, charlie, project, image):
    given.consultation(image, alice)
    assert charlie.post(f"/api/imageinstance/{image.id}/consultation.json", json={}).status_code == 404
    path = f"/api/project/{project.id}"
    for name in (f"user/{alice.id}/imageconsultation", f"user/{charlie.id}/imageconsultation"):
        assert charlie.get(f"{path}/{name}.json").status_code == 404
    for name in ("imageconsultation/count", "lastImages"):
        assert charlie.get(f"{path}/{name}.json").status_code == 404
    query = {"user": charlie.id, "project": project.id}
    assert charlie.get("/api/imageconsultation/resume.json", params=query).status_code == 404


def test_in_a_blinded_project_contributors_are_told_no_names(given, alice, bob):
    project = given.project(alice, [bob], blind_mode=True)
    image = given.image(project, alice, original_filename="Jane Doe.svs")
    said = open_image(bob, image)
    query = {"user": bob.id, "project": project.id}
    answers = [
        bob.get(f"/api/project/{project.id}/user/{bob.id}/imageconsultation.json"),
        bob.get("/api/imageconsultation/resume.json", params=query),
        bob.get("/api/imageconsultation/resume.json", params=query | {"export": "csv"}),
        bob.get("/api/imageinstance/method/lastopened.json"),
    ]
    assert said["imageName"] == str(image.base_image_id)
    for answer in answers:
        assert answer.status_code == 200
        assert "Jane" not in answer.text
        assert str(image.base_image_id) in answer.text
    assert consulted(alice, project, bob)[0]["imageName"] == "Jane Doe.svs"


def test_they_move_with_their_image_to_another_project(given, alice, bob, project, image):
    open_image(alice, image)
    elsewhere = given.project(alice)
    answer = alice.put(f"/api/imageinstance/{image.id}.json", json={"project": elsewhere.id})
    assert answer.status_code == 200, answer.text
    assert consulted(alice, project, alice) == []
    assert consulted(alice, elsewhere, alice)[0]["project"] == elsewhere.id
