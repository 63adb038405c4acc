"""Clean copies of slides: made when somebody asks for one, as a job where that takes long, and kept for a while."""

import hashlib
import os
import secrets
from pathlib import Path

from atrisys import __version__
from atrisys.access.slide_file import SlideFile
from atrisys.errors import CopyMissing
from atrisys.imaging.deidentify import clean_suffix, is_cleaned, not_cleaned, remove
from atrisys.imaging.slides import files_of
from atrisys.store.clean_copies import make_room
from atrisys.store.disk import disk_trouble_said
from atrisys.store.session import Store

LARGE_BYTES = 512 << 20
"""Whoever asks for the copy of a larger slide is not made to wait: it is a job."""


def clean_copy_of(store: Store, slide: SlideFile, name: str, *, awaited: bool = True) -> Path:
    """Where the clean copy lies: a file, for DICOM a folder. Slow the first time; for those who hold no transaction.

    Args:
        name: by which people know the slide: it must not be in the copy.
        awaited: somebody waits for it, who shall not wait for a large one.

    Raises:
        SlideUnreadable: there can be none; the words say why.
        CopyMissing: it is large, and not made yet.
        TooLarge, Busy, DiskRefuses: there is no room for it.
    """
    mark = hashlib.sha256(f"{__version__} {name} {slide.mark}".encode()).hexdigest()[:32]
    kept = store.folder.clean / f"{slide.base_id}-{mark}{clean_suffix(slide.facts.format)}"
    if not kept.exists():
        require_cleaned(slide)
        size = sum(file.stat().st_size for file in files_of(slide.path))
        if awaited and size > LARGE_BYTES:
            raise CopyMissing(
                "The clean copy of image {image} is made as a job first, since it is large. Ask for it with POST "
                "/api/atrisys/abstractimage/{image}/cleancopy.json, and for the download when the job is done.",
                image=slide.base_id,
            )
        _make(store, slide, name, kept, size)
    os.utime(kept)
    return kept


def require_cleaned(slide: SlideFile) -> None:
    """Whether slides of its kind can be cleaned at all. Raises SlideUnreadable."""
    if not is_cleaned(slide.facts.format):
        raise not_cleaned(f"image {slide.base_id}", slide.facts.format)


def clean_name_of(slide: SlideFile) -> str:
    """What it is called when somebody downloads it: the slide's number."""
    return f"{slide.base_id}{clean_suffix(slide.facts.format)}"


def _make(store: Store, slide: SlideFile, name: str, kept: Path, size: int) -> None:
    limit = int(store.settings.clean_copies_gb * 1e9)
    make_room(store.folder, limit, size)
    half = store.folder.tmp / f"{secrets.token_hex(8)}{clean_suffix(slide.facts.format)}"
    try:
        with disk_trouble_said():
            half.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            slide.write_clean_copy(name, half)
        half.rename(kept)
    except OSError:
        # Of two who make the same folder at once one is too late; that one's goes.
        if not kept.exists():
            raise
    finally:
        remove(half)
    make_room(store.folder, limit, 0)
