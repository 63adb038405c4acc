"""One request, one transaction, and nobody comes in unless a route says so.

Every route asks who is there first; `@open_to_all` lets anybody in, `@opens_to_picture_cookie` takes the key-born
cookie, `@counts_as_unsafe` guards a GET that changes something or tells a secret; one that is marked `@may_come_again`
tells none, and heeds an `Idempotency-Key` as POST does. GET and HEAD read, all else writes;
but what is marked `@only_reads` (and every picture) reads, by whichever method it is asked for. `@waits_for_client`
is for what reads its body itself, while it comes: it has no transaction but those that it begins. `@takes_export_seat`
bounds how many of these answers are made at once (seats.py).
"""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from threading import RLock
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from atrisys.access import sign_in
from atrisys.access.caller import Caller
from atrisys.errors import BodyTooLarge
from atrisys.store.turns import Turn
from atrisys.wire.calling import Call
from atrisys.wire.credentials import PICTURE_COOKIE, SAFE, cookie_name, set_cookie, who_asks
from atrisys.wire.pictures import PictureAnswer
from atrisys.wire.retries import Retry, digest_of
from atrisys.wire.seats import Seated, take_export_seat
from atrisys.wire.threads import Threads

AT_ONCE = 40
"""Requests that are worked at; the others wait."""
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


def may_come_again(endpoint: Endpoint) -> Endpoint:
    endpoint.may_come_again = True  # pyright: ignore[reportFunctionMemberAccess]
    return endpoint


def only_reads(endpoint: Endpoint) -> Endpoint:
    endpoint.only_reads = True  # pyright: ignore[reportFunctionMemberAccess]
    return endpoint


def takes_export_seat(endpoint: Endpoint) -> Endpoint:
    endpoint.takes_export_seat = True  # pyright: ignore[reportFunctionMemberAccess]
    return endpoint


def waits_for_client(endpoint: Endpoint) -> Endpoint:
    endpoint.waits_for_client = True  # pyright: ignore[reportFunctionMemberAccess]
    return endpoint


_PLANNING = RLock()
_OF_PATH = ("path_regex", "path_format", "param_convertors")
"""All that is needed to see that a route is not the one that is asked for."""


class OneTransaction(APIRoute):
    """Signs in, runs the handler, keeps what it wrote; or keeps nothing when it raised.

    The event loop waits for the client's body, then one thread does all the rest: each change of threads costs a small
    request a tenth of its time. Whoever sends much signs in before it is read.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **kwargs: Any) -> None:
        # Of the hundreds of routes few are ever asked for; reading all their handlers took half of the server's start.
        self.path, self.endpoint, self.methods = path, endpoint, set(kwargs.get("methods") or ("GET",))
        self._unplanned: Callable[[], None] | None = partial(super().__init__, path, endpoint, **kwargs)

    def __getattr__(self, name: str) -> Any:
        """What is not there before it is asked for: what the path says, and all else once the route is planned."""
        with _PLANNING:
            if name in _OF_PATH and name not in self.__dict__:
                self.path_regex, self.path_format, self.param_convertors = compile_path(self.path)
            elif (plan := self.__dict__.get("_unplanned")) is not None:
                # Not again by what is asked for meanwhile.
                self._unplanned = None
                try:
                    plan()
                    self._answer = self.get_route_handler()
                except BaseException:
                    self._unplanned = plan
                    raise
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Past what the framework puts around a route; where it calls the handler itself (below), with that."""
        if scope["method"] not in self.methods:
            await super().handle(scope, receive, send)
        elif hasattr(self.endpoint, "waits_for_client"):
            async with AsyncExitStack() as scope["fastapi_middleware_astack"]:
                await super().handle(scope, receive, send)
        else:
            response = await self._answer(Request(scope, receive))
            await response(scope, receive, send)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint, call, frameworks = self.endpoint, Call(self.dependant), super().get_route_handler()
        marks = {
            "opens_to_picture_cookie": hasattr(endpoint, "opens_to_picture_cookie"),
            "counts_as_unsafe": hasattr(endpoint, "counts_as_unsafe"),
        }
        anybody, waits = hasattr(endpoint, "open_to_all"), hasattr(endpoint, "waits_for_client")
        has_seat = hasattr(endpoint, "takes_export_seat")
        keeps = hasattr(endpoint, "may_come_again")
        reads = marks["opens_to_picture_cookie"] or hasattr(endpoint, "only_reads")

        async def answer(request: Request) -> Response:
            request.state.caller = None
            is_short = _is_short(request)
            if anybody and not is_short:
                raise BodyTooLarge("Send at most {limit_kb} kB here, and say its length.", limit_kb=SHORT >> 10)
            signs_in_first = not anybody and (waits or has_seat or not is_short)
            if signs_in_first:
                await _in_thread(_sign_in, request, marks)
            if not has_seat:
                return await answer_signed_in(request, anybody or signs_in_first)
            # While it waits it holds no thread and no connection.
            held = await take_export_seat(request)
            try:
                return Seated(await answer_signed_in(request, True), held)
            except BaseException:
                await held.aclose()
                raise

        async def answer_signed_in(request: Request, signed_in: bool) -> Response:
            if waits:
                response = await frameworks(request)
            else:
                body = await request.body()
                response = await _in_thread(answer_whole, request, body, signed_in)
            _renew_picture_cookie(request, response)
            return response

        def answer_whole(request: Request, body: bytes, signed_in: bool) -> Response:
            if not reads and (request.method not in SAFE or marks["counts_as_unsafe"]):
                # A stranger gets none: a password, looked at slowly on purpose, would hold it.
                with Turn() if anybody else request.app.state.store.turns.take() as turn:
                    return answer_writing(request, body, signed_in, turn)
            if not signed_in:
                return _made_at_once(_signed_in(request, marks, lambda: call.answer(request)))
            with _transaction(request, writes=False):
                response = call.answer(request)
            return _made_at_once(response)

        def answer_writing(request: Request, body: bytes, signed_in: bool, turn: Turn) -> Response:
            if not signed_in:
                _sign_in(request, marks)
            retry = _retry_of(request, body, keeps=keeps or not marks["counts_as_unsafe"])

            def answer_now() -> Response:
                with _transaction(request, writes=True) as db:
                    response = call.answer(request)
                    if retry is not None:
                        retry.keep_answer(db, response)
                    turn.give_on()
                return response

            store = request.app.state.store
            return _made_at_once(answer_now() if retry is None else retry.answer_once(store, answer_now))

        return answer


def _made_at_once(response: Response) -> Response:
    """Pictures that are quickly made need no other thread, now that the request's transaction has ended."""
    if isinstance(response, PictureAnswer):
        response.make_at_once()
    return response


REQUESTS = Threads(AT_ONCE, "request")
_in_thread = REQUESTS.run


SHORT = 1 << 16
"""A body that is read before anybody knows who sends it."""


def _is_short(request: Request) -> bool:
    """Whether nobody need know yet who sends this body."""
    length = request.headers.get("content-length", "")
    if not length:
        return "transfer-encoding" not in request.headers
    return length.isdecimal() and len(length) < 9 and int(length) <= SHORT


@contextmanager
def _transaction(request: Request, *, writes: bool) -> Iterator[Session]:
    """The request's session, kept when the block ends well; a stream's lives on until it is sent."""
    db: Session = request.app.state.store.session(writes=writes)
    request.state.db, request.state.writes = db, writes
    try:
        yield db
        if db.info.get("streaming"):
            return
        if db.in_transaction():
            db.commit()
    except BaseException:
        db.close()
        raise
    db.close()


class Routes(APIRouter):
    """A resource's routes."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"route_class": OneTransaction, **kwargs})


def _sign_in(request: Request, marks: dict[str, bool]) -> None:
    request.state.touch = None
    with request.app.state.store.asking() as db:
        request.state.caller = who_asks(request, db, **marks)
    _touch(request)


def _signed_in(request: Request, marks: dict[str, bool], answer: Callable[[], Response]) -> Response:
    """What is only read is answered in the transaction that found out who asks."""
    request.state.touch = None
    try:
        with _transaction(request, writes=False) as db:
            request.state.caller = who_asks(request, db, **marks)
            return answer()
    finally:
        _touch(request)


def _touch(request: Request) -> None:
    """The browser's session is in use."""
    if request.state.touch:
        with request.app.state.store.writing() as db:
            sign_in.touch_session(db, request.state.touch)


def _retry_of(request: Request, body: bytes, *, keeps: bool) -> Retry | None:
    """The `Idempotency-Key`, where one was sent; what tells a secret is never kept."""
    key, caller = request.headers.get("idempotency-key"), request.state.caller
    if not key or caller is None or not keeps:
        return None
    return Retry(caller, key, digest_of(request, body))


def _renew_picture_cookie(request: Request, response: Response) -> None:
    """A signed request opens pictures to the same client's bare GETs for a while, as the script in README.md needs.

    Whoever sends the very cookie that they would get is not given it again: the official client reads each one at
    length. But an answer that is heard (believed.py) tells what others are given who sign with the same key.
    """
    caller: Caller | None = request.state.caller
    if caller is None or caller.way != "signature":
        return
    settings = request.app.state.settings
    value = sign_in.picture_cookie(request.app.state.key_box, settings, caller.id, request.state.public_key)
    is_heard = request.scope["state"].get("is_heard")
    if is_heard or request.cookies.get(cookie_name(request, PICTURE_COOKIE)) != value:
        set_cookie(request, response, PICTURE_COOKIE, value, settings.picture_cookie_s)
