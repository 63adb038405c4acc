"""Files on their way out: one as it lies, a folder as a zip that is made while it is sent."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from atrisys.errors import PictureMissing
from atrisys.store import in_place
from atrisys.store.files import DataFolder
from atrisys.store.tables import UploadedFile
from atrisys.store.zipping import zip_pieces
from atrisys.wire.pictures import CACHING, etag_of, has_etag
from atrisys.wire.streaming import Stream

ANY_KIND = "application/octet-stream"
_RANGE = re.compile(r"\s*([0-9]{0,18})-([0-9]{0,18})\s*", re.ASCII)


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
    headers = {**attachment(name), **CACHING}
    return _Download(path, media_type=media_type, headers=headers, stat_result=path.stat())


class _Download(FileResponse):
    """Whole, in parts (206, 416), or nothing where who asks has it already (304).

    It does not say when its bytes were written: those that are stored once may have come with somebody else's file.
    """

    def set_stat_headers(self, stat_result: os.stat_result) -> None:
        self.headers["content-length"] = str(stat_result.st_size)
        self.headers["etag"] = etag_of((str(self.path), stat_result.st_size, stat_result.st_mtime_ns))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope)
        if has_etag(asked.get("if-none-match"), self.headers["etag"]):
            known = Response(status_code=304, headers={"ETag": self.headers["etag"], **CACHING})
            await known(scope, receive, send)
            return
        # What is no range, or one of another file, is passed over, as HTTP has it; the framework would refuse it.
        goes_on = _is_range(asked.get("range", "")) and asked.get("if-range") in (None, self.headers["etag"])
        left = {b"if-range"} if goes_on else {b"if-range", b"range"}
        scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in left]}
        await super().__call__(scope, receive, send)


def _is_range(value: str) -> bool:
    unit, _, parts = value.partition("=")
    found = [_RANGE.fullmatch(part) for part in parts.split(",")]
    return unit.strip().lower() == "bytes" and all(one and _has_order(*one.groups()) for one in found)


def _has_order(first: str, last: str) -> bool:
    return int(first) <= int(last) if first and last else bool(first or last)


def download_uploaded(folder: DataFolder, file: UploadedFile, name: str) -> Response:
    """An uploaded file under a name; also one that is read where it lies.

    Raises:
        PictureMissing, SlideAway, SlideChanged: its bytes are not there.
    """
    path = in_place.path_of(folder, file.filename, file.in_place)
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
