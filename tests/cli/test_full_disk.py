"""A server whose data folder lies on a disk that is really full: what it says, what it keeps, and that it goes on."""

import base64
import contextlib
import hashlib
import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, select, text

from atrisys.store.disk import FREE_BYTES
from atrisys.store.tables import AbstractImage, UploadedFile, UserAnnotation
from cli.installing import Installation
from cli.serving import serving, wait_until
from given import flats, slides

DISK_MB = 1600
SQUARE = "POLYGON((10 10,10 40,40 40,40 10,10 10))"


@pytest.fixture
def disk(installation: Installation) -> Iterator[Path]:
    """The data folder of `installation`, on a small disk of its own."""
    image = installation.data.with_suffix(".img")
    installation.data.mkdir()
    try:
        with image.open("wb") as file:
            file.truncate(DISK_MB << 20)
        for command in (["mkfs.ext4", "-q", "-F", "-m", "0", image], ["mount", "-o", "loop", image, installation.data]):
            subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no disk may be made and mounted here")
    try:
        installation.run("user", "add", "alice")
        yield installation.data
    finally:
        subprocess.run(["umount", "--lazy", installation.data], check=True)
        image.unlink()


@contextmanager
def full(disk: Path, but: int = 0) -> Iterator[None]:
    """Until the block ends there is no byte left, or so few."""
    ballast = disk / ".ballast"
    with ballast.open("xb", buffering=0) as file:
        end = 0
        for size in (64 << 20, 1 << 20, 4096):
            with contextlib.suppress(OSError):
                while True:
                    os.posix_fallocate(file.fileno(), end, size)
                    end += size
        file.truncate(end - but)
        try:
            yield
        finally:
            ballast.unlink()


class Alice:
    """Asks the server."""

    def __init__(self, address: str, installation: Installation, project: int) -> None:
        keys = installation.json("user", "keys", "alice")
        self.headers = {"X-Auth-Token": keys["publicKey"], "X-Auth-Secret": keys["privateKey"]}
        self.address, self.project = address, project

    def ask(self, method: str, path: str, **more) -> requests.Response:
        more["headers"] = {**self.headers, **more.get("headers", {})}
        return requests.request(method, self.address + path, timeout=120, **more)

    def draw(self, image: int) -> requests.Response:
        return self.ask("POST", "/api/annotation.json", json={"image": image, "location": SQUARE})

    def upload(self, name: str, content: bytes, **how: str) -> requests.Response:
        query = {"projects": str(self.project), **how}
        return self.ask("POST", "/upload", params=query, files={"files[]": (name, content)})

    def begin(self, length: int) -> str:
        said = {"upload-length": str(length), "upload-metadata": f"filename {base64.b64encode(b'tus.svs').decode()}"}
        answer = self.ask("POST", f"/api/atrisys/uploads?projects={self.project}", headers=said)
        assert answer.status_code == 201, answer.text
        return answer.headers["location"].removeprefix(self.address)

    def offset(self, path: str) -> int:
        return int(self.ask("HEAD", path).headers["upload-offset"])

    def go_on(self, path: str, content: bytes) -> requests.Response:
        offset = self.offset(path)
        said = {"upload-offset": str(offset), "content-type": "application/offset+octet-stream"}
        return self.ask("PATCH", path, headers=said, data=content[offset:])


def assert_full(answer: requests.Response) -> None:
    assert answer.status_code == 507, (answer.status_code, answer.text)
    assert answer.json()["code"] == "disk_refuses"
    assert "disk" in answer.json()["errors"]


def kept_files(disk: Path) -> set[Path]:
    return {path.relative_to(disk) for path in (disk / "files").rglob("*") if path.is_file()}


@pytest.mark.long
def test_nothing_is_lost_on_a_full_disk_and_the_server_goes_on_when_there_is_room(installation, disk, tmp_path):
    project = installation.project()
    slide = slides.svs(tmp_path / "a.svs")
    [taken] = installation.lines("import", slide, "--project", project)
    big = slides.svs(tmp_path / "big.svs", width=3000, height=2000).read_bytes() + random.Random(4).randbytes(8 << 20)
    png = flats.png(tmp_path / "flat.png", slides.tissue(1500, 1200)).read_bytes()
    with serving(disk, "serve", **installation.settings) as server:
        server.wait_for_ping()
        alice = Alice(server.address, installation, project)
        assert alice.draw(taken["imageInstance"]).status_code == 200
        resumed = alice.begin(len(big))
        before = kept_files(disk)
        drawn = 1
        with full(disk):
            for _ in range(200):
                answer = alice.draw(taken["imageInstance"])
                if answer.status_code != 200:
                    break
                drawn += 1
            assert_full(answer)
            assert_full(alice.upload("big.svs", big, sync="true"))
            assert_full(alice.upload("flat.png", png, sync="true"))
            assert_full(alice.go_on(resumed, big))
            assert alice.offset(resumed) < len(big)
            tile = f"/api/atrisys/imageinstance/{taken['imageInstance']}/tile/0/1/1.jpg"
            assert alice.ask("GET", tile).status_code == 200
            assert alice.ask("GET", f"/api/imageinstance/{taken['imageInstance']}/thumb.png").status_code == 200
            assert server.process.poll() is None
        assert {path.parts[1] for path in kept_files(disk) - before} <= {".uploads"}, "but for the one that goes on"
        assert alice.draw(taken["imageInstance"]).status_code == 200
        assert alice.go_on(resumed, big).status_code == 204
        came = alice.ask("GET", f"{resumed}.json").json()["uploadedFile"]
        file = f"/api/uploadedfile/{came}"
        assert wait_until(lambda: alice.ask("GET", f"{file}.json").json()["status"] == 100, 90)
        assert hashlib.sha256(alice.ask("GET", f"{file}/download").content).digest() == hashlib.sha256(big).digest()
        assert alice.upload("flat.png", png, sync="true").status_code == 200
        server.stop()
    with installation.reading() as db:
        count = {kind: db.scalar(select(func.count(kind.id))) for kind in (UserAnnotation, AbstractImage, UploadedFile)}
        assert count == {UserAnnotation: drawn + 1, AbstractImage: 3, UploadedFile: 4}
        if not installation.settings:
            assert db.scalar(text("PRAGMA integrity_check")) == "ok"


@pytest.mark.long
def test_a_conversion_that_finds_no_room_says_so_and_is_retried(installation, disk, tmp_path):
    project = installation.project()
    png = flats.png(tmp_path / "flat.png", slides.tissue(1500, 1200)).read_bytes()
    with serving(disk, "serve", **installation.settings) as server:
        server.wait_for_ping()
        alice = Alice(server.address, installation, project)
        with full(disk, but=FREE_BYTES // 2):
            sent = alice.upload("flat.png", png).json()[0]
            job, file = f"/api/atrisys/job/{sent['job']}.json", f"/api/uploadedfile/{sent['uploadedFile']['id']}.json"
            assert wait_until(lambda: "has no room" in alice.ask("GET", job).json()["log"], 90)
        assert wait_until(lambda: alice.ask("GET", job).json()["state"] in ("done", "failed"), 90), alice.ask(
            "GET", job
        ).text
        assert (alice.ask("GET", job).json()["state"], alice.ask("GET", file).json()["status"]) == ("done", 104)
