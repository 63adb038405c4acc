import pytest

from atrisys.store.tables import Job


@pytest.fixture
def finished(given, alice, bob, store):
    """A job of bob's in alice's project, with a file that it made."""
    project = given.project(alice, [bob])
    result = {"file": "made.zip", "name": "訓練 data.zip"}
    job = given.job(bob, project, state="done", result=result, log="a line\n")
    folder = store.folder.result_folder(job.id)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "made.zip").write_bytes(b"what was made")
    return job


def test_a_job_belongs_to_its_starter_and_to_managers(given, alice, bob, charlie, ada, finished, nobody):
    path = f"/api/atrisys/job/{finished.id}"
    for person in (bob, alice, ada):
        shown = person.get(f"{path}.json").json()
        assert (shown["state"], shown["user"], shown["log"]) == ("done", bob.id, "a line\n")
        assert person.get(f"{path}/result").content == b"what was made"
    other = given.person("other")
    given.project(alice, [other], name="another")
    for person in (charlie, other):
        for address in (f"{path}.json", f"{path}/result"):
            assert person.get(address).status_code == 404
        assert person.delete(f"{path}.json").status_code == 404
        assert person.post(f"{path}/cancel.json").status_code == 404
        assert person.get("/api/atrisys/job.json").json()["size"] == 0
    assert nobody.get(f"{path}.json").status_code == 401


def test_a_fellow_contributor_sees_no_job_of_another(given, alice, bob, charlie):
    job = given.job(bob, given.project(alice, [bob, charlie]))
    assert charlie.get(f"/api/atrisys/job/{job.id}.json").status_code == 404


def test_jobs_are_listed_newest_first_without_their_logs(given, alice, bob, charlie):
    project, other = given.project(alice, [bob]), given.project(alice)
    first, second = given.job(bob, project, log="x" * 1000), given.job(bob, state="done")
    third = given.job(alice, other)

    def ids(person, query=""):
        return [row["id"] for row in person.get(f"/api/atrisys/job.json?{query}").json()["collection"]]

    assert ids(bob) == [second.id, first.id]
    assert ids(alice) == [third.id, first.id]
    assert ids(alice, f"project={project.id}") == [first.id]
    assert ids(bob, "state=done") == [second.id]
    assert ids(bob, "max=1&offset=1") == [first.id]
    assert "log" not in bob.get("/api/atrisys/job.json").json()["collection"][0]
    assert charlie.get(f"/api/atrisys/job.json?project={project.id}").status_code == 404
    bare = bob.with_token().get("/api/atrisys/job.json").json()
    assert [row["id"] for row in bare] == [second.id, first.id]


def test_a_job_is_cancelled_by_its_starter_or_a_manager(given, alice, bob, db):
    project = given.project(alice, [bob])
    first, second = given.job(bob, project), given.job(bob, project)
    answer = bob.delete(f"/api/atrisys/job/{first.id}.json")
    assert (answer.status_code, answer.json()["job"]["state"]) == (200, "cancelling")
    assert alice.post(f"/api/atrisys/job/{second.id}/cancel.json").status_code == 200
    assert db.get(Job, second.id).state == "cancelling"


def test_a_job_that_failed_is_done_anew_for_its_starter_and_managers(given, alice, bob, charlie, nobody, db):
    project = given.project(alice, [bob])
    first, second = (given.job(bob, project, state=state, message="no room") for state in ("failed", "cancelled"))
    path = f"/api/atrisys/job/{first.id}/retry.json"
    assert charlie.post(path).status_code == 404
    assert nobody.post(path).status_code == 401
    fellow = given.person("fellow")
    alice.post(f"/api/project/{project.id}/user/{fellow.id}.json")
    assert fellow.post(path).status_code == 404
    assert db.get(Job, first.id).state == "failed"
    again = bob.post(path).json()["job"]
    assert (again["state"], again["message"], again["user"]) == ("waiting", "", bob.id)
    assert "asked for again by bob; before: failed, no room" in again["log"]
    assert alice.post(f"/api/atrisys/job/{second.id}/retry.json").json()["job"]["user"] == bob.id
    twice = bob.post(path)
    assert (twice.status_code, twice.json()["params"]["state"]) == (400, "waiting")


def test_who_has_too_much_waiting_is_told_to_come_later(given, alice, store, monkeypatch):
    project = given.project(alice)
    limits = {"jobs_waiting_per_user": 2}
    monkeypatch.setattr(store, "settings", store.settings.model_copy(update=limits))
    path = f"/api/atrisys/project/{project.id}/export.json"
    assert [alice.post(path, json={}).status_code for _ in range(3)] == [200, 200, 429]
    refused = alice.post(path, json={}).json()
    assert (refused["code"], refused["params"]) == ("too_many_jobs", {"waiting": 2, "most": 2})
    upload = alice.post(f"/upload?storage={given.storage_of(alice).id}", files={"files[]": ("a.svs", b"x")})
    assert upload.status_code == 429
    failed = given.job(given.person("bob"), state="failed")
    assert failed.state == "failed"


def test_jobs_are_sorted_and_filtered_by_what_they_show_and_by_nothing_else(given, bob):
    slow = given.job(bob, progress=0.1, state="running", runner="host-1-ab/cd")
    fast = given.job(bob, name="export_training_data", progress=0.9, state="running", runner="host-2-ab/cd")

    def ids(query):
        return [row["id"] for row in bob.get(f"/api/atrisys/jobs?{query}").json()["collection"]]

    assert ids("sort=progress&order=asc") == [slow.id, fast.id]
    assert ids("name[in]=export_training_data") == [fast.id]
    assert ids("progress[gte]=0.5&state[equals]=running") == [fast.id]
    assert ids("runner[ilike]=host-1") == [fast.id, slow.id], "what is not shown cannot be asked for"


def test_a_job_that_has_ended_is_not_cancelled(bob, finished):
    answer = bob.delete(f"/api/atrisys/job/{finished.id}.json")
    assert answer.status_code == 400
    assert "done" in answer.json()["errors"]


def test_a_result_comes_under_its_name_and_opens_to_the_picture_cookie(bob, finished, nobody):
    path = f"/api/atrisys/job/{finished.id}/result"
    answer = bob.get(path)
    assert "filename*=UTF-8''%E8%A8%93%E7%B7%B4%20data.zip" in answer.headers["content-disposition"]
    nobody.cookies = bob.cookies
    assert nobody.get(path).content == b"what was made"
    assert nobody.head(path).status_code == 200
    assert nobody.get(f"/api/atrisys/job/{finished.id}.json").status_code == 401
    assert nobody.delete(f"/api/atrisys/job/{finished.id}.json").status_code == 401


def test_a_result_that_is_no_longer_kept_or_never_was_is_not_found(given, bob, finished, store):
    (store.folder.result_folder(finished.id) / "made.zip").unlink()
    answer = bob.get(f"/api/atrisys/job/{finished.id}/result")
    assert answer.status_code == 404
    assert "no longer kept" in answer.json()["errors"]
    waiting = given.job(bob)
    assert bob.get(f"/api/atrisys/job/{waiting.id}/result").status_code == 404


@pytest.mark.parametrize("name", ["../../secret", "/etc/passwd", "..", "."])
def test_no_result_lies_outside_the_jobs_folder(given, bob, store, name):
    job = given.job(bob, state="done", result={"file": name})
    store.folder.result_folder(job.id).mkdir(parents=True, exist_ok=True)
    assert bob.get(f"/api/atrisys/job/{job.id}/result").status_code == 404


def test_a_result_closes_to_its_starter_who_was_taken_out_of_the_project(alice, bob, finished):
    path = f"/api/atrisys/job/{finished.id}"
    assert alice.delete(f"/api/project/{finished.project_id}/user/{bob.id}.json").status_code == 200
    assert bob.get(f"{path}/result").status_code == 404
    assert bob.get(f"{path}.json").status_code == 404
    assert alice.get(f"{path}/result").status_code == 200
