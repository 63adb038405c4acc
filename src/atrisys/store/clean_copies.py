"""Clean copies of slides that were made, in a folder that has a limit: those that were asked for longest ago go."""

import contextlib
import os
import time
from pathlib import Path

from atrisys.errors import Busy, TooLarge
from atrisys.store import disk
from atrisys.store.files import DataFolder

FETCHED_S = 600
"""Whoever asked for a copy may still be fetching it for so long; then it may go."""
WAIT_S = 120


def make_room(folder: DataFolder, limit: int, needed: int) -> None:
    """Before one is made, and with 0 after it: the oldest go until it fits.

    Two that are made at once may pass the limit until the second is done.

    Args:
        limit: bytes for all of them.
        needed: bytes that are to be written.

    Raises:
        TooLarge: it would not fit if it were the only one.
        Busy: all that lies there is being fetched.
        DiskRefuses: the disk has no room for it.
    """
    if needed > limit:
        raise TooLarge(
            "A clean copy of this slide would need {size} bytes, and {limit} are allowed for all of them "
            "(ATRISYS_CLEAN_COPIES_GB).",
            size=needed,
            limit=limit,
        )
    there = sorted(_copies(folder.clean))
    used = sum(size for _, size, _ in there)
    for asked_at, size, path in there:
        if used + needed <= limit:
            break
        if time.time() - asked_at > FETCHED_S:
            disk.remove(path)
            used -= size
    if used + needed > limit and needed:
        raise Busy("Many clean copies are being fetched right now. Try again in {wait_s} s.", wait_s=WAIT_S)
    if needed:
        disk.require_room(folder.clean, needed)


def _copies(folder: Path) -> list[tuple[float, int, Path]]:
    """When each was asked for last, and its bytes on the disk."""
    found: list[tuple[float, int, Path]] = []
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            parts = [part.lstat() for part in (path, *path.rglob("*"))]
            found.append((os.stat(path).st_mtime, sum(part.st_blocks * 512 for part in parts), path))
    return found
