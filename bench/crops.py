"""Crops of annotations through the whole server, beside OpenSlide and Pillow alone on the same places."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

import numpy as np
import openslide
import shapely
import tifffile
from imagecodecs import jpeg8_decode, jpeg8_encode

from bench.asking import Lean
from bench.bare_crops import crop
from bench.hammer import Load, hammer, request_bytes
from bench.house import House, Peak, Server, Sheet
from bench.report import Line, Section, spread
from bench.shapes import API, bodies
from bench.tiles import KEYS, shown

TITLE = "Crops"
SAID = """`annotation/{id}/crop.jpg` of squares at random places of a slide of 40,000 x 30,000 px (JPEG, 256 px), off
the borders of its tiles, four requests at once on kept-alive connections. ATrISys judges the credential and the right
to each annotation. The bare code (bench/bare_crops.py) is OpenSlide's `read_region` and Pillow's `save` in four threads
of one process, without any server; the two give the same pixels. Memory is the whole server's at its peak. "The codecs
alone": what two cores could give if nothing were done but to decode the touched tiles, whole, and to encode the picture
(libjpeg-turbo, which all three use), one crop after the other in one process, times two."""
GOALS = {512: 2.8, 2048: 3.5}
"""Pixels a side of the crop → how many times as fast as the bare code."""
CONNECTIONS, SECONDS, PLACES = 4, 4.0, 1_000
CORES, ALONE_S = 2, 2.0
MOST_MB = 250


def measure(house: House, rounds: int) -> Section:
    sheet = house.new_image("crops")
    section = Section(TITLE, SAID)
    for size, goal in GOALS.items():
        with house.server() as server:
            places = some_places(sheet, size)
            asked = [path_of(id) for id in drawn(server, house, sheet, places, size)]
            same_pixels(server, house, asked[0], places[0], size)
            ours, bare, peaks, bare_peaks = [], [], [], []
            for number in range(rounds + 1):
                with Peak(server.process.pid) as peak:
                    got = taken(server, asked)
                there = bare_load(house.slide, places, size)
                if number:
                    ours.append(got)
                    bare.append(there["rate"])
                    bare_peaks.append(there["mb"])
                peaks.append(peak.mb)
        section.lines += lines_of(size, goal, ours, bare, (max(peaks), max(bare_peaks)))
        section.lines.append(beside_the_codecs(house.slide, places, size, ours))
    return section


def lines_of(size: int, goal: float, ours: list[Load], bare: list[float], mb: tuple[float, float]) -> list[Line]:
    rates = [got.rate for got in ours]
    ratio = float(np.median(rates) / np.median(bare))
    p99 = float(np.median([got.p99_ms for got in ours]))
    text = f"{spread(rates, '{:,.1f}', '/s')}, p99 {p99:.0f} ms"
    what = f"{size:,} px, {CONNECTIONS} at once"
    return [
        Line(what, text, spread(bare, "{:,.1f}", "/s"), f"{ratio:.2f}", f"≥ {goal}", ratio >= goal),
        Line(f"its peak memory, {size:,} px", f"{mb[0]:.0f} MB", f"{mb[1]:.0f} MB", "", "< 250 MB", mb[0] < MOST_MB),
    ]


def beside_the_codecs(slide: Path, places: list[tuple[int, int]], size: int, ours: list[Load]) -> Line:
    """How near we come to what no server can pass."""
    with tifffile.TiffFile(slide) as tif, slide.open("rb") as file:
        page, count, begun = tif.pages.first, 0, time.process_time()
        while (took := time.process_time() - begun) < ALONE_S:
            jpeg8_encode(laid_down(page, file, places[count % len(places)], size), level=80, subsampling="420")
            count += 1
    alone, rate = CORES * count / took, float(np.median([got.rate for got in ours]))
    theirs = f"{alone:,.1f}/s, CPU {1e3 * took / count:.2f} ms"
    return Line(f"{size:,} px, the codecs alone", f"{rate:,.1f}/s", theirs, f"{rate / alone:.2f}")


def laid_down(page: tifffile.TiffPage, file: BinaryIO, place: tuple[int, int], size: int) -> np.ndarray:
    """The touched tiles decoded, each at its place in the picture."""
    (x, y), side, columns = place, page.tilewidth, -(-page.imagewidth // page.tilewidth)
    picture = np.empty((size, size, 3), np.uint8)
    # Rows that begin on multiples of 32 bytes libjpeg-turbo writes past the caches: half as long again.
    room = np.empty(side * side * 3 + 32, np.uint8)
    begin = (16 - room.ctypes.data) % 32
    tile = room[begin : begin + side * side * 3].reshape(side, side, 3)
    for top in range(y // side * side, y + size, side):
        for left in range(x // side * side, x + size, side):
            number = top // side * columns + left // side
            file.seek(page.dataoffsets[number])
            jpeg8_decode(file.read(page.databytecounts[number]), out=tile)
            down, across = slice(max(top - y, 0), top - y + side), slice(max(left - x, 0), left - x + side)
            part = picture[down, across]
            part[:] = tile[max(y - top, 0) :, max(x - left, 0) :][: len(part), : part.shape[1]]
    return picture


def some_places(sheet: Sheet, size: int) -> list[tuple[int, int]]:
    places = random.Random(size)
    return [(places.randrange(sheet.width - size), places.randrange(sheet.height - size)) for _ in range(PLACES)]


def drawn(server: Server, house: House, sheet: Sheet, places: list[tuple[int, int]], size: int) -> list[int]:
    """A square annotation at each place; their ids."""
    squares = [shapely.box(x, sheet.height - y - size, x + size, sheet.height - y) for x, y in places]
    client = Lean(house.keys, server.port)
    (body,) = bodies(sheet, np.array(shapely.to_wkb(squares), object), len(squares))
    if (status := client.post(API, body)) != 200:
        raise RuntimeError(f"{API} answered {status}")
    client.close()
    rows = server.get(f"{API}?image={sheet.image}&showWKT=true")
    ids = {tuple(shapely.from_wkt(row["location"]).bounds): row["id"] for row in rows}
    return [ids[square.bounds] for square in squares]


def path_of(id: int) -> str:
    return f"/api/annotation/{id}/crop.jpg"


def same_pixels(server: Server, house: House, path: str, place: tuple[int, int], size: int) -> None:
    """Both must have done the same work."""
    ours = jpeg8_decode(Lean(house.keys, server.port).get_whole(path)).astype(int)
    theirs = jpeg8_decode(crop(openslide.OpenSlide(str(house.slide)), *place, size)).astype(int)
    if ours.shape != theirs.shape or np.abs(ours - theirs).mean() > 0.5:
        raise RuntimeError(f"{path} shows other pixels than OpenSlide")


def taken(server: Server, asked: list[str]) -> Load:
    headers = shown(server)[KEYS]
    return hammer(server.port, [request_bytes(path, headers) for path in asked], CONNECTIONS, SECONDS)


def bare_load(slide: Path, places: list[tuple[int, int]], size: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.bare_crops", str(slide), str(size), str(CONNECTIONS), str(SECONDS)]
    done = subprocess.run(command, input=json.dumps(places), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
