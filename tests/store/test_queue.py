import threading

import pytest
from sqlalchemy import func, select, update

from atrisys.access.keys import KeyBox
from atrisys.actions.add_user import add_user
from atrisys.errors import TooManyJobs
from atrisys.store import queue
from atrisys.store.table import now_ms
from atrisys.store.tables import Job


@pytest.fixture
def user_id(kept):
    with kept.writing() as db:
        return add_user(db, None, KeyBox(kept.folder.secret()), username="alice").id


@pytest.fixture
def submit(kept, user_id):
    def submit(count=1):
        with kept.writing() as db:
            return [queue.submit(db, user_id=user_id, name="nap", arguments={"n": n}).id for n in range(count)]

    return submit


@pytest.fixture
def job(kept):
    def job(id):
        with kept.reading() as db:
            return db.get_one(Job, id)

    return job


def never(_runner):
    """Nothing is known of any runner."""


@pytest.fixture
def people(kept):
    """Asks for jobs in the name of others."""
    with kept.writing() as db:
        ids = {name: add_user(db, None, KeyBox(kept.folder.secret()), username=name).id for name in ("bob", "charlie")}

    def ask(name, count=1):
        with kept.writing() as db:
            return [queue.submit(db, user_id=ids[name], name="nap", arguments={}).id for _ in range(count)]

    return ask


def claim(store, runner="r", token="t", at_once=2):
    return queue.claim(store, runner, token, at_once)


def test_jobs_are_claimed_in_order_and_no_more_than_allowed(kept, submit, job):
    first, second, third = submit(3)
    assert [claim(kept, token=t).job_id for t in "ab"] == [first, second]
    assert claim(kept, token="c") is None
    assert (job(first).state, job(first).runner, job(first).tries) == ("running", "r/a", 1)
    assert job(third).state == "waiting"
    assert queue.finish(kept, queue.Claim(first, "r/a", "nap"), "done", "", {"n": 1})
    assert claim(kept, token="c").job_id == third


def test_many_who_claim_at_once_never_get_the_same_job_nor_more_than_allowed(kept, submit, job):
    ids, at_once = submit(30), 3
    taken, most = [], []
    done = threading.Event()

    def runner(name):
        idle = 0
        while idle < 40:
            run = queue.claim(kept, name, "t", at_once)
            if run is None:
                idle += 1
                threading.Event().wait(0.01)
                continue
            idle = 0
            taken.append(run.job_id)
            threading.Event().wait(0.01)
            queue.finish(kept, run, "done", "")

    def watcher():
        while not done.is_set():
            with kept.reading() as db:
                most.append(db.scalar(select(func.count()).where(Job.state == "running")))

    threads = [threading.Thread(target=runner, args=[f"r{n}"]) for n in range(8)]
    watching = threading.Thread(target=watcher)
    for thread in (*threads, watching):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    watching.join()
    assert sorted(taken) == ids
    assert 1 < max(most) <= at_once
    assert {job(id).state for id in ids} == {"done"}


def test_progress_message_and_log_are_written_by_the_run_that_holds_the_job(kept, submit, job):
    [id] = submit()
    run = claim(kept)
    assert queue.report(kept, run, progress=0.25, message="half of a half", log="one\n") == "running"
    queue.report(kept, run, progress=7, log="two\n")
    assert (job(id).progress, job(id).message, job(id).log) == (1.0, "half of a half", "one\ntwo\n")
    stale = queue.Claim(id, "r/earlier", "nap")
    assert queue.report(kept, stale, message="I am a ghost") == "lost"
    assert not queue.finish(kept, stale, "done", "")
    assert (job(id).message, job(id).state) == ("half of a half", "running")


def test_a_log_does_not_grow_without_end(kept, submit, job):
    [id] = submit()
    run = claim(kept)
    for _ in range(5):
        queue.report(kept, run, log="x" * 100_000)
        assert len(job(id).log) <= queue.LONGEST_LOG
    queue.report(kept, run, log="y" * 300_000)
    queue.report(kept, run, log="the end")
    assert len(job(id).log) == queue.LONGEST_LOG
    assert job(id).log.endswith("yythe end")


def test_a_job_whose_runner_died_is_tried_again_and_given_up_in_the_end(kept, submit, job):
    [id] = submit()
    for number in range(queue.MOST_TRIES):
        assert claim(kept, "dead", str(number)).job_id == id
        lost = queue.take_lost(kept, "me", "x", lambda runner: runner != "dead")
        if number < queue.MOST_TRIES - 1:
            assert lost == []
            assert job(id).state == "waiting"
    [(run, state)] = lost
    assert (run.job_id, state) == (id, "failed")
    assert queue.finish(kept, run, state, "gave up")
    assert (job(id).state, job(id).runner) == ("failed", None)


def test_a_runner_without_a_sign_of_life_is_taken_for_dead_one_with_it_is_not(kept, submit, job):
    [id] = submit()
    run = claim(kept)
    assert queue.take_lost(kept, "me", "x", never) == []
    with kept.writing() as db:
        db.execute(update(Job).values(seen=now_ms() - queue.LOST_MS - 1000))
    queue.give_sign_of_life(kept, [run])
    assert queue.take_lost(kept, "me", "x", never) == []
    assert job(id).state == "running"
    with kept.writing() as db:
        db.execute(update(Job).values(seen=now_ms() - queue.LOST_MS - 1000))
    queue.take_lost(kept, "me", "x", never)
    assert job(id).state == "waiting"


def test_a_job_that_is_handed_back_waits_and_has_lost_no_try(kept, submit, job):
    [id] = submit()
    queue.hand_back(kept, claim(kept))
    assert (job(id).state, job(id).tries, job(id).runner) == ("waiting", 0, None)


def test_a_cancelled_job_is_somebodys_to_end_whether_it_ran_or_not(kept, submit, job):
    running, waiting = submit(2)
    run = claim(kept, at_once=1)
    for id in (running, waiting):
        with kept.writing() as db:
            assert queue.cancel(db, db.get_one(Job, id))
        assert job(id).state == "cancelling"
    assert queue.states(kept, [run]) == {run.token: "cancelling"}
    [(orphan, state)] = queue.take_lost(kept, "me", "x", never)
    assert (orphan.job_id, state) == (waiting, "cancelled")
    for ended in (run, orphan):
        assert queue.finish(kept, ended, "cancelled", "")
    for id in (running, waiting):
        with kept.writing() as db:
            assert not queue.cancel(db, db.get_one(Job, id))


def test_a_job_is_there_only_when_its_transaction_is_kept(kept, user_id):
    with kept.session(writes=True) as db:
        queue.submit(db, user_id=user_id, name="nap", arguments={})
        db.rollback()
    assert not queue.anything_to_do(kept)


# --- fair turns ------------------------------------------------------------------------------------------------------


def test_sixty_jobs_of_one_do_not_make_others_wait(kept, submit, people):
    hers = submit(60)
    first = claim(kept, token="0")
    his, [theirs] = people("bob", 2), people("charlie")
    order = []
    for number in range(1, 7):
        run = claim(kept, token=str(number))
        order.append(run.job_id)
        queue.finish(kept, run, "done", "")
    assert first.job_id == hers[0]
    assert order[:2] == [his[0], theirs]
    assert order[2:] == [his[1], hers[1], hers[2], hers[3]], "who has one running comes after who has none"


def test_who_waits_takes_turns_with_who_waits(kept, submit, people):
    hers, his = submit(3), people("bob", 3)
    order = []
    for number in range(6):
        run = claim(kept, token=str(number))
        order.append(run.job_id)
        queue.finish(kept, run, "done", "")
    assert order == [job for pair in zip(hers, his, strict=True) for job in pair]


def test_many_who_claim_for_many_people_never_take_more_than_allowed(kept, submit, people):
    submit(8), people("bob", 8), people("charlie", 8)
    at_once, taken, most = 2, [], []

    def runner(name):
        for _ in range(60):
            run = queue.claim(kept, name, "t", at_once)
            if run is not None:
                with kept.reading() as db:
                    most.append(db.scalar(select(func.count()).where(Job.state == "running")))
                taken.append(run.job_id)
                queue.finish(kept, run, "done", "")

    threads = [threading.Thread(target=runner, args=[f"r{n}"]) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 24
    assert max(most) <= at_once


# --- how many may wait -----------------------------------------------------------------------------------------------


def test_only_so_many_jobs_of_one_person_wait(kept, submit, people, monkeypatch):
    monkeypatch.setattr(kept, "settings", kept.settings.model_copy(update={"jobs_waiting_per_user": 3}))
    submit(3)
    with pytest.raises(TooManyJobs, match="3 jobs of yours are waiting already"):
        submit()
    people("bob")
    assert claim(kept) is not None, "one that runs waits no longer"
    submit()


def test_who_asks_from_many_places_at_once_gets_no_more_than_may_wait(kept, submit, monkeypatch):
    monkeypatch.setattr(kept, "settings", kept.settings.model_copy(update={"jobs_waiting_per_user": 3}))
    refused = []

    def ask():
        try:
            submit()
        except TooManyJobs:
            refused.append(1)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 5


# --- once more -------------------------------------------------------------------------------------------------------


def end(kept, state, log=""):
    run = claim(kept)
    queue.report(kept, run, progress=0.5, log=log)
    queue.finish(kept, run, state, "no room")


def test_one_that_failed_is_done_anew_and_its_log_goes_on(kept, submit, job):
    [id] = submit()
    end(kept, "failed", "first\n")
    with kept.writing() as db:
        assert queue.retry(db, db.get_one(Job, id), "bob")
    again = job(id)
    assert (again.state, again.progress, again.message, again.ended, again.tries) == ("waiting", 0.0, "", None, 0)
    assert again.log.startswith("first\n")
    assert again.log.endswith("asked for again by bob; before: failed, no room\n")
    run = claim(kept, token="second")
    queue.report(kept, run, log="second\n")
    queue.finish(kept, run, "done", "")
    assert job(id).log.splitlines()[0] == "first"
    assert job(id).log.endswith("second\n")


def test_two_who_try_again_at_once_begin_one_run(kept, submit):
    [id] = submit()
    end(kept, "cancelled")
    answers = []

    def retry():
        with kept.writing() as db:
            answers.append(queue.retry(db, db.get_one(Job, id), "bob"))

    threads = [threading.Thread(target=retry) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False, False, False, True]


@pytest.mark.parametrize("state", ["waiting", "running", "done"])
def test_what_waits_runs_or_is_done_is_not_done_anew(kept, submit, job, state):
    [id] = submit()
    if state != "waiting":
        run = claim(kept)
    if state == "done":
        queue.finish(kept, run, "done", "", {"n": 1})
    with kept.writing() as db:
        assert not queue.retry(db, db.get_one(Job, id), "bob")
    assert job(id).state == state
    assert job(id).log == ""


def test_trying_again_counts_among_what_waits(kept, submit, monkeypatch):
    [id] = submit()
    end(kept, "failed")
    monkeypatch.setattr(kept, "settings", kept.settings.model_copy(update={"jobs_waiting_per_user": 1}))
    submit()
    with pytest.raises(TooManyJobs), kept.writing() as db:
        queue.retry(db, db.get_one(Job, id), "bob")


# --- handing over ----------------------------------------------------------------------------------------------------


def test_a_run_is_handed_over_once(kept, submit, job):
    [id] = submit()
    run = claim(kept)
    taken = queue.hand_over(kept, run, "worker", "x")
    assert (taken.job_id, taken.token, job(id).runner) == (id, "worker/x", "worker/x")
    assert queue.hand_over(kept, run, "another", "y") is None
    assert queue.report(kept, run, message="I am a ghost") == "lost"
    assert queue.finish(kept, taken, "done", "")


def test_a_run_that_shall_end_is_handed_to_nobody(kept, submit):
    [id] = submit()
    run = claim(kept)
    with kept.writing() as db:
        queue.cancel(db, db.get_one(Job, id))
    assert queue.hand_over(kept, run, "worker", "x") is None
    assert queue.finish(kept, run, "cancelled", "")


def test_a_runner_that_is_known_to_live_loses_nothing_however_late_it_is(kept, submit, job):
    [id] = submit()
    claim(kept)
    with kept.writing() as db:
        db.execute(update(Job).values(seen=now_ms() - queue.LOST_MS - 1000))
    assert queue.take_lost(kept, "me", "x", lambda _runner: True) == []
    assert job(id).state == "running"
