"""The door to slides without names for the floors above: what was found in one, and a copy without it."""

import os
import shutil
from pathlib import Path

from atrisys.errors import PictureFailed, SlideUnreadable
from atrisys.imaging import slides, worker
from atrisys.imaging.clean.findings import Finding
from atrisys.imaging.clean.verify import not_cleaned
from atrisys.imaging.find import files_of
from atrisys.imaging.reader import SlideFacts

__all__ = ["Finding", "clean_suffix", "is_cleaned", "make_clean_copy", "not_cleaned", "survey"]

_DESK = "atrisys.imaging.clean.desk:"
_LEAST_S, _BYTES_A_SECOND = 120, 5_000_000
"""How long it may take: on a slow share reading, writing and looking through it is slow too."""
_SUFFIXES = {"SVS": ".svs", "OMETIFF": ".ome.tif", "PYRTIFF": ".tif", "NDPI": ".ndpi"}


def clean_suffix(format: str) -> str:
    """The ending of a clean copy's name; none for a folder.

    Args:
        format: `SlideFacts.format`.
    """
    return _SUFFIXES.get(format, "")


def is_cleaned(format: str) -> bool:
    """Whether slides of a format can be cleaned.

    Args:
        format: `SlideFacts.format`.
    """
    return format in _SUFFIXES or format == "DICOM"


def survey(path: Path, format: str, name: str) -> list[Finding]:
    """What there is in a slide that may name somebody: pictures, texts, comments, file names, hidden bytes.

    Args:
        path: a file that was inspected before, or the folder of one slide.
        format: `SlideFacts.format`.
        name: what people call it.

    Raises:
        SlideUnreadable: its format is none that can be looked through.
    """
    path = Path(os.path.abspath(path))
    plain = worker.call(f"{_DESK}survey", str(path), format, name, key=_key(path), timeout_s=_time_for(path))
    return [Finding(**one) for one in plain]


def make_clean_copy(path: Path, format: str, name: str, to: Path) -> None:
    """Write a copy that holds the slide's tiles as they are, and of the rest nothing but numbers about them.

    It is looked through byte by byte, and opened, before this returns; where there is any doubt, nothing is left of it.

    Args:
        path: a file that was inspected before, or the folder of one slide.
        format: `SlideFacts.format`.
        name: what people call it: it must not be in the copy either.
        to: where it shall lie: a file with the ending `clean_suffix`, for DICOM a folder; there must be none yet.

    Raises:
        SlideUnreadable: the slide cannot be cleaned; the words say why.
    """
    path, to = Path(os.path.abspath(path)), Path(os.path.abspath(to))
    try:
        worker.call(f"{_DESK}make", str(path), format, name, str(to), key=_key(path), timeout_s=_time_for(path))
        if _shape(slides.inspect(to)) != _shape(slides.open_slide(path, format).facts):
            raise SlideUnreadable(
                "The clean copy of {name} is not given out: {reason}", name=name, reason="it shows another slide"
            )
    except PictureFailed as failure:
        remove(to)
        raise SlideUnreadable(failure.template, **failure.params) from failure
    except BaseException:
        remove(to)
        raise


def remove(copy: Path) -> None:
    """Leave nothing of a copy."""
    if copy.is_dir():
        shutil.rmtree(copy, ignore_errors=True)
    else:
        copy.unlink(missing_ok=True)


def _shape(facts: SlideFacts) -> tuple[object, ...]:
    return facts.levels, facts.channels, facts.depth, facts.duration, facts.samples, facts.bits


def _key(path: Path) -> str:
    """Another than the pictures of the slide have: cleaning may take long, and they shall go on."""
    return f"{path} (clean copy)"


def _time_for(path: Path) -> float:
    return _LEAST_S + sum(file.stat().st_size for file in files_of(path)) / _BYTES_A_SECOND
