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
