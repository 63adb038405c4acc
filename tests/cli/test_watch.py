"""`atrisys watch`, in a process of its own."""

import json
import os
import signal
import subprocess
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from atrisys.store.tables import ImageInstance
from cli.serving import wait_until
from given import slides
from walk.running import atrisys


@pytest.fixture
def scanner(tmp_path):
    folder = tmp_path / "scanner"
    folder.mkdir()
    return folder


@pytest.fixture
def watching(installation, scanner):
    @contextmanager
    def watching(project, *words):
        out = installation.data.with_name("watch.out")
        command = [*atrisys(), "--data", str(installation.data), "watch", str(scanner), "--project", str(project)]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ATRISYS_")}
        with out.open("wb") as stdout, out.with_suffix(".err").open("wb") as stderr:
            process = subprocess.Popen(
                [*command, "--every", "0.2", "--still", "0.5", *words],
                stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=kept | installation.settings,
            )  # fmt: skip
            try:
                yield lambda: [json.loads(line) for line in out.read_text().splitlines()]
                process.send_signal(signal.SIGTERM)
                assert process.wait(30) == 0, out.with_suffix(".err").read_text()
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()

    return watching


def images(installation, project):
    with installation.reading() as db:
        query = select(ImageInstance.instance_filename).where(ImageInstance.project_id == project)
        return sorted(db.scalars(query))


def test_what_appears_comes_in_once_whatever_happens_in_between(installation, scanner, watching, tmp_path):
    project = installation.project()
    slides.svs(scanner / "before.svs")
    with watching(project) as lines:
        assert wait_until(lambda: len(lines()) == 1, 60)
        whole = slides.svs(tmp_path / "grows.svs", seed=2).read_bytes()
        (scanner / "grows.svs").write_bytes(whole[: len(whole) // 2])
        (scanner / "bad.svs").write_bytes(b"no slide")
        (scanner / "grows.svs").write_bytes(whole)
        assert wait_until(lambda: len(lines()) == 3, 60)
        good = {line["name"]: line for line in lines() if "error" not in line}
        assert set(good) == {"before.svs", "grows.svs"}
        assert all(line["imageInstance"] for line in good.values())
        assert [line["path"] for line in lines() if "error" in line] == [str(scanner / "bad.svs")]
    slides.svs(scanner / "meanwhile.svs", seed=3)
    with watching(project, "--link") as lines:
        assert wait_until(lambda: len(lines()) == 1, 60)
        assert [line["name"] for line in lines()] == ["meanwhile.svs"]
    assert images(installation, project) == ["before.svs", "grows.svs", "meanwhile.svs"]


def test_a_folder_that_holds_our_own_data_is_not_watched(installation):
    project = installation.project()
    done = installation.run("watch", installation.data.parent, "--project", project, status=1)
    assert "Watch another" in done.stderr
