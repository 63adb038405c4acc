"""Which slides lie in a folder, and which files are one slide."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from atrisys.errors import SlideUnreadable
from atrisys.imaging.dicom_tags import DIRECTORY, WHOLE_SLIDE, DicomFile, read_dicom
from atrisys.imaging.recognise import (
    FLAT_KINDS,
    LARGEST_INDEX,
    SLIDE_KINDS,
    SLIDE_SUFFIXES,
    is_mrxs,
    looks_like,
    refusal,
)


def find_slides(paths: Iterable[Path]) -> list[tuple[Path, str]]:
    """The slides among files and in folders (and folders in these), judged by content.

    What is one slide is named once: a MIRAX slide by its `.mrxs`; a DICOM series by its folder where it is alone in
    it, else by one of its files (the largest volume).

    Args:
        paths: files are all answered for, also those that are no slides; in folders, what looks like a slide or has
            the name of one; flat pictures only where there is no slide at all, since many lie beside slides.

    Returns:
        (path, kind), in the order of `paths`, folders in the order of names; the kind as `looks_like` says it. Nothing
        is opened: `inspect` says whether it can be read.
    """
    found: dict[Path, str] = {}
    given_dicom: list[Path] = []
    for path in paths:
        if path.is_dir():
            found |= _in_folder(path) or _flat_in(path)
            continue
        kind = looks_like(path)
        if kind == "DICOM":
            given_dicom.append(path)
        else:
            found[path] = kind
    for folder in dict.fromkeys(path.parent for path in given_dicom):
        named = [path for path in given_dicom if path.parent == folder]
        found |= dict.fromkeys(_series_entries(named), "DICOM")
    return list(found.items())


def entry_of(path: Path) -> Path:
    """The file by which a slide is opened.

    Args:
        path: that file itself, or a folder that holds one slide (a DICOM series, a MIRAX slide's folder or the folder
            around it).

    Raises:
        SlideUnreadable: the folder holds no slide or several.
    """
    if not path.is_dir():
        return path
    if (path / "Slidedat.ini").is_file() and is_mrxs(path.parent / f"{path.name}.mrxs"):
        return path.parent / f"{path.name}.mrxs"
    slides = [_one_file(slide) for slide in _in_folder(path)]
    if len(slides) != 1:
        raise SlideUnreadable(
            "The folder {name} holds {count} slides, not one: name a file in it", name=path.name, count=len(slides)
        )
    return slides[0]


def files_of(path: Path) -> tuple[Path, ...]:
    """All files that belong to a slide: what must be copied or kept together, its entry file first.

    Args:
        path: as `find_slides` names it.

    Raises:
        SlideUnreadable: a folder that holds no slide or several; an index beyond `LARGEST_INDEX`.
    """
    entry = entry_of(path)
    beside = OF_SEVERAL_FILES.get(looks_like(entry))
    return (entry, *beside(entry)) if beside else (entry,)


def _in_folder(folder: Path) -> dict[Path, str]:
    found: dict[Path, str] = {}
    for place, folders, names in os.walk(folder):
        here = Path(place)
        files = [here / name for name in sorted(names) if not name.startswith(".")]
        kinds = {file: looks_like(file) for file in files}
        # A MIRAX slide's folder and a Hamamatsu slide's parts are no slides of their own.
        inner = {file.stem for file, kind in kinds.items() if kind == "MRXS"}
        folders[:] = sorted(name for name in folders if name not in inner and not name.startswith("."))
        if "Slidedat.ini" in names:
            kinds = {}
        slides = {
            file: kind
            for file, kind in kinds.items()
            if kind != "DICOM" and (kind in SLIDE_KINDS or file.suffix.lower() in SLIDE_SUFFIXES)
        }
        series = _series_entries([file for file, kind in kinds.items() if kind == "DICOM"])
        if len(series) == 1 and not slides and not folders:
            found[here] = "DICOM"
        else:
            found |= dict.fromkeys(series, "DICOM") | slides
    return found


def _flat_in(folder: Path) -> dict[Path, str]:
    found: dict[Path, str] = {}
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        kinds = ((Path(place) / name, looks_like(Path(place) / name)) for name in sorted(names) if name[0] != ".")
        found |= {file: kind for file, kind in kinds if kind in FLAT_KINDS}
    return found


def _series_entries(files: Iterable[Path]) -> list[Path]:
    """One file for each series: of the whole slides where there are any, else of whatever there is."""
    parsed = [file for file in map(read_dicom, files) if file.sop_class != DIRECTORY]
    chosen = [file for file in parsed if file.sop_class == WHOLE_SLIDE] or parsed
    series: dict[str, list[DicomFile]] = {}
    for file in chosen:
        series.setdefault(file.series or str(file.path), []).append(file)
    return [max(group, key=lambda file: (file.is_volume, file.columns)).path for group in series.values()]


def _dicom_in(folder: Path) -> list[DicomFile]:
    return [read_dicom(file) for file in sorted(folder.iterdir()) if file.is_file() and looks_like(file) == "DICOM"]


def _one_file(slide: Path) -> Path:
    if not slide.is_dir():
        return slide
    entries = _series_entries(file.path for file in _dicom_in(slide))
    if not entries:
        raise refusal(slide, "UNKNOWN")
    return entries[0]


def _in_series(entry: Path) -> list[Path]:
    """The other files of a DICOM series."""
    series = read_dicom(entry).series
    return [file.path for file in _dicom_in(entry.parent) if file.series == series and file.path != entry]


def _in_its_folder(entry: Path) -> list[Path]:
    """What lies in a MIRAX slide's folder."""
    return sorted(file for file in entry.with_suffix("").rglob("*") if file.is_file())


def _named_in_vms(entry: Path) -> list[Path]:
    """Files beside a VMS that it names; names only, no ways out of its folder."""
    if entry.stat().st_size > LARGEST_INDEX:
        raise SlideUnreadable(
            "{name} is too large to be the index of a slide: {limit} MB is the limit",
            name=entry.name,
            limit=LARGEST_INDEX >> 20,
        )
    names: set[str] = set()
    with entry.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            key, _, value = line.partition("=")
            if "File" in key or key.startswith("MacroImage"):
                names.add(Path(value.strip()).name)
    return sorted(file for file in entry.parent.iterdir() if file.name in names and file.is_file())


OF_SEVERAL_FILES: dict[str, Callable[[Path], list[Path]]] = {
    "DICOM": _in_series,
    "MRXS": _in_its_folder,
    "VMS": _named_in_vms,
}
"""Kinds whose slides are several files: how those beside the entry file are found."""
