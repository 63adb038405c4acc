import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from sqlalchemy import func, select, update

from atrisys.jobs.runner import DAY_MS, Runner, tidy
from atrisys.store import queue
from atrisys.store.session import Store
from atrisys.store.table import now_ms
from atrisys.store.tables import Job
from rooms import ROOMS

RUN_ALONE = """
import json, sys, time
from atrisys.jobs.runner import Runner
from atrisys.settings import Settings
from atrisys.store.session import Store
from rooms import ROOMS
Runner(Store(Settings(**json.loads(sys.argv[1]))), ROOMS).start()
time.sleep(300)
"""


@pytest.fixture
def alone(kept):
    """Runners in processes of their own, as servers have them."""
    started = []

    def alone():
        settings = json.dumps(kept.settings.model_dump(mode="json"))
        started.append(subprocess.Popen([sys.executable, "-c", RUN_ALONE, settings]))
        return started[-1]

    yield alone
    for process in started:
        process.kill()
        process.wait()


def gone(pid):
    end = time.monotonic() + 15
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_a_job_runs_in_a_process_of_its_own_and_leaves_log_result_and_file(bench, runner, starter, kept):
    job = bench.wait(bench.submit("work"))
    assert (job.state, job.progress, job.message) == ("done", 1.0, "")
    assert job.log.endswith("a line\n")
    assert (job.result["caller"], job.result["door"]) == (starter.id, "job")
    assert (kept.folder.result_folder(job.id) / job.result["file"]).read_text() == "by alice"
    assert bench.pid(job.id) != os.getpid()
    assert job.started <= job.ended


def test_a_job_inherits_no_settings_and_secrets_of_the_server(bench, runner, monkeypatch):
    monkeypatch.setenv("ATRISYS_DATABASE_URL", "postgresql://u:password@h/d")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    names = bench.wait(bench.submit("work")).result["environment"]
    assert "PATH" in names
    assert not [name for name in names if name.startswith(("ATRISYS", "AWS"))]


def test_a_refusal_is_told_as_it_is_and_a_fault_of_ours_without_its_secrets(bench, runner):
    refused = bench.wait(bench.submit("refuse"))
    assert (refused.state, refused.message) == ("failed", "This cannot be done.")
    broken = bench.wait(bench.submit("break"))
    assert broken.state == "failed"
    assert "secret" not in broken.message + broken.log
    assert str(broken.id) in broken.message
    assert len(bench.witnessed("given up")) == 2


def test_a_job_whose_process_is_killed_has_failed_with_a_reason(bench, runner):
    died = bench.wait(bench.submit("die"))
    assert died.state == "failed"
    assert "SIGKILL" in died.message
    napping = bench.submit("nap", seconds=60)
    bench.wait(napping, lambda job: job.message == "napping")
    os.kill(bench.pid(napping), signal.SIGKILL)
    assert bench.wait(napping).state == "failed"
    assert [line.split(":")[0] for line in bench.witnessed("given up")] == [
        f"given up {died.id}",
        f"given up {napping}",
    ]
    assert bench.wait(bench.submit("work")).state == "done"


def test_a_cancelled_job_ends_soon_whatever_it_is_doing(bench, runner):
    willing, deaf = bench.submit("nap", seconds=60), bench.submit("deaf")
    for id in (willing, deaf):
        bench.wait(id, lambda job: job.state == "running")
    while len(bench.witnessed("begun")) < 2:
        time.sleep(0.05)
    waiting = bench.submit("work")
    begun = time.monotonic()
    for id in (willing, deaf, waiting):
        bench.cancel(id)
    for id in (willing, deaf, waiting):
        job = bench.wait(id)
        assert (job.state, job.message) == ("cancelled", "The job was cancelled.")
    assert time.monotonic() - begun < 20
    assert gone(bench.pid(willing))
    assert gone(bench.pid(deaf))
    assert bench.witnessed(f"begun {waiting}") == []
    assert len(bench.witnessed("given up")) == 3


def test_a_job_of_somebody_who_was_locked_out_is_not_done(bench, runner, kept, starter):
    with kept.writing() as db:
        db.merge(starter).enabled = False
    job = bench.wait(bench.submit("work"))
    assert job.state == "failed"
    assert "may no longer sign in" in job.message


def test_a_runner_that_is_stopped_hands_its_jobs_to_the_next(bench, kept):
    first = Runner(kept, ROOMS).start()
    id = bench.submit("nap", seconds=3)
    bench.wait(id, lambda job: job.message == "napping")
    first.stop()
    assert gone(bench.pid(id))
    assert (bench.job(id).state, bench.job(id).tries) == ("waiting", 0)
    second = Runner(kept, ROOMS).start()
    try:
        assert bench.wait(id).state == "done"
    finally:
        second.stop()
    assert len(bench.witnessed("begun")) == 2
    assert len(bench.witnessed("done")) == 1


def test_a_job_that_wants_too_much_memory_fails_with_that_reason_and_the_server_does_not(bench, limited):
    limited(job_memory_mb=700)
    failed = bench.wait(bench.submit("hoard"))
    assert (failed.state, failed.message) == (
        "failed",
        "The job wanted more than 700 MB of memory (ATRISYS_JOB_MEMORY_MB).",
    )
    assert bench.witnessed("given up")
    assert bench.wait(bench.submit("work")).state == "done"


def test_a_job_that_takes_too_long_is_ended_whatever_it_is_doing(bench, limited):
    limited(job_timeout_h=0.002)
    for id in [bench.submit(do, seconds=60) for do in ("deaf", "nap")]:
        failed = bench.wait(id)
        assert failed.state == "failed"
        assert failed.message == "The job took longer than 0.002 h (ATRISYS_JOB_TIMEOUT_H) and was ended."
        assert gone(bench.pid(id))


@pytest.fixture
def limited(kept):
    """A runner with other limits."""
    runners = []

    def limited(**limits):
        runners.append(Runner(Store(kept.settings.model_copy(update=limits)), ROOMS).start())

    yield limited
    runners[0].stop()


def test_logs_and_results_are_bounded(bench, runner):
    flooded = bench.wait(bench.submit("flood"))
    assert flooded.state == "done"
    assert 20_000 < len(flooded.log) < 50_000
    told = bench.wait(bench.submit("tell too much"))
    assert (told.state, told.result) == ("failed", None)
    assert "longer than" in told.message


def test_a_job_that_fails_leaves_no_half_result(bench, runner, kept):
    id = bench.wait(bench.submit("half")).id
    napping = bench.submit("nap", seconds=60)
    bench.wait(napping, lambda job: job.message == "napping")
    [folder] = kept.folder.result_folder(napping).iterdir()
    (folder / "half.txt").write_text("half")
    bench.cancel(napping)
    assert bench.wait(napping).state == "cancelled"
    assert [*kept.folder.result_folder(id).iterdir(), *kept.folder.result_folder(napping).iterdir()] == []


def test_one_that_failed_is_done_anew_on_request(bench, runner, kept):
    id = bench.submit("nap", seconds=60)
    bench.wait(id, lambda job: job.message == "napping")
    os.kill(bench.pid(id), signal.SIGKILL)
    assert bench.wait(id).state == "failed"
    with kept.writing() as db:
        db.get_one(Job, id).arguments = {**bench.job(id).arguments, "do": "work"}
        assert queue.retry(db, db.get_one(Job, id), "alice")
    job = bench.wait(id)
    assert (job.state, job.tries) == ("done", 1)
    assert "before: failed, The process that did this job ended unexpectedly (SIGKILL)" in job.log
    assert job.log.endswith("a line\n")


def test_a_run_that_was_taken_for_dead_changes_nothing_of_the_next(bench, kept):
    """Two runners that know nothing of each other, as on two machines: the first stops without a word."""
    first = Runner(kept, ROOMS).start()
    id = bench.submit("nap", seconds=60)
    bench.wait(id, lambda job: job.message == "napping")
    ghost = bench.job(id).runner
    with kept.writing() as db:
        db.execute(update(Job).values(runner="elsewhere-1-ab/cd", seen=0))
        db.get_one(Job, id).arguments = {**bench.job(id).arguments, "do": "work"}
    second = Runner(kept, ROOMS).start()
    try:
        job = bench.wait(id)
        assert job.state == "done"
        assert gone(int(bench.witnessed(f"begun {id}")[0].split()[-1])), "the first run ends when it learns of it"
        assert not kept.folder.result_of_run(id, ghost).exists()
        assert (kept.folder.result_folder(id) / job.result["file"]).read_text() == "by alice"
        assert bench.job(id).state == "done"
    finally:
        first.stop()
        second.stop()


@pytest.mark.long
def test_a_child_whose_interpreter_is_held_ends_with_its_server(bench, alone):
    server = alone()
    id = bench.submit("held")
    bench.wait(id, lambda _job: bench.witnessed(f"begun {id}"))
    pid = bench.pid(id)
    time.sleep(1)
    server.kill()
    server.wait()
    assert gone(pid)


@pytest.mark.long
def test_a_job_survives_the_sudden_death_of_its_server(bench, alone):
    server = alone()
    id = bench.submit("nap", seconds=4)
    bench.wait(id, lambda job: job.message == "napping")
    server.kill()
    server.wait()
    assert gone(bench.pid(id)), "the child outlived its runner"
    assert bench.job(id).state == "running"
    alone()
    job = bench.wait(id)
    assert (job.state, job.tries) == ("done", 2)
    assert len(bench.witnessed("done")) == 1


@pytest.mark.long
def test_two_servers_share_the_queue_and_do_nothing_twice(bench, kept, alone):
    ids = [bench.submit("nap", seconds=0.3) for _ in range(6)]
    alone(), alone()
    most = 0
    while {bench.job(id).state for id in ids} != {"done"}:
        with kept.reading() as db:
            most = max(most, db.scalar(select(func.count()).where(Job.state == "running")))
        time.sleep(0.02)
    assert most == kept.settings.jobs_at_once
    begun = [int(line.split()[1]) for line in bench.witnessed("begun")]
    assert sorted(begun) == ids


def test_scratch_of_a_killed_job_goes_with_it(bench, runner, kept):
    id = bench.submit("nap", seconds=60)
    bench.wait(id, lambda job: job.message == "napping")
    scratch = kept.folder.scratch_of_run(bench.job(id).runner)
    (scratch / "half").mkdir(parents=True)
    os.kill(bench.pid(id), signal.SIGKILL)
    bench.wait(id)
    assert not scratch.exists()


def test_old_results_and_what_the_dead_have_left_are_cleared_away(bench, runner, kept):
    old, new = bench.wait(bench.submit("work")), bench.wait(bench.submit("work"))
    with kept.writing() as db:
        db.execute(update(Job).where(Job.id == old.id).values(ended=now_ms() - 7 * DAY_MS - 1000))
    (kept.folder.results / "999999").mkdir()
    left = [kept.folder.tmp / "left", kept.folder.files / ".incoming" / "ab" / "left.svs"]
    fresh = kept.folder.tmp / "fresh"
    for path in left:
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text("x")
        os.utime(path, (time.time() - 90_000,) * 2)
    fresh.write_text("x")
    tidy(kept)
    assert [path.name for path in kept.folder.results.iterdir()] == [str(new.id)]
    assert fresh.exists()
    assert not any(path.exists() for path in left)
