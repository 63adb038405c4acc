import pytest
import shapely
from sqlalchemy import func, select

from atrisys.actions import history
from atrisys.store.tables import AbstractImage, AnnotationTerm, Change, SliceInstance, StorageMember, UserAnnotation
from atrisys.store.tables.files import READ


def ids(answer):
    return [row["id"] for row in answer.json()["collection"]]


def add(person, base, project, **more):
    return person.post("/api/imageinstance.json", json={"baseImage": base.id, "project": project.id, **more})


def path(image, rest=".json"):
    return f"/api/imageinstance/{image.id}{rest}"


def test_a_slide_is_put_into_a_project_with_all_its_planes(given, alice, bob):
    base = given.abstract_image(
        alice, width=700, height=300, planes=[(0, z, 0) for z in range(3)], depth=3, mpp_x=0.5, magnification=20
    )
    project = given.project(alice, [bob])
    answer = add(alice, base, project)
    assert answer.status_code == 200, answer.text
    image = answer.json()["imageinstance"]
    assert image == answer.json()["data"]
    assert (image["baseImage"], image["project"], image["user"]) == (base.id, project.id, alice.id)
    assert image["instanceFilename"] == image["filename"] == image["originalFilename"] == base.original_filename
    assert (image["width"], image["height"], image["depth"], image["zoom"]) == (700, 300, 3, 2)
    assert (image["physicalSizeX"], image["physicalSizeY"], image["magnification"]) == (0.5, None, 20)
    assert (image["projectName"], image["projectBlind"], image["blindedName"]) == (project.name, False, None)
    assert (image["reviewed"], image["inReview"], image["numberOfAnnotations"]) == (False, False, 0)
    assert image["thumb"] == f"http://testserver/api/imageinstance/{image['id']}/thumb.png?maxSize=512"
    assert image["preview"] == f"http://testserver/api/imageinstance/{image['id']}/thumb.png?maxSize=1024"
    shown = bob.get(f"/api/imageinstance/{image['id']}.json")
    assert (shown.json(), shown.headers["etag"]) == (image, '"1"')
    assert bob.get(f"/api/imageinstance/{image['id']}/sliceinstance.json").json()["size"] == 3


def test_a_slide_whose_file_says_no_scale_gets_the_one_that_the_project_has_for_such(given, alice, bob):
    project = given.project(alice, [bob])
    here = f"/api/project/{project.id}.json"

    def scale_of(**says):
        image = add(bob, given.abstract_image(bob, **says), project).json()["imageinstance"]
        return image["physicalSizeX"], image["physicalSizeY"], image["magnification"]

    silent = {"mpp_x": None, "mpp_y": None, "magnification": None}
    assert scale_of(**silent) == (None, None, None)
    rule = {"unscaledPhysicalSize": "0.25", "unscaledMagnification": 40}
    assert bob.put(here, json=rule).status_code == 403
    assert alice.put(here, json={"unscaledPhysicalSize": -1}).status_code == 400
    told = alice.put(here, json=rule).json()["project"]
    assert (told["unscaledPhysicalSize"], told["unscaledMagnification"]) == (0.25, 40)
    # A client that knows nothing of it sends the whole project back without it.
    alice.put(here, json={"class": told["class"], "created": told["created"], "name": "Another name"})
    assert scale_of(**silent) == (0.25, 0.25, 40)
    assert scale_of(**silent | {"magnification": 20}) == (0.25, 0.25, 20)
    assert scale_of(mpp_x=0.5, mpp_y=0.5, magnification=None) == (0.5, 0.5, None)
    alice.put(here, json={"unscaledPhysicalSize": 0, "unscaledMagnification": 0})
    assert scale_of(**silent) == (None, None, None)
    body = {"name": "With a scale from the beginning", "unscaledPhysicalSize": 0.25}
    assert alice.post("/api/project.json", json=body).json()["project"]["unscaledPhysicalSize"] == 0.25


def test_it_is_there_once_and_both_sides_must_be_seen(given, alice, bob, charlie):
    base, project = given.abstract_image(alice), given.project(alice, [bob])
    assert add(alice, base, project, instanceFilename="case 1").json()["imageinstance"]["instanceFilename"] == "case 1"
    assert add(alice, base, project).status_code == 409
    assert alice.post("/api/imageinstance.json", json={"project": project.id}).status_code == 400
    assert add(charlie, base, project).status_code == 404
    assert add(charlie, base, given.project(charlie)).status_code == 404
    assert add(charlie, given.abstract_image(charlie), project).status_code == 404
    assert alice.post("/api/imageinstance.json", json={"baseImage": 999999, "project": project.id}).status_code == 404
    partly = alice.post(
        "/api/imageinstance.json",
        json=[
            {"baseImage": base.id, "project": project.id},
            {"baseImage": base.id, "project": given.project(alice).id},
        ],
    )
    assert (partly.status_code, len(partly.json()["ids"])) == (206, 1)


def test_a_contributor_cannot_take_a_slide_into_a_project_of_their_own(given, alice, bob):
    base = given.abstract_image(alice)
    image = given.image(given.project(alice, [bob]), alice, base)
    mine = given.project(bob)
    assert add(bob, base, mine).status_code == 403
    assert bob.put(path(image), json={"project": mine.id}).status_code == 403
    with given.writing() as db:
        storage = given.storage_of(alice)
        history.add(db, given.maker, StorageMember(storage_id=storage.id, user_id=bob.id, permission=READ))
    assert add(bob, base, mine).status_code == 200


def test_a_manager_passes_a_slide_on(given, alice, bob):
    base = given.abstract_image(alice)
    project = given.project(alice, [bob])
    given.image(project, alice, base)
    alice.post(f"/api/project/{project.id}/user/{bob.id}/admin.json")
    assert add(bob, base, given.project(bob)).status_code == 200


@pytest.mark.parametrize(
    ("mode", "adds", "edits_own", "edits_others"),
    [
        ({}, 200, 200, 200),
        ({"is_restricted": True}, 200, 200, 403),
        ({"is_read_only": True}, 403, 403, 403),
        ({"is_read_only": True, "is_restricted": True}, 403, 403, 403),
    ],
)
def test_what_contributors_do_follows_the_editing_mode(given, ada, alice, bob, mode, adds, edits_own, edits_others):
    project = given.project(alice, [bob], **mode)
    own, others = given.image(project, bob), given.image(project, alice)
    assert add(bob, given.abstract_image(bob), project).status_code == adds
    assert bob.put(path(own), json={"instanceFilename": "x"}).status_code == edits_own
    assert bob.put(path(others), json={"instanceFilename": "x"}).status_code == edits_others
    assert bob.delete(path(others)).status_code == edits_others
    assert bob.delete(path(own)).status_code == edits_own
    for manager in (alice, ada):
        image = given.image(project, bob)
        assert add(manager, given.abstract_image(alice), project).status_code == 200
        assert manager.put(path(image), json={"magnification": 40}).status_code == 200
        assert manager.delete(path(image)).status_code == 200


def test_a_guest_adds_edits_and_removes_no_image(given, alice):
    guest = given.person("greta", role="ROLE_GUEST")
    project = given.project(alice, [guest])
    image = given.image(project, alice)
    assert guest.get(path(image)).status_code == 200
    assert add(guest, given.abstract_image(alice), project).status_code in (403, 404)
    assert guest.put(path(image), json={"magnification": 1}).status_code == 403
    assert guest.delete(path(image)).status_code == 403


def test_a_stranger_sees_no_image_and_nobody_is_asked_to_sign_in(given, alice, charlie, nobody):
    project = given.project(alice)
    image = given.image(project, alice)
    answers = [charlie.get(path(image, rest)) for rest in (".json", "/next.json", "/previous.json")]
    answers += [charlie.put(path(image), json={"instanceFilename": "x"}), charlie.delete(path(image))]
    answers += [charlie.get(f"/api/project/{project.id}/imageinstance.json{query}") for query in ("", "?light=true")]
    assert {answer.status_code for answer in answers} == {404}
    assert charlie.get(f"/api/user/{alice.id}/imageinstance.json").status_code == 403
    assert charlie.get(f"/api/user/{alice.id}/imageinstance/light.json").status_code == 403
    assert ids(charlie.get(f"/api/user/{charlie.id}/imageinstance.json")) == []
    assert nobody.get(path(image)).status_code == 401


def test_a_calibration_measures_all_annotations_again(given, alice, bob):
    project = given.project(alice, [bob])
    image = given.image(project, alice, mpp_x=0.5, mpp_y=0.5)
    annotation = given.annotation(image, bob, "POLYGON ((0 0, 0 10, 20 10, 20 0, 0 0))")
    address = f"/api/annotation/{annotation.id}.json"
    before = alice.get(address)
    assert (before.json()["area"], before.json()["perimeter"]) == (50, 0.03)
    edited = bob.put(path(image), json={**bob.get(path(image)).json(), "physicalSizeX": "0.25"})
    assert edited.json()["imageinstance"]["physicalSizeX"] == 0.25
    after = alice.get(address)
    assert (after.json()["area"], after.json()["perimeter"]) == (12.5, 0.015)
    assert (before.headers["etag"], after.headers["etag"]) == ('"1"', '"2"')

    bob.put(path(image), json={"physicalSizeX": 0})
    assert alice.get(path(image)).json()["physicalSizeX"] == 0.5
    assert alice.get(address).json()["area"] == 50
    bob.put(path(image), json={"instanceFilename": "other", "magnification": 3})
    assert alice.get(address).headers["etag"] == '"3"'


def test_pixels_are_the_unit_where_no_size_is_known(given, alice):
    image = given.image(given.project(alice), alice)
    annotation = given.annotation(image, alice, "POLYGON ((0 0, 0 10, 20 10, 20 0, 0 0))")
    address = f"/api/annotation/{annotation.id}.json"
    assert [alice.get(address).json()[key] for key in ("area", "areaUnit")] == [200, "pixels²"]
    alice.put(path(image), json={"physicalSizeX": 2})
    assert [alice.get(address).json()[key] for key in ("area", "areaUnit")] == [800, "micron²"]
    left_out = {key: value for key, value in alice.get(path(image)).json().items() if not key.startswith("physical")}
    alice.put(path(image), json=left_out)
    assert [alice.get(address).json()[key] for key in ("perimeter", "perimeterUnit")] == [60, "pixels"]


def test_what_an_image_took_over_from_its_slide_follows_it_and_own_values_stay(given, alice):
    base = given.abstract_image(alice, mpp_x=0.5, magnification=20)
    first, second = given.image(given.project(alice), alice, base), given.image(given.project(alice), alice, base)
    drawn = [given.annotation(image, alice, "POLYGON ((0 0, 0 10, 20 10, 20 0, 0 0))") for image in (first, second)]
    alice.put(path(second), json={"physicalSizeX": 1})
    fetched = alice.get(path(first)).json()
    alice.put(path(first), json={**fetched, "instanceFilename": "same values come back"})
    alice.put(f"/api/abstractimage/{base.id}.json", json={"physicalSizeX": 2, "magnification": 40})
    images = [alice.get(path(image)).json() for image in (first, second)]
    assert [(image["physicalSizeX"], image["magnification"]) for image in images] == [(2, 40), (1, 40)]
    assert [alice.get(f"/api/annotation/{row.id}.json").json()["area"] for row in drawn] == [800, 200]


@pytest.mark.parametrize("wrong", [-1, "nan", "inf", "much", 1e300])
def test_a_calibration_that_cannot_be_is_refused(given, alice, wrong):
    image = given.image(given.project(alice), alice)
    assert alice.put(path(image), json={"physicalSizeX": wrong}).status_code == 400


def test_a_stale_edit_is_refused_with_the_present_image(given, alice):
    image = given.image(given.project(alice), alice)
    assert alice.put(path(image), json={"instanceFilename": "a"}, headers={"If-Match": '"1"'}).status_code == 200
    answer = alice.put(path(image), json={"instanceFilename": "b"}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["current"]["instanceFilename"]) == (412, "a")
    assert alice.delete(path(image), headers={"If-Match": '"1"'}).status_code == 412


def test_an_image_taken_out_takes_its_annotations_and_leaves_the_slide(given, alice, db):
    ontology = given.ontology(alice)
    project = given.project(alice, ontology=ontology)
    image, other = given.image(project, alice), given.image(project, alice)
    given.annotation(image, alice, terms=[given.term(ontology)])
    kept = given.annotation(other, alice)
    assert alice.delete(path(image)).json()["imageinstance"]["id"] == image.id
    assert alice.get(path(image)).status_code == 404
    assert list(db.scalars(select(UserAnnotation.id))) == [kept.id]
    assert db.get(AbstractImage, image.base_image_id) is not None
    assert db.scalar(select(func.count()).where(SliceInstance.image_id == image.id)) == 0
    gone = db.scalars(select(Change.class_name).where(Change.after.is_(None)).order_by(Change.seq)).all()
    assert gone == ["AnnotationTerm", "UserAnnotation", "SliceInstance", "ImageInstance"]


def test_an_image_moves_with_what_was_drawn_on_it(given, alice, bob, db):
    ontology = given.ontology(alice)
    old, new, third = (given.project(alice, ontology=ontology) for _ in range(3))
    image = given.image(old, alice)
    annotation = given.annotation(image, alice, terms=[given.term(ontology)])
    third_image = given.image(third, alice, db.get_one(AbstractImage, image.base_image_id))
    assert alice.put(path(image), json={"project": third.id}).status_code == 409
    assert alice.put(path(image), json={"project": given.project(bob).id}).status_code == 404
    foreign = given.project(alice, ontology=given.ontology(alice))
    assert alice.put(path(image), json={"project": foreign.id}).status_code == 400
    moved = alice.put(path(image), json={"project": new.id}).json()["imageinstance"]
    assert (moved["project"], moved["numberOfAnnotations"]) == (new.id, 1)
    assert alice.get(f"/api/annotation/{annotation.id}.json").json()["project"] == new.id
    homes = [
        db.scalars(select(kind.project_id).where(rule)).all()
        for kind, rule in (
            (SliceInstance, SliceInstance.image_id == image.id),
            (AnnotationTerm, AnnotationTerm.annotation_id == annotation.id),
        )
    ]
    assert homes == [[new.id], [new.id]]
    assert third_image.project_id == third.id


def test_a_blinded_project_tells_names_to_managers_alone(given, ada, alice, bob):
    project = given.project(alice, [bob], blind_mode=True)
    image = given.image(project, alice, original_filename="Smith, John.svs")
    addresses = [
        path(image),
        f"/api/project/{project.id}/imageinstance.json",
        f"/api/project/{project.id}/imageinstance.json?light=true",
        f"/api/project/{project.id}/imageinstance.json?tree=true",
        f"/api/project/{project.id}/bounds/imageinstance.json",
        f"/api/user/{bob.id}/imageinstance.json",
        f"/api/user/{bob.id}/imageinstance/light.json",
        f"/api/abstractimage/{image.base_image_id}/imageinstance.json",
        path(image, "/sliceinstance.json"),
    ]
    for address in addresses:
        assert bob.get(address).status_code == 200
        assert "Smith" not in bob.get(address).text, address
    shown = bob.get(path(image)).json()
    assert (shown["instanceFilename"], shown["originalFilename"], shown["path"]) == (None, None, None)
    assert (shown["blindedName"], shown["projectBlind"]) == (str(image.base_image_id), True)
    assert "Smith" not in bob.put(path(image), json={"magnification": 2}, headers={"If-Match": '"7"'}).text
    assert "Smith" not in bob.put(path(image), json={"magnification": 2}).text
    for manager in (alice, ada):
        assert manager.get(path(image)).json()["instanceFilename"] == "Smith, John.svs"


def test_macro_pictures_are_named_to_those_who_may_see_them(given, alice, bob):
    image = given.image(given.project(alice, [bob]), alice, facts={"associated": ["macro"]})
    address = f"http://testserver/api/imageinstance/{image.id}/associated/macro.png?maxSize=512"
    assert alice.get(path(image)).json()["macroURL"] == address
    assert bob.get(path(image)).json()["macroURL"] is None


def test_shapes_do_not_move_when_an_image_is_calibrated(given, alice, db):
    image = given.image(given.project(alice), alice)
    annotation = given.annotation(image, alice)
    alice.put(path(image), json={"physicalSizeX": 0.1})
    row = db.get_one(UserAnnotation, annotation.id)
    assert (row.location, shapely.from_wkb(row.shape)) == (annotation.location, shapely.from_wkb(annotation.shape))
