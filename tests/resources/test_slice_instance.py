import pytest
from sqlalchemy import select

from atrisys.store.tables import AbstractSlice, UserAnnotation
from counting import statements


def place(row):
    return row["channel"], row["zStack"], row["time"]


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


def planes(person, image):
    return person.get(f"/api/imageinstance/{image.id}/sliceinstance.json").json()["collection"]


def test_planes_are_listed_by_channel_z_and_time_and_found_by_them(given, project, alice, bob):
    places = [(c, z, t) for c in (1, 0) for z in (0, 2) for t in (0, 1)]
    image = given.image(project, alice, planes=places, channels=2, depth=3, duration=2)
    rows = planes(bob, image)
    assert [place(row) for row in rows] == sorted(places)
    assert rows[3]["rank"] == 0 + 2 * (2 + 3 * 1)
    assert (rows[0]["image"], rows[0]["project"]) == (image.id, project.id)
    assert bob.get(f"/api/sliceinstance/{rows[0]['id']}.json").json() == rows[0]
    assert place(bob.get(f"/api/imageinstance/{image.id}/1/2/1/sliceinstance.json").json()) == (1, 2, 1)
    assert bob.get(f"/api/imageinstance/{image.id}/1/1/1/sliceinstance.json").status_code == 404
    page = bob.get(f"/api/imageinstance/{image.id}/sliceinstance.json?max=3&offset=6").json()
    assert ([place(row) for row in page["collection"]], page["size"]) == ([(1, 2, 0), (1, 2, 1)], 8)


@pytest.mark.parametrize(
    ("places", "middle"),
    [
        ([(0, 0, 0)], (0, 0, 0)),
        ([(0, z, 0) for z in range(5)], (0, 2, 0)),
        ([(0, z, 0) for z in (0, 3, 7, 9)], (0, 7, 0)),
        ([(c, 0, t) for c in range(2) for t in range(3)], (1, 0, 1)),
    ],
)
def test_the_reference_is_the_plane_in_the_middle(given, project, alice, bob, places, middle):
    image = given.image(project, alice, planes=places)
    assert place(bob.get(f"/api/imageinstance/{image.id}/sliceinstance/reference.json").json()) == middle


def test_an_image_without_planes_has_no_reference(given, project, alice):
    image = given.image(project, alice, planes=[])
    assert alice.get(f"/api/imageinstance/{image.id}/sliceinstance/reference.json").status_code == 404
    assert planes(alice, image) == []


def test_a_plane_is_added_edited_and_taken_out_with_what_was_drawn_on_it(given, project, alice, bob, db):
    image = given.image(project, alice, planes=[])
    base = given.abstract_image(alice, planes=[(0, 0, 0)])
    for z_stack in (0, 1):
        sent = {"image": image.base_image_id, "channel": 0, "zStack": z_stack, "time": 0}
        assert alice.post("/api/abstractslice.json", json=sent).status_code == 200
    first, second = db.scalars(select(AbstractSlice.id).where(AbstractSlice.image_id == image.base_image_id)).all()
    foreign = db.scalars(select(AbstractSlice.id).where(AbstractSlice.image_id == base.id)).one()
    body = {"project": project.id, "image": image.id, "baseSlice": first}
    answer = alice.post("/api/sliceinstance.json", json=body)
    assert answer.status_code == 200, answer.text
    plane = answer.json()["sliceinstance"]
    assert (plane["baseSlice"], plane["baseSliceId"], place(plane)) == (first, first, (0, 0, 0))
    assert alice.post("/api/sliceinstance.json", json=body).status_code == 409
    assert alice.post("/api/sliceinstance.json", json={**body, "baseSlice": foreign}).status_code == 400
    assert alice.post("/api/sliceinstance.json", json={**body, "project": given.project(alice).id}).status_code == 400
    assert alice.post("/api/sliceinstance.json", json={"image": image.id}).status_code == 400

    path = f"/api/sliceinstance/{plane['id']}.json"
    assert place(alice.put(path, json={**plane, "baseSlice": second}).json()["sliceinstance"]) == (0, 1, 0)
    assert alice.put(path, json={"baseSlice": foreign}).status_code == 400
    assert alice.put(path, json={"baseSlice": first}, headers={"If-Match": '"1"'}).status_code == 412
    given.annotation(image, bob)
    assert alice.delete(path).json()["sliceinstance"]["id"] == plane["id"]
    assert db.scalars(select(UserAnnotation)).all() == []
    assert planes(alice, image) == []


def test_a_stranger_sees_no_plane_and_contributors_follow_the_editing_mode(given, alice, bob, charlie, nobody):
    for settings, expected in (({}, 200), ({"is_restricted": True}, 403), ({"is_read_only": True}, 403)):
        project = given.project(alice, [bob], **settings)
        image = given.image(project, alice)
        row = planes(bob, image)[0]
        path = f"/api/sliceinstance/{row['id']}.json"
        body = {"project": project.id, "image": image.id, "baseSlice": row["baseSlice"]}
        for answer in (charlie.get(path), charlie.put(path, json=row), charlie.delete(path)):
            assert answer.status_code == 404
        assert charlie.post("/api/sliceinstance.json", json=body).status_code == 404
        assert charlie.get(f"/api/imageinstance/{image.id}/sliceinstance/reference.json").status_code == 404
        assert nobody.get(path).status_code == 401
        assert bob.post("/api/sliceinstance.json", json=body).status_code == (
            403 if "is_read_only" in settings else 409
        )
        assert bob.delete(path).status_code == expected


def test_a_guest_changes_no_plane(given, alice):
    guest = given.person("greta", role="ROLE_GUEST")
    image = given.image(given.project(alice, [guest]), alice)
    path = f"/api/sliceinstance/{planes(guest, image)[0]['id']}.json"
    assert guest.put(path, json={}).status_code == guest.delete(path).status_code == 403


@pytest.mark.parametrize("length", [2, 15])
def test_a_page_of_planes_costs_a_fixed_number_of_statements(given, project, alice, store, length):
    image = given.image(project, alice, planes=[(0, z, 0) for z in range(length)])
    with statements(store) as asked:
        assert len(planes(alice, image)) == length
    assert len(asked) <= 9, asked
