"""A data folder on a disk of its own, and alice, who works with the server on it."""

import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from cli.installing import Installation

DISK_MB = 1600
MOUNTED = "loop,errors=remount-ro"
"""Read-only where something goes wrong, as Debian mounts its disks."""
SQUARE = "POLYGON((10 10,10 40,40 40,40 10,10 10))"


def mount(disk: Path) -> None:
    subprocess.run(["mount", "-o", MOUNTED, disk.with_suffix(".img"), disk], check=True, capture_output=True)


@pytest.fixture
def disk(installation: Installation) -> Iterator[Path]:
    """The data folder of `installation`, on a small disk of its own."""
    image = installation.data.with_suffix(".img")
    installation.data.mkdir()
    try:
        with image.open("wb") as file:
            file.truncate(DISK_MB << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", image], check=True, capture_output=True)
        mount(installation.data)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no disk may be made and mounted here")
    try:
        installation.run("user", "add", "alice")
        yield installation.data
    finally:
        subprocess.run(["umount", "--lazy", installation.data], check=True)
        image.unlink()


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


def assert_refuses(answer: requests.Response) -> None:
    assert answer.status_code == 507, (answer.status_code, answer.text)
    assert answer.json()["code"] == "disk_refuses"
    assert "disk" in answer.json()["errors"]
    assert int(answer.headers["retry-after"]) > 0


def kept_files(disk: Path) -> set[Path]:
    return {path.relative_to(disk) for path in (disk / "files").rglob("*") if path.is_file()}
