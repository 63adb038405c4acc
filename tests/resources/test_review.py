import pytest
import shapely
from sqlalchemy import func, select

from atrisys.store.tables import ImageInstance, ReviewedAnnotation, ReviewedAnnotationTerm
from undoing import OTHER, ok, redo, undo


@pytest.fixture
def desk(given, alice, bob):
    """Alice's project, Bob in it; an image with a shape of Alice's (with a term) and one of Bob's."""

    class Desk:
        ontology = given.ontology(alice)
        terms = (given.term(ontology), given.term(ontology))
        project = given.project(alice, [bob], ontology)
        image = given.image(project, alice)
        hers = given.annotation(image, alice, terms=[terms[0]])
        his = given.annotation(image, bob, OTHER)
        review = f"/api/imageinstance/{image.id}/review.json"
        layers = f"/api/imageinstance/{image.id}/annotation/review.json"
        listing = f"/api/annotation.json?image={image.id}&showMeta=true&showWKT=true&showTerm=true&showGIS=true"

    return Desk


def accept(person, annotation, **body):
    return person.post(f"/api/annotation/{annotation.id}/review.json", json=body)


def image_of(person, desk):
    return ok(person.get(f"/api/imageinstance/{desk.image.id}.json"))


def listed(person, desk, words="&reviewed=true"):
    return ok(person.get(desk.listing + words))["collection"]


def accepted(db):
    db.expire_all()
    return sorted(db.execute(select(ReviewedAnnotation.id, ReviewedAnnotation.parent_id, ReviewedAnnotation.location)))


# --- the image -------------------------------------------------------------------------------------------------------


def test_an_image_is_taken_in_hand_validated_and_opened_again_step_by_step(desk, bob, charlie):
    assert charlie.post(desk.review).status_code == 404
    assert bob.delete(desk.review).status_code == 400
    image = ok(bob.post(desk.review))["imageinstance"]
    assert (image["inReview"], image["reviewed"], image["reviewUser"]) == (True, False, bob.id)
    assert image["instanceFilename"] == desk.image.instance_filename
    ok(bob.delete(desk.review))
    assert (image_of(bob, desk)["inReview"], image_of(bob, desk)["reviewed"]) == (False, True)
    assert bob.delete(desk.review).status_code == 400
    ok(bob.delete(desk.review + "?cancel=true"))
    assert image_of(bob, desk)["inReview"] is True
    ok(bob.delete(desk.review + "?cancel=True"))
    image = image_of(bob, desk)
    assert (image["inReview"], image["reviewed"], image["reviewUser"], image["reviewStart"]) == (
        False,
        False,
        None,
        None,
    )


def test_another_takes_the_review_over_and_the_first_no_longer_ends_it(desk, alice, bob, ada):
    ok(bob.post(desk.review))
    ok(alice.put(desk.review))
    assert bob.delete(desk.review).status_code == 403
    assert accept(bob, desk.his).status_code == 403
    ok(ada.delete(desk.review))


def test_starting_and_validating_are_undone(desk, alice):
    start = ok(alice.post(desk.review))
    stop = ok(alice.delete(desk.review))
    ok(undo(alice, stop))
    assert image_of(alice, desk)["inReview"] is True
    ok(undo(alice, start))
    assert image_of(alice, desk)["inReview"] is False


@pytest.mark.parametrize("mode", [{"is_restricted": True}, {"is_read_only": True}])
def test_contributors_of_other_projects_than_classic_ones_do_not_start_it(given, alice, bob, mode):
    image = given.image(given.project(alice, [bob], **mode), alice)
    assert bob.post(f"/api/imageinstance/{image.id}/review.json").status_code == 403
    ok(alice.post(f"/api/imageinstance/{image.id}/review.json"))


def test_who_began_a_review_does_not_end_it_once_the_project_is_read_only(given, desk, alice, bob):
    ok(bob.post(desk.review))
    project = image_of(bob, desk)["project"]
    ok(alice.put(f"/api/project/{project}.json", json={"isReadOnly": True}))
    for words in ("", "?cancel=true"):
        assert bob.delete(desk.review + words).status_code == 403
    assert image_of(bob, desk)["inReview"] is True


def test_a_guest_does_not_validate(given, alice):
    guest = given.person(role="ROLE_GUEST")
    image = given.image(given.project(alice, [guest]), alice)
    review = f"/api/imageinstance/{image.id}/review.json"
    ok(guest.post(review))
    assert guest.delete(review).status_code == 403


# --- one annotation --------------------------------------------------------------------------------------------------


def test_a_copy_is_accepted_with_its_terms_and_more_and_stays_when_the_annotation_goes(desk, alice, bob):
    ok(bob.post(desk.review))
    row = ok(accept(bob, desk.hers, terms=[desk.terms[1].id]))["reviewedannotation"]
    assert row["class"] == "be.cytomine.domain.ontology.ReviewedAnnotation"
    assert (row["parentIdent"], row["user"], row["reviewUser"]) == (desk.hers.id, alice.id, bob.id)
    assert row["terms"] == row["term"] == [term.id for term in desk.terms]
    assert (row["reviewed"], row["status"], row["location"]) == (True, 1, desk.hers.location)
    assert row["cropURL"].endswith(f"/api/reviewedannotation/{row['id']}/crop.png")
    drawn = ok(bob.get(f"/api/annotation/{desk.hers.id}.json"))
    assert (drawn["reviewed"], drawn["countReviewedAnnotations"]) == (True, 1)
    assert accept(bob, desk.hers).status_code == 409
    ok(alice.delete(f"/api/annotation/{desk.hers.id}.json"))
    for word in ("annotation", "reviewedannotation"):
        assert ok(bob.get(f"/api/{word}/{row['id']}.json"))["terms"] == row["terms"]
    assert bob.get(f"/api/userannotation/{row['id']}.json").status_code == 404
    ok(bob.delete(f"/api/annotation/{desk.hers.id}/review.json"))
    assert bob.get(f"/api/annotation/{row['id']}.json").status_code == 404


def test_nobody_accepts_but_the_reviewer_of_an_image_in_review(desk, alice, bob, ada, charlie):
    assert accept(bob, desk.hers).status_code == 400
    ok(bob.post(desk.review))
    assert accept(charlie, desk.hers).status_code == 404
    # Not even an administrator, nor the project's manager.
    assert accept(ada, desk.hers).status_code == accept(alice, desk.hers).status_code == 403
    row = ok(accept(bob, desk.hers))["reviewedannotation"]
    for person, status in ((charlie, 404), (alice, 403), (ada, 403)):
        assert person.delete(f"/api/annotation/{desk.hers.id}/review.json").status_code == status
    ok(bob.delete(desk.review))
    assert accept(bob, desk.his).status_code == 400
    assert ok(bob.get(f"/api/reviewedannotation/{row['id']}.json"))["id"] == row["id"]


def test_a_get_accepts_too_and_counts_as_unsafe(desk, bob, db):
    ok(bob.post(desk.review))
    path = f"/api/annotation/{desk.his.id}/review.json?terms={desk.terms[0].id}"
    cookie = {"cookie": f"atrisys_pictures={bob.cookies.get('atrisys_pictures')}"}
    assert bob.get(path, headers=cookie, auth=None).status_code == 401
    assert accepted(db) == []
    assert ok(bob.get(path))["reviewedannotation"]["terms"] == [desk.terms[0].id]


def test_the_python_clients_form_is_read_whatever_its_content_type_says(desk, bob):
    ok(bob.post(desk.review))
    path = f"/api/annotation/{desk.his.id}/review.json"
    sent = f"id={desk.his.id}&terms={desk.terms[0].id}&terms={desk.terms[1].id}"
    answer = bob.post(path, content=sent, headers={"content-type": "application/json"})
    assert ok(answer)["reviewedannotation"]["terms"] == [term.id for term in desk.terms]
    assert bob.post(path, content="[1]", headers={"content-type": "application/json"}).status_code == 400
    assert bob.post(path, content=b"\xff=1", headers={"content-type": "application/json"}).status_code == 400


def test_a_term_of_another_ontology_is_not_given(given, desk, alice, bob, charlie, db):
    ok(alice.post(desk.review))
    assert accept(alice, desk.hers, terms=[given.term(given.ontology(alice)).id]).status_code == 400
    assert accept(alice, desk.hers, terms=[given.term(given.ontology(charlie)).id]).status_code == 404
    assert accepted(db) == []


def test_accepting_and_rejecting_are_undone_and_done_again(desk, bob, charlie, db):
    ok(bob.post(desk.review))
    answer = ok(accept(bob, desk.hers))
    after = accepted(db)
    ok(undo(bob, answer))
    assert accepted(db) == []
    assert undo(charlie, answer).status_code == 404
    ok(redo(bob, answer))
    assert accepted(db) == after
    answer = ok(bob.delete(f"/api/annotation/{desk.hers.id}/review.json"))
    assert accepted(db) == []
    ok(undo(bob, answer))
    assert accepted(db) == after
    assert db.scalar(select(func.count()).select_from(ReviewedAnnotationTerm)) == 1


# --- layers ----------------------------------------------------------------------------------------------------------


def test_whole_layers_are_accepted_and_rejected(desk, alice, bob, charlie, db):
    assert alice.post(f"{desk.layers}?users={bob.id}").status_code == 400
    ok(alice.post(desk.review))
    assert charlie.post(f"{desk.layers}?users={bob.id}").status_code == 404
    assert bob.post(f"{desk.layers}?users={bob.id}").status_code == 403
    assert alice.post(f"{desk.layers}?users=me").status_code == 400
    ok(accept(alice, desk.hers))
    rows = ok(alice.post(f"{desk.layers}?users={alice.id},{bob.id}&task=1"))["collection"]
    assert [id for id, parent, _ in accepted(db) if parent == desk.his.id] == [row["id"] for row in rows]
    stats = ok(bob.get(f"/api/imageinstance/{desk.image.id}/reviewedannotation/stats.json"))["collection"]
    assert stats == [{"user": id, "all": 1, "reviewed": 1} for id in sorted((alice.id, bob.id))]
    assert ok(alice.delete(f"{desk.layers}?users={alice.id}"))["deleted"] == 1
    ok(undo(alice, rows[0]))
    assert accepted(db) == []


# --- reviewed annotations --------------------------------------------------------------------------------------------


def test_reviewed_annotations_are_listed_counted_and_shown_as_pictures_by_who_sees_the_layer(desk, alice, bob, charlie):
    ok(alice.post(desk.review))
    ok(accept(alice, desk.hers))
    (row,) = listed(bob, desk)
    assert (row["parentIdent"], row["reviewUser"], row["reviewed"]) == (desk.hers.id, alice.id, True)
    assert (row["term"], row["location"]) == ([desk.terms[0].id], desk.hers.location)
    assert f"/api/reviewedannotation/{row['id']}/crop.png" in row["cropURL"]
    drawn = {one["id"]: one for one in listed(bob, desk, "")}
    assert (drawn[desk.hers.id]["reviewed"], drawn[desk.hers.id]["countReviewedAnnotations"]) == (True, 1)
    assert (drawn[desk.his.id]["reviewed"], drawn[desk.his.id]["countReviewedAnnotations"]) == (False, 0)
    assert [one["id"] for one in listed(bob, desk, "&notReviewedOnly=true")] == [desk.his.id]
    assert listed(bob, desk, f"&reviewed=true&reviewUsers={bob.id}") == []
    assert len(listed(bob, desk, f"&reviewed=true&reviewUsers={alice.id}&terms={desk.terms[0].id}")) == 1
    assert listed(bob, desk, "&reviewed=true&bbox=500,500,600,600") == []
    assert len(listed(bob, desk, f"&reviewed=true&bboxAnnotation={row['id']}")) == 1
    assert charlie.get(desk.listing + "&reviewed=true").status_code == 404
    assert [one["id"] for one in ok(bob.get("/api/reviewedannotation.json"))["collection"]] == [row["id"]]
    assert ok(charlie.get("/api/reviewedannotation.json"))["collection"] == []
    assert image_of(bob, desk)["numberOfReviewedAnnotations"] == 1
    assert ok(bob.get(f"/api/project/{desk.project.id}.json"))["numberOfReviewedAnnotations"] == 1
    few = f"/api/project/{desk.project.id}/imageinstance.json?numberOfReviewedAnnotations[gte]="
    assert [ok(bob.get(few + number))["size"] for number in "12"] == [1, 0]
    assert ok(bob.get(f"/api/project/{desk.project.id}/reviewedannotation/count.json"))["total"] == 1
    assert ok(alice.get(f"/api/user/{alice.id}/reviewedannotation/count.json"))["total"] == 1
    assert bob.get(f"/api/user/{alice.id}/reviewedannotation/count.json").status_code == 403
    assert charlie.get(f"/api/project/{desk.project.id}/reviewedannotation/count.json").status_code == 404
    ok(alice.put(f"/api/project/{desk.project.id}.json", json={"hideAdminsLayers": True}))
    assert listed(bob, desk) == []
    assert bob.get(f"/api/reviewedannotation/{row['id']}.json").status_code == 404
    assert image_of(bob, desk)["numberOfReviewedAnnotations"] == 0
    assert len(listed(alice, desk)) == 1


def test_only_the_reviewer_reshapes_renames_and_deletes_what_they_accepted(desk, alice, bob, ada, charlie):
    ok(bob.post(desk.review))
    row = ok(accept(bob, desk.hers))["reviewedannotation"]
    path = f"/api/reviewedannotation/{row['id']}.json"
    for person, status in ((alice, 403), (charlie, 404)):
        assert person.put(path, json={"location": OTHER}).status_code == status
        assert person.delete(path).status_code == status
        assert person.post(f"/api/annotation/{row['id']}/fill.json").status_code == status
    answer = ok(bob.put(path, json={**row, "location": OTHER, "terms": [desk.terms[1].id]}))
    assert (answer["reviewedannotation"]["location"], answer["reviewedannotation"]["terms"]) == (
        OTHER,
        [desk.terms[1].id],
    )
    assert ok(bob.get(f"/api/annotation/{desk.hers.id}.json"))["location"] == desk.hers.location
    ok(undo(bob, answer))
    again = ok(bob.get(path))
    assert (again["location"], again["terms"]) == (row["location"], row["terms"])
    links = ok(bob.get(f"/api/annotation/{row['id']}/term.json"))["collection"]
    assert [(link["term"], link["user"]) for link in links] == [(desk.terms[0].id, bob.id)]
    ok(ada.delete(path))
    assert bob.get(path).status_code == 404


def test_a_reviewed_annotation_is_drawn_by_itself(given, desk, alice, bob, charlie):
    body = {"location": OTHER, "image": desk.image.id, "parentIdent": desk.hers.id, "terms": [desk.terms[1].id]}
    assert charlie.post("/api/reviewedannotation.json", json=body).status_code == 404
    row = ok(bob.post("/api/reviewedannotation.json", json=body))["reviewedannotation"]
    assert (row["user"], row["reviewUser"], row["terms"]) == (alice.id, bob.id, [desk.terms[1].id])
    assert shapely.from_wkt(row["location"]).area == row["area"]
    assert bob.post("/api/reviewedannotation.json", json=body).status_code == 409
    elsewhere = given.annotation(given.image(desk.project, alice), alice)
    assert bob.post("/api/reviewedannotation.json", json={**body, "parentIdent": elsewhere.id}).status_code == 404
    read_only = given.image(given.project(alice, [bob], is_read_only=True), alice)
    body = {"location": OTHER, "image": read_only.id}
    assert bob.post("/api/reviewedannotation.json", json=body).status_code == 403


# --- with what they hang on ------------------------------------------------------------------------------------------


def test_what_was_accepted_goes_with_its_image_and_its_term_and_comes_back_with_them(desk, alice, db):
    ok(alice.post(desk.review))
    ok(accept(alice, desk.hers))
    before = accepted(db)
    for path in (f"/api/term/{desk.terms[0].id}.json", f"/api/imageinstance/{desk.image.id}.json"):
        answer = ok(alice.delete(path))
        links = db.scalar(select(func.count()).select_from(ReviewedAnnotationTerm))
        assert links == 0
        ok(undo(alice, answer))
        assert accepted(db) == before
        assert db.scalar(select(func.count()).select_from(ReviewedAnnotationTerm)) == 1
    ok(alice.delete(f"/api/project/{desk.project.id}.json"))
    assert accepted(db) == []


def test_what_was_accepted_moves_and_is_measured_with_its_image(given, desk, alice, db):
    ok(alice.post(desk.review))
    row = ok(accept(alice, desk.hers))["reviewedannotation"]
    ok(alice.put(f"/api/imageinstance/{desk.image.id}.json", json={"physicalSizeX": 2}))
    assert ok(alice.get(f"/api/reviewedannotation/{row['id']}.json"))["area"] == 400 * 4
    other = given.project(alice, ontology=desk.ontology)
    ok(alice.put(f"/api/imageinstance/{desk.image.id}.json", json={"project": other.id}))
    assert ok(alice.get(f"/api/reviewedannotation/{row['id']}.json"))["project"] == other.id
    bare = given.project(alice)
    assert alice.put(f"/api/imageinstance/{desk.image.id}.json", json={"project": bare.id}).status_code == 400


def test_an_account_leaves_what_it_accepted_and_takes_what_it_drew(desk, alice, bob, ada, db):
    ok(bob.post(desk.review))
    ok(accept(bob, desk.hers))
    ok(accept(bob, desk.his))
    ok(ada.delete(f"/api/user/{bob.id}.json"))
    assert [parent for _, parent, _ in accepted(db)] == [desk.hers.id]
    assert db.scalar(select(ReviewedAnnotation.review_user_id)) is None
    assert db.get_one(ImageInstance, desk.image.id).review_user_id is None
