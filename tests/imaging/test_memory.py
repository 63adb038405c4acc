import os
import platform
import subprocess
import sys

import pytest

FREED_AND_TAKEN = """
import resource
import numpy as np
from atrisys.imaging.memory import keep_for_pictures
print(keep_for_pictures())
taken = 0
for _ in range(50):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    bands = [np.ones(1 << 20, np.uint8) for _ in range(9)]
    taken += resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    del bands
print(taken * resource.getpagesize())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc alone is told how to keep memory")
def test_the_memory_of_bands_is_kept_for_the_next():
    """In a process of its own: what is told holds for all of it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-c", FREED_AND_TAKEN], capture_output=True, text=True, check=True, env=environment
    )
    told, taken = done.stdout.split()
    assert told == "True"
    assert int(taken) < 5 * 9 * (1 << 20)
