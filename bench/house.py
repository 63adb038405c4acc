"""An installation of its own for a run, its server as a process, and what that server holds in memory."""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil

from bench.slide import HEIGHT, WIDTH, write_slide

ONTOLOGY = {"name": "Bench", "terms": [{"name": f"Class {number}", "color": "#3366cc"} for number in range(1, 9)]}
MB = 1e6


@dataclass(frozen=True)
class Keys:
    public: str
    private: str


class House:
    """A data folder with a manager, an ontology of eight terms, a project, and one slide of 40,000 x 30,000 px.

    The slide is brought into a project of its own for each part that asks for one, so that parts do not meet.
    """

    def __init__(self, folder: Path, workers: int = 1) -> None:
        self.folder, self.data = folder, folder / "data"
        self.workers = workers
        made = self.command("user", "add", "alice")
        self.keys = Keys(made["publicKey"], made["privateKey"])
        (folder / "ontology.json").write_text(json.dumps(ONTOLOGY))

    @cached_property
    def slide(self) -> Path:
        path = self.folder / "slide.tif"
        write_slide(path)
        return path

    def command(self, *words: str) -> Any:
        """An `atrisys` command on this data folder; the JSON that it prints."""
        whole = [sys.executable, "-m", "atrisys", "--data", str(self.data), *words]
        done = subprocess.run(whole, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"atrisys {' '.join(words)} failed:\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout.strip().splitlines()[-1])

    def new_image(self, name: str, slide: Path | None = None) -> "Sheet":
        """A new project with the slide in it, or with another one."""
        ontology = str(self.folder / "ontology.json")
        project = self.command("project", "add", name, "--ontology", ontology, "--member", "alice:manager")
        image = self.command("import", str(slide or self.slide), "--project", str(project["id"]))
        with self.server() as server:
            terms = server.get(f"/api/ontology/{project['ontology']}/term.json")
        return Sheet(project["id"], image["imageInstance"], [term["id"] for term in terms])

    @contextmanager
    def server(self, *options: str, **settings: str) -> Iterator["Server"]:
        """`atrisys serve` with these options more, until the block ends; the run's number of workers by default.

        Settings are environment variables.
        """
        server = Server(self, "--workers", str(self.workers), *options, **settings)
        try:
            yield server
        finally:
            server.stop()


@dataclass(frozen=True)
class Sheet:
    """An image to draw on."""

    project: int
    image: int
    terms: list[int]
    width: int = WIDTH
    height: int = HEIGHT


class Server:
    """`atrisys serve` as a process of its own, answering."""

    def __init__(self, house: House, *options: str, **settings: str) -> None:
        self.keys, self.port = house.keys, free_port()
        begun = time.perf_counter()
        command = [sys.executable, "-m", "atrisys", "--data", str(house.data), "serve", "--port", str(self.port)]
        self.process = subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL, env={**os.environ, **settings})
        self.started_s = wait_for_ping(self.port, self.process, begun)

    def get(self, path: str) -> Any:
        """An answer as curl gets it: keys as headers, a list as a bare array."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = {"X-Auth-Token": self.keys.public, "X-Auth-Secret": self.keys.private}
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {body[:300]!r}")
        return json.loads(body)

    def cpu_s(self) -> float:
        """Processor time so far, of all its processes."""
        return cpu_s(self.process.pid)

    def idle_mb(self, wait_s: float = 1.0) -> float:
        """Memory once it has settled."""
        time.sleep(wait_s)
        return resident_mb(self.process.pid)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_ping(port: int, process: "subprocess.Popen[bytes]", begun: float, path: str = "/server/ping") -> float:
    """Seconds from `begun` until the first answer."""
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                return time.perf_counter() - begun
        except (ConnectionError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        if process.poll() is not None or time.perf_counter() - begun > 60:
            raise RuntimeError("The server did not start.")
        time.sleep(0.005)


def resident_mb(pid: int) -> float:
    """Resident memory of a process and all its descendants; what they share is counted once (at the least)."""
    alone, shared = [], [0]
    for one in _family(pid):
        with suppress(psutil.NoSuchProcess):
            memory = one.memory_full_info()
            alone.append(memory.uss)
            shared.append(memory.rss - memory.uss)
    return (sum(alone) + max(shared)) / MB


def _resident_mb_summed(pid: int) -> float:
    """The same, what they share counted for each of them: found much sooner."""
    total = 0
    for one in _family(pid):
        with suppress(psutil.NoSuchProcess):
            total += one.memory_info().rss
    return total / MB


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def cpu_s(pid: int) -> float:
    """User and system time of a process and all its descendants."""
    return sum(sum(one.cpu_times()[:2]) for one in _family(pid))


class Peak:
    """The highest memory while the block runs: `with Peak(pid) as peak: …; peak.mb`.

    What the processes share is measured at the end, and taken to have been shared all the time.
    """

    def __init__(self, pid: int, every_s: float = 0.004) -> None:
        self._pid, self._every_s, self._over = pid, every_s, threading.Event()
        self.mb = 0.0

    def __enter__(self) -> "Peak":
        self.mb = _resident_mb_summed(self._pid)
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._over.wait(self._every_s):
            self.mb = max(self.mb, _resident_mb_summed(self._pid))

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.mb -= _resident_mb_summed(self._pid) - resident_mb(self._pid)


@contextmanager
def new_house(scratch: Path | None = None, workers: int = 1) -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="atrisys-bench-", dir=scratch) as folder:
        yield House(Path(folder), workers)
