"""An export as a job, from the request to the zip, in a server of its own."""

import io
import json
import os
import signal
import time
import zipfile

import numpy as np
import pytest
import requests
import shapely
from PIL import Image
from shapely.geometry import mapping
from sqlalchemy import select

from atrisys.store.tables import Job
from cli.installing import installation  # noqa: F401 (a fixture)
from cli.serving import serving, wait_until
from given import slides

WITHIN_S = 120


def wait_for(address, headers):
    end = time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        job = requests.get(address, headers=headers, timeout=30).json()
        if job["state"] not in ("waiting", "running"):
            return job
        time.sleep(0.2)
    raise AssertionError(f"the job did not end: {job}")


def test_a_member_asks_and_downloads_and_a_stranger_does_not(installation, tmp_path):  # noqa: F811
    project = installation.project("Skin", "Tumour", "Stroma")
    slides.svs(tmp_path / "a.svs", width=700, height=500)
    image = installation.json("import", tmp_path / "a.svs", "--project", project)["imageInstance"]
    feature = {"type": "Feature", "properties": {"terms": ["Stroma"]}, "geometry": mapping(shapely.box(10, 20, 90, 80))}
    (tmp_path / "drawn.geojson").write_text(json.dumps([feature]))
    installation.run("annotations", "import", tmp_path / "drawn.geojson", "--image", image, "--origin", "left-top")
    keys = installation.json("user", "keys", "alice")
    alice = {"X-Auth-Token": keys["publicKey"], "X-Auth-Secret": keys["privateKey"]}
    stranger = installation.json("user", "add", "charlie")
    charlie = {"X-Auth-Token": stranger["publicKey"], "X-Auth-Secret": stranger["privateKey"]}
    with serving(installation.data, "serve", **installation.settings) as server:
        server.wait_for_ping()
        base = f"{server.address}/api/atrisys"
        asked = {"masks": True, "geojson": True, "pictures": True, "classMap": {"Stroma": 42}}
        started = requests.post(f"{base}/project/{project}/export.json", json=asked, headers=alice, timeout=60)
        assert started.status_code == 200, started.text
        address = f"{base}/job/{started.json()['id']}"
        job = wait_for(f"{address}.json", alice)
        assert (job["state"], job["progress"]) == ("done", 1.0), job
        assert {name: job["result"][name] for name in ("images", "annotations", "problems")} == {
            "images": 1,
            "annotations": 1,
            "problems": 0,
        }
        assert requests.get(f"{address}/result", headers=charlie, timeout=60).status_code == 404
        answer = requests.get(f"{address}/result", headers=alice, timeout=60)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {f"{image}.geojson", f"{image}_mask.png", f"{image}.jpg", "manifest.json"}
        with Image.open(io.BytesIO(archive.read(f"{image}_mask.png"))) as mask:
            pixels = np.asarray(mask)
        with Image.open(io.BytesIO(archive.read(f"{image}.jpg"))) as picture:
            assert picture.size == (700, 500)
    assert set(np.unique(pixels)) == {0, 42}
    assert pixels[50, 50] == 42


@pytest.mark.long
def test_exports_survive_the_sudden_death_of_a_server_of_two_processes(installation, tmp_path):  # noqa: F811
    project = installation.project("Skin", "Tumour")
    slides.svs(tmp_path / "a.svs", width=6000, height=6000)
    installation.run("import", tmp_path / "a.svs", "--project", project)
    keys = installation.json("user", "keys", "alice")
    alice = {"X-Auth-Token": keys["publicKey"], "X-Auth-Secret": keys["privateKey"]}

    def states(server, ids):
        found = requests.get(f"{server.address}/api/atrisys/jobs", headers=alice, timeout=30).json()
        return {job["id"]: job["state"] for job in found if job["id"] in ids}

    ids = []
    with serving(installation.data, "serve", "--workers", "2", **installation.settings) as server:
        server.wait_for_ping()
        for _ in range(4):
            address = f"{server.address}/api/atrisys/project/{project}/export.json"
            ids.append(requests.post(address, json={"pictures": True}, headers=alice, timeout=60).json()["id"])
        assert wait_until(lambda: "running" in states(server, ids).values(), 60)
        for pid in (server.process.pid, *server.children()):
            os.kill(pid, signal.SIGKILL)
        server.process.wait()
    with serving(installation.data, "serve", "--workers", "2", **installation.settings) as server:
        server.wait_for_ping()
        assert wait_until(lambda: set(states(server, ids).values()) == {"done"}, 120), states(server, ids)
        for id in ids:
            answer = requests.get(f"{server.address}/api/atrisys/job/{id}/result", headers=alice, timeout=60)
            with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
                assert archive.testzip() is None
    with installation.reading() as db:
        assert max(db.scalars(select(Job.tries).where(Job.id.in_(ids)))) == 2, "none was running when the server died"
