"""Training data as one zip, made file by file: each is written, packed and let go before the next one is begun."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from atrisys.actions.export_training_data import Exporting, Report

PIECE = 1 << 20
PACKED = (".geojson", ".json")
"""The others are compressed already."""


def zip_training_data(exporting: Exporting, scratch: Path, report: Report) -> Iterator[bytes]:
    """The zip in pieces. `scratch`: a folder that holds one file of the export at a time."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for path in exporting.files(scratch, report):
            entry = zipfile.ZipInfo.from_file(path, path.name, strict_timestamps=False)
            entry.compress_type = zipfile.ZIP_DEFLATED if path.suffix in PACKED else zipfile.ZIP_STORED
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while piece := source.read(PIECE):
                    target.write(piece)
                    yield pipe.take()
            path.unlink()
    yield pipe.take()


class _Pipe(io.RawIOBase):
    """What was written since somebody last asked."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        kept = bytes(piece)  # pyright: ignore[reportArgumentType]
        self._pieces.append(kept)
        return len(kept)

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken
