"""Where a slide's bytes come from (`reader.ByteSource`), for files."""

import io
import os
from pathlib import Path

from atrisys.errors import PictureMissing
from atrisys.imaging.reader import ByteSource

_NO_WAIT: int | None = getattr(os, "RWF_NOWAIT", None)


class FileSource:
    """Bytes of a file on this machine or on a share that is mounted here.

    Reads leave no trace in the open file (`pread`), so that threads may share one. It closes itself when nobody holds
    it any longer; `close()` is for those who want it sooner, and who know that nobody is reading.
    """

    def __init__(self, path: Path | str) -> None:
        self.name = str(path)
        self._file: int | None = None
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            self.size = os.fstat(self._file).st_size
        except OSError as reason:
            self.close()
            raise PictureMissing(
                "{name} cannot be opened ({reason})", name=Path(path).name, reason=reason.strerror or str(reason)
            ) from reason

    def read(self, offset: int, length: int) -> bytes:
        """Read one range.

        Args:
            offset, length: bytes, counted from the file's start.

        Returns:
            Exactly `length` bytes, fewer only where the file ends.

        Raises:
            PictureMissing: the source is closed.
        """
        if self._file is None:
            raise PictureMissing("{name} is closed", name=Path(self.name).name)
        first = os.pread(self._file, length, offset)
        if len(first) == length or not first:
            return first
        parts, got = [first], len(first)
        while got < length and (part := os.pread(self._file, length - got, offset + got)):
            parts.append(part)
            got += len(part)
        return b"".join(parts)

    def read_at_once(self, offset: int, length: int) -> bytes | None:
        """Read one range if that takes no time: for the event loop, which must never wait for a disk.

        Args:
            offset, length: bytes, counted from the file's start.

        Returns:
            Exactly `length` bytes; None where the system does not have them all in memory, or cannot say (network
            shares, systems other than Linux).
        """
        if self._file is None or _NO_WAIT is None:
            return None
        into = bytearray(length)
        try:
            got = os.preadv(self._file, [into], offset, _NO_WAIT)
        except (OSError, OverflowError):
            return None
        return bytes(into) if got == length else None

    def close(self) -> None:
        """Give the file back; a second time does nothing."""
        opened, self._file = self._file, None
        if opened is not None:
            os.close(opened)

    def __del__(self) -> None:
        self.close()


class SourceFile(io.RawIOBase):
    """A byte source in the shape of a binary file, for libraries that want one."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._at = 0
        self.name = source.name

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._source.size}[whence]
        if base + offset < 0:
            raise OSError("seek before the start")
        self._at = base + offset
        return self._at

    def readinto(self, buffer) -> int:  # type: ignore[override]
        view = memoryview(buffer).cast("B")
        part = self._source.read(self._at, len(view))
        view[: len(part)] = part
        self._at += len(part)
        return len(part)
