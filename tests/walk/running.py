"""A real server in a process of its own, the command line beside it, and the ways to ask it."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import create_engine, make_url, text

CHECKOUT = Path(__file__).resolve().parents[2]
START_WITHIN_S = 30
COMMAND_WITHIN_S = 300


@dataclass(frozen=True)
class Account:
    """One of the cast, as `atrisys user add` printed it."""

    id: int
    username: str
    public_key: str
    private_key: str

    @property
    def headers(self) -> dict[str, str]:
        """The two headers that the seed document gives to curl."""
        return {"X-Auth-Token": self.public_key, "X-Auth-Secret": self.private_key}

    def sign(self, method: str, content_type: str = "") -> dict[str, str]:
        """Cytomine's signature in its newest form, which leaves the address out."""
        date = format_datetime(datetime.now(UTC))
        text = f"{method}\n\n{content_type}\n{date}"
        digest = hmac.new(self.private_key.encode(), text.encode(), hashlib.sha1).digest()
        signature = base64.b64encode(digest).decode()
        named = {"content-type": content_type} if content_type else {}
        return {"date": date, "authorization": f"CYTOMINE {self.public_key}:{signature}", **named}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(eq=False)
class Running:
    """ATrISys served from a data folder of its own on a free port of this machine."""

    data: Path
    workers: int = 1
    settings: dict[str, str] = field(default_factory=dict)
    address: str = ""
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        words = ["serve", "--data", str(self.data), "--port", str(port), "--workers", str(self.workers)]
        log = self.log.open("ab")
        self.process = subprocess.Popen(
            [*atrisys(), *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment()
        )
        log.close()
        self.wait_for_ping()

    def stop(self) -> None:
        """Ends the server by its process id, and only it."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)

    @property
    def log(self) -> Path:
        return self.data.with_name(self.data.name + ".log")

    def wait_for_ping(self) -> None:
        assert self.process is not None
        end = time.monotonic() + START_WITHIN_S
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                if requests.get(f"{self.address}/server/ping", timeout=5).status_code == 200:
                    return
            except (requests.ConnectionError, requests.Timeout):
                time.sleep(0.05)
        code = self.process.poll()
        self.stop()
        raise AssertionError(f"the server did not answer its ping (exit status {code}):\n{self.tail()}")

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def environment(self) -> dict[str, str]:
        """This process' environment without settings that a developer may have."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ATRISYS_")}
        return kept | self.settings

    def command(self, *words: str, stdin: str | None = None) -> str:
        """Runs one `atrisys` command on the data folder; gives back what it printed on standard output."""
        done = subprocess.run(
            [*atrisys(), *words, "--data", str(self.data)],
            input=stdin or "",
            capture_output=True,
            text=True,
            env=self.environment(),
            timeout=COMMAND_WITHIN_S,
        )
        assert done.returncode == 0, f"atrisys {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def add_user(self, name: str, role: str = "user") -> Account:
        made = json.loads(self.command("user", "add", name, "--role", role, "--email", f"{name}@example.org"))
        return Account(made["id"], made["username"], made["publicKey"], made["privateKey"])

    def add_project(self, name: str, members: Sequence[str], ontology: Path | None = None) -> int:
        words = ["project", "add", name]
        words += ["--ontology", str(ontology)] if ontology else []
        for member in members:
            words += ["--member", member]
        return json.loads(self.command(*words))["id"]

    def import_slides(self, paths: Sequence[Path], project: int) -> list[dict[str, Any]]:
        printed = self.command("import", *(str(path) for path in paths), "--project", str(project))
        return [json.loads(line) for line in printed.splitlines() if line.strip()]

    def ask(self, path: str, by: Account | None = None, **words: Any) -> requests.Response:
        """One request with the keys as the seed document sends them; `path` begins with a slash."""
        method = words.pop("method", "GET")
        headers = {**(by.headers if by else {}), **words.pop("headers", {})}
        return requests.request(method, self.address + path, headers=headers, timeout=120, **words)


def atrisys() -> list[str]:
    """The installed command, or the package where only the source is at hand."""
    script = Path(sys.executable).with_name("atrisys")
    return [str(script)] if script.exists() else [sys.executable, "-m", "atrisys"]


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


def ask_with_curl(address: str, headers: dict[str, str]) -> Answer:
    """The request as somebody types it who follows the seed document."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed (on Debian: apt-get install curl)")
    with tempfile.TemporaryDirectory() as folder:
        body = Path(folder) / "body"
        words = ["curl", "-sS", "-g", "-X", "GET", address, "--max-time", "120", "-o", str(body), "-D", "-"]
        for name, value in headers.items():
            words += ["-H", f"{name}: {value}"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=150)
        assert done.returncode == 0, done.stderr
        first, *lines = done.stdout.strip().splitlines()
        pairs = (line.split(":", 1) for line in lines if ":" in line)
        named = {name.strip().lower(): value.strip() for name, value in pairs}
        return Answer(int(first.split()[1]), named, body.read_bytes() if body.exists() else b"")


def ask_with_requests(address: str, headers: dict[str, str]) -> Answer:
    got = requests.get(address, headers=headers, timeout=120)
    return Answer(got.status_code, {name.lower(): value for name, value in got.headers.items()}, got.content)


def client_python(version: str) -> Path:
    """The interpreter of one official client's environment; the test is skipped where it was not set up."""
    python = CHECKOUT / ".clients" / version / "bin" / "python"
    if not python.exists():
        pytest.skip(f"the official client {version} is not set up: run `make clients`")
    return python


def run_client(
    version: str, script: str, words: Sequence[str], folder: Path, within_s: float = COMMAND_WITHIN_S
) -> dict[str, Any]:
    """Runs a script of this folder inside an official client's environment; gives back the report it wrote.

    The script is started in `folder` and finds the path of its report in the variable REPORT.
    """
    report = folder / f"{Path(script).stem}-report.json"
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "REPORT": str(report), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [str(client_python(version)), "-W", "ignore", str(Path(__file__).parent / script), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        timeout=within_s,
    )
    assert done.returncode == 0, f"{script} with client {version}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return json.loads(report.read_text(encoding="utf-8"))


@contextmanager
def own_database() -> Iterator[dict[str, str]]:
    """Settings that name an empty database; none where the suite runs on SQLite."""
    address = os.environ.get("ATRISYS_TEST_DATABASE_URL")
    if not address:
        yield {}
        return
    name = f"walk_{secrets.token_hex(4)}"
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield {"ATRISYS_DATABASE_URL": make_url(address).set(database=name).render_as_string(hide_password=False)}
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        engine.dispose()


@contextmanager
def new_server(folder: Path, workers: int = 1) -> Iterator[Running]:
    """A server process on an empty data folder."""
    with own_database() as settings:
        server = Running(folder / "data", workers=workers, settings=settings)
        server.start()
        try:
            yield server
        finally:
            server.stop()
