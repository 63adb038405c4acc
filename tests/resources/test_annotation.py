import pytest
import shapely
from sqlalchemy import func, select

from atrisys.actions import drawing
from atrisys.store.tables import AnnotationTerm, Change, UserAnnotation

SQUARE = "POLYGON ((10 10, 10 30, 30 30, 30 10, 10 10))"


@pytest.fixture
def work(given, alice, bob):
    """Alice's project, Bob in it, an image of 2000 x 1000 px at 0.5 µm and two terms."""

    class Work:
        ontology = given.ontology(alice)
        terms = (given.term(ontology, "tumour"), given.term(ontology, "stroma"))
        project = given.project(alice, [bob], ontology)
        image = given.image(project, alice, width=2000, height=1000, mpp_x=0.5, mpp_y=0.25)

    return Work


def test_a_shape_comes_back_as_it_was_sent_with_measures_and_addresses(work, bob):
    location = "POLYGON((10 10, 10 30.5, 30.25 30, 30 10, 10 10))"
    sent = {"location": location, "image": work.image.id, "project": work.project.id, "term": [work.terms[0].id]}
    answer = bob.post("/api/annotation.json", json=sent)
    assert answer.status_code == 200, answer.text
    row = answer.json()["annotation"]
    assert row["location"] == location
    assert (row["image"], row["project"], row["user"]) == (work.image.id, work.project.id, bob.id)
    assert row["term"] == [work.terms[0].id]
    shape = shapely.from_wkt(location)
    assert row["area"] == pytest.approx(shape.area * 0.25)
    assert (row["areaUnit"], row["perimeterUnit"]) == ("micron²", "mm")
    assert row["perimeter"] == pytest.approx(shape.length * 0.5 / 1000)
    assert row["centroid"]["y"] == pytest.approx(shape.centroid.y)
    assert row["cropURL"] == f"http://testserver/api/userannotation/{row['id']}/crop.png"
    assert bob.get(f"/api/annotation/{row['id']}.json").json() == {**row}


def test_image_order_is_turned_at_the_door_and_back(work, bob):
    sent = {"location": "POLYGON ((0 0, 0 10, 20 10, 20 0, 0 0))", "image": work.image.id, "origin": "left-top"}
    answer = bob.post("/api/annotation.json", json=sent).json()["annotation"]
    assert shapely.from_wkt(answer["location"]).bounds == (0, 990, 20, 1000)
    again = bob.get(f"/api/annotation/{answer['id']}.json?origin=left-top").json()
    assert (again["location"], again["origin"]) == (sent["location"], "left-top")
    assert again["centroid"] == {"x": 10, "y": 5}


@pytest.mark.parametrize(
    ("location", "word"),
    [
        ("POLYGON ((0 0, 0 20, 20 20))", "closed"),
        ("POLYGON ((0 0, nan 20, 20 20, 0 0))", "finite"),
        ("nonsense", "WKT"),
        ("POLYGON ((5000 5000, 5000 5020, 5020 5020, 5000 5000))", "inside the picture"),
        ("POLYGON ((0 0, 10 0, 20 0, 0 0))", "no area"),
        ("GEOMETRYCOLLECTION (POINT (1 1))", "annotation"),
    ],
)
def test_a_shape_that_cannot_be_kept_is_refused_with_its_reason(work, bob, location, word):
    answer = bob.post("/api/annotation.json", json={"location": location, "image": work.image.id})
    assert answer.status_code == 400
    assert word in answer.json()["errors"]


def test_a_crossing_shape_is_mended_and_an_overhanging_one_cut_and_the_answer_says_so(work, bob):
    bow = {"location": "POLYGON ((0 0, 100 100, 100 0, 0 100, 0 0))", "image": work.image.id}
    answer = bob.post("/api/annotation.json", json=bow).json()
    assert answer["changes"] == ["mended"]
    assert shapely.from_wkt(answer["annotation"]["location"]).area == pytest.approx(5000)
    over = {"location": "POLYGON ((-50 -50, -50 50, 50 50, 50 -50, -50 -50))", "image": work.image.id}
    answer = bob.post("/api/annotation.json", json=over).json()
    assert answer["changes"] == ["clipped"]
    assert shapely.from_wkt(answer["annotation"]["location"]).bounds == (0, 0, 50, 50)


def test_an_array_keeps_the_good_ones_and_answers_each_bad_one(work, bob, db):
    sent = [
        {"location": SQUARE, "image": work.image.id, "term": [work.terms[0].id]},
        {"location": "POLYGON ((0 0, 1 1))", "image": work.image.id},
        {"location": SQUARE, "image": 999_999_999},
        {"location": SQUARE},
        {"image": work.image.id},
        {"location": SQUARE, "image": work.image.id, "term": [999_999_999]},
        {"location": "POINT (5 5)", "image": work.image.id},
    ]
    answer = bob.post("/api/annotation.json", json=sent)
    assert answer.status_code == 206
    assert len(answer.json()["ids"]) == 2
    assert [sent.index(problem["data"]) for problem in answer.json()["data"]["errors"]] == [1, 2, 3, 4, 5]
    assert db.scalar(select(func.count(UserAnnotation.id))) == 2
    assert bob.post("/api/annotation.json", json=[]).status_code == 200
    assert bob.post("/api/annotation.json", json=sent[1:3]).status_code == 400
    kept = db.scalars(select(Change).where(Change.class_name == "UserAnnotation")).all()
    assert len(kept) == 2
    assert {change.transaction_id for change in kept} == {kept[0].transaction_id}


def test_a_parent_is_an_annotation_that_one_sees_in_the_same_project(given, work, alice, bob, db):
    body = {"location": SQUARE, "image": work.image.id}
    hiding = given.project(alice, [bob], hide_admins_layers=True)
    there, elsewhere = given.image(hiding, alice), given.image(given.project(alice, [bob]), alice)
    hidden, foreign = given.annotation(there, alice), given.annotation(elsewhere, bob)
    seen = given.annotation(work.image, alice)
    child = bob.post("/api/annotation.json", json={**body, "parent": seen.id})
    assert (child.status_code, child.json()["annotation"]["parent"]) == (200, seen.id)
    path = f"/api/annotation/{child.json()['annotation']['id']}.json"
    for wrong in (999_999_999, hidden.id, foreign.id):
        assert bob.post("/api/annotation.json", json={**body, "parent": wrong}).status_code == 404
        assert bob.put(path, json={"parent": wrong}).status_code == 404
    assert bob.post("/api/annotation.json", json={**body, "image": there.id, "parent": hidden.id}).status_code == 404
    assert alice.post("/api/annotation.json", json={**body, "image": there.id, "parent": hidden.id}).status_code == 200
    some = bob.post(
        "/api/annotation.json", json=[{**body, "parent": parent} for parent in (seen.id, foreign.id, seen.id)]
    )
    assert (some.status_code, len(some.json()["ids"])) == (206, 2)
    assert [problem["index"] for problem in some.json()["data"]["errors"]] == [1]
    given_back = bob.get(path).json()
    alice.delete(f"/api/annotation/{seen.id}.json")
    assert bob.put(path, json=given_back).status_code == 200


def test_rights_follow_the_projects_mode(given, work, alice, bob, charlie, db):
    annotation = given.annotation(work.image, alice)
    body = {"location": SQUARE, "image": work.image.id}
    path = f"/api/annotation/{annotation.id}.json"
    assert charlie.post("/api/annotation.json", json=body).status_code == 404
    assert charlie.get(path).status_code == charlie.put(path, json=body).status_code == 404
    assert charlie.delete(path).status_code == 404
    assert bob.put(path, json={"location": "POLYGON ((0 0, 0 5, 5 5, 0 0))"}).status_code == 200

    project = f"/api/project/{work.project.id}.json"
    restricted = given.project(alice, [bob], work.ontology, is_restricted=True)
    image = given.image(restricted, alice)
    hers, his = given.annotation(image, alice), given.annotation(image, bob)
    edit = {"location": "POLYGON ((0 0, 0 5, 5 5, 0 0))"}
    assert bob.put(f"/api/annotation/{hers.id}.json", json=edit).status_code == 403
    assert bob.put(f"/api/annotation/{his.id}.json", json=edit).status_code == 200
    other = {**body, "image": image.id, "user": alice.id}
    assert bob.post("/api/annotation.json", json=other).status_code == 403
    assert alice.post("/api/annotation.json", json={**other, "user": bob.id}).json()["annotation"]["user"] == bob.id

    read_only = given.image(given.project(alice, [bob], is_read_only=True), alice)
    assert bob.post("/api/annotation.json", json={**body, "image": read_only.id}).status_code == 403
    assert alice.post("/api/annotation.json", json={**body, "image": read_only.id}).status_code == 200
    assert project


def test_a_layer_hidden_by_the_project_is_not_there(given, alice, bob, ada):
    project = given.project(alice, [bob], hide_admins_layers=True)
    image = given.image(project, alice)
    hers, his = given.annotation(image, alice), given.annotation(image, bob)
    assert bob.get(f"/api/annotation/{hers.id}.json").status_code == 404
    assert bob.get(f"/api/annotation/{his.id}.json").status_code == 200
    rows = bob.get(f"/api/annotation.json?image={image.id}").json()["collection"]
    assert [row["id"] for row in rows] == [his.id]
    rows = bob.get(f"/api/annotation.json?image={image.id}&users={alice.id}").json()["collection"]
    assert rows == []
    assert alice.get(f"/api/annotation.json?image={image.id}").json()["size"] == 2
    assert ada.get(f"/api/annotation/{hers.id}.json").status_code == 200


def test_deleting_takes_the_terms_and_leaves_tombstones(given, work, bob, db):
    annotation = given.annotation(work.image, bob, terms=work.terms)
    assert bob.delete(f"/api/annotation/{annotation.id}.json").status_code == 200
    assert bob.get(f"/api/annotation/{annotation.id}.json").status_code == 404
    assert db.scalar(select(func.count(AnnotationTerm.id))) == 0
    last = db.scalars(select(Change).order_by(Change.seq.desc()).limit(3)).all()
    assert [(change.class_name, change.after) for change in last] == [
        ("UserAnnotation", None),
        ("AnnotationTerm", None),
        ("AnnotationTerm", None),
    ]
    assert annotation.location in (last[0].before or "")


def test_a_fetched_model_that_comes_back_changes_nothing(given, work, bob):
    annotation = given.annotation(work.image, bob, "POLYGON ((0.1 0.7, 0 20, 20 20, 0.1 0.7))", left_top=True)
    path = f"/api/annotation/{annotation.id}.json"
    model = bob.get(path).json()
    answer = bob.put(path, json=model).json()
    assert (answer["annotation"]["version"], answer["annotation"]["location"]) == (1, model["location"])
    assert bob.get(f"{path}?origin=left-top").json()["location"] == "POLYGON ((0.1 0.7, 0 20, 20 20, 0.1 0.7))"


@pytest.mark.parametrize("road", ["an array", "one", "under a key", "an edit"])
def test_nobody_waits_while_a_tangled_shape_is_mended(given, work, bob, store, monkeypatch, road):
    image, mend, waiting = work.image, drawing.mend_many, []
    tangled = {"location": "POLYGON ((10 10, 60 90, 60 10, 10 60, 10 10))", "image": image.id}
    drawn = given.annotation(image, bob)
    writers, session = [], store.session

    def new_session(*, writes):
        db = session(writes=writes)
        writers.extend([db] if writes else [])
        return db

    def look_and_mend(shapes):
        waiting.append(any(db.in_transaction() for db in writers))
        return mend(shapes)

    monkeypatch.setattr(store, "session", new_session)
    monkeypatch.setattr(drawing, "mend_many", look_and_mend)
    answer = {
        "an array": lambda: bob.post("/api/annotation.json", json=[tangled]),
        "one": lambda: bob.post("/api/annotation.json", json=tangled),
        "under a key": lambda: bob.post("/api/annotation.json", json=[tangled], headers={"idempotency-key": "k"}),
        "an edit": lambda: bob.put(f"/api/annotation/{drawn.id}.json", json={"location": tangled["location"]}),
    }[road]()
    assert answer.status_code == 200
    assert "mended" in answer.text
    assert waiting == [False]
    assert writers


def test_holes_are_filled_on_request(given, work, bob):
    holed = "POLYGON ((0 0, 0 100, 100 100, 100 0, 0 0), (40 40, 60 40, 60 60, 40 60, 40 40))"
    annotation = given.annotation(work.image, bob, holed)
    filled = bob.put(f"/api/annotation/{annotation.id}.json?fill=true", json={}).json()["annotation"]
    assert filled["area"] == pytest.approx(10_000 * 0.25)


HOLED = (
    "POLYGON ((0.1 0.7, 0.3 99.9, 50.123456789 100.1, 100.3 99.7, 100.1 0.3, 0.1 0.7),"
    " (40.1 40.7, 60.1 40.7, 60.1 60.7, 40.1 40.7))"
)


@pytest.mark.parametrize("left_top", [True, False])
@pytest.mark.parametrize(
    ("query", "body"), [("fill=true", {}), ("maxPoint=5&minPoint=4", {}), ("", {"minPoint": 4, "maxPoint": 5})]
)
@pytest.mark.parametrize("comes_back", [True, False])
def test_a_shape_that_is_filled_or_simplified_keeps_its_digits_in_both_frames(
    given, work, bob, left_top, query, body, comes_back
):
    annotation = given.annotation(work.image, bob, HOLED, left_top=left_top)
    path = f"/api/annotation/{annotation.id}.json"

    def listed(origin):
        address = f"/api/annotation.json?image={work.image.id}&showWKT=true&origin={origin}"
        [row] = bob.get(address).json()["collection"]
        return set(map(tuple, shapely.get_coordinates(shapely.from_wkt(row["location"])).tolist()))

    before = {origin: listed(origin) for origin in ("left-bottom", "left-top")}
    sent = {**bob.get(path).json(), **body} if comes_back else body
    answer = bob.put(f"{path}?{query}", json=sent)
    assert (answer.status_code, answer.json()["annotation"]["version"]) == (200, 2), answer.text
    for origin, points in before.items():
        assert listed(origin) < points, origin


def test_terms_are_given_and_taken(given, work, bob, charlie):
    annotation = given.annotation(work.image, bob)
    path = f"/api/annotation/{annotation.id}/term/{work.terms[0].id}.json"
    assert charlie.post(path).status_code == 404
    link = bob.post(path).json()["annotationterm"]
    assert (link["userannotation"], link["term"], link["user"]) == (annotation.id, work.terms[0].id, bob.id)
    assert bob.post(path).status_code == 409
    assert bob.get(path).json()["id"] == link["id"]
    listed = bob.get(f"/api/annotation/{annotation.id}/term.json").json()
    assert [row["term"] for row in listed["collection"]] == [work.terms[0].id]
    other = f"/api/annotation/{annotation.id}/term/{work.terms[1].id}"
    assert bob.post(f"{other}/clearBefore.json").status_code == 200
    assert bob.get(f"/api/annotation/{annotation.id}.json").json()["term"] == [work.terms[1].id]
    assert bob.delete(f"{other}.json").status_code == 200
    assert bob.get(f"{other}.json").status_code == 404
    foreign = given.term(given.ontology(bob))
    assert bob.post(f"/api/annotation/{annotation.id}/term/{foreign.id}.json").status_code == 400


def test_the_frame_may_be_said_in_the_address_when_drawing_and_when_redrawing(given, work, bob):
    sent = {"location": "POLYGON ((0 0, 0 10, 20 10, 20 0, 0 0))", "image": work.image.id}
    drawn = bob.post("/api/annotation.json?origin=left-top", json=sent).json()["annotation"]
    path = f"/api/annotation/{drawn['id']}.json?origin=left-top"
    assert bob.get(path).json()["location"] == sent["location"]
    assert bob.put(path, json=bob.get(path).json()).json()["annotation"]["version"] == 1
    moved = {"location": "POLYGON ((0 0, 0 30, 20 30, 20 0, 0 0))"}
    assert bob.put(path, json=moved).json()["annotation"]["location"] == moved["location"]


def test_a_shape_that_cannot_be_simplified_does_not_take_the_others_with_it(work, bob):
    sent = [
        {"location": SQUARE, "image": work.image.id},
        {"location": SQUARE, "image": work.image.id, "minPoint": 9, "maxPoint": 5},
    ]
    answer = bob.post("/api/annotation.json", json=sent)
    assert (answer.status_code, len(answer.json()["ids"])) == (206, 1)


@pytest.mark.parametrize("wrong", ["inf", "nan", -1])
def test_a_compression_that_is_no_number_is_refused(work, bob, wrong):
    sent = {"location": SQUARE, "image": work.image.id, "geometryCompression": wrong}
    assert bob.post("/api/annotation.json", json=sent).status_code == 400
