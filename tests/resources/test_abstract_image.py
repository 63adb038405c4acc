import pytest
from sqlalchemy import func, select, update

from atrisys.actions import history
from atrisys.store.tables import AbstractImage, AbstractSlice, StorageMember, UploadedFile
from atrisys.store.tables.files import READ, WRITE
from counting import statements


def ids(answer):
    return [row["id"] for row in answer.json()["collection"]]


def share(given, owner, other, permission):
    with given.writing() as db:
        member = StorageMember(storage_id=given.storage_of(owner).id, user_id=other.id, permission=permission)
        history.add(db, given.maker, member)


def file_of(given, owner):
    with given.writing() as db:
        file = UploadedFile(
            original_filename="a.svs",
            filename="ab/abc.svs",
            content_type="SVS",
            user_id=owner.id,
            storage_id=given.storage_of(owner).id,
        )
        return history.add(db, given.maker, file)


def test_a_record_without_a_file_is_added_shown_edited_listed_and_deleted(alice, db):
    answer = alice.post("/api/abstractimage.json", json={"originalFilename": "a.svs", "width": "700", "height": 300})
    assert answer.status_code == 200, answer.text
    image = answer.json()["abstractimage"]
    assert image == answer.json()["data"]
    assert (image["originalFilename"], image["filename"], image["uploadedFile"]) == ("a.svs", "a.svs", None)
    assert (image["width"], image["height"], image["zoom"], image["tileSize"]) == (700, 300, 2, 256)
    assert (image["channels"], image["extrinsicChannels"], image["dimensions"]) == (1, 3, "XY")
    assert image["thumb"] == f"http://testserver/api/abstractimage/{image['id']}/thumb.png?maxSize=512"
    assert image["preview"].startswith("http://testserver/")
    assert image["macroURL"] is None
    assert db.scalar(select(func.count()).select_from(AbstractSlice)) == 0

    path = f"/api/abstractimage/{image['id']}.json"
    edited = alice.put(path, json={**image, "originalFilename": "b.svs", "magnification": "20", "depth": 3})
    image = edited.json()["abstractimage"]
    assert (image["originalFilename"], image["magnification"], image["dimensions"]) == ("b.svs", 20, "XYZ")
    assert alice.get(path).json() == image
    assert alice.put(path, json={"fps": 3}, headers={"If-Match": '"1"'}).status_code == 412
    assert ids(alice.get("/api/abstractimage.json")) == [image["id"]]
    assert alice.delete(path).json()["abstractimage"]["id"] == image["id"]
    assert alice.get(path).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"originalFilename": " "},
        {"originalFilename": "a", "width": 0},
        {"originalFilename": "a", "width": 10**12},
        {"originalFilename": "a", "physicalSizeX": -1},
        {"originalFilename": "a", "physicalSizeX": "nan"},
        {"originalFilename": "a" * 2000},
    ],
)
def test_a_record_that_cannot_be_is_refused(alice, wrong):
    assert alice.post("/api/abstractimage.json", json=wrong).status_code == 400


def test_an_array_of_records_keeps_the_good_ones(alice):
    answer = alice.post("/api/abstractimage.json", json=[{"originalFilename": "a"}, {}, {"originalFilename": "b"}])
    assert (answer.status_code, len(answer.json()["ids"])) == (206, 2)


def test_a_file_gives_path_type_and_storage_and_needs_the_right_to_write(given, alice, bob):
    file = file_of(given, alice)
    body = {"originalFilename": "a.svs", "uploadedFile": file.id}
    image = alice.post("/api/abstractimage.json", json=body).json()["abstractimage"]
    assert (image["uploadedFile"], image["path"], image["contentType"]) == (file.id, "ab/abc.svs", "SVS")
    assert alice.get(f"/api/uploadedfile/{file.id}/abstractimage.json").json()["id"] == image["id"]
    assert bob.post("/api/abstractimage.json", json=body).status_code == 404
    share(given, alice, bob, READ)
    assert bob.get(f"/api/abstractimage/{image['id']}.json").status_code == 200
    assert bob.post("/api/abstractimage.json", json=body).status_code == 403
    assert bob.put(f"/api/abstractimage/{image['id']}.json", json={"fps": 2}).status_code == 403
    assert alice.get(f"/api/uploadedfile/{file_of(given, alice).id}/abstractimage.json").status_code == 404


def test_a_stranger_sees_no_slide_and_nobody_is_asked_to_sign_in(given, alice, charlie, nobody):
    image = given.abstract_image(alice)
    path = f"/api/abstractimage/{image.id}"
    answers = [
        charlie.get(f"{path}.json"),
        charlie.put(f"{path}.json", json={"fps": 1}),
        charlie.delete(f"{path}.json"),
    ]
    answers += [charlie.get(f"{path}/{name}.json") for name in ("user", "imageinstance", "abstractslice")]
    assert {answer.status_code for answer in answers} == {404}
    assert charlie.get("/api/abstractimage.json").json()["size"] == 0
    assert nobody.get(f"{path}.json").status_code == 401


def test_a_member_of_a_project_reads_the_slide_but_does_not_edit_or_delete_it(given, alice, bob):
    image = given.abstract_image(alice)
    given.image(given.project(alice, [bob]), alice, image)
    path = f"/api/abstractimage/{image.id}.json"
    assert bob.get(path).json()["originalFilename"] == image.original_filename
    assert bob.put(path, json={"magnification": 40}).status_code == 403
    assert bob.delete(path).status_code == 403
    assert ids(bob.get("/api/abstractimage.json")) == []


def test_a_guest_makes_and_edits_no_slide(given, alice):
    guest = given.person("greta", role="ROLE_GUEST")
    image = given.abstract_image(alice)
    share(given, alice, guest, WRITE)
    assert guest.post("/api/abstractimage.json", json={"originalFilename": "a"}).status_code == 403
    assert guest.put(f"/api/abstractimage/{image.id}.json", json={"fps": 1}).status_code == 403


def test_a_blinded_project_tells_its_contributors_no_name_of_its_slides(given, alice, bob):
    image = given.abstract_image(alice, original_filename="Smith, John.svs", case_key="Smith")
    project = given.project(alice, [bob], blind_mode=True)
    given.image(project, alice, image)
    path = f"/api/abstractimage/{image.id}.json"
    assert "Smith" not in bob.get(path).text
    assert bob.get(path).json()["originalFilename"] == str(image.id)
    assert "Smith" not in bob.put(path, json={}, headers={"If-Match": '"9"'}).text
    assert alice.get(path).json()["originalFilename"] == "Smith, John.svs"
    alice.post("/api/imageinstance.json", json={"baseImage": image.id, "project": given.project(alice, [bob]).id})
    assert bob.get(path).json()["originalFilename"] == "Smith, John.svs"


def test_macro_pictures_are_named_to_those_who_may_see_them(given, ada, alice, bob):
    image = given.abstract_image(alice, facts={"associated": ["label", "macro"]})
    given.image(given.project(alice, [bob]), alice, image)
    path = f"/api/abstractimage/{image.id}.json"
    expected = f"http://testserver/api/abstractimage/{image.id}/associated/macro.png?maxSize=512"
    assert alice.get(path).json()["macroURL"] == ada.get(path).json()["macroURL"] == expected
    assert bob.get(path).json()["macroURL"] is None


def test_the_case_of_a_slide_is_kept_until_somebody_says_another(given, alice):
    image = given.abstract_image(alice)
    path = f"/api/abstractimage/{image.id}.json"
    assert alice.put(path, json={"caseKey": "B-17"}).json()["abstractimage"]["caseKey"] == "B-17"
    left_out = {key: value for key, value in alice.get(path).json().items() if key != "caseKey"}
    assert alice.put(path, json=left_out).json()["abstractimage"]["caseKey"] == "B-17"
    assert alice.put(path, json={"caseKey": None}).json()["abstractimage"]["caseKey"] is None


def test_the_old_name_of_the_pixel_size_sets_both_axes(given, alice):
    image = given.abstract_image(alice, mpp_x=0.5, mpp_y=0.5)
    path = f"/api/abstractimage/{image.id}.json"
    fetched = alice.get(path).json()
    assert "resolution" not in fetched
    edited = alice.put(path, json={**fetched, "resolution": "0.25"}).json()["abstractimage"]
    assert (edited["physicalSizeX"], edited["physicalSizeY"]) == (0.25, 0.25)
    left_out = {key: value for key, value in edited.items() if not key.startswith("physicalSize")}
    assert alice.put(path, json=left_out).json()["abstractimage"]["physicalSizeX"] is None


def test_the_size_of_a_slide_stays_once_something_is_drawn_on_it(given, alice, db):
    image = given.abstract_image(alice, 2000, 1000)
    path = f"/api/abstractimage/{image.id}.json"
    assert alice.put(path, json={"height": 1200}).status_code == 200
    given.annotation(given.image(given.project(alice), alice, image), alice)
    assert alice.put(path, json={"height": 1000}).status_code == 400
    assert alice.put(path, json=alice.get(path).json()).status_code == 200
    read = given.abstract_image(alice, facts={"levels": []})
    assert alice.put(f"/api/abstractimage/{read.id}.json", json={"width": 5}).status_code == 400


def test_a_slide_that_projects_use_is_not_deleted_and_they_are_named_as_far_as_seen(given, alice, bob):
    image = given.abstract_image(alice)
    seen, hidden = given.project(alice, name="seen"), given.project(bob, name="hidden")
    instance = given.image(seen, alice, image)
    given.image(hidden, alice, image)
    refused = alice.delete(f"/api/abstractimage/{image.id}.json")
    assert refused.status_code == 403
    assert refused.json()["params"]["projectNames"] == "seen"
    assert refused.json()["params"]["imageNames"] == image.original_filename
    assert refused.json()["params"]["count"] == 2
    assert "hidden" not in refused.text
    assert alice.delete(f"/api/imageinstance/{instance.id}.json").status_code == 200
    assert alice.delete(f"/api/abstractimage/{image.id}.json").status_code == 403


def test_its_planes_go_with_it(given, alice, db):
    image = given.abstract_image(alice, planes=[(0, 0, 0), (0, 1, 0)])
    assert alice.delete(f"/api/abstractimage/{image.id}.json").status_code == 200
    assert db.scalar(select(func.count()).select_from(AbstractSlice)) == 0
    assert db.get(AbstractImage, image.id) is None


def test_lists_are_sorted_paged_and_tell_what_a_project_has(given, ada, alice, bob):
    small, large, middle = (given.abstract_image(alice, width=width) for width in (100, 300, 200))
    project = given.project(alice)
    given.image(project, alice, middle)
    rows = alice.get(f"/api/abstractimage.json?project={project.id}&sort=width&order=desc").json()["collection"]
    assert [(row["id"], row["inProject"]) for row in rows] == [
        (large.id, False),
        (middle.id, True),
        (small.id, False),
    ]
    assert ids(alice.get("/api/abstractimage.json?max=2&offset=1&sort=width")) == [middle.id, large.id]
    assert ids(alice.get("/api/abstractimage.json")) == [middle.id, large.id, small.id]
    assert bob.get(f"/api/abstractimage.json?project={project.id}").status_code == 404
    assert set(ids(ada.get("/api/abstractimage/unused.json"))) == {small.id, large.id}
    assert alice.get("/api/abstractimage/unused.json").status_code == 403


def test_the_uploader_of_a_slide_is_shown(given, alice, bob, db):
    image = given.abstract_image(alice)
    given.image(given.project(alice, [bob]), alice, image)
    answer = bob.get(f"/api/abstractimage/{image.id}/user.json")
    assert answer.json()["username"] == "alice"
    assert alice.private_key not in answer.text
    db.execute(update(AbstractImage).values(user_id=None))
    db.commit()
    assert bob.get(f"/api/abstractimage/{image.id}/user.json").status_code == 404


@pytest.mark.parametrize("length", [2, 20])
def test_a_page_of_slides_costs_a_fixed_number_of_statements(given, alice, store, length):
    for _ in range(length):
        given.abstract_image(alice, uploaded_file_id=file_of(given, alice).id)
    with statements(store) as asked:
        assert alice.get("/api/abstractimage.json").json()["size"] == length
    assert len(asked) <= 8, asked


def test_slides_are_filtered_by_what_they_are(given, alice, charlie):
    first = given.abstract_image(alice, width=300, original_filename="a.svs", mpp_x=0.25, format="SVS")
    second = given.abstract_image(
        alice, width=900, original_filename="b.tif", uploaded_file_id=file_of(given, alice).id
    )
    for query, expected in (
        ("originalFilename[ilike]=.SVS", [first]),
        ("width[gte]=500", [second]),
        ("physicalSizeX[lte]=0.5", [first]),
        ("contentType[equals]=SVS", [second, first]),
        (f"include={second.id}", [second]),
        (f"uploadedFile[in]=null,{second.uploaded_file_id}&sort=width", [first, second]),
        ("facts[equals]=null", [second, first]),
    ):
        assert ids(alice.get(f"/api/abstractimage.json?{query}")) == [row.id for row in expected], query
    assert ids(charlie.get(f"/api/abstractimage.json?include={first.id}")) == []
