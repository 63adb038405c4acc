"""Every address under which tiles are asked for, read without the router: which object, and which tile of its slide."""

import re
from collections.abc import Callable
from typing import NamedTuple

from atrisys.imaging import deep_zoom, iiif
from atrisys.imaging.encode import CONTENT_TYPES
from atrisys.imaging.own_tiles import Tile, own_tile
from atrisys.imaging.reader import SlideFacts
from atrisys.imaging.tiles import normalised_tile

_OURS = r"/api/atrisys/(imageinstance|sliceinstance)/([0-9]{1,18})"
_WORD = r"([^/]{1,80})"


def _normalised(facts: SlideFacts, zoom: str, tx: str, ty: str, format: str) -> Tile:
    return normalised_tile(facts, int(zoom), int(tx), int(ty), format)


_ADDRESSES: tuple[tuple[re.Pattern[str], Callable[..., Tile]], ...] = (
    (
        re.compile(rf"{_OURS}/tile/([0-9]{{1,3}})/([0-9]{{1,9}})/([0-9]{{1,9}})\.jpg"),
        lambda facts, *numbers: own_tile(facts, *map(int, numbers)),
    ),
    (
        re.compile(rf"{_OURS}/image_files/([0-9]{{1,3}})/([0-9]{{1,9}})_([0-9]{{1,9}})\.jpg"),
        lambda facts, *numbers: deep_zoom.tile(facts, *map(int, numbers)),
    ),
    (
        re.compile(
            r"/api/(sliceinstance|abstractslice)/([0-9]{1,18})/normalized-tile/zoom/([0-9]{1,3})/tx/([0-9]{1,9})"
            rf"/ty/([0-9]{{1,9}})\.({'|'.join(CONTENT_TYPES)})"
        ),
        _normalised,
    ),
    (re.compile(rf"{_OURS}/iiif/{_WORD}/{_WORD}/{_WORD}/([a-z]{{1,20}})\.([a-z]{{1,4}})"), iiif.tile),
)


class TileAddress(NamedTuple):
    """What an address says."""

    noun: str
    id: int
    """Of the object that shows the slide."""
    read: Callable[..., Tile]
    words: list[str]

    def tile(self, facts: SlideFacts) -> Tile:
        """Raises Invalid where the slide has no such tile."""
        return self.read(facts, *self.words)


def read_address(path: str) -> TileAddress | None:
    """None for what is no tile's address."""
    for pattern, read in _ADDRESSES:
        if found := pattern.fullmatch(path):
            noun, id, *words = found.groups()
            return TileAddress(noun, int(id), read, words)
    return None
