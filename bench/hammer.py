"""Many connections at once from one thread, as lean as Python can be: finished requests out, answers counted."""

import random
import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

END = b"\r\n\r\n"
LENGTH = b"content-length: "


@dataclass(frozen=True)
class Load:
    """What came of some seconds."""

    rate: float
    """Answers a second."""
    p50_ms: float
    p99_ms: float
    mean_bytes: float


def request_bytes(path: str, headers: dict[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in {"host": "127.0.0.1", **headers}.items())
    return f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode()


def hammer(port: int, requests: Sequence[bytes], connections: int, seconds: float, status: int = 200) -> Load:
    """Ask in a random order on so many kept-alive connections, each waiting for its answer before it asks again."""
    order = random.sample(requests, len(requests))
    begins, turn, took, size = b"HTTP/1.1 %d" % status, 0, [], 0
    waiting: dict[int, _Connection] = {}
    poll = select.epoll()
    for _ in range(connections):
        one = _Connection(port)
        waiting[one.fd] = one
        poll.register(one.fd, select.EPOLLIN)
    begun = time.perf_counter()
    for one in waiting.values():
        one.ask(order[turn % len(order)])
        turn += 1
    while (now := time.perf_counter()) < begun + seconds:
        for fd, _ in poll.poll(1):
            one = waiting[fd]
            answer = one.answer()
            if answer is None:
                continue
            if not answer.startswith(begins):
                raise RuntimeError(f"A request was answered {answer[:300]!r}")
            took.append(time.perf_counter() - one.asked_at)
            size += len(answer)
            one.ask(order[turn % len(order)])
            turn += 1
    poll.close()
    for one in waiting.values():
        one.close()
    took.sort()
    p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
    return Load(len(took) / (now - begun), 1e3 * p50, 1e3 * p99, size / len(took))


class _Connection:
    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.fd, self.asked_at, self._got, self._whole = self._socket.fileno(), 0.0, b"", 0

    def ask(self, request: bytes) -> None:
        self._got, self._whole, self.asked_at = b"", 0, time.perf_counter()
        self._socket.sendall(request)

    def answer(self) -> bytes | None:
        """The answer with its head, once it is whole."""
        part = self._socket.recv(1 << 18)
        if not part:
            raise RuntimeError("A connection was closed.")
        self._got = self._got + part if self._got else part
        if not self._whole and (head := self._got.find(END)) >= 0:
            at = self._got[:head].lower().find(LENGTH)
            stated = int(self._got[at + len(LENGTH) : self._got.index(b"\r", at)]) if at >= 0 else 0
            self._whole = head + len(END) + stated
        return self._got if self._whole and len(self._got) >= self._whole else None

    def close(self) -> None:
        self._socket.close()
