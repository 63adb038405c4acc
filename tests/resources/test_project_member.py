import csv
import io

import pytest
from sqlalchemy import select, update

from atrisys.store.tables import Change, LoginSession, Project
from counting import statements
from tables import pdf_of, sheet_of


def roles(person, project, address="user"):
    rows = person.get(f"/api/project/{project.id}/{address}.json").json()["collection"]
    return {row["username"]: row["role"] for row in rows}


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


def test_members_come_and_go_with_empty_bodies_as_the_clients_send_them(project, alice, bob, charlie, db):
    path = f"/api/project/{project.id}/user/{charlie.id}.json"
    answer = alice.post(path)
    assert (answer.status_code, answer.json()["data"]["message"]) == (200, "OK")
    assert roles(alice, project) == {"alice": "representative", "bob": "contributor", "charlie": "contributor"}
    assert charlie.get(f"/api/project/{project.id}.json").status_code == 200
    assert alice.post(path).status_code == 200

    admin = f"/api/project/{project.id}/user/{charlie.id}/admin.json"
    assert alice.post(admin).status_code == 200
    assert roles(alice, project, "admin") == {"alice": "representative", "charlie": "manager"}
    assert alice.post(path).status_code == 200
    assert roles(alice, project)["charlie"] == "manager"
    assert alice.delete(admin).status_code == 200
    assert roles(alice, project)["charlie"] == "contributor"
    assert alice.delete(path).status_code == 200
    assert alice.delete(path).status_code == 404
    assert charlie.get(f"/api/project/{project.id}.json").status_code == 404
    logged = db.scalars(select(Change.after).where(Change.class_name == "ProjectMember").order_by(Change.seq)).all()
    assert [after is None for after in logged] == [False] * (len(logged) - 1) + [True]


def test_somebody_who_was_no_member_can_be_made_manager_at_once(project, alice, charlie):
    assert alice.post(f"/api/project/{project.id}/user/{charlie.id}/admin.json").status_code == 200
    assert roles(charlie, project)["charlie"] == "manager"


def test_a_contributor_leaves_but_changes_nobody_else(project, alice, bob, charlie):
    for address in (f"user/{charlie.id}.json", f"user/{bob.id}/admin.json", f"user.json?users={charlie.id}"):
        assert bob.post(f"/api/project/{project.id}/{address}").status_code == 403
    assert bob.delete(f"/api/project/{project.id}/user/{alice.id}.json").status_code == 403
    assert bob.delete(f"/api/project/{project.id}/user/{alice.id}/admin.json").status_code == 403
    assert bob.delete(f"/api/project/{project.id}/user.json?users={alice.id}").status_code == 400
    assert bob.delete(f"/api/project/{project.id}/user/{bob.id}.json").status_code == 200
    assert roles(alice, project) == {"alice": "representative"}


def test_a_stranger_finds_no_project_to_join_or_list(project, bob, charlie, nobody):
    path = f"/api/project/{project.id}"
    lists = ("user", "admin", "creator", "users/representative", "representative", "userlayer")
    assert {charlie.get(f"{path}/{name}.json").status_code for name in lists} == {404}
    assert charlie.get(f"{path}/user/{bob.id}/imageconsultation.json").status_code == 404
    assert charlie.post(f"{path}/user/{charlie.id}.json").status_code == 404
    assert charlie.post(f"{path}/user/{charlie.id}/admin.json").status_code == 404
    assert charlie.delete(f"{path}/user/{bob.id}.json").status_code == 404
    assert charlie.post(f"{path}/representative.json", json={"user": charlie.id}).status_code == 404
    assert nobody.post(f"{path}/user/{bob.id}.json").status_code == 401


def test_an_unknown_user_or_project_is_not_found(project, alice):
    assert alice.post(f"/api/project/{project.id}/user/999999.json").status_code == 404
    assert alice.post(f"/api/project/999999/user/{alice.id}.json").status_code == 404
    assert alice.delete(f"/api/project/{project.id}/user/999999.json").status_code == 404


def test_with_the_last_representative_gone_the_caller_takes_over(project, alice, bob, charlie):
    alice.post(f"/api/project/{project.id}/user/{bob.id}/admin.json")
    assert bob.delete(f"/api/project/{project.id}/user/{alice.id}.json").status_code == 200
    assert roles(bob, project) == {"bob": "representative"}
    bob.post(f"/api/project/{project.id}/user/{charlie.id}/admin.json")
    assert bob.delete(f"/api/project/{project.id}/user/{bob.id}.json").status_code == 200
    assert roles(charlie, project) == {"charlie": "representative"}


def test_the_last_manager_cannot_go_and_an_administrator_who_removes_them_takes_over(project, ada, alice):
    assert alice.delete(f"/api/project/{project.id}/user/{alice.id}.json").status_code == 403
    assert alice.delete(f"/api/project/{project.id}/user/{alice.id}/admin.json").status_code == 403
    assert roles(alice, project) == {"alice": "representative", "bob": "contributor"}
    assert ada.delete(f"/api/project/{project.id}/user/{alice.id}.json").status_code == 200
    assert roles(ada, project) == {"ada": "representative", "bob": "contributor"}


def test_several_at_once_as_far_as_possible(project, alice, bob, charlie):
    path = f"/api/project/{project.id}/user.json"
    partly = alice.post(f"{path}?users={charlie.id},999999,x")
    assert partly.status_code == partly.json()["status"] == 206
    assert [problem["data"] for problem in partly.json()["data"]["errors"]] == ["999999", "x"]
    assert "charlie" in roles(alice, project)
    assert alice.post(f"{path}?users=999999").status_code == 400
    assert alice.delete(f"{path}?users={charlie.id},{bob.id}").status_code == 200
    assert roles(alice, project) == {"alice": "representative"}
    assert alice.post(path).status_code == 400


def test_representatives_are_named_listed_and_taken_back_but_not_the_last(project, alice, bob):
    path = f"/api/project/{project.id}/representative"
    added = alice.post(f"{path}.json", json={"user": bob.id, "project": project.id})
    link = added.json()["projectrepresentativeuser"]
    assert (link["user"], link["project"]) == (bob.id, project.id)
    assert link["class"] == "be.cytomine.domain.project.ProjectRepresentativeUser"
    assert roles(alice, project) == {"alice": "representative", "bob": "representative"}
    assert alice.get(f"{path}/{link['id']}.json").json() == link
    assert [row["user"] for row in alice.get(f"{path}.json").json()["collection"]] == [alice.id, bob.id]
    people = alice.get(f"/api/project/{project.id}/users/representative.json").json()["collection"]
    assert [row["username"] for row in people] == ["alice", "bob"]
    assert bob.delete(f"{path}.json?user={alice.id}").status_code == 200
    assert roles(alice, project) == {"alice": "manager", "bob": "representative"}
    assert alice.delete(f"{path}/{link['id']}.json").status_code == 400
    assert alice.delete(f"{path}.json?user={alice.id}").status_code == 404
    assert alice.get(f"{path}/999999.json").status_code == 404


def test_a_contributor_names_no_representative(project, bob):
    assert bob.post(f"/api/project/{project.id}/representative.json", json={"user": bob.id}).status_code == 403


def test_a_stale_change_of_members_is_refused(project, alice, charlie, given):
    alice.put(f"/api/project/{project.id}.json", json={"name": "second"})
    answer = alice.post(f"/api/project/{project.id}/user/{charlie.id}.json", headers={"If-Match": '"1"'})
    assert answer.status_code == 412


def test_members_are_sorted_and_paged_in_the_database(given, alice, bob, charlie):
    project = given.project(charlie, [bob, alice])
    path = f"/api/project/{project.id}/user.json"
    names = [row["username"] for row in bob.get(path).json()["collection"]]
    assert names == ["alice", "bob", "charlie"]
    page = bob.get(f"{path}?sort=username&order=desc&max=2").json()
    assert ([row["username"] for row in page["collection"]], page["size"]) == (["charlie", "bob"], 3)
    first = bob.get(f"{path}?sort=projectRole&order=desc").json()["collection"][0]
    assert first["username"] == "charlie"


def test_no_list_of_members_tells_a_key_or_a_password(project, alice, bob):
    for name in ("user", "admin", "creator", "users/representative", "userlayer"):
        answer = bob.get(f"/api/project/{project.id}/{name}.json")
        assert alice.private_key not in answer.text
        assert alice.public_key not in answer.text
        assert "argon2" not in answer.text
        emails = {row["username"]: row["email"] for row in answer.json()["collection"]}
        assert emails["alice"] is None


@pytest.mark.parametrize(
    ("users_hidden", "admins_hidden", "seen"),
    [
        (False, False, {"alice", "bob", "dora"}),
        (False, True, {"bob", "dora"}),
        (True, False, {"alice", "bob"}),
        (True, True, {"bob"}),
    ],
)
def test_layers_are_hidden_from_contributors_as_the_project_says(given, alice, bob, users_hidden, admins_hidden, seen):
    project = given.project(
        alice, [bob, given.person("dora")], hide_users_layers=users_hidden, hide_admins_layers=admins_hidden
    )
    assert set(roles(bob, project, "userlayer")) == seen
    assert set(roles(alice, project, "userlayer")) == {"alice", "bob", "dora"}


def test_the_creator_stays_known_whoever_manages_the_project_now(project, alice, bob, db):
    path = f"/api/project/{project.id}/creator.json"
    assert [row["username"] for row in bob.get(path).json()["collection"]] == ["alice"]
    db.execute(update(Project).values(creator_id=999999))
    db.commit()
    assert bob.get(path).json()["size"] == 0


def test_online_are_those_who_used_a_session_lately_and_whoever_asks(given, project, alice, bob, db):
    path = f"/api/project/{project.id}/user.json?online=true"
    assert [row["username"] for row in bob.get(path).json()["collection"]] == ["bob"]
    db.add(LoginSession(token_hash="x", user_id=alice.id))
    db.commit()
    assert [row["username"] for row in bob.get(path).json()["collection"]] == ["alice", "bob"]


def test_consultations_are_ones_own_business_or_a_managers(project, alice, bob):
    path = f"/api/project/{project.id}/user"
    assert bob.get(f"{path}/{bob.id}/imageconsultation.json").json()["size"] == 0
    assert alice.get(f"{path}/{bob.id}/imageconsultation.json").status_code == 200
    assert bob.get(f"{path}/{alice.id}/imageconsultation.json").status_code == 403


@pytest.mark.parametrize("length", [2, 12])
def test_a_page_of_members_costs_a_fixed_number_of_statements(given, alice, store, length):
    project = given.project(alice, [given.person() for _ in range(length - 1)])
    with statements(store) as asked:
        assert alice.get(f"/api/project/{project.id}/user.json").json()["size"] == length
    assert len(asked) <= 7, asked


def test_members_are_filtered_by_name_role_and_presence(given, alice, bob, charlie, ada):
    project = given.project(alice, [bob])
    path = f"/api/project/{project.id}/user.json"
    ada.put(f"/api/user/{alice.id}.json", json={"email": "a@secret.example"})

    def found(query, person=bob):
        return [row["username"] for row in person.get(f"{path}?{query}").json()["collection"]]

    assert found("fullName[ilike]=BOB") == ["bob"]
    assert found("projectRole[in]=representative,manager") == ["alice"]
    assert found("projectRole[in]=contributor") == ["bob"]
    assert found("status[equals]=online") == ["bob"]
    assert found("username[ilike]=b&projectRole[in]=representative") == []
    assert (found("fullName[ilike]=secret"), found("fullName[ilike]=secret", alice)) == ([], ["alice"])
    assert charlie.get(f"{path}?fullName[ilike]=bob").status_code == 404


def test_members_are_handed_out_as_a_table(given, alice, bob, charlie, nobody):
    project = given.project(alice, [bob], name="肺 Lung")
    path = f"/api/project/{project.id}/user/download"
    answer = bob.get(path, params={"format": "csv"})
    assert answer.headers["content-disposition"].endswith(f"_users_project{project.id}.csv")
    lines = list(csv.DictReader(io.StringIO(answer.text), delimiter=";"))
    assert [(line["Username"], line["Role"]) for line in lines] == [("alice", "representative"), ("bob", "contributor")]
    assert sheet_of(bob.get(path, params={"format": "xls"}).content)[0] == ["Username", "Name", "Role"]
    text = pdf_of(bob.get(path).content)
    assert "Members of 肺 Lung" in text
    assert "alice" in text
    assert nobody.get(path).status_code == 401
    assert charlie.get(path).status_code == 404
