"""A slide that stays where it lies: looked at, and its files remembered as they are."""

from pathlib import Path

from atrisys.actions.receive_slide import READ_AT, Arrival, Delivery, Progress, by_its_own_name
from atrisys.errors import Invalid, Refusal, SlideChanged, SlideUnreadable
from atrisys.imaging import slides
from atrisys.imaging.recognise import looks_like
from atrisys.store import in_place
from atrisys.store.files import Received


def take_in_place(path: Path, name: str, progress: Progress) -> Delivery:
    """The slide at `path` (a file, or a folder that is one slide), inspected; not a byte is copied.

    Raises:
        SlideUnreadable: it cannot be read.
        SlideChanged: it is being written.
        Invalid: an archive.
    """
    if not path.is_dir() and looks_like(path) == "ZIP":
        raise Invalid("An archive is not read where it lies: unpack {name} first, or import it as a copy.", name=name)
    progress(READ_AT, "Reading the slide")
    try:
        files = slides.files_of(path)
        place = in_place.look(files)
        facts = slides.inspect(Path(place["path"]))
        afterwards = in_place.look(files)
    except Refusal as refusal:
        raise by_its_own_name(refusal, name) from refusal
    except OSError as error:
        raise SlideUnreadable("{name}: {reason}", name=name, reason=error.strerror or str(error)) from error
    if afterwards != place:
        raise being_written(name)
    received = Received("", in_place.size_of(place), "")
    return Delivery(received, [Arrival(name, received, facts, in_place=place)])


def being_written(name: str) -> SlideChanged:
    """What is said of a slide that is not whole yet."""
    return SlideChanged("{name} is being written at this moment. Import it when it is whole.", name=name)
