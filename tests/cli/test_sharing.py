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
import uvloop

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


def test_over_tls_as_well(tmp_path, certificate):
    cert, key = certificate
    with serving(
        tmp_path / "data", "serve", "--workers", "2", "--tls-cert", str(cert), "--tls-key", str(key)
    ) as server:
        server.address = server.address.replace("http:", "https:")
        server.wait_for_ping()
        tls = ssl.create_default_context()
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        wait_for_all(server, tls)
        kept = [connected(server, tls) for _ in range(16)]
        assert min(sizes(server)) >= 4
        for connection in kept:
            connection.close()


LOOPS = pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])


class Beside:
    """The server of one of several processes, as a door knows it; here all of them are in one loop."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.config = SimpleNamespace(ssl=tls)
        self.held: list[asyncio.BaseTransport] = []
        self.when_made = lambda: None

    def protocol(self, when_lost) -> asyncio.Protocol:
        held, when_made = self.held, self.when_made

        class Held(asyncio.Protocol):
            def connection_made(self, transport):
                self.transport = transport
                held.append(transport)
                when_made()

            def connection_lost(self, exc):
                when_lost()
                held.remove(self.transport)

        return Held()

    def leave(self) -> None:
        for transport in self.held:
            transport.close()


async def until(true_at_last) -> None:
    async with asyncio.timeout(20):
        while not true_at_last():
            await asyncio.sleep(0.005)


@LOOPS
def test_the_one_with_the_fewest_takes_the_next_and_places_that_become_free_are_filled(monkeypatch, new_loop):
    monkeypatch.setattr(sharing, "LOOKS", 5_000)

    async def come() -> None:
        board, servers, clients = Board(2), [Beside(), Beside()], []

        def sizes() -> list[int]:
            return [len(server.held) for server in servers]

        async def open_ones(number: int) -> None:
            for _ in range(number):
                there = sum(sizes())
                clients.append(await asyncio.open_connection(*address))
                await until(lambda there=there: sum(sizes()) > there)

        with socket.create_server(("127.0.0.1", 0)) as listening, listening.dup() as too:
            address = listening.getsockname()
            doors = []
            for place, one in enumerate((listening, too)):
                board.begin(place)
                doors.append(Door(servers[place], one, board, place))
            await open_ones(8)
            assert sizes() == [4, 4]
            servers[0].leave()
            await until(lambda: sizes() == [0, 4])
            await open_ones(4)
            assert sizes() == [4, 4]
            # Whoever goes after its door was closed is not counted: nobody would have fewer.
            board.begin(1)
            doors[0].close()
            servers[0].leave()
            await until(lambda: sizes() == [0, 4])
            assert board.has_fewest(1)
            doors[1].close()
            servers[1].leave()
            for _, writer in clients:
                writer.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(come())


@LOOPS
def test_one_that_comes_while_the_door_is_being_closed_is_let_go(new_loop):
    async def come() -> None:
        board, server = Board(2), Beside()
        board.begin(0)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            door = Door(server, listening, board, 0)
            server.when_made = door.close
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            assert await asyncio.wait_for(reader.read(), 20) == b""
            await until(lambda: not server.held)
            writer.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(come())


@LOOPS
def test_who_speaks_no_tls_is_not_counted(certificate, new_loop):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)

    async def come() -> None:
        board = Board(2)
        board.begin(0)
        board.begin(1)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            door = Door(Beside(tls), listening, board, 0)
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            await until(lambda: not board.has_fewest(0))
            writer.write(PING)
            with suppress(ConnectionError):
                await asyncio.wait_for(reader.read(), 20)
            await until(lambda: board.has_fewest(0))
            door.close()
            writer.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(come())


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


@LOOPS
def test_a_server_that_can_take_no_more_for_a_moment_goes_on_after_it(monkeypatch, caplog, new_loop):
    monkeypatch.setattr(sharing, "PAUSE_S", 0.05)

    class Full(socket.socket):
        refused = 0

        def accept(self):
            if self.refused < 2:
                self.refused += 1
                raise OSError(errno.EMFILE, "Too many open files")
            return super().accept()

    async def come() -> None:
        board, server = Board(1), Beside()
        with Full() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            board.begin(0)
            door = Door(server, listening, board, 0)
            _, writer = await asyncio.open_connection(*listening.getsockname())
            await until(lambda: server.held)
            assert listening.refused == 2
            door.close()
            server.leave()
            writer.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(come())
    assert "Too many open files" in caplog.text
