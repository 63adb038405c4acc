"""New connections go to the process that has the fewest."""

import asyncio
import errno
import os
import signal
import socket
import ssl
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from atrisys.cli import sharing
from atrisys.cli.sharing import Board, Door
from cli.serving import Serving, serving, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system shares them out")
PING = b"GET /server/ping HTTP/1.1\r\nHost: x\r\n\r\n"


def connected(server: Serving, tls: ssl.SSLContext | None = None) -> socket.socket:
    """One that was answered and stays open."""
    connection = socket.create_connection(("127.0.0.1", server.port), 20)
    if tls is not None:
        connection = tls.wrap_socket(connection)
    connection.sendall(PING)
    assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    return connection


def held_by(server: Serving) -> dict[int, set[int]]:
    """The far ports of the connections that each worker holds."""
    found: dict[int, set[int]] = {}
    for pid in server.children():
        rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
        far = {row[9]: int(row[2].split(":")[1], 16) for row in rows if row[1].endswith(f":{server.port:04X}")}
        links = [os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir() if fd.is_symlink()]
        inodes = {link[8:-1] for link in links if link.startswith("socket:[")}
        found[pid] = {port for inode, port in far.items() if inode in inodes and port}
    return found


def sizes(server: Serving) -> list[int]:
    return sorted(len(ports) for ports in held_by(server).values())


def is_even(server: Serving) -> bool:
    """But for one that went to the other, where a busy machine woke nobody in time."""
    few, many = sizes(server)
    return many - few <= 2


def wait_for_all(server: Serving, tls: ssl.SSLContext | None = None) -> None:
    """Until each of the two workers has answered somebody."""
    server.wait_for_ping()
    answered: set[int] = set()

    def has_answered() -> bool:
        kept = [connected(server, tls) for _ in range(2)]
        answered.update(pid for pid, ports in held_by(server).items() if ports)
        for connection in kept:
            connection.close()
        return len(answered) == len(server.children()) == 2

    assert wait_until(has_answered, 60)
    assert wait_until(lambda: sizes(server)[-1] <= 2)


def test_connections_are_shared_out_evenly_and_a_place_that_becomes_free_is_filled(tmp_path):
    with serving(tmp_path / "data", "serve", "--workers", "2") as server:
        wait_for_all(server)
        open_ones = [connected(server) for _ in range(8)]
        assert is_even(server)
        one, _ = held_by(server).values()
        for connection in open_ones:
            if connection.getsockname()[1] in one:
                connection.close()
        assert wait_until(lambda: min(sizes(server)) == 0)
        more = [connected(server) for _ in range(4)]
        assert is_even(server)
        for connection in [*open_ones, *more]:
            connection.close()


def test_a_worker_that_is_killed_takes_nobody_elses_share_along(tmp_path):
    with serving(tmp_path / "data", "serve", "--workers", "2") as server:
        wait_for_all(server)
        before = server.children()
        kept = [connected(server) for _ in range(4)]
        os.kill(before[0], signal.SIGKILL)
        assert wait_until(lambda: len(server.children()) == 2 and set(server.children()) != set(before))
        # The new one has none, and the other one two or so.
        wait_for_all(server)
        kept += [connected(server) for _ in range(4)]
        assert is_even(server)
        for connection in kept:
            connection.close()


def test_over_tls_as_well_and_who_speaks_none_is_not_counted(tmp_path, certificate):
    cert, key = certificate
    with serving(
        tmp_path / "data", "serve", "--workers", "2", "--tls-cert", str(cert), "--tls-key", str(key)
    ) as server:
        server.address = server.address.replace("http:", "https:")
        server.wait_for_ping()
        tls = ssl.create_default_context()
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", server.port), 20) as plain:
                plain.sendall(PING)
                plain.settimeout(20)
                try:
                    while plain.recv(4096):
                        pass
                except ConnectionResetError:
                    pass
        wait_for_all(server, tls)
        kept = [connected(server, tls) for _ in range(8)]
        assert is_even(server)
        for connection in kept:
            connection.close()


def test_the_board_knows_who_has_the_fewest():
    board = Board(3)
    board.begin(0)
    assert board.has_fewest(0)
    board.begin(1)
    board.add(0, 1)
    assert not board.has_fewest(0)
    assert board.has_fewest(1)
    board.add(1, 1)
    assert board.has_fewest(0)
    assert board.has_fewest(1)
    board.add(0, 1)
    board.clear(1)
    assert board.has_fewest(0)


def test_a_server_that_can_take_no_more_for_a_moment_goes_on_after_it(monkeypatch, caplog):
    monkeypatch.setattr(sharing, "PAUSE_S", 0.05)

    class Full(socket.socket):
        refused = 0

        def accept(self):
            if self.refused < 2:
                self.refused += 1
                raise OSError(errno.EMFILE, "Too many open files")
            return super().accept()

    async def come() -> int:
        heard = asyncio.get_running_loop().create_future()

        class Greeting(asyncio.Protocol):
            def connection_made(self, transport):
                transport.close()
                heard.set_result(True)

        server = SimpleNamespace(config=SimpleNamespace(ssl=None), protocol=lambda lost: Greeting())
        with Full() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            board = Board(1)
            board.begin(0)
            door = Door(server, listening, board, 0)
            _, writer = await asyncio.open_connection(*listening.getsockname())
            await asyncio.wait_for(heard, 10)
            door.close()
            writer.close()
            return listening.refused

    assert asyncio.run(come()) == 2
    assert "Too many open files" in caplog.text
