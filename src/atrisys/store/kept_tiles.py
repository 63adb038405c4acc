"""Tiles that had to be decoded, encoded and kept, and what else is made of a slide's file again and again.

A folder of plain files that never grows beyond its limit.

Several server processes read and write it at once, and any of them may be killed at any moment: a tile is written aside
and then renamed, and ends with a checksum, so that none is ever read half. Nothing is flushed to the disk and nothing
else depends on it: whoever deletes the folder, or fills the disk, loses time and no tile.
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import threading
import time
import zlib
from collections import Counter, OrderedDict
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

MOST_BYTES = 1 << 20
"""What is larger is no tile."""
MOST_BESIDE = 64 << 20
"""What is larger is nothing else that is kept here."""
SPARE_BYTES = 1 << 30
"""So much of the disk is left to others: where less is free, tiles go."""
STEPS = 32
"""A process looks through the folder each time it has written the limit's 32nd part. Tiles go as soon as seven eighths
are full, until three quarters are: so that the limit holds until everybody looks again."""
USED_AGAIN_S = 600
"""A tile that is used is marked as used so often."""
_AGES_S = 10
"""What was last used within ten seconds of each other is of one age."""
MEMORY_BYTES = 16 << 20
"""So much of what was used last each process holds in memory as well."""
_CHECK, _BLOCK = 4, 4096


class KeptTiles:
    """Those of one installation, by the name of their slide's file and a name of their own. Safe in several threads."""

    def __init__(self, folder: Path, limit: int) -> None:
        """`limit`: bytes on the disk; 0 keeps nothing."""
        self.folder, self.limit = folder, limit
        self._step = max(1, limit // STEPS)
        self._written = self._step
        self._counting = threading.Lock()
        self._sweeper: threading.Thread | None = None
        self._memory = _Memory(min(MEMORY_BYTES, limit))

    def read_at_once(self, slide: str, name: str) -> bytes | None:
        """A tile that is in memory already; None in every other case."""
        return self._memory.get((slide, name))

    def read(self, slide: str, name: str) -> bytes | None:
        """A tile; None where it was not kept, or is not whole."""
        tile = self.read_file(slide, name)
        if tile is not None:
            self._memory.put((slide, name), tile)
        return tile

    def read_file(self, slide: str, name: str) -> bytes | None:
        """The same of what is not used again at once (`keep_file`)."""
        try:
            with (_folder_of(self.folder, slide) / name).open("rb", buffering=0) as file:
                kept = file.read()
                if time.time() - os.fstat(file.fileno()).st_mtime > USED_AGAIN_S:
                    os.utime(file.fileno())
        except OSError:
            return None
        content = kept[:-_CHECK]
        return content if content and _checksum(content) == kept[-_CHECK:] else None

    def keep(self, slide: str, name: str, tile: bytes) -> None:
        """Keep a tile if there is room; what goes wrong is nobody's trouble.

        Args:
            slide: name of the slide's file: as `DataFolder` made it, or its own where it is read in its place.
            name: another one for every other picture; ours as well, never a part of an address.
        """
        if len(tile) <= min(MOST_BYTES, self.limit):
            self._memory.put((slide, name), tile)
        self.keep_file(slide, name, tile, MOST_BYTES)

    def keep_file(self, slide: str, name: str, content: bytes, most_bytes: int = MOST_BESIDE) -> None:
        """The same for what else was made of a slide and goes with it; it takes no place in memory."""
        if len(content) <= min(most_bytes, self.limit):
            with contextlib.suppress(OSError):
                self.folder.mkdir(mode=0o700, exist_ok=True)
                if self._free() > SPARE_BYTES:
                    self._write(_folder_of(self.folder, slide) / name, content + _checksum(content))
        self._count(-(-len(content) // _BLOCK) * _BLOCK if self.limit else 0)

    def sweep(self) -> None:
        """Make room: what was used longest ago goes first. Nothing happens where another process does so already."""
        with contextlib.suppress(OSError), (self.folder / ".sweeping").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ages: Counter[int] = Counter()
            for _, stat in self._files():
                ages[_age(stat)] += _on_disk(stat)
            used = ages.total()
            allowed = min(self.limit, used + self._free() - SPARE_BYTES)
            if used > allowed * 7 // 8:
                self._remove(ages, used - allowed * 3 // 4)

    def _remove(self, ages: Counter[int], too_many: int) -> None:
        last = 0
        for last in sorted(ages):
            if ages[last] >= too_many:
                break
            too_many -= ages[last]
        for path, stat in self._files():
            if _age(stat) > last or (_age(stat) == last and too_many <= 0):
                continue
            with contextlib.suppress(OSError):
                path.unlink()
                if _age(stat) == last:
                    too_many -= _on_disk(stat)
                path.parent.rmdir()

    def _write(self, path: Path, content: bytes) -> None:
        aside = path.with_name(f".{secrets.token_hex(8)}")
        try:
            try:
                handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileNotFoundError:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(handle, "wb") as file:
                file.write(content)
            aside.rename(path)
        except OSError:
            aside.unlink(missing_ok=True)
            raise

    def _count(self, size: int) -> None:
        """What found no room counts as well: else a full disk would never be looked at again."""
        with self._counting:
            self._written += size
            if self._written >= self._step and (self._sweeper is None or not self._sweeper.is_alive()):
                self._written = 0
                self._sweeper = threading.Thread(target=self.sweep, name="kept tiles", daemon=True)
                self._sweeper.start()

    def _free(self) -> int:
        disk = os.statvfs(self.folder)
        return disk.f_bavail * disk.f_frsize

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        """All tiles, and what a killed process left unfinished: it goes as they do."""
        for start in _inside(self.folder):
            for slide in _inside(start):
                for path in _inside(slide):
                    with contextlib.suppress(OSError):
                        yield Path(path), os.stat(path, follow_symlinks=False)


class _Memory:
    """The tiles used last. What lies here longer than USED_AGAIN_S is read anew, so that its file counts as used."""

    def __init__(self, limit: int) -> None:
        self._limit, self._size, self._lock = limit, 0, threading.Lock()
        self._tiles: OrderedDict[tuple[str, str], tuple[bytes, float]] = OrderedDict()

    def get(self, key: tuple[str, str]) -> bytes | None:
        with self._lock:
            found = self._tiles.get(key)
            if found is None:
                return None
            if time.monotonic() - found[1] > USED_AGAIN_S:
                self._drop(key)
                return None
            self._tiles.move_to_end(key)
            return found[0]

    def put(self, key: tuple[str, str], tile: bytes) -> None:
        with self._lock:
            if key in self._tiles:
                self._drop(key)
            self._tiles[key] = tile, time.monotonic()
            self._size += len(tile)
            while self._size > self._limit:
                self._drop(next(iter(self._tiles)))

    def _drop(self, key: tuple[str, str]) -> None:
        self._size -= len(self._tiles.pop(key)[0])


def forget(folder: Path, slide: str) -> None:
    """All tiles of a slide whose file is gone: nobody may see them any longer anyway, and the disk is freed."""
    shutil.rmtree(_folder_of(folder, slide), ignore_errors=True)


@lru_cache(maxsize=4096)
def _folder_of(folder: Path, slide: str) -> Path:
    """Named by a digest: a slide that is read where it lies has a name of its own, which may name somebody."""
    digest = hashlib.sha256(slide.encode(errors="surrogateescape")).hexdigest()[:32]
    return folder / digest[:2] / digest


def _inside(folder: str | Path) -> Iterator[str]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            yield entry.path


def _age(stat: os.stat_result) -> int:
    return int(stat.st_mtime) // _AGES_S


def _on_disk(stat: os.stat_result) -> int:
    return stat.st_blocks * 512


def _checksum(tile: bytes) -> bytes:
    return zlib.crc32(tile).to_bytes(_CHECK, "little")
