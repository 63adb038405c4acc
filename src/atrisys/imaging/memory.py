"""How this process keeps the memory that pictures are made in, where the system's C library is told how."""

import ctypes
import logging
import os

log = logging.getLogger(__name__)

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Of glibc's mallopt. Source: malloc.h."""
KEPT_BYTES = 16 << 20
"""So much that is free each of the pools keeps for what comes next."""
OWN_BYTES = 4 << 20
"""What is larger is taken from the system and given back at once."""
POOLS = min(4, os.cpu_count() or 1)


def keep_for_pictures() -> bool:
    """Keep the memory of a picture's bands for the next one, in a few pools that all threads share.

    Left to itself glibc gives each thread a pool of its own, so that a server keeps more the more threads it has; and
    gives small bands back to the system after each picture, which costs a tenth of a crop's time to take again.

    Returns:
        Whether it was told: other C libraries have no such words.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        log.debug("this C library keeps memory as it likes")
        return False
    said = ((_TRIM_THRESHOLD, KEPT_BYTES), (_MMAP_THRESHOLD, OWN_BYTES), (_ARENA_MAX, POOLS))
    return all(mallopt(what, value) == 1 for what, value in said)
