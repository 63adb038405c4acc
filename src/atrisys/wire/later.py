"""An answer that is made when the request's transaction has ended: a few at once, each in a thread."""

import asyncio
from collections.abc import Callable
from weakref import WeakKeyDictionary

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from atrisys.errors import Refusal
from atrisys.wire.dialect import Json
from atrisys.wire.refusals import body_of

AT_ONCE = 1
"""Each keeps a decoder busy for as long as it takes; pictures go on with the others."""
WAIT_S = 60
RETRY_AFTER_S = 30

_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


class Later(Response):
    """What can be refused is still a clean refusal: nothing was sent yet."""

    def __init__(self, request: Request, make: Callable[[], Response]) -> None:
        """`make` holds no transaction; it may take long."""
        super().__init__()
        self._request, self._make = request, make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._made()
        answer.raw_headers.extend(pair for pair in self.raw_headers if pair[0] == b"set-cookie")
        await answer(scope, receive, send)

    async def _made(self) -> Response:
        room = _of_loops.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
        try:
            async with asyncio.timeout(WAIT_S):
                await room.acquire()
        except TimeoutError:
            refusal = Refusal("Many slides are being read as a whole. Try again in {wait_s} s.", wait_s=RETRY_AFTER_S)
            body = {**body_of(refusal, self._request), "code": "busy"}
            return Json(body, status_code=503, headers={"Retry-After": str(RETRY_AFTER_S)})
        try:
            return await run_in_threadpool(self._make)
        finally:
            room.release()
