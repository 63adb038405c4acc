"""A handler is called with what it asks for, found as the framework would find it."""

from typing import Annotated

import pytest
from fastapi import Depends, Query
from fastapi.dependencies.utils import get_dependant
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response

from atrisys.wire.calling import Call


def asked(query: str = "", **path: object) -> Request:
    return Request({"type": "http", "query_string": query.encode(), "path_params": path, "headers": []})


def called(handler, request: Request) -> Response:
    return Call(get_dependant(path="/{id}", call=handler)).answer(request)


def test_fields_of_the_address_and_the_request_itself_are_given():
    def handler(id: int, request: Request, page: Annotated[int, Query(ge=1)] = 1, word: str | None = None) -> Response:
        return Response(f"{id} {page} {word} {request.query_params}")

    assert called(handler, asked("page=3", id="7")).body == b"7 3 None page=3"
    assert called(handler, asked(id="7")).body == b"7 1 None "


def test_a_dependency_is_asked_once_however_many_need_it():
    times = []

    async def base(request: Request) -> str:
        times.append(1)
        return request.query_params["x"]

    async def other(base: Annotated[str, Depends(base)], y: int = 5) -> str:
        return f"{base}{y}"

    def handler(base: Annotated[str, Depends(base)], other: Annotated[str, Depends(other)]) -> Response:
        return Response(f"{base} {other}")

    assert called(handler, asked("x=a&y=8")).body == b"a a8"
    assert times == [1]


def test_all_that_is_wrong_is_named_and_nothing_is_called():
    async def other(y: int) -> int:
        raise AssertionError

    def handler(id: int, other: Annotated[int, Depends(other)], page: int) -> Response:
        raise AssertionError

    with pytest.raises(RequestValidationError) as found:
        called(handler, asked("y=b&page=c", id="x"))
    assert [problem["loc"] for problem in found.value.errors()] == [("query", "y"), ("path", "id"), ("query", "page")]


def test_what_a_dependency_raises_is_raised():
    async def refuses(request: Request) -> int:
        raise LookupError

    def handler(other: Annotated[int, Depends(refuses)]) -> Response:
        raise AssertionError

    with pytest.raises(LookupError):
        called(handler, asked())


def test_a_dependency_that_waits_is_a_mistake_that_is_told():
    class Never:
        def __await__(self):
            yield

    async def waits(request: Request) -> None:
        await Never()

    def handler(other: Annotated[None, Depends(waits)]) -> Response:
        raise AssertionError

    with pytest.raises(RuntimeError, match="waits_for_client"):
        called(handler, asked())
