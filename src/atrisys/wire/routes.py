"""One request, one transaction, and nobody comes in unless a route says so.

Every route asks who is there first; `@open_to_all` lets anybody in, `@opens_to_picture_cookie` takes the key-born
cookie, `@counts_as_unsafe` guards a GET that changes something or tells a secret. GET and HEAD read, all else writes;
but what is marked `@only_reads` (and every picture) reads, by whichever method it is asked for.
"""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from atrisys.access import sign_in
from atrisys.access.caller import Caller
from atrisys.wire.credentials import PICTURE_COOKIE, SAFE, set_cookie, who_asks
from atrisys.wire.retries import Retry, digest_of

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def open_to_all(endpoint: Endpoint) -> Endpoint:
    endpoint.open_to_all = True  # pyright: ignore[reportFunctionMemberAccess]
    return endpoint


def opens_to_picture_cookie(endpoint: Endpoint) -> Endpoint:
    endpoint.opens_to_picture_cookie = True  # pyright: ignore[reportFunctionMemberAccess]
    return endpoint


def counts_as_unsafe(endpoint: Endpoint) -> Endpoint:
    endpoint.counts_as_unsafe = True  # pyright: ignore[reportFunctionMemberAccess]
    return endpoint


def only_reads(endpoint: Endpoint) -> Endpoint:
    endpoint.only_reads = True  # pyright: ignore[reportFunctionMemberAccess]
    return endpoint


class OneTransaction(APIRoute):
    """Signs in, runs the handler, keeps what it wrote; or keeps nothing when it raised."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        marks = {
            "opens_to_picture_cookie": hasattr(self.endpoint, "opens_to_picture_cookie"),
            "counts_as_unsafe": hasattr(self.endpoint, "counts_as_unsafe"),
        }
        anybody = hasattr(self.endpoint, "open_to_all")
        reads = marks["opens_to_picture_cookie"] or hasattr(self.endpoint, "only_reads")

        async def answer(request: Request) -> Response:
            request.state.caller = None
            if not anybody:
                request.state.caller = await run_in_threadpool(_sign_in, request, marks)
            caller: Caller | None = request.state.caller
            writes = not reads and (request.method not in SAFE or marks["counts_as_unsafe"])
            db: Session = request.app.state.store.session(writes=writes)
            request.state.db, request.state.writes = db, writes
            try:
                retry = await _retry_of(request, caller, secret=marks["counts_as_unsafe"]) if writes else None
                kept = await run_in_threadpool(retry.kept_answer, db) if retry else None
                if kept is not None:
                    await run_in_threadpool(db.close)
                    return kept
                response = await handle(request)
                if retry:
                    await run_in_threadpool(retry.keep_answer, db, response)
                if not db.info.get("streaming"):
                    await run_in_threadpool(_finish, db)
            except BaseException:
                await run_in_threadpool(db.close)
                raise
            _renew_picture_cookie(request, response)
            return response

        return answer


class Routes(APIRouter):
    """A resource's routes."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(route_class=OneTransaction, **kwargs)


def _sign_in(request: Request, marks: dict[str, bool]) -> Caller:
    store = request.app.state.store
    request.state.touch = None
    with store.reading() as db:
        caller = who_asks(request, db, **marks)
    if request.state.touch:
        with store.writing() as db:
            sign_in.touch_session(db, request.state.touch)
    return caller


async def _retry_of(request: Request, caller: Caller | None, *, secret: bool) -> Retry | None:
    """The `Idempotency-Key`, where one was sent; what tells a secret is never kept, and files are not read twice."""
    key = request.headers.get("idempotency-key")
    is_file = request.headers.get("content-type", "").startswith("multipart/")
    if not key or caller is None or secret or is_file or request.method in SAFE:
        return None
    return Retry(caller, key, digest_of(request, await request.body()))


def _finish(db: Session) -> None:
    try:
        if db.in_transaction():
            db.commit()
    finally:
        db.close()


def _renew_picture_cookie(request: Request, response: Response) -> None:
    """A signed request opens pictures to the same client's bare GETs for a while, as the seed's script needs."""
    caller: Caller | None = request.state.caller
    if caller is None or caller.way != "signature":
        return
    settings = request.app.state.settings
    value = sign_in.picture_cookie(request.app.state.key_box, settings, caller.id, request.state.public_key)
    set_cookie(request, response, PICTURE_COOKIE, value, settings.picture_cookie_s)
