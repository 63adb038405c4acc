"""Tiles that must be decoded, through the whole server, beside large_image and OpenSlide on the same SVS."""

import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import imagecodecs
import tifffile

from bench.house import House, Server, Sheet
from bench.peers import DEEP_ZOOM, LARGE_IMAGE, Peer, Peers, Place
from bench.report import Line, Section
from bench.slide import HEIGHT, TILE, WIDTH, write_svs
from bench.tiles import HEAD, OURS, Taken, address_of, compared, in_turns, rate_of, said_of

TITLE = "Decoded tiles"
SAID = """As above, with two server processes each and eight connections, on an SVS of 40,000 x 30,000 px (levels 1, 4,
16, 64): tiles of half the resolution, which the file lacks (JPEG), and tiles of full resolution (JPEG 2000). "Cold":
ATrISys keeps none of them and large_image's cache is off, so that every tile is made. "Again": both keep what they
make, and 200 tiles are asked for again and again. "The codecs alone": what two cores could give if nothing were done
but to decode these JPEG 2000 tiles (OpenJPEG, which all three use) and to encode them as JPEG, one after the other in
one process, times two."""
WORKERS, CONNECTIONS, TILES, AGAIN = 2, (8,), 4_000, 200
SECONDS, MOST_ROUNDS = 1.2, 3
GOALS = {LARGE_IMAGE: 3.0}
CODECS = "the codecs alone"
NOTHING_KEPT = {"ATRISYS_KEPT_TILES_GB": "0"}


def measure(house: House, rounds: int) -> Section:
    peers = Peers(house)
    section = Section(TITLE, SAID, notes=peers.notes, head=HEAD)
    for jpeg_2000, halved, what in ((False, 1, "half resolution"), (True, 0, "JPEG 2000")):
        slide = house.folder / f"halved-{halved}.svs"
        write_svs(slide, jpeg_2000=jpeg_2000)
        sheet = house.new_image(what, slide)
        places = some_places(halved)
        for kept in (False, True):
            asked, names = (places[:AGAIN], (LARGE_IMAGE,)) if kept else (places, (LARGE_IMAGE, DEEP_ZOOM))
            with (
                house.server("--workers", str(WORKERS), **({} if kept else NOTHING_KEPT)) as server,
                peers.serving(slide, asked, (1, 2), WORKERS, *names, cache=kept) as others,
            ):
                taken = taken_of(server, sheet, others, asked, min(rounds, MOST_ROUNDS))
            title = f"{what}, {'again' if kept else 'cold'}: "
            section.lines += compared(others, taken, WORKERS, GOALS, title, goals_at=CONNECTIONS[0])
            if jpeg_2000 and not kept:
                section.lines.append(beside_the_codecs(slide, taken, title))
    return section


def taken_of(server: Server, sheet: Sheet, others: list[Peer], places: Sequence[Place], rounds: int) -> Taken:
    us = Peer(OURS, server.port, server.process.pid, lambda place: address_in(sheet, place))
    return in_turns(server, us, others, places, rounds, CONNECTIONS, SECONDS)


def beside_the_codecs(slide: Path, taken: Taken, what: str) -> Line:
    """How near we come to what no server can pass."""
    with tifffile.TiffFile(slide) as tif, slide.open("rb") as file:
        page = tif.pages.first
        stored = [stored_tile(file, *where) for where in zip(page.dataoffsets, page.databytecounts, strict=True)][::90]
    begun = time.process_time()
    for tile in stored:
        imagecodecs.jpeg8_encode(imagecodecs.jpeg2k_decode(tile), level=80, subsampling="420")
    each = (time.process_time() - begun) / len(stored)
    ours = taken[OURS, CONNECTIONS[0]]
    theirs = f"{WORKERS / each:,.0f}/s, CPU {1e3 * each:.3f} ms"
    return Line(f"{what}{CODECS}", said_of(ours), theirs, f"{rate_of(ours) * each / WORKERS:.2f}")


def stored_tile(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)


def some_places(halved: int) -> list[Place]:
    """Whole tiles at that scale."""
    columns, rows = WIDTH // (TILE << halved), HEIGHT // (TILE << halved)
    every = [(halved, column, row) for column in range(columns) for row in range(rows)]
    return random.sample(every, min(TILES, len(every)))


def address_in(sheet: Sheet, place: Place) -> str:
    """A tile of the file's own; of a scale that it lacks a tile of the Deep Zoom image."""
    halved, column, row = place
    if not halved:
        return address_of(sheet, 0, column, row)
    level = (WIDTH - 1).bit_length() - halved
    return f"/api/atrisys/imageinstance/{sheet.image}/image_files/{level}/{column}_{row}.jpg"
