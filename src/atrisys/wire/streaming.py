"""Answers that are sent while they are made. Each has an end, also where nobody takes it any further.

What stands behind them (a database connection, a folder, a decoder) is for everybody: who takes nothing for long loses
it.
"""

import asyncio
import inspect
import logging
from collections.abc import Iterable, Iterator, Mapping

from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

log = logging.getLogger(__name__)

STALLED_S = 60
"""Who takes nothing for so long has gone."""
PIECE = 1 << 18
"""No more is sent at once: who takes a large piece slowly has not gone."""


class Stalled(Exception):
    """Nobody took anything for STALLED_S."""


class Stream(StreamingResponse):
    """Pieces, sent as they come; whatever becomes of them, the generator behind them is closed."""

    def __init__(
        self, pieces: Iterable[bytes], *, headers: Mapping[str, str] | None = None, media_type: str | None = None
    ) -> None:
        super().__init__(pieces, headers=headers, media_type=media_type)
        self.pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pieces = self.pieces
        self.body_iterator = iterate_in_threadpool(() if scope["method"] == "HEAD" else pieces)
        try:
            await super().__call__(scope, receive, _unless_stalled(send))
        except Stalled:
            # The connection is closed without an end: nobody takes half an answer for a whole one.
            log.info("an answer was not taken for %s s; it was given up", STALLED_S)
        finally:
            await run_in_threadpool(_let_go, pieces)


def _unless_stalled(send: Send) -> Send:
    async def patiently(message: Message) -> None:
        for part in _parts(message):
            try:
                async with asyncio.timeout(STALLED_S):
                    await send(part)
            except TimeoutError as late:
                raise Stalled from late

    return patiently


def _parts(message: Message) -> Iterator[Message]:
    body = message.get("body", b"")
    last = max(0, len(body) - 1) // PIECE * PIECE
    for start in range(0, last, PIECE):
        yield {**message, "body": body[start : start + PIECE], "more_body": True}
    yield {**message, "body": body[last:]} if last else message


def _let_go(pieces: Iterable[bytes]) -> None:
    """End the work on what nobody takes any further."""
    if inspect.isgenerator(pieces):
        if inspect.getgeneratorstate(pieces) == inspect.GEN_CREATED:
            # Closing what was never begun would leave what it stands on running.
            next(pieces, None)
        pieces.close()
