import pytest

PATH = "/api/configuration.json"


def one(key):
    return f"/api/configuration/key/{key}.json"


@pytest.fixture
def three(given):
    for role in ("ALL", "USER", "ADMIN"):
        given.configuration(f"for_{role.lower()}", reading_role=role)


@pytest.fixture
def guest(given):
    return given.person("gustav", role="ROLE_GUEST")


def keys(person):
    return {row["key"] for row in person.get(PATH).json()["collection"]}


def test_a_fresh_installation_says_welcome_to_all(guest):
    assert keys(guest) == {"WELCOME"}
    said = guest.get(one("WELCOME")).json()
    assert (said["readingRole"], said["class"]) == ("ALL", "be.cytomine.domain.meta.Configuration")
    assert "ATrISys" in said["value"]


def test_each_setting_is_read_by_whom_it_is_for(three, ada, charlie, guest):
    assert keys(guest) == {"WELCOME", "for_all"}
    assert keys(charlie) == {"WELCOME", "for_all", "for_user"}
    assert keys(ada) == {"WELCOME", "for_all", "for_user", "for_admin"}
    assert [guest.get(one(f"for_{role}")).status_code for role in ("all", "user", "admin")] == [200, 404, 404]
    assert [charlie.get(one(f"for_{role}")).status_code for role in ("all", "user", "admin")] == [200, 200, 404]
    hidden, unknown = charlie.get(one("for_admin")).json(), charlie.get(one("for_admix")).json()
    assert hidden["message"].replace("for_admin", "") == unknown["message"].replace("for_admix", "")


def test_administrators_keep_change_and_forget_settings(ada, charlie):
    sent = {"key": "admin_email", "value": "ada@example.org", "readingRole": "ADMIN"}
    made = ada.post(PATH, json=sent).json()["configuration"]
    assert ada.get(one("admin_email")).json() == made
    assert ada.post(PATH, json=sent).status_code == 409
    edited = ada.put(one("admin_email"), json={**made, "value": "lab@example.org"}).json()["configuration"]
    assert (edited["id"], edited["value"], edited["readingRole"]) == (made["id"], "lab@example.org", "ADMIN")
    assert ada.put(one("admin_email"), json={"readingRole": "ALL"}).status_code == 200
    assert charlie.get(one("admin_email")).json()["value"] == "lab@example.org"
    assert ada.delete(one("admin_email")).status_code == 200
    assert ada.get(one("admin_email")).status_code == 404
    assert ada.get("/api/command/undo.json").status_code == 200
    assert ada.get(one("admin_email")).json()["value"] == "lab@example.org"


@pytest.mark.parametrize("method", ["put", "post"])
def test_a_setting_that_is_not_there_yet_is_made(ada, method):
    sent = {"value": "dark", "readingRole": "ALL", "key": "another"}
    made = getattr(ada, method)(one("theme"), json=sent).json()["configuration"]
    assert (made["key"], made["value"]) == ("theme", "dark")
    assert getattr(ada, method)(one("theme"), json={**sent, "value": "light"}).status_code == 200
    assert ada.get(one("theme")).json()["value"] == "light"


@pytest.mark.parametrize(
    "sent",
    [
        {"key": "a.b", "value": "x", "readingRole": "ALL"},
        {"key": "a", "value": " ", "readingRole": "ALL"},
        {"key": "a", "value": "x", "readingRole": "NOBODY"},
        {"key": "a", "value": "x"},
        {},
    ],
)
def test_what_is_no_setting_is_refused(ada, sent):
    assert ada.post(PATH, json=sent).status_code == 400


def test_nobody_else_writes_and_whoever_has_no_account_reads_nothing(three, alice, nobody):
    sent = {"key": "new", "value": "x", "readingRole": "ALL"}
    assert alice.post(PATH, json=sent).status_code == 403
    assert alice.put(one("for_all"), json=sent).status_code == 403
    assert alice.post(one("new"), json=sent).status_code == 403
    assert alice.delete(one("for_all")).status_code == 403
    assert alice.delete(one("for_admin")).status_code == 403
    assert nobody.get(PATH).status_code == nobody.get(one("WELCOME")).status_code == 401


def test_the_log_tells_no_setting_to_others(ada, alice):
    ada.post(PATH, json={"key": "secret", "value": "zeppelin", "readingRole": "ADMIN"})
    assert "Configuration" in ada.get("/api/atrisys/changes?since=0").text
    assert "Configuration" not in alice.get("/api/atrisys/changes?since=0").text


def test_before_signing_in_a_page_learns_where_the_server_is(nobody):
    said = nobody.get("/configuration.json").json()
    assert said == {"CYTOMINE_CORE_HOST": "http://testserver", "CYTOMINE_UPLOAD_HOST": "http://testserver"}
