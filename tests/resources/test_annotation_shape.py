import pytest
import shapely
from sqlalchemy import select

from atrisys.store.tables import AnnotationTerm, SliceInstance, UserAnnotation
from undoing import ok, redo, undo

RIGHT = "POLYGON ((25 10, 25 30, 50 30, 50 10, 25 10))"
BETWEEN = "POLYGON ((20 15, 20 25, 70 25, 70 15, 20 15))"
FAR = "POLYGON ((60 10, 60 30, 80 30, 80 10, 60 10))"
RING = "POLYGON ((100 100, 100 200, 200 200, 200 100, 100 100), (120 120, 140 120, 140 140, 120 140, 120 120))"


@pytest.fixture
def desk(given, alice, bob):
    """Alice's project, Bob in it, an image with five planes in depth, and two terms."""

    class Desk:
        ontology = given.ontology(alice)
        terms = (given.term(ontology), given.term(ontology))
        project = given.project(alice, [bob], ontology)
        image = given.image(project, alice, planes=[(0, z, 0) for z in range(5)], depth=5)

    return Desk


def area(person, annotation):
    return shapely.from_wkt(ok(person.get(f"/api/annotation/{annotation.id}.json"))["location"]).area


def correct(person, desk, location, **more):
    return person.post("/api/annotationcorrection.json", json={"location": location, "image": desk.image.id, **more})


def rows(db):
    db.expire_all()
    shapes = db.execute(select(UserAnnotation.id, UserAnnotation.location).order_by(UserAnnotation.id)).all()
    links = select(AnnotationTerm.id, AnnotationTerm.annotation_id).order_by(AnnotationTerm.id)
    return [*map(tuple, shapes), *map(tuple, db.execute(links))]


def test_a_shape_joins_the_annotations_that_it_touches_and_undo_parts_them(given, desk, bob, db):
    small = given.annotation(desk.image, bob, terms=[desk.terms[0]])
    large = given.annotation(desk.image, bob, RIGHT, [desk.terms[0]])
    before = rows(db)
    answer = ok(correct(bob, desk, BETWEEN, layers=[bob.id], review=False, remove=False))
    assert answer["annotation"]["id"] == large.id
    assert answer["annotation"]["term"] == [desk.terms[0].id]
    union = shapely.union_all([shapely.from_wkt(text) for text in (small.location, RIGHT, BETWEEN)])
    assert area(bob, large) == pytest.approx(union.area)
    assert bob.get(f"/api/annotation/{small.id}.json").status_code == 404
    after = rows(db)
    ok(undo(bob, answer))
    assert rows(db) == before
    ok(redo(bob, answer))
    assert rows(db) == after


def test_a_shape_is_cut_away_from_all_that_it_touches(given, desk, bob, db):
    one, other = given.annotation(desk.image, bob), given.annotation(desk.image, bob, FAR)
    before = rows(db)
    answer = ok(correct(bob, desk, BETWEEN, layers=[bob.id], remove=True))
    assert (area(bob, one), area(bob, other)) == (300, 300)
    ok(undo(bob, answer))
    assert rows(db) == before


def test_coordinates_that_a_correction_leaves_alone_keep_their_digits(given, desk, bob):
    odd = given.annotation(desk.image, bob, "POLYGON ((10.1 10.3, 10.1 30.7, 30.9 30.7, 30.9 10.3, 10.1 10.3))")
    ok(correct(bob, desk, "POLYGON ((25 5, 25 12, 27 12, 27 5, 25 5))", remove=True))
    assert "30.9 30.7" in ok(bob.get(f"/api/annotation/{odd.id}.json"))["location"]


def test_a_correction_in_image_order_lands_where_it_was_drawn(given, desk, bob):
    row = given.annotation(desk.image, bob)
    turned = "POLYGON ((0 985, 20 985, 20 965, 0 965, 0 985))"
    answer = ok(correct(bob, desk, turned, remove=True, origin="left-top"))
    assert answer["annotation"]["id"] == row.id
    assert area(bob, row) == pytest.approx(400 - 10 * 15)


def test_one_annotation_that_is_named_is_corrected_alone(given, desk, alice, bob):
    one, other = given.annotation(desk.image, bob), given.annotation(desk.image, bob, RIGHT, [desk.terms[0]])
    ok(correct(alice, desk, BETWEEN, annotation=one.id))
    assert area(bob, one) > 400
    assert area(bob, other) == 500


@pytest.mark.parametrize(
    ("location", "word"),
    [
        ("POLYGON ((500 500, 500 520, 520 520, 520 500, 500 500))", "touches no annotation"),
        ("LINESTRING (0 0, 100 100)", "area"),
        ("POLYGON ((0 0, 0 100, 100 100, 100 0, 0 0))", "Nothing would be left"),
    ],
)
def test_a_correction_that_cannot_be_is_refused_and_changes_nothing(given, desk, bob, db, location, word):
    given.annotation(desk.image, bob)
    before = rows(db)
    answer = correct(bob, desk, location, remove=True)
    assert answer.status_code == 400
    assert word in answer.json()["errors"]
    assert rows(db) == before


def test_annotations_of_several_people_or_terms_are_not_corrected_at_once(given, desk, alice, bob):
    given.annotation(desk.image, bob, terms=[desk.terms[0]])
    given.annotation(desk.image, bob, RIGHT, [desk.terms[1]])
    answer = correct(bob, desk, BETWEEN)
    assert (answer.status_code, "different terms" in answer.json()["errors"]) == (400, True)
    given.annotation(desk.image, alice)
    answer = correct(alice, desk, BETWEEN, layers=[alice.id, bob.id])
    assert (answer.status_code, "several people" in answer.json()["errors"]) == (400, True)


def test_in_review_what_was_accepted_is_corrected_first_and_by_its_reviewer_alone(given, desk, alice, bob):
    row = given.annotation(desk.image, bob)
    ok(alice.post(f"/api/imageinstance/{desk.image.id}/review.json"))
    ok(alice.post(f"/api/annotation/{row.id}/review.json", json={}))
    assert correct(bob, desk, BETWEEN, review=True, layers=[bob.id]).status_code == 403
    answer = ok(correct(alice, desk, BETWEEN, review=True, layers=[bob.id]))
    assert answer["reviewedannotation"]["parentIdent"] == row.id
    assert answer["reviewedannotation"]["area"] > 400
    assert area(bob, row) == 400
    ok(undo(alice, answer))
    ok(correct(bob, desk, BETWEEN, layers=[bob.id]))
    assert area(bob, row) > 400


def test_who_manages_nothing_corrects_their_own_layer_alone(given, desk, alice, bob, charlie):
    row = given.annotation(desk.image, alice)
    assert correct(bob, desk, BETWEEN, layers=[alice.id]).status_code == 400
    assert correct(charlie, desk, BETWEEN, layers=[alice.id]).status_code == 404
    ok(correct(alice, desk, BETWEEN))
    assert area(alice, row) > 400


def test_contributors_of_restricted_and_read_only_projects_correct_no_more_than_they_edit(given, alice, bob):
    for settings, status in (({"is_restricted": True}, 403), ({"is_read_only": True}, 403)):
        project = given.project(alice, [bob], **settings)
        image = given.image(project, alice, planes=[(0, 0, 0), (0, 1, 0)], depth=2)
        hers = given.annotation(image, alice)
        body = {"location": BETWEEN, "image": image.id, "annotation": hers.id}
        assert bob.post("/api/annotationcorrection.json", json=body).status_code == status
        assert bob.post(f"/api/annotation/{hers.id}/fill.json").status_code == status
        assert bob.put(f"/api/annotation/{hers.id}/simplify.json").status_code == status


def test_holes_are_filled(given, desk, bob, charlie):
    ring = given.annotation(desk.image, bob, RING)
    assert charlie.post(f"/api/annotation/{ring.id}/fill.json").status_code == 404
    answer = ok(bob.post(f"/api/annotation/{ring.id}/fill.json"))
    assert (area(bob, ring), answer["annotation"]["area"]) == (10_000, 10_000)
    ok(undo(bob, answer))
    assert area(bob, ring) == 9_600


def test_a_shape_is_simplified_when_asked_and_answered_bare(given, desk, bob, charlie):
    circle = shapely.Point(500, 500).buffer(300, 100)
    row = given.annotation(desk.image, bob, shapely.to_wkt(circle, rounding_precision=-1))
    path = f"/api/annotation/{row.id}/simplify.json"
    assert charlie.put(path).status_code == 404
    # As Cytomine's JavaScript client writes it.
    bare = ok(bob.put(path + "?%0A%20%20minPoint=20&%0A%20maxPoint=40"))
    assert bare["id"] == row.id
    assert bare["geometryCompression"] > 0
    assert 20 <= shapely.get_num_coordinates(shapely.from_wkt(bare["location"])) <= 40
    assert ok(bob.get(f"/api/annotation/{row.id}.json"))["location"] == bare["location"]


def test_a_shape_that_is_sent_is_simplified_and_not_stored(desk, bob, db):
    circle = shapely.Point(500, 500).buffer(300, 100)
    for ask in (bob.put, bob.post):
        wkt = ok(ask("/api/simplify.json?maxPoint=50", json={"wkt": circle.wkt}))["wkt"]
        assert shapely.get_num_coordinates(shapely.from_wkt(wkt)) <= 50
    assert bob.put("/api/simplify.json", json={"wkt": "no shape"}).status_code == 400
    assert rows(db) == []


def test_an_annotation_is_repeated_on_the_next_slices(given, desk, alice, bob, charlie, db):
    planes = db.scalars(
        select(SliceInstance.id).where(SliceInstance.image_id == desk.image.id).order_by(SliceInstance.id)
    ).all()
    row = given.annotation(desk.image, alice, terms=[desk.terms[0]], slice_id=planes[0])
    path, body = f"/api/userannotation/{row.id}/repeat.json", {"slice": planes[0], "repeat": 3}
    assert charlie.post(path, json=body).status_code == 404
    answer = ok(bob.post(path, json=body))["collection"]
    copies = [one["annotation"] for one in answer]
    assert [one["slice"] for one in copies] == planes[1:4]
    assert {(one["user"], one["location"], *one["term"]) for one in copies} == {
        (bob.id, row.location, desk.terms[0].id)
    }
    # One step, as a bulk change is.
    ok(undo(bob, answer[0]))
    assert len(rows(db)) == 2
    assert len(ok(bob.post(path, json={"slice": planes[3], "repeat": 3}))["collection"]) == 1
    foreign = given.image(desk.project, alice)
    plane = db.scalars(select(SliceInstance.id).where(SliceInstance.image_id == foreign.id)).one()
    assert bob.post(path, json={"slice": plane, "repeat": 1}).status_code == 400
    assert bob.post(path, json={"slice": planes[0], "repeat": 10**6}).status_code == 400


def split(person, annotation, location, **more):
    return person.post(f"/api/atrisys/annotation/{annotation.id}/split.json", json={"location": location, **more})


def test_an_annotation_is_split_along_a_line_and_undo_mends_it(given, desk, alice, bob, db):
    drawn = given.annotation(desk.image, alice, RING, desk.terms)
    before = rows(db)
    answer = ok(split(bob, drawn, "LINESTRING (150 90, 150 210)"))
    assert shapely.from_wkt(answer["annotation"]["location"]).equals(shapely.box(150, 100, 200, 200))
    (part,) = answer["parts"]
    other = ok(bob.get(f"/api/annotation/{part}.json"))
    left = shapely.difference(shapely.box(100, 100, 150, 200), shapely.box(120, 120, 140, 140))
    assert shapely.from_wkt(other["location"]).equals(left)
    assert (other["user"], set(other["term"])) == (alice.id, {term.id for term in desk.terms})
    after = rows(db)
    ok(undo(bob, answer))
    assert rows(db) == before
    ok(redo(bob, answer))
    assert rows(db) == after


def test_a_line_in_image_order_splits_what_was_drawn_in_the_other_frame(given, desk, alice):
    drawn = given.annotation(desk.image, alice, FAR)
    shown = ok(alice.get(f"/api/annotation/{drawn.id}.json", params={"origin": "left-top"}))["location"]
    left, top, right, _ = shapely.from_wkt(shown).bounds
    line = f"LINESTRING ({left - 1} {top + 5}, {right + 1} {top + 5})"
    answer = ok(split(alice, drawn, line, origin="left-top"))
    assert shapely.from_wkt(answer["annotation"]["location"]).bounds == (60, 10, 80, 25)


def test_what_is_no_area_and_what_is_not_cut_through_is_not_split(given, desk, alice):
    drawn, point = given.annotation(desk.image, alice), given.annotation(desk.image, alice, "POINT (5 5)")
    assert split(alice, drawn, "LINESTRING (20 0, 20 20)").status_code == 400
    assert split(alice, drawn, "POINT (20 20)").status_code == 400
    assert split(alice, point, "LINESTRING (0 5, 10 5)").status_code == 400
    assert area(alice, drawn) == 400


def test_a_stranger_splits_nothing_and_an_overtaken_version_is_refused(given, desk, alice, charlie):
    drawn = given.annotation(desk.image, alice)
    across = {"location": "LINESTRING (20 0, 20 40)"}
    path = f"/api/atrisys/annotation/{drawn.id}/split.json"
    assert charlie.post(path, json=across).status_code == 404
    assert alice.post(path, json=across, headers={"If-Match": '"99"'}).status_code == 412
    assert area(alice, drawn) == 400
