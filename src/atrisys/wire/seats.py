"""Seats: how much heavy work goes on at once in a server process. Who finds none waits a while, then is sent away."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakKeyDictionary, WeakValueDictionary

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from atrisys.errors import Busy

WAIT_S = 60
"""Who finds no seat in that time is told to come again."""
RETRY_AFTER_S = 30


class Seats:
    """So many of one kind, for threads and event loops alike: who came first sits first."""

    def __init__(self, count: int) -> None:
        self._free, self._lock = count, threading.Lock()
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def are_free(self) -> bool:
        """One at least, at this moment."""
        return self._free > 0

    def take_at_once(self) -> bool:
        """Whether one was free; where somebody waits none is."""
        with self._lock:
            if not self._free:
                return False
            self._free -= 1
            return True

    async def take(self) -> None:
        """Wait until it is our turn."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
        try:
            await turn
        except BaseException:
            self._go(turn)
            raise

    def give_back(self) -> None:
        """From any thread."""
        with self._lock:
            while self._waiting:
                turn = self._waiting.popleft()
                try:
                    turn.get_loop().call_soon_threadsafe(self._sit_down, turn)
                except RuntimeError:
                    # The event loop of who waited has ended.
                    continue
                return
            self._free += 1

    def _sit_down(self, turn: "asyncio.Future[None]") -> None:
        if turn.done():
            self.give_back()
        else:
            turn.set_result(None)

    def _go(self, turn: "asyncio.Future[None]") -> None:
        """Who waited waits no longer: the seat may be theirs just now."""
        with self._lock:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return
        if not turn.cancelled():
            self.give_back()


def take_at_once(seats: Sequence[Seats]) -> bool:
    """Sit in all of these, or in none."""
    for number, seat in enumerate(seats):
        if not seat.take_at_once():
            give_back(seats[:number])
            return False
    return True


def give_back(seats: Sequence[Seats]) -> None:
    for seat in seats:
        seat.give_back()


@asynccontextmanager
async def seated(seats: Sequence[Seats], full: Busy) -> AsyncIterator[None]:
    """In all of these seats, taken in their order. Raises `full` where one does not become free."""
    taken: list[Seats] = []
    try:
        try:
            async with asyncio.timeout(WAIT_S):
                for seat in seats:
                    await seat.take()
                    taken.append(seat)
        except TimeoutError as late:
            raise full from late
        yield
    finally:
        give_back(taken)


class ExportSeats:
    """Training data that one process makes while it is sent; of one person no more than half of what there is."""

    def __init__(self, at_once: int) -> None:
        self._of_one = max(1, at_once // 2)
        self._all = Seats(at_once)
        self._of_user: WeakValueDictionary[int, Seats] = WeakValueDictionary()

    async def take(self, user_id: int) -> AsyncExitStack:
        """What gives the seat back when it is closed. Raises Busy."""
        own = self._of_user.setdefault(user_id, Seats(self._of_one))
        async with AsyncExitStack() as held:
            full = Busy("Many exports are being made right now. Try again in {wait_s} s.", wait_s=RETRY_AFTER_S)
            await held.enter_async_context(seated([own, self._all], full))
            return held.pop_all()


class Seated(Response):
    """An answer that keeps its seat until it is sent."""

    def __init__(self, response: Response, held: AsyncExitStack) -> None:
        super().__init__()
        self._response, self._held = response, held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._held:
            await self._response(scope, receive, send)


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, ExportSeats] = WeakKeyDictionary()


async def take_export_seat(request: Request) -> AsyncExitStack:
    """For who has signed in. A server process has one event loop, and that its seats."""
    fresh = ExportSeats(request.app.state.settings.exports_at_once)
    return await _of_loops.setdefault(asyncio.get_running_loop(), fresh).take(request.state.caller.id)
