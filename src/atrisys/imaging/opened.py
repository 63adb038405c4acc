"""What a worker found when it opened a slide, kept on the disk: the next process hands on its tiles without a worker.

Starting one takes a tenth of a second, and each holds some 20 MB. Only slides of one file are kept: what lies beside an
entry file may change without it.
"""

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from atrisys import __version__
from atrisys.imaging import messages

log = logging.getLogger(__name__)

FOUND_AS = 1
"""Another number whenever a reader may find something else in the same file."""

Found = dict[str, Any]
Opened = TypeVar("Opened")


class Kept(Protocol):
    """Where it is kept: by the name of the slide's file, and a name of its own. What is kept may be gone any time."""

    def read_file(self, slide: str, name: str) -> bytes | None: ...

    def keep_file(self, slide: str, name: str, content: bytes) -> None: ...


_kept: Kept | None = None


def keep_opened_in(kept: Kept | None) -> None:
    """This process's (the application says so once); None: each process asks anew."""
    global _kept
    _kept = kept


def open_once(
    entry: Path,
    format: str,
    kept_as: str,
    ask: Callable[[], Found],
    make: Callable[[Found], Opened],
    kept: Kept | None = None,
) -> Opened:
    """What `make` makes of what `inspect_slide.open_slide` gives: from an earlier time if the file is the same.

    Args:
        entry: the slide's only file.
        format: `SlideFacts.format`.
        kept_as: goes with the slide of this name.
        ask: a worker.
        make: may raise whatever it likes where what was kept does not fit.
        kept: where; None: where this process keeps it (`keep_opened_in`), if anywhere.
    """
    kept, name = kept or _kept, _name(entry, format)
    if kept is None or name is None:
        return make(ask())
    known = kept.read_file(kept_as, name)
    if known is not None:
        try:
            return make(messages.unpack(_reading(known)))
        except Exception:
            log.debug("what was kept of a slide does not fit", exc_info=True)
    found = ask()
    # For tiles that are not handed on a worker is needed anyway.
    if any(table["plain_jpeg"] for table in found["tables"] or ()) and _name(entry, format) == name:
        kept.keep_file(kept_as, name, b"".join(messages.pack(_without_words(found))))
    return make(found)


def _without_words(found: Found) -> Found:
    """What the file says of itself may name somebody, and no tile needs it."""
    return {**found, "facts": {**found["facts"], "metadata": {}}}


def _name(entry: Path, format: str) -> str | None:
    """Another one whenever another thing may be found; None where there is no such file."""
    try:
        stat = entry.stat()
    except OSError:
        return None
    said = [__version__, FOUND_AS, str(entry), format]
    said += [stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_dev, stat.st_ino]
    return f"opened-{hashlib.sha256(repr(said).encode()).hexdigest()[:32]}"


def _reading(content: bytes) -> Callable[[int], bytearray]:
    rest = memoryview(content)

    def read_exactly(length: int) -> bytearray:
        nonlocal rest
        if length > len(rest):
            raise EOFError
        part, rest = bytearray(rest[:length]), rest[length:]
        return part

    return read_exactly
