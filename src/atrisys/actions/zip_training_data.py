"""Training data as one zip, made file by file: each is written, packed and let go before the next one is begun."""

from collections.abc import Iterator
from pathlib import Path

from atrisys.actions.export_training_data import Exporting, Report
from atrisys.store.zipping import zip_pieces

PACKED = (".geojson", ".json")
"""The others are compressed already."""


def zip_training_data(exporting: Exporting, scratch: Path, report: Report) -> Iterator[bytes]:
    """The zip in pieces. `scratch`: a folder that holds one file of the export at a time."""
    return zip_pieces(_one_by_one(exporting, scratch, report), PACKED)


def _one_by_one(exporting: Exporting, scratch: Path, report: Report) -> Iterator[tuple[Path, str]]:
    for path in exporting.files(scratch, report):
        yield path, path.name
        path.unlink()
