"""The data folder: where everything that is kept lies."""

import contextlib
import hashlib
import os
import secrets
import shutil
import stat
import time
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path, PurePath
from typing import BinaryIO, NamedTuple

from atrisys.errors import Misconfigured, PictureMissing, TooLarge
from atrisys.store import disk, kept_tiles
from atrisys.store.disk import PIECE, FlushedFile, Tell, disk_trouble_said, tell_nobody

LONGEST_SHOWN = 255
BY_UPLOAD_LIMIT = "ATRISYS_MAX_UPLOAD_GB"
"""The setting that limits slides."""
INCOMING = ".incoming"
"""Below `files/`, since a file can be moved at once only within one disk."""


class Received(NamedTuple):
    """A file or folder below `files/` whose bytes are all there."""

    name: str
    size: int
    sha256: str
    """Of a folder: of its files' names and hashes."""


@lru_cache(maxsize=4096)
def _place_of(files: Path, name: str) -> Path:
    """Looked up once: no name is ever another file's, and each step of a path asks the system."""
    root = files.resolve()
    path = (root / name).resolve()
    if path == root or not path.is_relative_to(root):
        raise ValueError(f"not a kept file: {name!r}")
    return path


class DataFolder:
    """`atrisys.sqlite`, `secret`, `files/` (slides, by our own names), `tiles/`, `levels/`, `clean/`, `results/`, …"""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.database = self.root / "atrisys.sqlite"
        self.files = self.root / "files"
        self.results = self.root / "results"
        self.tiles = self.root / "tiles"
        self.levels = self.root / "levels"
        """Small levels that huge slides' files lack, by the number of the uploaded file."""
        self.clean = self.root / "clean"
        """Clean copies of slides: each can be made again."""
        self.tmp = self.root / "tmp"
        self.backups = self.root / "backups"
        self.secret_file = self.root / "secret"

    def prepare(self) -> None:
        """Make what is missing. Raises Misconfigured where that cannot be."""
        try:
            for folder in (self.root, self.files, self.levels, self.clean, self.results, self.tmp, self.backups):
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
        return _place_of(self.files, name)

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

    def receive(self, stream: BinaryIO, ext: str, limit: int, tell: Tell = tell_nobody) -> "Received":
        """Take in a stream. Raises TooLarge, leaving nothing."""
        incoming = self.incoming(ext, limit)
        try:
            while piece := stream.read(PIECE):
                incoming.write(piece)
                tell(incoming.size)
            return incoming.finish()
        except BaseException:
            incoming.discard()
            raise

    def receive_file(
        self, source: Path, ext: str, limit: int, *, move: bool = False, tell: Tell = tell_nobody
    ) -> "Received":
        """Take in a file: copied, or moved where it is ours already. Raises TooLarge, leaving nothing."""
        if not move:
            with source.open("rb") as stream:
                return self.receive(stream, ext, limit, tell)
        _require_size(source.stat().st_size, limit)
        name = _incoming_name(self.new_name(ext))
        with disk_trouble_said():
            (self.files / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Received(name, *disk.move(source, self.files / name))

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
                with disk_trouble_said():
                    copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                part_size, part_sha256 = disk.move(source, copy) if move else disk.copy(source, copy)
                digest.update(f"{relative.as_posix()}\0{part_sha256}\n".encode())
                size += part_size
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
        with disk_trouble_said():
            target.parent.mkdir(mode=0o700, parents=True)
        try:
            os.link(self.path_of(received.name), target)
        except OSError:
            disk.copy(self.path_of(received.name), target)
        return received._replace(name=name)

    def settled_name(self, name: str) -> str:
        """What `settle` makes of a received file's name."""
        return name.removeprefix(INCOMING + "/")

    def settle(self, name: str) -> str:
        """Give a received file its lasting place; says its name there. It happens at once or not at all."""
        lasting = self.settled_name(name)
        source, target = self.files / name, self.files / lasting
        if source != target:
            with disk_trouble_said():
                target.parent.mkdir(mode=0o700, exist_ok=True)
                source.rename(target)
                for folder in (target.parent, source.parent):
                    disk.flush_folder(folder)
        return lasting

    def store_once(self, kept: str, name: str) -> bool:
        """Let two files of the same content be one on the disk; each name can go by itself."""
        return disk.become_one(self.path_of(kept), self.path_of(name))

    def is_same(self, kept: str, received: "Received") -> bool:
        """Whether a kept file still holds just what was received. Raises PictureMissing for a record without bytes."""
        with contextlib.suppress(OSError):
            return disk.hold_the_same(self.path_of(kept), self.path_of(received.name))
        return False

    def keep(self, stream: BinaryIO, ext: str, limit: int) -> "Received":
        """Store a stream under a made-up name. Raises TooLarge, leaving nothing."""
        received = self.receive(stream, ext, limit)
        return received._replace(name=self.settle(received.name))

    def keep_tree(self, folder: Path) -> "Received":
        """Store a folder that is one slide (DICOM, MRXS)."""
        received = self.receive_tree(folder)
        return received._replace(name=self.settle(received.name))

    def result_folder(self, job_id: int) -> Path:
        """What the runs of a job have made for people to download."""
        return self.results / str(job_id)

    def result_of_run(self, job_id: int, token: str) -> Path:
        """Where one run of it (store/queue.py Claim) puts that: an earlier one that still lives puts it elsewhere."""
        return self.result_folder(job_id) / token.rpartition("/")[2]

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
                if disk.last_written(left) < limit:
                    disk.remove(left)
                    done += 1
        return done

    def drop(self, name: str) -> None:
        """Remove a kept file or folder, and its tiles; nothing happens when it is gone already."""
        path = self.path_of(name)
        disk.remove(path)
        self.forget_tiles(path)

    def forget_tiles(self, path: Path) -> None:
        """Remove what was made of a slide's file, one of ours or one that is read in its place."""
        kept_tiles.forget(self.tiles, path.name)

    def drop_levels(self, file_id: int, but: str = "") -> None:
        """Remove the levels that were made of an uploaded file's slide; `but` one making of them."""
        for made in (self.levels / str(file_id)).glob("*"):
            if made.name != but:
                disk.remove(made)
        with contextlib.suppress(OSError):
            (self.levels / str(file_id)).rmdir()

    def discard(self, name: str) -> None:
        """Remove a received file that was never settled; others are left alone. What cannot go now, `sweep` removes."""
        if name.startswith(INCOMING + "/"):
            with contextlib.suppress(OSError):
                self.drop(name)

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for as long as the block lasts."""
        folder = self.tmp / secrets.token_hex(8)
        with disk_trouble_said():
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
        with disk_trouble_said():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = FlushedFile(self._path)

    def write(self, piece: bytes) -> None:
        """Raises TooLarge beyond the limit, DiskRefuses where the disk is full."""
        self.size += len(piece)
        _require_size(self.size, self._limit, self._allowed_by)
        self._digest.update(piece)
        self._file.write(piece)

    def finish(self) -> Received:
        """All bytes are there and on the disk."""
        self._file.finish()
        return Received(self.name, self.size, self._digest.hexdigest())

    def discard(self) -> None:
        """Leave nothing behind; nothing happens once it was settled. What cannot go now, `sweep` removes."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._path.unlink()


def free_bytes(folder: DataFolder) -> int:
    """What the disk with the slides has left."""
    room = os.statvfs(folder.files)
    return room.f_bavail * room.f_frsize


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
