"""A connection is closed on whoever takes too long over the head of a request, and on nobody else."""

import socket
import threading
import time
from contextlib import suppress

import pytest
import uvicorn

from atrisys.wire import connection
from atrisys.wire.connection import Connection

WHOLE = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


async def hello(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def port(monkeypatch):
    """Of a server that waits half a second for a head."""
    monkeypatch.setattr(connection, "HEAD_WITHIN_S", 0.5)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(hello, http=Connection, lifespan="off", log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


@pytest.fixture
def client(port):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        yield client


def whole_answer(client):
    got = b""
    while not got.endswith(b"ok"):
        got += client.recv(1000)
    assert got.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("begin", [b"", b"GET / HTTP/1.1\r\nHost: he"])
def test_a_head_that_does_not_come_is_not_waited_for(client, begin):
    client.sendall(begin)
    assert client.recv(1000).startswith(b"HTTP/1.1 408")


def test_a_head_that_trickles_is_not_waited_for(client):
    begun = time.monotonic()
    client.sendall(b"GET /")
    client.settimeout(0.05)
    answer = b""
    while not answer and time.monotonic() < begun + 3:
        client.sendall(b"x")
        with suppress(TimeoutError):
            answer = client.recv(1000)
    assert answer.startswith(b"HTTP/1.1 4")
    assert 0.4 < time.monotonic() - begun < 3


def test_an_idle_connection_stays_and_its_next_head_is_timed_anew(client):
    for _ in range(2):
        client.sendall(WHOLE)
        whole_answer(client)
        time.sleep(0.8)
    client.sendall(WHOLE[:20])
    time.sleep(0.2)
    client.sendall(WHOLE[20:])
    whole_answer(client)
    client.sendall(WHOLE[:20])
    assert client.recv(1000).startswith(b"HTTP/1.1 408")


def test_who_sends_many_requests_ahead_of_the_answers_is_cut_off(port, monkeypatch):
    """Each of them is kept, at a hundred times its length."""
    monkeypatch.setattr(connection, "MOST_AHEAD", 4)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as few:
        few.sendall(WHOLE * 4)
        got = b""
        while got.count(b"ok") < 4:
            got += few.recv(1000)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as many:
        many.sendall(WHOLE * 5000)
        got = b""
        with suppress(ConnectionError):
            while piece := many.recv(1000):
                got += piece
        assert got.count(b"ok") < 10
