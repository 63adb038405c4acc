"""Seats: how much heavy work goes on at once in a server process. Who finds none waits a while, then is sent away."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakKeyDictionary, WeakValueDictionary

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from atrisys.errors import Busy

WAIT_S = 60
"""Who finds no seat in that time is told to come again."""
RETRY_AFTER_S = 30


@asynccontextmanager
async def seated(seats: Iterable[asyncio.Semaphore], full: Busy) -> AsyncIterator[None]:
    """In all of these seats, taken in their order. Raises `full` where one does not become free."""
    taken: list[asyncio.Semaphore] = []
    try:
        try:
            async with asyncio.timeout(WAIT_S):
                for seat in seats:
                    await seat.acquire()
                    taken.append(seat)
        except TimeoutError as late:
            raise full from late
        yield
    finally:
        for seat in taken:
            seat.release()


class ExportSeats:
    """Training data that one process makes while it is sent; of one person no more than half of what there is."""

    def __init__(self, at_once: int) -> None:
        self._of_one = max(1, at_once // 2)
        self._all = asyncio.Semaphore(at_once)
        self._of_user: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()

    async def take(self, user_id: int) -> AsyncExitStack:
        """What gives the seat back when it is closed. Raises Busy."""
        own = self._of_user.setdefault(user_id, asyncio.Semaphore(self._of_one))
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
