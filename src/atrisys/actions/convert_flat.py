"""Flat pictures of a delivery made tiled pyramids, before anything of them is written down."""

from collections.abc import Callable
from dataclasses import dataclass

from atrisys.actions.receive_slide import READ_AT, RECORDED_AT, Arrival, Delivery, Progress, by_its_own_name
from atrisys.errors import ConversionFailed, DiskRefuses, Refusal
from atrisys.imaging import slides
from atrisys.settings import Settings
from atrisys.store import disk
from atrisys.store.files import DataFolder


@dataclass(frozen=True)
class Limits:
    """What one conversion may take."""

    seconds: float
    bytes: int

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """As the installation has them: a pyramid may be as large as a file that is uploaded."""
        return cls(settings.convert_timeout_s, int(settings.max_upload_gb * (1 << 30)))


def convert_flat(folder: DataFolder, delivery: Delivery, limits: Limits, progress: Progress) -> None:
    """Make a pyramid of each flat picture; it lies among the incoming files then, as its picture does.

    Raises:
        SlideUnreadable, TooLarge, ConversionFailed: there is no slide in the delivery that could be read. Nothing is
            left then of what was not settled.
        DiskRefuses: not now.
    """
    flat = delivery.flat
    try:
        for number, arrival in enumerate(flat):

            def told(fraction: float, number: int = number) -> None:
                progress(READ_AT + (RECORDED_AT - READ_AT) * (number + fraction) / len(flat), "Converting")

            told(0.0)
            try:
                _convert(folder, arrival, limits, told)
            except DiskRefuses:
                raise
            except Refusal as refusal:
                arrival.error = by_its_own_name(refusal, arrival.name)
                folder.discard(arrival.received.name)
        delivery.require_one()
    except BaseException:
        delivery.discard(folder)
        raise


def _convert(folder: DataFolder, arrival: Arrival, limits: Limits, told: Callable[[float], None]) -> None:
    with folder.scratch() as scratch:
        pyramid = scratch / "pyramid.tif"
        most = min(limits.bytes, disk.room_in(scratch))
        source = folder.path_of(arrival.received.name)
        try:
            arrival.facts = slides.convert(source, pyramid, timeout_s=limits.seconds, most_bytes=most, progress=told)
        except ConversionFailed:
            # Where the disk took no more, the picture is not at fault.
            disk.require_writable(scratch)
            raise
        arrival.original, arrival.received = arrival.received, folder.receive_file(pyramid, "tif", most, move=True)
