"""Tiles of the normalised pyramid, as viewers ask for them."""

from atrisys.errors import Invalid
from atrisys.imaging.own_tiles import FORMAT, Tile, tile_of
from atrisys.imaging.pyramid import TILE, Tier, tiers
from atrisys.imaging.reader import Box, SlideFacts


def normalised_tile(facts: SlideFacts, zoom: int, tx: int, ty: int, format: str = FORMAT) -> Tile:
    """A tile as it is shown where nothing else is asked for; see `tile_box`."""
    return tile_of(facts, *tile_box(facts, zoom, tx, ty), format)


def tile_box(facts: SlideFacts, zoom: int, tx: int, ty: int) -> tuple[Box, tuple[int, int]]:
    """Where a tile lies on the slide, and how large it is.

    Args:
        zoom: 0 is the whole slide in one tile, the last is full resolution.
        tx: tile column, 0 at the left.
        ty: tile row, 0 at the top.

    Returns:
        The rectangle in level-0 pixels, and (width, height) of the tile: 256 px a side, smaller at the right and the
        bottom. The rectangle may reach past the slide's edge by less than one of the tile's pixels.

    Raises:
        Invalid: the pyramid has no such zoom, column or row.

    Source: Cytomine's normalized-tile.
    """
    tier = _tier(facts, zoom)
    if not (0 <= tx < tier.columns and 0 <= ty < tier.rows):
        raise Invalid(
            "There is no tile {tx}, {ty} at zoom {zoom}: it has {columns} columns and {rows} rows of tiles",
            tx=tx,
            ty=ty,
            zoom=zoom,
            columns=tier.columns,
            rows=tier.rows,
        )
    width, height = min(TILE, tier.width - tx * TILE), min(TILE, tier.height - ty * TILE)
    step = tier.downsample
    return Box(tx * TILE * step, ty * TILE * step, width * step, height * step), (width, height)


def _tier(facts: SlideFacts, zoom: int) -> Tier:
    known = tiers(facts)
    if not 0 <= zoom < len(known):
        raise Invalid("There is no zoom {zoom}: this slide has 0 to {last}", zoom=zoom, last=len(known) - 1)
    return known[zoom]
