"""Undo by who asks: rights of now, secrets that stay, and what comes back by `undelete`."""

from sqlalchemy import select

from atrisys.store.tables import Change, Reversal, SecUser, TagDomainAssociation
from undoing import OTHER, ok, redo, undo

# --- rights that other things give -----------------------------------------------------------------------------------


def test_an_image_is_put_back_by_who_may_read_its_slide_alone(desk, alice, bob):
    answer = ok(bob.delete(f"/api/imageinstance/{desk.image.id}.json"))
    assert undo(bob, answer).status_code == 403
    ok(alice.post(f"/api/atrisys/undelete/imageinstance/{desk.image.id}.json"))
    assert ok(bob.get(f"/api/annotation/{desk.annotation.id}.json"))["image"] == desk.image.id


def test_what_others_drew_comes_back_with_ones_own_image_unseen(given, desk, alice, bob, rows):
    image = given.image(desk.project, bob)
    given.annotation(image, alice, OTHER, [desk.term])
    ok(alice.put(f"/api/project/{desk.project.id}.json", json={"isRestricted": True, "hideAdminsLayers": True}))
    before = rows()
    answer = ok(bob.delete(f"/api/imageinstance/{image.id}.json"))
    said = ok(undo(bob, answer))["collection"]
    assert {row["callback"]["method"].split(".")[-1] for row in said} == {
        "AddImageInstanceCommand",
        "AddSliceInstanceCommand",
    }
    assert rows() == before


def test_who_reaches_back_through_a_move_needs_both_projects(given, desk, alice, bob):
    other = given.project(alice, [], desk.ontology)
    answer = ok(alice.put(f"/api/imageinstance/{desk.image.id}.json", json={"project": other.id}))
    assert undo(bob, answer).status_code in (403, 404)
    assert bob.get(f"/api/imageinstance/{desk.image.id}.json").status_code == 404
    ok(undo(alice, answer))
    ok(bob.get(f"/api/imageinstance/{desk.image.id}.json"))


def test_terms_are_undone_by_who_may_edit_the_ontology_now(given, desk, ada, alice, bob, charlie):
    dora = given.person("dora")
    ontology = given.ontology(ada)
    project = given.project(dora, [], ontology)
    term = {"name": "new", "ontology": ontology.id, "color": "#000000"}
    added = ok(dora.post("/api/term.json", json=term))
    ok(ada.post(f"/api/project/{project.id}/user/{bob.id}/admin.json"))
    ok(ada.delete(f"/api/project/{project.id}/user/{dora.id}/admin.json"))
    assert undo(dora, added).status_code == 403
    assert undo(charlie, added).status_code == 404
    assert undo(bob, added).status_code == 403
    ok(undo(ada, added))


def test_an_ontology_that_one_may_give_no_longer_is_not_given_by_undo(given, alice, bob, charlie):
    own, hers = given.ontology(bob), given.ontology(alice)
    first = given.project(bob, [], hers)
    answer = ok(bob.put(f"/api/project/{first.id}.json", json={"ontology": own.id}))
    assert undo(bob, answer).status_code == 404
    deleted = ok(charlie.post("/api/project.json", json={"name": "x"}))
    ok(charlie.delete(f"/api/project/{deleted['data']['id']}.json"))
    ok(undo(charlie))


# --- secrets, accounts, files ----------------------------------------------------------------------------------------


def test_a_profile_is_undone_and_passwords_keys_and_locks_are_not(ada, bob, db):
    edited = ok(bob.put("/api/user/current.json", json={"firstname": "Robert"}))
    ok(undo(bob, edited))
    assert ok(bob.get("/api/user/current.json"))["firstname"] == "bob"

    changed = ok(bob.put("/api/user/current.json", json={"password": "a new long one", "oldPassword": "correct horse"}))
    user = db.get_one(SecUser, bob.id)
    db.refresh(user)
    secrets = user.password_hash, user.private_key, user.public_key
    assert undo(bob, changed).status_code == 400
    assert ok(undo(bob))["collection"][0]["callback"] is None
    locked = ok(ada.post(f"/api/user/{bob.id}/lock.json"))
    assert undo(ada, locked).status_code == 400
    ok(ada.delete(f"/api/user/{bob.id}/lock.json"))
    db.refresh(user)
    assert (user.password_hash, user.private_key, user.public_key) == secrets


def test_old_keys_do_not_come_back(bob, db, given):
    old = bob.public_key
    ok(bob.post("/api/user/current/keys"))
    last = db.scalars(select(Change).where(Change.object_id == bob.id).order_by(Change.seq.desc())).first()
    fresh = db.get_one(SecUser, bob.id)
    db.refresh(fresh)
    assert fresh.public_key != old
    ada = given.person("ada", role="ROLE_SUPER_ADMIN")
    assert ada.get(f"/api/command/{last.transaction_id}/undo.json").status_code == 400
    db.refresh(fresh)
    assert fresh.public_key != old


def test_accounts_and_roles_are_never_undone_and_say_so(ada, bob):
    body = {
        "username": "newcomer",
        "firstname": "New",
        "lastname": "Comer",
        "email": "n@example.org",
        "password": "quite long one",
    }
    made = ok(ada.post("/api/user.json", json=body))
    assert made["command"] is None
    role = ok(ada.post(f"/api/user/{made['data']['id']}/role.json", json={"role": "ROLE_ADMIN"}))
    assert role["command"] is None
    assert ok(undo(ada))["collection"][0]["callback"] is None
    gone = ok(ada.delete(f"/api/user/{made['data']['id']}.json"))
    assert gone["command"] is None
    assert ada.post(f"/api/atrisys/undelete/user/{made['data']['id']}.json").status_code == 400


def test_a_file_with_bytes_neither_goes_nor_comes_by_undo(given, alice, tmp_path):
    slide = given.slide(alice, folder=tmp_path)
    path = f"/api/uploadedfile/{slide.uploaded_file_id}.json"
    assert ok(undo(alice))["collection"][0]["callback"] is None
    ok(alice.get(path))
    gone = ok(alice.delete(path))
    assert undo(alice, gone).json()["code"] == "not_undoable"
    assert alice.get(path).status_code == 404


def test_records_without_bytes_are_undone(given, alice):
    storage = given.storage(alice)
    body = {"storage": storage.id, "filename": "a.svs", "originalFilename": "a.svs"}
    file = ok(alice.post("/api/uploadedfile.json", json=body))
    image = ok(
        alice.post("/api/abstractimage.json", json={"originalFilename": "a", "uploadedFile": file["data"]["id"]})
    )
    assert undo(alice, file).status_code == 409
    ok(undo(alice, image))
    ok(undo(alice, file))
    assert alice.get(f"/api/uploadedfile/{file['data']['id']}.json").status_code == 404
    ok(redo(alice, file))
    renamed = ok(alice.put(f"/api/storage/{storage.id}.json", json={"name": "renamed"}))
    ok(undo(alice, renamed))
    assert ok(alice.get(f"/api/storage/{storage.id}.json"))["name"] == storage.name


# --- undelete --------------------------------------------------------------------------------------------------------


def test_one_annotation_comes_back_from_a_deletion_of_many_and_that_can_be_undone(given, desk, alice, bob, rows):
    other = given.annotation(desk.image, alice, OTHER)
    ok(alice.delete(f"/api/imageinstance/{desk.image.id}.json"))
    assert alice.post(f"/api/atrisys/undelete/annotation/{desk.annotation.id}.json").status_code == 409
    before = rows()
    back = ok(alice.post(f"/api/atrisys/undelete/imageinstance/{desk.image.id}.json"))["collection"]
    assert back[0]["imageinstance"]["id"] == desk.image.id
    ok(bob.get(f"/api/annotation/{other.id}.json"))
    ok(undo(alice, back[0]))
    assert rows() == before


def test_who_may_draw_brings_back_what_another_deleted_and_a_stranger_does_not(desk, alice, bob, charlie):
    path = f"/api/annotation/{desk.annotation.id}.json"
    undelete = f"/api/atrisys/undelete/annotation/{desk.annotation.id}.json"
    assert alice.post(undelete).status_code == 400
    ok(alice.delete(path))
    unknown = charlie.post("/api/atrisys/undelete/annotation/999999999.json")
    refused = charlie.post(undelete)
    assert refused.status_code == unknown.status_code == 404
    assert refused.json()["message"] == unknown.json()["message"].replace("999999999", str(desk.annotation.id))
    ok(bob.post(undelete))
    assert sorted(ok(bob.get(path))["term"]) == sorted([desk.term.id, desk.child.id])
    assert bob.post("/api/atrisys/undelete/nonsense/1.json").status_code == 404


def test_undo_leaves_one_line_for_each_object_and_nothing_is_lost(desk, bob, db):
    deleted = ok(bob.delete(f"/api/annotation/{desk.annotation.id}.json"))
    count = len(db.scalars(select(Change)).all())
    undone = ok(undo(bob, deleted))["collection"][0]["command"]
    db.expire_all()
    lines = db.scalars(select(Change).where(Change.transaction_id == undone)).all()
    assert [line.class_name for line in lines] == ["UserAnnotation", "AnnotationTerm", "AnnotationTerm"]
    assert all(line.before is None and line.user_id == bob.id and line.door == "api" for line in lines)
    assert len(db.scalars(select(Change)).all()) == count + 3
    reversal = db.scalars(select(Reversal)).one()
    assert (reversal.transaction_id, reversal.undoes_id, reversal.is_undo) == (undone, deleted["command"], True)


def test_a_tag_that_others_use_keeps_its_name(given, desk, ada, alice, bob):
    tag = ok(bob.post("/api/tag.json", json={"name": "mitosis"}))["data"]["id"]
    renamed = ok(bob.put(f"/api/tag/{tag}.json", json={"name": "figure"}))
    given.tagged(desk.annotation, given.tag(alice))
    link = ok(alice.post(f"/api/domain/annotation/{desk.annotation.id}/tag_domain_association.json", json={"tag": tag}))
    assert bob.put(f"/api/tag/{tag}.json", json={"name": "mitosis"}).status_code == 403
    assert undo(bob, renamed).status_code == 403
    assert ok(bob.get(f"/api/tag/{tag}.json"))["name"] == "figure"
    ok(alice.delete(f"/api/tag_domain_association/{link['data']['id']}.json"))
    ok(undo(bob, renamed))


def test_a_guest_describes_nothing_by_undo_either(ada, charlie):
    path = f"/api/domain/user/{charlie.id}/description.json"
    ok(charlie.post(path, json={"data": "words"}))
    deleted = ok(charlie.delete(path))
    (guest,) = (row["id"] for row in ok(ada.get("/api/role.json"))["collection"] if row["authority"] == "ROLE_GUEST")
    ok(ada.put(f"/api/user/{charlie.id}/role/{guest}/define.json"))
    assert charlie.post(path, json={"data": "words"}).status_code == 403
    assert undo(charlie, deleted).status_code == 403


def test_a_tag_comes_back_without_the_objects_that_are_gone(given, desk, alice, bob, db):
    tag = given.tag(alice)
    given.tagged(desk.annotation, tag)
    stays = given.tagged(desk.image, tag)
    deleted = ok(alice.delete(f"/api/tag/{tag.id}.json"))
    gone = ok(bob.delete(f"/api/annotation/{desk.annotation.id}.json"))
    assert ok(undo(alice, deleted))["collection"][0]["leftOut"] == 1
    assert list(db.scalars(select(TagDomainAssociation.id))) == [stays.id]
    ok(undo(bob, gone))
    assert ok(bob.get(f"/api/domain/annotation/{desk.annotation.id}/tag_domain_association.json"))["size"] == 0
