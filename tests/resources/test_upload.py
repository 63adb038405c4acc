import zipfile
from pathlib import Path

import pytest
from sqlalchemy import func, select

from atrisys.store.tables import AbstractImage, AbstractSlice, Change, ImageInstance, Job, SliceInstance, UploadedFile
from given import slides

EVIL_NAMES = [
    "../../../etc/passwd",
    "/etc/passwd",
    "C:\\slides\\..\\x.svs",
    "nul\0byte.svs",
    "a" * 300 + ".svs",
    "slide\u202egpj.svs",
    "CON",
    "..",
    "%2e%2e%2fx.svs",
    "<script>alert(1)</script>.svs",
    "切片 一.svs",
]


@pytest.fixture
def post(given, alice):
    """Uploads as the official clients do."""

    def post(path, person=alice, name=None, sync="True", content=None, **query):
        storage = query.pop("storage", None) or given.storage_of(alice).id
        name = path.name if name is None else name
        params = {"idStorage": storage, "storage": storage, "sync": sync, **query}
        files = {"files[]": (name, path.read_bytes() if content is None else content, None)}
        return person.post("/upload", params=params, files=files)

    return post


@pytest.fixture
def left(store):
    """What lies below the data folder's files and tmp."""

    def left():
        folders = (store.folder.files, store.folder.tmp)
        return {str(path) for folder in folders for path in folder.rglob("*") if path.is_file()}

    return left


def test_a_synchronous_upload_answers_with_everything_that_was_made(given, alice, post, db, store, tmp_path):
    project = given.project(alice)
    path = slides.svs(tmp_path / "my slide.svs")
    answer = post(path, idProject=project.id, projects=project.id)
    assert answer.status_code == 200, answer.text
    [body] = answer.json()
    assert (body["status"], body["name"], body["size"]) == (200, "my slide.svs", str(path.stat().st_size))
    file, [made] = body["uploadedFile"], body["images"]
    assert (file["status"], file["contentType"], file["originalFilename"]) == (100, "SVS", "my slide.svs")
    assert (file["projects"], file["image"]) == ([project.id], made["image"]["id"])
    assert (made["image"]["width"], made["image"]["height"]) == (900, 700)
    assert made["image"]["thumb"].startswith("http://testserver/api/abstractimage/")
    [instance] = made["imageInstances"]
    assert (instance["project"], instance["baseImage"]) == (project.id, made["image"]["id"])
    assert instance["instanceFilename"] == "my slide.svs"
    row = db.get(UploadedFile, file["id"])
    kept = store.folder.path_of(row.filename)
    assert kept.read_bytes() == path.read_bytes()
    assert "my slide" not in str(kept)
    assert [plane["rank"] for plane in alice.get(f"/api/imageinstance/{instance['id']}/sliceinstance.json").json()
            ["collection"]] == [0]  # fmt: skip
    log = select(Change.class_name).where(Change.object_id.in_([file["id"], made["image"]["id"], instance["id"]]))
    assert set(db.scalars(log)) == {"UploadedFile", "AbstractImage", "ImageInstance"}


def test_what_the_reader_found_and_the_sent_properties_are_kept(given, alice, post, db, tmp_path):
    project = given.project(alice)
    answer = post(slides.svs(tmp_path / "a.svs"), projects=project.id, keys="stain,note", values="H&E,one, two")
    image = db.get(AbstractImage, answer.json()[0]["images"][0]["image"]["id"])
    assert (image.mpp_x, image.magnification, image.format) == (0.25, 40, "SVS")
    instance = answer.json()[0]["images"][0]["imageInstances"][0]["id"]
    for address in (f"/api/domain/AbstractImage/{image.id}", f"/api/imageinstance/{instance}"):
        rows = alice.get(f"{address}/property.json").json()["collection"]
        assert [(row["key"], row["value"]) for row in rows] == [("stain", "H&E"), ("note", "one, two")]
    assert "macro" in image.facts["associated"]
    assert len(image.facts["levels"]) == 2


def test_every_plane_of_a_slide_becomes_a_slice(given, alice, post, db, tmp_path):
    project = given.project(alice)
    body = post(slides.ome(tmp_path / "a.ome.tif", channels=2, depth=3, duration=2), projects=project.id).json()[0]
    image, [instance] = body["images"][0]["image"], body["images"][0]["imageInstances"]
    assert (image["channels"], image["depth"], image["duration"]) == (2, 3, 2)
    planes = db.scalars(select(AbstractSlice).where(AbstractSlice.image_id == image["id"])).all()
    assert {(p.channel, p.z_stack, p.time) for p in planes} == {
        (c, z, t) for c in range(2) for z in range(3) for t in range(2)
    }
    assert {(p.channel, p.channel_name, p.channel_color) for p in planes if p.z_stack == p.time == 0} == {
        (0, "DAPI", planes[0].channel_color),
        (1, "FITC", next(p.channel_color for p in planes if p.channel == 1)),
    }
    count = select(func.count()).where(SliceInstance.image_id == instance["id"])
    assert db.scalar(count) == 12


def test_an_image_goes_into_several_projects_at_once(given, alice, post, tmp_path):
    first, second = given.project(alice), given.project(alice)
    body = post(slides.svs(tmp_path / "a.svs"), projects=f"{first.id},{second.id}").json()[0]
    assert [image["project"] for image in body["images"][0]["imageInstances"]] == [first.id, second.id]


def test_the_same_bytes_may_come_twice_are_said_so_and_stored_once(given, alice, bob, post, db, store, tmp_path):
    path = slides.svs(tmp_path / "a.svs")
    first, second = (post(path).json()[0] for _ in range(2))
    assert first["uploadedFile"]["sha256"] == second["uploadedFile"]["sha256"]
    assert first["images"][0]["image"]["id"] != second["images"][0]["image"]["id"]
    assert (first["uploadedFile"]["sameAs"], second["uploadedFile"]["sameAs"]) == (None, first["uploadedFile"]["id"])
    waits = post(path, sync="false").json()[0]["uploadedFile"]
    assert waits["sameAs"] == first["uploadedFile"]["id"]
    elsewhere = post(path, person=bob, storage=given.storage_of(bob).id).json()[0]["uploadedFile"]
    assert elsewhere["sameAs"] is None, "whose storage it is knows nothing of alice's"
    files = [first["uploadedFile"], second["uploadedFile"], waits, elsewhere]
    kept = [store.folder.path_of(file["filename"]) for file in files]
    assert len({file.stat().st_ino for file in kept}) == 1
    assert alice.delete(f"/api/uploadedfile/{files[0]['id']}.json").status_code == 200
    db.expire_all()
    for file in kept[1:]:
        assert file.read_bytes() == path.read_bytes()


def test_a_kept_file_whose_bytes_went_bad_is_not_handed_to_others(post, store, tmp_path):
    path = slides.svs(tmp_path / "a.svs")
    bad = store.folder.path_of(post(path).json()[0]["uploadedFile"]["filename"])
    bad.write_bytes(bytes(path.stat().st_size))
    good = store.folder.path_of(post(path).json()[0]["uploadedFile"]["filename"])
    assert good.read_bytes() == path.read_bytes()


@slides.needs_real
def test_a_real_slide_comes_in(given, alice, post):
    project = given.project(alice)
    [made] = post(slides.SVS, projects=project.id).json()[0]["images"]
    image = made["image"]
    assert (image["width"], image["height"], image["magnification"]) == (2220, 2967, 20)
    assert image["physicalSizeX"] == pytest.approx(0.499, abs=1e-4)


@slides.needs_real
def test_a_zipped_dicom_folder_is_one_slide(given, alice, post, store, tmp_path):
    path = tmp_path / "case 12.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(slides.DICOM.iterdir()):
            archive.write(file, f"inner folder/{file.name}")
        archive.writestr("__MACOSX/inner folder/._x.dcm", b"junk")
    [body] = post(path, projects=given.project(alice).id).json()
    assert (body["uploadedFile"]["originalFilename"], body["uploadedFile"]["contentType"]) == ("case 12.zip", "DICOM")
    [made] = body["images"]
    assert (made["image"]["originalFilename"], made["image"]["width"]) == ("inner folder", 2220)
    assert len(list(store.folder.path_of(body["uploadedFile"]["filename"]).rglob("*.dcm"))) == 4


@slides.needs_real
def test_one_dicom_file_is_not_read_together_with_its_neighbours(post):
    largest = max(slides.DICOM.iterdir(), key=lambda path: path.stat().st_size)
    for _ in range(2):
        [body] = post(largest).json()
        assert body["images"][0]["image"]["width"] == 2220


def test_a_zip_of_several_slides_gives_one_image_each_and_names_the_broken_one(given, alice, post, db, tmp_path):
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(slides.svs(tmp_path / "one.svs", seed=1), "one.svs")
        archive.write(slides.pyramid(tmp_path / "two.tif"), "deep/two.tif")
        archive.writestr("broken.svs", b"II*\0" + b"\0" * 1000)
        archive.writestr("notes.txt", b"read me")
    project = given.project(alice)
    [body] = post(path, projects=project.id).json()
    assert [made["image"]["originalFilename"] for made in body["images"]] == ["one.svs", "two.tif"]
    assert [error["name"] for error in body["errors"]] == ["broken.svs"]
    root = body["uploadedFile"]
    assert (root["status"], root["nbChildren"], root["filename"]) == (106, 3, "")
    parts = {row.original_filename: row for row in db.scalars(select(UploadedFile).filter_by(parent_id=root["id"]))}
    assert {name: row.status for name, row in parts.items()} == {"one.svs": 100, "two.tif": 100, "broken.svs": 11}
    assert "broken.svs" in parts["broken.svs"].error
    assert alice.get(f"/api/project/{project.id}/imageinstance.json").json()["size"] == 2


GARBAGE = {
    "empty.svs": b"",
    "zeros.svs": bytes(5000),
    "text.svs": b"this is no slide\n" * 100,
    "page.svs": b"<!DOCTYPE html><html>sign in</html>",
    "torn.tif": b"II*\0\xff\xff\xff\xff" + b"\x01" * 3000,
    "photo.jpg": b"\xff\xd8\xff\xe0" + b"\0" * 200,
    "torn.zip": b"PK\x03\x04" + b"\0" * 500,
    "empty.zip": b"PK\x05\x06" + bytes(18),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_what_is_no_slide_is_refused_with_a_reason_and_leaves_nothing(alice, post, db, left, name):
    before, ids = left(), db.scalar(select(func.count()).select_from(Change))
    answer = post(Path(name), content=GARBAGE[name])
    assert answer.status_code == 400, answer.text
    said = answer.json()["errors"]
    assert len(said) > 15
    assert "/" not in said.replace("text/", "")
    assert left() == before
    assert db.scalar(select(func.count()).select_from(Change)) == ids
    assert alice.get("/api/uploadedfile.json").json()["size"] == 0


def test_a_refusal_calls_the_file_by_the_name_that_was_sent(post):
    assert "my photo.jpg" in post(Path("my photo.jpg"), content=GARBAGE["photo.jpg"]).json()["errors"]


def test_a_truncated_slide_is_refused(post, left, tmp_path):
    whole = slides.svs(tmp_path / "a.svs").read_bytes()
    before = left()
    assert post(Path("a.svs"), content=whole[: len(whole) // 2]).status_code == 400
    assert left() == before


@pytest.mark.parametrize("name", EVIL_NAMES)
def test_odd_names_are_harmless(post, db, store, left, tmp_path, name):
    before = left()
    [body] = post(slides.svs(tmp_path / "a.svs", 300, 200, (1,)), name=name).json()
    row = db.get(UploadedFile, body["uploadedFile"]["id"])
    [new] = left() - before
    assert Path(new) == store.folder.path_of(row.filename)
    assert Path(new).name.partition(".")[0].isalnum()
    shown = row.original_filename
    assert 0 < len(shown) <= 255
    assert not set(shown) & set("/\\\0\u202e")


@pytest.mark.parametrize(("name", "shown"), [
    ("../../../etc/passwd", "passwd"), ("C:\\slides\\x.svs", "x.svs"), ("..", "slide"), ("", "slide"),
    ("slide\u202egpj.svs", "slidegpj.svs"), ("切片 一.svs", "切片 一.svs"), ('a"b.svs', 'a"b.svs'),
])  # fmt: skip
def test_people_are_shown_the_last_part_of_the_name(post, tmp_path, name, shown):
    answer = post(slides.svs(tmp_path / "a.svs", 300, 200, (1,)), name=name)
    if name:
        assert answer.json()[0]["name"] == shown


def test_an_asynchronous_upload_is_put_down_with_a_job(given, alice, post, db, store, tmp_path):
    project = given.project(alice)
    path = slides.svs(tmp_path / "a.svs")
    [body] = post(path, sync="False", projects=project.id, keys="k", values="v").json()
    assert (body["status"], body["images"], body["uploadedFile"]["status"]) == (200, [], 0)
    job = db.get(Job, body["job"])
    assert (job.state, job.user_id, job.project_id) == ("waiting", alice.id, project.id)
    assert job.arguments == {"uploaded_file": body["uploadedFile"]["id"], "properties": {"k": "v"}}
    row = db.get(UploadedFile, body["uploadedFile"]["id"])
    assert store.folder.path_of(row.filename).read_bytes() == path.read_bytes()


def test_an_upload_is_asynchronous_unless_asked_otherwise(alice, given, tmp_path):
    sent = {"files[]": ("a.svs", slides.svs(tmp_path / "a.svs").read_bytes())}
    body = alice.post("/upload", params={"idStorage": given.storage_of(alice).id}, files=sent).json()
    assert "job" in body[0]


def test_strangers_guests_and_readers_put_nothing_down(given, alice, bob, charlie, nobody, post, left, tmp_path):
    path, before = slides.svs(tmp_path / "a.svs"), left()
    guest = given.person(role="ROLE_GUEST")
    assert post(path, nobody).status_code == 401
    assert post(path, charlie).status_code == 404
    assert post(path, guest).status_code == 403
    given.storage_member(given.storage_of(alice), bob, permission=1)
    assert post(path, bob).status_code == 403
    given.storage_member(given.storage_of(alice), bob, permission=2)
    assert post(path, bob).status_code == 200
    assert len(left() - before) == 1


def test_a_project_must_be_seen_and_open_to_additions(given, alice, bob, charlie, post, left, tmp_path):
    path, before = slides.svs(tmp_path / "a.svs"), left()
    strange = given.project(charlie)
    closed = given.project(charlie, [alice], is_read_only=True, is_restricted=True)
    for sync in ("True", "False"):
        assert post(path, projects=strange.id, sync=sync).status_code == 404
        assert post(path, projects=closed.id, sync=sync).status_code == 403
    assert left() == before
    restricted = given.project(charlie, [alice], is_restricted=True)
    assert post(path, projects=restricted.id).status_code == 200


@pytest.mark.parametrize("query", [
    {"storage": "x"}, {"storage": "-1"}, {"storage": "9" * 30}, {"projects": "1;2"}, {"keys": "a,b", "values": "1"},
])  # fmt: skip
def test_a_query_that_cannot_be_read_is_refused_before_the_bytes(post, left, tmp_path, query):
    before = left()
    answer = post(slides.svs(tmp_path / "a.svs"), **query)
    assert answer.status_code in (400, 404)
    assert left() == before


def test_what_is_larger_than_allowed_is_refused_and_leaves_nothing(given, alice, app, left, store, tmp_path):
    before = left()
    whole = slides.svs(tmp_path / "a.svs").read_bytes()
    small = store.settings.model_copy(update={"max_upload_gb": 1000 / (1 << 30)})
    large, store.settings = store.settings, small
    try:
        storage = given.storage_of(alice).id
        answer = alice.post(f"/upload?storage={storage}&sync=true", files={"files[]": ("a.svs", whole)})
    finally:
        store.settings = large
    assert (answer.status_code, answer.json()["code"]) == (400, "too_large")
    assert left() == before


def test_nothing_is_left_when_the_project_has_gone_while_the_slide_was_read(
    given, alice, ada, post, left, tmp_path, db, monkeypatch
):
    project, before = given.project(ada, [alice]), left()
    from atrisys.imaging import slides as readers

    real = readers.inspect

    def inspect(path):
        ada.delete(f"/api/project/{project.id}/user/{alice.id}.json")
        return real(path)

    monkeypatch.setattr(readers, "inspect", inspect)
    assert post(slides.svs(tmp_path / "a.svs"), projects=project.id).status_code == 404
    assert left() == before
    assert db.scalars(select(ImageInstance).where(ImageInstance.project_id == project.id)).all() == []
