def feed(person, since=0):
    return person.get(f"/api/atrisys/changes?since={since}").json()["collection"]


def test_the_feed_tells_each_change_once_in_order(given, alice, bob):
    ontology = given.ontology(alice)
    project = given.project(alice, [bob], ontology)
    image = given.image(project, alice)
    before = feed(bob)[-1]["seq"]
    annotation = given.annotation(image, bob)
    bob.put(f"/api/annotation/{annotation.id}.json", json={"location": "POINT (3 3)"})
    bob.delete(f"/api/annotation/{annotation.id}.json")
    rows = feed(bob, before)
    assert [(row["action"], row["class"], row["id"], row["version"]) for row in rows] == [
        ("added", "UserAnnotation", annotation.id, 1),
        ("edited", "UserAnnotation", annotation.id, 2),
        ("deleted", "UserAnnotation", annotation.id, 2),
    ]
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)
    assert feed(bob, rows[-1]["seq"]) == []
    assert all(row["user"] == bob.id and row["door"] == "api" for row in rows[1:])


def test_a_stranger_hears_nothing_and_a_member_nothing_of_hidden_layers(given, alice, bob, charlie):
    project = given.project(alice, [bob], hide_admins_layers=True)
    annotation = given.annotation(given.image(project, alice), alice)
    assert annotation.id in {row["id"] for row in feed(alice)}
    assert annotation.id not in {row["id"] for row in feed(bob)}
    mine = {row["container"] for row in feed(charlie)}
    assert project.id not in mine
    assert charlie.get(f"/api/atrisys/changes?project={project.id}").status_code == 404
    assert bob.get(f"/api/atrisys/changes?project={project.id}").status_code == 200
    assert alice.get("/api/atrisys/changes?project=999999999").status_code == 404
