"""From bytes to slides: taken in, unpacked where they are an archive, each looked at in a killable child.

Nothing here touches the database. What is taken in lies among the incoming files until somebody settles it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import BinaryIO

from atrisys.errors import Refusal, SlideFlat, SlideUnreadable
from atrisys.imaging import slides
from atrisys.imaging.reader import SlideFacts
from atrisys.imaging.recognise import looks_like
from atrisys.store.disk import digest_of
from atrisys.store.files import DataFolder, Received, plain_name
from atrisys.store.in_place import InPlace
from atrisys.store.kept_tiles import KeptTiles
from atrisys.store.unpack import unpack

Progress = Callable[[float, str], None]
Source = Path | BinaryIO | Received

UNPACKED_AT, READ_AT, RECORDED_AT = 0.5, 0.6, 0.95


def ignore_progress(_fraction: float, _message: str) -> None:
    """Nobody wants to know."""


@dataclass
class Arrival:
    """One slide, or what was taken for one: its facts, or why it cannot be read."""

    name: str
    received: Received
    facts: SlideFacts | None = None
    error: Refusal | None = None
    in_place: InPlace | None = None
    """Of a slide that stays where it lies (actions/take_in_place.py): nothing was received then."""
    flat: str = ""
    """What kind of flat picture it is (`recognise.looks_like`), where it must be made a pyramid."""
    original: Received | None = None
    """That picture, once `received` is the pyramid."""

    def lies_at(self, folder: DataFolder) -> Path:
        """Where its slide is, once it is written down."""
        return Path(self.in_place["path"]) if self.in_place else folder.path_of(folder.settled_name(self.received.name))

    def bytes(self) -> Iterator[Received]:
        """All that came for it."""
        yield self.received
        if self.original:
            yield self.original


@dataclass
class Delivery:
    """All slides that came in one file or folder."""

    whole: Received
    """What came; the bytes of an archive are not kept."""
    arrivals: list[Arrival]

    def kept(self) -> Iterator[Received]:
        """What lies among the incoming files and is to stay."""
        for arrival in self.arrivals:
            if arrival.facts and not arrival.in_place:
                yield from arrival.bytes()

    @property
    def flat(self) -> list[Arrival]:
        """What must be converted before it can be written down."""
        return [arrival for arrival in self.arrivals if arrival.flat and not arrival.facts]

    def require_one(self) -> None:
        """Raises what is wrong with the first slide where none can be read."""
        errors = [arrival.error for arrival in self.arrivals if arrival.error]
        if len(errors) == len(self.arrivals):
            raise errors[0]

    def prepare(self, folder: DataFolder, tiles: KeptTiles) -> None:
        """Once all is written down: whoever opens one of these slides first need not wait for a decoder."""
        for arrival in self.arrivals:
            if arrival.facts:
                slides.prepare(arrival.lies_at(folder), arrival.facts.format, tiles)

    def discard(self, folder: DataFolder) -> None:
        """Leave nothing of what was not settled."""
        for arrival in self.arrivals:
            for received in arrival.bytes():
                folder.discard(received.name)


def take_apart(folder: DataFolder, source: Source, name: str, limit: int, progress: Progress) -> Delivery:
    """The slides in `source`, each inspected; their bytes lie among the incoming files. Flat pictures still are flat.

    Args:
        source: a file, a folder that is one slide, a stream, or what was received before.
        name: what people call it.
        limit: bytes that are taken.

    Raises:
        TooLarge, Invalid: it is not taken.
        SlideUnreadable: there is no slide in it, or none that can be read. Nothing is left then.
    """
    progress(0.0, "Copying")
    if isinstance(source, Path):
        return _from_path(folder, source, name, limit, progress)
    received = source if isinstance(source, Received) else folder.receive(source, ext_of(name), limit)
    try:
        return _from_received(folder, received, name, limit, progress)
    except BaseException:
        folder.discard(received.name)
        raise


def ext_of(name: str) -> str:
    """`svs` of `slide.SVS`."""
    return PurePath(name).suffix[1:].lower()


def _from_path(folder: DataFolder, path: Path, name: str, limit: int, progress: Progress) -> Delivery:
    kind = "" if path.is_dir() else looks_like(path)
    if kind == "ZIP":
        return _unpacked(folder, path, _as_it_lies(path), name, limit, progress)
    if path.is_dir() or kind in slides.OF_SEVERAL_FILES:
        received = _tree(folder, path, move=False)
    elif kind == "MISSING":
        raise SlideUnreadable("There is no file {name}, or it may not be read", name=name)
    else:
        size = path.stat().st_size or 1
        received = folder.receive_file(
            path, ext_of(path.name), limit, tell=lambda done: progress(READ_AT * min(done / size, 1), "Copying")
        )
    return _alone(folder, Arrival(name, received), progress)


def _from_received(folder: DataFolder, received: Received, name: str, limit: int, progress: Progress) -> Delivery:
    path = folder.path_of(received.name)
    kind = looks_like(path)
    if kind == "ZIP":
        delivery = _unpacked(folder, path, received, name, limit, progress)
    elif kind == "DICOM":
        delivery = _alone(folder, Arrival(name, folder.in_a_folder(received, "slide.dcm")), progress)
    else:
        return _alone(folder, Arrival(name, received), progress)
    folder.discard(received.name)
    return delivery


def _alone(folder: DataFolder, arrival: Arrival, progress: Progress) -> Delivery:
    """A delivery of one slide; raises what is wrong with it."""
    progress(READ_AT, "Reading the slide")
    _inspect(folder, arrival)
    delivery = Delivery(arrival.received, [arrival])
    delivery.require_one()
    return delivery


def _unpacked(
    folder: DataFolder, archive: Path, whole: Received, name: str, limit: int, progress: Progress
) -> Delivery:
    delivery = Delivery(whole, [])
    try:
        with folder.scratch() as scratch:
            unpack(archive, scratch, limit, lambda part: progress(UNPACKED_AT * part, "Unpacking"))
            found = slides.find_slides([scratch])
            if not found:
                raise SlideUnreadable("The archive {name} holds no slide that we know.", name=name)
            for number, (path, kind) in enumerate(found):
                progress(UNPACKED_AT + (READ_AT - UNPACKED_AT) * number / len(found), "Reading the slides")
                several = path.is_dir() or kind in slides.OF_SEVERAL_FILES
                taken = (
                    _tree(folder, path, move=True)
                    if several
                    else folder.receive_file(path, ext_of(path.name), limit, move=True)
                )
                shown = PurePath(name).stem if path == scratch else path.name
                delivery.arrivals.append(Arrival(plain_name(shown), taken))
                _inspect(folder, delivery.arrivals[-1])
    except BaseException:
        delivery.discard(folder)
        raise
    delivery.require_one()
    return delivery


def _inspect(folder: DataFolder, arrival: Arrival) -> None:
    """Fill in the facts, or that it is flat, or the error; then the bytes go."""
    path = folder.path_of(arrival.received.name)
    try:
        arrival.facts = slides.inspect(path)
    except SlideFlat:
        arrival.flat = looks_like(path)
    except Refusal as refusal:
        arrival.error = by_its_own_name(refusal, arrival.name)
        folder.discard(arrival.received.name)
    except BaseException:
        folder.discard(arrival.received.name)
        raise


def by_its_own_name(refusal: Refusal, name: str) -> Refusal:
    """The reader knows the file by the name that we made; people know it by theirs."""
    if "name" not in refusal.params:
        return refusal
    own = {"name": name, "folder": PurePath(name).stem}
    return type(refusal)(refusal.template, **{key: own.get(key, value) for key, value in refusal.params.items()})


def _tree(folder: DataFolder, path: Path, *, move: bool) -> Received:
    files = slides.files_of(path)
    return folder.receive_tree(files[0].parent, files, move=move)


def _as_it_lies(path: Path) -> Received:
    return Received("", *digest_of(path))
