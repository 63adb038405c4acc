"""Files that are there whole or not at all."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

Target = Path | BinaryIO
"""Where a file goes: a path, or a file open for writing."""


@contextmanager
def open_whole(target: Target) -> Iterator[BinaryIO]:
    """Open a target so that a path holds either what it held before or the whole new file, never half of it.

    Args:
        target: a path, or an open file, which is used as it is and left open.

    Returns:
        The file to write to: beside the path under a name of its own, renamed when all is written, removed on failure.
    """
    if not isinstance(target, Path):
        yield target
        return
    half = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with half.open("w+b") as file:
            yield file
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)
