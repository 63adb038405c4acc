"""The data folder: where everything that is kept lies."""

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import stat
import time
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import BinaryIO, NamedTuple

from atrisys.errors import Misconfigured, PictureMissing, TooLarge

PIECE = 1 << 20
LONGEST_SHOWN = 255
BY_UPLOAD_LIMIT = "ATRISYS_MAX_UPLOAD_GB"
"""The setting that limits slides."""
INCOMING = ".incoming"
"""Below `files/`, since a file can be moved at once only within one disk."""
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


class Received(NamedTuple):
    """A file or folder below `files/` whose bytes are all there."""

    name: str
    size: int
    sha256: str
    """Of a folder: of its files' names and hashes."""


class DataFolder:
    """`atrisys.sqlite`, `secret`, `files/` (slides, under our own names), `clean/`, `results/` (of jobs), `tmp/`."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.database = self.root / "atrisys.sqlite"
        self.files = self.root / "files"
        self.results = self.root / "results"
        self.clean = self.root / "clean"
        """Clean copies of slides: each can be made again."""
        self.tmp = self.root / "tmp"
        self.backups = self.root / "backups"
        self.secret_file = self.root / "secret"

    def prepare(self) -> None:
        """Make what is missing. Raises Misconfigured where that cannot be."""
        try:
            for folder in (self.root, self.files, self.clean, self.results, self.tmp, self.backups):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Misconfigured(
                "The data folder {folder} cannot be made: {reason}. Give another with --data or ATRISYS_DATA.",
                folder=str(self.root),
                reason=error.strerror,
            ) from error

    def shield_database(self) -> None:
        """Nobody else on this machine reads `atrisys.sqlite`, whatever its folder lets them; SQLite makes it for all.

        What SQLite puts beside it has the same rights.
        """
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.database, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        for file in self.root.glob(f"{self.database.name}*"):
            mode = stat.S_IMODE(file.stat().st_mode)
            if mode & 0o007:
                # Somebody else's file is theirs to mend; a group may have been let in on purpose.
                with contextlib.suppress(PermissionError):
                    file.chmod(mode & ~0o007)

    def secret(self) -> bytes:
        """The installation's own 32 bytes: made at the first call, readable by the owner alone."""
        if not self.secret_file.exists():
            self._make_secret()
        if stat.S_IMODE(self.secret_file.stat().st_mode) & 0o077:
            raise Misconfigured(
                "{file} can be read by others than its owner. Mend it with: chmod 600 {file}",
                file=str(self.secret_file),
            )
        return self.secret_file.read_bytes()

    def _make_secret(self) -> None:
        self.prepare()
        fresh = self.root / f".secret-{secrets.token_hex(8)}"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        # A link fails when the name is taken: of two processes that start at once, one secret wins.
        with contextlib.suppress(FileExistsError):
            os.link(fresh, self.secret_file)
        fresh.unlink()

    def path_of(self, name: str) -> Path:
        """Where a kept file lies. `name` is one that `receive`, `keep` or `keep_tree` made.

        Raises PictureMissing for a record without bytes (an empty name).
        """
        if not name:
            raise PictureMissing("There is no file behind this record.")
        root = self.files.resolve()
        path = (root / name).resolve()
        if path == root or not path.is_relative_to(root):
            raise ValueError(f"not a kept file: {name!r}")
        return path

    def new_name(self, ext: str = "") -> str:
        """A fresh name below `files/`; the extension is kept only where it is plain (some readers look at it)."""
        token = secrets.token_hex(16)
        plain = ext.lower() if ext.isalnum() and ext.isascii() and len(ext) <= 8 else ""
        return f"{token[:2]}/{token}{'.' + plain if plain else ''}"

    def incoming(self, ext: str, limit: int, allowed_by: str = BY_UPLOAD_LIMIT) -> "Incoming":
        """A file that bytes are being written to; it is nobody's until it is settled.

        `allowed_by`: the setting that sets the limit.
        """
        return Incoming(self, _incoming_name(self.new_name(ext)), limit, allowed_by)

    def receive(self, stream: BinaryIO, ext: str, limit: int) -> "Received":
        """Take in a stream. Raises TooLarge, leaving nothing."""
        incoming = self.incoming(ext, limit)
        try:
            while piece := stream.read(PIECE):
                incoming.write(piece)
            return incoming.finish()
        except BaseException:
            incoming.discard()
            raise

    def receive_file(self, source: Path, ext: str, limit: int, *, move: bool = False) -> "Received":
        """Take in a file: copied, or moved where it is ours already. Raises TooLarge, leaving nothing."""
        if not move:
            with source.open("rb") as stream:
                return self.receive(stream, ext, limit)
        _require_size(source.stat().st_size, limit)
        name = _incoming_name(self.new_name(ext))
        (self.files / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _move(source, self.files / name)._replace(name=name)

    def receive_tree(self, folder: Path, only: Iterable[Path] | None = None, *, move: bool = False) -> "Received":
        """Take in a folder that is one slide (DICOM, MRXS), or those files of it. Links are not followed."""
        name = _incoming_name(self.new_name())
        target, digest, size = self.files / name, hashlib.sha256(), 0
        sources = folder.rglob("*") if only is None else only
        try:
            for source in sorted(sources):
                if source.is_symlink() or not source.is_file():
                    continue
                relative = source.relative_to(folder)
                copy = target / relative
                copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                part = _move(source, copy) if move else _copy(source, copy)
                digest.update(f"{relative.as_posix()}\0{part.sha256}\n".encode())
                size += part.size
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise
        return Received(name, size, digest.hexdigest())

    def in_a_folder(self, received: "Received", file_name: str) -> "Received":
        """The same bytes alone in a folder: some readers take all files beside one for parts of the same slide.

        The file itself stays where it is.
        """
        name = _incoming_name(self.new_name())
        target = self.files / name / file_name
        target.parent.mkdir(mode=0o700, parents=True)
        try:
            os.link(self.path_of(received.name), target)
        except OSError:
            _copy(self.path_of(received.name), target)
        return received._replace(name=name)

    def settled_name(self, name: str) -> str:
        """What `settle` makes of a received file's name."""
        return name.removeprefix(INCOMING + "/")

    def settle(self, name: str) -> str:
        """Give a received file its lasting place; says its name there. It happens at once or not at all."""
        lasting = self.settled_name(name)
        source, target = self.files / name, self.files / lasting
        if source != target:
            target.parent.mkdir(mode=0o700, exist_ok=True)
            source.rename(target)
            for folder in (target.parent, source.parent):
                _flush_folder(folder)
        return lasting

    def keep(self, stream: BinaryIO, ext: str, limit: int) -> "Received":
        """Store a stream under a made-up name. Raises TooLarge, leaving nothing."""
        received = self.receive(stream, ext, limit)
        return received._replace(name=self.settle(received.name))

    def keep_tree(self, folder: Path) -> "Received":
        """Store a folder that is one slide (DICOM, MRXS)."""
        received = self.receive_tree(folder)
        return received._replace(name=self.settle(received.name))

    def result_folder(self, job_id: int) -> Path:
        """Where a job puts what people may download."""
        return self.results / str(job_id)

    def scratch_of_run(self, token: str) -> Path:
        """The `tmp` of one run of a job (store/queue.py Claim)."""
        return self.tmp / f"job-{token.replace('/', '-')}"

    def sweep(self, older_than_s: float) -> int:
        """Remove what processes that died have left in `tmp/` and among the incoming files. Says how many.

        Clean copies that nobody has asked for since go as well.
        """
        limit, done = time.time() - older_than_s, 0
        for left in (*self.tmp.glob("*"), *self.clean.glob("*"), *self.files.glob(f"{INCOMING}/*/*")):
            with contextlib.suppress(OSError):
                if _last_written(left) < limit:
                    _remove(left)
                    done += 1
        return done

    def drop(self, name: str) -> None:
        """Remove a kept file or folder; nothing happens when it is gone already."""
        _remove(self.path_of(name))

    def discard(self, name: str) -> None:
        """Remove a received file that was never settled; others are left alone."""
        if name.startswith(INCOMING + "/"):
            self.drop(name)

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for as long as the block lasts."""
        folder = self.tmp / secrets.token_hex(8)
        folder.mkdir(mode=0o700, parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


class Incoming:
    """Bytes on their way in: written piece by piece, hashed as they come."""

    def __init__(self, folder: DataFolder, name: str, limit: int, allowed_by: str) -> None:
        self.name, self.size = name, 0
        self._path, self._limit, self._allowed_by = folder.files / name, limit, allowed_by
        self._digest = hashlib.sha256()
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = self._path.open("xb")

    def write(self, piece: bytes) -> None:
        """Raises TooLarge beyond the limit, or where the disk is full."""
        self.size += len(piece)
        _require_size(self.size, self._limit, self._allowed_by)
        self._digest.update(piece)
        with disk_full_said():
            self._file.write(piece)

    def finish(self) -> Received:
        """All bytes are there and on the disk."""
        with disk_full_said():
            self._file.flush()
            os.fsync(self._file.fileno())
        self._file.close()
        return Received(self.name, self.size, self._digest.hexdigest())

    def discard(self) -> None:
        """Leave nothing behind; nothing happens once it was settled."""
        with contextlib.suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)


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


def plain_name(text: str, otherwise: str = "slide") -> str:
    """A file's name as people may be shown it: the last part of a path, without signs that control or deceive."""
    last = text.replace("\\", "/").rstrip("/").rpartition("/")[2]
    kept = "".join(sign for sign in last if unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
    kept = kept.strip(" .") if set(kept) <= {".", " "} else kept.strip()
    suffix = PurePath(kept).suffix if len(PurePath(kept).suffix) < 20 else ""
    if len(kept) > LONGEST_SHOWN:
        kept = kept[: LONGEST_SHOWN - len(suffix)] + suffix
    return kept or otherwise


def _incoming_name(name: str) -> str:
    return f"{INCOMING}/{name}"


def _require_size(size: int, limit: int, allowed_by: str = BY_UPLOAD_LIMIT) -> None:
    if size > limit:
        raise TooLarge(
            "The file is larger than the {limit} bytes that {setting} allows.", limit=limit, setting=allowed_by
        )


def _copy(source: Path, target: Path) -> Received:
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as read, target.open("xb") as write, disk_full_said():
        while piece := read.read(PIECE):
            digest.update(piece)
            write.write(piece)
            size += len(piece)
        write.flush()
        os.fsync(write.fileno())
    return Received(target.name, size, digest.hexdigest())


def _move(source: Path, target: Path) -> Received:
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as read:
        while piece := read.read(PIECE):
            digest.update(piece)
            size += len(piece)
        os.fsync(read.fileno())
    try:
        source.rename(target)
    except OSError:
        # Another disk.
        return _copy(source, target)
    return Received(target.name, size, digest.hexdigest())


@contextlib.contextmanager
def disk_full_said() -> Iterator[None]:
    """A full disk is said in words (TooLarge)."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise TooLarge("The server's disk has no room for this file. Tell its administrator.") from error
        raise


def _last_written(path: Path) -> float:
    """When a file, or anything in a folder, was written last: the folder of long work is itself as old as the work."""
    return max(part.lstat().st_mtime for part in (path, *path.rglob("*")))


def _flush_folder(folder: Path) -> None:
    """The new name itself goes to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
