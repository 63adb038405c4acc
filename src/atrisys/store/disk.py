"""Disks as they are: full, read-only, a share that is away, without second names for a file."""

import contextlib
import errno
import filecmp
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import BinaryIO

from atrisys.errors import DiskRefuses, Invalid, Misconfigured

PIECE = 1 << 18
"""What is read at once. A gigabyte was read, hashed and written in 1.41 s with it, and in 2.11 s in pieces of 1 MB."""
BEHIND_BYTES = 1 << 24
"""So much is written before it is sent on to the disk, beside the writing: a gigabyte was read, hashed and brought to
it in 1.28 s, as long as it takes to copy it, and in 1.73 s where all went to the disk at the end."""
_bring_to_disk = getattr(os, "fdatasync", os.fsync)
"""What was written, and as much of its record as is needed to find it; where a system knows no such thing, all."""
FREE_BYTES = 1 << 30
"""What long work leaves on the disk for others."""
MOUNTS = Path("/proc/mounts")
NETWORK_FILE_SYSTEMS = {
    "nfs",
    "nfs4",
    "cifs",
    "smb",
    "smb2",
    "smb3",
    "smbfs",
    "9p",
    "afs",
    "ceph",
    "fuse.sshfs",
    "glusterfs",
}
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
REFUSES = (errno.EROFS, errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN, errno.ETIMEDOUT, errno.ENODEV)

Tell = Callable[[int], None]
"""Is told how many bytes are done."""


def tell_nobody(_done: int) -> None:
    pass


@contextlib.contextmanager
def disk_trouble_said() -> Iterator[None]:
    """What is the data folder's own disk's fault is said in words (DiskRefuses); around writing alone."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskRefuses("The server's disk has no room for this file. Tell its administrator.") from error
        if error.errno in REFUSES:
            raise DiskRefuses(
                "The server's disk cannot be written now ({reason}). Tell its administrator.",
                reason=os.strerror(error.errno),
            ) from error
        raise


def make_writable(folder: Path) -> None:
    """Make a folder that somebody named, where it is missing. Raises Invalid where nothing can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Invalid(
            "The folder {folder} cannot be written to: {reason}. Name another.",
            folder=str(folder),
            reason=error.strerror or str(error),
        ) from error


class FlushedFile:
    """A new file that goes to the disk while it is written, so that little is left to wait for at its end.

    Raises DiskRefuses where the disk takes no more. Whoever makes one closes it.
    """

    def __init__(self, path: Path) -> None:
        with disk_trouble_said():
            self._file = path.open("xb")
        self._behind = 0
        self._flushing: Future[None] | None = None

    def write(self, piece: bytes) -> None:
        with disk_trouble_said():
            self._file.write(piece)
            self._behind += len(piece)
            if self._behind >= BEHIND_BYTES and (self._flushing is None or self._flushing.done()):
                self._flush_on()

    def finish(self) -> None:
        """All of it is on the disk."""
        with disk_trouble_said():
            if self._flushing:
                self._flushing.result()
            self._file.flush()
            os.fsync(self._file.fileno())
        self.close()

    def close(self) -> None:
        """Nothing happens after `finish`; else what is lacking on the disk goes on lacking."""
        if self._flushing:
            # Its number must not be another file's before that.
            wait([self._flushing])
        with contextlib.suppress(OSError):
            self._file.close()

    def _flush_on(self) -> None:
        if self._flushing:
            # What went wrong is told once.
            self._flushing.result()
        self._file.flush()
        # A thread of its own that ends with it: who sends nothing more keeps none.
        thread = ThreadPoolExecutor(1, thread_name_prefix="to disk")
        self._flushing, self._behind = thread.submit(_bring_to_disk, self._file.fileno()), 0
        thread.shutdown(wait=False)


def require_writable(folder: Path) -> None:
    """Raises DiskRefuses where the disk takes nothing (any longer)."""
    with disk_trouble_said(), tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"?")
        file.flush()
        os.fsync(file.fileno())


def room_in(folder: Path) -> int:
    """Bytes that long work may write there. Raises DiskRefuses where there are none."""
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize - FREE_BYTES
    if free <= 0:
        raise _no_room()
    return free


def require_room(folder: Path, needed: int) -> None:
    """Raises DiskRefuses where long work cannot write so many bytes."""
    if needed > room_in(folder):
        raise _no_room()


def _no_room() -> DiskRefuses:
    return DiskRefuses("The server's disk has no room for this file. Tell its administrator.")


def pour(source: BinaryIO, write: Callable[[bytes], object], tell: Tell = tell_nobody) -> tuple[int, str]:
    """All that a stream holds, piece by piece; says its size and SHA-256."""
    digest, size = hashlib.sha256(), 0
    while piece := source.read(PIECE):
        digest.update(piece)
        write(piece)
        size += len(piece)
        tell(size)
    return size, digest.hexdigest()


def copy(source: Path, target: Path) -> tuple[int, str]:
    """Copy a file, through to the disk; says its size and SHA-256."""
    with source.open("rb") as read, contextlib.closing(FlushedFile(target)) as written:
        told = pour(read, written.write)
        written.finish()
    return told


def move(source: Path, target: Path) -> tuple[int, str]:
    """Move a file of ours, through to the disk; says its size and SHA-256."""
    with source.open("rb") as read:
        told = pour(read, len)
        with disk_trouble_said():
            os.fsync(read.fileno())
    try:
        source.rename(target)
    except OSError:
        # Another disk.
        return copy(source, target)
    return told


def digest_of(path: Path) -> tuple[int, str]:
    """A file's size and SHA-256."""
    with path.open("rb") as read:
        return pour(read, len)


def become_one(kept: Path, other: Path) -> bool:
    """Make `other`, a file or folder of the same content, a second name of what is kept: stored once.

    False: they differ, or this disk knows no second names. Each file is there at any moment.
    """
    try:
        if not hold_the_same(kept, other):
            return False
        for old, new in _pairs(kept, other):
            if old.samefile(new):
                continue
            spare = new.with_name(f"{new.name}.same")
            os.link(old, spare)
            spare.replace(new)
    except OSError:
        return False
    return True


def hold_the_same(kept: Path, other: Path) -> bool:
    """Whether all that is in `other`, a file or folder, is in the other one as well, byte by byte. Raises OSError."""
    return all(old.samefile(new) or filecmp.cmp(old, new, shallow=False) for old, new in _pairs(kept, other))


def _pairs(kept: Path, other: Path) -> list[tuple[Path, Path]]:
    if not other.is_dir():
        return [(kept, other)]
    return [(kept / path.relative_to(other), path) for path in sorted(other.rglob("*")) if path.is_file()]


def last_written(path: Path) -> float:
    """When a file, or anything in a folder, was written last: the folder of long work is itself as old as the work."""
    return max(part.lstat().st_mtime for part in (path, *path.rglob("*")))


def flush_folder(folder: Path) -> None:
    """The new name itself goes to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(path: Path) -> None:
    """A file, or a folder with all that is in it; nothing happens when it is gone already."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def network_share_of(folder: Path) -> str | None:
    """The kind of network file system that `folder` (links followed) lies on, None on a disk of this machine."""
    try:
        mounts = MOUNTS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    place, best, kind = f"{folder.resolve()}/", "", None
    for line in mounts:
        _, point, file_system, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        if place.startswith(point.rstrip("/") + "/") and len(point) >= len(best):
            best, kind = point, file_system
    return kind if kind in NETWORK_FILE_SYSTEMS else None


def refuse_network_share(url: str, folder: Path) -> None:
    """SQLite's locks do not hold on network shares: raises Misconfigured there."""
    share = network_share_of(folder)
    if not url and share:
        raise Misconfigured(
            "The data folder {folder} lies on a network share ({share}), where SQLite loses data. Put it on a disk of "
            "this machine, or use PostgreSQL (ATRISYS_DATABASE_URL) and keep only the files there.",
            folder=str(folder),
            share=share,
        )
