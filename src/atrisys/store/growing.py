"""Files that grow piece by piece, over days perhaps, until they are whole: below `files/.uploads/`."""

import contextlib
import fcntl
import os
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from atrisys.errors import BeingWritten, PictureMissing
from atrisys.store import disk
from atrisys.store.disk import disk_trouble_said
from atrisys.store.files import INCOMING, DataFolder, Received

UPLOADS = ".uploads"
CHECKSUMS = ("sha1", "sha256", "sha512", "md5")


@dataclass(frozen=True)
class Checksum:
    """What a piece must come to."""

    algorithm: str
    """One of CHECKSUMS."""
    digest: bytes


class Growing:
    """One such file, open and locked: nobody else writes to it, in this process or another.

    The lock ends with the process that holds it, however that ends.
    """

    def __init__(self, folder: DataFolder, name: str) -> None:
        """Raises BeingWritten where somebody else has it open."""
        self._folder, self._name = folder, name
        self._path = folder.files / UPLOADS / name
        with disk_trouble_said():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._lock()
        except BaseException:
            self.close()
            raise

    @classmethod
    @contextlib.contextmanager
    def held(cls, folder: DataFolder, name: str) -> Iterator["Growing"]:
        """For who wants to remove it. Its bytes may have a second name, and be a slide by that: none is cut off."""
        file = cls(folder, name)
        try:
            yield file
        finally:
            file.close()

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise BeingWritten("This upload is being written at this moment. Try again in a while.") from held

    def go_on_at(self, size: int) -> None:
        """Write behind so many bytes, which are known to be on the disk; what came after them is cut off.

        Only who knows it since the file is theirs may say so. Raises PictureMissing where it has fewer.
        """
        if os.fstat(self._file).st_size < size:
            raise PictureMissing("What had come of this upload is no longer there. Begin it anew.")
        self.cut(size)

    def write(self, piece: bytes) -> None:
        view = memoryview(piece)
        with disk_trouble_said():
            while view:
                view = view[os.write(self._file, view) :]

    def flush(self) -> None:
        """All that was written is on the disk."""
        with disk_trouble_said():
            os.fsync(self._file)

    def cut(self, size: int) -> None:
        """Let go of what lies beyond `size`."""
        with disk_trouble_said():
            os.ftruncate(self._file, size)
            os.lseek(self._file, size, os.SEEK_SET)

    def received(self) -> Received:
        """The whole file as one that was received. It has two names then: `give_back` or `remove` ends one of them."""
        whole = Received(f"{INCOMING}/{self._name}", *disk.digest_of(self._path))
        target = self._folder.files / whole.name
        with disk_trouble_said():
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            try:
                os.link(self._path, target)
            except OSError:
                # A disk without second names for a file says so in one of many ways.
                self._path.rename(target)
        return whole

    def give_back(self, received: Received) -> None:
        """Nothing came of it: the file goes on growing, by the name that it still has.

        The other name may be one of somebody's kept bytes by now, which must never grow or be cut.
        """
        source = self._folder.files / received.name
        with disk_trouble_said():
            if self._path.exists():
                source.unlink(missing_ok=True)
            elif source.exists():
                source.replace(self._path)

    def remove(self) -> None:
        """It is nobody's any longer. What cannot go now, `sweep` removes."""
        with contextlib.suppress(OSError):
            self._path.unlink()

    def close(self) -> None:
        """Let others have it; a second time does nothing."""
        opened, self._file = self._file, -1
        if opened >= 0:
            os.close(opened)


def sweep(folder: DataFolder, known: Collection[str], older_than_s: float) -> None:
    """Remove growing files that belong to nobody (any longer) and were last written so long ago."""
    limit = time.time() - older_than_s
    for path in folder.files.glob(f"{UPLOADS}/*/*"):
        name = path.relative_to(folder.files / UPLOADS).as_posix()
        with contextlib.suppress(OSError):
            if name not in known and path.stat().st_mtime < limit:
                path.unlink()
