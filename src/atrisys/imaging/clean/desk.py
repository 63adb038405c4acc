"""What a worker can be asked about names in a slide. Runs in workers alone; `imaging/deidentify.py` asks."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, TypeVar

from atrisys.errors import Refusal, SlideUnreadable, TooLarge
from atrisys.imaging.clean.dicom import DicomCleaning
from atrisys.imaging.clean.findings import Finding, Sought, told
from atrisys.imaging.clean.ndpi import NdpiCleaning
from atrisys.imaging.clean.report import IndexReport, TiffReport
from atrisys.imaging.clean.tiff import TiffCleaning
from atrisys.imaging.clean.verify import not_cleaned
from atrisys.imaging.find import entry_of, files_of
from atrisys.imaging.readers.tiff.layout import FORMATS
from atrisys.imaging.recognise import looks_like

_INDEXED = ("MRXS", "VMS")


class Looking(Protocol):
    """A slide that is looked at."""

    def findings(self) -> Iterator[Finding]: ...

    def close(self) -> None: ...


class Cleaning(Looking, Protocol):
    """One that is copied without what may name somebody, too."""

    def sought(self, sought: Sought) -> None: ...

    def write(self, to: Path) -> str: ...

    def check(self, copy: Path, sought: Sought, said: str) -> None: ...


Opened = TypeVar("Opened", bound=Looking)


def survey(path: str, format: str, name: str) -> list[dict[str, Any]]:
    """What may name somebody in a slide.

    Args:
        path: a file, or the folder of one slide.
        format: `SlideFacts.format`.
        name: what people call it.

    Returns:
        `Finding`s as dicts.
    """
    with _opened(path, format, _look) as looking:
        beside = [] if format == "DICOM" else [Finding("name", "file name", len(name.encode()), name)]
        return [asdict(one) for one in told([*beside, *looking.findings()])]


def make(path: str, format: str, name: str, to: str) -> None:
    """Write a clean copy and look at it. What is left of one that is not given out the caller removes.

    Args:
        to: a file, or for DICOM a folder, that is not there yet.

    Raises:
        SlideUnreadable: the slide cannot be cleaned, or the copy is in doubt.
    """
    sought = Sought()
    sought.add_text(name)
    sought.add_text(Path(name).stem)
    with _opened(path, format, _open) as cleaning:
        cleaning.sought(sought)
        said = cleaning.write(Path(to))
        cleaning.check(Path(to), sought, said)


@contextmanager
def _opened(path: str, format: str, open: Callable[[Path, str], Opened]) -> Iterator[Opened]:
    entry = entry_of(Path(path))
    looking = None
    try:
        looking = open(entry, format)
        yield looking
    except (Refusal, MemoryError):
        raise
    except OSError as reason:
        if reason.errno in (errno.ENOSPC, errno.EDQUOT):
            raise TooLarge("The server's disk has no room for this file. Tell its administrator.") from reason
        raise SlideUnreadable(
            "{name} cannot be cleaned: {reason}", name=entry.name, reason="it cannot be read, or the copy not written"
        ) from reason
    except Exception as reason:
        # A table of lies makes libraries stumble anywhere, and their words may quote the file.
        raise SlideUnreadable(
            "{name} cannot be cleaned: {reason}", name=entry.name, reason="its tables make no sense"
        ) from reason
    finally:
        if looking is not None:
            looking.close()


def _look(entry: Path, format: str) -> Looking:
    if format in _INDEXED:
        return IndexReport(entry)
    is_cleaned = format in ("NDPI", *FORMATS)
    return TiffReport(entry) if looks_like(entry) == "TIFF" and not is_cleaned else _open(entry, format)


def _open(entry: Path, format: str) -> Cleaning:
    if format == "DICOM":
        return DicomCleaning(files_of(entry), entry.name)
    if format == "NDPI":
        return NdpiCleaning(entry)
    if format in FORMATS:
        return TiffCleaning(entry)
    raise not_cleaned(entry.name, format)
