def test_a_term_is_added_shown_edited_listed_and_deleted(given, alice):
    ontology = given.ontology(alice)
    answer = alice.post("/api/term.json", json={"name": "mitosis", "ontology": ontology.id, "color": "#00ff00"})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    term = body["term"]
    assert (term["name"], term["color"], term["ontology"], term["ontologyId"]) == (
        "mitosis",
        "#00FF00",
        ontology.id,
        ontology.id,
    )
    assert term["class"] == "be.cytomine.domain.ontology.Term"
    assert body["data"] == term
    assert isinstance(body["command"], int)

    path = f"/api/term/{term['id']}.json"
    assert alice.put(path, json={**term, "name": "apoptosis"}).json()["term"]["name"] == "apoptosis"
    shown = alice.get(path)
    assert shown.json()["name"] == "apoptosis"
    assert shown.headers["etag"] == '"2"'
    listed = alice.get(f"/api/ontology/{ontology.id}/term.json").json()
    assert (listed["size"], [row["id"] for row in listed["collection"]]) == (1, [term["id"]])

    assert alice.delete(path).json()["term"]["id"] == term["id"]
    assert alice.get(path).status_code == 404


def test_an_array_keeps_the_good_terms_and_answers_each_bad_one(given, alice):
    ontology = given.ontology(alice)
    sent = [
        {"name": "a", "ontology": ontology.id, "color": "#000000"},
        {"name": "a", "ontology": ontology.id, "color": "#000000"},
        {"name": "c", "ontology": ontology.id, "color": "green"},
        {"name": "d", "ontology": ontology.id, "color": "#000000"},
    ]
    answer = alice.post("/api/term.json", json=sent)
    assert answer.status_code == 206
    assert len(answer.json()["ids"]) == 2
    assert [problem["data"]["name"] for problem in answer.json()["data"]["errors"]] == ["a", "c"]
    names = [row["name"] for row in alice.get(f"/api/ontology/{ontology.id}/term.json").json()["collection"]]
    assert names == ["a", "d"]
    assert alice.post("/api/term.json", json=sent[:1]).status_code == 400


def test_a_stranger_sees_no_term_and_nobody_is_asked_to_sign_in(given, alice, charlie, nobody):
    term = given.term(given.ontology(alice))
    path = f"/api/term/{term.id}.json"
    unknown = charlie.get("/api/term/999999.json")
    for method in ("get", "delete"):
        answer = getattr(charlie, method)(path)
        assert answer.status_code == 404
        assert answer.json()["errors"] == unknown.json()["errors"].replace("999999", str(term.id))
    assert charlie.get("/api/term.json").json()["size"] == 0
    assert nobody.get(path).status_code == 401


def test_a_member_sees_the_terms_but_only_a_manager_edits_them(given, ada, alice, bob):
    ontology = given.ontology(ada)
    term = given.term(ontology)
    given.project(alice, [bob], ontology)
    path = f"/api/term/{term.id}.json"
    assert bob.get(path).status_code == 200
    assert bob.put(path, json={"name": "mine"}).status_code == 403
    assert alice.put(path, json={"name": "ours"}).status_code == 200


def test_a_guest_who_manages_a_project_adds_terms_but_edits_and_deletes_none(given, ada):
    guest = given.person("greta", role="ROLE_GUEST")
    ontology = given.ontology(ada)
    term = given.term(ontology)
    given.project(guest, [], ontology)
    body = {"name": "mitosis", "ontology": ontology.id, "color": "#000000"}
    assert guest.post("/api/term.json", json=body).status_code == 200
    assert guest.put(f"/api/term/{term.id}.json", json={"name": "x"}).status_code == 403
    assert guest.delete(f"/api/term/{term.id}.json").status_code == 403


def test_a_deleted_term_leaves_the_annotations_and_the_terms_below_it(given, alice):
    ontology = given.ontology(alice)
    parent, child = given.term(ontology), given.term(ontology)
    alice.post("/api/relation/parent/term.json", json={"term1": parent.id, "term2": child.id})
    annotation = given.annotation(given.image(given.project(alice, [], ontology), alice), alice, terms=[parent, child])
    assert alice.delete(f"/api/term/{parent.id}.json").status_code == 200
    assert alice.get(f"/api/annotation/{annotation.id}.json").json()["term"] == [child.id]
    assert alice.get(f"/api/term/{child.id}.json").json()["parent"] is None


def test_how_often_a_term_was_given_is_told_by_project(given, alice, bob):
    ontology = given.ontology(alice)
    term = given.term(ontology)
    first, second = given.project(alice, [bob], ontology, "a"), given.project(alice, [], ontology, "b")
    given.annotation(given.image(first, alice), alice, terms=[term])
    address = f"/api/term/{term.id}/project/stat.json"
    rows = alice.get(address).json()["collection"]
    assert [(row["username"], row["value"]) for row in rows] == [("a", 1), ("b", 0)]
    assert [row["username"] for row in bob.get(address).json()["collection"]] == ["a"]
    assert second.name == "b"


def test_a_terms_use_is_counted_as_far_as_one_sees_it(given, alice, bob, charlie):
    ontology = given.ontology(alice)
    used, unused = given.term(ontology), given.term(ontology)
    shared, own = given.project(alice, [bob], ontology, "a"), given.project(alice, [], ontology, "b")
    for project, author in ((shared, alice), (shared, bob), (own, alice)):
        given.annotation(given.image(project, author), author, terms=[used])
    address = f"/api/atrisys/ontology/{ontology.id}/usage.json"

    def counts(person):
        return {row["id"]: row["value"] for row in person.get(address).json()["collection"]}

    assert counts(alice) == {used.id: 3, unused.id: 0}
    assert counts(bob) == {used.id: 2, unused.id: 0}
    assert charlie.get(address).status_code == 404
    assert alice.get(f"{address}?max=1").json()["size"] == 2


def test_curl_with_keys_in_headers_gets_a_bare_array_with_paging_headers(given, alice):
    ontology = given.ontology(alice)
    for _ in range(3):
        given.term(ontology)
    answer = alice.with_token().get("http://testserver//api/term.json?max=2")
    assert [type(answer.json()), len(answer.json())] == [list, 2]
    assert answer.headers["x-total-count"] == "3"
    assert 'rel="next"' in answer.headers["link"]
    enveloped = alice.with_token().get("/api/term.json?max=2&envelope=true").json()
    assert (enveloped["size"], enveloped["perPage"], enveloped["totalPages"]) == (3, 2, 2)


def test_a_stale_version_is_refused_with_the_present_object(given, alice):
    term = given.term(given.ontology(alice))
    path = f"/api/term/{term.id}.json"
    assert alice.put(path, json={"name": "second"}, headers={"If-Match": '"1"'}).status_code == 200
    answer = alice.put(path, json={"name": "third"}, headers={"If-Match": '"1"'})
    assert answer.status_code == 412
    assert answer.json()["current"]["name"] == "second"


def test_a_retry_with_the_same_idempotency_key_is_answered_not_done_again(given, alice):
    ontology = given.ontology(alice)
    body = {"name": "once", "ontology": ontology.id, "color": "#000000"}
    first = alice.post("/api/term.json", json=body, headers={"Idempotency-Key": "k1"})
    again = alice.post("/api/term.json", json=body, headers={"Idempotency-Key": "k1"})
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert alice.get("/api/term.json").json()["size"] == 1
    other = alice.post("/api/term.json", json={**body, "name": "two"}, headers={"Idempotency-Key": "k1"})
    assert other.status_code == 409


def test_a_term_has_a_key_that_no_other_of_its_ontology_has(given, alice):
    ontology, other = given.ontology(alice), given.ontology(alice)

    def add(name, in_=ontology, **more):
        return alice.post("/api/term.json", json={"name": name, "ontology": in_.id, "color": "#000000", **more})

    mitosis = add("mitosis", shortcut="X").json()["term"]
    stroma = add("stroma").json()["term"]
    assert (mitosis["shortcut"], stroma["shortcut"]) == ("x", None)
    assert add("elsewhere", other, shortcut="x").status_code == 200
    refused = add("necrosis", shortcut="x")
    assert refused.status_code == 409
    assert "mitosis" in refused.json()["errors"]
    path = f"/api/term/{stroma['id']}.json"
    assert alice.put(path, json={"shortcut": "x"}).status_code == 409
    for bad in ("xy", "é", "中", "+"):
        assert alice.put(path, json={"shortcut": bad}).status_code == 400, bad
    assert alice.put(path, json={"shortcut": 7}).json()["term"]["shortcut"] == "7"


def test_a_key_is_kept_when_clients_that_know_none_send_a_term_back_and_goes_when_it_is_emptied(given, alice):
    ontology = given.ontology(alice)
    body = {"name": "mitosis", "ontology": ontology.id, "color": "#000000", "shortcut": "x"}
    term = alice.post("/api/term.json", json=body).json()["term"]
    path = f"/api/term/{term['id']}.json"
    del term["shortcut"]
    assert alice.put(path, json={**term, "name": "apoptosis"}).json()["term"]["shortcut"] == "x"
    assert alice.put(path, json={"name": "apoptosis", "shortcut": "x"}).json()["term"]["shortcut"] == "x"
    assert [one["shortcut"] for one in alice.get(f"/api/ontology/{ontology.id}.json").json()["terms"]] == ["x"]
    assert alice.get(f"/api/ontology/{ontology.id}/export").json()["terms"][0]["shortcut"] == "x"
    assert alice.put(path, json={"shortcut": ""}).json()["term"]["shortcut"] is None
    assert alice.get("/api/command/undo.json").status_code == 200
    assert alice.get(path).json()["shortcut"] == "x"
