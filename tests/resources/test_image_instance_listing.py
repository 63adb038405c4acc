"""Lists of images: of a project, of a user, of a slide; what they tell, filter by and sort by."""

import pytest

from atrisys.store.tables import UserAnnotation
from counting import statements


def ids(answer):
    return [row["id"] for row in answer.json()["collection"]]


def path(image, rest=".json"):
    return f"/api/imageinstance/{image.id}{rest}"


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
