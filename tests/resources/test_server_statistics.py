import pytest


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob], given.ontology(alice))


FOR_ADMINISTRATORS = ("stats/all", "stats/currentStats", "stats/imageserver/total", "total/project/connections")


@pytest.mark.parametrize("name", FOR_ADMINISTRATORS)
def test_only_administrators_are_told_of_the_whole_server(alice, charlie, nobody, name):
    assert alice.get(f"/api/{name}.json").status_code == 403
    assert charlie.get(f"/api/{name}.json").status_code == 403
    assert nobody.get(f"/api/{name}.json").status_code == 401


def test_everything_is_counted(given, ada, alice, project):
    before = ada.get("/api/stats/all.json").json()
    given.annotation(given.image(project, alice), alice)
    after = ada.get("/api/stats/all.json").json()
    grown = {name: after[name] - before[name] for name in after}
    assert grown == {
        **dict.fromkeys(("images", "abstractImages", "userAnnotations"), 1),
        **dict.fromkeys(("users", "projects", "terms", "ontologies", "jobAnnotations"), 0),
    }


def test_who_is_there_now(given, ada, alice, bob, project):
    assert ada.get("/api/stats/currentStats.json").json() == {"users": 1, "projects": 0, "mostActiveProject": None}
    other = given.project(alice)
    for one, person in ((project, alice), (project, bob), (other, alice)):
        given.connection(one, person)
    given.connection(other, bob, ago_s=301)
    told = ada.get("/api/stats/currentStats.json").json()
    assert told == {"users": 3, "projects": 2, "mostActiveProject": {"project": project.id, "users": 2}}


def test_the_disk(ada):
    disk = ada.get("/api/stats/imageserver/total.json").json()
    assert 0 < disk["used"] < disk["total"]
    assert disk["usedP"] == pytest.approx(disk["used"] / disk["total"])


def test_connections_by_project(given, ada, alice, project):
    given.connection(project, alice)
    rows = ada.get("/api/total/project/connections.json", params={"sort": "total", "order": "desc"}).json()[
        "collection"
    ]
    assert rows[0] == {"project": project.id, "total": 1}


def test_a_class_is_counted_as_far_as_one_sees_it(given, ada, bob, charlie, project):
    given.project(ada)
    for name in ("project", "Project", "be.cytomine.domain.project.Project"):
        assert bob.get(f"/api/total/{name}.json").json() == {"total": 1}
    assert charlie.get("/api/total/project.json").json() == {"total": 0}
    assert ada.get("/api/total/project.json").json()["total"] >= 2
    assert bob.get("/api/total/nonsense.json").status_code == 404
