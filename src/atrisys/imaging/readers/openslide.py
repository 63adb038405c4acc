"""Whatever OpenSlide reads: DICOM whole slides, MRXS, NDPI, SCN, BIF, Philips, … Runs in workers alone."""

import math
import re
import threading
from pathlib import Path

import numpy as np

from atrisys.errors import NotFound, PictureFailed, SlideUnreadable
from atrisys.imaging.dicom_metadata import check_metadata
from atrisys.imaging.find import files_of
from atrisys.imaging.levels import check_asked, downsample_of, on_white, window_at
from atrisys.imaging.reader import Box, Level, Pixels, Plane, SlideFacts
from atrisys.imaging.recognise import LARGEST_INDEX, looks_like

_FORMATS = {
    "aperio": "SVS",
    "dicom": "DICOM",
    "generic-tiff": "PYRTIFF",
    "leica": "SCN",
    "mirax": "MRXS",
    "philips": "PHILIPS",
    "sakura": "SVSLIDE",
    "trestle": "TRESTLE",
    "ventana": "BIF",
    "zeiss": "CZI",
}
_BAND_PIXELS = 4 << 20
"""OpenSlide's answer takes 12 bytes a pixel on its way to RGB: large regions are read in bands."""
_USUAL_TILE = 256
_KEPT_TEXT = 20_000
_OURS = ("openslide.level[", "openslide.associated.", "openslide.level-count", "openslide.region[")
_PATHS = re.compile(r"/[^:]*")


def detect(path: Path) -> str | None:
    """Which of OpenSlide's vendors a file is of, None for none. Raises SlideUnreadable for a hostile one."""
    import openslide

    _refuse_ways_out(path)
    return openslide.OpenSlide.detect_format(path)


class OpenSlideFile:
    """A slide opened with OpenSlide. A `Slide` of one plane, RGB."""

    facts: SlideFacts

    def __init__(self, path: Path) -> None:
        """Open it.

        Args:
            path: the entry file; for DICOM any file of the series, for MRXS the `.mrxs`.

        Raises:
            SlideUnreadable: OpenSlide does not know it, or finds it damaged.
        """
        import openslide

        _refuse_ways_out(path)
        if looks_like(path) == "DICOM":
            check_metadata(files_of(path))
        self._name = path.name
        self._lock = threading.Lock()
        try:
            self._slide = openslide.OpenSlide(path)
            self.facts = self._read_facts(path)
        except openslide.OpenSlideUnsupportedFormatError as reason:
            raise SlideUnreadable(
                "{name} is no slide of a kind that OpenSlide reads, or parts of it are missing beside it",
                name=self._name,
            ) from reason
        except (openslide.OpenSlideError, ValueError, KeyError) as reason:
            raise SlideUnreadable(
                "{name} cannot be read ({reason})", name=self._name, reason=_without_paths(reason)
            ) from reason

    def read_region(self, box: Box, level: int = 0, plane: Plane = Plane()) -> Pixels:
        """See `Slide.read_region`."""
        at = check_asked(self.facts, box, level, plane)
        left, top, width, height = window_at(box, at)
        region = np.full((height, width, 3), 255, np.uint8)
        x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + width, at.width), min(top + height, at.height)
        if x0 >= x1 or y0 >= y1:
            return region
        rows = max(1, _BAND_PIXELS // (x1 - x0))
        with self._lock:
            for y in range(y0, y1, rows):
                band = self._read((x0, y), level, (x1 - x0, min(rows, y1 - y)))
                region[y - top : y - top + band.shape[0], x0 - left : x1 - left] = band
        return region

    def read_associated(self, name: str) -> Pixels:
        """See `Slide.read_associated`."""
        import openslide

        if name not in self.facts.associated:
            raise NotFound("This slide has no {name} picture", name=name)
        try:
            with self._lock:
                return on_white(np.asarray(self._slide.associated_images[name]))
        except openslide.OpenSlideError as reason:
            raise PictureFailed(
                "{name}: its {picture} picture is damaged ({reason})",
                name=self._name,
                picture=name,
                reason=_without_paths(reason),
            ) from reason

    def close(self) -> None:
        self._slide.close()

    def _read(self, at: tuple[int, int], level: int, size: tuple[int, int]) -> Pixels:
        """One band; `at` in the level's own pixels, turned to level 0 with OpenSlide's own idea of the downsample."""
        import openslide

        step = self._slide.level_downsamples[level]
        location = (round(at[0] * step), round(at[1] * step))
        try:
            return on_white(np.asarray(self._slide.read_region(location, level, size)))
        except openslide.OpenSlideError as reason:
            raise PictureFailed(
                "{name}: a region is damaged ({reason})", name=self._name, reason=_without_paths(reason)
            ) from reason

    def _read_facts(self, path: Path) -> SlideFacts:
        slide, said = self._slide, self._slide.properties
        size = slide.dimensions
        vendor = said.get("openslide.vendor", "")
        levels = tuple(
            Level(
                *level_size,
                downsample_of(size, level_size),
                _whole(said.get(f"openslide.level[{index}].tile-width")),
                _whole(said.get(f"openslide.level[{index}].tile-height")),
            )
            for index, level_size in enumerate(slide.level_dimensions)
        )
        return SlideFacts(
            format=_format(vendor, path),
            width=size[0],
            height=size[1],
            levels=levels,
            mpp_x=_positive(said.get("openslide.mpp-x")),
            mpp_y=_positive(said.get("openslide.mpp-y")),
            magnification=_positive(said.get("openslide.objective-power")),
            associated=tuple(name for name in ("label", "macro", "thumbnail") if name in slide.associated_images),
            metadata={key: value[:_KEPT_TEXT] for key, value in said.items() if not key.startswith(_OURS)},
        )


def _format(vendor: str, path: Path) -> str:
    """The format's id as Cytomine has it; Hamamatsu's TIFF and its folder of JPEGs are two."""
    if vendor == "hamamatsu":
        return "NDPI" if looks_like(path) == "TIFF" else "VMS"
    return _FORMATS.get(vendor, vendor.upper())


def _positive(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdigit() and int(text) > 0 else _USUAL_TILE


def _refuse_ways_out(path: Path) -> None:
    """VMS, VMU and MRXS name their other files: OpenSlide would follow a name out of the slide's folder.

    It passes over remarks and white space of every kind, before an index and within; so nothing is made of them here.
    """
    for index in (path, path.parent / path.stem / "Slidedat.ini"):
        if not index.is_file():
            continue
        with index.open("rb") as file:
            start = file.read(LARGEST_INDEX + 1)
        if index is path and b"Virtual Microscope Specimen]" not in start:
            continue
        named = (line.partition("=") for line in start.decode("latin-1").split("\n"))
        out = any(
            re.search("file|image", key, re.IGNORECASE) and re.search(r"[/\\]|\.\.", value) for key, _, value in named
        )
        if out or len(start) > LARGEST_INDEX:
            raise SlideUnreadable("{name} names files outside its own folder and is not opened", name=path.name)


def _without_paths(reason: Exception) -> str:
    """What OpenSlide says, without where our files lie."""
    return _PATHS.sub("…", str(reason))
