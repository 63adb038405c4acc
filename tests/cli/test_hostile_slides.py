"""Slides that are damaged or made to do harm, sent to a real server: refused or served, and nobody else notices."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import psutil
import pytest
import requests

from cli.serving import serving
from given import mutants, slides

MUTANTS = 500
ENOUGH = {"ATRISYS_PICTURE_MEMORY_MB": "512"}
SERVER_MB, DECODER_MB = 300, 600
FAILED = "picture_failed"


def keys_of(account: dict) -> dict[str, str]:
    return {"X-Auth-Token": account["publicKey"], "X-Auth-Secret": account["privateKey"]}


class Watch:
    """The most memory that the server and its decoders ever had, and what somebody else got meanwhile."""

    def __init__(self, pid: int, tiles: list[str], headers: dict[str, str]) -> None:
        self.server_mb = self.decoder_mb = 0.0
        self.answers: Counter[int] = Counter()
        self._server, self._tiles, self._headers = psutil.Process(pid), tiles, headers

    def look(self) -> None:
        for process in (self._server, *self._server.children(recursive=True)):
            with suppress(psutil.Error, OSError):
                decodes = any("worker_process" in word for word in process.cmdline())
                kind = "decoder_mb" if decodes else "server_mb"
                setattr(self, kind, max(getattr(self, kind), peak_mb(process.pid)))

    def ask(self, number: int) -> None:
        address = self._tiles[number % len(self._tiles)]
        self.answers[requests.get(address, headers=self._headers, timeout=60).status_code] += 1


def peak_mb(pid: int) -> float:
    """The most that a process ever had in memory. A decoder that has just ended has none that could be told."""
    told = Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()
    return int(told[0]) / 1024 if told else 0


@contextmanager
def watched(pid: int, tiles: list[str], headers: dict[str, str]) -> Iterator[Watch]:
    """While it lasts, somebody else looks at their own slides, one tile after another."""
    watch, done = Watch(pid, tiles, headers), threading.Event()

    def go_on() -> None:
        for number in count():
            watch.ask(number)
            watch.look()
            if done.wait(0.05):
                return

    with ThreadPoolExecutor(1) as threads:
        going_on = threads.submit(go_on)
        try:
            yield watch
        finally:
            done.set()
        going_on.result()


def good_tiles(installation, address: str, folder: Path, project: int) -> list[str]:
    """Two whole slides of bob's: one whose tiles are handed on, one whose tiles need a decoder each time."""
    whole = [slides.svs(folder / "good.svs"), slides.pyramid(folder / "good.tif", compression="zlib")]
    images = [image["imageInstance"] for image in installation.lines("import", *whole, "--project", project)]
    own = f"{address}/api/atrisys/imageinstance/{images[0]}/tile/0"
    return [f"{own}/{n}/{n}.jpg" for n in range(4)] + [
        f"{address}/api/imageinstance/{images[1]}/window-{7 * n}-{5 * n}-300-200.jpg" for n in range(40)
    ]


@pytest.mark.long
def test_five_hundred_damaged_slides_are_refused_or_served_and_the_server_lives(installation, tmp_path):
    installation.run("user", "add", "bob")
    project, headers = installation.project(), keys_of(installation.json("user", "keys", "alice"))
    others = installation.json("project", "add", "Bob's", "--member", "bob:manager")["id"]
    whole = mutants.originals(tmp_path)
    outcomes: dict[int, Counter[str]] = {kind: Counter() for kind in range(len(whole))}
    with serving(installation.data, "serve", **installation.settings, **ENOUGH) as server:
        server.wait_for_ping()
        tiles = good_tiles(installation, server.address, tmp_path, others)
        with (
            watched(server.process.pid, tiles, keys_of(installation.json("user", "keys", "bob"))) as watch,
            ThreadPoolExecutor(3) as threads,
        ):
            sent = threads.map(
                lambda number: send(server.address, headers, project, *mutants.mutant(whole, number)), range(MUTANTS)
            )
            for number, outcome in enumerate(sent):
                outcomes[number % len(whole)][outcome] += 1
        assert server.process.poll() is None
    assert watch.answers.keys() == {200}
    assert watch.server_mb < SERVER_MB
    assert watch.decoder_mb < DECODER_MB
    for kind, seen in outcomes.items():
        assert seen["refused"], (list(whole[kind]), seen)
        assert seen["served"], (list(whole[kind]), seen)


def send(address: str, headers: dict[str, str], project: int, name: str, content: bytes) -> str:
    """Upload it and look at it where it is taken in. What became of it."""
    answer = requests.post(
        f"{address}/upload", params={"projects": project, "sync": "true"}, headers=headers,
        files={"files[]": (name, content)}, timeout=200,
    )  # fmt: skip
    said = answer.json()
    if answer.status_code == 400:
        assert said["errors"], name
        return "refused"
    assert answer.status_code == 200, (name, answer.status_code, said)
    for taken in said[0]["images"]:
        image = taken["image"]
        for path in (
            f"imageinstance/{taken['imageInstances'][0]['id']}/thumb.jpg?maxSize=100",
            f"imageinstance/{taken['imageInstances'][0]['id']}/window-0-0-{image['width']}-{image['height']}.png",
            f"atrisys/imageinstance/{taken['imageInstances'][0]['id']}/tile/0/1/1.jpg",
        ):
            picture = requests.get(f"{address}/api/{path}", headers=headers, timeout=60)
            assert_a_picture_or_words(picture, f"{name}: {path}")
    return "served"


def assert_a_picture_or_words(answer: requests.Response, what: str) -> None:
    if answer.status_code == 200:
        assert answer.headers["content-type"].startswith("image/"), what
        assert answer.content, what
    else:
        said = answer.json()
        assert said["errors"], what
        assert (answer.status_code, said["code"]) in ((500, FAILED), (400, "too_large"), (400, "invalid")), (what, said)
