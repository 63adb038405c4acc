import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from functools import partial
from pathlib import Path

import psutil
import pytest
import requests

from atrisys.cli.serve import is_this_machine, open_door
from atrisys.errors import Misconfigured
from cli.serving import is_alive, serving, wait_until
from given import bombs, flats, slides
from walk.running import atrisys


def test_it_prepares_an_empty_folder_and_serves_it(tmp_path):
    with serving(tmp_path / "data", "serve") as server:
        server.wait_for_ping()
        assert f"ATrISys listens on {server.address}" in server.stderr
        assert "made the database" in server.stderr
        assert server.stdout == ""
        answer = requests.get(f"{server.address}/api/project.json", timeout=10)
        assert answer.status_code == 401
        assert "server" not in {name.lower() for name in answer.headers}
        assert server.stop() in (0, -signal.SIGTERM)
    assert "Traceback" not in server.stderr
    assert oct((tmp_path / "data" / "secret").stat().st_mode & 0o777) == "0o600"


def test_two_workers_share_the_port_and_a_relative_folder_and_end_together(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with serving(Path("data"), "serve", "--workers", "2") as server:
        server.wait_for_ping()
        assert wait_until(lambda: len(server.children()) >= 2)
        children = server.children()
        for _ in range(20):
            assert requests.get(f"{server.address}/server/ping", timeout=10).status_code == 200
        server.stop()
        assert wait_until(lambda: not any(map(is_alive, children)))
    assert "Traceback" not in server.stderr
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["data"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each worker loads everything itself")
def test_workers_share_most_of_their_memory(tmp_path):
    with serving(tmp_path / "data", "serve", "--workers", "2") as server:
        server.wait_for_ping()
        assert wait_until(lambda: len(server.children()) >= 2)
        for worker in map(psutil.Process, server.children()):
            memory = worker.memory_full_info()
            assert memory.uss < memory.rss / 2


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_stopped_while_its_workers_start_ends(tmp_path, sign):
    with serving(tmp_path / "data", "serve", "--workers", "3") as server:
        assert wait_until(lambda: len(server.children()) >= 1)
        children = server.children()
        server.stop(sign)
        assert wait_until(lambda: not any(map(is_alive, children)))
    assert "Traceback" not in server.stderr


@pytest.mark.long
def test_a_worker_that_dies_is_replaced(tmp_path):
    with serving(tmp_path / "data", "serve", "--workers", "2") as server:
        server.wait_for_ping()
        assert wait_until(lambda: len(server.children()) >= 2)
        before = set(server.children())
        os.kill(max(before), signal.SIGKILL)
        assert wait_until(lambda: len(set(server.children()) - before) >= 1, 30)
        server.wait_for_ping()


@pytest.mark.long
def test_a_hangup_replaces_all_workers(tmp_path):
    with serving(tmp_path / "data", "serve", "--workers", "2") as server:
        server.wait_for_ping()
        before = set(server.children())
        server.process.send_signal(signal.SIGHUP)
        assert wait_until(lambda: len(set(server.children()) - before) == 2 and not before & set(server.children()), 30)
        server.wait_for_ping()
    assert "Traceback" not in server.stderr


@pytest.mark.long
@pytest.mark.parametrize("is_up", [True, False])
def test_workers_do_not_outlive_a_parent_that_is_killed(tmp_path, is_up):
    with serving(tmp_path / "data", "serve", "--workers", "2") as server:
        if is_up:
            server.wait_for_ping()
        assert wait_until(lambda: len(server.children()) >= 2)
        children = server.children()
        server.stop(signal.SIGKILL)
        assert wait_until(lambda: not any(map(is_alive, children)), 90)


def test_a_port_that_is_taken_is_said_at_once(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with serving(tmp_path / "data", "serve", port=port) as server:
            assert server.process.wait(30) == 1
    assert f"port {port}" in server.stderr
    assert "Traceback" not in server.stderr
    assert not (tmp_path / "data").exists()


def test_ctrl_c_is_a_good_end(tmp_path):
    with serving(tmp_path / "data", "serve") as server:
        server.wait_for_ping()
        assert server.stop(signal.SIGINT) == 0
    assert "Traceback" not in server.stderr


def test_it_serves_over_tls(tmp_path, certificate):
    cert, key = certificate
    with serving(tmp_path / "data", "serve", "--tls-cert", cert, "--tls-key", key) as server:
        server.address = server.address.replace("http:", "https:")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server.wait_for_ping()
            answer = requests.get(f"{server.address}/server/ping", timeout=10, verify=False)
        assert answer.json()["serverURL"].startswith("https://")
        assert "strict-transport-security" in answer.headers
        assert f"listens on {server.address}" in server.stderr


def test_half_a_certificate_or_two_that_do_not_fit_are_refused(installation, tmp_path, certificate):
    cert, _ = certificate
    assert "both" in installation.run("serve", "--port", 0, "--tls-cert", cert, status=1).stderr
    refused = installation.run("serve", "--port", 0, "--tls-cert", cert, "--tls-key", cert, status=1)
    assert "cannot be used" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not installation.data.exists()


def test_listening_beyond_this_machine_without_tls_is_warned_of(tmp_path):
    with serving(tmp_path / "data", "serve", "--host", "0.0.0.0") as server:
        server.wait_for_ping()
        assert "Warning" in server.stderr
    proxied = {"ATRISYS_PUBLIC_URL": "https://slides.example.org", "ATRISYS_TRUSTED_PROXIES": "127.0.0.1"}
    with serving(tmp_path / "data", "serve", "--host", "0.0.0.0", **proxied) as server:
        server.wait_for_ping()
        assert "Warning" not in server.stderr


def test_ipv6_addresses_are_written_in_brackets():
    try:
        door = open_door("::1", 0)
    except Misconfigured:
        pytest.skip("this machine has no IPv6")
    with door.socket:
        assert door.address == f"http://[::1]:{door.socket.getsockname()[1]}"


@pytest.mark.parametrize(
    ("host", "local"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)]
)
def test_which_addresses_are_this_machine(host, local):
    assert is_this_machine(host) is local


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(Misconfigured, match=r"192\.0\.2\.7"):
        open_door("192.0.2.7", 0)


def test_a_head_without_end_is_refused_and_others_are_answered(tmp_path):
    with serving(tmp_path / "data", "serve") as server:
        server.wait_for_ping()
        with socket.create_connection(("127.0.0.1", server.port), 10) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\nX-Long: " + b"a" * 400_000)
            assert client.recv(64).startswith(b"HTTP/1.1 431")
        with socket.create_connection(("127.0.0.1", server.port), 10) as client:
            client.sendall(b"GET /" + b"/" * 200_000 + b"x HTTP/1.1\r\nHost: here\r\n\r\n")
            assert client.recv(64).startswith(b"HTTP/1.1 431")
        assert server.wait_for_ping() < 5


@pytest.mark.long
def test_an_idle_connection_is_kept(tmp_path):
    with serving(tmp_path / "data", "serve") as server, requests.Session() as session:
        server.wait_for_ping()
        with session.get(f"{server.address}/server/ping", stream=True, timeout=10) as answer:
            first = answer.raw._connection.sock.getsockname()
            assert answer.content
        time.sleep(7)
        with session.get(f"{server.address}/server/ping", stream=True, timeout=10) as answer:
            assert answer.raw._connection.sock.getsockname() == first


def said_by(data, *words):
    """What a command prints at last, as JSON."""
    done = subprocess.run([*atrisys(), "--data", str(data), *words], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def keys(account):
    return {"X-Auth-Token": account["publicKey"], "X-Auth-Secret": account["privateKey"]}


@pytest.mark.long
def test_the_tiles_of_an_imported_slide_come_without_a_decoder(tmp_path):
    data = tmp_path / "data"
    command = partial(said_by, data)

    def decoders(server):
        lines = [Path(f"/proc/{pid}/cmdline").read_text() for pid in server.children()]
        return sum("worker_process" in line for line in lines)

    alice = command("user", "add", "alice")
    project = command("project", "add", "x", "--member", "alice:manager")["id"]
    image = command("import", str(slides.svs(tmp_path / "a.svs")), "--project", str(project))["imageInstance"]
    found = []
    for is_forgotten in (False, True, False):
        if is_forgotten:
            shutil.rmtree(data / "tiles")
        with serving(data, "serve") as server:
            server.wait_for_ping()
            pictures = [
                requests.get(f"{server.address}{path}", headers=keys(alice), timeout=20)
                for path in (
                    f"/api/atrisys/imageinstance/{image}/tile/0/1/1.jpg",
                    f"/api/imageinstance/{image}/window-10-20-300-200.jpg",
                )
            ]
            assert [picture.status_code for picture in pictures] == [200, 200]
            found.append((decoders(server), [picture.content for picture in pictures]))
    assert [count for count, _ in found] == [0, 1, 0]
    assert found[0][1] == found[1][1] == found[2][1]


@pytest.mark.long
def test_a_right_that_was_taken_away_opens_no_tile_after_five_seconds_in_any_worker(tmp_path):
    data = tmp_path / "data"

    command = partial(said_by, data)

    alice, bob = (command("user", "add", name) for name in ("alice", "bob"))
    project = command("project", "add", "x", "--member", "alice:manager", "--member", "bob:contributor")["id"]
    image = command("import", str(slides.svs(tmp_path / "a.svs")), "--project", str(project))["imageInstance"]
    with serving(data, "serve", "--workers", "2") as server:
        server.wait_for_ping()

        def statuses(account, count=40):
            """Of so many tiles, each on a connection of its own, so that both workers are asked."""
            address = f"{server.address}/api/atrisys/imageinstance/{image}/tile/0/1/1.jpg"
            return {requests.get(address, headers=keys(account), timeout=10).status_code for _ in range(count)}

        assert statuses(alice) == statuses(bob) == {200}
        gone = requests.delete(
            f"{server.address}/api/project/{project}/user/{bob['id']}.json", headers=keys(alice), timeout=10
        )
        assert gone.status_code == 200
        ends = time.monotonic() + 5
        while time.monotonic() < ends:
            assert statuses(bob, 5) <= {200, 404}
            time.sleep(0.2)
        assert statuses(bob) == {404}
        assert statuses(alice) == {200}


@pytest.mark.long
def test_bombs_that_one_uploads_stop_nobody_elses_tiles(tmp_path):
    data = tmp_path / "data"

    command = partial(said_by, data)

    alice, bob = (command("user", "add", name) for name in ("alice", "bob"))
    project = command("project", "add", "x", "--member", "alice:manager")["id"]
    image = command("import", str(slides.svs(tmp_path / "a.svs")), "--project", str(project))["imageInstance"]
    attacks = [
        flats.png_bomb(tmp_path / "bomb.png"),
        bombs.many_pages_in_strips(tmp_path / "pages.tif"),
        bombs.giant_strips(tmp_path / "wide.tif"),
    ]
    with serving(data, "serve") as server:
        server.wait_for_ping()
        storage = requests.get(f"{server.address}/api/storage.json", headers=keys(bob), timeout=10).json()[0]["id"]
        refused = []

        def attack():
            for path in attacks:
                with path.open("rb") as file:
                    answer = requests.post(
                        f"{server.address}/upload", params={"storage": storage, "sync": "true"}, headers=keys(bob),
                        files={"files[]": (path.name, file)}, timeout=120,
                    )  # fmt: skip
                refused.append((answer.status_code, answer.json()["message"]))

        attacker = threading.Thread(target=attack)
        attacker.start()
        answered = 0
        while attacker.is_alive():
            address = f"{server.address}/api/imageinstance/{image}/window-{answered % 300}-0-200-200.png"
            assert requests.get(address, headers=keys(alice), timeout=30).status_code == 200
            answered += 1
        attacker.join()
        assert answered > len(attacks)
        assert [status for status, _ in refused] == [400] * len(attacks)
        assert all(path.name in message for path, (_, message) in zip(attacks, refused, strict=True))
        assert "libvips" not in Path(f"/proc/{server.process.pid}/maps").read_text()
