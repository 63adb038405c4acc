import pytest


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def image(given, project, alice):
    return given.image(project, alice, original_filename="colon.svs")


def rows(person, address, **query):
    answer = person.get(address, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["collection"]


def test_who_is_there_now_and_looks_at_what(given, alice, bob, project, image):
    path = f"/api/project/{project.id}/online/user.json"
    assert rows(alice, path) == []
    given.connection(project, alice, ago_s=299)
    given.position(image, bob, ago_s=20)
    place = given.position(image, bob, ago_s=2)
    assert rows(alice, path) == [
        {"id": alice.id, "position": []},
        {
            "id": bob.id,
            "position": [
                {
                    "id": image.id,
                    "image": image.id,
                    "slice": place.slice_id,
                    "filename": "colon.svs",
                    "originalFilename": "colon.svs",
                    "date": place.created,
                }
            ],
        },
    ]


def test_contributors_are_told_where_others_look_only_while_it_is_broadcast(given, alice, bob, project, image):
    path = f"/api/project/{project.id}/online/user.json"
    given.position(image, alice)
    assert rows(bob, path) == [{"id": alice.id, "position": []}]
    given.position(image, alice, broadcast=True)
    assert len(rows(bob, path)[0]["position"]) == 1


def test_old_signs_and_former_members_are_not_there(given, alice, bob, charlie, project, image):
    given.connection(project, bob, ago_s=301)
    given.position(image, bob, ago_s=31)
    given.position(image, charlie)
    assert rows(alice, f"/api/project/{project.id}/online/user.json") == []


def test_blinded_names_are_not_told(given, alice, bob):
    project = given.project(alice, [bob], blind_mode=True)
    image = given.image(project, alice, original_filename="Jane Doe.svs")
    given.position(image, alice, broadcast=True)
    answer = bob.get(f"/api/project/{project.id}/online/user.json")
    assert "Jane" not in answer.text
    assert answer.json()["collection"][0]["position"][0]["filename"] == str(image.base_image_id)


def test_the_activity_of_members_is_for_managers(given, alice, bob, project, image):
    given.connection(project, bob, ago_s=60)
    last = given.connection(project, bob)
    given.consultation(image, bob)
    path = f"/api/project/{project.id}/usersActivity.json"
    [first, second] = rows(alice, path)
    assert (first["username"], first["lastImageId"], first["frequency"]) == ("alice", None, 0)
    assert (second["username"], second["lastImageId"], second["lastImageName"]) == ("bob", image.id, "colon.svs")
    assert (second["lastConnection"], second["frequency"]) == (last.created, 2)
    assert [one["username"] for one in rows(alice, path, sort="frequency", order="desc")] == ["bob", "alice"]
    assert bob.get(path).status_code == 403


def test_what_a_member_did_by_number(given, alice, bob, project, image):
    first, last = given.connection(project, bob, ago_s=60), given.connection(project, bob)
    given.consultation(image, bob)
    given.annotation(image, bob)
    given.annotation(image, alice)
    given.action(image, bob)
    given.action(image, bob, action="open")
    path = f"/api/project/{project.id}/resumeActivity"
    assert alice.get(f"{path}/{bob.id}.json").json() == {
        "firstConnection": first.created,
        "lastConnection": last.created,
        "totalAnnotations": 1,
        "totalConnections": 2,
        "totalConsultations": 1,
        "totalAnnotationSelections": 1,
    }
    assert bob.get(f"{path}/{bob.id}.json").status_code == 200
    assert bob.get(f"{path}/{alice.id}.json").status_code == 403


def test_a_stranger_hears_of_nothing(charlie, project):
    for name in ("online/user", "usersActivity", f"resumeActivity/{charlie.id}"):
        assert charlie.get(f"/api/project/{project.id}/{name}.json").status_code == 404
