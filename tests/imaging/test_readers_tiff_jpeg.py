"""Tiles made whole (what was found out of one tile's beginning holds for others that begin so, and for no more), and
decoded as far as they are needed."""

import random

import imagecodecs
import numpy as np
import pytest

from atrisys.imaging.readers.tiff import jpeg
from atrisys.imaging.readers.tiff.jpeg import NotPlain
from atrisys.imaging.readers.tiff.tables import TileTable
from given import slides

SIDE = 64
TILE = bytes(imagecodecs.jpeg8_encode(slides.tissue(SIDE, SIDE), 80))
GREY = bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(slides.tissue(SIDE, SIDE)[..., 0]), 80))
SCAN = TILE.index(b"\xff\xda")


def table(samples: int = 3, ycbcr: bool = True) -> TileTable:
    nowhere = np.zeros(0, np.uint64)
    return TileTable(
        tile_width=SIDE, tile_height=SIDE, columns=1, rows=1, samples=samples, plain_jpeg=True, ycbcr=ycbcr,
        jpeg_tables=b"", offsets=nowhere, lengths=nowhere,
    )  # fmt: skip


def made(make, tile, of):
    try:
        return make(tile, of)
    except NotPlain:
        return None


def test_spoilt_tiles_are_made_whole_or_refused_as_if_each_were_looked_through():
    chance, whole = random.Random(7), 0
    for _ in range(4000):
        tile = bytearray(chance.choice((TILE, GREY)))
        for _ in range(chance.randrange(4)):
            at = chance.randrange(min(len(tile), SCAN + 40))
            match chance.randrange(4):
                case 0:
                    tile[at] = chance.randrange(256)
                case 1:
                    marker = chance.choice(b"\xfe\xe1\xda\xd9\xc4\xdb\xd0")
                    tile[at:at] = bytes((0xFF, marker, 0, chance.choice((2, 4, 8)))) + b"Jane"
                case 2:
                    del tile[at : at + chance.randrange(1, 40)]
                case _:
                    tile += bytes(chance.randrange(3))
        of = table(chance.choice((1, 3)), ycbcr=chance.random() < 0.5)
        found = made(jpeg.make_whole, bytes(tile), of)
        assert found == made(jpeg._made_whole, bytes(tile), of), tile.hex()
        whole += found is not None
    assert 400 < whole < 3600


@pytest.mark.parametrize("reaches", range(16))
def test_a_comment_that_swallows_the_beginning_of_the_pixels_is_not_taken_for_their_header(reaches):
    comment = b"\xff\xfe" + (2 + 14 + reaches).to_bytes(2)
    tile = TILE[:SCAN] + comment + TILE[SCAN:]
    assert made(jpeg.make_whole, tile, table()) == made(jpeg._made_whole, tile, table())
    again = TILE[:SCAN] + comment + TILE[SCAN:-40] + TILE[-2:]
    assert made(jpeg.make_whole, again, table()) == made(jpeg._made_whole, again, table())


def test_half_a_tile_that_begins_as_a_whole_one_is_refused():
    assert jpeg.make_whole(TILE, table())
    for end in (SCAN + 20, len(TILE) // 2, len(TILE) - 2, len(TILE) - 1):
        with pytest.raises(NotPlain):
            jpeg.make_whole(TILE[:end], table())


def test_names_behind_the_pixels_go_also_where_the_beginning_is_known():
    whole = jpeg.make_whole(TILE, table())
    for tile in (TILE + b"Jane Doe", TILE[:-2] + b"\xff\xfe\0\x0aJane Doe" + TILE[-2:]):
        assert jpeg.make_whole(tile, table()) == whole


def test_what_the_table_says_decides_also_where_the_beginning_is_known():
    assert jpeg.make_whole(TILE, table(ycbcr=True)) == jpeg.make_whole(TILE, table(ycbcr=False))
    with pytest.raises(NotPlain):
        jpeg.make_whole(TILE, table(samples=1))
    with pytest.raises(NotPlain):
        jpeg.make_whole(GREY, table(samples=3))


@pytest.mark.parametrize("subsampling", ["444", "422", "420", "440", None])
def test_the_first_rows_of_a_tile_are_those_of_the_whole(subsampling):
    colours = slides.tissue(SIDE, 56)
    picture = colours if subsampling else np.ascontiguousarray(colours[..., 0])
    tile = bytes(imagecodecs.jpeg8_encode(picture, 80, subsampling=subsampling))
    of = table(3 if subsampling else 1)
    whole, cut = jpeg.decode_jpeg(tile, of), 0
    for rows in range(1, 57):
        part = jpeg.decode_jpeg(tile, of, rows)
        cut += len(part) < len(whole)
        np.testing.assert_array_equal(part[:rows], whole[:rows])
    assert whole.shape[:2] == (56, SIDE)
    assert cut >= 16


def test_pixels_are_decoded_to_where_the_library_leaves_them_in_the_processors_caches():
    assert {jpeg.decode_jpeg(TILE, table()).ctypes.data % 32 for _ in range(20)} == {16}
