"""Slides of which no clean copy is made: what may name somebody in them is told all the same."""

from collections.abc import Iterator
from pathlib import Path

from atrisys.imaging.clean.findings import Finding, text_of
from atrisys.imaging.clean.tiff import is_plain
from atrisys.imaging.clean.tiff_map import TiffMap
from atrisys.imaging.clean.tiff_texts import tell_texts
from atrisys.imaging.find import files_of
from atrisys.imaging.readers.openslide import OpenSlideFile
from atrisys.imaging.recognise import LARGEST_INDEX
from atrisys.imaging.source import FileSource


class TiffReport:
    """Philips, Leica, Ventana, Trestle: their pages' tags."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises SlideUnreadable where its tables make no sense."""
        self._path, self._source = path, FileSource(path)
        self._map = TiffMap(self._source, path.name)

    def findings(self) -> Iterator[Finding]:
        """What is in it beside pixels and numbers."""
        yield from _pictures(self._path)
        yield from tell_texts(self._map, is_plain)
        for at, size in self._map.holes():
            yield Finding("hole", f"byte {at}", size)

    def close(self) -> None:
        self._source.close()


class IndexReport:
    """MIRAX and VMS: the names of their files, and the text that leads to the pixels."""

    def __init__(self, path: Path) -> None:
        """Find its files."""
        self._path, self._files = path, files_of(path)

    def findings(self) -> Iterator[Finding]:
        """What is in it beside pixels and numbers."""
        yield from _pictures(self._path)
        for number, file in enumerate(self._files, 1):
            yield Finding("name", f"file {number}", len(file.name.encode()), file.name)
            if file.suffix.lower() in (".ini", ".vms", ".vmu"):
                with file.open("rb") as opened:
                    said = opened.read(LARGEST_INDEX)
                yield Finding("text", f"file {number}, index", len(said), text_of(said))

    def close(self) -> None:
        """Nothing stays open."""


def _pictures(path: Path) -> Iterator[Finding]:
    """Label, macro and thumbnail, with the bytes of their pixels: how they are packed differs from kind to kind."""
    slide = OpenSlideFile(path)
    try:
        for name in slide.facts.associated:
            yield Finding("picture", name, slide.read_associated(name).nbytes)
    finally:
        slide.close()
