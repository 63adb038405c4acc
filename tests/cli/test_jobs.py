import pytest

from atrisys.store import queue
from atrisys.store.tables import Job, SecUser
from cli.installing import installation  # noqa: F401 (a fixture)


@pytest.fixture
def jobs(installation):  # noqa: F811
    """Alice's, in her project: one that waits, one that failed."""
    project = installation.project("Skin")
    with installation.writing() as db:
        alice = db.query(SecUser).filter_by(username="alice").one()
        made = [
            queue.submit(db, user_id=alice.id, name="export_training_data", arguments={}, project_id=project)
            for _ in range(2)
        ]
        made[1].state, made[1].message, made[1].log = "failed", "no room", "a line\n"
        return [job.id for job in made]


def test_jobs_are_listed_newest_first_and_chosen(installation, jobs):  # noqa: F811
    waiting, failed = jobs
    lines = installation.lines("jobs", "list")
    assert [line["id"] for line in lines] == [failed, waiting]
    assert (lines[0]["user"], lines[0]["state"], lines[0]["message"]) == ("alice", "failed", "no room")
    assert [line["id"] for line in installation.lines("jobs", "list", "--state", "waiting")] == [waiting]
    assert installation.lines("jobs", "list", "--user", "alice", "--max", 1)[0]["id"] == failed
    assert installation.lines("jobs", "list", "--project", 1) == []
    assert installation.json("jobs", "show", failed)["log"] == "a line\n"
    installation.run("jobs", "show", 1, status=1)


def test_jobs_are_cancelled_and_tried_again(installation, jobs):  # noqa: F811
    waiting, failed = jobs
    assert installation.json("jobs", "cancel", waiting)["state"] == "cancelling"
    assert "has ended already" in installation.run("jobs", "cancel", failed, status=1).stderr
    assert installation.json("jobs", "retry", failed)["state"] == "waiting"
    assert "neither failed" in installation.run("jobs", "retry", failed, status=1).stderr
    with installation.reading() as db:
        assert "asked for again by the command line" in db.get_one(Job, failed).log


def test_watching_ends_with_the_job_and_says_how(installation, jobs):  # noqa: F811
    waiting, failed = jobs
    done = installation.run("jobs", "watch", failed, status=1)
    assert "no room" in done.stderr
    with installation.writing() as db:
        db.get_one(Job, waiting).state = "done"
    assert installation.json("jobs", "watch", waiting)["state"] == "done"
