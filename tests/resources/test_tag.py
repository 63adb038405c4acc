import pytest


def test_a_tag_is_added_shown_renamed_listed_and_deleted(alice):
    tag = alice.post("/api/tag.json", json={"name": "mitosis"}).json()["tag"]
    assert (tag["name"], tag["user"], tag["creatorName"]) == ("mitosis", alice.id, "alice")
    path = f"/api/tag/{tag['id']}.json"
    assert alice.put(path, json={**tag, "name": "apoptosis"}).json()["tag"]["name"] == "apoptosis"
    assert alice.get(path).json()["name"] == "apoptosis"
    assert alice.delete(path).json()["tag"]["creatorName"] == "alice"
    assert alice.get(path).status_code == 404
    assert alice.get("/api/tag.json").json()["collection"] == []


def test_everybody_sees_all_tags_in_alphabetical_order(given, alice, charlie, nobody):
    for name in ("b", "A", "c"):
        given.tag(alice, name)
    assert [row["name"] for row in charlie.get("/api/tag.json").json()["collection"]] == ["A", "b", "c"]
    page = charlie.get("/api/tag.json?max=1&offset=1").json()
    assert ([row["name"] for row in page["collection"]], page["size"]) == (["b"], 3)
    newest = charlie.get("/api/tag.json?sort=id&order=desc").json()["collection"]
    assert [row["name"] for row in newest] == ["c", "A", "b"]
    assert nobody.get("/api/tag.json").status_code == 401


def test_a_name_is_there_once_whatever_its_case(given, alice, bob):
    given.tag(alice, "Mitosis")
    other = given.tag(bob, "other")
    assert bob.post("/api/tag.json", json={"name": "mitosis"}).status_code == 409
    assert bob.put(f"/api/tag/{other.id}.json", json={"name": "MITOSIS"}).status_code == 409
    assert bob.put(f"/api/tag/{other.id}.json", json={"name": "Other"}).status_code == 200


@pytest.mark.parametrize("sent", [{}, {"name": ""}, {"name": " "}, {"name": "n" * 256}, "name"])
def test_a_tag_without_a_name_is_refused(alice, sent):
    assert alice.post("/api/tag.json", json=sent).status_code == 400


def test_an_array_keeps_the_good_ones(given, alice):
    answer = alice.post("/api/tag.json", json=[{"name": "a"}, {"name": "A"}, {"name": "b"}])
    assert (answer.status_code, len(answer.json()["ids"])) == (206, 2)


def test_a_guest_makes_no_tag(given, ada):
    guest = given.person("greta", role="ROLE_GUEST")
    assert guest.post("/api/tag.json", json={"name": "a"}).status_code == 403
    assert guest.get("/api/tag.json").status_code == 200


def test_its_maker_changes_a_tag_until_it_is_used_and_deletes_it_always(given, ada, alice, charlie):
    tag = given.tag(alice)
    path = f"/api/tag/{tag.id}.json"
    for person, status in ((charlie, 403), (alice, 200), (ada, 200)):
        assert person.put(path, json={"name": f"by {person.caller.username}"}).status_code == status
    project = given.project(charlie)
    given.tagged(project, tag)
    for person, status in ((charlie, 403), (alice, 403), (ada, 200)):
        assert person.put(path, json={"name": f"later by {person.caller.username}"}).status_code == status
    assert charlie.delete(path).status_code == 403
    assert alice.delete(path).status_code == 200
    assert charlie.get(f"/api/domain/project/{project.id}/tag_domain_association.json").json()["size"] == 0


def test_a_tag_outlives_its_maker(given, ada, bob):
    tag = given.tag(bob)
    assert ada.delete(f"/api/user/{bob.id}.json").status_code == 200
    left = ada.get(f"/api/tag/{tag.id}.json").json()
    assert (left["user"], left["creatorName"]) == (None, None)
    assert ada.delete(f"/api/tag/{tag.id}.json").status_code == 200
