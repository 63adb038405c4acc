"""Tiles made whole (what was found out of one tile's beginning holds for others that begin so, and for no more), and
decoded as far as they are needed."""

import random

import imagecodecs
import numpy as np
import pytest

from atrisys.imaging.codestreams import MOST_SEGMENTS
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
    whole, cut, decoder = jpeg.Decoder(of).decode(tile), 0, jpeg.Decoder(of)
    for rows in range(1, 57):
        part = decoder.decode(tile, rows)
        cut += len(part) < len(whole)
        np.testing.assert_array_equal(part[:rows], whole[:rows])
    assert whole.shape[:2] == (56, SIDE)
    assert cut >= 16


def test_pixels_are_decoded_to_where_the_library_leaves_them_in_the_processors_caches():
    assert {jpeg.Decoder(table()).decode(TILE).ctypes.data % 32 for _ in range(20)} == {16}


def in_scans_of_their_own(count):
    """A tile whose first component comes so often, with nothing in it."""
    scans = [b"\xff\xda\x00\x08\x01" + bytes([component, 0, 0, 63, 0]) for component in (1, 2, 3)]
    return TILE[:SCAN] + scans[0] * count + scans[1] + scans[2] + b"\xff\xd9"


@pytest.mark.parametrize("count", [1, 30])
def test_a_tile_in_many_scans_is_left_to_a_worker(count):
    with pytest.raises(NotPlain, match="more than one scan"):
        jpeg.Decoder(table()).decode(in_scans_of_their_own(count))


def test_the_mark_of_colours_counts_wherever_it_stands_before_the_pixels():
    mark = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00"
    frame = TILE.index(b"\xff\xc0")
    for at in (frame, SCAN):
        found = jpeg.read_frame(TILE[:at] + mark + b"\0" + TILE[at:])
        assert found is not None
        assert (found.adobe, found.in_first_scan) == (0, 3)


@pytest.mark.parametrize("alone", [0x00, 0x01, 0xD0, 0xD7])
def test_a_tile_that_tells_the_decoder_of_another_size_than_us_is_refused(alone):
    """The decoder passes a mark without a length; who reads one for it lands behind what the decoder takes for true."""
    at, scan = GREY.index(b"\xff\xc0"), GREY.index(b"\xff\xda")
    length = 2 + int.from_bytes(GREY[at + 2 : at + 4])
    small, tables = GREY[at : at + length], GREY[2:at] + GREY[at + length : scan]
    large = small[:5] + (640).to_bytes(2) * 2 + small[9:]
    read_by_both = b"\xff" + bytes([alone]) + large + tables
    fill = 2 + int.from_bytes(read_by_both[2:4]) - len(read_by_both)
    comment = b"\xff\xfe" + (fill - 2 + length).to_bytes(2) + bytes(fill - 4) + small
    tile = GREY[:2] + read_by_both + comment + GREY[scan:]
    assert imagecodecs.jpeg8_decode(tile).shape == (640, 640)
    with pytest.raises(NotPlain):
        jpeg.Decoder(table(1)).decode(tile)


def test_a_frame_behind_segments_without_number_is_not_looked_for():
    assert jpeg.read_frame(TILE[:2] + b"\xff\xfe\x00\x02" * 900 + TILE[2:])
    assert jpeg.read_frame(TILE[:2] + b"\xff\xfe\x00\x02" * MOST_SEGMENTS + TILE[2:]) is None
