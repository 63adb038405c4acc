"""Calling a handler with what it asks for: found as the framework finds it, but planned once and done in one thread.

The framework's own way serves every kind of dependency there is, and cost a small request a tenth of its time. Ours are
few: `async def` that never wait, fields of the address, the request itself. It still reads handlers' signatures and
judges fields, and what waits for its client (wire/routes.py) is called by it.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

Known = dict[Callable[..., Any], Any]


class Call:
    """A handler or a dependency, with what must be found out before it is called."""

    def __init__(self, dependant: Dependant) -> None:
        assert dependant.call is not None
        self._call: Callable[..., Any] = dependant.call
        self._asks_for = [(part.name, Call(part)) for part in dependant.dependencies]
        self._path, self._query = dependant.path_params, dependant.query_params
        self._request = dependant.request_param_name

    def answer(self, request: Request) -> Response:
        """The handler's. Raises RequestValidationError where a field of the address is not as it should be."""
        wrong: list[Any] = []
        values = self._values(request, {}, wrong)
        if wrong:
            raise RequestValidationError(wrong)
        return self._call(**values)

    def _values(self, request: Request, known: Known, wrong: list[Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, part in self._asks_for:
            value = part._value(request, known, wrong)
            if name is not None:
                values[name] = value
        for fields, given in ((self._path, request.path_params), (self._query, request.query_params)):
            if fields:
                found, errors = request_params_to_args(fields, given)
                values.update(found)
                wrong += errors
        if self._request is not None:
            values[self._request] = request
        return values

    def _value(self, request: Request, known: Known, wrong: list[Any]) -> Any:
        """A dependency's, found once for each request; None where something is wrong already."""
        if self._call not in known:
            values = self._values(request, known, wrong)
            known[self._call] = None if wrong else run_through(self._call(**values))
        return known[self._call]


def run_through(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine gives that has nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise RuntimeError("A dependency waited; mark the handler with @waits_for_client.")
