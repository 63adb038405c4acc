import pytest


def address_of(row, name="property", kind=None):
    return f"/api/domain/{kind or row.cytomine_class}/{row.id}/{name}.json"


def test_a_property_is_added_shown_edited_listed_and_deleted(given, alice):
    project = given.project(alice)
    body = alice.post(address_of(project), json={"key": "stain", "value": "H&E"}).json()
    said = body["property"]
    assert (said["key"], said["value"]) == ("stain", "H&E")
    assert (said["domainClassName"], said["class"]) == (project.cytomine_class, "be.cytomine.domain.meta.Property")
    assert said["domainIdent"] == said["domainId"] == project.id
    assert body["data"] == said
    assert isinstance(body["command"], int)

    path = address_of(project, f"property/{said['id']}")
    assert alice.put(path, json={**said, "value": "PAS"}).json()["property"]["value"] == "PAS"
    shown = alice.get(path)
    assert (shown.json()["value"], shown.headers["etag"]) == ("PAS", '"2"')
    assert alice.put(path, json={"value": "late"}, headers={"If-Match": '"1"'}).status_code == 412
    assert alice.get(address_of(project)).json()["size"] == 1
    assert alice.delete(path).json()["property"]["id"] == said["id"]
    assert alice.get(path).status_code == 404
    assert alice.get(address_of(project)).json()["collection"] == []


@pytest.mark.parametrize("name", ["project", "be.cytomine.project.Project", "be_cytomine_domain_project_Project"])
def test_every_name_of_a_kind_leads_to_the_same_object(given, alice, name):
    project = given.project(alice)
    said = given.property(project)
    assert alice.get(address_of(project, kind=name)).json()["collection"][0]["id"] == said.id
    assert alice.get(f"/api/project/{project.id}/property.json").json()["size"] == 1
    assert alice.get(address_of(project, kind="be.cytomine.Software")).status_code == 404
    assert alice.get(f"/api/domain/ImageInstance/{project.id}/property.json").status_code == 404


def test_annotations_images_and_projects_have_addresses_of_their_own(given, alice):
    image = given.image(given.project(alice), alice)
    for row, noun in ((image, "imageinstance"), (given.annotation(image, alice), "annotation")):
        here = f"/api/{noun}/{row.id}"
        said = alice.post(f"{here}/property.json", json={"key": "a/b", "value": "1"}).json()["property"]
        assert said["domainIdent"] == row.id
        assert alice.get(f"{here}/key/a/b/property.json").json()["id"] == said["id"]
        assert alice.get(f"{here}/property/{said['id']}.json").json() == said
        assert alice.put(f"{here}/property/{said['id']}.json", json={"value": "2"}).json()["data"]["value"] == "2"
        assert alice.delete(f"{here}/property/{said['id']}.json").status_code == 200


def test_an_object_is_named_in_the_body_as_well(given, alice, charlie):
    project = given.project(alice)
    sent = {"domainClassName": "be.cytomine.domain.project.Project", "domainIdent": str(project.id), "key": "a"}
    assert alice.post("/api/property.json", json={**sent, "value": 1}).status_code == 200
    assert charlie.post("/api/property.json", json={**sent, "value": 1}).status_code == 404
    body = [{**sent, "value": 2}, {**sent, "value": 3, "domainIdent": 999_999}, {**sent, "key": "b", "value": 4}]
    answer = alice.post("/api/property.json", json=body)
    assert answer.status_code == 206
    assert [problem["index"] for problem in answer.json()["data"]["errors"]] == [1]
    rows = alice.get(address_of(project)).json()["collection"]
    assert [(row["key"], row["value"]) for row in rows] == [("a", "1"), ("a", "2"), ("b", "4")]


def test_an_array_keeps_the_good_ones_and_the_address_says_whose_they_are(given, alice):
    mine, other = given.project(alice), given.project(alice)
    sent = [{"key": "a", "value": "1", "domainIdent": other.id}, {"key": "", "value": "2"}, {"key": "c"}]
    answer = alice.post(address_of(mine), json=sent)
    assert answer.status_code == 206
    assert [problem["index"] for problem in answer.json()["data"]["errors"]] == [1, 2]
    assert [row["key"] for row in alice.get(address_of(mine)).json()["collection"]] == ["a"]
    assert alice.get(address_of(other)).json()["size"] == 0


@pytest.mark.parametrize(
    ("sent", "kept"),
    [(5, "5"), (0.25, "0.25"), (True, "true"), ([1, 2], "[1,2]"), ("  spaced\n", "  spaced\n"), ("<b>", "<b>")],
)
def test_values_become_text_and_are_kept_as_they_were_sent(given, alice, sent, kept):
    said = alice.post(address_of(given.project(alice)), json={"key": "k", "value": sent}).json()["property"]
    assert said["value"] == kept


@pytest.mark.parametrize("sent", [{"key": "k"}, {"key": "k", "value": " "}, {"value": "v"}, {"key": "k" * 256}, "k"])
def test_a_property_needs_a_key_and_a_value(given, alice, sent):
    assert alice.post(address_of(given.project(alice)), json=sent).status_code == 400


def test_of_several_with_one_key_the_newest_is_shown(given, alice):
    project = given.project(alice)
    for value in ("old", "new"):
        given.property(project, "k", value)
    assert alice.get(address_of(project, "key/k/property")).json()["value"] == "new"
    missing = alice.get(address_of(project, "key/other/property"))
    assert (missing.status_code, "other" in missing.json()["errors"]) == (404, True)


def test_what_is_said_of_one_object_is_not_found_at_another(given, alice):
    mine, other = given.project(alice), given.project(alice)
    said = given.property(mine)
    for method in ("get", "delete"):
        assert getattr(alice, method)(address_of(other, f"property/{said.id}")).status_code == 404
    assert alice.put(address_of(other, f"property/{said.id}"), json={"value": "x"}).status_code == 404
    assert alice.get(address_of(mine, f"property/{said.id}")).json()["value"] == "H&E"


def test_a_stranger_sees_and_changes_nothing_and_a_contributor_only_sees(given, alice, bob, charlie, nobody):
    project = given.project(alice, [bob])
    said = given.property(project)
    path = address_of(project, f"property/{said.id}")
    unknown = charlie.get("/api/domain/project/999999/property.json").json()["errors"]
    for person, status in ((charlie, 404), (bob, 403), (nobody, 401)):
        assert person.post(address_of(project), json={"key": "k", "value": "v"}).status_code == status
        assert person.put(path, json={"value": "v"}).status_code == status
        assert person.delete(path).status_code == status
    assert charlie.get(path).json()["errors"] == unknown.replace("999999", str(project.id))
    assert bob.get(path).json()["value"] == "H&E"
    assert alice.get(address_of(project)).json()["size"] == 1


def test_contributors_describe_images_where_the_project_lets_them(given, alice, bob):
    for settings, status in (({}, 200), ({"is_restricted": True}, 403), ({"is_read_only": True}, 403)):
        image = given.image(given.project(alice, [bob], **settings), alice)
        assert bob.post(address_of(image), json={"key": "k", "value": "v"}).status_code == status


def test_properties_of_a_blinded_image_are_for_managers(given, alice, bob):
    image = given.image(given.project(alice, [bob], blind_mode=True), alice)
    given.property(image, "patient", "secret")
    assert alice.get(address_of(image)).json()["size"] == 1
    for path in (address_of(image), address_of(image, "key/patient/property")):
        answer = bob.get(path)
        assert (answer.status_code, "secret" in answer.text) == (403, False)


def test_an_image_in_a_project_has_the_properties_of_its_slide(given, alice):
    base = given.abstract_image(alice)
    given.property(base, "block", "A3")
    body = {"baseImage": base.id, "project": given.project(alice).id}
    image = alice.post("/api/imageinstance.json", json=body).json()["imageinstance"]
    rows = alice.get(f"/api/imageinstance/{image['id']}/property.json").json()["collection"]
    assert [(row["key"], row["value"], row["domainIdent"]) for row in rows] == [("block", "A3", image["id"])]


@pytest.mark.parametrize("sent", [{"grade": 3}, [{"key": "grade", "value": "3"}]])
def test_annotations_come_with_properties(given, alice, sent):
    image = given.image(given.project(alice), alice)
    drawing = {"location": "POINT (5 5)", "image": image.id, "properties": sent}
    one = alice.post("/api/annotation.json", json=drawing).json()["annotation"]["id"]
    several = alice.post("/api/annotation.json", json=[drawing, drawing]).json()["ids"]
    for id in (one, *several):
        rows = alice.get(f"/api/annotation/{id}/property.json").json()["collection"]
        assert [(row["key"], row["value"]) for row in rows] == [("grade", "3")]


def test_a_list_is_paged_and_sorted(given, alice):
    project = given.project(alice)
    for key in "bca":
        given.property(project, key)
    listed = alice.get(address_of(project), params={"sort": "key", "order": "desc", "max": 2, "offset": 1}).json()
    assert ([row["key"] for row in listed["collection"]], listed["size"]) == (["b", "a"], 3)
    bare = alice.with_token().get(address_of(project), params={"max": 1})
    assert (len(bare.json()), bare.headers["x-total-count"]) == (1, "3")
