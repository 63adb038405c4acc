import pytest
from sqlalchemy import func, select

from atrisys.store import spatial
from atrisys.store.tables import AbstractImage, AnnotationTerm, Change, Project, UserAnnotation
from counting import statements


def ids(answer):
    return [row["id"] for row in answer.json()["collection"]]


def roles(person, project_id):
    rows = person.get(f"/api/project/{project_id}/user.json").json()["collection"]
    return {row["username"]: row["role"] for row in rows}


def test_a_project_is_made_shown_edited_listed_and_deleted(given, alice, bob):
    ontology = given.ontology(alice)
    sent = {"name": "Colon", "ontology": str(ontology.id), "isRestricted": "true", "users": [bob.id], "mode": "CLASSIC"}
    answer = alice.post("/api/project.json", json=sent)
    assert answer.status_code == 200, answer.text
    project = answer.json()["project"]
    assert project == answer.json()["data"]
    assert project["class"] == "be.cytomine.domain.project.Project"
    assert (project["name"], project["ontology"], project["ontologyName"]) == ("Colon", ontology.id, ontology.name)
    assert (project["mode"], project["isRestricted"], project["blindMode"]) == ("RESTRICTED", True, False)
    assert (project["numberOfImages"], project["numberOfAnnotations"], project["numberOfSlides"]) == (0, 0, 0)

    path = f"/api/project/{project['id']}.json"
    edited = alice.put(path, json={**project, "name": "Colon II", "hideUsersLayers": True, "isReadOnly": True})
    assert edited.json()["project"]["mode"] == "READ_ONLY"
    shown = bob.get(path)
    assert (shown.json()["name"], shown.json()["hideUsersLayers"]) == ("Colon II", True)
    assert shown.headers["etag"] == '"2"'
    assert ids(bob.get("/api/project.json")) == [project["id"]]
    assert alice.delete(path).json()["project"]["id"] == project["id"]
    assert alice.get(path).status_code == 404


def test_who_makes_a_project_manages_and_represents_it(given, alice, bob, charlie):
    body = {"name": "Colon", "users": [bob.id], "admins": [charlie.id]}
    project = alice.post("/api/project.json", json=body).json()["project"]
    assert roles(alice, project["id"]) == {"alice": "representative", "bob": "contributor", "charlie": "manager"}
    creator = alice.get(f"/api/project/{project['id']}/creator.json").json()["collection"]
    assert [row["username"] for row in creator] == ["alice"]


def test_a_bad_project_is_refused_and_leaves_nothing(given, alice, charlie, db):
    given.project(alice, name="Colon")
    foreign = given.ontology(charlie)
    assert alice.post("/api/project.json", json={"name": "Colon"}).status_code == 409
    assert alice.post("/api/project.json", json={"name": " "}).status_code == 400
    assert alice.post("/api/project.json", json=[{"name": "Lung"}]).status_code == 400
    assert alice.post("/api/project.json", json={"name": "Lung", "ontology": foreign.id}).status_code == 404
    assert alice.post("/api/project.json", json={"name": "Lung", "users": [2**62]}).status_code == 404
    assert alice.post("/api/project.json", json={"name": "Lung", "admins": [999999]}).status_code == 404
    assert db.scalar(select(func.count()).select_from(Project)) == 1


def test_a_guest_makes_no_project(given):
    guest = given.person("greta", role="ROLE_GUEST")
    assert guest.post("/api/project.json", json={"name": "Colon"}).status_code == 403


def test_a_stranger_sees_no_project_and_cannot_touch_it(given, alice, charlie, nobody):
    project = given.project(alice)
    path = f"/api/project/{project.id}.json"
    assert ids(charlie.get("/api/project.json")) == []
    for answer in (charlie.get(path), charlie.put(path, json={"name": "mine"}), charlie.delete(path)):
        assert answer.status_code == 404
    assert charlie.get(f"/api/user/{alice.id}/project.json").status_code == 403
    assert charlie.get(f"/api/ontology/{given.ontology(alice).id}/project.json").status_code == 404
    assert nobody.get(path).status_code == 401


def test_a_contributor_sees_a_project_but_does_not_edit_or_delete_it(given, alice, bob):
    project = given.project(alice, [bob])
    path = f"/api/project/{project.id}.json"
    assert bob.get(path).status_code == 200
    assert bob.put(path, json={"name": "mine"}).status_code == 403
    assert bob.delete(path).status_code == 403


def test_an_administrator_sees_and_edits_all_projects(given, ada, alice):
    project = given.project(alice)
    assert ids(ada.get("/api/project.json")) == [project.id]
    assert ada.put(f"/api/project/{project.id}.json", json={"name": "x"}).status_code == 200
    assert roles(ada, project.id) == {"alice": "representative"}


def test_a_stale_edit_is_refused(given, alice):
    project = given.project(alice)
    path = f"/api/project/{project.id}.json"
    assert alice.put(path, json={"name": "second"}, headers={"If-Match": '"1"'}).status_code == 200
    answer = alice.put(path, json={"name": "third"}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["current"]["name"]) == (412, "second")


def test_the_sets_of_members_are_replaced_and_the_caller_stays(given, alice, bob, charlie):
    dora = given.person("dora")
    project = given.project(alice, [bob])
    path = f"/api/project/{project.id}.json"
    alice.put(path, json={"users": [charlie.id], "admins": [dora.id]})
    assert roles(alice, project.id) == {"alice": "representative", "charlie": "contributor", "dora": "manager"}
    alice.put(path, json={"representatives": [dora.id]})
    assert roles(alice, project.id) == {"alice": "manager", "charlie": "contributor", "dora": "representative"}
    alice.put(path, json={"admins": []})
    assert roles(alice, project.id) == {"alice": "representative", "charlie": "contributor", "dora": "contributor"}
    alice.put(path, json={"admins": [], "representatives": [], "users": []})
    assert roles(alice, project.id) == {"alice": "representative"}
    alice.put(path, json={"name": "other"})
    assert roles(alice, project.id) == {"alice": "representative"}
    assert alice.put(path, json={"users": [999999]}).status_code == 404


def test_another_ontology_needs_force_while_terms_are_used(given, alice, db):
    old, new = given.ontology(alice), given.ontology(alice)
    project = given.project(alice, ontology=old)
    image = given.image(project, alice)
    annotation = given.annotation(image, alice, terms=[given.term(old), given.term(old)])
    path = f"/api/project/{project.id}.json"
    refused = alice.put(path, json={"ontology": new.id})
    assert refused.status_code == 403
    assert (refused.json()["params"]["annotations"], refused.json()["params"]["links"]) == (1, 2)
    assert alice.get(path).json()["ontology"] == old.id
    assert alice.put(path, json={"ontology": old.id}).status_code == 200

    answer = alice.put(path, json={"ontology": new.id, "forceOntologyUpdate": True})
    assert answer.json()["project"]["ontology"] == new.id
    assert db.scalar(select(func.count()).where(AnnotationTerm.annotation_id == annotation.id)) == 0
    assert alice.get(f"/api/annotation/{annotation.id}.json").json()["term"] == []
    tombstones = select(func.count()).where(Change.class_name == "AnnotationTerm", Change.after.is_(None))
    assert db.scalar(tombstones) == 2


def test_a_whole_model_that_comes_back_without_ontology_takes_it_away(given, alice):
    project = given.project(alice, ontology=given.ontology(alice))
    path = f"/api/project/{project.id}.json"
    fetched = alice.get(path).json()
    assert alice.put(path, json={"name": "only the name"}).json()["project"]["ontology"] == project.ontology_id
    left_out = {key: value for key, value in fetched.items() if key != "ontology"}
    assert alice.put(path, json=left_out).json()["project"]["ontology"] is None


def test_deleting_a_project_takes_its_content_and_leaves_slides_and_ontology(given, alice, bob, db):
    ontology = given.ontology(alice)
    term = given.term(ontology)
    project, other = given.project(alice, [bob], ontology), given.project(alice, [], ontology)
    base = given.abstract_image(alice)
    image, kept = given.image(project, alice, base), given.image(other, alice, base)
    given.annotation(image, alice, terms=[term])
    stays = given.annotation(kept, alice, terms=[term])
    assert alice.delete(f"/api/project/{project.id}.json").status_code == 200
    assert list(db.scalars(select(UserAnnotation.id))) == [stays.id]
    assert db.get(AbstractImage, base.id) is not None
    assert alice.get(f"/api/ontology/{ontology.id}.json").status_code == 200
    assert alice.get(f"/api/imageinstance/{image.id}.json").status_code == 404
    gone = set(db.scalars(select(Change.class_name).where(Change.after.is_(None))))
    assert gone == {"Project", "ProjectMember", "ImageInstance", "SliceInstance", "UserAnnotation", "AnnotationTerm"}


def test_projects_are_found_by_a_part_of_their_name_and_only_ones_own(given, alice, charlie):
    colon, _ = (given.project(alice, name=name) for name in ("Colon cancer", "Breast"))
    answer = alice.get("/api/project.json", params={"name[ilike]": "COLON"})
    assert ids(answer) == [colon.id]
    assert answer.json()["size"] == 1
    assert ids(charlie.get("/api/project.json", params={"name[ilike]": "colon"})) == []


def test_projects_are_counted_sorted_and_paged_in_the_database(given, alice, bob):
    few, many, none = (given.project(alice, name=name) for name in ("few", "many", "none"))
    for project, number in ((few, 1), (many, 2)):
        for _ in range(number):
            image = given.image(project, alice)
            for _ in range(3):
                given.annotation(image, alice)
    rows = alice.get("/api/project.json?sort=numberOfAnnotations&order=desc").json()["collection"]
    assert [(row["name"], row["numberOfImages"], row["numberOfAnnotations"]) for row in rows] == [
        ("many", 2, 6),
        ("few", 1, 3),
        ("none", 0, 0),
    ]
    assert ids(alice.get("/api/project.json?sort=name&max=2&offset=1")) == [many.id, none.id]
    assert ids(alice.get("/api/project.json?sort=name,desc&size=1&page=2")) == [few.id]
    assert ids(alice.get("/api/project.json")) == [none.id, many.id, few.id]
    alice.put(f"/api/project/{few.id}.json", json={"isClosed": True})
    assert ids(alice.get("/api/project.json?sort=lastActivity&order=desc"))[0] == few.id
    assert alice.get("/api/project.json?max=2").json()["totalPages"] == 2


@pytest.fixture
def layered(given, alice, bob):
    """Two projects with two drawings of alice's in one, and one of bob's, who does not see hers, in each."""
    hiding = given.project(alice, [bob], hide_admins_layers=True)
    showing = given.project(alice, [bob])
    image = given.image(hiding, alice)
    for person in (bob, alice, alice):
        given.annotation(image, person)
    given.annotation(given.image(showing, alice), bob)
    return hiding, showing, image


def test_a_project_counts_nothing_on_layers_that_it_hides(given, layered, ada, alice, bob):
    hiding, showing, _ = layered
    path = f"/api/project/{hiding.id}.json"
    for person, expected in ((ada, 3), (alice, 3), (bob, 1)):
        assert person.get(path).json()["numberOfAnnotations"] == expected
        rows = person.get("/api/project.json?sort=id").json()["collection"]
        counts = [row["numberOfAnnotations"] for row in rows if row["id"] in (hiding.id, showing.id)]
        assert counts == [expected, 1], person.caller.username
    assert alice.put(path, json={"isClosed": True}).json()["project"]["numberOfAnnotations"] == 3
    stale = bob.put(path, json={"name": "x"}, headers={"If-Match": '"0"'})
    assert (stale.status_code, stale.json()["current"]["numberOfAnnotations"]) == (412, 0)


def test_neither_order_nor_last_activity_tells_of_hidden_layers(given, layered, alice, bob, db):
    hiding, showing, image = layered
    given.annotation(given.image(showing, alice), bob)
    last = given.annotation(image, alice)
    spatial.append_freely(db.connection(), "change")
    db.query(Change).filter(Change.object_id == last.id).update({"created": 2 * last.created})
    db.commit()
    for sort in ("numberOfAnnotations", "lastActivity"):
        address = f"/api/project.json?withLastActivity=true&sort={sort}&order=desc"
        mine, his = (person.get(address).json()["collection"] for person in (alice, bob))
        assert [row["id"] for row in mine] == [hiding.id, showing.id]
        assert [row["id"] for row in his] == [showing.id, hiding.id]
        assert mine[0]["lastActivity"] == 2 * last.created
        assert his[1]["lastActivity"] <= last.created


def test_switches_add_members_last_change_and_own_roles(given, alice, bob, db):
    project = given.project(alice, [bob])
    address = (
        "/api/project.json?withMembersCount=True&withLastActivity=true&withCurrentUserRoles=1&withDescription=true"
    )
    row = bob.get(address).json()["collection"][0]
    assert row["membersCount"] == 2
    assert row["currentUserRoles"] == {"admin": False, "representative": False}
    assert row["lastActivity"] == db.scalar(select(func.max(Change.created)).where(Change.container_id == project.id))
    assert row["description"] is None
    assert alice.get(address).json()["collection"][0]["currentUserRoles"] == {"admin": True, "representative": True}


def test_a_project_is_shown_by_its_newest_image(given, alice, charlie):
    project, empty = given.project(alice, name="full"), given.project(alice, name="empty")
    given.project(charlie)
    given.image(project, alice)
    newest = given.image(project, alice)
    rows = alice.get("/api/project.json?withNewestImage=true").json()["collection"]
    assert {row["id"]: row["newestImage"] for row in rows} == {project.id: newest.id, empty.id: None}
    assert "newestImage" not in alice.get("/api/project.json").json()["collection"][0]


def test_projects_of_an_ontology_and_of_a_user(given, ada, alice, bob):
    ontology = given.ontology(ada)
    mine, his = given.project(alice, [bob], ontology), given.project(bob, [], ontology)
    assert ids(alice.get(f"/api/ontology/{ontology.id}/project.json")) == [mine.id]
    assert ids(ada.get(f"/api/ontology/{ontology.id}/project.json")) == [his.id, mine.id]
    assert ids(bob.get(f"/api/user/{bob.id}/project.json?max=1")) == [his.id]
    assert ids(ada.get(f"/api/user/{bob.id}/project.json")) == [his.id, mine.id]
    light = bob.get(f"/api/user/{bob.id}/project/light.json?admin=true").json()["collection"]
    assert light == [{"id": his.id, "name": his.name}]
    assert bob.get(f"/api/user/{bob.id}/project/light.json?creator=true").json()["size"] == 1
    assert alice.get("/api/user/999999/project.json").status_code == 404
    opened = bob.get("/api/project/method/lastopened.json").json()["collection"]
    assert [(row["id"], row["opened"]) for row in opened] == [(his.id, False), (mine.id, False)]


@pytest.mark.parametrize("length", [2, 9])
def test_a_page_of_projects_costs_a_fixed_number_of_statements(given, alice, store, length):
    for _ in range(length):
        given.image(given.project(alice, ontology=given.ontology(alice)), alice)
    with statements(store) as asked:
        everything = "withMembersCount=1&withLastActivity=1&withCurrentUserRoles=1&withNewestImage=1"
        assert alice.get(f"/api/project.json?{everything}").json()["size"] == length
    assert len(asked) <= 13, asked


def test_projects_are_filtered_by_what_is_in_them_and_what_one_is_there(given, alice, bob, charlie, ada):
    ontology = given.ontology(alice)
    full = given.project(alice, [bob], ontology, name="full 1%")
    empty = given.project(bob, name="empty 12")
    given.project(charlie, name="not theirs 1%")
    image = given.image(full, alice)
    for _ in range(2):
        given.annotation(image, alice)

    def found(query, person=bob):
        return ids(person.get(f"/api/project.json?{query}"))

    assert found("name[ilike]=1%25") == [full.id]
    assert found("name[ilike]=1") == [empty.id, full.id]
    assert found(f"ontology[in]={ontology.id}") == [full.id]
    assert found(f"ontology[in]=null,{ontology.id}") == [empty.id, full.id]
    assert found("numberOfAnnotations[gte]=2") == [full.id]
    assert found("numberOfAnnotations[gte]=1&numberOfAnnotations[lte]=1") == []
    assert found("numberOfImages[equals]=0") == [empty.id]
    assert found("numberOfJobAnnotations[lte]=0&numberOfReviewedAnnotations[lte]=0") == [empty.id, full.id]
    assert found("membersCount[gte]=2&withMembersCount=true") == [full.id]
    assert found("currentUserRole[in]=manager") == [empty.id]
    assert found("currentUserRole[in]=contributor") == [full.id]
    assert found("currentUserRole%255Bin%255D=manager%252Ccontributor") == [empty.id, full.id]
    assert found("currentUserRole[in]=contributor", ada) == []
    assert found("sort=numberOfJobAnnotations&order=desc") == [empty.id, full.id]
    assert found("name[ilike]=full", charlie) == []
    mine = f"/api/user/{bob.id}/project.json"
    assert ids(bob.get(f"{mine}?sort=membersCount&currentUserRole[in]=contributor")) == [full.id]
    assert ids(bob.get(f"{mine}?membersCount[lte]=1")) == [empty.id]
    page = bob.get("/api/project.json?name[ilike]=1&max=1").json()
    assert (page["size"], page["totalPages"], len(page["collection"])) == (2, 2, 1)


def test_projects_are_found_by_their_tags(given, alice, charlie):
    tagged, bare = given.project(alice), given.project(alice)
    tag = given.tag(alice)
    given.tagged(tagged, tag)
    for name in ("tag", "tags"):
        assert ids(alice.get(f"/api/project.json?{name}[in]={tag.id}")) == [tagged.id]
        assert ids(alice.get(f"/api/project.json?{name}[in]=null")) == [bare.id]
    assert ids(alice.get("/api/project.json?sort=tag")) == [bare.id, tagged.id]
    assert ids(charlie.get(f"/api/project.json?tag[in]={tag.id}")) == []


def test_filters_tell_nothing_of_hidden_layers(layered, alice, bob):
    hiding, _, _ = layered
    asked = "/api/project.json?numberOfAnnotations[gte]=2"
    assert ids(alice.get(asked)) == [hiding.id]
    assert ids(bob.get(asked)) == []
    later = "/api/project.json?lastActivity[gte]="
    for person in (alice, bob):
        last = person.get("/api/project.json?withLastActivity=true").json()["collection"]
        newest = max(row["lastActivity"] for row in last)
        assert ids(person.get(f"{later}{newest + 1}")) == []
        assert ids(person.get(f"{later}{newest}"))
