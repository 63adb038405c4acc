"""Files on their way out: one as it lies, a folder as a zip that is made while it is sent."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from starlette.responses import FileResponse, Response

from atrisys.errors import PictureMissing
from atrisys.store import in_place
from atrisys.store.files import DataFolder
from atrisys.store.tables import UploadedFile
from atrisys.store.zipping import zip_pieces
from atrisys.wire.streaming import Stream

ANY_KIND = "application/octet-stream"


def download(path: Path, name: str, media_type: str = ANY_KIND) -> Response:
    """A kept file under the name that people know it by; of a folder (a slide of several files) a zip.

    Raises:
        PictureMissing: it is no longer there.
    """
    if path.is_dir():
        zipped = name if name.lower().endswith(".zip") else f"{name}.zip"
        return Stream(zip_pieces(_inside(path)), media_type="application/zip", headers=attachment(zipped))
    if not path.is_file():
        raise PictureMissing("The file {name} is no longer there.", name=name)
    return FileResponse(path, media_type=media_type, headers=attachment(name))


def download_uploaded(folder: DataFolder, file: UploadedFile, name: str) -> Response:
    """An uploaded file under a name; also one that is read where it lies.

    Raises:
        PictureMissing, SlideAway, SlideChanged: its bytes are not there.
    """
    path = in_place.path_of(folder, file)
    others = [Path(part) for part, *_ in file.in_place["files"]] if file.in_place else []
    if len(others) > 1:
        inside = ((part, part.relative_to(path.parent).as_posix()) for part in others)
        return Stream(zip_pieces(inside), media_type="application/zip", headers=attachment(f"{name}.zip"))
    return download(path, name)


def attachment(name: str) -> dict[str, str]:
    """Headers by which a browser saves what comes, and under which name."""
    plain = "".join(sign if sign.isascii() and sign.isprintable() and sign not in '"\\/' else "_" for sign in name)
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"}


def _inside(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every file of a folder, with its way from there."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.relative_to(folder).as_posix()
