import pytest

from atrisys.resources.custom_ui import PROPERTY

CONFIG = "/api/custom-ui/config.json"
HIDDEN = {"ADMIN_PROJECT": True, "CONTRIBUTOR_PROJECT": False}


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture(params=["/api/custom-ui", "/custom-ui"])
def path(request, project):
    return f"{request.param}/project/{project.id}.json"


def test_each_role_is_shown_its_parts(given, ada, alice):
    guest = given.person("gustav", role="ROLE_GUEST")
    admin, user, other = (person.get(CONFIG).json() for person in (ada, alice, guest))
    assert [said["project"] for said in (admin, user, other)] == [True, True, True]
    assert [said["storage"] for said in (admin, user, other)] == [True, True, False]
    assert [said["admin"] for said in (admin, user, other)] == [True, False, False]
    assert user["search"] is False
    assert "project-images-tab" not in user
    assert alice.get("/custom-ui/config.json?project=0").json() == user


def test_what_a_manager_hides_contributors_are_not_shown(alice, bob, project, path):
    config = f"{CONFIG}?project={project.id}"
    assert bob.get(config).json()["project-tools-magic"] is True
    assert bob.get(config).json()["project-configuration-tab"] is False
    assert alice.get(config).json()["project-configuration-tab"] is True
    usual = bob.get(path).json()
    answer = alice.post(path, json={"project-tools-magic": HIDDEN})
    assert answer.json() == {**usual, "project-tools-magic": HIDDEN} == bob.get(path).json()
    assert bob.get(config).json()["project-tools-magic"] is False
    assert alice.get(config).json()["project-tools-magic"] is True
    assert alice.post(path, json={}).json() == usual
    assert alice.get("/api/command/undo.json").status_code == 200
    assert bob.get(path).json()["project-tools-magic"] == HIDDEN


def test_it_is_one_property_of_the_project(alice, project, path):
    for _ in range(2):
        alice.post(path, json={"project-tools-fill": HIDDEN})
    said = alice.get(f"/api/domain/project/{project.id}/property.json").json()["collection"]
    assert [one["key"] for one in said] == [PROPERTY]


def test_a_property_that_says_nothing_sensible_is_passed_over(given, bob, project, path):
    usual = bob.get(path).json()
    given.property(project, PROPERTY, "[1, 2")
    assert bob.get(path).json() == usual


@pytest.mark.parametrize(
    "sent",
    [
        {"project-tools-magic": True},
        {"project-tools-magic": {"ADMIN_PROJECT": True}},
        {"<b>": HIDDEN},
        {f"part-{number}": HIDDEN for number in range(501)},
        [],
    ],
)
def test_what_is_no_part_is_refused(alice, path, sent):
    assert alice.post(path, json=sent).status_code == 400


def test_contributors_do_not_hide_and_strangers_find_nothing(bob, charlie, project, path):
    assert bob.post(path, json={"project-tools-magic": HIDDEN}).status_code == 403
    assert charlie.get(path).status_code == charlie.post(path, json={}).status_code == 404
    assert charlie.get(f"{CONFIG}?project={project.id}").status_code == 404
