"""A command that serves, in a process of its own, stopped by its process id."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from walk.running import atrisys, free_port

WITHIN_S = 60


class Serving:
    def __init__(self, process: "subprocess.Popen[bytes]", port: int, out: Path, err: Path) -> None:
        self.process, self.port, self._out, self._err = process, port, out, err
        self.address = f"http://127.0.0.1:{port}"

    @property
    def stdout(self) -> str:
        return self._out.read_text(errors="replace")

    @property
    def stderr(self) -> str:
        return self._err.read_text(errors="replace")

    def wait_for_ping(self) -> float:
        """How many seconds it took."""
        started = time.monotonic()
        while time.monotonic() - started < WITHIN_S:
            assert self.process.poll() is None, self.stderr
            try:
                if requests.get(f"{self.address}/server/ping", timeout=5, verify=False).status_code == 200:
                    return time.monotonic() - started
            except (requests.ConnectionError, requests.Timeout):
                time.sleep(0.02)
        raise AssertionError(f"no answer within {WITHIN_S} s:\n{self.stderr}")

    def children(self) -> list[int]:
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for task in tasks for pid in task.read_text().split()]

    def stop(self, sign: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(sign)
        return self.process.wait(20)


@contextmanager
def serving(data: Path, *words: str, port: int | None = None, **settings: str) -> Iterator[Serving]:
    """`atrisys …` on a free port of this machine."""
    port = port or free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ATRISYS_")}
    out, err = data.with_name(f"{data.name}-{port}.out"), data.with_name(f"{data.name}-{port}.err")
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [*atrisys(), *words, "--data", str(data), "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env=kept | settings,
        )
    found = Serving(process, port, out, err)
    try:
        yield found
    finally:
        if process.poll() is None:
            try:
                found.stop()
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def wait_until(true_at_last, seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true_at_last():
            return True
        time.sleep(0.1)
    return False
