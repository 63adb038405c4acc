"""Tiles that must be decoded, through the whole server, beside large_image and OpenSlide on the same SVS."""

import random
from collections.abc import Sequence

from bench.house import House, Server, Sheet
from bench.peers import DEEP_ZOOM, LARGE_IMAGE, Peer, Peers, Place
from bench.report import Line, Section
from bench.slide import HEIGHT, TILE, WIDTH, write_svs
from bench.tiles import CONNECTIONS, HEAD, OURS, address_of, compared, in_turns

TITLE = "Decoded tiles"
SAID = """As above, with two server processes each, on an SVS of 40,000 x 30,000 px (levels 1, 4, 16, 64): tiles of half
the resolution, which the file lacks (JPEG), and tiles of full resolution (JPEG 2000). ATrISys keeps none of them here
and large_image's cache is off, so that every tile is made; in the last lines both keep what they make, and 200 tiles
are asked for again and again."""
WORKERS, TILES, AGAIN = 2, 4_000, 200
GOALS = {LARGE_IMAGE: 3.0}
NOTHING_KEPT = {"ATRISYS_KEPT_TILES_GB": "0"}


def measure(house: House, rounds: int) -> Section:
    peers = Peers(house)
    section = Section(TITLE, SAID, notes=peers.notes, head=HEAD)
    for jpeg_2000, halved, what in ((False, 1, "half resolution: "), (True, 0, "JPEG 2000: ")):
        slide = house.folder / f"halved-{halved}.svs"
        write_svs(slide, jpeg_2000=jpeg_2000)
        sheet = house.new_image(what, slide)
        places = some_places(halved)
        for kept in (False, True):
            with (
                house.server("--workers", str(WORKERS), **({} if kept else NOTHING_KEPT)) as server,
                peers.serving(slide, places, (1, 2), WORKERS, LARGE_IMAGE, DEEP_ZOOM, cache=kept) as others,
            ):
                section.lines += lines(
                    server,
                    sheet,
                    others,
                    places[:AGAIN] if kept else places,
                    rounds,
                    f"{what}{'again, ' if kept else ''}",
                )
    return section


def lines(
    server: Server, sheet: Sheet, others: list[Peer], places: Sequence[Place], rounds: int, what: str
) -> list[Line]:
    us = Peer(OURS, server.port, server.process.pid, lambda place: address_in(sheet, place))
    taken = in_turns(server, us, others, places, rounds, CONNECTIONS)
    return list(compared(others, taken, WORKERS, GOALS, what))


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
