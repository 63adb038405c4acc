"""A server whose data folder lies on a disk that is really full: what it says, what it keeps, and that it goes on."""

import contextlib
import hashlib
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from atrisys.store.disk import FREE_BYTES
from atrisys.store.tables import AbstractImage, UploadedFile, UserAnnotation
from cli.disks import Alice, assert_refuses, disk, kept_files
from cli.serving import serving, wait_until
from given import flats, slides

__all__ = ["disk"]


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
            assert_refuses(answer)
            assert_refuses(alice.upload("big.svs", big, sync="true"))
            assert_refuses(alice.upload("flat.png", png, sync="true"))
            assert_refuses(alice.go_on(resumed, big))
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
