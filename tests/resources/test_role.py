import pytest


def roles(person):
    return {row["authority"]: row["id"] for row in person.get("/api/role.json").json()["collection"]}


def held(person, of):
    return [row["authority"] for row in person.get(f"/api/user/{of.id}/role.json").json()["collection"]]


def test_there_are_four_roles_and_the_last_is_one_that_a_user_lacks(alice):
    rows = alice.get("/api/role.json").json()["collection"]
    assert [row["authority"] for row in rows] == ["ROLE_USER", "ROLE_ADMIN", "ROLE_SUPER_ADMIN", "ROLE_GUEST"]
    assert rows[0]["class"] == "be.cytomine.domain.security.SecRole"
    assert alice.get(f"/api/role/{rows[1]['id']}.json").json() == rows[1]
    assert alice.get("/api/role/999999.json").status_code == 404


def test_the_python_clients_test_gives_the_last_role_reads_it_and_takes_it_away(ada, alice):
    guest = alice.get("/api/role.json").json()["collection"][-1]["id"]
    sent = {"user": alice.id, "role": guest}
    link = ada.post(f"/api/user/{alice.id}/role.json", json=sent).json()["secusersecrole"]
    assert (link["user"], link["role"], link["authority"]) == (alice.id, guest, "ROLE_GUEST")
    assert ada.post(f"/api/user/{alice.id}/role.json", json=sent).status_code == 409
    path = f"/api/user/{alice.id}/role/{guest}.json"
    assert ada.get(path).json()["id"] == link["id"]
    assert ada.delete(path).json()["secusersecrole"]["id"] == link["id"]
    assert ada.get(path).status_code == 404


def test_roles_of_a_user_are_listed_all_or_only_the_highest(ada, bob):
    assert held(bob, ada) == ["ROLE_USER", "ROLE_ADMIN", "ROLE_SUPER_ADMIN"]
    rows = bob.get(f"/api/user/{ada.id}/role.json?highest=true").json()["collection"]
    assert [row["authority"] for row in rows] == ["ROLE_SUPER_ADMIN"]


@pytest.mark.parametrize("role", ["ROLE_ADMIN", "ROLE_SUPER_ADMIN"])
def test_a_user_cannot_make_themself_or_another_an_administrator(alice, bob, charlie, role):
    for target in (alice, bob):
        body = {"user": target.id, "role": roles(alice)[role]}
        assert alice.post(f"/api/user/{target.id}/role.json", json=body).status_code == 403
        assert alice.post(f"/api/user/{target.id}/role.json", json={"role": role}).status_code == 403
    assert alice.put(f"/api/user/{alice.id}/role/{role}/define.json").status_code == 403
    assert held(alice, alice) == held(alice, bob) == ["ROLE_USER"]


def test_the_path_decides_whose_role_it_is_not_the_body(ada, alice, bob):
    body = {"user": bob.id, "role": roles(ada)["ROLE_ADMIN"]}
    assert ada.post(f"/api/user/{alice.id}/role.json", json=body).json()["data"]["user"] == alice.id
    assert held(ada, bob) == ["ROLE_USER"]


def test_a_user_gives_roles_to_users_but_lifts_no_guest(given, ada, alice, bob):
    guest = given.person("greta", role="ROLE_GUEST")
    assert alice.post(f"/api/user/{bob.id}/role.json", json={"role": "ROLE_GUEST"}).status_code == 200
    assert alice.post(f"/api/user/{guest.id}/role.json", json={"role": "ROLE_USER"}).status_code == 403
    assert guest.post(f"/api/user/{guest.id}/role.json", json={"role": "ROLE_USER"}).status_code == 403
    assert ada.post(f"/api/user/{guest.id}/role.json", json={"role": "ROLE_USER"}).status_code == 200


def test_only_an_administrator_takes_roles_and_never_their_own(given, ada, alice, charlie):
    second = given.person("second", role="ROLE_SUPER_ADMIN")
    ids = roles(ada)
    path = f"/api/user/{alice.id}/role/{ids['ROLE_USER']}.json"
    assert charlie.delete(path).status_code == 403
    assert alice.delete(path).status_code == 403
    assert ada.delete(path).status_code == 200
    own = f"/api/user/{second.id}/role"
    assert second.delete(f"{own}/{ids['ROLE_ADMIN']}.json").status_code == 403
    assert second.delete(f"{own}/{ids['ROLE_SUPER_ADMIN']}.json").status_code == 200
    assert held(ada, second) == ["ROLE_USER", "ROLE_ADMIN"]


def test_the_last_administrator_keeps_being_one(given, ada):
    ids = roles(ada)
    own = f"/api/user/{ada.id}/role"
    assert ada.delete(f"{own}/{ids['ROLE_SUPER_ADMIN']}.json").status_code == 200
    assert ada.get("/session/admin/open.json").status_code == 200
    assert ada.put(f"{own}/ROLE_USER/define.json").status_code == 403
    second = given.person("second", role="ROLE_SUPER_ADMIN")
    assert second.put(f"{own}/ROLE_GUEST/define.json").status_code == 200
    assert ada.post(f"/api/user/{second.id}/role.json", json={"role": "ROLE_ADMIN"}).status_code == 403


def test_an_administrator_sets_the_whole_ladder_by_id_or_name(ada, alice):
    path = f"/api/user/{alice.id}/role"
    rows = ada.put(f"{path}/{roles(ada)['ROLE_ADMIN']}/define.json").json()["collection"]
    assert [row["authority"] for row in rows] == ["ROLE_USER", "ROLE_ADMIN"]
    assert ada.put(f"{path}/ROLE_GUEST/define.json").status_code == 200
    assert held(ada, alice) == ["ROLE_GUEST"]
    assert ada.put(f"{path}/ROLE_KING/define.json").status_code == 404


def test_nobody_sees_no_roles(nobody, alice):
    assert nobody.get("/api/role.json").status_code == 401
    assert nobody.get(f"/api/user/{alice.id}/role.json").status_code == 401


def test_administrators_make_roles_of_their_own_on_which_no_right_hangs(ada, alice, given):
    made = ada.post("/api/role.json", json={"authority": "ROLE_TUTOR"}).json()["secrole"]
    assert ada.post("/api/role.json", json={"authority": "ROLE_TUTOR"}).status_code == 409
    assert ada.post("/api/role.json", json={"authority": "tutor"}).status_code == 400
    one = f"/api/role/{made['id']}.json"
    assert ada.put(one, json={"authority": "ROLE_TEACHER"}).json()["secrole"]["authority"] == "ROLE_TEACHER"
    assert ada.put(one, json={"authority": "ROLE_ADMIN"}).status_code == 409
    guest = given.person("gustav", role="ROLE_GUEST")
    assert ada.post(f"/api/user/{guest.id}/role.json", json={"role": made["id"]}).status_code == 200
    # It lifts nobody: a guest who holds it is still one, whom a user cannot lift.
    assert alice.post(f"/api/user/{guest.id}/role.json", json={"role": "ROLE_USER"}).status_code == 403
    assert guest.post("/api/ontology.json", json={"name": "x"}).status_code == 403
    assert ada.delete(one).status_code == 400
    assert ada.delete(f"/api/user/{guest.id}/role/{made['id']}.json").status_code == 200
    assert ada.delete(one).status_code == 200
    assert ada.get(one).status_code == 404


def test_the_roles_that_rights_hang_on_stay_and_nobody_else_makes_any(ada, charlie):
    for role in ada.get("/api/role.json").json()["collection"]:
        one = f"/api/role/{role['id']}.json"
        for person in (ada, charlie):
            assert person.put(one, json={"authority": "ROLE_NOTHING"}).status_code == 403
            assert person.delete(one).status_code == 403
    assert charlie.post("/api/role.json", json={"authority": "ROLE_TUTOR"}).status_code == 403
