"""Tiles as they lie in the file, through the whole server, beside a bare application that preads the same tiles."""

import http.client
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.asking import signed
from bench.hammer import Load, hammer, request_bytes
from bench.house import House, Server, Sheet, cpu_s, free_port, wait_for_ping
from bench.report import Line, Section, spread

TITLE = "Tiles"
SAID = """Random tiles of all levels of a slide of 40,000 x 30,000 px (JPEG, 256 px), asked for on 1, 8 and 32 open
connections by one lean thread, warm in the system's memory. ATrISys judges the credential and the right to the image,
and sends an ETag and the headers that keep browsers safe; the bare code (bench/bare_tiles.py) is a raw ASGI application
under the same uvicorn that preads the same bytes and knows nobody. CPU is user and system time of the server's
processes for one answer."""
WORKERS, CONNECTIONS = (1, 2), (1, 8, 32)
SECONDS, TILES = 3.0, 5_000
WAITED = 32
"""Connections at which the goals are set."""
KEYS = "X-Auth headers"


def measure(house: House, rounds: int) -> Section:
    sheet = house.new_image("tiles")
    section = Section(TITLE, SAID)
    for workers in WORKERS:
        with house.server("--workers", str(workers)) as server, bare_server(house, workers) as (port, pid):
            places = some_places(server, sheet)
            asked = {
                "ours": [request_bytes(address_of(sheet, *place), shown(server)[KEYS]) for place in places],
                "bare": [request_bytes("/{}/{}/{}".format(*place), {}) for place in places],
            }
            both = {"ours": (server.port, server.process.pid), "bare": (port, pid)}
            taken: dict[tuple[str, int], list[tuple[Load, float]]] = {}
            for round_number in range(rounds + 1):
                for connections in CONNECTIONS:
                    for whose in random.sample(sorted(both), 2):
                        got = load(*both[whose], asked[whose], connections)
                        if round_number:
                            taken.setdefault((whose, connections), []).append(got)
            for connections in CONNECTIONS:
                what = f"{connections} connections, {workers} {'workers' if workers > 1 else 'worker'}"
                section.lines.append(compare(what, taken["ours", connections], taken["bare", connections], connections))
            if workers == 1:
                section.lines += by_credential(server, sheet, places, rounds)
    return section


def compare(what: str, ours: list[tuple[Load, float]], bare: list[tuple[Load, float]], connections: int) -> Line:
    ratio = rate_of(ours) / rate_of(bare)
    goal, met = ("≥ 0.35 of bare", ratio >= 0.35) if connections == WAITED else ("", None)
    return Line(what, said_of(ours), said_of(bare), f"{ratio:.2f}", goal, met)


def by_credential(server: Server, sheet: Sheet, places: list[tuple[int, int, int]], rounds: int) -> Iterator[Line]:
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


def some_places(server: Server, sheet: Sheet) -> list[tuple[int, int, int]]:
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


def load(port: int, pid: int, asked: list[bytes], connections: int, status: int = 200) -> tuple[Load, float]:
    """With the milliseconds of processor that an answer costs the server."""
    before, begun = cpu_s(pid), time.perf_counter()
    got = hammer(port, asked, connections, SECONDS, status)
    answers = got.rate * (time.perf_counter() - begun)
    return got, 1e3 * (cpu_s(pid) - before) / answers


def rate_of(taken: list[tuple[Load, float]]) -> float:
    return statistics.median(got.rate for got, _ in taken)


def said_of(taken: list[tuple[Load, float]]) -> str:
    rates = spread([got.rate for got, _ in taken], "{:,.0f}", "/s")
    p99, cpu = (statistics.median(values) for values in zip(*((got.p99_ms, each) for got, each in taken), strict=True))
    return f"{rates}, p99 {p99:.1f} ms, CPU {cpu:.3f} ms"


@contextmanager
def bare_server(house: House, workers: int) -> Iterator[tuple[int, int]]:
    """Its port and its process."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--factory", "bench.bare_tiles:create_app", "--port", str(port)]
    environment, begun = {**os.environ, "BARE_SLIDE": str(house.slide)}, time.perf_counter()
    options = ["--workers", str(workers), "--no-access-log", "--log-level", "warning"]
    process = subprocess.Popen([*command, *options], env=environment)
    try:
        wait_for_ping(port, process, begun)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)
