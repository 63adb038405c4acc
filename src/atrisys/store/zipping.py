"""Files as one zip that is made while it is sent."""

import io
import zipfile
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

PIECE = 1 << 20


def zip_pieces(files: Iterable[tuple[Path, str]], packed: Collection[str] = ()) -> Iterator[bytes]:
    """The zip in pieces; a file is read before the next one is asked for.

    It does not say when the files were written: bytes that are stored once may have come with somebody else's.

    Args:
        files: paths, and their names in the zip.
        packed: endings of what is deflated; the rest is stored, since slides and pictures are compressed already.
    """
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for path, name in files:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o600 << 16
            entry.file_size = path.stat().st_size
            entry.compress_type = zipfile.ZIP_DEFLATED if path.suffix in packed else zipfile.ZIP_STORED
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while piece := source.read(PIECE):
                    target.write(piece)
                    yield pipe.take()
            yield pipe.take()
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
