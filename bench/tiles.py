"""Tiles as they lie in the file, through the whole server, beside others that answer the same tiles."""

import http.client
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Any

from bench.asking import signed
from bench.hammer import Load, hammer, request_bytes
from bench.house import House, Server, Sheet, cpu_s
from bench.peers import BARE, DEEP_ZOOM, LARGE_IMAGE, NGINX, Peer, Peers, Place
from bench.report import Line, Section, spread
from bench.slide import LEVELS

TITLE = "Tiles"
SAID = """Random tiles of all levels of a slide of 40,000 x 30,000 px (JPEG, 256 px), asked for on 1, 8 and 32 open
connections by one lean thread, warm in the system's memory. ATrISys judges the credential and the right to the image,
and sends an ETag and the headers that keep browsers safe. The others know nobody: a raw ASGI application under the same
uvicorn that preads the same bytes (bench/bare_tiles.py), nginx with each tile as a file, large_image with its cache and
OpenSlide's DeepZoom, both behind FastAPI. CPU is user and system time of the server's processes for one answer. Each
line is one round after another of all of them, in random order."""
HEAD = ("what", "ATrISys", "the other", "ratio", "goal", "")
WORKERS, CONNECTIONS = (1, 2), (1, 8, 32)
SECONDS, TILES = 3.0, 5_000
WAITED = 32
"""Connections at which the goals are set."""
GOALS = {BARE: 0.35, LARGE_IMAGE: 10.0}
KEYS = "X-Auth headers"
OURS = "ATrISys"

Taken = dict[tuple[str, int], list[tuple[Load, float]]]
"""By the server's name and the number of connections: what came of each round, and milliseconds of CPU an answer."""


def measure(house: House, rounds: int) -> Section:
    sheet, peers = house.new_image("tiles"), Peers(house)
    section = Section(TITLE, SAID, notes=peers.notes, head=HEAD)
    for workers in WORKERS:
        with house.server("--workers", str(workers)) as server:
            places = some_places(server, sheet)
            names = (BARE, NGINX, LARGE_IMAGE, DEEP_ZOOM)
            with peers.serving(house.slide, places, LEVELS, workers, *names) as others:
                us = Peer(OURS, server.port, server.process.pid, lambda place: address_of(sheet, *place))
                taken = in_turns(server, us, others, places, rounds, CONNECTIONS)
            section.lines += compared(others, taken, workers, GOALS)
            if workers == 1:
                section.lines += by_credential(server, sheet, places, rounds)
    return section


def in_turns(
    server: Server,
    us: Peer,
    others: list[Peer],
    places: Sequence[Place],
    rounds: int,
    connections: Sequence[int],
    seconds: float = SECONDS,
) -> Taken:
    """One round to warm up, then so many that count; in each all servers in random order."""
    taken: Taken = {}
    headers = {OURS: shown(server)[KEYS]}
    asked = {
        peer.name: [request_bytes(peer.address(place), headers.get(peer.name, {})) for place in places]
        for peer in [us, *others]
    }
    for round_number in range(rounds + 1):
        for count in connections:
            for peer in random.sample([us, *others], 1 + len(others)):
                got = load(peer.port, peer.pid, asked[peer.name], count, seconds=seconds)
                if round_number:
                    taken.setdefault((peer.name, count), []).append(got)
    return taken


def compared(
    others: list[Peer],
    taken: Taken,
    workers: int,
    goals: dict[str, float],
    what: str = "",
    goals_at: int = WAITED,
) -> Iterator[Line]:
    """A line for each other server and number of connections; goals are set at so many of these."""
    for peer in others:
        for count in sorted(count for name, count in taken if name == peer.name):
            ours, theirs = taken[OURS, count], taken[peer.name, count]
            ratio = rate_of(ours) / rate_of(theirs)
            goal = goals.get(peer.name) if count == goals_at else None
            yield Line(
                f"{what}{peer.name}, {count} connections, {workers} {'workers' if workers > 1 else 'worker'}",
                said_of(ours),
                said_of(theirs),
                f"{ratio:.2f}",
                f"≥ {goal:g}" if goal else "",
                ratio >= goal if goal else None,
            )


def by_credential(server: Server, sheet: Sheet, places: Sequence[Place], rounds: int) -> Iterator[Line]:
    """What each way of saying who one is costs; and a tile that the asker has already."""
    for name, headers in shown(server).items():
        asked = [request_bytes(address_of(sheet, *place), headers) for place in places]
        got = [load(server.port, server.process.pid, asked, 8) for _ in range(rounds)]
        cpu = statistics.median(each for _, each in got)
        yield Line(f"{name}, 8 connections, 1 worker", said_of(got), goal="CPU ≤ 0.15 ms", met=cpu <= 0.15)
    path = address_of(sheet, *places[0])
    known = {**shown(server)[KEYS], "if-none-match": ask(server, path, shown(server)[KEYS]).headers["etag"]}
    got = [load(server.port, server.process.pid, [request_bytes(path, known)], 8, 304) for _ in range(rounds)]
    yield Line("a tile that the asker has (304), 8 connections, 1 worker", said_of(got))


def shown(server: Server) -> dict[str, dict[str, str]]:
    """Headers of each kind of credential. (A signature is one of this moment.)"""
    signature = signed(server.keys, "GET")
    cookies = ask(server, "/api/user/current.json", signature).headers["set-cookie"]
    return {
        KEYS: {"x-auth-token": server.keys.public, "x-auth-secret": server.keys.private},
        "signature": signature,
        "key-born cookie": {"cookie": cookies.partition(";")[0]},
    }


def address_of(sheet: Sheet, level: int, column: int, row: int) -> str:
    return f"/api/atrisys/imageinstance/{sheet.image}/tile/{level}/{column}/{row}.jpg"


def some_places(server: Server, sheet: Sheet) -> list[Place]:
    """Of all tiles of all levels, as `tiles.json` has them; all asked for once."""
    grid: Any = server.get(f"/api/atrisys/imageinstance/{sheet.image}/tiles.json")
    every = [
        (level["level"], column, row)
        for level in grid["levels"]
        for column in range(level["columns"])
        for row in range(level["rows"])
    ]
    return random.sample(every, min(TILES, len(every)))


def ask(server: Server, path: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")
    return answer


def load(
    port: int, pid: int, asked: list[bytes], connections: int, status: int = 200, seconds: float = SECONDS
) -> tuple[Load, float]:
    """With the milliseconds of processor that an answer costs the server."""
    before, begun = cpu_s(pid), time.perf_counter()
    got = hammer(port, asked, connections, seconds, status)
    answers = got.rate * (time.perf_counter() - begun)
    return got, 1e3 * (cpu_s(pid) - before) / answers


def rate_of(taken: list[tuple[Load, float]]) -> float:
    return statistics.median(got.rate for got, _ in taken)


def said_of(taken: list[tuple[Load, float]]) -> str:
    rates = spread([got.rate for got, _ in taken], "{:,.0f}", "/s")
    p99, cpu = (statistics.median(values) for values in zip(*((got.p99_ms, each) for got, each in taken), strict=True))
    return f"{rates}, p99 {p99:.1f} ms, CPU {cpu:.3f} ms"
