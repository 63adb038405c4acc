"""Tiles on their way out: as they lie in the slide's file, as they were kept, or made now and kept.

Whoever may see a tile was judged before. What is kept is found by all that the picture depends on, so that another
file, another plane or another version of ATrISys never finds it.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial

from fastapi import Request
from starlette.responses import Response

from atrisys import __version__
from atrisys.access.slide_file import SlideFile
from atrisys.imaging.encode import CONTENT_TYPES
from atrisys.imaging.own_tiles import Tile, format_of, size_of
from atrisys.imaging.pictures import Picture
from atrisys.imaging.slides import SharedSlide
from atrisys.imaging.tile_pictures import decoded_picture, stored_picture
from atrisys.store.kept_tiles import KeptTiles
from atrisys.store.tables import SecUser
from atrisys.wire.pictures import Work, etag_of, named_picture_answer, picture_answer


@dataclass(frozen=True)
class Judged:
    """What a handler found: who asks may see this slide."""

    slide: SlideFile
    private_key: str | None = field(repr=False)
    """Of whoever signs their requests: each signature is another, and is judged each time."""


def tile_answer(request: Request, slide: SlideFile, tile: Tile) -> Response:
    """A tile without any wishes, to who may see it; `stored_tiles.py` may answer the next ones by itself."""
    request.state.judged = judged_now(request, slide)
    etag = etag_of_tile(slide, tile)
    return named_picture_answer(request, tile_work(request.app.state.store.tiles, slide, tile, etag), etag)


def tile_work(tiles: KeptTiles, slide: SlideFile, tile: Tile, etag: str) -> Work:
    """How a tile is had that nobody has at hand."""
    size, format, plane = size_of(slide.facts, tile), format_of(tile), slide.plane

    def make() -> Picture:
        with slide.reading() as opened:
            stored = stored_picture(opened, tile, plane)
            return stored or kept.or_made(opened, partial(decoded_picture, tile=tile, plane=plane))

    kept = _Kept(tiles, slide.path.name, name_of(etag), size, format)
    return Work(make, size, format, slide.path.name)


def shown_tile_answer(
    request: Request,
    slide: SlideFile,
    size: tuple[int, int],
    format: str,
    make: Callable[[SharedSlide], Picture],
    *marks: object,
) -> Response:
    """A tile that is shown as somebody wishes: always made, but only once.

    Args:
        marks: all that it depends on.
    """
    kept = _Kept(request.app.state.store.tiles, slide.path.name, name_of(etag_of(marks)), size, format)

    def kept_or_made() -> Picture:
        with slide.reading() as opened:
            return kept.or_made(opened, make)

    return picture_answer(request, Work(kept_or_made, size, format, slide.path.name), *marks)


def etag_of_tile(slide: SlideFile, tile: Tile) -> str:
    """Of a tile without wishes."""
    digest = _begun(slide.mark).copy()
    digest.update(repr(tile).encode())
    return f'"{digest.hexdigest()[:40]}"'


@lru_cache(maxsize=64)
def _begun(mark: str) -> "hashlib._Hash":
    """What the tiles of a slide have in common; also another one for another version of ATrISys."""
    return hashlib.sha256(repr((__version__, "tile", mark)).encode())


def name_of(etag: str) -> str:
    """Under which a tile is kept."""
    return etag.strip('"')


@dataclass(frozen=True)
class _Kept:
    """Where one tile is kept."""

    tiles: KeptTiles
    slide: str
    name: str
    size: tuple[int, int]
    format: str

    def or_made(self, opened: SharedSlide, make: Callable[[SharedSlide], Picture]) -> Picture:
        found = self.tiles.read(self.slide, self.name)
        if found is not None:
            return Picture(CONTENT_TYPES[self.format], found, self.size, self.size)
        picture = make(opened)
        if isinstance(picture.body, bytes):
            self.tiles.keep(self.slide, self.name, picture.body)
        return picture


def judged_now(request: Request, slide: SlideFile) -> Judged | None:
    """What may be believed for a while of who asks; None where each request must be judged."""
    if slide.in_place is not None:
        # Somebody else may change the file at any moment: it is looked at each time.
        return None
    private_key, caller = None, request.state.caller
    if caller.way == "signature":
        user = request.state.db.get_one(SecUser, caller.id)
        private_key = request.app.state.key_box.open(user.private_key, user.public_key)
    return Judged(slide, private_key)
