"""Makes a small MIRAX slide on the spot: an index in words, one in numbers, and JPEGs behind one another.

files = mirax.slide(loop=True)
"""

import struct

from given import slides

_ID = "0123456789ABCDEF" * 2
_INDEX = f"""[GENERAL]
SLIDE_ID={_ID}
IMAGENUMBER_X=2
IMAGENUMBER_Y=2
OBJECTIVE_MAGNIFICATION=20
CameraImageDivisionsPerSide=1
[HIERARCHICAL]
INDEXFILE=Index.dat
HIER_COUNT=1
HIER_0_NAME=Slide zoom level
HIER_0_COUNT=1
HIER_0_VAL_0_SECTION=LEVEL_0
NONHIER_COUNT=0
[DATAFILE]
FILE_COUNT=1
FILE_0=Data0000.dat
[LEVEL_0]
OVERLAP_X=0.0
OVERLAP_Y=0.0
MICROMETER_PER_PIXEL_X=0.5
MICROMETER_PER_PIXEL_Y=0.5
IMAGE_FILL_COLOR_BGR=16777215
DIGITIZER_WIDTH={slides.TILE}
DIGITIZER_HEIGHT={slides.TILE}
IMAGE_FORMAT=JPEG
IMAGE_CONCAT_FACTOR=0
"""


def slide(loop: bool = False) -> dict[str, bytes]:
    """Name below its folder → content, the entry file first; two by two tiles, one level.

    Args:
        loop: the index says that its only page is followed by itself.
    """
    import imagecodecs

    side = 2 * slides.TILE
    tiles = [
        bytes(imagecodecs.jpeg8_encode(tile, 90)) for tile in slides.tiles_of(slides.tissue(side, side), side // 2)
    ]
    head = f"01.02{_ID}".encode()
    places = [len(head) + sum(map(len, tiles[:number])) for number in range(len(tiles))]
    root = len(head) + 8
    levels, page = root + 4, root + 12
    entries = b"".join(struct.pack("<4i", n, places[n], len(tile), 0) for n, tile in enumerate(tiles))
    numbers = struct.pack("<7i", root, root, levels, 0, page, len(tiles), page if loop else 0) + entries
    return {
        "a.mrxs": b"\xff\xd8\xff\xd9",
        "a/Slidedat.ini": b"\xef\xbb\xbf" + _INDEX.replace("\n", "\r\n").encode(),
        "a/Index.dat": head + numbers,
        "a/Data0000.dat": head + b"".join(tiles),
    }
