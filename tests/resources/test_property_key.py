from given.annotations import SQUARE

FAR = "POLYGON ((500 500, 520 500, 520 520, 500 520, 500 500))"


def keys(person, kind, **query):
    answer = person.get(f"/api/{kind}/property/key.json", params=query)
    return answer.json()["collection"] if answer.status_code == 200 else answer.status_code


def test_each_key_of_a_projects_annotations_is_told_once(given, alice, bob, charlie):
    project = given.project(alice, [bob])
    image, other = given.image(project, alice), given.image(project, alice)
    for row in (given.annotation(image, alice), given.annotation(image, bob)):
        given.property(row, "grade")
    given.property(given.annotation(other, alice), "area")
    given.property(project, "not one of an annotation")
    assert keys(bob, "annotation", idProject=project.id) == ["area", "grade"]
    assert keys(bob, "annotation", idImage=image.id) == ["grade"]
    assert keys(bob, "annotation", idImage=image.id, user="true") == [
        {"key": "grade", "user": alice.id},
        {"key": "grade", "user": bob.id},
    ]
    assert keys(bob, "annotation", idProject=project.id, max=1, offset=1, sort="created") == ["grade"]
    assert keys(charlie, "annotation", idProject=project.id) == 404
    assert keys(charlie, "annotation", idImage=image.id) == 404
    assert keys(bob, "annotation") == 400


def test_keys_on_hidden_layers_are_not_told(given, alice, bob):
    project = given.project(alice, [bob], hide_admins_layers=True)
    given.property(given.annotation(given.image(project, alice), alice), "grade")
    assert keys(alice, "annotation", idProject=project.id) == ["grade"]
    assert keys(bob, "annotation", idProject=project.id) == []


def test_each_key_of_a_projects_images_is_told_once_but_not_where_it_is_blinded(given, alice, bob, charlie):
    for blind, seen in ((False, ["stain"]), (True, [])):
        project = given.project(alice, [bob], blind_mode=blind)
        for _ in range(2):
            given.property(given.image(project, alice), "stain")
        assert keys(bob, "imageinstance", idProject=project.id) == seen
        assert keys(alice, "imageinstance", idProject=project.id) == ["stain"]
        assert keys(charlie, "imageinstance", idProject=project.id) == 404


def test_the_centres_of_annotations_with_a_key_are_listed_with_its_value(given, alice, bob, charlie):
    image = given.image(given.project(alice, [bob]), alice)
    near, far = given.annotation(image, alice, SQUARE), given.annotation(image, alice, FAR)
    for row, value in ((near, "1"), (far, "2")):
        given.property(row, "grade", value)
    given.property(given.annotation(image, bob, FAR), "grade", "3")
    path = f"/api/user/{alice.id}/imageinstance/{image.id}/annotationposition.json"

    def rows(**query):
        return bob.get(path, params={"key": "grade", **query}).json()["collection"]

    assert [(row["idAnnotation"], row["value"]) for row in rows()] == [(near.id, "1"), (far.id, "2")]
    assert rows(bbox="490,490,530,530") == [{"idAnnotation": far.id, "x": 510.0, "y": 510.0, "value": "2"}]
    assert rows(bbox=FAR)[0]["idAnnotation"] == far.id
    height = 1000
    assert rows(origin="left-top")[1] == {"idAnnotation": far.id, "x": 510.0, "y": height - 510.0, "value": "2"}
    assert rows(key="other") == []
    assert bob.get(path).status_code == 400
    assert charlie.get(path, params={"key": "grade"}).status_code == 404
