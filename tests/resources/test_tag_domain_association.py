import pytest

LIST = "/api/tag_domain_association.json"


def address_of(row):
    return f"/api/domain/{row.cytomine_class}/{row.id}/tag_domain_association.json"


def test_a_tag_is_given_shown_listed_and_taken(given, alice):
    project, tag = given.project(alice), given.tag(alice, "good")
    link = alice.post(address_of(project), json={"tag": tag.id}).json()["tagdomainassociation"]
    assert (link["tag"], link["tagId"], link["tagName"]) == (tag.id, tag.id, "good")
    assert (link["domainIdent"], link["domainClassName"]) == (project.id, project.cytomine_class)
    path = f"/api/tag_domain_association/{link['id']}.json"
    assert alice.get(path).json() == link
    assert alice.get(address_of(project)).json()["collection"] == [link]
    assert alice.post(address_of(project), json={"tag": tag.id}).status_code == 409
    assert alice.delete(path).json()["data"]["tagName"] == "good"
    assert alice.get(path).status_code == 404
    assert alice.get(address_of(project)).json()["size"] == 0


def test_several_tags_come_in_one_array_and_the_address_says_whose(given, alice):
    project, other = given.project(alice), given.project(alice)
    first, second = given.tag(alice), given.tag(alice)
    sent = [{"tag": first.id, "domainIdent": other.id}, {"tag": 999_999}, {"tag": first.id}, {"tag": second.id}]
    answer = alice.post(address_of(project), json=sent)
    assert answer.status_code == 206
    assert [problem["index"] for problem in answer.json()["data"]["errors"]] == [1, 2]
    rows = alice.get(address_of(project)).json()["collection"]
    assert [row["tag"] for row in rows] == [first.id, second.id]
    assert alice.get(address_of(other)).json()["size"] == 0


def test_the_object_is_named_in_the_body_as_well(given, alice, charlie):
    project, tag = given.project(alice), given.tag(alice)
    sent = {"tag": tag.id, "domainClassName": "project", "domainIdent": project.id}
    assert charlie.post(LIST, json=sent).status_code == 404
    assert alice.post(LIST, json=sent).status_code == 200
    assert alice.post(LIST, json=[sent]).status_code == 400


def test_a_stranger_sees_no_link_and_a_contributor_takes_none(given, alice, bob, charlie, nobody):
    project = given.project(alice, [bob])
    tag = given.tag(charlie)
    link = given.tagged(project, tag)
    path = f"/api/tag_domain_association/{link.id}.json"
    for person, status in ((charlie, 404), (bob, 403), (nobody, 401)):
        assert person.delete(path).status_code == status
        assert person.post(address_of(project), json={"tag": tag.id}).status_code == status
    assert charlie.get(path).status_code == 404
    assert charlie.get(LIST).json()["collection"] == []
    assert bob.get(path).json()["id"] == link.id


@pytest.fixture
def tagged(given, alice, bob):
    """Links by name: of a project that bob sees, of an annotation in it, and of a project that he does not see."""
    project = given.project(alice, [bob])
    annotation = given.annotation(given.image(project, alice), alice)
    first, second = given.tag(alice, "first"), given.tag(alice, "second")
    return {
        "project": given.tagged(project, first),
        "annotation": given.tagged(annotation, second),
        "unseen": given.tagged(given.project(alice), first),
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["project", "annotation"]),
        ({"domainClassName[equals]": "be.cytomine.domain.ontology.UserAnnotation"}, ["annotation"]),
        ({"domainIdent[in]": "{project.domain_ident},{unseen.domain_ident}"}, ["project"]),
        ({"tag[in]": "{project.tag_id}"}, ["project"]),
        ({"tag[in]": "{project.tag_id},{annotation.tag_id}"}, ["project", "annotation"]),
        ({"sort": "tagName", "order": "desc", "max": "1"}, ["annotation"]),
        ({"owner[equals]": "1", "container[in]": "1"}, ["project", "annotation"]),
    ],
)
def test_the_list_of_all_links_is_filtered_and_holds_what_one_may_see(tagged, bob, query, expected):
    asked = {key: value.format(**tagged) for key, value in query.items()}
    rows = bob.get(LIST, params=asked).json()["collection"]
    assert [row["id"] for row in rows] == [tagged[name].id for name in expected]


def test_annotations_are_listed_by_their_tags(given, alice):
    image = given.image(given.project(alice), alice)
    one, two, bare = (given.annotation(image, alice) for _ in range(3))
    first, second = given.tag(alice), given.tag(alice)
    given.tagged(one, first)
    given.tagged(two, second)

    def listed(**query):
        rows = alice.get("/api/annotation.json", params={"image": image.id, **query}).json()["collection"]
        return {row["id"] for row in rows}

    assert listed(tag=first.id) == {one.id}
    assert listed(tags=f"{first.id},{second.id}") == {one.id, two.id}
    assert listed(noTag="true") == {bare.id}
    assert listed(tag=first.id, noTag="true") == {one.id, bare.id}
    assert listed(tags="") == set()
    assert listed() == {one.id, two.id, bare.id}
    assert alice.get("/api/annotation.json", params={"image": image.id, "tag": 999_999}).status_code == 404
