import pytest
from sqlalchemy import select

from atrisys.store import spatial
from atrisys.store.tables import AnnotationTerm, Change, UserAnnotation
from given.annotations import SQUARE

OTHER = "POLYGON ((50 50, 50 90, 90 90, 90 50, 50 50))"


def undo(person, command=None):
    return person.get("/api/command/undo.json" if command is None else f"/api/command/{command}/undo.json")


def redo(person, command=None):
    return person.get("/api/command/redo.json" if command is None else f"/api/command/{command}/redo.json")


def ok(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()


def entries(answer):
    return [(row["callback"]["method"].split(".")[-1], row["message"]) for row in ok(answer)["collection"]]


@pytest.fixture
def desk(given, alice, bob):
    """Alice's project, in which bob works, with an ontology of two terms and a slide."""

    class Desk:
        ontology = given.ontology(alice)
        term, other = given.term(ontology, "mitosis"), given.term(ontology, "necrosis")
        project = given.project(alice, [bob], ontology)
        image = given.image(project, alice)

    return Desk


def draw(person, desk, location=SQUARE, **more):
    return ok(person.post("/api/annotation.json", json={"location": location, "image": desk.image.id, **more}))


# --- one's own commands, back and forth ------------------------------------------------------------------------------


def test_a_drawing_is_undone_and_done_again_with_its_id_and_its_terms(desk, bob):
    drawn = draw(bob, desk, term=[desk.term.id])
    path = f"/api/annotation/{drawn['data']['id']}.json"
    before = ok(bob.get(path))
    said = ok(undo(bob, drawn["command"]))["collection"]
    assert [row["callback"]["method"] for row in said] == [
        "be.cytomine.DeleteAnnotationTermCommand",
        "be.cytomine.DeleteUserAnnotationCommand",
    ]
    assert said[1]["annotation"]["id"] == drawn["data"]["id"]
    assert said[1]["callback"]["annotationID"] == str(drawn["data"]["id"])
    assert bob.get(path).status_code == 404

    again = ok(redo(bob, drawn["command"]))["collection"]
    assert [row["callback"]["method"] for row in again] == [
        "be.cytomine.AddUserAnnotationCommand",
        "be.cytomine.AddAnnotationTermCommand",
    ]
    after = ok(bob.get(path))
    assert after["version"] == 2
    assert {**after, "version": 1, "updated": None, "userByTerm": []} == {**before, "userByTerm": []}


def test_an_edit_is_undone_and_done_again(desk, bob):
    drawn = draw(bob, desk)["data"]
    path = f"/api/annotation/{drawn['id']}.json"
    edited = ok(bob.put(path, json={"location": OTHER, "source": "human"}))
    ok(undo(bob, edited["command"]))
    shown = ok(bob.get(path))
    assert (shown["location"], shown["area"], shown["centroid"], shown["source"]) == (
        drawn["location"], drawn["area"], drawn["centroid"], None
    )  # fmt: skip
    assert shown["version"] == 3
    ok(redo(bob, edited["command"]))
    shown = ok(bob.get(path))
    assert (shown["location"], shown["area"], shown["source"]) == (OTHER, edited["data"]["area"], "human")


def test_a_deletion_brings_back_the_shape_as_it_was_to_the_last_digit(desk, bob, db):
    drawn = draw(bob, desk, "POLYGON ((10.1 10.3, 10.1 30.7, 30.9 30.7, 10.1 10.3))", origin="left-top")["data"]
    columns = list(UserAnnotation.__mapper__.columns.keys())

    def row():
        db.expire_all()
        found = db.get_one(UserAnnotation, drawn["id"])
        return {name: getattr(found, name) for name in columns if name not in ("version", "updated")}

    before = row()
    deleted = ok(bob.delete(f"/api/annotation/{drawn['id']}.json"))
    ok(undo(bob, deleted["command"]))
    assert row() == before


def test_a_line_of_the_log_without_the_shape_itself_is_worked_out_from_the_outline(desk, bob, db, given):
    drawn = draw(bob, desk, OTHER)["data"]
    shape = db.get_one(UserAnnotation, drawn["id"]).shape
    deleted = ok(bob.delete(f"/api/annotation/{drawn['id']}.json"))
    with given.writing() as writing:
        spatial.append_freely(writing.connection(), "change")
        line = writing.scalars(select(Change).where(Change.object_id == drawn["id"], Change.after.is_(None))).one()
        head, _, tail = line.before.partition('"shape":"')
        line.before = head + tail.partition('",')[2] if '",' in tail else head.rstrip(",") + "}"
        assert "shape" not in line.before
    ok(undo(bob, deleted["command"]))
    db.expire_all()
    assert db.get_one(UserAnnotation, drawn["id"]).shape == shape


def test_without_a_number_the_last_command_goes_then_the_one_before_and_redo_walks_forth(desk, bob):
    drawn = draw(bob, desk)["data"]
    path = f"/api/annotation/{drawn['id']}.json"
    ok(bob.put(path, json={"source": "one"}))
    ok(bob.put(path, json={"source": "two"}))
    seen = []
    for step in (undo, undo, redo, redo, redo, undo, undo, undo):
        ok(step(bob))
        answer = bob.get(path)
        seen.append(answer.json()["source"] if answer.status_code == 200 else "gone")
    assert seen == ["one", None, "one", "two", "two", "one", None, "gone"]


def test_nothing_to_undo_or_redo_is_said_as_cytomine_says_it(bob):
    for step in (undo, redo):
        (said,) = ok(step(bob))["collection"]
        assert (said["success"], said["callback"], said["printMessage"]) == (True, None, True)


def test_a_new_change_ends_what_could_be_redone(desk, bob):
    drawn = draw(bob, desk)["data"]
    path = f"/api/annotation/{drawn['id']}.json"
    edited = ok(bob.put(path, json={"source": "one"}))
    ok(undo(bob))
    ok(bob.put(path, json={"source": "another"}))
    assert ok(redo(bob))["collection"][0]["callback"] is None
    answer = redo(bob, edited["command"])
    assert (answer.status_code, answer.json()["code"]) == (409, "in_the_way")
    assert ok(bob.get(path))["source"] == "another"


def test_a_command_is_undone_once_and_redone_once(desk, bob):
    command = draw(bob, desk)["command"]
    assert redo(bob, command).status_code == 409
    ok(undo(bob, command))
    assert undo(bob, command).status_code == 409
    ok(redo(bob, command))
    assert redo(bob, command).status_code == 409


def test_the_number_that_an_undo_answers_with_can_be_undone_too(desk, bob):
    drawn = draw(bob, desk)
    undone = ok(undo(bob, drawn["command"]))["collection"][0]["command"]
    ok(undo(bob, undone))
    assert bob.get(f"/api/annotation/{drawn['data']['id']}.json").status_code == 200
    ok(redo(bob, undone))
    assert bob.get(f"/api/annotation/{drawn['data']['id']}.json").status_code == 404


def test_an_array_is_one_step(desk, bob, db):
    body = [{"location": SQUARE, "image": desk.image.id, "term": [desk.term.id]} for _ in range(20)]
    added = ok(bob.post("/api/annotation.json", json=body))
    assert isinstance(added["command"], int)
    ok(undo(bob))
    assert db.scalars(select(UserAnnotation.id)).all() == []
    ok(redo(bob, added["command"]))
    assert sorted(db.scalars(select(UserAnnotation.id))) == sorted(added["ids"])
    assert len(db.scalars(select(AnnotationTerm.id)).all()) == 20


def test_terms_in_an_array_are_one_step_too_and_what_was_refused_is_no_part_of_it(desk, alice):
    body = [{"name": name, "ontology": desk.ontology.id, "color": "#000000"} for name in ("a", "a", "b")]
    answer = alice.post("/api/term.json", json=body)
    assert answer.status_code == 206
    assert entries(undo(alice, answer.json()["command"])) == [
        ("DeleteTermCommand", f"Term {answer.json()['ids'][1]} (b) deleted."),
        ("DeleteTermCommand", f"Term {answer.json()['ids'][0]} (a) deleted."),
    ]
    none = alice.post("/api/term.json", json=[{"name": "mitosis", "ontology": desk.ontology.id, "color": "#000000"}])
    assert (none.status_code, none.json()["command"]) == (400, None)


def test_many_are_undone_with_their_objects_shown_up_to_a_number(desk, bob, monkeypatch):
    monkeypatch.setattr("atrisys.actions.commands.AT_ONCE", 7)
    monkeypatch.setattr("atrisys.actions.take_back.SHOWN_AT_MOST", 5)
    monkeypatch.setattr("atrisys.resources.command.SHOWN_AT_MOST", 5)
    added = ok(bob.post("/api/annotation.json", json=[{"location": SQUARE, "image": desk.image.id}] * 30))
    for step, verb in ((undo, "deleted"), (redo, "added")):
        rows = ok(step(bob, added["command"]))["collection"]
        assert sum("annotation" in row for row in rows) == 5
        assert {row["message"] for row in rows} == {f"UserAnnotation {id} {verb}." for id in added["ids"]}


def test_the_new_dialect_answers_with_the_main_object_and_its_subcommands(desk, bob):
    drawn = draw(bob, desk, term=[desk.term.id])
    answer = ok(bob.post(f"/api/commands/undo/{drawn['command']}"))
    assert answer["data"]["id"] == drawn["data"]["id"]
    assert [row["callback"]["method"] for row in answer["subCommands"]] == ["be.cytomine.DeleteAnnotationTermCommand"]
    own = ok(bob.get("/api/commands?size=1"))
    assert own["size"] == 1
    assert own["collection"][0]["undone"] is True
    assert own["collection"][0]["commandId"] == drawn["command"]


# --- two people on one object ----------------------------------------------------------------------------------------


def test_anothers_later_change_is_not_lost_and_is_named(desk, alice, bob):
    drawn = draw(bob, desk)
    path = f"/api/annotation/{drawn['data']['id']}.json"
    hers = ok(alice.put(path, json={"location": OTHER}))
    answer = undo(bob, drawn["command"])
    assert answer.status_code == 409
    body = answer.json()
    assert (body["code"], body["params"]["username"], body["params"]["blocker"]) == (
        "in_the_way", "alice", hers["command"]
    )  # fmt: skip
    assert body["inTheWay"][0]["command"] == hers["command"]
    assert body["inTheWay"][0]["user"] == alice.id
    assert ok(bob.get(path))["location"] == OTHER
    ok(undo(alice, hers["command"]))
    ok(undo(bob, drawn["command"]))
    assert bob.get(path).status_code == 404


def test_another_column_by_somebody_else_stands_in_the_way_but_ones_own_does_not(desk, alice, bob):
    drawn = draw(bob, desk)["data"]
    path = f"/api/annotation/{drawn['id']}.json"
    first = ok(bob.put(path, json={"source": "bob"}))
    ok(bob.put(path, json={"location": OTHER}))
    ok(undo(bob, first["command"]))
    assert (ok(bob.get(path))["source"], ok(bob.get(path))["location"]) == (None, OTHER)
    ok(redo(bob, first["command"]))
    ok(alice.put(path, json={"location": SQUARE}))
    assert undo(bob, first["command"]).status_code == 409


def test_ones_own_later_change_of_the_same_is_named_and_must_go_first(desk, bob):
    drawn = draw(bob, desk)
    later = ok(bob.put(f"/api/annotation/{drawn['data']['id']}.json", json={"source": "later"}))
    answer = undo(bob, drawn["command"])
    assert answer.status_code == 409
    assert answer.json()["params"]["blocker"] == later["command"]
    assert answer.json()["message"].startswith("You changed UserAnnotation")


def test_terms_that_another_gave_keep_the_annotation(desk, alice, bob):
    drawn = draw(bob, desk)
    given_by_her = ok(alice.post(f"/api/annotation/{drawn['data']['id']}/term/{desk.term.id}.json", json={}))
    answer = undo(bob, drawn["command"])
    assert answer.status_code == 409
    assert answer.json()["inTheWay"] == [{"class": "AnnotationTerm", "id": given_by_her["annotationterm"]["id"]}]


def test_another_person_undoes_nothing_and_an_administrator_may(desk, alice, bob, ada):
    drawn = draw(bob, desk)
    assert undo(alice, drawn["command"]).status_code == 403
    ok(undo(ada, drawn["command"]))
    assert redo(bob, drawn["command"]).status_code == 403
    ok(redo(ada, drawn["command"]))


# --- rights ----------------------------------------------------------------------------------------------------------


def test_a_stranger_learns_nothing_of_a_command(desk, bob, charlie, nobody):
    command = draw(bob, desk)["command"]
    for step in (undo, redo):
        answer, unknown = step(charlie, command), step(charlie, 999999999)
        assert answer.status_code == 404
        assert answer.json()["message"] == unknown.json()["message"].replace("999999999", str(command))
        assert step(nobody, command).status_code == 401
    assert ok(undo(charlie))["collection"][0]["callback"] is None
    assert charlie.post(f"/api/commands/undo/{command}").status_code == 404
    assert undo(charlie, 2**70).status_code == 404


def test_who_left_the_project_undoes_nothing_in_it(desk, alice, bob):
    drawn = draw(bob, desk)
    ok(alice.delete(f"/api/project/{desk.project.id}/user/{bob.id}.json"))
    assert undo(bob, drawn["command"]).status_code == 404
    assert ok(undo(bob))["collection"][0]["callback"] is None
    assert alice.get(f"/api/annotation/{drawn['data']['id']}.json").status_code == 200


@pytest.mark.parametrize(("mode", "status"), [("isReadOnly", 403), ("isRestricted", 200)])
def test_the_editing_mode_of_now_counts_for_ones_own(desk, alice, bob, mode, status):
    drawn = draw(bob, desk)
    ok(alice.put(f"/api/project/{desk.project.id}.json", json={mode: True}))
    assert undo(bob, drawn["command"]).status_code == status


def test_in_a_restricted_project_the_deletion_of_anothers_shape_is_not_undone(desk, alice, bob):
    drawn = draw(alice, desk)["data"]
    deleted = ok(bob.delete(f"/api/annotation/{drawn['id']}.json"))
    ok(alice.put(f"/api/project/{desk.project.id}.json", json={"isRestricted": True}))
    assert undo(bob, deleted["command"]).status_code == 403
    assert alice.get(f"/api/annotation/{drawn['id']}.json").status_code == 404


def test_a_layer_that_was_hidden_since_is_not_reached_by_undo(desk, alice, bob):
    drawn = draw(alice, desk)["data"]
    deleted = ok(bob.delete(f"/api/annotation/{drawn['id']}.json"))
    ok(alice.put(f"/api/project/{desk.project.id}.json", json={"hideAdminsLayers": True}))
    assert undo(bob, deleted["command"]).status_code == 404
    assert bob.post(f"/api/atrisys/undelete/annotation/{drawn['id']}.json").status_code == 404


def test_who_is_manager_no_longer_cannot_make_themselves_one_by_undo(desk, alice, bob):
    ok(alice.post(f"/api/project/{desk.project.id}/user/{bob.id}/admin.json"))
    ok(bob.delete(f"/api/project/{desk.project.id}/user/{bob.id}/admin.json"))
    assert undo(bob).status_code == 403
    assert bob.put(f"/api/project/{desk.project.id}.json", json={"name": "mine"}).status_code == 403


def test_from_another_site_or_with_the_key_born_cookie_nothing_is_undone(desk, bob, nobody):
    command = draw(bob, desk)["command"]
    cookie = {"cookie": f"atrisys_pictures={bob.cookies['atrisys_pictures']}"}
    assert nobody.get(f"/api/command/{command}/undo.json", headers=cookie).status_code == 401
    assert bob.get(f"/api/command/{command}/undo.json").status_code == 200


# --- what is said of objects -----------------------------------------------------------------------------------------


def test_what_was_said_of_an_object_comes_back_with_it(desk, bob, charlie):
    drawn = draw(bob, desk, properties=[{"key": "stain", "value": "H&E"}])["data"]
    address = f"/api/domain/be.cytomine.domain.ontology.UserAnnotation/{drawn['id']}"
    ok(bob.post(f"{address}/description.json", json={"data": "<p>words</p>"}))
    tag = ok(bob.post("/api/tag.json", json={"name": "check"}))["tag"]["id"]
    ok(bob.post(f"{address}/tag_domain_association.json", json={"tag": tag}))
    gone = ok(bob.delete(f"/api/annotation/{drawn['id']}.json"))
    assert bob.get(f"{address}/property.json").status_code == 404
    assert undo(charlie, gone["command"]).status_code == 404
    ok(undo(bob, gone["command"]))
    assert [row["value"] for row in ok(bob.get(f"{address}/property.json"))["collection"]] == ["H&E"]
    assert ok(bob.get(f"{address}/description.json"))["data"] == "<p>words</p>"
    assert [row["tag"] for row in ok(bob.get(f"{address}/tag_domain_association.json"))["collection"]] == [tag]


def test_a_property_is_taken_back_by_who_may_edit_its_object(given, desk, bob, alice, charlie):
    annotation = given.annotation(desk.image, alice)
    address = f"/api/domain/be.cytomine.domain.ontology.UserAnnotation/{annotation.id}/property.json"
    said = ok(alice.post(address, json={"key": "stain", "value": "PAS"}))
    path = address.replace(".json", f"/{said['property']['id']}.json")
    edited = ok(alice.put(path, json={"value": "H&E"}))
    assert undo(charlie, edited["command"]).status_code == 404
    ok(undo(alice, edited["command"]))
    assert ok(alice.get(path))["value"] == "PAS"
    ok(undo(alice, said["command"]))
    assert alice.get(path).status_code == 404


def test_a_file_does_not_come_back_without_its_bytes(given, desk, alice):
    attached = given.attached_file(desk.project)
    gone = ok(alice.delete(f"/api/attachedfile/{attached.id}.json"))
    answer = undo(alice, gone["command"])
    assert (answer.status_code, answer.json()["code"]) == (400, "not_undoable")


def test_an_undo_that_comes_again_with_its_key_is_answered_again(given, alice, bob):
    image = given.image(given.project(alice, [bob]), alice)
    body = {"location": SQUARE, "image": image.id}
    first, second = (ok(bob.post("/api/annotation.json", json=body))["data"]["id"] for _ in range(2))
    answers = [bob.get("/api/command/undo.json", headers={"Idempotency-Key": "once"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert bob.get(f"/api/annotation/{second}.json").status_code == 404
    ok(bob.get(f"/api/annotation/{first}.json"))
