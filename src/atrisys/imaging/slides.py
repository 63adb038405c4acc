"""The door to slides for the floors above: is it one, what does it say of itself, and its pixels."""

import logging
import math
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from atrisys.errors import ConversionFailed, PictureFailed, PictureMissing, SlideUnreadable
from atrisys.imaging import worker
from atrisys.imaging.find import OF_SEVERAL_FILES, entry_of, files_of, find_slides
from atrisys.imaging.levels import check_asked, window_at
from atrisys.imaging.opened import Kept, open_once
from atrisys.imaging.reader import Box, Level, Pixels, Plane, SlideFacts
from atrisys.imaging.readers.tiff.jpeg import NotPlain
from atrisys.imaging.readers.tiff.stored import StoredTiles
from atrisys.imaging.readers.tiff.tables import TileTable
from atrisys.imaging.regions import position_of
from atrisys.imaging.source import FileSource

__all__ = [
    "OF_SEVERAL_FILES",
    "Added",
    "SharedSlide",
    "added_name",
    "convert",
    "facts_from",
    "files_of",
    "find_slides",
    "inspect",
    "open_slide",
    "prepare",
]

log = logging.getLogger(__name__)

MOST_OPEN = 64
"""Slides that a process keeps open for the next request."""
_INSPECT_TIMES = 4
"""Inspecting reads tiles of all levels: it may take longer than one region."""
_DESK = "atrisys.imaging.inspect_slide:"
_CONVERTER = "atrisys.imaging.convert:convert"
_MOST_TABLES = 256
_ADDED_FORMAT = "PYRTIFF"
_MOST_ADDED_OPEN = 16
"""Planes of one slide whose added levels are kept open."""


def inspect(path: Path) -> SlideFacts:
    """Find out whether a file is a slide, and what it says of itself, without trusting it.

    Everything happens in a killable worker: the tables are read, the extents checked, and some tiles of each level
    decoded.

    Args:
        path: a file, or the folder of one slide (DICOM, MIRAX).

    Raises:
        SlideFlat: not before it is converted.
        SlideUnreadable: it cannot be read; the words tell a person what the file looks like and what can be done.
    """
    path = Path(os.path.abspath(path))
    limit = worker.pool().limits.timeout_s * _INSPECT_TIMES
    try:
        return facts_from(worker.call(f"{_DESK}inspect", str(path), key=str(path), timeout_s=limit))
    except PictureFailed as failure:
        raise SlideUnreadable(failure.template, **failure.params) from failure
    except PictureMissing as missing:
        raise SlideUnreadable(missing.template, **missing.params) from missing


def convert(
    path: Path, target: Path, *, timeout_s: float, most_bytes: int, progress: Callable[[float], None]
) -> SlideFacts:
    """Make a tiled pyramid of a flat picture, in a killable worker of its own.

    Args:
        path: a picture that `inspect` refused with SlideFlat.
        target: the file to be made, in a folder of its own where things may lie on the way.
        most_bytes: that it may have.
        progress: told the fraction done; may raise, which ends the work.

    Returns:
        The facts of the pyramid, which was inspected like any slide.

    Raises:
        SlideUnreadable, TooLarge: it is none that can be converted.
        ConversionFailed: it took too long or too much, or broke on the way.
    """
    try:
        worker.call_alone(
            _CONVERTER, str(path), str(target), most_bytes, name=path.name, timeout_s=timeout_s, progress=progress
        )
    except PictureFailed as failure:
        raise ConversionFailed(failure.template, **failure.params) from failure
    try:
        return inspect(target)
    except SlideUnreadable as failure:
        raise ConversionFailed(failure.template, **failure.params) from failure


def facts_from(plain: Mapping[str, Any]) -> SlideFacts:
    """`SlideFacts` from what `dataclasses.asdict` made of them, also after a way through JSON."""
    fields = dict(plain)
    fields["levels"] = tuple(Level(**level) for level in fields["levels"])
    for name in ("channel_names", "channel_colors", "associated"):
        fields[name] = tuple(fields[name])
    return SlideFacts(**fields)


@dataclass(frozen=True)
class Added:
    """Levels that a slide's file lacks and that we made (`make_levels`): a pyramid for each plane, in one folder."""

    folder: Path
    levels: tuple[Level, ...]
    """They follow the file's own."""


class SharedSlide:
    """An open slide: plain JPEG tiles are read here, everything else in workers. Safe to use from several threads."""

    facts: SlideFacts
    """But for what the file says of itself (`metadata`), which nobody needs who reads pixels."""

    def __init__(
        self, path: Path, format: str, added: Added | None = None, kept_as: str = "", kept: Kept | None = None
    ) -> None:
        """Open it.

        Args:
            kept_as: the name of the slide's file, where `path` is another one that was made of it.
            kept: where it is kept what a worker finds, which closes the file again; None: where this process does.
        """
        entry = entry_of(path)
        self._path, self._format, self._kept_as, self._kept = str(entry), format, kept_as or path.name, kept
        self.facts, tables = self._open(path, entry)
        self._own = len(self.facts.levels)
        self._added, self._added_planes = added, dict[Plane, SharedSlide]()
        if added:
            self.facts = replace(self.facts, levels=self.facts.levels + added.levels)
        self._tables = {(level, Plane()): table for level, table in enumerate(tables)}
        self._stored: StoredTiles | None = None
        if any(table.plain_jpeg for table in tables):
            self._stored = StoredTiles(FileSource(entry), self.facts)

    def read_region(self, box: Box, level: int = 0, plane: Plane = Plane()) -> Pixels:
        """See `Slide.read_region`."""
        at = check_asked(self.facts, box, level, plane)
        if level >= self._own:
            return _region_at(self._added_plane(plane), level - self._own, window_at(box, at))
        if self._stored:
            try:
                return self._stored.read_region(self._table(level, plane), box, level)
            except NotPlain:
                pass
        asked = ([box.x, box.y, box.width, box.height], level, [plane.c, plane.z, plane.t])
        return self._ask("read_region", *asked)

    def read_stored_tile(self, level: int, column: int, row: int, plane: Plane = Plane()) -> bytes | None:
        """One tile of a level as it lies in the file: no decoding, no second loss.

        Args:
            column, row: of the level's own tiles (`Level.tile_width`, `tile_height`), from the top left.

        Returns:
            A JPEG that stands alone, as large as a tile also at the slide's edge; None where tiles are no JPEG, or
            where this one was not scanned.

        Raises:
            Invalid: no such level, plane or tile.
            PictureFailed: its bytes lie beyond the file's end.
        """
        check_asked(self.facts, Box(0, 0, 0, 0), level, plane)
        if level >= self._own:
            return self._added_plane(plane).read_stored_tile(level - self._own, column, row)
        if not self._stored:
            return None
        try:
            return self._stored.read_tile(self._table(level, plane), column, row)
        except NotPlain:
            return None

    def read_stored_tile_at_once(self, level: int, column: int, row: int, plane: Plane = Plane()) -> bytes | None:
        """The same where it is in memory already, for the event loop. None in every other case."""
        if level >= self._own:
            added = self._added_planes.get(plane)
            return added.read_stored_tile_at_once(level - self._own, column, row) if added else None
        table = self._tables.get((level, plane))
        return self._stored.read_tile_at_once(table, column, row) if self._stored and table else None

    def has_stored_tile(self, level: int, column: int, row: int, plane: Plane = Plane()) -> bool:
        """Whether the file has such a tile as plain JPEG, as far as is known without asking a worker."""
        if level >= self._own:
            added = self._added_planes.get(plane)
            return bool(added and added.has_stored_tile(level - self._own, column, row))
        table = self._tables.get((level, plane))
        return bool(table and table.plain_jpeg and table.has(column, row) and table.extent(column, row)[1])

    def read_associated(self, name: str) -> Pixels:
        """See `Slide.read_associated`."""
        return self._ask("read_associated", name)

    def close(self) -> None:
        """Nothing to do: slides are shared; the file is closed when nobody holds this one any longer."""

    def _added_plane(self, plane: Plane) -> "SharedSlide":
        """The pyramid that was made of a plane."""
        assert self._added
        known = self._added_planes.get(plane)
        if known is None:
            known = SharedSlide(self._added.folder / added_name(plane), _ADDED_FORMAT, kept_as=self._kept_as)
            if len(self._added_planes) >= _MOST_ADDED_OPEN:
                self._added_planes = {}
            self._added_planes[plane] = known
        return known

    def _table(self, level: int, plane: Plane) -> TileTable:
        table = self._tables.get((level, plane))
        if table is None:
            table = TileTable.from_plain(self._ask("tile_table", level, plane.c, plane.z, plane.t))
            if len(self._tables) >= _MOST_TABLES:
                self._tables = {}
            self._tables[level, plane] = table
        return table

    def _open(self, path: Path, entry: Path) -> tuple[SlideFacts, list[TileTable]]:
        """What is needed for its tiles: facts, without the file's own words, and the tables of the first plane."""

        def make(found: dict[str, Any]) -> tuple[SlideFacts, list[TileTable]]:
            facts = facts_from({**found["facts"], "metadata": {}})
            return facts, [TileTable.from_plain(table) for table in found["tables"] or ()]

        def ask() -> dict[str, Any]:
            return self._ask("look_into" if self._kept else "open_slide")

        if entry != path:
            return make(ask())
        return open_once(entry, self._format, self._kept_as, ask, make, self._kept)

    def _ask(self, what: str, *args: Any) -> Any:
        return worker.call(f"{_DESK}{what}", self._path, self._format, *args, key=self._path)


def added_name(plane: Plane) -> str:
    """The file with the levels that were made of a plane.

    Args:
        plane: of the slide.

    Returns:
        Its name in `Added.folder`.
    """
    return f"{plane.c}-{plane.z}-{plane.t}.tif"


def _region_at(slide: SharedSlide, level: int, window: tuple[int, int, int, int]) -> Pixels:
    """A rectangle that is given in the level's own pixels, as `window_at` gives it."""
    left, top, width, height = window
    step = slide.facts.levels[level].downsample
    box = Box(
        position_of(left, step), position_of(top, step), math.floor(width * step), math.floor(height * step)
    )  # fmt: skip
    return slide.read_region(box, level)[:height, :width]


_Key = tuple[str, str, str, int, int]
_slides: OrderedDict[_Key, Future[SharedSlide]] = OrderedDict()
_slides_lock = threading.Lock()


def open_slide(path: Path, format: str, added: Added | None = None) -> SharedSlide:
    """A slide that was inspected before, kept open for the next one who asks.

    Args:
        path: as it was inspected: a file, or the folder of one slide.
        format: `SlideFacts.format`.
        added: the levels that we made of it, if any.

    Returns:
        Shared with others who ask for the same slide; a file that has changed since is opened anew. It need not be
        closed: whoever still holds one that the cache has let go of can go on reading.

    Raises:
        PictureMissing: there is no such file.
        SlideUnreadable: it is no longer what it was.
    """
    where = os.path.abspath(path)
    try:
        stat = os.stat(where)
    except OSError as reason:
        raise PictureMissing("The file of this slide is missing ({name})", name=path.name) from reason
    key = (where, format, str(added.folder) if added else "", stat.st_mtime_ns, stat.st_size)
    with _slides_lock:
        known = _slides.get(key)
        opening = known or Future()
        _slides[key] = opening
        _slides.move_to_end(key)
        while len(_slides) > MOST_OPEN:
            _slides.popitem(last=False)
    if known is None:
        _open_for_all(Path(where), format, added, key, opening)
    return opening.result()


def prepare(path: Path, format: str, kept: Kept) -> None:
    """Keep what is needed for a slide's tiles, so that no process needs a worker to open it.

    What goes wrong is not said here, but to whoever opens it.

    Args:
        path, format: as `open_slide` takes them.
        kept: where the processes that open it look.
    """
    try:
        SharedSlide(path, format, kept=kept)
    except Exception:
        log.debug("a slide was not made ready", exc_info=True)


def _open_for_all(path: Path, format: str, added: Added | None, key: _Key, opening: "Future[SharedSlide]") -> None:
    """Open once, for all who wait; a failure is not kept."""
    try:
        opening.set_result(SharedSlide(path, format, added))
    except BaseException as failure:
        with _slides_lock:
            if _slides.get(key) is opening:
                del _slides[key]
        opening.set_exception(failure)
