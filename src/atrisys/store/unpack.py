"""Unpacking a zip that nobody vouches for: whatever it says of itself, it stays in its folder and within limits."""

import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from atrisys.errors import Invalid, Refusal, SlideUnreadable, TooLarge
from atrisys.store.disk import PIECE, disk_trouble_said, require_room

MOST_ENTRIES = 20_000
MOST_DIRECTORY_BYTES = 4 << 20
MOST_TIMES, SUSPECT_BYTES = 200, 1 << 30
"""How many times larger than the archive its contents may be, where they are larger than so many bytes."""
LONGEST_NAME, LONGEST_PATH = 200, 1000

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
"""Ways of packing that are unpacked: each needs little memory, whatever the archive says."""

LONGEST_END = 65_557 + 20
_END, _END_64, _LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError)


def unpack(archive: Path, into: Path, limit: int, progress: Callable[[float], None]) -> None:
    """All files of a zip below `into`, an empty folder.

    Nothing is written before all that the archive declares was found harmless; while it is written, no entry may
    become larger than it declared.

    Args:
        limit: bytes that all files together may have.
        progress: called with the fraction done.

    Raises:
        Invalid: an entry that would lie outside, a link, a device, an encrypted one.
        TooLarge: too many entries, or too large ones.
        SlideUnreadable: the archive is broken.
    """
    _check_directory(archive)
    try:
        with zipfile.ZipFile(archive) as opened:
            files = _checked(opened.infolist(), archive.stat().st_size, limit, into)
            total, done = sum(entry.file_size for entry, _ in files) or 1, 0
            for entry, name in files:
                target = into / name
                with disk_trouble_said():
                    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    with opened.open(entry) as source, target.open("xb") as out:
                        _copy(source, out, entry.file_size)
                done += entry.file_size
                progress(done / total)
    except Refusal:
        raise
    except FileExistsError as error:
        raise Invalid("The archive holds the same name twice.") from error
    except _BROKEN as error:
        # The whole text of an OSError names our own folder.
        reason = getattr(error, "strerror", None) or str(error)
        raise SlideUnreadable("The archive is broken ({reason}). Pack it again.", reason=reason[:200]) from error


def _checked(
    entries: list[zipfile.ZipInfo], archive_bytes: int, limit: int, into: Path
) -> list[tuple[zipfile.ZipInfo, Path]]:
    """The files among the entries, each with the place below the folder that it may have."""
    if len(entries) > MOST_ENTRIES:
        raise TooLarge("The archive holds more than {limit} files.", limit=MOST_ENTRIES)
    for entry in entries:
        _refuse_odd(entry)
    named = [(entry, _place(_name_of(entry))) for entry in entries if not entry.filename.endswith("/")]
    files = [(entry, place) for entry, place in named if not _is_clutter(place)]
    declared = sum(entry.file_size for entry, _ in files)
    if sum(entry.compress_size for entry, _ in files) > archive_bytes:
        raise Invalid("Entries of the archive lie over one another, as in a zip bomb.")
    if declared > limit:
        raise TooLarge(
            "The archive holds {size} bytes, more than the {limit} that ATRISYS_MAX_UPLOAD_GB allows.",
            size=declared,
            limit=limit,
        )
    if declared > SUSPECT_BYTES and declared > MOST_TIMES * archive_bytes:
        raise TooLarge("The archive would become more than {times} times larger, as a zip bomb does.", times=MOST_TIMES)
    require_room(into, declared)
    return files


def _is_clutter(place: Path) -> bool:
    """What file managers leave in archives."""
    return place.parts[0] == "__MACOSX" or place.name.startswith("._") or place.name in (".DS_Store", "Thumbs.db")


def _refuse_odd(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & 1:
        raise Invalid("The archive is encrypted. Pack it without a password.")
    if entry.compress_type not in METHODS:
        raise Invalid("The archive is packed in a way that is not read here. Pack it as an ordinary zip (Deflate).")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind and not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        raise Invalid("The archive holds a link or a device ({name}).", name=_shown(entry.filename))


def _name_of(entry: zipfile.ZipInfo) -> str:
    """Some programs write UTF-8 without saying so; Python then takes it for the code page of the first PCs."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _place(name: str) -> Path:
    """Where an entry goes. Raises Invalid for a name that leads elsewhere or that a disk may not take."""
    plain = name.replace("\\", "/")
    parts = PurePosixPath(plain).parts
    away = not parts or plain.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", plain) is not None
    odd = any(unicodedata.category(sign) in ("Cc", "Cs") for sign in plain)
    if away or odd or len(plain) > LONGEST_PATH or any(len(part.encode()) > LONGEST_NAME for part in parts):
        raise Invalid("The archive holds a name that cannot be kept ({name}).", name=_shown(name))
    return Path(*parts)


def _shown(name: str) -> str:
    return name.encode("unicode_escape").decode()[:100]


def _copy(source: IO[bytes], out: IO[bytes], declared: int) -> None:
    """Raises Invalid when more comes than was declared."""
    size = 0
    while piece := source.read(PIECE):
        size += len(piece)
        if size > declared:
            raise Invalid("A file of the archive is larger than the archive says.")
        out.write(piece)


def _check_directory(archive: Path) -> None:
    """Python reads a zip's directory whole into memory: what it may take for its size is looked at first."""
    sizes: list[int] = []
    with archive.open("rb") as file:
        start = max(0, file.seek(0, os.SEEK_END) - LONGEST_END)
        file.seek(start)
        tail = file.read()
        at = tail.find(_END)
        while at >= 0:
            if at + 22 <= len(tail):
                sizes.append(_directory_64(file, tail, start, at) or struct.unpack_from("<I", tail, at + 12)[0])
            at = tail.find(_END, at + 1)
    if not sizes:
        raise SlideUnreadable("The archive is broken ({reason}). Pack it again.", reason="its end is missing")
    if max(sizes) > MOST_DIRECTORY_BYTES:
        raise TooLarge("The archive holds more than {limit} files.", limit=MOST_ENTRIES)


def _directory_64(file: BinaryIO, tail: bytes, start: int, at: int) -> int:
    """The directory's size where it stands in a 64-bit record before the end, 0 otherwise."""
    if tail[max(0, at - 20) : at][:4] != _LOCATOR_64:
        return 0
    sizes = [0]
    for place in (start + at - 20 - 56, struct.unpack_from("<Q", tail, at - 12)[0]):
        if 0 <= place < 1 << 62:
            file.seek(place)
            end = file.read(56)
            if len(end) == 56 and end.startswith(_END_64):
                sizes.append(struct.unpack_from("<Q", end, 40)[0])
    return max(sizes)
