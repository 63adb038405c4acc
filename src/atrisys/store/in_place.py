"""Slides that are read where they lie, on a laboratory's share: never copied, never changed, never removed by us.

What is kept of them is how their files were when they came: `{"path": …, "files": [[path, bytes, nanoseconds], …]}`.
A file that is another since is noticed before and after it is read, and never passed off as the one that came.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from pathlib import Path
from typing import Any

from atrisys.errors import SlideAway, SlideChanged
from atrisys.store.files import DataFolder

InPlace = dict[str, Any]

PATIENCE_S = 5.0
"""A share that does not answer for so long is away: the system itself would wait for ever."""
WELL, AWAY, CHANGED = "well", "away", "changed"

_lookers = ThreadPoolExecutor(8, thread_name_prefix="shares")
_waiting: dict[str, "Future[InPlace]"] = {}
"""By folder: looks at a share that has not answered yet. Nobody else waits for it as well."""


def look(files: Iterable[Path]) -> InPlace:
    """How the files of one slide are now, its entry file first. Raises OSError."""
    seen = [(os.path.abspath(file), file.stat()) for file in files]
    return {"path": seen[0][0], "files": [[path, stat.st_size, stat.st_mtime_ns] for path, stat in seen]}


def stamp_of(place: InPlace) -> str:
    """Another one for other files, or for the same when they have changed."""
    return hashlib.sha256(json.dumps(place["files"]).encode()).hexdigest()


def size_of(place: InPlace) -> int:
    return sum(size for _, size, _ in place["files"])


def require_as_it_was(place: InPlace) -> None:
    """
    Raises:
        SlideAway: it cannot be reached now.
        SlideChanged: it is no longer what it was.
    """
    if _look_in_time(place) != place:
        raise SlideChanged(
            "The file of this slide, which is read where it lies, has changed since it came. Import it anew."
        )


def state_of(place: InPlace) -> str:
    """WELL, AWAY or CHANGED."""
    try:
        require_as_it_was(place)
    except SlideAway:
        return AWAY
    except SlideChanged:
        return CHANGED
    return WELL


def path_of(folder: DataFolder, filename: str, place: InPlace | None) -> Path:
    """Where an uploaded file lies: ours, or in its place.

    Raises:
        PictureMissing: it never had bytes.
        SlideAway, SlideChanged: as `require_as_it_was`.
    """
    if place is None:
        return folder.path_of(filename)
    require_as_it_was(place)
    return Path(place["path"])


def _look_in_time(place: InPlace) -> InPlace:
    home = os.path.dirname(place["path"])
    stuck = _waiting.get(home)
    if stuck is not None and not stuck.done():
        raise _away("it does not answer")
    future = _waiting[home] = _lookers.submit(look, [Path(path) for path, *_ in place["files"]])
    try:
        return future.result(PATIENCE_S)
    except TooSlow as slow:
        raise _away("it does not answer") from slow
    except OSError as error:
        raise _away(error.strerror or str(error)) from error
    finally:
        if future.done():
            _waiting.pop(home, None)


def _away(reason: str) -> SlideAway:
    return SlideAway(
        "This slide is read where it lies, and cannot be reached there now ({reason}). It is back when its disk or "
        "share is.",
        reason=reason,
    )
