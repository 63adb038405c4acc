"""New connections shared out among the server processes: whoever has the fewest takes the next one.

All of them listen at the same door, and left to themselves the one that is woken first takes whoever stands there: of
two connections both often went to the same process, and the second processor had nothing to do.
"""

import asyncio
import logging
import mmap
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

log = logging.getLogger("atrisys")

LOOKS, LOOK_AFTER_S, THEN_TAKEN = 5, 0.001, 16
"""So often one looks whether somebody else, who has fewer connections, goes first; then so many are taken."""
PAUSE_S = 1.0
NOBODY = -1


class Board:
    """How many connections each process has (or pictures in hand), where all of them read it. Made before they are."""

    def __init__(self, places: int) -> None:
        self._counts = memoryview(mmap.mmap(-1, 4 * places)).cast("i")
        for place in range(places):
            self.clear(place)

    def begin(self, place: int) -> None:
        self._counts[place] = 0

    def clear(self, place: int) -> None:
        self._counts[place] = NOBODY

    def add(self, place: int, number: int) -> None:
        """Each place is written by its process alone; who has left the board is not counted any longer."""
        if self._counts[place] != NOBODY:
            self._counts[place] += number

    def total(self) -> int:
        return sum(count for count in self._counts if count != NOBODY)

    def has_fewest(self, place: int) -> bool:
        mine = self._counts[place]
        return all(count == NOBODY or count >= mine for count in self._counts)


class SharingServer(uvicorn.Server):
    """One of the processes' server, which lets the others take their share."""

    def __init__(self, config: uvicorn.Config, board: Board, place: int) -> None:
        super().__init__(config)
        self._board, self._place = board, place

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        self._board.begin(self._place)
        self.servers += [Door(self, one, self._board, self._place) for one in sockets or ()]  # pyright: ignore[reportAttributeAccessIssue]

    def protocol(self, when_lost: Callable[[], None]) -> Any:
        """For one connection."""
        made: Any = self.config.http_protocol_class
        return made(
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
            when_lost=when_lost,
        )


class Door:
    """A listening socket; closed as an asyncio server is."""

    def __init__(self, server: SharingServer, listening: socket.socket, board: Board, place: int) -> None:
        self._server, self._listening, self._board, self._place = server, listening, board, place
        self._loop = asyncio.get_running_loop()
        self._later: asyncio.TimerHandle | None = None
        self._opening: set[asyncio.Task[None]] = set()
        self._is_closed = False
        listening.setblocking(False)
        self._listen()

    def close(self) -> None:
        self._loop.remove_reader(self._listening)
        if self._later is not None:
            self._later.cancel()
        self._is_closed = True
        self._board.clear(self._place)

    async def wait_closed(self) -> None:
        """Its connections are waited for by the server."""

    def _listen(self) -> None:
        self._later = None
        self._loop.add_reader(self._listening, self._somebody_comes)

    def _somebody_comes(self) -> None:
        if self._board.has_fewest(self._place):
            self._take()
        else:
            self._loop.remove_reader(self._listening)
            self._stand_back(LOOKS)

    def _stand_back(self, looks: int) -> None:
        def look() -> None:
            if self._board.has_fewest(self._place):
                self._listen()
            elif looks > 1:
                self._stand_back(looks - 1)
            else:
                self._listen()
                self._take_several()

        self._later = self._loop.call_later(LOOK_AFTER_S, look)

    def _take_several(self) -> None:
        """Nobody else took them."""
        for _ in range(THEN_TAKEN):
            if not self._take():
                return

    def _take(self) -> bool:
        """One alone. False where nobody is there."""
        try:
            connection, _ = self._listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False
        except OSError as error:
            log.error("No further connection can be taken for a moment: %s", error.strerror)
            self._loop.remove_reader(self._listening)
            self._later = self._loop.call_later(PAUSE_S, self._listen)
            return False
        self._board.add(self._place, 1)
        opening = self._loop.create_task(self._open(connection))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)
        return True

    async def _open(self, connection: socket.socket) -> None:
        counted = [connection]

        def lost() -> None:
            # Told by the protocol, or found out here where there is none yet.
            if counted:
                counted.clear()
                self._board.add(self._place, -1)

        connection.setblocking(False)
        try:
            transport, _ = await self._loop.connect_accepted_socket(
                lambda: self._server.protocol(lost), connection, ssl=self._server.config.ssl
            )
            if self._is_closed:
                # Nobody else tells it to go: the others were told before it was there.
                transport.close()
        except BaseException as error:
            connection.close()
            lost()
            # Gone again, or no TLS: the client knows.
            if not isinstance(error, OSError):
                raise
