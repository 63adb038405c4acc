"""One connection: how long the head of a request may be, and how long it may take. (Bodies: edge.py.)"""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_HEAD = 1 << 16
"""Bytes of address and headers together. The parser itself has no limit, and puts a long header together slowly."""
HEAD_WITHIN_S = 30.0
MOST_AHEAD = 32
"""Requests that a client may send before the first of them is answered; whoever sends more is cut off."""
REFUSED = b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s"


class Connection(HttpToolsProtocol):
    """The server's HTTP, closed to whoever sends a head without end."""

    def __init__(self, *given: Any, when_lost: Callable[[], None] | None = None, **named: Any) -> None:
        super().__init__(*given, **named)
        self._when_lost = when_lost
        self._head, self._in_head = 0, True
        self._clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_clock()
        try:
            super().connection_lost(exc)
        finally:
            # They know the connection, and it knew them.
            self.pipeline.clear()
            if self._when_lost is not None:
                self._when_lost()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # What came with the head's end is body already, and the body has limits of its own.
        self._head = self._head + len(data) if self._in_head else 0
        if self._head > LONGEST_HEAD:
            self._refuse(b"431 Request Header Fields Too Large", b"The address and the headers are too long.")
        elif self._in_head and self._clock is None:
            # Most heads come whole: no clock is set for them.
            self._await_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= MOST_AHEAD:
            # Nothing that came with it is read, and the connection is closed.
            raise ValueError("Too many requests came ahead of their answers.")
        self._in_head = False
        self._stop_clock()
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._stop_clock()
        self._clock = self.loop.call_later(HEAD_WITHIN_S, self._too_slow)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _too_slow(self) -> None:
        self._refuse(b"408 Request Timeout", b"The request did not come within %d seconds." % HEAD_WITHIN_S)

    def _refuse(self, status: bytes, words: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(REFUSED % (status, len(words), words))
            self.transport.close()
