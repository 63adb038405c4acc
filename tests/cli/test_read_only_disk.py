"""A data folder that can only be read from one moment on, in the middle of work: as after an error of its disk."""

import random
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import requests
from sqlalchemy import func, select, text

from atrisys.store.tables import AbstractImage, UploadedFile, UserAnnotation
from cli.disks import Alice, assert_refuses, disk, kept_files, mount
from cli.serving import serving, wait_until
from given import flats, slides
from walk.running import atrisys

__all__ = ["disk"]

pytestmark = pytest.mark.long


def break_down(disk: Path) -> None:
    """The system takes an error of the disk for a reason to write no more; all that is held in memory is on it."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    [device] = [device for device, point, *_ in mounts if point == str(disk)]
    subprocess.run(["sync", "--file-system", disk], check=True)
    trigger = Path("/sys/fs/ext4") / Path(device).name / "trigger_fs_error"
    if not trigger.exists():
        pytest.skip("no error of a disk can be had here")
    trigger.write_text("1")


def mend(disk: Path) -> None:
    """Nobody may be using it."""
    subprocess.run(["umount", disk], check=True)
    done = subprocess.run(["e2fsck", "-p", "-f", disk.with_suffix(".img")], capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stdout
    mount(disk)


@contextmanager
def read_only(*folders: Path) -> Iterator[None]:
    """Whatever is opened there until the block ends can only be read."""
    for folder in folders:
        subprocess.run(["mount", "--bind", folder, folder], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
    try:
        yield
    finally:
        for folder in folders:
            subprocess.run(["umount", "--lazy", folder], check=True)


class Halves:
    """Bytes that are sent in two halves; the second one waits."""

    def __init__(self, content: bytes) -> None:
        self._content, self.half_sent, self.go_on = content, Event(), Event()

    def __iter__(self) -> Iterator[bytes]:
        middle = len(self._content) // 2
        yield self._content[:middle]
        self.half_sent.set()
        assert self.go_on.wait(60)
        yield self._content[middle:]


def in_a_form(name: str, content: bytes) -> tuple[bytes, dict[str, str]]:
    asked = requests.Request("POST", "http://x/", files={"files[]": (name, content)}).prepare()
    assert isinstance(asked.body, bytes)
    return asked.body, {"content-type": asked.headers["content-type"]}


@contextmanager
def stopped_while_it_copies(disk: Path, slide: Path, project: int) -> Iterator[Callable[[], tuple[int, str]]]:
    """`atrisys import`, held in the middle; goes on when asked how it ended."""
    command = [*atrisys(), "--data", disk, "import", slide, "--project", str(project)]
    importing = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def end() -> tuple[int, str]:
        importing.send_signal(signal.SIGCONT)
        said, _ = importing.communicate(timeout=60)
        return importing.returncode, said

    try:
        some, incoming = slide.stat().st_size // 20, (disk / "files" / ".incoming").glob
        assert wait_until(lambda: any(path.stat().st_size > some for path in incoming("*/*.tif")), 30)
        importing.send_signal(signal.SIGSTOP)
        yield end
    finally:
        importing.kill()
        importing.wait()


def all_refuse(alice: Alice, image: int, resumed: str, big: bytes, job: str) -> None:
    """Each way to write says so; what is read is read as ever."""
    drawn = alice.draw(image)
    assert_refuses(drawn)
    assert "cannot be written now" in drawn.json()["errors"]
    assert_refuses(alice.upload("big.svs", big))
    assert_refuses(alice.upload("big.svs", big, sync="true"))
    assert_refuses(alice.ask("POST", "/api/atrisys/uploads", headers={"upload-length": "100"}))
    assert_refuses(alice.go_on(resumed, big))
    assert_refuses(alice.ask("DELETE", resumed))
    assert_refuses(alice.ask("POST", job.replace(".json", "/cancel.json")))
    assert len(alice.ask("GET", f"/api/annotation.json?image={image}").json()) == 1


def tiles(alice: Alice, image: int) -> list[bytes]:
    """Asked for by several at once."""
    paths = [f"/api/atrisys/imageinstance/{image}/tile/0/{x}/{y}.jpg" for x in range(3) for y in range(2)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda path: alice.ask("GET", path), paths * 5))
    assert {answer.status_code for answer in answers} == {200}
    return [answer.content for answer in answers]


def test_a_disk_that_breaks_down_in_the_middle_of_work_loses_nothing_and_keeps_no_half(installation, disk, tmp_path):
    if installation.settings:
        pytest.skip("here the database lies on another disk")
    project = installation.project()
    [taken] = installation.lines("import", slides.svs(tmp_path / "a.svs"), "--project", project)
    image = taken["imageInstance"]
    big = slides.svs(tmp_path / "big.svs", width=3000, height=2000).read_bytes() + random.Random(4).randbytes(8 << 20)
    huge = slides.svs(tmp_path / "huge.tif")
    with huge.open("ab") as file:
        file.truncate(300 << 20)
    png = flats.png(tmp_path / "flat.png", np.tile(slides.tissue(1500, 1500), (8, 6, 1))).read_bytes()
    form, said_of_it = in_a_form("big.svs", big)
    sent_form, sent_piece = Halves(form), Halves(big)
    with ThreadPoolExecutor(2) as threads, serving(disk, "serve") as server:
        server.wait_for_ping()
        alice = Alice(server.address, installation, project)
        assert alice.draw(image).status_code == 200
        good = tiles(alice, image)
        resumed = alice.begin(len(big))
        kind = {"upload-offset": "0", "content-type": "application/offset+octet-stream"}
        answers: list[Future[requests.Response]] = [
            threads.submit(alice.ask, "PATCH", resumed, headers=kind, data=iter(sent_piece)),
            threads.submit(alice.ask, "POST", f"/upload?projects={project}", headers=said_of_it, data=iter(sent_form)),
        ]
        try:
            assert sent_form.half_sent.wait(60)
            assert sent_piece.half_sent.wait(60)
            with stopped_while_it_copies(disk, huge, project) as end_import:
                sent = alice.upload("flat.png", png).json()[0]
                job, flat = (
                    f"/api/atrisys/job/{sent['job']}.json",
                    f"/api/uploadedfile/{sent['uploadedFile']['id']}",
                )
                assert wait_until(lambda: alice.ask("GET", job).json()["message"] == "Converting", 60)
                break_down(disk)
                status, said = end_import()
        finally:
            sent_form.go_on.set()
            sent_piece.go_on.set()
        assert (status, '"code": "disk_refuses"' in said, "Read-only file system" in said) == (1, True, True), said
        for answer in answers:
            assert_refuses(answer.result(60))
            assert "Read-only file system" in answer.result().json()["errors"]
        all_refuse(alice, image, resumed, big, job)
        assert tiles(alice, image) == good
        assert server.process.poll() is None
        server.stop()
    mend(disk)
    with installation.store() as store:
        store.folder.sweep(0)
    assert {path.parts[:2] for path in kept_files(disk) if path.parts[1].startswith(".")} <= {("files", ".uploads")}
    with serving(disk, "serve") as server:
        server.wait_for_ping()
        alice = Alice(server.address, installation, project)
        assert alice.draw(image).status_code == 200
        assert alice.go_on(resumed, big).status_code == 204
        assert wait_until(lambda: alice.ask("GET", job).json()["state"] in ("done", "failed"), 120)
        assert alice.ask("GET", job).json()["state"] == "done", alice.ask("GET", job).text
        came = f"/api/uploadedfile/{alice.ask('GET', f'{resumed}.json').json()['uploadedFile']}"
        assert wait_until(lambda: alice.ask("GET", f"{came}.json").json()["status"] == 100, 90)
        for file, content in ((came, big), (flat, png)):
            assert alice.ask("GET", f"{file}/download").content == content
        server.stop()
    installation.run("import", huge, "--project", project)
    with installation.reading() as db:
        count = {kind: db.scalar(select(func.count(kind.id))) for kind in (UserAnnotation, AbstractImage, UploadedFile)}
        # A picture and its pyramid are two files.
        assert count == {UserAnnotation: 2, AbstractImage: 4, UploadedFile: 5}
        assert db.scalar(text("PRAGMA integrity_check")) == "ok"


def test_while_the_slides_disk_is_read_only_jobs_wait_and_all_goes_on_by_itself(installation, disk, tmp_path):
    project = installation.project()
    [taken] = installation.lines("import", slides.svs(tmp_path / "a.svs"), "--project", project)
    image = taken["imageInstance"]
    big = slides.svs(tmp_path / "big.svs", width=3000, height=2000).read_bytes() + random.Random(4).randbytes(8 << 20)
    png = flats.png(tmp_path / "flat.png", np.tile(slides.tissue(1500, 1500), (4, 6, 1))).read_bytes()
    with serving(disk, "serve", **installation.settings) as server:
        server.wait_for_ping()
        alice = Alice(server.address, installation, project)
        good, resumed = tiles(alice, image), alice.begin(len(big))
        sent = alice.upload("flat.png", png).json()[0]
        job, file = f"/api/atrisys/job/{sent['job']}.json", f"/api/uploadedfile/{sent['uploadedFile']['id']}.json"
        assert wait_until(lambda: alice.ask("GET", job).json()["message"] == "Converting", 60)
        before = kept_files(disk)
        with read_only(disk / "files", disk / "tmp"):
            assert_refuses(alice.go_on(resumed, big))
            assert_refuses(alice.upload("big.svs", big, sync="true"))
            assert wait_until(lambda: "cannot be written now" in alice.ask("GET", job).json()["log"], 60)
            assert tiles(alice, image) == good
            assert alice.draw(image).status_code == 200, "the database lies elsewhere"
            assert kept_files(disk) == before
        assert alice.go_on(resumed, big).status_code == 204
        assert wait_until(lambda: alice.ask("GET", job).json()["state"] in ("done", "failed"), 120)
        assert (alice.ask("GET", job).json()["state"], alice.ask("GET", file).json()["status"]) == ("done", 104)
        came = f"/api/uploadedfile/{alice.ask('GET', f'{resumed}.json').json()['uploadedFile']}"
        assert wait_until(lambda: alice.ask("GET", f"{came}.json").json()["status"] == 100, 90)
        assert alice.ask("GET", f"{came}/download").content == big
