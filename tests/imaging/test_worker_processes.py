import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from atrisys.errors import NotFound, PictureFailed, SlideUnreadable
from atrisys.imaging import messages
from atrisys.imaging.worker import Limits, Pool
from given.slides import pyramid


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(Limits(workers=2, timeout_s=20, memory_mb=1024))
    yield pool
    pool.close()


def test_a_call_is_answered_from_another_process(pool: Pool):
    assert pool.call("os:getpid") not in (0, os.getpid())


def test_a_worker_serves_one_call_after_another(pool: Pool):
    assert pool.call("os:getpid") == pool.call("os:getpid") == pool.pids()[0]


def test_refusals_come_back_as_they_were_raised(pool: Pool, tmp_path: Path):
    with pytest.raises(SlideUnreadable, match="There is no file nowhere") as refused:
        pool.call("atrisys.imaging.inspect_slide:inspect", "/nowhere/nowhere")
    assert refused.value.params == {"name": "nowhere"}
    assert type(refused.value) is SlideUnreadable
    with pytest.raises(NotFound, match="no label picture"):
        pool.call("atrisys.imaging.inspect_slide:read_associated", str(pyramid(tmp_path / "a.tif")), "PYRTIFF", "label")


def test_an_exception_fails_that_call_alone(pool: Pool):
    first = pool.call("os:getpid")
    with pytest.raises(PictureFailed, match="ZeroDivisionError"):
        pool.call("operator:truediv", 1, 0, key="/slides/one.svs")
    assert pool.call("os:getpid") == first


def test_a_call_that_hangs_is_ended_and_the_next_one_answered(pool: Pool):
    started = time.monotonic()
    with pytest.raises(PictureFailed, match=r"one\.svs: decoding took longer than 0\.5 s"):
        pool.call("time:sleep", 60, key="/slides/one.svs", timeout_s=0.5)
    assert time.monotonic() - started < 10
    assert pool.call("operator:add", 1, 2) == 3


def test_a_worker_ends_itself_when_its_time_is_up(pool: Pool):
    """Its own alarm, without the parent's help, also where no Python runs any more."""
    worker = psutil.Process(pool.call("os:getpid"))
    link = pool._free[0]
    call = {"function": "time:sleep", "args": [60], "name": "", "timeout_s": 0.2}
    for part in messages.pack(call):
        os.write(link._to, part)
    assert worker.wait(10) is not None


@pytest.mark.parametrize("crash", [("os:abort",), ("ctypes:string_at", 8), ("os:_exit", 3)])
def test_a_crash_fails_that_call_and_the_next_one_is_answered(pool: Pool, crash: tuple):
    pool.call("operator:add", 1, 2)
    with pytest.raises(PictureFailed, match=r"one\.svs: the decoder crashed"):
        pool.call(*crash, key="/slides/one.svs")
    assert pool.call("operator:add", 1, 2) == 3


def test_memory_beyond_the_limit_is_refused_and_the_worker_goes_on(pool: Pool):
    with pytest.raises(PictureFailed, match="more than 1024 MB"):
        pool.call("builtins:bytearray", 4 << 30, key="/slides/one.svs")
    assert pool.call("operator:add", 1, 2) == 3


def test_a_worker_that_was_killed_between_calls_is_replaced_unseen(pool: Pool):
    first = pool.call("os:getpid")
    psutil.Process(first).kill()
    assert pool.call("os:getpid") not in (0, first)


def test_large_answers_come_back_whole_and_may_be_written_to(pool: Pool):
    pixels = pool.call("numpy:full", [3000, 2000, 3], 7, "uint8")
    assert pixels.shape == (3000, 2000, 3)
    assert (pixels == 7).all()
    pixels[0, 0] = 1


def test_threads_share_the_workers(pool: Pool):
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: pool.call("operator:mul", n, n), range(64)))
    assert answers == [n * n for n in range(64)]
    assert len(pool.pids()) <= 2


def test_a_slide_that_hung_before_keeps_one_worker_at_most(pool: Pool):
    with pytest.raises(PictureFailed):
        pool.call("time:sleep", 60, key="/slides/bad.svs", timeout_s=0.3)
    asked = {"key": "/slides/bad.svs", "timeout_s": 3}
    hanging = [threading.Thread(target=_ignore, args=(pool, "time:sleep", 60), kwargs=asked) for _ in range(4)]
    for thread in hanging:
        thread.start()
    time.sleep(0.2)
    started = time.monotonic()
    for number in range(20):
        assert pool.call("operator:add", number, 1, key="/slides/good.svs") == number + 1
    assert time.monotonic() - started < 2.5
    for thread in hanging:
        thread.join(30)
        assert not thread.is_alive()


def test_one_slide_that_hangs_in_all_workers_does_not_stop_others(pool: Pool):
    asked = {"key": "/slides/bad.svs", "timeout_s": 6}
    hanging = [threading.Thread(target=_ignore, args=(pool, "time:sleep", 60), kwargs=asked) for _ in range(3)]
    for thread in hanging:
        thread.start()
    time.sleep(0.5)
    assert pool.pids() == []
    started = time.monotonic()
    for number in range(5):
        assert pool.call("operator:add", number, 1, key="/slides/good.svs") == number + 1
    assert time.monotonic() - started < 5
    for thread in hanging:
        thread.join(30)
    assert len(pool.pids()) <= 2


def test_who_waits_too_long_for_a_worker_is_told_so():
    pool = Pool(Limits(workers=1, timeout_s=20))
    thread = threading.Thread(target=_ignore, args=(pool, "time:sleep", 2.5), kwargs={"key": "/slides/bad.svs"})
    thread.start()
    try:
        time.sleep(1)
        with pytest.raises(PictureFailed, match="all decoders are busy"):
            pool.call("operator:add", 1, 2, key="/slides/bad.svs", timeout_s=0.3)
    finally:
        thread.join()
        pool.close()


def test_what_a_library_prints_does_not_garble_answers(pool: Pool):
    assert pool.call("os:write", 1, b"noise" * 100) == 500
    assert pool.call("operator:add", 1, 2) == 3


def test_workers_know_nothing_of_the_servers_secrets_and_modules(pool: Pool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ATRISYS_DATABASE_URL", "postgresql://name:secret@host/db")
    code = "','.join(sorted(set(__import__('sys').modules) & {'fastapi', 'sqlalchemy', 'atrisys.app', 'uvicorn'}))"
    pool.call("atrisys.imaging.find:find_slides", [])
    assert pool.call("builtins:eval", code) == ""
    assert not [name for name in pool.call("builtins:eval", "list(__import__('os').environ)") if "ATRISYS" in name]


def _ignore(pool: Pool, *args: object, **options: object) -> None:
    with suppress(PictureFailed):
        pool.call(*args, **options)  # type: ignore[arg-type]


_HANGING_PARENT = """
import threading, time
from atrisys.imaging import worker
worker.call("operator:add", 1, 2)
for _ in range(2):
    threading.Thread(target=worker.call, args=("time:sleep", 600), kwargs={"timeout_s": 600}, daemon=True).start()
time.sleep(1.5)
print("ready", flush=True)
time.sleep(600)
"""


def test_workers_end_with_a_parent_that_is_killed_also_in_the_middle_of_something():
    parent = subprocess.Popen([sys.executable, "-c", _HANGING_PARENT], stdout=subprocess.PIPE)
    try:
        assert parent.stdout
        assert parent.stdout.readline() == b"ready\n"
        workers = psutil.Process(parent.pid).children()
        assert len(workers) == 2
    finally:
        parent.kill()
        parent.wait()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert [worker for worker in alive if worker.status() != psutil.STATUS_ZOMBIE] == []


_FORKING = """
import os
from atrisys.imaging import worker
first = worker.call("os:getpid")
child = os.fork()
if not child:
    os._exit(0 if worker.call("os:getpid") != first else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert worker.call("os:getpid") == first
"""


def test_a_fork_of_the_parent_uses_workers_of_its_own():
    subprocess.run([sys.executable, "-c", _FORKING], check=True, timeout=60)


_SPAWNED = """
import multiprocessing
from atrisys.imaging import worker

def job(answers):
    answers.put(worker.call("operator:add", 20, 22))

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=job, args=(answers,))
    process.start()
    assert answers.get(timeout=50) == 42
    process.join(20)
    assert process.exitcode == 0
"""


def test_a_job_process_uses_workers_of_its_own(tmp_path: Path):
    script = tmp_path / "job.py"
    script.write_text(_SPAWNED)
    subprocess.run([sys.executable, str(script)], check=True, timeout=60)
