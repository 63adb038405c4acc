"""Write down the slides that came: files, abstract images with their planes, images in projects; in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any

from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.visible import get_row
from atrisys.actions import history
from atrisys.actions.add_image_instance import add_image_instance
from atrisys.actions.add_properties import add_properties
from atrisys.actions.make_levels import ask_for_levels
from atrisys.actions.receive_slide import Arrival, Delivery, ext_of
from atrisys.errors import ConversionFailed, Refusal, TooLarge
from atrisys.imaging.lacking import lacking
from atrisys.imaging.reader import SlideFacts
from atrisys.store.after_commit import after_rollback
from atrisys.store.files import DataFolder, Received
from atrisys.store.tables import AbstractImage, AbstractSlice, Project, UploadedFile
from atrisys.store.tables.files import CONVERTED, DEPLOYED, ERROR_CONVERSION, ERROR_FORMAT, UNPACKED

MOST_PLANES = 100_000


@dataclass(frozen=True)
class Taken:
    """What became of one slide."""

    name: str
    uploaded_file_id: int
    """The file that came: of a converted picture the picture itself."""
    abstract_image_id: int | None = None
    image_instance_ids: tuple[int, ...] = ()
    """In the order in which the projects were asked for."""
    error: Refusal | None = None
    """Why this one of an archive's several slides could not be read; its uploaded file says so too."""
    was_there: bool = False
    """The same bytes came earlier: these are their file and image, and nothing was kept again."""


@dataclass(frozen=True)
class Place:
    """Where a slide goes."""

    storage_id: int
    project_ids: tuple[int, ...]


@dataclass(frozen=True)
class SlideRecord:
    """Writes one delivery down, within db's transaction."""

    db: Session
    caller: Caller
    folder: DataFolder
    place: Place
    properties: Mapping[str, str] | None = None

    def of(self, name: str, delivery: Delivery, row: UploadedFile | None = None) -> list[Taken]:
        """All rows; then, as the last act, the bytes get their lasting names.

        Args:
            name: of the whole.
            row: the uploaded file, where it is known already.
        """
        if len(delivery.arrivals) == 1:
            taken = [self._image(self._file(name, delivery.arrivals[0], row=row), delivery.arrivals[0])]
        else:
            taken = self._several(name, delivery, row)
        for arrival in delivery.arrivals:
            if arrival.facts and not arrival.in_place:
                for received in arrival.bytes():
                    settle(self.db, self.folder, received.name)
        return taken

    def _several(self, name: str, delivery: Delivery, row: UploadedFile | None) -> list[Taken]:
        """An archive: the file that came, and below it one for each slide."""
        values = {"status": UNPACKED, "content_type": "ZIP", "filename": ""}
        if row is None:
            whole = {"size": delivery.whole.size, "sha256": delivery.whole.sha256}
            row = history.add(self.db, self.caller, UploadedFile(**self._about(name), **whole, **values))
        else:
            history.edit(self.db, self.caller, row, **values)
        taken: list[Taken] = []
        for arrival in delivery.arrivals:
            file = self._file(arrival.name, arrival, parent=row)
            broken = Taken(arrival.name, file.id, error=arrival.error)
            taken.append(broken if arrival.error else self._image(file, arrival))
        return taken

    def _about(self, name: str) -> dict[str, Any]:
        return {
            "original_filename": name,
            "ext": ext_of(name)[:64],
            "user_id": self.caller.id,
            "storage_id": self.place.storage_id,
            "projects": list(self.place.project_ids),
        }

    def _file(
        self, name: str, arrival: Arrival, *, row: UploadedFile | None = None, parent: UploadedFile | None = None
    ) -> UploadedFile:
        came = arrival.original or arrival.received
        if arrival.original:
            values = self._kept(came) | {"status": CONVERTED, "content_type": arrival.flat, "error": None}
        elif arrival.facts:
            values = self._kept(came) | {"status": DEPLOYED, "content_type": arrival.facts.format, "error": None}
            values["in_place"] = arrival.in_place
        else:
            status = ERROR_CONVERSION if isinstance(arrival.error, ConversionFailed) else ERROR_FORMAT
            values = self._kept(came) | {"status": status, "error": str(arrival.error), "filename": ""}
        if row is not None:
            return history.edit(self.db, self.caller, row, **values)
        file = UploadedFile(**self._about(name), parent_id=parent.id if parent else None, **values)
        return history.add(self.db, self.caller, file)

    def _kept(self, received: Received) -> dict[str, Any]:
        return {
            "size": received.size,
            "sha256": received.sha256 or None,
            "filename": self.folder.settled_name(received.name),
        }

    def _pyramid(self, original: UploadedFile, arrival: Arrival) -> UploadedFile:
        """The file that the picture was converted to, below it."""
        assert arrival.facts is not None
        values = self._kept(arrival.received) | {"status": DEPLOYED, "content_type": arrival.facts.format}
        about = self._about(f"{PurePath(arrival.name).stem}.tif")
        return history.add(self.db, self.caller, UploadedFile(**about, parent_id=original.id, **values))

    def _image(self, came: UploadedFile, arrival: Arrival) -> Taken:
        """The abstract image with its planes, and its images in the projects."""
        facts = arrival.facts
        assert facts is not None
        file = self._pyramid(came, arrival) if arrival.original else came
        if facts.channels * facts.depth * facts.duration > MOST_PLANES:
            raise TooLarge("{name} has more than {limit} planes.", name=arrival.name, limit=MOST_PLANES)
        image = AbstractImage(
            original_filename=arrival.name,
            uploaded_file_id=file.id,
            storage_id=self.place.storage_id,
            user_id=self.caller.id,
            **_columns(facts),
        )
        history.add(self.db, self.caller, image)
        add_properties(self.db, self.caller, [(image, (self.properties or {}).items())])
        common = {"image_id": image.id, "uploaded_file_id": file.id, "storage_id": self.place.storage_id}
        history.add_many(self.db, self.caller, AbstractSlice, [{**common, **plane} for plane in _planes(facts)])
        projects = [get_row(self.db, self.caller, Project, id) for id in self.place.project_ids]
        self._ask_for_levels(image, facts)
        instances = [add_image_instance(self.db, self.caller, project, image).id for project in projects]
        return Taken(arrival.name, came.id, image.id, tuple(instances))

    def _ask_for_levels(self, image: AbstractImage, facts: SlideFacts) -> None:
        if lacking(facts):
            projects = self.place.project_ids
            ask_for_levels(self.db, self.caller, image, projects[0] if len(projects) == 1 else None)


def settle(db: Session, folder: DataFolder, name: str) -> None:
    """Give received bytes their lasting place; they go if db's transaction is undone. What lay there before stays."""
    lasting = folder.settle(name)
    if lasting != name:
        after_rollback(db, lambda: folder.drop(lasting))


def _columns(facts: SlideFacts) -> dict[str, Any]:
    names = ("format", "width", "height", "depth", "duration", "channels", "colorspace", "fps", "magnification")
    return {
        **{name: getattr(facts, name) for name in (*names, "mpp_x", "mpp_y", "mpp_z")},
        "samples_per_pixel": facts.samples,
        "bits_per_sample": facts.bits,
        "facts": asdict(facts),
    }


def _planes(facts: SlideFacts) -> list[dict[str, Any]]:
    return [
        {
            "channel": c,
            "z_stack": z,
            "time": t,
            "channel_name": _nth(facts.channel_names, c),
            "channel_color": _nth(facts.channel_colors, c),
        }
        for t in range(facts.duration)
        for z in range(facts.depth)
        for c in range(facts.channels)
    ]


def _nth(names: Sequence[str], number: int) -> str | None:
    return names[number] if number < len(names) else None
