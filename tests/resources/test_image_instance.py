import pytest
import shapely
from sqlalchemy import func, select

from atrisys.actions import history
from atrisys.store.tables import AbstractImage, AnnotationTerm, Change, SliceInstance, StorageMember, UserAnnotation
from atrisys.store.tables.files import READ
from counting import statements


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


def test_the_order_of_a_blinded_list_tells_nothing_of_names(given, alice, bob):
    project = given.project(alice, [bob], blind_mode=True)
    images = [given.image(project, alice, original_filename=name) for name in ("c", "a", "b")]
    address = f"/api/project/{project.id}/imageinstance.json?sort=instanceFilename"
    assert ids(bob.get(address)) == [image.id for image in images]
    assert ids(alice.get(address)) == [images[1].id, images[2].id, images[0].id]


def test_images_are_found_by_a_part_of_their_name_and_strangers_find_none(given, alice, bob, charlie):
    project = given.project(alice, [bob])
    liver, _ = (given.image(project, alice, original_filename=name) for name in ("Liver 100%.svs", "Kidney.svs"))
    address = f"/api/project/{project.id}/imageinstance.json"
    for part in ("liver", "100%", "LIVER"):
        assert ids(bob.get(address, params={"name[ilike]": part})) == [liver.id]
    assert ids(bob.get(address, params={"name[ilike]": "lung"})) == []
    assert charlie.get(address, params={"name[ilike]": "liver"}).status_code == 404


def test_a_blinded_list_is_searched_by_what_it_shows(given, alice, bob):
    project = given.project(alice, [bob], blind_mode=True)
    image = given.image(project, alice, original_filename="Smith, John.svs")
    address = f"/api/project/{project.id}/imageinstance.json"
    for name in ("name", "instanceFilename"):
        assert ids(bob.get(address, params={f"{name}[ilike]": "smith"})) == []
        assert ids(bob.get(address, params={f"{name}[ilike]": str(image.base_image_id)})) == [image.id]
        assert ids(alice.get(address, params={f"{name}[ilike]": "smith"})) == [image.id]


def test_macro_pictures_are_named_to_those_who_may_see_them(given, alice, bob):
    image = given.image(given.project(alice, [bob]), alice, facts={"associated": ["macro"]})
    address = f"http://testserver/api/imageinstance/{image.id}/associated/macro.png?maxSize=512"
    assert alice.get(path(image)).json()["macroURL"] == address
    assert bob.get(path(image)).json()["macroURL"] is None


def test_images_are_counted_sorted_and_paged_in_the_database(given, alice, bob):
    project = given.project(alice, [bob])
    images = [
        given.image(project, alice, width=width, original_filename=name, magnification=power)
        for width, name, power in ((300, "b", 40), (100, "c", 10), (200, "a", 20))
    ]
    first, second, third = images
    for image, number in ((first, 1), (third, 2)):
        for _ in range(number):
            given.annotation(image, alice, "POINT (5 5)")
    alice.put(path(second), json={"magnification": 80})

    def order(query):
        return [
            images.index(image)
            for id in ids(bob.get(f"/api/project/{project.id}/imageinstance.json?{query}"))
            for image in images
            if image.id == id
        ]

    assert order("") == [2, 1, 0]
    assert order("sort=created&order=asc") == [0, 1, 2]
    assert order("sort=width") == [1, 2, 0]
    assert order("sort=instanceFilename,desc") == [1, 0, 2]
    assert order("sort=magnification") == [2, 0, 1]
    assert order("sort=numberOfAnnotations&order=desc&max=2") == [2, 0]
    page = bob.get(f"/api/project/{project.id}/imageinstance.json?max=2&offset=2").json()
    assert (page["size"], page["perPage"], page["totalPages"]) == (3, 1, 2)
    rows = bob.get(f"/api/project/{project.id}/imageinstance.json?sort=width").json()["collection"]
    assert [row["numberOfAnnotations"] for row in rows] == [0, 2, 1]


def test_an_image_tells_nothing_of_hidden_layers(given, alice, bob, db):
    project = given.project(alice, [bob], hide_admins_layers=True)
    hers, his = given.image(project, alice), given.image(project, alice)
    last = [given.annotation(hers, alice) for _ in range(2)][-1]
    given.annotation(his, bob)
    db.query(UserAnnotation).filter(UserAnnotation.id == last.id).update({"created": 2 * last.created})
    db.commit()
    listed = f"/api/project/{project.id}/imageinstance.json?withLastActivity=true"
    for address in (listed, f"/api/user/{bob.id}/imageinstance.json?x=1"):
        rows = bob.get(f"{address}&sort=numberOfAnnotations&order=desc").json()["collection"]
        assert [(row["id"], row["numberOfAnnotations"]) for row in rows] == [(his.id, 1), (hers.id, 0)]
    path = f"/api/imageinstance/{hers.id}.json"
    assert (bob.get(path).json()["numberOfAnnotations"], alice.get(path).json()["numberOfAnnotations"]) == (0, 2)
    activity = {row["id"]: row["lastActivity"] for row in bob.get(listed).json()["collection"]}
    assert activity[hers.id] == hers.created
    assert max(row["lastActivity"] for row in alice.get(listed).json()["collection"]) == 2 * last.created


def test_light_lists_trees_and_extras(given, alice, bob, db):
    project = given.project(alice, [bob])
    image = given.image(project, alice, original_filename="a.svs")
    address = f"/api/project/{project.id}/imageinstance.json"
    light = {"id": image.id, "instanceFilename": "a.svs", "blindedName": None}
    assert bob.get(f"{address}?light=True").json()["collection"] == [light]
    tree = bob.get(f"{address}?tree=true").json()
    assert (tree["id"], tree["title"], tree["isFolder"]) == (project.id, project.name, True)
    assert [(leaf["key"], leaf["title"], leaf["isFolder"]) for leaf in tree["children"]] == [(image.id, "a.svs", False)]
    assert bob.get(f"{address}?withLastActivity=true").json()["collection"][0]["lastActivity"] == image.created
    annotation = given.annotation(image, bob)
    assert bob.get(f"{address}?withLastActivity=true").json()["collection"][0]["lastActivity"] == annotation.created
    assert bob.get(f"{address}?withImageGroup=true").json()["collection"][0]["imageGroup"] == []


def test_the_images_of_a_user_are_those_of_their_projects(given, ada, alice, bob):
    project = given.project(alice, [bob])
    image = given.image(project, alice)
    given.image(given.project(alice), alice)
    for person, id in ((bob, bob.id), (bob, 0), (ada, bob.id)):
        assert ids(person.get(f"/api/user/{id}/imageinstance.json")) == [image.id]
    light = bob.get("/api/user/0/imageinstance/light.json").json()["collection"]
    assert light == [
        {"id": image.id, "instanceFilename": image.instance_filename, "blindedName": None, "project": project.id}
    ]
    assert ada.get("/api/user/999999/imageinstance.json").status_code == 404


def test_the_instances_of_a_slide_are_those_in_projects_that_one_sees(given, alice, bob):
    base = given.abstract_image(alice)
    seen = given.image(given.project(alice, [bob]), alice, base)
    given.image(given.project(alice), alice, base)
    assert ids(bob.get(f"/api/abstractimage/{base.id}/imageinstance.json")) == [seen.id]
    assert alice.get(f"/api/abstractimage/{base.id}/imageinstance.json").json()["size"] == 2


def test_next_and_previous_walk_the_list_which_has_the_newest_first(given, alice):
    project = given.project(alice)
    first, second, third = (given.image(project, alice) for _ in range(3))
    given.image(given.project(alice), alice)
    assert alice.get(path(second, "/next.json")).json()["id"] == first.id
    assert alice.get(path(second, "/previous.json")).json()["id"] == third.id
    assert alice.get(path(first, "/next.json")).json() == alice.get(path(third, "/previous.json")).json() == {}
    assert alice.get("/api/imageinstance/method/lastopened.json").json()["size"] == 0


def test_shapes_do_not_move_when_an_image_is_calibrated(given, alice, db):
    image = given.image(given.project(alice), alice)
    annotation = given.annotation(image, alice)
    alice.put(path(image), json={"physicalSizeX": 0.1})
    row = db.get_one(UserAnnotation, annotation.id)
    assert (row.location, shapely.from_wkb(row.shape)) == (annotation.location, shapely.from_wkb(annotation.shape))


@pytest.mark.parametrize("length", [2, 30])
def test_a_page_of_images_costs_a_fixed_number_of_statements(given, alice, bob, store, length):
    project = given.project(alice, [bob])
    for _ in range(length):
        given.image(project, alice)
    with statements(store) as asked:
        answer = bob.get(f"/api/project/{project.id}/imageinstance.json?withLastActivity=true")
        assert answer.json()["size"] == length
    assert len(asked) <= 11, asked


def test_images_are_filtered_by_their_slides_and_by_what_is_drawn(given, alice, bob, charlie):
    project, tag = given.project(alice, [bob]), given.tag(alice)
    small = given.image(project, alice, width=300, original_filename="a_1.svs", magnification=40, format="SVS")
    large = given.image(project, alice, width=900, original_filename="ab1.tif", mpp_x=0.25, format="PYRTIFF")
    given.annotation(small, alice, "POINT (5 5)")
    given.tagged(small, tag)
    alice.put(path(large), json={"magnification": 80})
    address = f"/api/project/{project.id}/imageinstance.json"

    def found(query):
        return ids(bob.get(f"{address}?{query}"))

    for query in (
        "instanceFilename[ilike]=a_1",
        "name[ilike]=A_*svs",
        "originalFilename[equals]=a_1.svs",
        "width[lte]=300",
        "width[gte]=200&width[lte]=400",
        "magnification[in]=40",
        "physicalSizeX[equals]=null",
        "contentType[in]=SVS,DICOM",
        "numberOfAnnotations[gte]=1",
        f"tag[in]={tag.id}",
        f"tags[equals]={tag.id}",
        f"baseImage[equals]={small.base_image_id}",
        f"include={small.base_image_id},1",
        f"include[in]={small.base_image_id}",
        f"id[in]={small.id}",
    ):
        assert found(query) == [small.id], query
    for query in ("magnification[gte]=80", "tag[in]=null", "physicalSizeX[lte]=0.3", "numberOfAnnotations[equals]=0"):
        assert found(query) == [large.id], query
    assert found("unknown[equals]=1&width[sounds]=1&numberOfJobAnnotations[lte]=0") == [large.id, small.id]
    assert found("width[gte]=1&sort=width&max=1") == [small.id]
    assert ids(bob.get(f"/api/user/{bob.id}/imageinstance.json?width[gte]=500")) == [large.id]
    assert bob.get(f"{address}?width[gte]=wide").status_code == 400
    assert charlie.get(f"{address}?width[gte]=1").status_code == 404
    slide = f"/api/abstractimage/{small.base_image_id}/imageinstance.json?width[gte]"
    assert (ids(bob.get(f"{slide}=300")), ids(bob.get(f"{slide}=301"))) == ([small.id], [])
    assert charlie.get(f"{slide}=300").status_code == 404


def test_filters_tell_nothing_of_blinded_names_and_tags(given, alice, bob, ada):
    project, tag = given.project(alice, [bob], blind_mode=True), given.tag(alice)
    image = given.image(project, alice, original_filename="Smith, John.svs")
    given.tagged(image, tag)
    lists = (
        f"/api/project/{project.id}/imageinstance.json",
        f"/api/abstractimage/{image.base_image_id}/imageinstance.json",
        f"/api/user/{bob.id}/imageinstance.json",
    )
    for address in lists:
        for column in ("instanceFilename", "name", "originalFilename", "filename"):
            assert ids(bob.get(f"{address}?{column}[ilike]=smith")) == []
            assert ids(bob.get(f"{address}?{column}[equals]={image.base_image_id}")) == [image.id]
            assert ids(ada.get(f"{address}?{column}[ilike]=smith")) == [image.id]
        assert ids(bob.get(f"{address}?tag[in]={tag.id}")) == []
        assert ids(bob.get(f"{address}?tag[in]=null")) == [image.id]
        assert ids(bob.get(f"{address}?blindedName[ilike]={image.base_image_id}")) == [image.id]
    assert ids(alice.get(f"{lists[0]}?name[ilike]=smith&tag[in]={tag.id}")) == [image.id]


def test_the_order_of_a_slides_images_tells_nothing_of_blinded_names(given, alice, bob):
    base = given.abstract_image(alice)
    images = [given.image(given.project(alice, [bob], blind_mode=True), alice, base) for _ in range(3)]
    for image, name in zip(images, ("b", "a", "c"), strict=True):
        alice.put(path(image), json={"instanceFilename": name})
    address = f"/api/abstractimage/{base.id}/imageinstance.json?sort=instanceFilename"
    assert ids(alice.get(address)) == [images[1].id, images[0].id, images[2].id]
    assert ids(bob.get(address)) == [images[2].id, images[1].id, images[0].id]


def test_filters_tell_nothing_of_annotations_on_hidden_layers(given, alice, bob):
    project = given.project(alice, [bob], hide_admins_layers=True)
    image = given.image(project, alice)
    given.annotation(image, alice)
    address = f"/api/project/{project.id}/imageinstance.json?numberOfAnnotations[gte]=1"
    assert (ids(alice.get(address)), ids(bob.get(address))) == ([image.id], [])
    elsewhere = f"/api/abstractimage/{image.base_image_id}/imageinstance.json?numberOfAnnotations[gte]=1"
    assert (ids(alice.get(elsewhere)), ids(bob.get(elsewhere))) == ([image.id], [])
