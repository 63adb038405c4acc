"""Files on their way out: one as it lies, a folder as a zip that is made while it is sent."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from starlette.responses import FileResponse, Response

from atrisys.errors import PictureMissing
from atrisys.wire.streaming import Stream

PIECE = 1 << 18
ANY_KIND = "application/octet-stream"


def download(path: Path, name: str, media_type: str = ANY_KIND) -> Response:
    """A kept file under the name that people know it by; of a folder (a slide of several files) a zip.

    Raises:
        PictureMissing: it is no longer there.
    """
    if path.is_dir():
        zipped = name if name.lower().endswith(".zip") else f"{name}.zip"
        return Stream(_zipped(path), media_type="application/zip", headers=attachment(zipped))
    if not path.is_file():
        raise PictureMissing("The file {name} is no longer there.", name=name)
    return FileResponse(path, media_type=media_type, headers=attachment(name))


def attachment(name: str) -> dict[str, str]:
    """Headers by which a browser saves what comes, and under which name."""
    plain = "".join(sign if sign.isascii() and sign.isprintable() and sign not in '"\\/' else "_" for sign in name)
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"}


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


def _zipped(folder: Path) -> Iterator[bytes]:
    """Stored, not deflated: slides are compressed already."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            if not path.is_file():
                continue
            entry = zipfile.ZipInfo.from_file(path, path.relative_to(folder).as_posix(), strict_timestamps=False)
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while piece := source.read(PIECE):
                    target.write(piece)
                    yield pipe.take()
            yield pipe.take()
    yield pipe.take()
