"""Tile tables of TIFFs that OpenSlide reads: their tiles can be handed on, whoever makes sense of the rest."""

from atrisys.imaging.reader import ByteSource, Level, SlideFacts
from atrisys.imaging.readers.tiff.pages import check_readable, count_pages, file_name, page_at, read_table
from atrisys.imaging.readers.tiff.tables import TileTable
from atrisys.imaging.source import SourceFile

FORMATS = ("PHILIPS",)
"""Whose tiled pages are the levels, tile for tile. Others overlap their tiles or place them anew (SCN, BIF)."""
_MOST_PAGES = 64


def stored_tables(source: ByteSource, facts: SlideFacts) -> list[TileTable] | None:
    """The table of each level.

    Args:
        facts: as the other reader has them.

    Returns:
        None where the file's tiled pages are not just these levels. A page may have rows of tiles more than its level:
        Philips fills it up.
    """
    import tifffile

    name = file_name(source)
    try:
        count = count_pages(source, name)
        tif = tifffile.TiffFile(SourceFile(source), name=name, _multifile=False)  # type: ignore[arg-type]
        tiled = [page for page in (page_at(tif, ifd) for ifd in range(min(count, _MOST_PAGES))) if page.is_tiled]
        for page in tiled:
            check_readable(page, name)
        tables = [read_table(page, name) for page in tiled]
    except MemoryError:
        raise
    except Exception:  # a table of lies makes the library stumble anywhere; the other reader has read it all the same
        return None
    if len(tables) != len(facts.levels) or not all(map(_fits, tables, facts.levels)):
        return None
    return tables


def _fits(table: TileTable, level: Level) -> bool:
    return (
        (table.tile_width, table.tile_height) == (level.tile_width, level.tile_height)
        and table.columns == -(-level.width // level.tile_width)
        and table.rows >= -(-level.height // level.tile_height)
        and table.samples == 3
    )
