"""Clean copies of slides: made when somebody asks for one, and kept for a day after the last who asked."""

import hashlib
import os
import secrets
from pathlib import Path

from atrisys import __version__
from atrisys.access.slide_file import SlideFile
from atrisys.imaging.deidentify import clean_suffix, remove
from atrisys.store.disk import disk_trouble_said
from atrisys.store.files import DataFolder


def clean_copy_of(folder: DataFolder, slide: SlideFile, name: str) -> Path:
    """Where the clean copy lies: a file, for DICOM a folder. Slow the first time; for those who hold no transaction.

    Args:
        name: by which people know the slide: it must not be in the copy.

    Raises:
        SlideUnreadable: there can be none; the words say why.
    """
    mark = hashlib.sha256(f"{__version__} {name} {slide.mark}".encode()).hexdigest()[:32]
    kept = folder.clean / f"{slide.base_id}-{mark}{clean_suffix(slide.facts.format)}"
    if not kept.exists():
        _make(folder, slide, name, kept)
    os.utime(kept)
    return kept


def clean_name_of(slide: SlideFile) -> str:
    """What it is called when somebody downloads it: the slide's number."""
    return f"{slide.base_id}{clean_suffix(slide.facts.format)}"


def _make(folder: DataFolder, slide: SlideFile, name: str, kept: Path) -> None:
    half = folder.tmp / f"{secrets.token_hex(8)}{clean_suffix(slide.facts.format)}"
    try:
        with disk_trouble_said():
            slide.write_clean_copy(name, half)
        half.rename(kept)
    except OSError:
        # Of two who make the same folder at once one is too late; that one's goes.
        if not kept.exists():
            raise
    finally:
        remove(half)
