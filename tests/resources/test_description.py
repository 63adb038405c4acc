def address_of(row):
    return f"/api/domain/{row.cytomine_class}/{row.id}/description.json"


def test_an_object_is_described_once_then_otherwise_then_no_more(given, alice):
    project = given.project(alice)
    path = address_of(project)
    assert alice.get(path).status_code == 404
    said = alice.post(path, json={"data": "<p>first</p> "}).json()["description"]
    assert (said["data"], said["domainIdent"]) == ("<p>first</p> ", project.id)
    again = alice.post(path, json={"data": "again"})
    assert again.status_code == 409
    assert alice.put(path, json={**said, "data": "second"}).json()["data"]["data"] == "second"
    assert alice.get(path).headers["etag"] == '"2"'
    assert alice.put(path, json={"data": "late"}, headers={"If-Match": '"1"'}).status_code == 412
    assert alice.get(path).json()["data"] == "second"
    assert alice.delete(path).json()["description"]["id"] == said["id"]
    assert [getattr(alice, method)(path).status_code for method in ("get", "delete")] == [404, 404]
    assert alice.put(path, json={"data": "x"}).status_code == 404


def test_a_description_without_words_is_none(given, alice):
    for sent in ({}, {"data": " "}, {"data": None}):
        assert alice.post(address_of(given.project(alice)), json=sent).status_code == 400


def test_the_object_is_named_in_the_body_as_well(given, alice, charlie):
    project = given.project(alice)
    sent = {"domainClassName": "project", "domainIdent": project.id, "data": "words"}
    assert charlie.post("/api/description.json", json=sent).status_code == 404
    assert alice.post("/api/description.json", json=sent).status_code == 200
    assert alice.get(address_of(project)).json()["data"] == "words"


def test_a_stranger_sees_nothing_and_a_contributor_only_reads(given, alice, bob, charlie, nobody):
    project = given.project(alice, [bob])
    given.description(project, "words")
    for person, status in ((charlie, 404), (bob, 403), (nobody, 401)):
        assert person.put(address_of(project), json={"data": "x"}).status_code == status
        assert person.delete(address_of(project)).status_code == status
        assert person.post(address_of(project), json={"data": "x"}).status_code == status
    assert bob.get(address_of(project)).json()["data"] == "words"
    assert charlie.get(address_of(project)).status_code == 404


def test_a_guest_describes_nothing_anew(given, ada):
    guest = given.person("greta", role="ROLE_GUEST")
    project, other = given.project(guest), given.project(guest)
    given.description(other)
    assert guest.post(address_of(project), json={"data": "x"}).status_code == 403
    assert guest.put(address_of(other), json={"data": "x"}).status_code == 200


def test_only_an_administrator_lists_them_all(given, ada, alice):
    said = given.description(given.project(alice))
    assert alice.get("/api/description.json").status_code == 403
    assert [row["id"] for row in ada.get("/api/description.json").json()["collection"]] == [said.id]


def test_a_list_of_projects_tells_their_descriptions_where_it_is_asked(given, alice):
    given.description(given.project(alice, name="b"), "words")
    given.project(alice, name="a")
    rows = alice.get("/api/project.json?withDescription=true&sort=name").json()["collection"]
    assert [row["description"] for row in rows] == [None, "words"]
