"""What a worker found when it opened a slide, kept on the disk: the next process hands on its tiles without a worker.

To start one takes as long as reading a hundred tiles, and each holds some 20 MB.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from atrisys import __version__
from atrisys.imaging import messages

FOUND_AS = 1
"""Another number whenever a reader may find something else in the same file."""


class Kept(Protocol):
    """Where it is kept: by the name of the slide's file, and a name of its own. What is kept may be gone any time."""

    def read_file(self, slide: str, name: str) -> bytes | None: ...

    def keep_file(self, slide: str, name: str, content: bytes) -> None: ...


_kept: Kept | None = None


def keep_opened_in(kept: Kept | None) -> None:
    """This process's (the application says so once); None: each process asks anew."""
    global _kept
    _kept = kept


def what_opening_found(
    slide: Path, entry: Path, format: str, kept_as: str, open_it: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """What `inspect_slide.open_slide` gives, from an earlier time if the file has not changed since.

    Args:
        slide: the file or folder.
        entry: its entry file.
        format: `SlideFacts.format`.
        kept_as: goes with the slide of this name.
        open_it: asks a worker.
    """
    kept, name = _kept, _name(slide, entry, format)
    if kept is None or name is None:
        return open_it()
    known = kept.read_file(kept_as, name)
    if known is not None:
        try:
            return messages.unpack(_reading(known))
        except (messages.Garbled, EOFError):
            pass
    found = open_it()
    # For tiles that are not handed on a worker is needed anyway.
    if any(table["plain_jpeg"] for table in found["tables"] or ()) and _name(slide, entry, format) == name:
        kept.keep_file(kept_as, name, b"".join(messages.pack(found)))
    return found


def _name(slide: Path, entry: Path, format: str) -> str | None:
    """Another one whenever another thing may be found; None where there is no such file."""
    try:
        stats = [path.stat() for path in (slide, entry)]
    except OSError:
        return None
    said = [__version__, FOUND_AS, entry, format, *((stat.st_mtime_ns, stat.st_size) for stat in stats)]
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
