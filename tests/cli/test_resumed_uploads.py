"""Uploads over a bad line, to a server that dies in between: what is acknowledged is there, at the end all of it."""

import base64
import hashlib
import random
import signal
import socket
from functools import partial
from urllib.parse import urlsplit

import pytest
import requests

from cli.serving import serving, wait_until
from given import slides

KIND = "application/offset+octet-stream"
BREAKS, RESTARTS_EVERY = 50, 5


def offset_of(address, path, headers):
    answer = requests.head(address + path, headers=headers, timeout=30)
    assert answer.status_code == 200
    return int(answer.headers["upload-offset"])


def send_and_break_off(address, path, headers, offset, rest, count):
    """A PATCH that announces `rest` bytes, of which `count` are sent before the line is cut."""
    where = urlsplit(address)
    lines = [f"PATCH {path} HTTP/1.1", f"Host: {where.netloc}", f"Content-Type: {KIND}", f"Content-Length: {len(rest)}"]
    lines += [f"Upload-Offset: {offset}", *(f"{name}: {value}" for name, value in headers.items())]
    with socket.create_connection((where.hostname, where.port), timeout=30) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode() + rest[:count])


def begin(address, headers, length, project):
    said = {"upload-length": str(length), "upload-metadata": f"filename {base64.b64encode(b'broken.svs').decode()}"}
    answer = requests.post(
        f"{address}/api/atrisys/uploads", params={"projects": project}, headers={**headers, **said}, timeout=30
    )
    assert answer.status_code == 201, answer.text
    return urlsplit(answer.headers["location"]).path


def keys_of(account):
    return {"X-Auth-Token": account["publicKey"], "X-Auth-Secret": account["privateKey"]}


def go_on(address, path, headers, content):
    offset = offset_of(address, path, headers)
    said = {"upload-offset": str(offset), "content-type": KIND}
    return requests.patch(address + path, data=content[offset:], headers={**headers, **said}, timeout=60)


def test_what_was_acknowledged_survives_a_server_that_is_killed(installation, tmp_path):
    project, headers = installation.project(), keys_of(installation.json("user", "keys", "alice"))
    content = slides.svs(tmp_path / "a.svs").read_bytes()
    half = len(content) // 2
    with serving(installation.data, "serve", **installation.settings) as server:
        server.wait_for_ping()
        path = begin(server.address, headers, len(content), project)
        said = {"upload-offset": "0", "content-type": KIND}
        answer = requests.patch(server.address + path, data=content[:half], headers={**headers, **said}, timeout=60)
        assert answer.status_code == 204
        server.stop(signal.SIGKILL)
    with serving(installation.data, "serve", "--workers", "2", **installation.settings) as server:
        server.wait_for_ping()
        assert offset_of(server.address, path, headers) == half
        assert go_on(server.address, path, headers, content).status_code == 204
        seen = requests.get(f"{server.address}{path}.json", headers=headers, timeout=30).json()
        file = f"{server.address}/api/uploadedfile/{seen['uploadedFile']}"
        assert wait_until(lambda: requests.get(f"{file}.json", headers=headers, timeout=30).json()["status"] == 100, 60)
        assert requests.get(f"{file}/download", headers=headers, timeout=30).content == content


@pytest.mark.long
def test_an_upload_that_breaks_fifty_times_comes_whole(installation, tmp_path):
    chance = random.Random(460)
    project, headers = installation.project(), keys_of(installation.json("user", "keys", "alice"))
    content = slides.svs(tmp_path / "a.svs", width=6000, height=4000).read_bytes()
    content += chance.randbytes(120 << 20)
    path, last, sent = "", 0, 0
    for round in range(BREAKS // RESTARTS_EVERY):
        with serving(installation.data, "serve", "--workers", str(1 + round % 2), **installation.settings) as server:
            server.wait_for_ping()
            path = path or begin(server.address, headers, len(content), project)
            for _ in range(RESTARTS_EVERY):
                offset = offset_of(server.address, path, headers)
                assert offset >= last, "what was there is there no longer"
                last, rest = offset, content[offset:]
                count = chance.randrange(min(len(rest), 2 * len(content) // BREAKS))
                send_and_break_off(server.address, path, headers, offset, rest, count)
                sent += 1
                if chance.random() < 0.5:
                    assert wait_until(partial(is_free, server.address, path, headers), 30)
            server.stop(chance.choice((signal.SIGKILL, signal.SIGTERM)))
    assert sent == BREAKS
    assert last > 0
    with serving(installation.data, "serve", "--workers", "2", **installation.settings) as server:
        server.wait_for_ping()
        assert go_on(server.address, path, headers, content).status_code == 204
        seen = requests.get(f"{server.address}{path}.json", headers=headers, timeout=30).json()
        file = requests.get(
            f"{server.address}/api/uploadedfile/{seen['uploadedFile']}.json", headers=headers, timeout=30
        )
        assert file.json()["sha256"] == hashlib.sha256(content).hexdigest()


def is_free(address, path, headers):
    """Whether the server has noticed that the line is cut: an empty piece is let in."""
    said = {"upload-offset": str(offset_of(address, path, headers)), "content-type": KIND}
    return requests.patch(address + path, data=b"", headers={**headers, **said}, timeout=30).status_code == 204
