"""New connections go to the process that has the fewest."""

import asyncio
import errno
import os
import signal
import socket
import ssl
import sys
from contextlib import suppress
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
        inodes = {link[8:-1] for link in links_of(pid) if link.startswith("socket:[")}
        found[pid] = {port for inode, port in far.items() if inode in inodes and port}
    return found


def links_of(pid: int) -> list[str]:
    """What its descriptors stand for; some are closed meanwhile."""
    found = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):
            found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
    return found


def sizes(server: Serving) -> list[int]:
    return sorted(len(ports) for ports in held_by(server).values())


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


def test_both_of_two_workers_take_their_share(tmp_path):
    with serving(tmp_path / "data", "serve", "--workers", "2") as server:
        wait_for_all(server)
        kept = [connected(server) for _ in range(16)]
        assert sum(sizes(server)) == 16
        # A busy machine may wake one of them too late for some.
        assert min(sizes(server)) >= 4
        for connection in kept:
            connection.close()
        assert wait_until(lambda: sizes(server) == [0, 0])


def test_a_worker_that_is_killed_takes_nobody_elses_share_along(tmp_path):
    with serving(tmp_path / "data", "serve", "--workers", "2") as server:
        wait_for_all(server)
        before = server.children()
        kept = [connected(server) for _ in range(4)]
        os.kill(before[0], signal.SIGKILL)
        assert wait_until(lambda: len(server.children()) == 2 and set(server.children()) != set(before))
        # The new one has none, and the other one two or so.
        wait_for_all(server)
        kept += [connected(server) for _ in range(12)]
        assert min(sizes(server)) >= 3
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
        kept = [connected(server, tls) for _ in range(16)]
        assert min(sizes(server)) >= 4
        for connection in kept:
            connection.close()


def test_the_one_with_the_fewest_takes_the_next_and_places_that_become_free_are_filled(monkeypatch):
    monkeypatch.setattr(sharing, "LOOKS", 5_000)

    async def come() -> list[list[int]]:
        board, held, clients = Board(2), {0: [], 1: []}, []

        class Held(asyncio.Protocol):
            def __init__(self, place, lost):
                self.place, self.lost = place, lost

            def connection_made(self, transport):
                held[self.place].append(transport)

            def connection_lost(self, exc):
                self.lost()

        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            # Two processes have it; here it is one with two numbers.
            sockets, doors = [listening, listening.dup()], []
            for place, one in enumerate(sockets):
                board.begin(place)
                config = SimpleNamespace(ssl=None)
                server = SimpleNamespace(config=config, protocol=lambda lost, place=place: Held(place, lost))
                doors.append(Door(server, one, board, place))

            async def open_ones(number: int) -> list[int]:
                for _ in range(number):
                    there = sum(map(len, held.values()))
                    clients.append(await asyncio.open_connection(*listening.getsockname()))
                    while sum(map(len, held.values())) == there:
                        await asyncio.sleep(0.005)
                return [len(one) for one in held.values()]

            seen = [await open_ones(8)]
            for transport in held[0]:
                transport.close()
            held[0].clear()
            await asyncio.sleep(0.05)
            seen.append(await open_ones(4))
            for door in doors:
                door.close()
            for transport in [*held[0], *held[1]]:
                transport.close()
            await asyncio.sleep(0.05)
            # Those that go after their door was closed are not counted.
            assert board.has_fewest(0)
            assert [board._counts[place] for place in range(2)] == [sharing.NOBODY] * 2
            sockets[1].close()
            return seen

    assert asyncio.run(come()) == [[4, 4], [4, 4]]


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
