import pytest
from sqlalchemy import func, select

from atrisys.actions import link_annotation
from atrisys.store.tables import AnnotationGroup, AnnotationLink
from given.annotations import SQUARE


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def images(given, project, alice):
    return [given.image(project, alice) for _ in range(2)]


@pytest.fixture
def block(given, project, images):
    return given.image_group(project, images)


@pytest.fixture
def drawn(given, alice, bob, images):
    """alice's on the first image, bob's on the second."""
    return [given.annotation(images[0], alice), given.annotation(images[1], bob)]


@pytest.fixture
def group(alice, project, block):
    answer = alice.post("/api/annotationgroup.json", json={"project": project.id, "imageGroup": block.id})
    assert answer.status_code == 200, answer.text
    return answer.json()["annotationgroup"]


def _link(person, annotation, group):
    return person.post("/api/annotationlink.json", json={"annotationIdent": annotation.id, "group": group["id"]})


@pytest.fixture
def linked(alice, drawn, group):
    assert [_link(alice, one, group).status_code for one in drawn] == [200, 200]
    return drawn


def _size(person, group) -> int:
    return person.get(f"/api/annotationgroup/{group['id']}/annotationlink.json").json()["size"]


def test_a_group_is_made_listed_edited_and_deleted(alice, bob, project, block, group):
    assert group["class"] == "be.cytomine.domain.ontology.AnnotationGroup"
    said = [group[key] for key in ("project", "imageGroup", "type")]
    assert said == [project.id, block.id, "SAME_OBJECT"]
    address = f"/api/annotationgroup/{group['id']}.json"
    assert bob.get(address).json() == group
    for path in (f"project/{project.id}", f"imagegroup/{block.id}"):
        assert bob.get(f"/api/{path}/annotationgroup.json").json()["collection"] == [group]
    assert alice.put(address, json={**group, "type": "NEAR"}).json()["annotationgroup"]["type"] == "NEAR"
    assert alice.delete(address).status_code == 200
    assert alice.get(address).status_code == 404


def test_it_lies_in_the_project_of_its_images(given, alice, project, block):
    other = given.project(alice)
    answer = alice.post("/api/annotationgroup.json", json={"project": other.id, "imageGroup": block.id})
    assert answer.status_code == 400


def test_annotations_are_linked_shown_listed_and_unlinked(alice, bob, drawn, images, group):
    link = _link(alice, drawn[0], group).json()["annotationlink"]
    assert link["class"] == "be.cytomine.domain.ontology.AnnotationLink"
    said = [link[key] for key in ("annotationIdent", "annotationClassName", "group", "image")]
    assert said == [drawn[0].id, "be.cytomine.domain.ontology.UserAnnotation", group["id"], images[0].id]
    address = f"/api/annotationgroup/{group['id']}/annotation/{drawn[0].id}.json"
    assert bob.get(address).json() == link
    second = _link(alice, drawn[1], group).json()["annotationlink"]
    for path in (f"annotationgroup/{group['id']}", f"annotation/{drawn[0].id}"):
        assert bob.get(f"/api/{path}/annotationlink.json").json()["collection"] == [link, second]
    shown = bob.get(f"/api/annotation/{drawn[1].id}.json").json()
    assert shown["group"] == group["id"]
    assert [(one["annotation"], one["image"]) for one in shown["annotationLink"]] == [
        (drawn[0].id, images[0].id),
        (drawn[1].id, images[1].id),
    ]
    assert alice.delete(address).status_code == 200
    assert alice.get(address).status_code == 404
    assert alice.get(f"/api/annotation/{drawn[0].id}.json").json()["group"] is None


def test_an_annotation_is_in_one_group(alice, block, project, drawn, group):
    other = alice.post("/api/annotationgroup.json", json={"project": project.id, "imageGroup": block.id}).json()
    assert _link(alice, drawn[0], group).status_code == 200
    assert _link(alice, drawn[0], group).status_code == 409
    assert _link(alice, drawn[0], other["annotationgroup"]).status_code == 409


def test_an_annotation_of_another_project_does_not_fit(given, alice, group):
    foreign = given.annotation(given.image(given.project(alice), alice), alice)
    assert _link(alice, foreign, group).status_code == 400


def test_a_group_holds_so_many_and_no_more(monkeypatch, alice, drawn, images, group):
    monkeypatch.setattr(link_annotation, "MOST", 1)
    assert _link(alice, drawn[0], group).status_code == 200
    assert _link(alice, drawn[1], group).status_code == 400
    body = {"location": SQUARE, "image": images[0].id, "group": group["id"]}
    assert alice.post("/api/annotation.json", json=body).status_code == 400


def test_what_lies_on_a_hidden_layer_does_not_fill_a_group_for_who_does_not_see_it(
    monkeypatch, alice, bob, charlie, project, drawn, group
):
    monkeypatch.setattr(link_annotation, "MOST", 1)
    assert _link(alice, drawn[0], group).status_code == 200
    assert alice.put(f"/api/project/{project.id}.json", json={"hideAdminsLayers": True}).status_code == 200
    assert _link(charlie, drawn[1], group).status_code == 404
    assert _link(bob, drawn[1], group).status_code == 200
    more = {"location": SQUARE, "image": drawn[1].image_id, "group": group["id"]}
    assert [person.post("/api/annotation.json", json=more).status_code for person in (bob, alice)] == [400, 400]


def test_listings_are_cut_by_groups_and_tell_them(alice, given, project, images, linked, group):
    alone = given.annotation(images[0], alice)
    query = f"/api/annotation.json?project={project.id}&showLink=true"
    rows = {row["id"]: row for row in alice.get(query).json()["collection"]}
    assert (rows[alone.id]["group"], rows[alone.id]["annotationLink"]) == (None, [])
    told = rows[linked[0].id]
    assert (told["group"], [one["annotation"] for one in told["annotationLink"]]) == (
        group["id"],
        [one.id for one in linked],
    )
    for word in ("group", "groups"):
        listed = alice.get(f"/api/annotation.json?project={project.id}&{word}={group['id']}").json()["collection"]
        assert {row["id"] for row in listed} == {one.id for one in linked}
    hers = given.annotation_group(given.image_group(given.project(given.person("dora"))))
    assert alice.get(f"/api/annotation.json?project={project.id}&group={hers.id}").status_code == 404


def test_what_hidden_layers_hold_is_not_told_by_groups(alice, bob, project, linked, group):
    alice.put(f"/api/project/{project.id}.json", json={"hideAdminsLayers": True})
    own = [linked[1].id]
    assert _size(bob, group) == 1
    assert bob.get(f"/api/annotation/{linked[1].id}/annotationlink.json").json()["size"] == 1
    assert [one["annotation"] for one in bob.get(f"/api/annotation/{own[0]}.json").json()["annotationLink"]] in (
        [],
        own,
    )
    (row,) = bob.get(f"/api/annotation.json?project={project.id}&showLink=true").json()["collection"]
    assert [one["annotation"] for one in row["annotationLink"]] == own


def test_an_annotation_is_drawn_into_a_group(given, alice, charlie, images, group):
    body = {"location": SQUARE, "image": images[0].id}
    answer = alice.post("/api/annotation.json", json={**body, "group": group["id"]})
    assert answer.json()["annotation"]["group"] == group["id"]
    hers = given.annotation_group(given.image_group(given.project(charlie)))
    foreign = given.annotation_group(given.image_group(given.project(alice)))
    answers = [alice.post("/api/annotation.json", json={**body, "group": one.id}) for one in (hers, foreign)]
    assert [answer.status_code for answer in answers] == [404, 400]


def test_groups_that_are_alike_are_merged_and_unmerged(alice, given, project, block, drawn, group):
    other = given.annotation_group(block, [drawn[1]])
    _link(alice, drawn[0], group)
    merge = f"/api/annotationgroup/{group['id']}/annotationgroup/{other.id}/merge.json"
    answer = alice.post(merge)
    assert answer.json()["annotationgroup"]["id"] == group["id"]
    assert _size(alice, group) == 2
    assert alice.get(f"/api/annotationgroup/{other.id}.json").status_code == 404
    assert alice.get("/api/command/undo.json").status_code == 200
    assert (_size(alice, group), _size(alice, {"id": other.id})) == (1, 1)


def test_groups_that_differ_are_not_merged(alice, given, project, images, block, group):
    other = given.annotation_group(given.image_group(project, images, "block 2"))
    for id in (other.id, group["id"]):
        merge = f"/api/annotationgroup/{group['id']}/annotationgroup/{id}/merge.json"
        assert alice.post(merge).status_code == 400


def test_strangers_find_nothing(given, charlie, project, block, linked, group):
    one = f"/api/annotationgroup/{group['id']}"
    assert {charlie.get(f"{one}.json").status_code, charlie.delete(f"{one}.json").status_code} == {404}
    assert charlie.put(f"{one}.json", json={"type": "MINE"}).status_code == 404
    body = {"project": project.id, "imageGroup": block.id}
    assert charlie.post("/api/annotationgroup.json", json=body).status_code == 404
    assert charlie.get(f"{one}/annotationlink.json").status_code == 404
    assert charlie.delete(f"{one}/annotation/{linked[0].id}.json").status_code == 404
    assert _link(charlie, linked[0], group).status_code == 404
    mine = given.annotation_group(given.image_group(given.project(charlie)))
    assert charlie.post(f"/api/annotationgroup/{mine.id}/annotationgroup/{group['id']}/merge.json").status_code == 404


@pytest.mark.parametrize(("mode", "status"), [("CLASSIC", 200), ("RESTRICTED", 200), ("READ_ONLY", 403)])
def test_contributors_group_unless_the_project_is_read_only(given, bob, project, block, drawn, group, mode, status):
    given.mode(project, mode)
    answers = [
        bob.post("/api/annotationgroup.json", json={"project": project.id, "imageGroup": block.id}),
        bob.put(f"/api/annotationgroup/{group['id']}.json", json={"type": "NEAR"}),
        _link(bob, drawn[0], group),
    ]
    assert {answer.status_code for answer in answers} == {status}


def test_guests_look_only(given, project, block, linked, group):
    guest = given.person("guest", role="ROLE_GUEST")
    given.member(project, guest)
    assert _size(guest, group) == 2
    assert guest.delete(f"/api/annotationgroup/{group['id']}.json").status_code == 403
    assert guest.delete(f"/api/annotationgroup/{group['id']}/annotation/{linked[0].id}.json").status_code == 403


@pytest.mark.parametrize("what", ["annotationgroup", "imagegroup", "image", "project"])
def test_links_go_with_what_they_stand_on_and_come_back(alice, project, block, images, linked, group, db, what):
    path = {
        "annotationgroup": f"annotationgroup/{group['id']}",
        "imagegroup": f"imagegroup/{block.id}",
        "image": f"imageinstance/{images[0].id}",
        "project": f"project/{project.id}",
    }[what]
    assert alice.delete(f"/api/{path}.json").status_code == 200
    left = 1 if what == "image" else 0
    assert db.scalar(select(func.count()).select_from(AnnotationLink)) == left
    assert db.scalar(select(func.count()).select_from(AnnotationGroup)) == left
    assert alice.get("/api/command/undo.json").status_code == 200
    assert _size(alice, group) == 2


def test_an_image_that_moves_away_leaves_its_annotations_groups(alice, given, images, linked, group):
    moved = alice.put(f"/api/imageinstance/{images[0].id}.json", json={"project": given.project(alice).id})
    assert moved.status_code == 200
    assert _size(alice, group) == 1
    assert alice.get("/api/command/undo.json").status_code == 200
    assert _size(alice, group) == 2
