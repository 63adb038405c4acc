import pytest
from sqlalchemy import func, select

from atrisys.store.tables import SharedAnnotation, SharedAnnotationReceiver


@pytest.fixture
def carol(given):
    return given.person("carol")


@pytest.fixture
def image(given, alice, bob, carol):
    return given.image(given.project(alice, [bob, carol]), alice)


@pytest.fixture
def drawn(given, image, alice):
    return given.annotation(image, alice)


@pytest.fixture
def path(drawn):
    return f"/api/userannotation/{drawn.id}/comment"


@pytest.fixture
def written(alice, bob, path):
    """alice to bob."""
    answer = alice.post(f"{path}.json", json={"comment": "Is this <b>mitosis</b>?", "receivers": [bob.id]})
    assert answer.status_code == 200, answer.text
    return answer.json()["sharedannotation"]


def test_sender_and_receiver_read_it_and_other_members_do_not(alice, bob, carol, drawn, path, written):
    assert written["comment"] == "Is this <b>mitosis</b>?"
    assert (written["sender"], written["receivers"]) == (alice.id, [bob.id])
    assert written["senderName"]
    assert (written["annotationIdent"], written["annotationClassName"]) == (drawn.id, drawn.cytomine_class)
    for person in (alice, bob):
        assert person.get(f"{path}.json").json()["collection"] == [written]
        assert person.get(f"{path}/{written['id']}.json").json() == written
    assert carol.get(f"{path}.json").json()["collection"] == []
    assert carol.get(f"{path}/{written['id']}.json").status_code == 404


def test_it_is_listed_by_class_and_id_as_well(bob, carol, charlie, image, drawn, written):
    path = f"/api/domain/{drawn.cytomine_class}/{drawn.id}/sharedannotation.json"
    assert bob.get(path).json()["collection"] == [written]
    assert carol.get(path).json()["collection"] == []
    assert charlie.get(path).status_code == 404
    assert bob.get(f"/api/domain/imageinstance/{image.id}/sharedannotation.json").json()["collection"] == []


def test_strangers_and_administrators(ada, charlie, path, written):
    assert charlie.get(f"{path}.json").status_code == 404
    assert charlie.get(f"{path}/{written['id']}.json").status_code == 404
    assert charlie.post(f"{path}.json", json={"comment": "hello"}).status_code == 404
    assert ada.get(f"{path}/{written['id']}.json").json() == written


def test_the_log_tells_it_to_no_other_member(carol, written):
    assert "SharedAnnotation" not in carol.get("/api/atrisys/changes?since=0").text
    assert carol.get(f"/api/atrisys/history/SharedAnnotation/{written['id']}.json").status_code == 404


def test_how_many_there_are_is_told_with_the_annotation(alice, carol, image, drawn, written):
    assert carol.get(f"/api/annotation/{drawn.id}.json").json()["nbComments"] == 1
    rows = carol.get(f"/api/annotation.json?image={image.id}&showMeta=true").json()["collection"]
    assert [row["nbComments"] for row in rows] == [1]


def test_it_is_written_to_members_alone_and_by_no_mail(alice, bob, charlie, path):
    assert alice.post(f"{path}.json", json={"comment": "x", "users": [charlie.id]}).status_code == 404
    assert alice.post(f"{path}.json", json={"comment": "x", "receivers": [2**62]}).status_code == 404
    refused = alice.post(f"{path}.json", json={"comment": "x", "users": [bob.id], "emails": ["a@example.org"]})
    assert (refused.status_code, "no mail" in refused.json()["message"]) == (400, True)
    assert alice.post(f"{path}.json", json={"comment": " "}).status_code == 400
    both = alice.post(f"{path}.json", json={"comment": "x", "users": [bob.id], "receivers": [bob.id], "emails": []})
    assert both.json()["sharedannotation"]["receivers"] == [bob.id]


@pytest.mark.parametrize(
    ("mode", "own", "others"),
    [("CLASSIC", 200, 200), ("RESTRICTED", 200, 403), ("READ_ONLY", 403, 403)],
)
def test_whoever_may_edit_the_annotation_may_comment_it(given, alice, bob, mode, own, others):
    image = given.image(given.project(alice, [bob]), alice)
    pairs = [(given.annotation(image, bob), own), (given.annotation(image, alice), others)]
    flags = {"isReadOnly": mode == "READ_ONLY", "isRestricted": mode == "RESTRICTED"}
    alice.put(f"/api/project/{image.project_id}.json", json=flags)
    for annotation, status in pairs:
        sent = bob.post(f"/api/userannotation/{annotation.id}/comment.json", json={"comment": "x"})
        assert sent.status_code == status


def test_a_guest_reads_but_does_not_write(given, alice, path, drawn):
    guest = given.person("gustav", role="ROLE_GUEST")
    alice.post(f"/api/project/{drawn.project_id}/user/{guest.id}.json")
    assert guest.post(f"{path}.json", json={"comment": "x"}).status_code == 403
    given.comment(drawn, alice, [guest])
    assert guest.get(f"{path}.json").json()["size"] == 1


def test_who_sees_the_annotation_no_more_reads_nothing_of_it(alice, bob, drawn, path, written):
    alice.put(f"/api/project/{drawn.project_id}.json", json={"hideAdminsLayers": True})
    assert bob.get(f"{path}/{written['id']}.json").status_code == 404
    alice.put(f"/api/project/{drawn.project_id}.json", json={"hideAdminsLayers": False})
    assert bob.get(f"{path}/{written['id']}.json").status_code == 200
    alice.delete(f"/api/project/{drawn.project_id}/user/{bob.id}.json")
    assert bob.get(f"{path}/{written['id']}.json").status_code == 404


def test_a_comment_of_another_annotation_is_not_found_here(given, alice, image, written):
    other = given.annotation(image, alice)
    assert alice.get(f"/api/userannotation/{other.id}/comment/{written['id']}.json").status_code == 404


def test_it_goes_with_the_annotation_and_comes_back_with_it(alice, bob, drawn, path, written, db):
    assert bob.delete(f"/api/annotation/{drawn.id}.json").status_code == 200
    assert db.scalar(select(func.count()).select_from(SharedAnnotationReceiver)) == 0
    assert bob.get("/api/command/undo.json").status_code == 200
    back = bob.get(f"{path}.json").json()["collection"]
    assert [(one["id"], one["receivers"]) for one in back] == [(written["id"], [bob.id])]


def test_the_sender_takes_it_back(alice, bob, path, written):
    assert alice.get("/api/command/undo.json").status_code == 200
    assert bob.get(f"{path}.json").json()["collection"] == []
    assert alice.get("/api/command/redo.json").status_code == 200
    assert [one["receivers"] for one in bob.get(f"{path}.json").json()["collection"]] == [[bob.id]]


def test_it_outlives_its_sender_and_goes_with_the_project(given, ada, alice, bob, carol, image, db):
    drawn = given.annotation(image, alice)
    comment = given.comment(drawn, bob, [bob, carol])
    assert ada.delete(f"/api/user/{bob.id}.json").status_code == 200
    left = carol.get(f"/api/userannotation/{drawn.id}/comment/{comment.id}.json").json()
    assert (left["sender"], left["senderName"], left["receivers"]) == (None, None, [carol.id])
    assert alice.delete(f"/api/project/{drawn.project_id}.json").status_code == 200
    assert db.scalar(select(func.count()).select_from(SharedAnnotation)) == 0
