import pytest
from sqlalchemy import func, select

from atrisys.store.tables import AnnotationTrack, Track


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def image(given, project, alice):
    return given.image(project, alice)


@pytest.fixture
def track(alice, image):
    answer = alice.post("/api/track.json", json={"name": "nucleus 1", "color": "#ff00aa", "image": image.id})
    assert answer.status_code == 200, answer.text
    return answer.json()["track"]


def test_a_track_is_made_listed_renamed_and_deleted(alice, bob, project, image, track):
    assert track["class"] == "be.cytomine.domain.ontology.Track"
    said = {key: track[key] for key in ("name", "color", "image", "project")}
    assert said == {"name": "nucleus 1", "color": "#FF00AA", "image": image.id, "project": project.id}
    address = f"/api/track/{track['id']}.json"
    assert bob.get(address).json() == track
    for container in (f"project/{project.id}", f"imageinstance/{image.id}"):
        assert bob.get(f"/api/{container}/track.json").json()["collection"] == [track]
    edited = alice.put(address, json={**track, "name": "nucleus 2", "color": "#00ff00", "image": 1}).json()["track"]
    assert (edited["name"], edited["color"], edited["image"]) == ("nucleus 2", "#00FF00", image.id)
    assert alice.delete(address).json()["track"]["id"] == track["id"]
    assert alice.get(address).status_code == 404


def test_lists_are_paged_sorted_and_filtered(given, alice, image):
    for name in ("c", "a", "b"):
        given.track(image, name)
    listed = alice.get(f"/api/imageinstance/{image.id}/track.json?sort=name&max=2").json()
    assert ([one["name"] for one in listed["collection"]], listed["size"]) == (["a", "b"], 3)
    found = alice.get(f"/api/imageinstance/{image.id}/track.json?name[ilike]=C").json()
    assert [one["name"] for one in found["collection"]] == ["c"]


def test_its_name_is_new_on_its_image_and_free_on_another(given, alice, project, image, track):
    again = {"name": "nucleus 1", "color": "#00FF00"}
    assert alice.post("/api/track.json", json={**again, "image": image.id}).status_code == 409
    other = given.image(project, alice)
    assert alice.post("/api/track.json", json={**again, "image": other.id}).status_code == 200


@pytest.mark.parametrize("missing", ["name", "color", "image"])
def test_what_a_track_needs_is_asked_for(alice, image, missing):
    whole = {"name": "nucleus", "color": "#00FF00", "image": image.id}
    assert alice.post("/api/track.json", json={k: v for k, v in whole.items() if k != missing}).status_code == 400


def test_several_at_once_keep_the_good_ones(alice, image, track):
    good, bad = ({"name": name, "color": "#00FF00", "image": image.id} for name in ("new", "nucleus 1"))
    answer = alice.post("/api/track.json", json=[good, bad])
    assert answer.status_code == 206
    assert len(answer.json()["ids"]) == 1


def test_strangers_find_no_track(given, charlie, image, track):
    address = f"/api/track/{track['id']}.json"
    assert charlie.get(address).status_code == 404
    assert charlie.put(address, json={"name": "mine"}).status_code == 404
    assert charlie.delete(address).status_code == 404
    assert charlie.get(f"/api/imageinstance/{image.id}/track.json").status_code == 404
    assert charlie.post("/api/track.json", json={"name": "x", "color": "#00FF00", "image": image.id}).status_code == 404


def _tries(person, image, track) -> set[int]:
    body = {"name": f"by {person.id}", "color": "#00FF00", "image": image.id}
    address = f"/api/track/{track['id']}.json"
    answers = [person.post("/api/track.json", json=body), person.put(address, json={"name": f"for {person.id}"})]
    return {answer.status_code for answer in answers}


@pytest.mark.parametrize(("mode", "status"), [("CLASSIC", 200), ("RESTRICTED", 403), ("READ_ONLY", 403)])
def test_contributors_do_as_the_projects_mode_says(given, alice, bob, track, project, image, mode, status):
    given.mode(project, mode)
    assert _tries(bob, image, track) == {status}
    assert _tries(alice, image, track) == {200}


def test_in_a_restricted_project_one_follows_through_ones_own_images(given, alice, bob, project):
    given.mode(project, "RESTRICTED")
    own = given.image(project, bob)
    answer = bob.post("/api/track.json", json={"name": "mine", "color": "#00FF00", "image": own.id})
    assert answer.status_code == 200


def test_guests_look_only(given, alice, project, image, track):
    guest = given.person("guest", role="ROLE_GUEST")
    given.member(project, guest)
    assert guest.get(f"/api/track/{track['id']}.json").status_code == 200
    assert _tries(guest, image, track) == {403}


def test_what_was_done_to_it_is_undone(alice, given, image, track, db):
    drawn = given.annotation(image, alice)
    alice.post(f"/api/annotationtrack/{drawn.id}/{track['id']}.json")
    address = f"/api/track/{track['id']}.json"
    alice.put(address, json={"name": "renamed"})
    assert alice.get("/api/command/undo.json").status_code == 200
    assert alice.get(address).json()["name"] == "nucleus 1"
    alice.delete(address)
    assert db.scalar(select(func.count()).select_from(AnnotationTrack)) == 0
    assert alice.get("/api/command/undo.json").status_code == 200
    assert alice.get(f"/api/annotation/{drawn.id}.json").json()["track"] == [track["id"]]


def test_a_track_comes_back_without_annotations_that_have_gone_since(alice, given, image, track):
    drawn = given.annotation(image, alice)
    alice.post(f"/api/annotationtrack/{drawn.id}/{track['id']}.json")
    command = alice.delete(f"/api/track/{track['id']}.json").json()["command"]
    alice.delete(f"/api/annotation/{drawn.id}.json")
    assert alice.get(f"/api/command/{command}/undo.json").status_code == 200
    assert alice.get(f"/api/track/{track['id']}/annotationtrack.json").json()["size"] == 0


def test_nobody_undoes_what_they_could_not_do_by_hand(alice, bob, given, project, image):
    command = bob.post("/api/track.json", json={"name": "bob's", "color": "#00FF00", "image": image.id}).json()[
        "command"
    ]
    given.mode(project, "READ_ONLY")
    assert bob.get(f"/api/command/{command}/undo.json").status_code == 403


@pytest.mark.parametrize("what", ["image", "project"])
def test_tracks_go_with_their_image_and_come_back(alice, given, project, image, track, db, what):
    drawn = given.annotation(image, alice)
    alice.post(f"/api/annotationtrack/{drawn.id}/{track['id']}.json")
    path = f"/api/imageinstance/{image.id}.json" if what == "image" else f"/api/project/{project.id}.json"
    assert alice.delete(path).status_code == 200
    assert db.scalar(select(func.count()).select_from(Track)) == 0
    assert alice.get("/api/command/undo.json").status_code == 200
    assert alice.get(f"/api/annotation/{drawn.id}.json").json()["track"] == [track["id"]]


def test_tracks_move_with_their_image(alice, given, project, image, track):
    drawn, other = given.annotation(image, alice), given.project(alice)
    alice.post(f"/api/annotationtrack/{drawn.id}/{track['id']}.json")
    moved = alice.put(f"/api/imageinstance/{image.id}.json", json={"project": other.id})
    assert moved.status_code == 200, moved.text
    assert alice.get(f"/api/track/{track['id']}.json").json()["project"] == other.id
    assert alice.get(f"/api/project/{other.id}/track.json").json()["size"] == 1
    listed = alice.get(f"/api/annotation.json?project={other.id}&track={track['id']}").json()["collection"]
    assert [one["id"] for one in listed] == [drawn.id]


def test_a_move_is_not_undone_once_there_are_new_tracks(alice, given, image, project):
    other = given.project(alice)
    command = alice.put(f"/api/imageinstance/{image.id}.json", json={"project": other.id}).json()["command"]
    alice.post("/api/track.json", json={"name": "new", "color": "#00FF00", "image": image.id})
    assert alice.get(f"/api/command/{command}/undo.json").status_code == 409


def test_a_track_does_not_come_back_into_a_project_that_its_image_left(alice, given, image, track):
    command = alice.delete(f"/api/track/{track['id']}.json").json()["command"]
    alice.put(f"/api/imageinstance/{image.id}.json", json={"project": given.project(alice).id})
    answer = alice.get(f"/api/command/{command}/undo.json")
    assert answer.status_code == 409, answer.text
    assert "another project" in answer.json()["message"]
