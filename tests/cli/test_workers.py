import signal
import subprocess
import sys

import pytest

ENDED_AT_ONCE = """
import os, signal, sys, time
from uvicorn import Config
from atrisys.cli.workers import Worker

class Waiting(Worker):
    def target(self, sockets=None):
        time.sleep(30)

heard = []
signal.signal(signal.SIGTERM, lambda *given: heard.append(given))
for turn in range(20):
    worker = Waiting(Config("none:none"), [])
    worker.start()
    os.kill(worker.pid, signal.SIGTERM)
    worker.process.join(10)
    print(worker.exitcode)
os.kill(os.getpid(), signal.SIGTERM)
print(len(heard))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is copied")
def test_a_signal_to_a_worker_that_has_just_been_copied_ends_it():
    done = subprocess.run([sys.executable, "-c", ENDED_AT_ONCE], capture_output=True, text=True, timeout=400)
    assert done.stdout.split() == [str(-signal.SIGTERM)] * 20 + ["1"], done.stderr


COUNTED_TOGETHER = """
import os, signal, sys, time
from uvicorn import Config
from atrisys.cli import workers
from atrisys.imaging.ahead import IN_HAND

class Making(workers.Worker):
    def target(self, sockets=None):
        with IN_HAND:
            while IN_HAND.total() < 2:
                time.sleep(0.01)
            print("two", flush=True)
            signal.signal(signal.SIGTERM, lambda *_: sys.exit())
            time.sleep(30)

workers.Worker = Making
all_of_them = workers.Workers(3)
pictures = all_of_them._boards.pictures

def one_more():
    worker = all_of_them.new_one(Config("none:none"), [])
    left = pictures.total()
    worker.start()
    return worker, left

def end(worker):
    worker.process.kill()
    worker.process.join(10)

(first, _), (second, _) = one_more(), one_more()
while pictures.total() < 2:
    time.sleep(0.01)
time.sleep(0.5)
end(first)
third, left = one_more()
print(left, flush=True)
while pictures.total() < 2:
    time.sleep(0.01)
time.sleep(0.5)
end(second)
third.process.terminate()
third.process.join(10)
print(pictures.total())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is copied")
def test_workers_count_the_pictures_of_all_and_one_that_is_killed_leaves_none_behind():
    done = subprocess.run([sys.executable, "-c", COUNTED_TOGETHER], capture_output=True, text=True, timeout=100)
    assert done.stdout.split() == ["two", "two", "1", "two", "1"], done.stderr
