"""Where the tiles of a TIFF lie: what the server's process needs, so that it parses no file itself."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class TileTable:
    """The tiles of one plane at one level."""

    tile_width: int
    tile_height: int
    columns: int
    rows: int
    samples: int
    plain_jpeg: bool
    """Tiles are JPEG of 8 bits, interleaved: libjpeg-turbo decodes them where they are needed."""
    ycbcr: bool
    """As the photometric tag says; the JPEG itself may say nothing, or something else."""
    jpeg_tables: bytes
    """Quantisation and Huffman tables that all tiles share; empty where each holds its own."""
    offsets: NDArray[np.uint64]
    """Bytes from the file's start, row by row; empty where tiles are no plain JPEG."""
    lengths: NDArray[np.uint64]
    """Bytes; 0 for a tile that was not scanned."""

    def has(self, column: int, row: int) -> bool:
        """Whether there is such a tile, scanned or not."""
        return 0 <= column < self.columns and 0 <= row < self.rows

    def extent(self, column: int, row: int) -> tuple[int, int]:
        """Where a tile begins and how long it is, in bytes; as the file says it, which may be wrong."""
        index = row * self.columns + column
        return int(self.offsets[index]), int(self.lengths[index])

    def extents(self, row: int, run: range) -> list[tuple[int, int]]:
        """The same of tiles beside each other: those columns of a row."""
        of_run = slice(row * self.columns + run.start, row * self.columns + run.stop)
        return list(zip(self.offsets[of_run].tolist(), self.lengths[of_run].tolist(), strict=True))

    def to_plain(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        return cls(**plain)
