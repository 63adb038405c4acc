import csv
import io

import pytest

from atrisys.store.tables import ProjectConnection
from atrisys.wire.activity import DAY_MS, HOUR_MS, WEEK_MS

MONDAY = 1_735_516_800_000
"""2024-12-30 00:00 UTC."""


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


def rows(person, address, **query):
    answer = person.get(address, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["collection"]


@pytest.fixture
def connected(given, db):
    """A connection at a moment."""

    def make(project, person, moment, **columns):
        row = given.connection(project, person, **columns)
        with given.writing() as db:
            db.get_one(ProjectConnection, row.id).created = moment
        return row

    return make


def test_opening_a_project_is_recorded_and_ends_the_last_time(given, bob, alice, project, db):
    image = given.image(project, alice)
    first = given.connection(project, bob, ago_s=60, last_seen=0)
    for one in (image, image, given.image(project, alice)):
        given.consultation(one, bob, project_connection_id=first.id)
    given.annotation(image, bob)
    body = {"project": project.id, "os": "Linux", "browser": "Firefox", "browserVersion": "140"}
    said = bob.post(f"/api/project/{project.id}/userconnection.json", json=body).json()
    assert (said["user"], said["project"], said["os"], said["browserVersion"]) == (bob.id, project.id, "Linux", "140")
    assert (said["time"], said["online"], said["countViewedImages"]) == (0, True, None)
    [now, before] = rows(bob, f"/api/project/{project.id}/userconnection/{bob.id}.json")
    assert now == said
    assert (before["id"], before["countViewedImages"], before["countCreatedAnnotations"]) == (first.id, 2, 1)
    assert before["online"] is False


def test_a_ping_from_within_a_project_counts_the_time_but_not_long_absences(given, bob, project, db):
    row = given.connection(project, bob, ago_s=20)
    assert bob.post("/server/ping", json={"project": project.id}).json()["authenticated"] is True
    db.expire_all()
    assert db.get_one(ProjectConnection, row.id).time_ms == pytest.approx(20_000, abs=500)
    with given.writing() as writing:
        writing.get_one(ProjectConnection, row.id).last_seen -= 40_000
    bob.post("/api/server/ping.json", json={"project": str(project.id)})
    db.expire_all()
    assert db.get_one(ProjectConnection, row.id).time_ms == pytest.approx(20_000, abs=500)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]", b'{"project": "x"}', b'{"project": null}', b'{"project": 1e99}']
)
def test_a_ping_is_answered_whatever_it_says(bob, nobody, content):
    for person in (bob, nobody):
        assert person.post("/server/ping", content=content).status_code == 200


def test_a_ping_of_a_stranger_or_former_member_leaves_no_sign(given, bob, charlie, project, db):
    theirs, last_seen = given.connection(project, charlie, ago_s=20), None
    last_seen = theirs.last_seen
    assert charlie.post("/server/ping", json={"project": project.id}).status_code == 200
    db.expire_all()
    assert db.get_one(ProjectConnection, theirs.id).last_seen == last_seen


def test_last_connections_of_all_for_managers_and_of_oneself(given, alice, bob, project):
    given.connection(project, bob, ago_s=50)
    last = given.connection(project, bob, ago_s=10)
    assert rows(alice, f"/api/project/{project.id}/lastConnection.json") == [{"user": bob.id, "created": last.created}]
    one = f"/api/project/{project.id}/lastConnection/{bob.id}.json"
    assert rows(bob, one) == [{"user": bob.id, "created": last.created}]
    assert bob.get(f"/api/project/{project.id}/lastConnection.json").status_code == 403


def test_they_are_counted_by_member_and_by_period(alice, bob, project, connected):
    for moment in (MONDAY + 5, MONDAY + HOUR_MS, MONDAY + HOUR_MS + 1, MONDAY + WEEK_MS):
        connected(project, bob, moment)
    connected(project, alice, MONDAY + DAY_MS)
    path = f"/api/project/{project.id}"
    found = {row["user"]: row["frequency"] for row in rows(alice, f"{path}/connectionFrequency.json")}
    assert found == {alice.id: 1, bob.id: 4}
    by_hour = rows(alice, f"{path}/connectionFrequency/{bob.id}.json", period="hour")
    assert by_hour == [
        {"time": MONDAY, "frequency": 1},
        {"time": MONDAY + HOUR_MS, "frequency": 2},
        {"time": MONDAY + WEEK_MS, "frequency": 1},
    ]
    by_week = rows(alice, f"{path}/connectionFrequency.json", period="week", beforeThan=MONDAY + WEEK_MS)
    assert by_week == [{"time": MONDAY, "frequency": 4}]
    assert alice.get(f"{path}/connectionFrequency.json?period=age").status_code == 400
    assert bob.get(f"{path}/userconnection/count.json").json() == {"total": 5}
    assert bob.get(f"{path}/userconnection/count.json?endDate={MONDAY + DAY_MS}").json() == {"total": 3}


def test_averages_are_shares_of_the_hours_and_days_of_a_week(ada, alice, bob, project, connected):
    for moment in (MONDAY + 5, MONDAY + WEEK_MS + 6, MONDAY + DAY_MS, MONDAY + DAY_MS + HOUR_MS):
        connected(project, bob, moment)
    query = {"project": project.id, "period": "day"}
    assert rows(bob, "/api/averageConnections.json", **query) == [
        {"time": MONDAY + DAY_MS, "frequency": 0.5},
        {"time": MONDAY + WEEK_MS, "frequency": 0.5},
    ]
    by_hour = rows(bob, "/api/averageConnections.json", **query | {"period": "hour"})
    assert [row["frequency"] for row in by_hour] == [0.25, 0.25, 0.5]
    assert bob.get("/api/averageConnections.json", params=query | {"user": alice.id}).status_code == 403
    assert bob.get("/api/averageConnections.json?period=day").status_code == 403
    assert len(rows(ada, "/api/averageConnections.json", period="week")) == 2
    assert rows(ada, "/api/connectionFrequency.json", period="week")[0] == {"time": MONDAY, "frequency": 3}
    assert bob.get("/api/connectionFrequency.json?period=day").status_code == 403
    assert ada.get("/api/connectionFrequency.json").status_code == 400


def test_the_history_is_a_list_or_a_file(given, alice, bob, project):
    row = given.connection(project, bob, browser="+Firefox", time_ms=7)
    address = f"/api/project/{project.id}/connectionHistory/{bob.id}.json"
    assert [one["id"] for one in rows(alice, address)] == [row.id]
    [line] = csv.DictReader(io.StringIO(bob.get(address, params={"export": "csv"}).text), delimiter=";")
    assert (line["created"], line["time"], line["browser"]) == (str(row.created), "7", "'+Firefox")


def test_the_images_of_a_connection(given, alice, bob, charlie, project):
    connection = given.connection(project, bob)
    images = [given.image(project, alice) for _ in range(2)]
    for ago_s, one in zip((9, 5), images, strict=True):
        given.consultation(one, bob, ago_s=ago_s, project_connection_id=connection.id, time_ms=3)
    address = f"/api/projectConnection/{connection.id}.json"
    assert [one["image"] for one in rows(alice, address)] == [one.id for one in images]
    assert rows(bob, address)[0]["imageName"] == images[0].instance_filename
    assert len(bob.get(address, params={"export": "csv"}).text.splitlines()) == 3
    assert charlie.get(address).status_code == 404
    mine = given.connection(project, alice)
    assert bob.get(f"/api/projectConnection/{mine.id}.json").status_code == 404


def test_the_projects_that_one_opened_last_come_first(given, alice, bob, project):
    others = [given.project(alice, [bob]) for _ in range(2)]
    opened = given.connection(project, bob)
    found = rows(bob, "/api/project/method/lastopened.json")
    assert found[0] == {"id": project.id, "date": opened.created, "opened": True}
    assert [(one["id"], one["opened"]) for one in found[1:]] == [(one.id, False) for one in reversed(others)]
    assert rows(bob, "/api/project/method/lastopened.json", max=1, offset=1)[0]["id"] == others[1].id
    assert rows(alice, "/api/project/method/lastopened.json")[-1]["opened"] is False


def test_a_contributor_asks_only_about_themselves(given, alice, bob, project):
    path = f"/api/project/{project.id}"
    for name in (
        f"lastConnection/{alice.id}",
        f"userconnection/{alice.id}",
        f"connectionHistory/{alice.id}",
        f"connectionFrequency/{alice.id}",
        "connectionFrequency",
    ):
        assert bob.get(f"{path}/{name}.json").status_code == 403, name


def test_a_stranger_opens_nothing_and_hears_of_nothing(alice, charlie, project):
    path = f"/api/project/{project.id}"
    assert charlie.post(f"{path}/userconnection.json", json={}).status_code == 404
    for name in ("lastConnection", f"userconnection/{charlie.id}", "userconnection/count", "connectionFrequency"):
        assert charlie.get(f"{path}/{name}.json").status_code == 404
    query = {"project": project.id, "period": "day"}
    assert charlie.get("/api/averageConnections.json", params=query).status_code == 404
