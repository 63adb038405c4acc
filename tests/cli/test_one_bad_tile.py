"""A slide that is whole but for one tile: it costs who asks for that tile an error, and nobody anything else."""

import os
import signal
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import psutil
import requests

from cli.serving import Serving, serving
from given import bombs, slides


class Seen:
    """A server with a slide of bob's, each tile of which needs a decoder, and alice's with one tile without end."""

    def __init__(self, installation, server: Serving) -> None:
        folder = installation.data.parent
        self.server, self.keys, self.images = server, {}, {}
        for name, slide in (
            ("bob", slides.pyramid(folder / "good.tif", compression="zlib")),
            ("alice", bombs.one_bad_tile(folder / "bad.tif", bombs.endless_jpeg())),
        ):
            account = installation.json("user", "add", name)
            self.keys[name] = {"X-Auth-Token": account["publicKey"], "X-Auth-Secret": account["privateKey"]}
            project = installation.json("project", "add", f"{name}'s", "--member", f"{name}:manager")["id"]
            taken = installation.lines("import", slide, "--project", project)
            assert "error" not in taken[0], taken
            self.images[name] = taken[0]["imageInstance"]

    def ask(self, name: str, what: str, atrisys: str = "atrisys/") -> requests.Response:
        address = f"{self.server.address}/api/{atrisys}imageinstance/{self.images[name]}/{what}"
        return requests.get(address, headers=self.keys[name], timeout=100)

    def ask_for_the_bad_tile(self) -> requests.Response:
        return self.ask("alice", "tile/0/{}/{}.jpg".format(*bombs.BAD_TILE))

    def others_go_on(self, number: int) -> None:
        """Bob's tiles, alice's other tiles, and her thumbnail, none of which was asked for before."""
        column, row = number % 8, number // 8 % 6
        assert self.ask("bob", f"tile/0/{column}/{row}.jpg").status_code == 200
        assert self.ask("alice", f"tile/0/{number % 3}/{number % 4}.jpg").status_code == 200
        assert self.ask("alice", f"thumb.jpg?maxSize={90 + number % 60}", "").status_code == 200

    def decoders(self) -> list[psutil.Process]:
        children = psutil.Process(self.server.process.pid).children(recursive=True)
        return [child for child in children if is_decoder(child)]


def test_a_tile_that_never_ends_costs_that_request_an_error(installation):
    limits = {"ATRISYS_PICTURE_TIMEOUT_S": "6"}
    with serving(installation.data, "serve", **installation.settings, **limits) as server, ThreadPoolExecutor(2) as two:
        server.wait_for_ping()
        seen = Seen(installation, server)
        asked = [two.submit(seen.ask_for_the_bad_tile) for _ in range(2)]
        number = 0
        while not all(one.done() for one in asked):
            seen.others_go_on(number)
            number += 1
        assert number
        for one in asked:
            assert one.result().status_code == 500
            assert one.result().json()["code"] == "picture_failed"
        seen.others_go_on(number)
        assert server.process.poll() is None


def test_a_tile_that_takes_the_decoder_down_costs_that_request_an_error(installation):
    with serving(installation.data, "serve", **installation.settings) as server, ThreadPoolExecutor(1) as other:
        server.wait_for_ping()
        seen = Seen(installation, server)
        answer: Future[requests.Response] = other.submit(seen.ask_for_the_bad_tile)
        while not answer.done():
            crash_the_busy(seen.decoders())
        assert answer.result().status_code == 500
        assert "SIGSEGV" in answer.result().json()["errors"]
        for number in range(5):
            seen.others_go_on(number)
        assert server.process.poll() is None


def crash_the_busy(decoders: list[psutil.Process]) -> None:
    """As a decoder's own crash does it, in the midst of its work."""
    before = {decoder: cpu_s(decoder) for decoder in decoders}
    time.sleep(0.2)
    for decoder, so_far in before.items():
        if cpu_s(decoder) > so_far + 0.02:
            with suppress(ProcessLookupError):
                os.kill(decoder.pid, signal.SIGSEGV)


def is_decoder(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return any("worker_process" in word for word in process.cmdline())
    return False


def cpu_s(process: psutil.Process) -> float:
    """0 where it has ended."""
    with suppress(psutil.Error):
        return sum(process.cpu_times()[:2])
    return 0.0
