import pytest


def test_the_bounds_of_projects_are_those_of_the_callers_own(given, alice, bob, charlie, nobody):
    first = given.project(alice, [bob], name="a", is_restricted=True)
    given.project(alice, name="b")
    given.project(charlie, name="c")
    for _ in range(2):
        given.annotation(given.image(first, alice), alice)
    bounds = alice.get("/api/bounds/project.json?withMembersCount=true").json()
    assert bounds["name"]["list"] == ["a", "b"]
    assert bounds["mode"]["list"] == ["CLASSIC", "RESTRICTED"]
    assert (bounds["numberOfImages"]["min"], bounds["numberOfImages"]["max"]) == (0, 2)
    assert bounds["numberOfAnnotations"]["max"] == 2
    assert (bounds["members"]["min"], bounds["members"]["max"]) == (1, 2)
    assert bounds["created"]["min"] == first.created
    assert bob.get("/api/bounds/project.json").json()["name"]["list"] == ["a"]
    assert nobody.get("/api/bounds/project.json").status_code == 401


def test_nobody_with_no_project_gets_empty_bounds(charlie):
    bounds = charlie.get("/api/bounds/project.json").json()
    assert bounds["numberOfImages"] == {"min": None, "max": None, "list": None}


def test_bounds_count_nothing_on_hidden_layers(given, alice, bob):
    project = given.project(alice, [bob], hide_admins_layers=True)
    image = given.image(project, alice)
    for person in (alice, alice, bob):
        given.annotation(image, person)
    for person, most in ((alice, 3), (bob, 1)):
        assert person.get("/api/bounds/project.json").json()["numberOfAnnotations"]["max"] == most
        bounds = person.get(f"/api/project/{project.id}/bounds/imageinstance.json").json()
        assert bounds["countImageAnnotations"]["max"] == most


@pytest.mark.parametrize("blind", [False, True])
def test_the_bounds_of_images_take_own_values_over_the_slides(given, alice, bob, charlie, blind):
    project = given.project(alice, [bob], blind_mode=blind)
    small = given.image(project, alice, width=100, mpp_x=0.5, magnification=20, format="SVS", original_filename="a")
    given.image(project, alice, width=300, mpp_x=0.5, magnification=40, format="DICOM", original_filename="b")
    given.image(given.project(alice), alice, width=9000)
    given.annotation(small, alice, "POINT (1 1)")
    alice.put(f"/api/imageinstance/{small.id}.json", json={"physicalSizeX": 2})
    bounds = bob.get(f"/api/project/{project.id}/bounds/imageinstance.json").json()
    assert bounds["width"] == {"min": 100, "max": 300, "list": None}
    assert bounds["physicalSizeX"] == {"min": 0.5, "max": 2, "list": [0.5, 2]}
    assert bounds["magnification"]["list"] == [20, 40]
    assert bounds["format"]["list"] == ["DICOM", "SVS"]
    assert (bounds["countImageAnnotations"]["min"], bounds["countImageAnnotations"]["max"]) == (0, 1)
    assert bounds["countImageReviewedAnnotations"] == {"min": 0, "max": 0, "list": None}
    assert bounds["instanceFilename"]["list"] == ([] if blind else ["a", "b"])
    assert charlie.get(f"/api/project/{project.id}/bounds/imageinstance.json").status_code == 404
